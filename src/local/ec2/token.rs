//! Client tokens: a call repeated with the same token answers what the first one made.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::params::Params;
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::JsonMap;

/// How long a token holds.
/// Source: <https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html>
const HOLDS: Duration = Duration::from_secs(24 * 3600);

#[derive(Debug, Serialize, Deserialize)]
struct Token {
    key: String,
    request: JsonMap,
    made: String,
    since: jiff::Timestamp,
}

impl Object for Token {
    const TABLE: &'static str = "ec2.token";

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// What an earlier call of the action with the same token made.
///
/// # Errors
/// `IdempotentParameterMismatch` when that call asked for something else.
pub fn earlier(tx: &Tx<'_>, action: &str, params: Params<'_>) -> Result<Option<String>, Fault> {
    let Some(key) = key(action, params) else { return Ok(None) };
    let Some(token) = tx.get::<Token>(&key)?.filter(|token| token.since + HOLDS > tx.now) else { return Ok(None) };
    if token.request == request(params) {
        Ok(Some(token.made))
    } else {
        let message = "The client token has been used by a previous call with other parameters.";
        Err(Fault::new("IdempotentParameterMismatch", message))
    }
}

/// Remembers what a call made.
///
/// # Errors
/// When the store fails.
pub fn remember(tx: &mut Tx<'_>, action: &str, params: Params<'_>, made: &str) -> Result<(), StoreError> {
    let Some(key) = key(action, params) else { return Ok(()) };
    tx.put(&Token { key, request: request(params), made: made.to_owned(), since: tx.now })
}

fn key(action: &str, params: Params<'_>) -> Option<String> {
    params.text("ClientToken").filter(|token| !token.is_empty()).map(|token| format!("{action}/{token}"))
}

fn request(params: Params<'_>) -> JsonMap {
    let of_the_call = ["Action", "Version", "ClientToken", "DryRun"];
    let asked = params.0.iter().filter(|(name, _)| !of_the_call.contains(&name.as_str()));
    asked.map(|(name, value)| (name.clone(), value.clone())).collect()
}
