//! What exists → a script that declares it, so that its run takes everything over and changes nothing.
//!
//! [`find`] discovers objects and reads them, [`write()`] declares them: properties as AWS tells them, without what AWS
//! says alone and what it fills in anyway; physical identifiers of what is declared too become attributes of its variable;
//! secrets never. The text is the same for the same objects.
//!
//! What leads from one object to another is in [`leads`], how a declaration is made of an object in [`declare`], what
//! refers to what in [`refer`], and how values are written in [`text`].

use crate::cloud::CallError;
use crate::kinds::listing::TagFilter;
use crate::kinds::{self, Kind, Observed};
use crate::model::schema::{KindSchema, schemas};
use crate::model::{Address, KindName};

mod declare;
mod discover;
mod leads;
mod names;
mod refer;
mod script;
pub mod text;

pub use discover::find;
pub use script::{Declared, Imported, Left, Taken, Why, write};

/// What is looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wanted {
    /// One object.
    One {
        /// Where it is to be declared.
        address: Address,
        /// Its physical identifier.
        id: String,
    },
    /// Everything that has a tag, with what belongs to it.
    Tagged(TagFilter),
    /// A cluster of ECS and what its services use.
    Cluster {
        /// Its name or ARN.
        name: String,
        /// Whether the network it is in is wanted too.
        network: bool,
    },
}

/// An object that was found.
#[derive(Clone)]
pub struct Found {
    /// Its kind.
    pub(crate) kind: &'static dyn Kind,
    /// The schema of that.
    pub(crate) schema: &'static KindSchema,
    /// Its physical identifier.
    pub id: String,
    /// Where it is to be declared, when that was said.
    pub address: Option<Address>,
    /// What AWS tells of it.
    pub observed: Observed,
}

impl Found {
    /// Its CloudFormation type.
    pub fn type_name(&self) -> &'static str {
        self.kind.facts().type_name
    }

    /// The values of its tags by their keys, those of hzscript among them.
    pub fn tags(&self) -> Vec<(String, String)> {
        let property = self.schema.tag_property.as_deref().unwrap_or_default();
        kinds::tags::pairs(&self.observed.properties, property)
    }
}

impl std::fmt::Debug for Found {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Found").field("kind", &self.type_name()).field("id", &self.id).finish_non_exhaustive()
    }
}

/// Why nothing is imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// No type of CloudFormation's has this builder, or there is no code for it.
    #[error("there is no kind `{kind}` that can be imported")]
    UnknownKind {
        /// As it was written.
        kind: String,
    },
    /// There is no such object.
    #[error("there is no {type_name} `{id}`")]
    NotThere {
        /// The CloudFormation type.
        type_name: &'static str,
        /// The identifier as it was written.
        id: String,
        /// Identifiers of that type that there are, a few at most.
        others: Vec<String>,
    },
    /// There is no such cluster.
    #[error("there is no cluster `{name}`")]
    NoCluster {
        /// As it was written.
        name: String,
        /// Those there are.
        others: Vec<String>,
    },
    /// Nothing has the tag.
    #[error("nothing has the tag `{key}`{}", value.as_ref().map(|value| format!(" with the value `{value}`")).unwrap_or_default())]
    NothingTagged {
        /// Its key.
        key: String,
        /// Its value, when one was asked for.
        value: Option<String>,
    },
    /// A call failed.
    #[error("cannot read what exists: {0}")]
    Call(#[from] CallError),
}

/// The kind of a builder, when it has code.
fn kind_of(name: &KindName) -> Option<(&'static dyn Kind, &'static KindSchema)> {
    let schema = schemas().by_kind(name)?;
    Some((kinds::by_type(&schema.type_name)?, schema))
}

/// The schema of a kind with code.
fn schema_of(kind: &dyn Kind) -> Option<&'static KindSchema> {
    schemas().by_type(kind.facts().type_name)
}
