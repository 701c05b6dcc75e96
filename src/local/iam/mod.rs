//! IAM: roles, their policies, and what those allow. All of it is global.
//!
//! What a role's policies come to is in [`evaluate`], pure; documents are checked in [`document`] when they are sent and
//! kept as they were sent. A change is seen at once: the time that AWS takes to spread it is not imitated.

mod account;
pub mod caller;
mod condition;
mod document;
mod evaluate;
mod managed;
mod policy;
mod policy_version;
mod role;
mod role_policy;
#[cfg(test)]
mod tests;
mod usage;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;

use super::members::{Members, Page, tag_list};
use super::service::{Fault, Listed, Service};
use super::store::Tx;
use crate::model::{Json, JsonMap};
use condition::Keys;
use evaluate::{Decision, Request};

/// The service.
pub struct Iam;

impl Service for Iam {
    fn name(&self) -> &'static str {
        "iam"
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "ValidationError");
        match action {
            "CreateRole" => role::create(tx, members),
            "GetRole" => role::get(tx, members),
            "DeleteRole" => role::delete(tx, members),
            "UpdateRole" => role::update(tx, members),
            "UpdateRoleDescription" => role::update_description(tx, members),
            "UpdateAssumeRolePolicy" => role::update_trust(tx, members),
            "ListRoles" => role::list(tx, members),
            "TagRole" => role::tag(tx, members),
            "UntagRole" => role::untag(tx, members),
            "ListRoleTags" => role::list_tags(tx, members),
            "PutRolePermissionsBoundary" => role::put_boundary(tx, members),
            "DeleteRolePermissionsBoundary" => role::delete_boundary(tx, members),
            "ListInstanceProfilesForRole" => role::list_instance_profiles(tx, members),
            "CreateServiceLinkedRole" => role::create_service_linked(tx, members),
            "PutRolePolicy" => role_policy::put(tx, members),
            "GetRolePolicy" => role_policy::get(tx, members),
            "DeleteRolePolicy" => role_policy::delete(tx, members),
            "ListRolePolicies" => role_policy::list(tx, members),
            "AttachRolePolicy" => role_policy::attach(tx, members),
            "DetachRolePolicy" => role_policy::detach(tx, members),
            "ListAttachedRolePolicies" => role_policy::list_attached(tx, members),
            "CreatePolicy" => policy::create(tx, members),
            "GetPolicy" => policy::get(tx, members),
            "DeletePolicy" => policy::delete(tx, members),
            "ListPolicies" => policy::list(tx, members),
            "CreatePolicyVersion" => policy_version::create(tx, members),
            "GetPolicyVersion" => policy_version::get(tx, members),
            "ListPolicyVersions" => policy_version::list(tx, members),
            "DeletePolicyVersion" => policy_version::delete(tx, members),
            "SetDefaultPolicyVersion" => policy_version::set_default(tx, members),
            "TagPolicy" => policy::tag(tx, members),
            "UntagPolicy" => policy::untag(tx, members),
            "ListPolicyTags" => policy::list_tags(tx, members),
            "ListEntitiesForPolicy" => usage::list_entities(tx, members),
            "GetAccountAuthorizationDetails" => account::authorization_details(tx, members),
            "SimulatePrincipalPolicy" => account::simulate(tx, members),
            "SimulateCustomPolicy" => account::simulate_custom(members),
            _ => Err(Fault::unknown_action("iam", action)),
        }
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |type_name: &str, id: String, name: Option<String>| Listed {
            type_name: type_name.to_owned(),
            id,
            region: "global".to_owned(),
            name,
            status: None,
        };
        let roles = tx.all::<role::Role>()?.into_iter().filter(|role| role.linked.is_none());
        let roles = roles.map(|role| listed("AWS::IAM::Role", role.name, None));
        let policies = tx.all::<policy::Policy>()?.into_iter();
        let policies = policies.map(|policy| listed("AWS::IAM::ManagedPolicy", policy.arn, Some(policy.name)));
        Ok(roles.chain(policies).collect())
    }
}

/// Whether a role of this ARN exists and trusts a service such as `ecs-tasks.amazonaws.com`; `None` when there is none.
///
/// # Errors
/// When the store fails.
pub fn role_trusts(tx: &Tx<'_>, arn: &str, service: &str) -> Result<Option<bool>, Fault> {
    let Some(role) = role::of_arn(tx, arn)? else { return Ok(None) };
    Ok(Some(role.trust_policy().is_some_and(|document| evaluate::trusts(&document, &[("Service", service)]))))
}

