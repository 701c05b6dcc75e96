//! File systems.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::access_point::AccessPoint;
use super::mount_target::MountTarget;
use super::settings::Settings;
use super::{NAME, State, arn, id_of, page, seconds, tags};
use crate::local::ec2;
use crate::local::members::Members;
use crate::local::service::{Fault, Timer};
use crate::local::store::{Object, Tx};
use crate::model::Json;

/// How long one takes to become available, on AWS.
const MAKING: Duration = Duration::from_secs(5);
/// How long another throughput takes.
const CHANGING: Duration = Duration::from_secs(10);
/// How long one takes to go.
const DELETING: Duration = Duration::from_secs(5);
/// How long a throughput that was raised stays.
/// Source: <https://docs.aws.amazon.com/efs/latest/ug/managing-throughput.html>
const RAISED: Duration = Duration::from_secs(24 * 3600);

/// The timer of one that is being made or changed.
pub(super) const SETTLED: &str = "file-system-settled";
/// The timer of one that is being deleted.
pub(super) const DELETED: &str = "file-system-deleted";

/// A file system.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct FileSystem {
    pub(super) id: String,
    pub(super) state: State,
    token: String,
    created: Timestamp,
    performance: String,
    encrypted: bool,
    key: Option<String>,
    throughput: Throughput,
    /// When the throughput was last raised or set to a fixed one.
    raised: Option<Timestamp>,
    /// The only zone it is stored in, for one that is stored in one.
    pub(super) zone: Option<String>,
    pub(super) settings: Settings,
    pub(super) tags: BTreeMap<String, String>,
}

/// How fast one is: a mode, and the MiB/s of the mode that has them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Throughput {
    mode: String,
    provisioned: Option<f64>,
}

impl Object for FileSystem {
    const TABLE: &'static str = "efs.file-system";

    fn key(&self) -> String {
        self.id.clone()
    }
}

/// The file system that a creation token has made.
#[derive(Debug, Serialize, Deserialize)]
struct Token {
    token: String,
    system: String,
}

impl Object for Token {
    const TABLE: &'static str = "efs.file-system-token";

    fn key(&self) -> String {
        self.token.clone()
    }
}

/// The file system of an identifier or ARN.
pub(super) fn find(tx: &Tx<'_>, id: &str) -> Result<FileSystem, Fault> {
    let id = id_of(id);
    let missing = || Fault::new("FileSystemNotFound", format!("File system '{id}' does not exist.")).status(404);
    tx.get(id)?.ok_or_else(missing)
}

/// The file system that a call names, which must be available.
pub(super) fn available(tx: &Tx<'_>, members: &Members<'_>) -> Result<FileSystem, Fault> {
    let system = find(tx, members.required("FileSystemId")?)?;
    if system.state == State::Available {
        return Ok(system);
    }
    let message =
        format!("File system '{}' has the state '{}', and must be available.", system.id, system.state.as_str());
    Err(Fault::new("IncorrectFileSystemLifeCycleState", message).status(409))
}

impl Throughput {
    /// What a call asks for; a mode that it does not give is `mode`.
    fn read(members: &Members<'_>, mode: &str) -> Result<Self, Fault> {
        let mode = members.one_of("ThroughputMode", &["bursting", "provisioned", "elastic"])?.unwrap_or(mode);
        let given = members.json().get("ProvisionedThroughputInMibps").filter(|given| !given.is_null());
        let provisioned = match (mode, given) {
            ("provisioned", Some(given)) => {
                let enough = given.as_f64().filter(|given| *given >= 1.0);
                let few = || members.refuse("Provisioned throughput is a number of MiB/s, from 1.");
                Some(enough.ok_or_else(few)?)
            }
            ("provisioned", None) => {
                return Err(members.refuse("Throughput mode provisioned needs ProvisionedThroughputInMibps."));
            }
            (_, Some(_)) => {
                return Err(members.refuse(format!("Throughput mode {mode} has no ProvisionedThroughputInMibps.")));
            }
            (_, None) => None,
        };
        if provisioned.is_some_and(|given| given > 3414.0) {
            let message = "The throughput limit of the region is 3414 MiB/s a file system.";
            return Err(Fault::new("ThroughputLimitExceeded", message));
        }
        Ok(Self { mode: mode.to_owned(), provisioned })
    }
}

/// `CreateFileSystem`.
pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let token = members.within("CreationToken", members.required("CreationToken")?, 1, 64)?;
    if let Some(made) = tx.get::<Token>(token)? {
        let message = format!("File system '{}' already exists with creation token '{token}'", made.system);
        return Err(Fault::new("FileSystemAlreadyExists", message).status(409).field("FileSystemId", made.system));
    }
    let performance = members.one_of("PerformanceMode", &["generalPurpose", "maxIO"])?.unwrap_or("generalPurpose");
    let throughput = Throughput::read(members, "bursting")?;
    let zone = members.text("AvailabilityZoneName")?;
    if let Some(zone) = zone
        && ec2::zone_id(&tx.region, zone).is_none()
    {
        let message = format!("The availability zone '{zone}' is not one of {}.", tx.region);
        return Err(Fault::new("UnsupportedAvailabilityZone", message));
    }
    if performance == "maxIO" && (zone.is_some() || throughput.mode == "elastic") {
        return Err(members.refuse("Performance mode maxIO is neither for one zone nor for elastic throughput."));
    }
    let encrypted = members.flag("Encrypted")?.unwrap_or(false);
    let key = match (members.text("KmsKeyId")?, encrypted) {
        (Some(_), false) => return Err(members.refuse("A file system with a KmsKeyId must be encrypted.")),
        (Some(key), true) if key.starts_with("arn:") => Some(key.to_owned()),
        (Some(key), true) if key.starts_with("alias/") => Some(key_arn(tx, key)),
        (Some(key), true) => Some(key_arn(tx, &format!("key/{key}"))),
        // The account's own key for EFS.
        (None, true) => Some(key_arn(tx, "key/0e8f2a54-7d3c-4b61-9a0f-5c1d2e3f4a5b")),
        (None, false) => None,
    };
    let system = FileSystem {
        id: tx.fresh_id("fs-")?,
        state: State::Creating,
        token: token.to_owned(),
        created: tx.now,
        performance: performance.to_owned(),
        encrypted,
        key,
        throughput,
        raised: None,
        zone: zone.map(str::to_owned),
        settings: Settings::new(members.flag("Backup")?.unwrap_or(zone.is_some())),
        tags: tags::read(members)?,
    };
    tx.put(&Token { token: system.token.clone(), system: system.id.clone() })?;
    tx.put(&system)?;
    tx.after(MAKING, NAME, SETTLED, &system.id)?;
    show(tx, &system)
}

