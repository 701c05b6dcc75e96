//! Tags of file systems and access points.

use std::collections::BTreeMap;

use serde_json::json;

use super::access_point::{self, AccessPoint};
use super::file_system::{self, FileSystem};
use super::id_of;
use crate::local::members::{Members, tag_list};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::Json;

/// The most tags one has.
/// Source: <https://docs.aws.amazon.com/efs/latest/ug/manage-fs-tags.html>
const MOST: usize = 50;

/// The tags of a call.
pub(super) fn read(members: &Members<'_>) -> Result<BTreeMap<String, String>, Fault> {
    within_limit(members, members.tags("Tags")?)
}

fn within_limit(members: &Members<'_>, tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    if tags.len() > MOST { Err(members.refuse(format!("A resource has at most {MOST} tags."))) } else { Ok(tags) }
}

/// Tags as answers have them.
pub(super) fn view(tags: &BTreeMap<String, String>) -> Json {
    tag_list(tags)
}

/// The value of the tag `Name`.
pub(super) fn name(tags: &BTreeMap<String, String>) -> Option<String> {
    tags.get("Name").cloned()
}

/// What has tags.
enum Tagged {
    System(Box<FileSystem>),
    Point(Box<AccessPoint>),
}

impl Tagged {
    fn of(tx: &Tx<'_>, members: &Members<'_>) -> Result<Self, Fault> {
        let id = id_of(members.required("ResourceId")?);
        if id.starts_with("fsap-") {
            return Ok(Self::Point(Box::new(access_point::find(tx, id)?)));
        }
        Ok(Self::System(Box::new(file_system::find(tx, id)?)))
    }

    fn tags(&mut self) -> &mut BTreeMap<String, String> {
        match self {
            Self::System(system) => &mut system.tags,
            Self::Point(point) => &mut point.tags,
        }
    }

    fn put(&self, tx: &mut Tx<'_>) -> Result<(), Fault> {
        match self {
            Self::System(system) => Ok(tx.put(system.as_ref())?),
            Self::Point(point) => Ok(tx.put(point.as_ref())?),
        }
    }
}

/// `TagResource`.
pub(super) fn tag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut tagged = Tagged::of(tx, members)?;
    let mut tags = tagged.tags().clone();
    tags.extend(read(members)?);
    *tagged.tags() = within_limit(members, tags)?;
    tagged.put(tx)?;
    Ok(Json::Null)
}

/// `UntagResource`.
pub(super) fn untag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut tagged = Tagged::of(tx, members)?;
    let keys = members.texts("TagKeys")?;
    tagged.tags().retain(|key, _| !keys.contains(&key.as_str()));
    tagged.put(tx)?;
    Ok(Json::Null)
}

/// `ListTagsForResource`.
pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(json!({ "Tags": view(Tagged::of(tx, members)?.tags()) }))
}
