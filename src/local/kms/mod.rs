//! KMS: symmetric keys, aliases, encryption, data keys.
//!
//! A key's material is in the store and drawn at random. A ciphertext names its key and opens only under the encryption
//! context that it was made with. A key whose deletion is scheduled stays for its window, described and of no use.

mod alias;
mod data;
mod key;
#[cfg(test)]
mod tests;

use super::members::Members;
use super::service::{Fault, Listed, Service, Timer};
use super::store::Tx;
use crate::model::{Json, JsonMap};
use alias::Alias;
use key::Key;

/// The service.
pub struct Kms;

/// Its signing name.
const NAME: &str = "kms";

impl Service for Kms {
    fn name(&self) -> &'static str {
        NAME
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "ValidationException");
        match action {
            "CreateKey" => key::create(tx, members),
            "DescribeKey" => key::describe(tx, members),
            "ListKeys" => key::list(tx, members),
            "EnableKey" => key::enable(tx, members, true),
            "DisableKey" => key::enable(tx, members, false),
            "ScheduleKeyDeletion" => key::schedule_deletion(tx, members),
            "CancelKeyDeletion" => key::cancel_deletion(tx, members),
            "CreateAlias" => alias::create(tx, members),
            "DeleteAlias" => alias::delete(tx, members),
            "ListAliases" => alias::list(tx, members),
            "Encrypt" => data::encrypt(tx, members),
            "Decrypt" => data::decrypt(tx, members),
            "GenerateDataKey" => data::generate(tx, members, true),
            "GenerateDataKeyWithoutPlaintext" => data::generate(tx, members, false),
            _ => Err(Fault::unknown_action(NAME, action)),
        }
    }

    fn due(&self, tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
        key::gone(tx, &timer.key)
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |type_name: &str, id: String| Listed {
            type_name: type_name.to_owned(),
            id,
            region: tx.region.clone(),
            name: None,
            status: None,
        };
        let keys = tx.all::<Key>()?.into_iter().filter(|key| key.deletion.is_none());
        let keys = keys.map(|key| listed("AWS::KMS::Key", key.id));
        let aliases = tx.all::<Alias>()?.into_iter().map(|alias| listed("AWS::KMS::Alias", alias.name));
        Ok(keys.chain(aliases).collect())
    }
}