/// What STS needs of a role that a principal of an account wants to assume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assumed {
    /// `AROA…`.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The longest session it allows, in seconds.
    pub max_session: i64,
}

/// The role of an ARN if it is there and trusts the caller, an ARN of the account's.
///
/// # Errors
/// When the store fails.
pub fn assumable(tx: &Tx<'_>, arn: &str, caller: &str) -> Result<Option<Assumed>, Fault> {
    let Some(role) = role::of_arn(tx, arn)? else { return Ok(None) };
    let root = format!("arn:aws:iam::{}:root", tx.account);
    let principals = [("AWS", caller), ("AWS", tx.account), ("AWS", root.as_str())];
    let trusted = role.trust_policy().is_some_and(|document| evaluate::trusts(&document, &principals));
    Ok(trusted.then_some(Assumed { id: role.id, name: role.name, max_session: role.max_session }))
}

/// Whether a role may do an action on a resource, by its inline and attached policies and its boundary. A condition is
/// about a key that is not known here: it counts as met in an `Allow` and as not met in a `Deny`. A role that does not
/// exist may do nothing.
///
/// # Errors
/// When the store fails.
pub fn role_may(tx: &Tx<'_>, arn: &str, action: &str, resource: &str) -> Result<bool, Fault> {
    let Some(role) = role::of_arn(tx, arn)? else { return Ok(false) };
    let request = Request { action, resource, keys: Keys::new(), open: true };
    Ok(account::decide(tx, &role, &request)? == Decision::Allowed)
}

/// A refusal with the HTTP status that IAM's model gives its code.
fn refusal(code: &str, message: impl Into<String>) -> Fault {
    let status = match code {
        "NoSuchEntity" => 404,
        "AccessDenied" => 403,
        "EntityAlreadyExists" | "DeleteConflict" | "LimitExceeded" => 409,
        _ => 400,
    };
    Fault::new(code, message).status(status)
}

fn no_such_entity(message: String) -> Fault {
    refusal("NoSuchEntity", message)
}

fn exists(message: String) -> Fault {
    refusal("EntityAlreadyExists", message)
}

fn malformed(message: String) -> Fault {
    refusal("MalformedPolicyDocument", message)
}

fn iso(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The name of something to be made.
fn name<'a>(members: &Members<'a>, member: &str, most: usize) -> Result<&'a str, Fault> {
    let name = members.within(member, members.required(member)?, 1, most)?;
    members.spelled(member, name, "_+=,.@-", r"[\w+=,.@-]+")
}

/// The path of something to be made.
fn path<'a>(members: &Members<'a>) -> Result<&'a str, Fault> {
    let path = members.within("Path", members.text("Path")?.unwrap_or("/"), 1, 512)?;
    let printable = path.chars().all(|letter| ('\u{21}'..='\u{7e}').contains(&letter));
    if !path.starts_with('/') || !path.ends_with('/') || path == "//" || !printable {
        let message = "The specified value for path is invalid. It must begin and end with / and contain only \
                       alphanumeric characters and/or / characters.";
        return Err(members.refuse(message));
    }
    Ok(path)
}

fn page_size(members: &Members<'_>) -> Result<usize, Fault> {
    let size = members.number("MaxItems", 1, 1000)?.unwrap_or(100);
    Ok(usize::try_from(size).unwrap_or(100))
}

/// A page of a list as an answer has it.
fn paged(member: &str, items: Vec<Json>, next: Option<String>) -> Json {
    let mut answer = json!({"IsTruncated": next.is_some()});
    answer[member] = Json::Array(items);
    if let Some(marker) = next {
        answer["Marker"] = Json::String(marker);
    }
    answer
}

fn tags_page(members: &Members<'_>, tags: BTreeMap<String, String>) -> Result<Json, Fault> {
    let page =
        Page::of(tags.into_iter().collect(), |(key, _)| key.clone(), members.text("Marker")?, page_size(members)?);
    let mut answer = paged("Tags", Vec::new(), page.next);
    answer["Tags"] = tag_list(&page.items.into_iter().collect());
    Ok(answer)
}
