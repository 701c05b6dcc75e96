//! Customer managed policies: making, reading and deleting them, and their tags.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::identifier::fresh_word;
use super::super::members::{Members, Page, tag_list};
use super::super::service::Fault;
use super::super::store::{Object, StoreError, Tx};
use super::document::{Document, Purpose, url_encoded};
use super::{exists, iso, malformed, managed, no_such_entity, page_size, refusal, role, usage};
use crate::model::Json;

/// Quota "Managed policy size", in characters that are not white space.
const SIZE: usize = 6144;

/// A customer managed policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Policy {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) description: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    /// The number of the default version.
    pub(super) default: u32,
    /// The number that was given last.
    pub(super) last: u32,
    pub(super) versions: Vec<Version>,
}

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Version {
    pub(super) number: u32,
    /// As it was sent.
    pub(super) document: String,
    pub(super) created: Timestamp,
}

impl Object for Policy {
    const TABLE: &'static str = "iam.policy";
    const GLOBAL: bool = true;

    fn key(&self) -> String {
        role::key(&self.name)
    }
}

/// The name in a policy's ARN.
pub(super) fn name_of(arn: &str) -> &str {
    arn.rsplit('/').next().unwrap_or_default()
}

/// The path in a policy's ARN.
pub(super) fn path_of(arn: &str) -> &str {
    let from = arn.find('/').unwrap_or(arn.len());
    let to = arn.rfind('/').map_or(arn.len(), |slash| slash + 1);
    &arn[from..to]
}

/// The ARN that `PolicyArn` gives.
pub(super) fn arn<'a>(members: &Members<'a>) -> Result<&'a str, Fault> {
    let arn = members.required("PolicyArn")?;
    members.within("PolicyArn", arn, 20, 2048)?;
    if !arn.starts_with("arn:aws:iam::") || !arn.contains(":policy/") {
        return Err(refusal("InvalidInput", format!("ARN {arn} is not valid.")));
    }
    Ok(arn)
}

/// The customer managed policy of an ARN.
pub(super) fn find(tx: &Tx<'_>, arn: &str) -> Result<Option<Policy>, Fault> {
    Ok(tx.get::<Policy>(&role::key(name_of(arn)))?.filter(|policy| policy.arn == arn))
}

/// The refusal of a call about a policy that is not there.
pub(super) fn not_found(arn: &str) -> Fault {
    no_such_entity(format!("Policy {arn} was not found."))
}

/// The customer managed policy that `PolicyArn` names, to be changed.
pub(super) fn to_change(tx: &Tx<'_>, members: &Members<'_>) -> Result<Policy, Fault> {
    let arn = arn(members)?;
    if arn.starts_with(managed::PREFIX) {
        return Err(refusal("AccessDenied", format!("{arn} is a policy of AWS and cannot be changed.")));
    }
    find(tx, arn)?.ok_or_else(|| not_found(arn))
}

/// The document of a managed policy's default version.
pub(super) fn document(tx: &Tx<'_>, arn: &str) -> Result<Option<Document>, Fault> {
    let text = match managed::find(arn) {
        Some(managed) => Some(managed.document.to_owned()),
        None => find(tx, arn)?.and_then(|policy| policy.version(policy.default).map(|it| it.document.clone())),
    };
    Ok(text.and_then(|text| Document::parse(&text, Purpose::Identity).ok()))
}

/// Whether there is a managed policy of this ARN.
pub(super) fn is_there(tx: &Tx<'_>, arn: &str) -> Result<bool, Fault> {
    Ok(managed::find(arn).is_some() || find(tx, arn)?.is_some())
}

impl Policy {
    /// The version of a number.
    pub(super) fn version(&self, number: u32) -> Option<&Version> {
        self.versions.iter().find(|version| version.number == number)
    }

    /// Without description and tags, as ListPolicies answers.
    pub(super) fn summary(&self, tx: &Tx<'_>) -> Result<Json, StoreError> {
        let (attached, boundaries) = usage::counts(tx, &self.arn)?;
        Ok(json!({
            "PolicyName": self.name,
            "PolicyId": self.id,
            "Arn": self.arn,
            "Path": self.path,
            "DefaultVersionId": format!("v{}", self.default),
            "AttachmentCount": attached,
            "PermissionsBoundaryUsageCount": boundaries,
            "IsAttachable": true,
            "CreateDate": iso(self.created),
            "UpdateDate": iso(self.updated),
        }))
    }

    fn full(&self, tx: &Tx<'_>) -> Result<Json, StoreError> {
        let mut policy = self.summary(tx)?;
        if let Some(description) = &self.description {
            policy["Description"] = json!(description);
        }
        if !self.tags.is_empty() {
            policy["Tags"] = tag_list(&self.tags);
        }
        Ok(policy)
    }

