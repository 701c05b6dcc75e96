//! Roles.

use futures::FutureExt;
use jiff::Timestamp;
use serde::Serialize;

use super::{Live, LiveError, Sort, last, time};
use crate::cloud::{Decision, failed};
use crate::model::Json;

/// A role of IAM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Its description.
    pub description: Option<String>,
    /// Who may assume it: its trust policy.
    pub trust: Json,
    /// ARNs of the managed policies that are attached to it.
    pub attached: Vec<String>,
    /// Names of its inline policies.
    pub inline: Vec<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// When it was last used, as IAM tells with hours of delay.
    pub last_used: Option<Timestamp>,
}

impl Live {
    /// Whether a role, by its ARN, may do something to a resource: `*` where none is meant. What IAM makes of the role's
    /// policies and its boundary; policies of resources and of the organization are not asked.
    ///
    /// # Errors
    /// When `iam:SimulatePrincipalPolicy` fails.
    pub async fn can(&self, role: &str, action: &str, resource: &str) -> Result<Option<Decision>, LiveError> {
        Ok(self.cloud.can(role, &[action], resource, &[]).await?.into_iter().next())
    }

    /// The role of a name or an ARN.
    ///
    /// # Errors
    /// [`LiveError::NotFound`], or when `iam:GetRole`, `iam:ListAttachedRolePolicies` or `iam:ListRolePolicies` fails.
    pub async fn role(&self, name: &str) -> Result<Role, LiveError> {
        let name = if name.starts_with("arn:") { last(name) } else { name };
        let iam = &self.cloud.iam;
        let found = match iam.get_role().role_name(name).send().await.map_err(failed("iam:GetRole")) {
            Ok(answer) => answer.role,
            Err(error) if error.is_not_found() => None,
            Err(error) => return Err(error.into()),
        };
        let Some(found) = found else {
            let pages = iam.list_roles().into_paginator().items().send();
            let roles: Vec<_> = pages.collect::<Result<_, _>>().await.map_err(failed("iam:ListRoles"))?;
            let there = roles.into_iter().map(|role| role.role_name).collect();
            return Err(LiveError::not_found(Sort::Role, name, None, there));
        };
        let attached = async {
            let pages = iam.list_attached_role_policies().role_name(name).into_paginator().items().send();
            pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("iam:ListAttachedRolePolicies"))
        };
        let inline = async {
            let pages = iam.list_role_policies().role_name(name).into_paginator().items().send();
            pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("iam:ListRolePolicies"))
        };
        let (attached, inline) = futures::try_join!(attached.boxed(), inline.boxed())?;
        // IAM sends documents percent-encoded (IAM API reference, GetRole).
        let document = found.assume_role_policy_document.unwrap_or_default();
        let document = percent_encoding::percent_decode_str(&document).decode_utf8_lossy();
        Ok(Role {
            name: found.role_name,
            arn: found.arn,
            description: found.description.filter(|text| !text.is_empty()),
            trust: serde_json::from_str(&document).unwrap_or_default(),
            attached: attached.into_iter().filter_map(|policy| policy.policy_arn).collect(),
            inline,
            created: time(Some(&found.create_date)),
            last_used: found.role_last_used.and_then(|used| time(used.last_used_date.as_ref())),
        })
    }
}
