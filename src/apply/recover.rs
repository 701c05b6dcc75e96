//! After an interruption: finding, by token, what calls made whose outcome was never written down.

use futures::FutureExt;
use futures::future::join_all;

use super::create::LOOK_AGAIN;
use super::observe::repeat;
use super::retry::{Attempts, Purpose};
use crate::cloud::{CallError, Cloud};
use crate::event::{Event, Events};
use crate::kinds::{self, Create, Kind};
use crate::model::Value;
use crate::model::schema::schemas;
use crate::plan::complete::{TOKEN_TAG, tag, tag_value};
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
/// deletion needs nothing, since reading what exists will tell. What the last moment before an interruption made may not
/// show at once: it is looked for again for a while.
///
/// # Errors
/// When AWS cannot be asked or the journal not be written; nothing is lost then, and the next run tries again.
pub async fn recover(ledger: &Ledger, cloud: &Cloud, events: &Events) -> Result<(), RecoverError> {
    let pending = ledger.snapshot().await.pending;
    let looked = join_all(pending.iter().map(|record| look(cloud, record).boxed())).await;
    for (record, found) in pending.into_iter().zip(looked) {
        let Record::Intent { address, mut recorded, .. } = record else { continue };
        match found? {
            None => {
                let generation = recorded.generation;
                ledger.record(Record::Refused { address, generation }).await?;
            }
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

/// What the creation that a record intends has made.
async fn look(cloud: &Cloud, record: &Record) -> Result<Option<String>, CallError> {
    let Record::Intent { verb: Verb::Create, token, recorded, .. } = record else { return Ok(None) };
    let Some(kind) = kinds::by_type(&recorded.kind) else { return Ok(None) };
    let properties = super::plain(&with_token(&recorded.kind, &recorded.inputs, token));
    find(cloud, kind, &Create { properties: &properties, token }).await
}

async fn find(cloud: &Cloud, kind: &dyn Kind, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
    for pause in LOOK_AGAIN {
        if let Some(id) = find_now(cloud, kind, wanted).await? {
            return Ok(Some(id));
        }
        tokio::time::sleep(cloud.paced(pause)).await;
    }
    find_now(cloud, kind, wanted).await
}

async fn find_now(cloud: &Cloud, kind: &dyn Kind, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
    let mut attempts = Attempts::new(Purpose::Read, wanted.token, None);
    loop {
        match kind.find(cloud, wanted).await {
            Ok(found) => return Ok(found),
            Err(error) => repeat(cloud, &mut attempts, error).await?,
        }
    }
}

/// Properties with the tag that names the call, where the kind takes tags.
pub(super) fn with_token(
    kind: &str,
    inputs: &std::collections::BTreeMap<String, Value>,
    token: &str,
) -> std::collections::BTreeMap<String, Value> {
    let mut properties = inputs.clone();
    let tags = schemas().by_type(kind).and_then(|schema| schema.tag_property.clone());
    match tags.and_then(|property| properties.get_mut(&property)) {
        Some(Value::List(tags)) => tags.push(tag(TOKEN_TAG, token)),
        Some(Value::Map(tags)) => drop(tags.insert(TOKEN_TAG.to_owned(), tag_value(token))),
        _ => {}
    }
    properties
}
