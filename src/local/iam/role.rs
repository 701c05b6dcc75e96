//! Roles: making, reading, changing and deleting them, their tags and boundaries.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::identifier::fresh_word;
use super::super::members::{Members, Page, tag_list};
use super::super::service::Fault;
use super::super::store::{Object, Tx};
use super::document::{Document, Purpose, url_encoded};
use super::{exists, iso, malformed, managed, no_such_entity, page_size, refusal, usage};
use crate::model::Json;

/// A role with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Role {
    pub(super) name: String,
    pub(super) path: String,
    pub(super) id: String,
    pub(super) arn: String,
    pub(super) created: Timestamp,
    /// The trust policy as it was sent, but for accounts.
    pub(super) trust: String,
    pub(super) description: Option<String>,
    /// Seconds.
    pub(super) max_session: i64,
    /// The ARN of a policy.
    pub(super) boundary: Option<String>,
    pub(super) tags: BTreeMap<String, String>,
    /// Inline policies as they were sent. IAM bounds their size, so this object's is bounded too.
    pub(super) inline: BTreeMap<String, String>,
    /// ARNs of managed policies, in the order in which they were attached.
    pub(super) attached: Vec<String>,
    /// The service whose own role it is, which nobody else may change.
    pub(super) linked: Option<String>,
}

impl Object for Role {
    const TABLE: &'static str = "iam.role";
    const GLOBAL: bool = true;

    fn key(&self) -> String {
        key(&self.name)
    }
}

