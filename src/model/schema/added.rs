//! Schemas that an embedder adds to those in the binary: process-wide, for good.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use super::KindSchema;
use crate::model::KindName;

/// Most schemas that can be added: what is added stays in memory.
pub const MOST_ADDED: usize = 1500;

/// Why a kind cannot be added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Taken {
    /// There is one of that type, or another whose builder has the same name.
    #[error("{type_name} cannot be added: `{kind}` declares {by} already")]
    Kind {
        /// The type that was to be added.
        type_name: String,
        /// The builder's name.
        kind: KindName,
        /// The type that is declared by it.
        by: String,
    },
    /// The code is for another type than the schema.
    #[error("code for {code} cannot be added with the schema of {schema}")]
    Mismatch {
        /// The type that the code is for.
        code: String,
        /// The type that the schema is of.
        schema: String,
    },
    /// There are [`MOST_ADDED`] already.
    #[error("{type_name} cannot be added: {MOST_ADDED} kinds were added already")]
    Full {
        /// The type that was to be added.
        type_name: String,
    },
}

/// The table. What is in it is never taken out.
#[derive(Debug, Default)]
pub(super) struct Added(RwLock<BTreeMap<KindName, &'static KindSchema>>);

impl Added {
    pub(super) fn get(&self, kind: &KindName) -> Option<&'static KindSchema> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).get(kind).copied()
    }

    /// All of them, by builder's name.
    pub(super) fn all(&self) -> Vec<&'static KindSchema> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).values().copied().collect()
    }

    /// Puts one in. One of the same builder's name must not be there.
    ///
    /// # Errors
    /// When there is one, or there are too many.
    pub(super) fn put(&self, schema: KindSchema) -> Result<&'static KindSchema, Taken> {
        let mut table = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(there) = table.get(&schema.kind) {
            return Err(taken(&schema, there));
        }
        if table.len() >= MOST_ADDED {
            return Err(Taken::Full { type_name: schema.type_name });
        }
        let schema: &'static KindSchema = Box::leak(Box::new(schema));
        table.insert(schema.kind.clone(), schema);
        Ok(schema)
    }
}

/// That what a schema is declared by declares another already.
pub(super) fn taken(schema: &KindSchema, by: &KindSchema) -> Taken {
    Taken::Kind { type_name: schema.type_name.clone(), kind: schema.kind.clone(), by: by.type_name.clone() }
}
