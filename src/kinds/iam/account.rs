//! Reading a whole account: for many objects fewer calls than asking for each.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_iam::types::{EntityType, ManagedPolicyDetail, Role, RoleDetail};

use crate::cloud::{CallError, Cloud, failed};

/// From how many objects on the whole account is read: each costs three calls or more by itself.
pub(super) const MANY: usize = 10;

/// Roles and the customer's managed policies.
#[derive(Debug, Default)]
pub(super) struct Account {
    /// Roles with their policies, by name.
    pub roles: HashMap<String, RoleDetail>,
    /// Managed policies with their versions, by ARN.
    pub policies: HashMap<String, ManagedPolicyDetail>,
}

impl Account {
    /// Reads it.
    pub async fn read(cloud: &Cloud) -> Result<Self, CallError> {
        let call = cloud.iam.get_account_authorization_details();
        let call = call.filter(EntityType::Role).filter(EntityType::LocalManagedPolicy);
        let mut pages = call.into_paginator().send();
        let mut account = Self::default();
        while let Some(page) = pages.next().await {
            let page = page.map_err(failed("iam:GetAccountAuthorizationDetails"))?;
            let roles = page.role_detail_list.unwrap_or_default().into_iter();
            account.roles.extend(roles.filter_map(|role| Some((role.role_name.clone()?, role))));
            let policies = page.policies.unwrap_or_default().into_iter();
            account.policies.extend(policies.filter_map(|policy| Some((policy.arn.clone()?, policy))));
        }
        Ok(account)
    }

    /// Names of the roles that each managed policy is attached to, by the policy's ARN.
    pub fn attachments(&self) -> BTreeMap<&str, Vec<String>> {
        let mut attached: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for (name, role) in &self.roles {
            for policy in role.attached_managed_policies() {
                attached.entry(policy.policy_arn().unwrap_or_default()).or_default().push(name.clone());
            }
        }
        attached.values_mut().for_each(|names| names.sort());
        attached
    }
}

/// Roles by name. The account's details lack their descriptions and session durations, and this lacks their tags.
pub(super) async fn roles(cloud: &Cloud) -> Result<HashMap<String, Role>, CallError> {
    let mut pages = cloud.iam.list_roles().into_paginator().send();
    let mut roles = HashMap::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("iam:ListRoles"))?;
        roles.extend(page.roles.into_iter().map(|role| (role.role_name.clone(), role)));
    }
    Ok(roles)
}