/// Names are not distinguished by case (user guide, "IAM and AWS STS quotas").
pub(super) fn key(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// The role that `RoleName` names.
pub(super) fn named(tx: &Tx<'_>, members: &Members<'_>) -> Result<Role, Fault> {
    let name = members.required("RoleName")?;
    let found = tx.get::<Role>(&key(name))?;
    found.ok_or_else(|| no_such_entity(format!("The role with name {name} cannot be found.")))
}

/// The role that `RoleName` names, to be changed: a service-linked one is refused.
pub(super) fn to_change(tx: &Tx<'_>, members: &Members<'_>) -> Result<Role, Fault> {
    let role = named(tx, members)?;
    if role.linked.is_some() {
        let name = &role.name;
        let message = format!(
            "Cannot perform the operation on the protected role '{name}' - this role is only modifiable by AWS"
        );
        return Err(refusal("UnmodifiableEntity", message));
    }
    Ok(role)
}

/// The role of an ARN.
pub(super) fn of_arn(tx: &Tx<'_>, arn: &str) -> Result<Option<Role>, Fault> {
    let name = arn.rsplit('/').next().unwrap_or_default();
    Ok(tx.get::<Role>(&key(name))?.filter(|role| role.arn == arn))
}

impl Role {
    /// Its trust policy, which was checked when it was sent.
    pub(super) fn trust_policy(&self) -> Option<Document> {
        Document::parse(&self.trust, Purpose::Trust).ok()
    }

    /// As CreateRole and ListRoles answer: without what ListRoles leaves out.
    fn summary(&self) -> Json {
        let mut role = json!({
            "Path": self.path,
            "RoleName": self.name,
            "RoleId": self.id,
            "Arn": self.arn,
            "CreateDate": iso(self.created),
            "AssumeRolePolicyDocument": url_encoded(&self.trust),
            "MaxSessionDuration": self.max_session,
        });
        if let Some(description) = &self.description {
            role["Description"] = json!(description);
        }
        role
    }

    fn full(&self) -> Json {
        let mut role = self.summary();
        if let Some(boundary) = &self.boundary {
            role["PermissionsBoundary"] = boundary_json(boundary);
        }
        if !self.tags.is_empty() {
            role["Tags"] = tag_list(&self.tags);
        }
        role
    }
}

/// A boundary as answers have it.
pub(super) fn boundary_json(arn: &str) -> Json {
    json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": arn})
}

/// A trust policy that was sent, checked.
fn trust_policy(members: &Members<'_>, member: &str) -> Result<String, Fault> {
    let text = members.within(member, members.required(member)?, 1, 131_072)?;
    Document::parse(text, Purpose::Trust).map_err(malformed)?;
    // Quota "Role trust policy length"; white space does not count.
    if text.chars().filter(|letter| !letter.is_whitespace()).count() > 2048 {
        return Err(refusal("LimitExceeded", "Cannot exceed quota for ACLSizePerRole: 2048"));
    }
    Ok(with_roots(text))
}

/// The text with accounts that are named by their number as the ARNs of their roots, which is how IAM keeps them.
/// Source: <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>
fn with_roots(text: &str) -> String {
    let Ok(mut document) = serde_json::from_str::<Json>(text) else { return text.to_owned() };
    let mut changed = false;
    for statement in each(document.get_mut("Statement")) {
        for name in ["Principal", "NotPrincipal"] {
            for principal in each(statement.get_mut(name).and_then(|principals| principals.get_mut("AWS"))) {
                if let Some(account) = principal.as_str()
                    && account.len() == 12
                    && account.bytes().all(|digit| digit.is_ascii_digit())
                {
                    *principal = json!(format!("arn:aws:iam::{account}:root"));
                    changed = true;
                }
            }
        }
    }
    if changed { document.to_string() } else { text.to_owned() }
}

/// The elements of a list, or the one that stands for a list of one.
fn each(value: Option<&mut Json>) -> impl Iterator<Item = &mut Json> {
    match value {
        Some(Json::Array(items)) => items.as_mut_slice().iter_mut(),
        Some(one) => std::slice::from_mut(one).iter_mut(),
        None => Default::default(),
    }
}

fn description(members: &Members<'_>) -> Result<Option<String>, Fault> {
    let Some(text) = members.text("Description")? else { return Ok(None) };
    Ok(Some(members.within("Description", text, 0, 1000)?.to_owned()))
}

fn tags(members: &Members<'_>, mut tags: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Fault> {
    tags.extend(members.tags("Tags")?);
    if tags.len() > 50 {
        return Err(refusal("LimitExceeded", "Cannot exceed quota for TagsPerRole: 50"));
    }
    Ok(tags)
}

pub(super) fn create(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = super::name(members, "RoleName", 64)?;
    let path = super::path(members)?;
    let description = description(members)?;
    let max_session = members.number("MaxSessionDuration", 3600, 43_200)?.unwrap_or(3600);
    let trust = trust_policy(members, "AssumeRolePolicyDocument")?;
    let tags = tags(members, BTreeMap::new())?;
    if tx.get::<Role>(&key(name))?.is_some() {
        return Err(exists(format!("Role with name {name} already exists.")));
    }
    let boundary = members.text("PermissionsBoundary")?.map(str::to_owned);
    let role = Role {
        id: format!("AROA{}", fresh_word(tx, "role", 17)?.to_ascii_uppercase()),
        arn: format!("arn:aws:iam::{}:role{path}{name}", tx.account),
        name: name.to_owned(),
        path: path.to_owned(),
        created: tx.now,
        trust,
        description,
        max_session,
        boundary: boundary.clone(),
        tags,
        inline: BTreeMap::new(),
        attached: Vec::new(),
        linked: None,
    };
    if let Some(boundary) = boundary {
        usage::bounds(tx, &boundary, &role)?;
    }
    tx.put(&role)?;
    Ok(json!({"Role": role.full()}))
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = named(tx, members)?.full();
    role["RoleLastUsed"] = json!({});
    Ok(json!({"Role": role}))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let prefix = members.text("PathPrefix")?.unwrap_or("/");
    let mut roles = tx.all::<Role>()?;
    roles.retain(|role| role.path.starts_with(prefix));
    let page = Page::of(roles, Object::key, members.text("Marker")?, page_size(members)?);
    let items: Vec<Json> = page.items.iter().map(Role::summary).collect();
    Ok(super::paged("Roles", items, page.next))
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let role = to_change(tx, members)?;
    if !role.attached.is_empty() {
        return Err(refusal("DeleteConflict", "Cannot delete entity, must detach all policies first."));
    }
    if !role.inline.is_empty() {
        return Err(refusal("DeleteConflict", "Cannot delete entity, must delete policies first."));
    }
    if let Some(boundary) = &role.boundary {
        usage::bounds_no_more(tx, boundary, &role)?;
    }
    tx.delete::<Role>(&role.key())?;
    Ok(json!({}))
}

pub(super) fn update(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    role.description = description(members)?.or(role.description);
    role.max_session = members.number("MaxSessionDuration", 3600, 43_200)?.unwrap_or(role.max_session);
    tx.put(&role)?;
    Ok(json!({}))
}

pub(super) fn update_description(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    members.required("Description")?;
    role.description = description(members)?;
    tx.put(&role)?;
    Ok(json!({"Role": role.full()}))
}

pub(super) fn update_trust(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    role.trust = trust_policy(members, "PolicyDocument")?;
    tx.put(&role)?;
    Ok(json!({}))
}

pub(super) fn tag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    role.tags = tags(members, role.tags)?;
    tx.put(&role)?;
    Ok(json!({}))
}

