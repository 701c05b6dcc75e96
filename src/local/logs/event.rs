//! Log events: writing them, reading a stream, and searching a group.
//!
//! Each event is an object of its own under its stream. [`Event::place`] orders the events of a group, by time and then
//! by the order in which they were written; tokens are places, so that they stay good while events come in.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::Members;
use super::super::service::Fault;
use super::super::store::{Object, StoreError, Tx};
use super::group::{self, Group};
use super::pattern::Pattern;
use super::stream::{self, Stream};
use crate::model::Json;

/// What each event counts beside its message (API reference, `PutLogEvents`).
const OVERHEAD: u64 = 26;
/// The most bytes of one call.
const BATCH: u64 = 1_048_576;
/// The most events of one call or page.
const EVENTS: i64 = 10_000;

/// An event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Event {
    pub(super) group: String,
    pub(super) stream: String,
    /// Counts the events of the group.
    pub(super) number: u64,
    /// Milliseconds since 1970.
    pub(super) time: i64,
    /// When it was written, likewise.
    pub(super) ingested: i64,
    pub(super) message: String,
}

impl Object for Event {
    const TABLE: &'static str = "logs.event";

    fn key(&self) -> String {
        format!("{}:{}:{:020}", self.group, self.stream, self.number)
    }

    fn parent(&self) -> String {
        stream::key(&self.group, &self.stream)
    }
}

impl Event {
    /// Its place among those of the group.
    fn place(&self) -> u128 {
        (u128::from(self.time.unsigned_abs()) << 64) | u128::from(self.number)
    }

    /// What it counts.
    pub(super) fn bytes(&self) -> u64 {
        u64::try_from(self.message.len()).unwrap_or(u64::MAX).saturating_add(OVERHEAD)
    }
}

/// Writes messages with their times to a stream, and notes it at the stream and the group.
pub(super) fn append(
    tx: &mut Tx<'_>,
    group: &mut Group,
    mut stream: Stream,
    messages: Vec<(i64, String)>,
) -> Result<(), Fault> {
    let ingested = tx.now.as_millisecond();
    let mut written = Vec::new();
    for (number, (time, message)) in (group.events..).zip(messages) {
        let (group, name) = (group.name.clone(), stream.name.clone());
        let event = Event { group, stream: name, number, time, ingested, message };
        tx.put(&event)?;
        stream.first = Some(stream.first.map_or(time, |first| first.min(time)));
        stream.last = Some(stream.last.map_or(time, |last| last.max(time)));
        written.push(event);
    }
    stream.ingested = Some(ingested);
    tx.put(&stream)?;
    group::grown(tx, group, &written)
}

pub(super) fn put(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut group = group::named(tx, members.required("logGroupName")?)?;
    let stream = stream::asked(tx, members, &group)?;
    let mut messages = Vec::new();
    for event in members.structures("logEvents")? {
        let time = event.number("timestamp", 0, i64::MAX)?;
        let time = time.ok_or_else(|| event.refuse("An event has no timestamp."))?;
        let message = event.required("message")?;
        event.within("message", message, 1, usize::MAX)?;
        messages.push((time, message.to_owned()));
    }
    let count = i64::try_from(messages.len()).unwrap_or(i64::MAX);
    if !(1..=EVENTS).contains(&count) {
        return Err(members.refuse("logEvents has to have between 1 and 10000 events."));
    }
    let bytes: u64 = messages.iter().map(|(_, message)| message.len() as u64 + OVERHEAD).sum();
    if bytes > BATCH {
        return Err(members.refuse(format!("Upload too large: {bytes} bytes exceeds limit of {BATCH}")));
    }
    if !messages.is_sorted_by_key(|(time, _)| *time) {
        let message = "Log events in a single PutLogEvents request must be in chronological order.";
        return Err(members.refuse(message));
    }
    let (accepted, rejected) = sorted_out(tx, &group, messages);
    append(tx, &mut group, stream, accepted)?;
    let mut answer = json!({"nextSequenceToken": format!("{:056}", group.events)});
    if !rejected.is_empty() {
        answer["rejectedLogEventsInfo"] = json!(rejected);
    }
    Ok(answer)
}

/// Leaves out what is older than fourteen days or than the retention, and what is more than two hours ahead (API
/// reference, `PutLogEvents`).
fn sorted_out(
    tx: &Tx<'_>,
    group: &Group,
    messages: Vec<(i64, String)>,
) -> (Vec<(i64, String)>, BTreeMap<&'static str, usize>) {
    let (now, day) = (tx.now.as_millisecond(), SignedDuration::from_hours(24).as_millis());
    let oldest = now - i64::try_from(14 * day).unwrap_or(0);
    let newest = now + i64::try_from(day / 12).unwrap_or(0);
    let kept = group.kept_since(tx);
    let mut rejected = BTreeMap::new();
    let expired = messages.iter().take_while(|(time, _)| *time < kept).count();
    let old = messages.iter().take_while(|(time, _)| *time < oldest).count();
    let fit = messages.iter().take_while(|(time, _)| *time <= newest).count();
    if expired > 0 {
        rejected.insert("expiredLogEventEndIndex", expired);
    }
    if old > 0 {
        rejected.insert("tooOldLogEventEndIndex", old);
    }
    if fit < messages.len() {
        rejected.insert("tooNewLogEventStartIndex", fit);
    }
    let from = expired.max(old);
    (messages.into_iter().take(fit).skip(from).collect(), rejected)
}

