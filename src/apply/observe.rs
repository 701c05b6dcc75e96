//! Reading what exists: for each kind as few calls as its API allows, kinds side by side.

use std::collections::BTreeMap;

use futures::StreamExt;

use super::retry::{Attempts, Purpose};
use crate::cloud::{CallError, Cloud};
use crate::kinds::{self, Kind, Observed};
use crate::model::Address;

/// What to read: an address, its CloudFormation type and its physical identifier.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The resource.
    pub address: Address,
    /// Its CloudFormation type.
    pub kind: String,
    /// Its physical identifier.
    pub id: String,
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
    let mut answers =
        futures::stream::iter(reads.map(|(kind, group)| read(cloud, kind, group))).buffer_unordered(parallelism.max(1));
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
    let mut attempts = Attempts::new(Purpose::Read, kind.facts().type_name, None);
    let found = loop {
        match kind.read(cloud, &ids).await {
            Ok(found) => break found,
            Err(error) => match attempts.next(&error, false) {
                Some(delay) => tokio::time::sleep(cloud.paced(delay)).await,
                None => return Err(error),
            },
        }
    };
    Ok(group.into_iter().map(|one| one.address).zip(found).collect())
}
