//! Resource policies of secrets.

use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::Tx;
use super::secret::{Secret, asked};
use crate::model::Json;

fn named(secret: &Secret) -> Json {
    json!({"ARN": secret.arn, "Name": secret.name})
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let secret = asked(tx, members)?;
    let mut answer = named(&secret);
    if let Some(policy) = secret.policy {
        answer["ResourcePolicy"] = json!(policy);
    }
    Ok(answer)
}

pub(super) fn put(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut secret = asked(tx, members)?;
    let policy = members.required("ResourcePolicy")?;
    let document: Option<Json> = serde_json::from_str(policy).ok();
    if document.is_none_or(|document| document.get("Statement").is_none()) {
        let message = "This resource policy contains a syntax error.";
        return Err(Fault::new("MalformedPolicyDocumentException", message));
    }
    secret.policy = Some(policy.to_owned());
    tx.put(&secret)?;
    Ok(named(&secret))
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut secret = asked(tx, members)?;
    secret.policy = None;
    tx.put(&secret)?;
    Ok(named(&secret))
}