/// The events of a stream that are still kept and in the window asked for, in no order.
fn found(tx: &Tx<'_>, members: &Members<'_>, group: &Group, stream: &str) -> Result<Vec<Event>, Fault> {
    let start = members.number("startTime", i64::MIN, i64::MAX)?.unwrap_or(i64::MIN);
    let end = members.number("endTime", i64::MIN, i64::MAX)?;
    let kept = group.kept_since(tx);
    let mut events = tx.under::<Event>(&stream::key(&group.name, stream))?;
    events.retain(|event| event.time >= start.max(kept) && end.is_none_or(|end| event.time < end));
    Ok(events)
}

fn limit(members: &Members<'_>) -> Result<usize, Fault> {
    let limit = members.number("limit", 1, EVENTS)?.unwrap_or(EVENTS);
    Ok(usize::try_from(limit).unwrap_or(1))
}

fn place(members: &Members<'_>, digits: &str) -> Result<u128, Fault> {
    digits.parse().map_err(|_| members.refuse("The specified nextToken is invalid."))
}

/// A page of a stream. A token is a direction and the place at which it cuts: forward are the events from there on,
/// backward those before. At the end of a stream the token is the one that was given.
pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = group::asked(tx, members)?;
    let stream = stream::asked(tx, members, &group)?;
    let limit = limit(members)?;
    let mut events = found(tx, members, &group, &stream.name)?;
    events.sort_by_key(Event::place);
    let token = members.text("nextToken")?;
    let (forward, cut) = match token.map(|token| token.split_at_checked(2).unwrap_or((token, ""))) {
        None => (members.flag("startFromHead")?.unwrap_or(false), None),
        Some(("f/", digits)) => (true, Some(place(members, digits)?)),
        Some(("b/", digits)) => (false, Some(place(members, digits)?)),
        Some(_) => return Err(members.refuse("The specified nextToken is invalid.")),
    };
    if let Some(cut) = cut {
        events.retain(|event| (event.place() >= cut) == forward);
    }
    let events =
        if forward { &events[..limit.min(events.len())] } else { &events[events.len().saturating_sub(limit)..] };
    let resting = cut.unwrap_or(0);
    let next_forward = events.last().map_or(resting, |event| event.place() + 1);
    let next_backward = events.first().map_or(resting, Event::place);
    let items: Vec<Json> = events
        .iter()
        .map(|event| json!({"timestamp": event.time, "message": event.message, "ingestionTime": event.ingested}))
        .collect();
    Ok(json!({
        "events": items,
        "nextForwardToken": format!("f/{next_forward:056}"),
        "nextBackwardToken": format!("b/{next_backward:056}"),
    }))
}

/// The names of the streams to be searched.
fn searched(tx: &Tx<'_>, members: &Members<'_>, group: &Group) -> Result<Vec<String>, Fault> {
    let names = members.texts("logStreamNames")?;
    let prefix = members.text("logStreamNamePrefix")?;
    if !names.is_empty() && prefix.is_some() {
        let message = "logStreamNamePrefix and logStreamNames are mutually exclusive parameters.";
        return Err(members.refuse(message));
    }
    if names.is_empty() {
        let streams = tx.under::<Stream>(&group.name)?.into_iter().map(|stream| stream.name);
        return Ok(streams.filter(|name| prefix.is_none_or(|prefix| name.starts_with(prefix))).collect());
    }
    let known = |name: &&str| Ok(tx.get::<Stream>(&stream::key(&group.name, name))?.is_some());
    let known = names.iter().map(known).collect::<Result<Vec<bool>, StoreError>>()?;
    if known.contains(&false) {
        return Err(super::not_found("log stream"));
    }
    Ok(names.into_iter().map(str::to_owned).collect())
}

/// A page of what a search finds in a group, streams mixed by time.
pub(super) fn filter(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = group::asked(tx, members)?;
    let limit = limit(members)?;
    let pattern = Pattern::parse(members.text("filterPattern")?.unwrap_or_default());
    let pattern = pattern.map_err(|error| members.refuse(error.to_string()))?;
    let from = members.text("nextToken")?.map_or(Ok(0), |token| place(members, token))?;
    let mut events = Vec::new();
    for stream in searched(tx, members, &group)? {
        let found = found(tx, members, &group, &stream)?.into_iter();
        events.extend(found.filter(|event| event.place() >= from && pattern.matches(&event.message)));
    }
    events.sort_by_key(Event::place);
    let next = events.get(limit).map(|event| format!("{:056}", event.place()));
    let item = |event: &Event| {
        json!({
            "logStreamName": event.stream,
            "timestamp": event.time,
            "message": event.message,
            "ingestionTime": event.ingested,
            "eventId": format!("{:056}", event.place()),
        })
    };
    let mut answer = super::paged("events", events.iter().take(limit).map(item).collect(), next);
    answer["searchedLogStreams"] = json!([]);
    Ok(answer)
}
