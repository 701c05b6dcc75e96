//! The reference of the language: every builder, every function of the standard library, every function and method the
//! language has beyond Rhai's own, every option, each with an example that a test plans.
//!
//! [`Reference`] finds an [`Entry`] by its name; [`Entry::markdown`] writes it down. What is said comes from where it holds:
//! of builders from their schemas and what their code sends, of the standard library from the comments in its files, of the
//! language from `language.d.rhai`, which is written in the same way.

use serde::Serialize;

use crate::model::schemas;

mod builders;
mod comments;
mod examples;
mod find;
mod language;
mod markdown;

pub use find::{Found, Unknown};
pub use markdown::Depth;

/// What sort of thing an entry is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Section {
    /// A function of the standard library.
    Library,
    /// A function of the language.
    Function,
    /// A method of what a builder returns.
    Method,
    /// An option of a declaration: a key of a builder's third argument.
    Option,
    /// A builder of a kind of resource.
    Builder,
}

impl Section {
    /// All of them, in the order in which they are listed.
    pub const ALL: [Self; 5] = [Self::Library, Self::Function, Self::Method, Self::Option, Self::Builder];

    /// What its entries are called together.
    pub fn title(self) -> &'static str {
        match self {
            Self::Library => "Standard library",
            Self::Function => "Functions",
            Self::Method => "Methods",
            Self::Option => "Options",
            Self::Builder => "Builders",
        }
    }
}

/// An entry's name, and a sentence on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Heading {
    /// The name scripts write.
    pub name: String,
    /// What sort of thing it is.
    pub section: Section,
    /// Of a builder the service, such as `ECS`; of others nothing.
    pub service: Option<String>,
    /// Of a builder the CloudFormation type, such as `AWS::ECS::Service`; of others nothing.
    pub type_name: Option<String>,
    /// What it is for, in a sentence of Markdown. Empty for a kind that the program was taught while it runs.
    pub summary: String,
}

/// What there is to say about a name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Entry {
    /// Its name, and a sentence on it.
    #[serde(flatten)]
    pub heading: Heading,
    /// How it is written, such as `ecs_service(name, properties, options)`; one for each way.
    pub signatures: Vec<String>,
    /// What there is to say beyond the summary, as paragraphs of Markdown.
    pub text: String,
    /// What is in the map that it takes, by name for a builder, else in the order of the comment.
    pub properties: Vec<Property>,
    /// Of a builder what a handle has beside its properties; of others nothing.
    pub attributes: Vec<String>,
    /// What it returns, as Markdown; nothing where there is nothing to say.
    pub returns: Option<String>,
    /// A script to begin with, which stands by itself. Every entry has one but those of kinds that the program was taught
    /// while it runs.
    pub example: Option<String>,
}

/// A property of a map that something takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Property {
    /// Its name; several where one sentence is about all of them.
    pub names: Vec<String>,
    /// What its value is, such as `a string`; empty where only `text` tells.
    pub takes: String,
    /// Whether it must be given.
    pub required: bool,
    /// Whether AWS can change it only by replacing the resource.
    pub replaces: bool,
    /// Whether AWS never tells what it is.
    pub write_only: bool,
    /// Whether AWS is about to do without it.
    pub deprecated: bool,
    /// Whether the kind's code does not send it, so that a plan with it is refused.
    pub refused: bool,
    /// What holds where it is not given, as a script writes it.
    pub default: Option<String>,
    /// The values it may have, as a script writes them, where they are listed.
    pub choices: Vec<String>,
    /// The regular expression that its text must match.
    pub pattern: Option<String>,
    /// What else limits it, such as `1 to 255 characters`.
    pub limits: Vec<String>,
    /// What the comment says of it, as Markdown.
    pub text: String,
    /// What is in it, when it is a map or a list of maps that the schema knows.
    pub properties: Vec<Property>,
}

/// The reference. What it says of kinds is read when it is asked for, so kinds that are registered later are in it, too.
#[derive(Debug, Clone, Copy, Default)]
pub struct Reference(());

impl Reference {
    /// The reference of this version of the language.
    pub fn new() -> Self {
        Self(())
    }

    /// Names of everything there is an entry for, by section, then by name.
    pub fn headings(&self) -> Vec<Heading> {
        let written = language::entries().iter().map(|entry| entry.heading.clone());
        let builders = schemas().kinds().map(|(kind, type_name)| builders::heading(kind, type_name));
        let mut headings: Vec<Heading> = written.chain(builders).collect();
        headings.sort_by(|one, other| (one.section, &one.name).cmp(&(other.section, &other.name)));
        headings
    }

    /// Everything there is, in the order of [`Reference::headings`]. Builds the schema of each kind: where names are enough,
    /// [`Reference::headings`] costs little.
    pub fn entries(&self) -> Vec<Entry> {
        self.headings().iter().filter_map(|heading| self.entry(&heading.name)).collect()
    }

    /// The entry of a name as scripts write it, or of a CloudFormation type.
    pub fn entry(&self, name: &str) -> Option<Entry> {
        if let Some(entry) = language::entries().iter().find(|entry| entry.heading.name == name) {
            return Some(entry.clone());
        }
        let (kind, _) = schemas().kinds().find(|(kind, type_name)| kind.as_str() == name || *type_name == name)?;
        schemas().by_kind(kind).map(builders::entry)
    }
}
