//! Aliases: names of keys.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::{Members, Page};
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::key::{by_id, find, now};
use crate::model::Json;

/// What the name of every alias begins with.
const PREFIX: &str = "alias/";

/// What the names of AWS's own begin with.
const RESERVED: &str = "alias/aws/";

/// An alias.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Alias {
    pub(super) name: String,
    /// The id of its key.
    pub(super) target: String,
    created: f64,
}

impl Object for Alias {
    const TABLE: &'static str = "kms.alias";

    fn key(&self) -> String {
        self.name.clone()
    }

    fn parent(&self) -> String {
        self.target.clone()
    }
}

/// The aliases of a key.
pub(super) fn of(tx: &Tx<'_>, id: &str) -> Result<Vec<Alias>, Fault> {
    Ok(tx.under::<Alias>(id)?)
}

fn name<'a>(members: &Members<'a>) -> Result<&'a str, Fault> {
    let name = members.within("AliasName", members.required("AliasName")?, 1, 256)?;
    let name = members.spelled("AliasName", name, ":/_-", "^[a-zA-Z0-9:/_-]+$")?;
    if !name.starts_with(PREFIX) || name.len() == PREFIX.len() {
        return Err(members.refuse("Invalid identifier: the name of an alias begins with alias/."));
    }
    Ok(name)
}

fn arn(tx: &Tx<'_>, name: &str) -> String {
    format!("arn:aws:kms:{}:{}:{name}", tx.region, tx.account)
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = name(members)?;
    if name.starts_with(RESERVED) {
        return Err(Fault::new("InvalidAliasNameException", "alias/aws/ is reserved for keys of AWS's own."));
    }
    if members.required("TargetKeyId")?.contains(PREFIX) {
        return Err(members.refuse("Aliases must refer to keys. Not aliases"));
    }
    let key = find(tx, members.required("TargetKeyId")?)?;
    if key.deletion.is_some() {
        return Err(Fault::new("KMSInvalidStateException", format!("{} is pending deletion.", key.arn)));
    }
    if tx.get::<Alias>(name)?.is_some() {
        let message = format!("An alias with the name {} already exists", arn(tx, name));
        return Err(Fault::new("AlreadyExistsException", message));
    }
    let created = now(tx);
    tx.put(&Alias { name: name.to_owned(), target: key.id, created })?;
    Ok(Json::Null)
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = name(members)?;
    if tx.delete::<Alias>(name)? {
        return Ok(Json::Null);
    }
    Err(Fault::new("NotFoundException", format!("Alias {} is not found.", arn(tx, name))))
}

pub(super) fn list(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let limit = members.number("Limit", 1, 100)?.unwrap_or(50);
    let found = match members.text("KeyId")? {
        Some(named) => {
            let id = named.rsplit('/').next().unwrap_or(named);
            of(tx, &by_id(tx, id)?.id)?
        }
        None => tx.all::<Alias>()?,
    };
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let page = Page::of(found, |alias| alias.name.clone(), members.text("Marker")?, limit);
    let told = |alias: &Alias| {
        json!({
            "AliasName": alias.name, "AliasArn": arn(tx, &alias.name), "TargetKeyId": alias.target,
            "CreationDate": alias.created, "LastUpdatedDate": alias.created,
        })
    };
    let aliases: Json = page.items.iter().map(told).collect();
    Ok(json!({ "Aliases": aliases, "Truncated": page.next.is_some(), "NextMarker": page.next }))
}
