//! After an interruption: finding, by token, what calls made whose outcome was never written down.

use crate::cloud::{CallError, Cloud};
use crate::event::{Event, Events};
use crate::kinds::{self, Create};
use crate::model::Value;
use crate::model::schema::schemas;
use crate::plan::complete::{TOKEN_TAG, tag};
use crate::state::{Ledger, Record, StateError, Status, Verb};

/// Why recovering failed.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Looking for an object failed.
    #[error(transparent)]
    Call(#[from] CallError),
    /// Writing the finding down failed.
    #[error(transparent)]
    State(#[from] StateError),
}

/// Settles every pending intent of the ledger: a creation is looked for and taken over if it was done, a change or a
/// deletion needs nothing, since reading what exists will tell.
///
/// # Errors
/// When AWS cannot be asked or the journal not be written; nothing is lost then, and the next run tries again.
pub async fn recover(ledger: &Ledger, cloud: &Cloud, events: &Events) -> Result<(), RecoverError> {
    for record in ledger.snapshot().await.pending {
        let Record::Intent { address, verb, token, mut recorded } = record else { continue };
        let refused = Record::Refused { address: address.clone(), generation: recorded.generation };
        let code = kinds::by_type(&recorded.kind).filter(|_| verb == Verb::Create);
        let Some(code) = code else {
            ledger.record(refused).await?;
            continue;
        };
        let wanted = with_token(&recorded.kind, &recorded.inputs, &token);
        let properties = super::plain(&wanted);
        match code.find(cloud, &Create { properties: &properties, token: &token }).await? {
            None => ledger.record(refused).await?,
            Some(id) => {
                recorded.id = id.clone();
                recorded.status = Status::Unconfigured;
                ledger.record(Record::Made { address: address.clone(), recorded }).await?;
                events.send(Event::Recovered { address, id });
            }
        }
    }
    Ok(())
}

/// Properties with the tag that names the call, where the kind takes tags.
pub(super) fn with_token(
    kind: &str,
    inputs: &std::collections::BTreeMap<String, Value>,
    token: &str,
) -> std::collections::BTreeMap<String, Value> {
    let mut properties = inputs.clone();
    let tags = schemas().by_type(kind).and_then(|schema| schema.tag_property.clone());
    if let Some(Value::List(tags)) = tags.and_then(|property| properties.get_mut(&property)) {
        tags.push(tag(TOKEN_TAG, token));
    }
    properties
}
