//! The policies of a role: inline ones, and managed ones that are attached to it.

use serde_json::json;

use super::super::members::{Members, Page};
use super::super::service::Fault;
use super::super::store::Tx;
use super::document::{Document, Purpose, url_encoded};
use super::role::{Role, named, to_change};
use super::{malformed, managed, no_such_entity, page_size, policy, refusal, usage};
use crate::model::Json;

/// Quota "Aggregate inline policy size for a role", in characters that are not white space.
const INLINE_SIZE: usize = 10_240;
/// Quota "Managed policies per role", as it is before it is raised.
const ATTACHED: usize = 10;

pub(super) fn put(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let name = super::name(members, "PolicyName", 128)?.to_owned();
    let text = members.within("PolicyDocument", members.required("PolicyDocument")?, 1, 131_072)?;
    let mut role = to_change(tx, members)?;
    Document::parse(text, Purpose::Identity).map_err(malformed)?;
    role.inline.insert(name, text.to_owned());
    let letters = |text: &String| text.chars().filter(|letter| !letter.is_whitespace()).count();
    if role.inline.values().map(letters).sum::<usize>() > INLINE_SIZE {
        let message = format!("Maximum policy size of {INLINE_SIZE} bytes exceeded for role {}", role.name);
        return Err(refusal("LimitExceeded", message));
    }
    tx.put(&role)?;
    Ok(json!({}))
}

fn no_policy(name: &str) -> Fault {
    no_such_entity(format!("The role policy with name {name} cannot be found."))
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let role = named(tx, members)?;
    let name = members.required("PolicyName")?;
    let document = role.inline.get(name).ok_or_else(|| no_policy(name))?;
    Ok(json!({"RoleName": role.name, "PolicyName": name, "PolicyDocument": url_encoded(document)}))
}

pub(super) fn delete(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    let name = members.required("PolicyName")?;
    role.inline.remove(name).ok_or_else(|| no_policy(name))?;
    tx.put(&role)?;
    Ok(json!({}))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let role = named(tx, members)?;
    let names: Vec<String> = role.inline.into_keys().collect();
    let page = Page::of(names, String::clone, members.text("Marker")?, page_size(members)?);
    Ok(super::paged("PolicyNames", page.items.into_iter().map(Json::from).collect(), page.next))
}

pub(super) fn attach(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    let arn = policy::arn(members)?.to_owned();
    if managed::is_service_role_policy(&arn) {
        let message = format!("Cannot attach a Service Role Policy to a Customer Role. {arn}");
        return Err(refusal("PolicyNotAttachable", message));
    }
    if !policy::is_there(tx, &arn)? {
        return Err(no_such_entity(format!("Policy {arn} does not exist or is not attachable.")));
    }
    if role.attached.contains(&arn) {
        return Ok(json!({}));
    }
    if role.attached.len() >= ATTACHED {
        return Err(refusal("LimitExceeded", format!("Cannot exceed quota for PoliciesPerRole: {ATTACHED}")));
    }
    usage::attached(tx, &arn, &role)?;
    role.attached.push(arn);
    tx.put(&role)?;
    Ok(json!({}))
}

pub(super) fn detach(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut role = to_change(tx, members)?;
    let arn = policy::arn(members)?;
    let place = role.attached.iter().position(|attached| attached == arn);
    let place = place.ok_or_else(|| no_such_entity(format!("Policy {arn} was not found.")))?;
    role.attached.remove(place);
    usage::detached(tx, arn, &role)?;
    tx.put(&role)?;
    Ok(json!({}))
}

/// Attached policies as answers have them.
pub(super) fn attached_json(role: &Role) -> Vec<Json> {
    let policy = |arn: &String| json!({"PolicyName": policy::name_of(arn), "PolicyArn": arn});
    role.attached.iter().map(policy).collect()
}

pub(super) fn list_attached(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let role = named(tx, members)?;
    let prefix = members.text("PathPrefix")?.unwrap_or("/");
    let mut policies = attached_json(&role);
    let of = |policy: &Json| policy["PolicyArn"].as_str().unwrap_or_default().to_owned();
    policies.retain(|policy| policy::path_of(&of(policy)).starts_with(prefix));
    let page = Page::of(policies, of, members.text("Marker")?, page_size(members)?);
    Ok(super::paged("AttachedPolicies", page.items, page.next))
}
