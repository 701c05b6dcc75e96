//! Log groups: making, describing and deleting them, their retention, keys, tags and protection.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::{Members, Page};
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::stream::Stream;
use super::{event, not_found, page_size, stream};
use crate::model::Json;

/// The days that a retention can be (API reference, `PutRetentionPolicy`).
const RETENTIONS: [i64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// A log group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Group {
    pub(super) name: String,
    /// Milliseconds since 1970.
    pub(super) created: i64,
    /// Days; `None` keeps events for ever.
    pub(super) retention: Option<i64>,
    pub(super) kms_key: Option<String>,
    pub(super) class: String,
    pub(super) tags: BTreeMap<String, String>,
    /// Whether it cannot be deleted.
    pub(super) protected: bool,
    /// The bytes of its events.
    pub(super) stored: u64,
    /// How many events were ever written to it: the number of the next one.
    pub(super) events: u64,
}

impl Object for Group {
    const TABLE: &'static str = "logs.group";

    fn key(&self) -> String {
        self.name.clone()
    }
}

impl Group {
    /// A new one.
    pub(super) fn new(tx: &Tx<'_>, name: &str) -> Self {
        Self {
            name: name.to_owned(),
            created: tx.now.as_millisecond(),
            retention: None,
            kms_key: None,
            class: "STANDARD".to_owned(),
            tags: BTreeMap::new(),
            protected: false,
            stored: 0,
            events: 0,
        }
    }

    /// The ARN, without `:*`.
    pub(super) fn arn(&self, tx: &Tx<'_>) -> String {
        format!("arn:aws:logs:{}:{}:log-group:{}", tx.region, tx.account, self.name)
    }

    /// Since when events are still kept, in milliseconds since 1970.
    pub(super) fn kept_since(&self, tx: &Tx<'_>) -> i64 {
        let days = self.retention.map(|days| SignedDuration::from_hours(24 * days));
        days.and_then(|days| tx.now.checked_sub(days).ok()).map_or(i64::MIN, |since| since.as_millisecond())
    }

    fn json(&self, tx: &Tx<'_>) -> Json {
        let arn = self.arn(tx);
        let mut group = json!({
            "logGroupName": self.name,
            "creationTime": self.created,
            "metricFilterCount": 0,
            "arn": format!("{arn}:*"),
            "logGroupArn": arn,
            "storedBytes": self.stored,
            "logGroupClass": self.class,
            "deletionProtectionEnabled": self.protected,
        });
        if let Some(days) = self.retention {
            group["retentionInDays"] = json!(days);
        }
        if let Some(key) = &self.kms_key {
            group["kmsKeyId"] = json!(key);
        }
        group
    }
}

/// The name, or the name in the ARN, of a group.
pub(super) fn name_of(identifier: &str) -> &str {
    let name = identifier.split_once(":log-group:").map_or(identifier, |(_, name)| name);
    name.strip_suffix(":*").unwrap_or(name)
}

/// The group of a name.
pub(super) fn named(tx: &Tx<'_>, name: &str) -> Result<Group, Fault> {
    tx.get::<Group>(name)?.ok_or_else(|| not_found("log group"))
}

/// The group that `logGroupName` or `logGroupIdentifier` names.
pub(super) fn asked(tx: &Tx<'_>, members: &Members<'_>) -> Result<Group, Fault> {
    match members.text("logGroupIdentifier")? {
        Some(_) if members.text("logGroupName")?.is_some() => {
            Err(members.refuse("LogGroup name and LogGroup identifier are mutually exclusive parameters."))
        }
        Some(identifier) => named(tx, name_of(identifier)),
        None => named(tx, members.required("logGroupName")?),
    }
}

fn tags(members: &Members<'_>, mut tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    for (key, value) in members.text_map("tags")? {
        members.within("tags", &key, 1, 128)?;
        members.within("tags", &value, 0, 256)?;
        if key.starts_with("aws:") {
            return Err(members.refuse("Tag keys that begin with aws: are reserved."));
        }
        tags.insert(key, value);
    }
    if tags.len() > 50 {
        return Err(Fault::new("TooManyTagsException", "A resource can have up to 50 tags."));
    }
    Ok(tags)
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = members.within("logGroupName", members.required("logGroupName")?, 1, 512)?;
    members.spelled("logGroupName", name, ".-_/#", r"[\.\-_/#A-Za-z0-9]+")?;
    if name.starts_with("aws/") {
        return Err(members.refuse("Log groups starting with AWS/ are reserved for AWS."));
    }
    let class = members.one_of("logGroupClass", &["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"])?;
    let tags = tags(members, BTreeMap::new())?;
    if tx.get::<Group>(name)?.is_some() {
        return Err(Fault::new("ResourceAlreadyExistsException", "The specified log group already exists"));
    }
    let mut group = Group::new(tx, name);
    group.class = class.unwrap_or("STANDARD").to_owned();
    group.kms_key = members.text("kmsKeyId")?.map(str::to_owned);
    group.protected = members.flag("deletionProtectionEnabled")?.unwrap_or(false);
    group.tags = tags;
    tx.put(&group)?;
    Ok(json!({}))
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = named(tx, members.required("logGroupName")?)?;
    if group.protected {
        let message = "The log group has deletion protection, which has to be disabled before it is deleted.";
        return Err(Fault::new("ValidationException", message));
    }
    for stream in tx.under::<Stream>(&group.name)? {
        stream::remove(tx, &stream)?;
    }
    tx.delete::<Group>(&group.name)?;
    Ok(json!({}))
}

pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let prefix = members.text("logGroupNamePrefix")?;
    let pattern = members.text("logGroupNamePattern")?.map(str::to_lowercase);
    let identifiers = members.texts("logGroupIdentifiers")?;
    let class = members.one_of("logGroupClass", &["STANDARD", "INFREQUENT_ACCESS", "DELIVERY"])?;
    if prefix.is_some() && pattern.is_some() {
        let message = "LogGroup name prefix and LogGroup name pattern are mutually exclusive parameters.";
        return Err(members.refuse(message));
    }
    if !identifiers.is_empty() && (prefix.is_some() || pattern.is_some()) {
        let message = "LogGroup identifiers and LogGroup name prefix or pattern are mutually exclusive parameters.";
        return Err(members.refuse(message));
    }
    let mut groups = Vec::new();
    if identifiers.is_empty() {
        groups = tx.all::<Group>()?;
    }
    for identifier in identifiers {
        groups.extend(tx.get::<Group>(name_of(identifier))?);
    }
    groups.retain(|group| {
        prefix.is_none_or(|prefix| group.name.starts_with(prefix))
            && pattern.as_ref().is_none_or(|pattern| group.name.to_lowercase().contains(pattern.as_str()))
            && class.is_none_or(|class| group.class == class)
    });
    let page = Page::of(groups, Object::key, members.text("nextToken")?, page_size(members)?);
    let items: Vec<Json> = page.items.iter().map(|group| group.json(tx)).collect();
    Ok(super::paged("logGroups", items, page.next))
}

pub(super) fn put_retention(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut group = named(tx, members.required("logGroupName")?)?;
    let days = members.number("retentionInDays", i64::MIN, i64::MAX)?;
    let days = days.filter(|days| RETENTIONS.contains(days));
    let days = days.ok_or_else(|| members.refuse("Value for retentionInDays is not one of those that are allowed."))?;
    group.retention = Some(days);
    tx.put(&group)?;
    Ok(json!({}))
}

pub(super) fn delete_retention(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut group = named(tx, members.required("logGroupName")?)?;
    group.retention = None;
    tx.put(&group)?;
    Ok(json!({}))
}

/// Associates a key, or takes it away where `kmsKeyId` is not asked for.
pub(super) fn set_key(tx: &mut Tx<'_>, members: &Members<'_>, associate: bool) -> Result<Json, Fault> {
    let key = if associate { Some(members.required("kmsKeyId")?.to_owned()) } else { None };
    let mut group = match (members.text("logGroupName")?, members.text("resourceIdentifier")?) {
        (Some(name), None) => named(tx, name)?,
        (None, Some(identifier)) => named(tx, name_of(identifier))?,
        _ => return Err(members.refuse("Specify either logGroupName or resourceIdentifier.")),
    };
    group.kms_key = key;
    tx.put(&group)?;
    Ok(json!({}))
}

pub(super) fn set_protection(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut group = named(tx, name_of(members.required("logGroupIdentifier")?))?;
    let protected = members.flag("deletionProtectionEnabled")?;
    group.protected = protected.ok_or_else(|| members.refuse("deletionProtectionEnabled has to be given."))?;
    tx.put(&group)?;
    Ok(json!({}))
}

/// The group of `resourceArn`, which has no `:*` at its end.
fn tagged(tx: &Tx<'_>, members: &Members<'_>) -> Result<Group, Fault> {
    let arn = members.required("resourceArn")?;
    let start = format!("arn:aws:logs:{}:{}:log-group:", tx.region, tx.account);
    match arn.strip_prefix(&start) {
        Some(name) if !name.contains('*') => {
            let missing = || Fault::new("ResourceNotFoundException", "The specified resource does not exist.");
            tx.get::<Group>(name)?.ok_or_else(missing)
        }
        _ => Err(members.invalid("resourceArn", arn, r"Member must satisfy regular expression pattern: [\w+=/:,.@-]*")),
    }
}

pub(super) fn tag_resource(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = tagged(tx, members)?;
    tag(tx, members, group)
}

pub(super) fn tag_group(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = named(tx, members.required("logGroupName")?)?;
    tag(tx, members, group)
}

fn tag(tx: &mut Tx<'_>, members: &Members<'_>, mut group: Group) -> Result<Json, Fault> {
    group.tags = tags(members, group.tags)?;
    tx.put(&group)?;
    Ok(json!({}))
}

pub(super) fn untag_resource(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = tagged(tx, members)?;
    untag(tx, &members.texts("tagKeys")?, group)
}

pub(super) fn untag_group(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let group = named(tx, members.required("logGroupName")?)?;
    untag(tx, &members.texts("tags")?, group)
}

fn untag(tx: &mut Tx<'_>, keys: &[&str], mut group: Group) -> Result<Json, Fault> {
    for key in keys {
        group.tags.remove(*key);
    }
    tx.put(&group)?;
    Ok(json!({}))
}

pub(super) fn list_resource_tags(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(json!({"tags": tagged(tx, members)?.tags}))
}

pub(super) fn list_group_tags(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(json!({"tags": named(tx, members.required("logGroupName")?)?.tags}))
}

/// Notes that events were written.
pub(super) fn grown(tx: &mut Tx<'_>, group: &mut Group, written: &[event::Event]) -> Result<(), Fault> {
    group.stored += written.iter().map(event::Event::bytes).sum::<u64>();
    group.events += u64::try_from(written.len()).unwrap_or(0);
    Ok(tx.put(group)?)
}
