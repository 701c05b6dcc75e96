//! Secrets Manager: secrets, the versions of their values, and passwords drawn at random.
//!
//! A secret that is deleted stays for its recovery window, described and of no use; without a window it goes soon after,
//! not at once, as on AWS. Passwords are drawn from the store's counter, so that a run can be repeated: they protect
//! nothing, as nothing here does.

mod password;
mod policy;
mod secret;
#[cfg(test)]
mod tests;
mod version;

use super::members::Members;
use super::service::{Fault, Listed, Service, Timer};
use super::store::Tx;
use crate::model::{Json, JsonMap};
use secret::Secret;

/// The service.
pub struct SecretsManager;

/// Its signing name.
const NAME: &str = "secretsmanager";

impl Service for SecretsManager {
    fn name(&self) -> &'static str {
        NAME
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "InvalidParameterException");
        match action {
            "CreateSecret" => secret::create(tx, members),
            "DescribeSecret" => secret::describe(tx, members),
            "ListSecrets" => secret::list(tx, members),
            "UpdateSecret" => secret::update(tx, members),
            "DeleteSecret" => secret::delete(tx, members),
            "RestoreSecret" => secret::restore(tx, members),
            "TagResource" => secret::tag(tx, members),
            "UntagResource" => secret::untag(tx, members),
            "GetSecretValue" => version::get(tx, members),
            "PutSecretValue" => version::put(tx, members),
            "ListSecretVersionIds" => version::list(tx, members),
            "UpdateSecretVersionStage" => version::move_stage(tx, members),
            "GetRandomPassword" => password::get(tx, members),
            "GetResourcePolicy" => policy::get(tx, members),
            "PutResourcePolicy" => policy::put(tx, members),
            "DeleteResourcePolicy" => policy::delete(tx, members),
            _ => Err(Fault::unknown_action(NAME, action)),
        }
    }

    fn due(&self, tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
        secret::gone(tx, &timer.key)
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |secret: Secret| Listed {
            type_name: "AWS::SecretsManager::Secret".to_owned(),
            id: secret.arn,
            region: tx.region.clone(),
            name: Some(secret.name),
            status: None,
        };
        Ok(tx.all::<Secret>()?.into_iter().filter(|secret| secret.deletion.is_none()).map(listed).collect())
    }
}

/// The text that a task is given for the secret of an ARN, or of a name, by its stage or version.
///
/// # Errors
/// The refusals of `GetSecretValue`.
pub fn value(tx: &Tx<'_>, id: &str, stage: Option<&str>, version: Option<&str>) -> Result<String, Fault> {
    let secret = secret::usable(tx, id)?;
    let found = version::chosen(&secret, stage, version)?;
    Ok(found.text.clone().or_else(|| found.binary.clone()).unwrap_or_default())
}
