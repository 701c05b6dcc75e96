//! Log streams of a group.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::{Members, Page};
use super::super::service::Fault;
use super::super::store::{Object, StoreError, Tx};
use super::event::Event;
use super::group::{self, Group};
use super::{not_found, page_size};
use crate::model::Json;

/// A log stream. Times are milliseconds since 1970.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Stream {
    pub(super) group: String,
    pub(super) name: String,
    pub(super) created: i64,
    /// The time of its earliest event.
    pub(super) first: Option<i64>,
    /// The time of its latest event.
    pub(super) last: Option<i64>,
    /// When events were last written to it.
    pub(super) ingested: Option<i64>,
}

impl Object for Stream {
    const TABLE: &'static str = "logs.stream";

    fn key(&self) -> String {
        key(&self.group, &self.name)
    }

    fn parent(&self) -> String {
        self.group.clone()
    }
}

/// Neither name has a colon.
pub(super) fn key(group: &str, stream: &str) -> String {
    format!("{group}:{stream}")
}

impl Stream {
    /// A new one.
    pub(super) fn new(tx: &Tx<'_>, group: &str, name: &str) -> Self {
        let created = tx.now.as_millisecond();
        Self { group: group.to_owned(), name: name.to_owned(), created, first: None, last: None, ingested: None }
    }

    fn json(&self, group_arn: &str) -> Json {
        let mut stream = json!({
            "logStreamName": self.name,
            "creationTime": self.created,
            "arn": format!("{group_arn}:log-stream:{}", self.name),
            "storedBytes": 0,
        });
        let times = [("firstEventTimestamp", self.first), ("lastEventTimestamp", self.last)];
        for (member, time) in times.into_iter().chain([("lastIngestionTime", self.ingested)]) {
            if let Some(time) = time {
                stream[member] = json!(time);
            }
        }
        stream
    }
}

/// The stream that `logStreamName` names in a group.
pub(super) fn asked(tx: &Tx<'_>, members: &Members<'_>, group: &Group) -> Result<Stream, Fault> {
    let name = members.required("logStreamName")?;
    tx.get::<Stream>(&key(&group.name, name))?.ok_or_else(|| not_found("log stream"))
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = members.within("logStreamName", members.required("logStreamName")?, 1, 512)?;
    if name.contains([':', '*']) {
        let constraint = "Member must satisfy regular expression pattern: [^:*]*";
        return Err(members.invalid("logStreamName", name, constraint));
    }
    let group = group::named(tx, members.required("logGroupName")?)?;
    if tx.get::<Stream>(&key(&group.name, name))?.is_some() {
        return Err(Fault::new("ResourceAlreadyExistsException", "The specified log stream already exists"));
    }
    tx.put(&Stream::new(tx, &group.name, name))?;
    Ok(json!({}))
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut group = group::named(tx, members.required("logGroupName")?)?;
    let stream = asked(tx, members, &group)?;
    group.stored = group.stored.saturating_sub(remove(tx, &stream)?);
    tx.put(&group)?;
    Ok(json!({}))
}

/// Removes a stream with its events, and says how many bytes they were.
pub(super) fn remove(tx: &mut Tx<'_>, stream: &Stream) -> Result<u64, StoreError> {
    let mut bytes = 0;
    for event in tx.under::<Event>(&stream.key())? {
        bytes += event.bytes();
        tx.delete::<Event>(&event.key())?;
    }
    tx.delete::<Stream>(&stream.key())?;
    Ok(bytes)
}

pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = group::asked(tx, members)?;
    let prefix = members.text("logStreamNamePrefix")?;
    let by_time = members.one_of("orderBy", &["LogStreamName", "LastEventTime"])? == Some("LastEventTime");
    if by_time && prefix.is_some() {
        return Err(members.refuse("Cannot order by LastEventTime with a logStreamNamePrefix."));
    }
    let descending = members.flag("descending")?.unwrap_or(false);
    let mut streams = tx.under::<Stream>(&group.name)?;
    streams.retain(|stream| prefix.is_none_or(|prefix| stream.name.starts_with(prefix)));
    // Pages go by ascending keys, so the order asked for is put into the key: times by their digits, and a descending
    // order by each byte's complement, a greater one closing the name because a shorter name comes after a longer.
    let order = |stream: &Stream| {
        let time = if by_time { format!("{:020} ", stream.last.unwrap_or(0)) } else { String::new() };
        let key = format!("{time}{}", stream.name);
        let hex = |byte: u8| format!("{byte:02x}");
        if descending {
            key.bytes().map(|byte| hex(!byte)).chain(["g".to_owned()]).collect()
        } else {
            key.bytes().map(hex).collect::<String>()
        }
    };
    let page = Page::of(streams, order, members.text("nextToken")?, page_size(members)?);
    let arn = group.arn(tx);
    let items: Vec<Json> = page.items.iter().map(|stream| stream.json(&arn)).collect();
    Ok(super::paged("logStreams", items, page.next))
}