pub(super) fn untag(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    for key in members.texts("TagKeys")? {
        role.tags.remove(key);
    }
    tx.put(&role)?;
    Ok(json!({}))
}

pub(super) fn list_tags(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let role = named(tx, members)?;
    super::tags_page(members, role.tags)
}

pub(super) fn put_boundary(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    let boundary = members.required("PermissionsBoundary")?.to_owned();
    usage::bounds(tx, &boundary, &role)?;
    if let Some(before) = role.boundary.replace(boundary.clone()).filter(|before| *before != boundary) {
        usage::bounds_no_more(tx, &before, &role)?;
    }
    tx.put(&role)?;
    Ok(json!({}))
}

pub(super) fn delete_boundary(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    if let Some(boundary) = role.boundary.take() {
        usage::bounds_no_more(tx, &boundary, &role)?;
        tx.put(&role)?;
    }
    Ok(json!({}))
}

/// The instance profiles of a role: there are none.
pub(super) fn list_instance_profiles(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    named(tx, members)?;
    Ok(super::paged("InstanceProfiles", Vec::new(), None))
}

/// Services that have a role of their own here: the name, the role's name, its policy.
const LINKED: [(&str, &str, &str); 3] = [
    ("ecs.amazonaws.com", "AWSServiceRoleForECS", "AmazonECSServiceRolePolicy"),
    (
        "ecs.application-autoscaling.amazonaws.com",
        "AWSServiceRoleForApplicationAutoScaling_ECSService",
        "AWSApplicationAutoscalingECSServicePolicy",
    ),
    (
        "elasticloadbalancing.amazonaws.com",
        "AWSServiceRoleForElasticLoadBalancing",
        "AWSElasticLoadBalancingServiceRolePolicy",
    ),
];

pub(super) fn create_service_linked(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let service = members.required("AWSServiceName")?;
    let Some((_, name, policy)) = LINKED.iter().find(|(of, ..)| *of == service) else {
        return Err(refusal("InvalidInput", format!("Service Linked Role of {service} is not known.")));
    };
    if members.text("CustomSuffix")?.is_some() {
        return Err(refusal("InvalidInput", format!("Custom suffix is not allowed for {service}")));
    }
    if tx.get::<Role>(&key(name))?.is_some() {
        let message =
            format!("Service role name {name} has been taken in this account, please try a different suffix.");
        return Err(refusal("InvalidInput", message));
    }
    let path = format!("/aws-service-role/{service}/");
    let trust = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": [service]}, "Action": ["sts:AssumeRole"]},
    ]});
    let role = Role {
        id: format!("AROA{}", fresh_word(tx, "role", 17)?.to_ascii_uppercase()),
        arn: format!("arn:aws:iam::{}:role{path}{name}", tx.account),
        name: (*name).to_owned(),
        created: tx.now,
        trust: trust.to_string(),
        description: description(members)?,
        max_session: 3600,
        boundary: None,
        tags: BTreeMap::new(),
        inline: BTreeMap::new(),
        attached: vec![format!("{}aws-service-role/{policy}", managed::PREFIX)],
        linked: Some(service.to_owned()),
        path,
    };
    for arn in &role.attached {
        usage::attached(tx, arn, &role)?;
    }
    tx.put(&role)?;
    Ok(json!({"Role": role.full()}))
}
