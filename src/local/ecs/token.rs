//! Client tokens: what a call was asked before, so that asking again does nothing twice.

use serde::{Deserialize, Serialize};

use crate::local::store::{Object, StoreError, Tx};
use crate::model::{Json, JsonMap};

#[derive(Debug, Serialize, Deserialize)]
struct Token {
    operation: String,
    token: String,
    request: Json,
    made: Vec<String>,
}

impl Object for Token {
    const TABLE: &'static str = "ecs.token";

    fn key(&self) -> String {
        key(&self.operation, &self.token)
    }
}

fn key(operation: &str, token: &str) -> String {
    format!("{operation}/{token}")
}

/// Whether a call was made before with its token.
#[derive(Debug)]
pub enum Said {
    /// It was not.
    Never,
    /// With the same parameters; these are the names of what it made.
    Same(Vec<String>),
    /// With others.
    Otherwise,
}

/// Looks a token up.
///
/// # Errors
/// When the store fails.
pub fn said(tx: &Tx<'_>, operation: &str, token: &str, params: &JsonMap) -> Result<Said, StoreError> {
    let found: Option<Token> = tx.get(&key(operation, token))?;
    Ok(match found {
        None => Said::Never,
        Some(found) if found.request.as_object() == Some(params) => Said::Same(found.made),
        Some(_) => Said::Otherwise,
    })
}

/// Keeps what a call with a token made.
///
/// # Errors
/// When the store fails.
pub fn keep(
    tx: &mut Tx<'_>,
    operation: &str,
    token: &str,
    params: &JsonMap,
    made: Vec<String>,
) -> Result<(), StoreError> {
    let request = Json::Object(params.clone());
    tx.put(&Token { operation: operation.to_owned(), token: token.to_owned(), request, made })
}
