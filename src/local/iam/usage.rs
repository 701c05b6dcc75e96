//! What managed policies are used by: the roles that they are attached to, or the boundary of.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::members::{Members, Page};
use super::super::service::Fault;
use super::super::store::{Object, StoreError, Tx};
use super::role::Role;
use super::{no_such_entity, page_size, policy, role};
use crate::model::Json;

/// That a role uses a managed policy, found by the policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Usage {
    pub(super) policy: String,
    pub(super) role: String,
    /// As its boundary rather than attached to it.
    pub(super) boundary: bool,
}

impl Object for Usage {
    const TABLE: &'static str = "iam.policy-usage";
    const GLOBAL: bool = true;

    fn key(&self) -> String {
        format!("{} {} {}", self.policy, role::key(&self.role), self.boundary)
    }

    fn parent(&self) -> String {
        self.policy.clone()
    }
}

/// What uses a managed policy.
pub(super) fn of(tx: &Tx<'_>, arn: &str) -> Result<Vec<Usage>, StoreError> {
    tx.under::<Usage>(arn)
}

/// Notes that a policy was attached to a role.
pub(super) fn attached(tx: &mut Tx<'_>, arn: &str, role: &Role) -> Result<(), StoreError> {
    tx.put(&Usage { policy: arn.to_owned(), role: role.name.clone(), boundary: false })
}

/// Notes that a policy was detached from a role.
pub(super) fn detached(tx: &mut Tx<'_>, arn: &str, role: &Role) -> Result<(), StoreError> {
    tx.delete::<Usage>(&Usage { policy: arn.to_owned(), role: role.name.clone(), boundary: false }.key())?;
    Ok(())
}

/// Notes that a policy is a role's boundary. Refused when there is no such policy.
pub(super) fn bounds(tx: &mut Tx<'_>, arn: &str, role: &Role) -> Result<(), Fault> {
    if !policy::is_there(tx, arn)? {
        return Err(no_such_entity(format!("Scope ARN: {arn} does not exist or is not attachable.")));
    }
    Ok(tx.put(&Usage { policy: arn.to_owned(), role: role.name.clone(), boundary: true })?)
}

/// Notes that a policy is a role's boundary no longer.
pub(super) fn bounds_no_more(tx: &mut Tx<'_>, arn: &str, role: &Role) -> Result<(), StoreError> {
    tx.delete::<Usage>(&Usage { policy: arn.to_owned(), role: role.name.clone(), boundary: true }.key())?;
    Ok(())
}

/// How often a managed policy is attached, and how often a boundary.
pub(super) fn counts(tx: &Tx<'_>, arn: &str) -> Result<(usize, usize), StoreError> {
    let usages = of(tx, arn)?;
    let boundaries = usages.iter().filter(|usage| usage.boundary).count();
    Ok((usages.len() - boundaries, boundaries))
}

pub(super) fn list_entities(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let arn = policy::arn(members)?;
    if !policy::is_there(tx, arn)? {
        return Err(policy::not_found(arn));
    }
    let kinds = ["User", "Role", "Group", "LocalManagedPolicy", "AWSManagedPolicy"];
    let roles_wanted = members.one_of("EntityFilter", &kinds)?.is_none_or(|filter| filter == "Role");
    let usage = members.one_of("PolicyUsageFilter", &["PermissionsPolicy", "PermissionsBoundary"])?;
    let prefix = members.text("PathPrefix")?.unwrap_or("/");
    let mut roles = BTreeMap::new();
    for found in of(tx, arn)? {
        let asked = usage.is_none_or(|usage| (usage == "PermissionsBoundary") == found.boundary);
        let role = tx.get::<Role>(&role::key(&found.role))?.filter(|role| role.path.starts_with(prefix));
        if let Some(role) = role.filter(|_| asked && roles_wanted) {
            roles.insert(role.name.clone(), json!({"RoleName": role.name, "RoleId": role.id}));
        }
    }
    let of = |role: &Json| role["RoleName"].as_str().unwrap_or_default().to_owned();
    let page = Page::of(roles.into_values().collect(), of, members.text("Marker")?, page_size(members)?);
    let mut answer = super::paged("PolicyRoles", page.items, page.next);
    answer["PolicyGroups"] = json!([]);
    answer["PolicyUsers"] = json!([]);
    Ok(answer)
}