fn key_arn(tx: &Tx<'_>, key: &str) -> String {
    format!("arn:aws:kms:{}:{}:{key}", tx.region, tx.account)
}

/// `DescribeFileSystems`: one by its identifier or creation token, or all.
pub(super) fn describe(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let found = match (members.text("FileSystemId")?, members.text("CreationToken")?) {
        (Some(_), Some(_)) => return Err(members.refuse("Ask by FileSystemId or by CreationToken.")),
        (Some(id), None) => vec![find(tx, id)?],
        (None, Some(token)) => match tx.get::<Token>(token)? {
            Some(made) => vec![find(tx, &made.system)?],
            None => Vec::new(),
        },
        (None, None) => tx.all()?,
    };
    let shown = found.iter().map(|system| Ok((system.id.clone(), show(tx, system)?))).collect::<Result<_, Fault>>()?;
    page(members, "FileSystems", shown, ["MaxItems", "Marker", "NextMarker"])
}

fn show(tx: &Tx<'_>, system: &FileSystem) -> Result<Json, Fault> {
    // What an empty file system measures.
    const EMPTY: i64 = 6144;
    Ok(json!({
        "OwnerId": tx.account,
        "CreationToken": system.token,
        "FileSystemId": system.id,
        "FileSystemArn": arn(tx, "file-system", &system.id),
        "CreationTime": seconds(system.created),
        "LifeCycleState": system.state.as_str(),
        "Name": tags::name(&system.tags),
        "NumberOfMountTargets": tx.under::<MountTarget>(&system.id)?.len(),
        "SizeInBytes": { "Value": EMPTY, "ValueInIA": 0, "ValueInStandard": EMPTY, "ValueInArchive": 0 },
        "PerformanceMode": system.performance,
        "Encrypted": system.encrypted,
        "KmsKeyId": system.key,
        "ThroughputMode": system.throughput.mode,
        "ProvisionedThroughputInMibps": system.throughput.provisioned,
        "AvailabilityZoneName": system.zone,
        "AvailabilityZoneId": system.zone.as_ref().and_then(|zone| ec2::zone_id(&tx.region, zone)),
        "Tags": tags::view(&system.tags),
        "FileSystemProtection": { "ReplicationOverwriteProtection": system.settings.protection() },
    }))
}

/// `UpdateFileSystem`.
pub(super) fn update(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut system = available(tx, members)?;
    let wanted = Throughput::read(members, &system.throughput.mode)?;
    if wanted == system.throughput {
        return show(tx, &system);
    }
    if wanted.mode == "elastic" && system.performance == "maxIO" {
        return Err(members.refuse("Elastic throughput is not for performance mode maxIO."));
    }
    let raises = wanted.provisioned > system.throughput.provisioned;
    if !raises && system.raised.is_some_and(|raised| raised + RAISED > tx.now) {
        let message = "Wait 24 hours after the last increase to change the throughput mode or to decrease it.";
        return Err(Fault::new("TooManyRequests", message).status(429));
    }
    if raises {
        system.raised = Some(tx.now);
    }
    system.throughput = wanted;
    system.state = State::Updating;
    tx.put(&system)?;
    tx.after(CHANGING, NAME, SETTLED, &system.id)?;
    show(tx, &system)
}

/// `DeleteFileSystem`: its access points go with it, its mount targets must have gone.
pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut system = find(tx, members.required("FileSystemId")?)?;
    if system.state == State::Deleting {
        return Ok(Json::Null);
    }
    if !tx.under::<MountTarget>(&system.id)?.is_empty() {
        let message = format!("File system '{}' has mount targets created in it.", system.id);
        return Err(Fault::new("FileSystemInUse", message).status(409));
    }
    system.state = State::Deleting;
    tx.put(&system)?;
    tx.after(DELETING, NAME, DELETED, &system.id)?;
    Ok(Json::Null)
}

/// Carries out a timer of a file system.
///
/// # Errors
/// When the store fails.
pub(super) fn due(tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
    let Some(mut system) = tx.get::<FileSystem>(&timer.key)? else { return Ok(()) };
    match (timer.what.as_str(), system.state) {
        (SETTLED, State::Creating | State::Updating) => {
            system.state = State::Available;
            tx.put(&system)?;
        }
        (DELETED, State::Deleting) => {
            for point in tx.under::<AccessPoint>(&system.id)? {
                super::access_point::forget(tx, &point)?;
            }
            tx.delete::<Token>(&system.token)?;
            tx.delete::<FileSystem>(&system.id)?;
        }
        _ => {}
    }
    Ok(())
}
