//! Reading what exists: for each kind as few calls as its API allows, kinds side by side.
//!
//! What does not show is gone only when it does not show a moment later either, and when no call still makes it: what an
//! interrupted run has just made would be made again otherwise, or be forgotten when all is deleted.

use std::collections::BTreeMap;
use std::time::Duration;

use futures::future::try_join_all;
use futures::{FutureExt, StreamExt};

use super::retry::{Attempts, Purpose};
use crate::cloud::{CallError, Cloud};
use crate::kinds::{self, Action, Kind, Observed, Poll, Progress};
use crate::model::{Address, JsonMap};

/// After how long to look again for what does not show.
const LOOK_AGAIN: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(2)];
/// How long what is being made is waited for until it shows: a hosted zone takes a minute or so.
const SHOWS_WITHIN: Duration = Duration::from_secs(180);

/// What to read: an address, its CloudFormation type and its physical identifier.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The resource.
    pub address: Address,
    /// Its CloudFormation type.
    pub kind: String,
    /// Its physical identifier.
    pub id: String,
    /// What following its creation needs, when the last run did not see that end.
    pub making: Option<JsonMap>,
}

/// Reads all of them; `None` for what is gone. What has no code is not in the answer.
///
/// # Errors
/// The first call that failed for good.
pub async fn observe(
    cloud: &Cloud,
    wanted: Vec<Wanted>,
    parallelism: usize,
) -> Result<BTreeMap<Address, Option<Observed>>, CallError> {
    let mut groups: BTreeMap<String, Vec<Wanted>> = BTreeMap::new();
    for one in wanted {
        groups.entry(one.kind.clone()).or_default().push(one);
    }
    let reads = groups.into_iter().filter_map(|(type_name, group)| Some((kinds::by_type(&type_name)?, group)));
    // Boxed: the compiler cannot tell otherwise that what comes of it can be sent between threads.
    let reads: Vec<_> = reads.map(|(kind, group)| read(cloud, kind, group).boxed()).collect();
    let mut answers = futures::stream::iter(reads).buffer_unordered(parallelism.max(1));
    let mut observed = BTreeMap::new();
    while let Some(answer) = answers.next().await {
        observed.extend(answer?);
    }
    Ok(observed)
}

async fn read(
    cloud: &Cloud,
    kind: &'static dyn Kind,
    group: Vec<Wanted>,
) -> Result<Vec<(Address, Option<Observed>)>, CallError> {
    let ids: Vec<String> = group.iter().map(|one| one.id.clone()).collect();
    let mut found = read_now(cloud, kind, &ids).await?;
    for pause in LOOK_AGAIN {
        let unseen: Vec<usize> = (0..ids.len()).filter(|index| found[*index].is_none()).collect();
        if unseen.is_empty() {
            break;
        }
        tokio::time::sleep(cloud.paced(pause)).await;
        let again: Vec<String> = unseen.iter().map(|index| ids[*index].clone()).collect();
        for (index, shown) in unseen.into_iter().zip(read_now(cloud, kind, &again).await?) {
            found[index] = shown;
        }
    }
    let shown = group.iter().zip(found).map(|(one, found)| match (&one.making, found) {
        (Some(making), None) => when_made(cloud, kind, one, making.clone()).boxed(),
        (_, found) => std::future::ready(Ok(found)).boxed(),
    });
    let shown = try_join_all(shown).await?;
    Ok(group.iter().map(|one| one.address.clone()).zip(shown).collect())
}

/// Waits until something that is being made shows, or does not come to be.
async fn when_made(
    cloud: &Cloud,
    kind: &'static dyn Kind,
    one: &Wanted,
    mut making: JsonMap,
) -> Result<Option<Observed>, CallError> {
    let none = JsonMap::new();
    let mut waited = Duration::ZERO;
    loop {
        let mut question =
            Poll { id: &one.id, action: Action::Create, waiting: &mut making, attributes: &none, wanted: &none };
        let mut attempts = Attempts::new(Purpose::Read, &one.id, None);
        let progress = loop {
            match kind.poll(cloud, &mut question).await {
                Ok(progress) => break progress,
                Err(error) => repeat(cloud, &mut attempts, error).await?,
            }
        };
        let found = read_now(cloud, kind, std::slice::from_ref(&one.id)).await?.into_iter().next().flatten();
        match progress {
            Progress::Pending { again_in, .. } if found.is_none() && waited < SHOWS_WITHIN => {
                tokio::time::sleep(cloud.paced(again_in)).await;
                waited += again_in;
            }
            _ => return Ok(found),
        }
    }
}

async fn read_now(cloud: &Cloud, kind: &dyn Kind, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
    let mut attempts = Attempts::new(Purpose::Read, kind.facts().type_name, None);
    loop {
        match kind.read(cloud, ids).await {
            Ok(found) => return Ok(found),
            Err(error) => repeat(cloud, &mut attempts, error).await?,
        }
    }
}

/// Sleeps before the next attempt to read, or gives up with the error.
pub(super) async fn repeat(cloud: &Cloud, attempts: &mut Attempts<'_>, error: CallError) -> Result<(), CallError> {
    match attempts.next(&error, false) {
        Some(delay) => {
            tokio::time::sleep(cloud.paced(delay)).await;
            Ok(())
        }
        None => Err(error),
    }
}