    /// The versions as answers have them.
    pub(super) fn versions_json(&self, documents: bool) -> Vec<Json> {
        let version = |version: &Version| {
            let mut json = json!({
                "VersionId": format!("v{}", version.number),
                "IsDefaultVersion": version.number == self.default,
                "CreateDate": iso(version.created),
            });
            if documents {
                json["Document"] = json!(url_encoded(&version.document));
            }
            json
        };
        self.versions.iter().rev().map(version).collect()
    }
}

/// The document that `PolicyDocument` gives, checked.
pub(super) fn checked_document(members: &Members<'_>) -> Result<String, Fault> {
    let text = members.within("PolicyDocument", members.required("PolicyDocument")?, 1, 131_072)?;
    Document::parse(text, Purpose::Identity).map_err(malformed)?;
    if text.chars().filter(|letter| !letter.is_whitespace()).count() > SIZE {
        return Err(refusal("LimitExceeded", format!("Cannot exceed quota for PolicySize: {SIZE}")));
    }
    Ok(text.to_owned())
}

fn tags(members: &Members<'_>, mut tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    tags.extend(members.tags("Tags")?);
    if tags.len() > 50 {
        return Err(refusal("LimitExceeded", "Cannot exceed quota for TagsPerPolicy: 50"));
    }
    Ok(tags)
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = super::name(members, "PolicyName", 128)?;
    let path = super::path(members)?;
    let description = members.text("Description")?;
    let description = description.map(|text| members.within("Description", text, 0, 1000)).transpose()?;
    let document = checked_document(members)?;
    let tags = tags(members, BTreeMap::new())?;
    if tx.get::<Policy>(&role::key(name))?.is_some() {
        return Err(exists(format!("A policy called {name} already exists. Duplicate names are not allowed.")));
    }
    let policy = Policy {
        id: format!("ANPA{}", fresh_word(tx, "policy", 17)?.to_ascii_uppercase()),
        arn: format!("arn:aws:iam::{}:policy{path}{name}", tx.account),
        name: name.to_owned(),
        path: path.to_owned(),
        created: tx.now,
        updated: tx.now,
        description: description.map(str::to_owned),
        tags,
        default: 1,
        last: 1,
        versions: vec![Version { number: 1, document, created: tx.now }],
    };
    tx.put(&policy)?;
    Ok(json!({"Policy": policy.full(tx)?}))
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arn = arn(members)?;
    if let Some(managed) = managed::find(arn) {
        return Ok(json!({"Policy": managed.full(tx)?}));
    }
    Ok(json!({"Policy": find(tx, arn)?.ok_or_else(|| not_found(arn))?.full(tx)?}))
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let policy = to_change(tx, members)?;
    if !usage::of(tx, &policy.arn)?.is_empty() {
        return Err(refusal("DeleteConflict", "Cannot delete a policy attached to entities."));
    }
    if policy.versions.len() > 1 {
        let message = "This policy has more than one version. Before you delete a policy, you must delete the \
                       policy's versions. The default version is deleted with the policy.";
        return Err(refusal("DeleteConflict", message));
    }
    tx.delete::<Policy>(&policy.key())?;
    Ok(json!({}))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let scope = members.one_of("Scope", &["All", "AWS", "Local"])?.unwrap_or("All");
    let only_attached = members.flag("OnlyAttached")?.unwrap_or(false);
    let boundaries = members.one_of("PolicyUsageFilter", &["PermissionsPolicy", "PermissionsBoundary"])?;
    let prefix = members.text("PathPrefix")?.unwrap_or("/");
    let mut policies = Vec::new();
    if scope != "AWS" {
        for policy in tx.all::<Policy>()? {
            policies.push(policy.summary(tx)?);
        }
    }
    if scope != "Local" {
        for managed in managed::ALL {
            policies.push(managed.summary(tx)?);
        }
    }
    policies.retain(|policy| {
        let counted = match boundaries {
            Some("PermissionsBoundary") => &policy["PermissionsBoundaryUsageCount"],
            _ => &policy["AttachmentCount"],
        };
        policy["Path"].as_str().is_some_and(|path| path.starts_with(prefix)) && (!only_attached || *counted != json!(0))
    });
    let of = |policy: &Json| policy["Arn"].as_str().unwrap_or_default().to_owned();
    let page = Page::of(policies, of, members.text("Marker")?, page_size(members)?);
    Ok(super::paged("Policies", page.items, page.next))
}

pub(super) fn tag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut policy = to_change(tx, members)?;
    policy.tags = tags(members, policy.tags)?;
    tx.put(&policy)?;
    Ok(json!({}))
}

pub(super) fn untag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut policy = to_change(tx, members)?;
    for key in members.texts("TagKeys")? {
        policy.tags.remove(key);
    }
    tx.put(&policy)?;
    Ok(json!({}))
}

pub(super) fn list_tags(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arn = arn(members)?;
    if managed::find(arn).is_some() {
        return super::tags_page(members, BTreeMap::new());
    }
    super::tags_page(members, find(tx, arn)?.ok_or_else(|| not_found(arn))?.tags)
}
