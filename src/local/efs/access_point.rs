//! Access points: a directory of a file system, as one user.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::file_system::{self, available};
use super::{NAME, State, arn, id_of, page, tags};
use crate::local::members::Members;
use crate::local::service::{Fault, Timer};
use crate::local::store::{Object, Tx};
use crate::model::Json;

/// How long one takes to become available, on AWS.
const MAKING: Duration = Duration::from_secs(3);
/// How long one takes to go.
const DELETING: Duration = Duration::from_secs(3);

/// The timer of one that is being made.
pub(super) const MADE: &str = "access-point-made";
/// The timer of one that is being deleted.
pub(super) const DELETED: &str = "access-point-deleted";

/// The greatest number of a user or group.
const MOST_ID: i64 = 4_294_967_295;

/// An access point.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct AccessPoint {
    pub(super) id: String,
    pub(super) system: String,
    pub(super) state: State,
    pub(super) tags: BTreeMap<String, String>,
    token: String,
    /// As it was asked for.
    user: Option<Json>,
    /// As it was asked for, with a path.
    root: Json,
}

impl Object for AccessPoint {
    const TABLE: &'static str = "efs.access-point";

    fn key(&self) -> String {
        self.id.clone()
    }

    fn parent(&self) -> String {
        self.system.clone()
    }
}

/// The access point that a token has made.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    token: String,
    point: String,
}

impl Object for Token {
    const TABLE: &'static str = "efs.access-point-token";

    fn key(&self) -> String {
        self.token.clone()
    }
}

/// The access point of an identifier or ARN.
pub(super) fn find(tx: &Tx<'_>, id: &str) -> Result<AccessPoint, Fault> {
    let id = id_of(id);
    let missing = || Fault::new("AccessPointNotFound", format!("Access point '{id}' does not exist.")).status(404);
    tx.get(id)?.ok_or_else(missing)
}

/// `CreateAccessPoint`.
pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let token = members.within("ClientToken", members.required("ClientToken")?, 1, 64)?;
    if let Some(made) = tx.get::<Token>(token)? {
        let message = format!("Access point '{}' already exists with client token '{token}'", made.point);
        return Err(Fault::new("AccessPointAlreadyExists", message).status(409).field("AccessPointId", made.point));
    }
    let system = available(tx, members)?;
    let point = AccessPoint {
        id: tx.fresh_id("fsap-")?,
        system: system.id,
        state: State::Creating,
        tags: tags::read(members)?,
        token: token.to_owned(),
        user: user(members)?,
        root: root(members)?,
    };
    tx.put(&Token { token: point.token.clone(), point: point.id.clone() })?;
    tx.put(&point)?;
    tx.after(MAKING, NAME, MADE, &point.id)?;
    Ok(show(tx, &point))
}

fn number(members: &Members<'_>, name: &str) -> Result<i64, Fault> {
    members.number(name, 0, MOST_ID)?.ok_or_else(|| members.refuse(format!("{name} is missing.")))
}

fn user(members: &Members<'_>) -> Result<Option<Json>, Fault> {
    let Some(user) = members.structure("PosixUser")? else { return Ok(None) };
    let mut read = json!({ "Uid": number(&user, "Uid")?, "Gid": number(&user, "Gid")? });
    let others = user.list("SecondaryGids")?;
    let numbers = others.iter().map(|one| one.as_i64().filter(|one| (0..=MOST_ID).contains(one)));
    match numbers.collect::<Option<Vec<i64>>>() {
        Some(numbers) if numbers.len() <= 16 => {
            if !numbers.is_empty() {
                read["SecondaryGids"] = json!(numbers);
            }
            Ok(Some(read))
        }
        _ => Err(members.refuse("SecondaryGids are at most 16 numbers of groups.")),
    }
}

fn root(members: &Members<'_>) -> Result<Json, Fault> {
    let Some(root) = members.structure("RootDirectory")? else { return Ok(json!({ "Path": "/" })) };
    let path = root.within("Path", root.text("Path")?.unwrap_or("/"), 1, 100)?;
    let levels: Vec<&str> = path.trim_start_matches('/').split('/').collect();
    let odd =
        |level: &&str| level.is_empty() || level.starts_with('.') || level.contains(|c| "$#<>;`|&?{}^*\n".contains(c));
    if path != "/" && (!path.starts_with('/') || path.starts_with("//") || levels.len() > 4 || levels.iter().any(odd)) {
        return Err(members.refuse(format!("'{path}' is no path of up to four directories.")));
    }
    let mut read = json!({ "Path": path });
    if let Some(info) = root.structure("CreationInfo")? {
        let permissions = info.required("Permissions")?;
        if !(3..=4).contains(&permissions.len()) || !permissions.bytes().all(|digit| (b'0'..=b'7').contains(&digit)) {
            return Err(members.refuse(format!("'{permissions}' are no permissions of three or four octal digits.")));
        }
        read["CreationInfo"] = json!({
            "OwnerUid": number(&info, "OwnerUid")?, "OwnerGid": number(&info, "OwnerGid")?, "Permissions": permissions,
        });
    }
    Ok(read)
}

/// `DescribeAccessPoints`: one, of a file system, or all.
pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let found = match (members.text("AccessPointId")?, members.text("FileSystemId")?) {
        (Some(_), Some(_)) => return Err(members.refuse("Ask by AccessPointId or by FileSystemId.")),
        (Some(id), None) => vec![find(tx, id)?],
        (None, Some(id)) => tx.under(&file_system::find(tx, id)?.id)?,
        (None, None) => tx.all()?,
    };
    let shown = found.iter().map(|point| (point.id.clone(), show(tx, point))).collect();
    page(members, "AccessPoints", shown, ["MaxResults", "NextToken", "NextToken"])
}

fn show(tx: &Tx<'_>, point: &AccessPoint) -> Json {
    json!({
        "AccessPointId": point.id,
        "AccessPointArn": arn(tx, "access-point", &point.id),
        "ClientToken": point.token,
        "FileSystemId": point.system,
        "LifeCycleState": point.state.as_str(),
        "Name": tags::name(&point.tags),
        "OwnerId": tx.account,
        "PosixUser": point.user,
        "RootDirectory": point.root,
        "Tags": tags::view(&point.tags),
    })
}

/// `DeleteAccessPoint`.
pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut point = find(tx, members.required("AccessPointId")?)?;
    if point.state != State::Deleting {
        point.state = State::Deleting;
        tx.put(&point)?;
        tx.after(DELETING, NAME, DELETED, &point.id)?;
    }
    Ok(Json::Null)
}

/// Carries out a timer of an access point.
///
/// # Errors
/// When the store fails.
pub(super) fn due(tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
    let Some(mut point) = tx.get::<AccessPoint>(&timer.key)? else { return Ok(()) };
    match (timer.what.as_str(), point.state) {
        (MADE, State::Creating) => {
            point.state = State::Available;
            Ok(tx.put(&point)?)
        }
        (DELETED, State::Deleting) => forget(tx, &point),
        _ => Ok(()),
    }
}

/// Takes an access point away.
///
/// # Errors
/// When the store fails.
pub(super) fn forget(tx: &mut Tx<'_>, point: &AccessPoint) -> Result<(), Fault> {
    tx.delete::<Token>(&point.token)?;
    tx.delete::<AccessPoint>(&point.id)?;
    Ok(())
}
