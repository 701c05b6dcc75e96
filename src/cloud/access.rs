//! What a role may do, by IAM's own simulation of its policies.

use std::fmt;

use aws_sdk_iam::types::{ContextEntry, ContextKeyTypeEnum, PolicyEvaluationDecisionType};
use serde::Serialize;

use super::{CallError, Cloud, failed};

/// What IAM decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Verdict {
    /// A statement allows it and none denies it.
    Allowed,
    /// A statement denies it: no other can allow it.
    ExplicitDeny,
    /// No statement allows it.
    ImplicitDeny,
}

/// What IAM says of an action on a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// The action, such as `ecs:ListTasks`.
    pub action: String,
    /// The resource, an ARN or `*`.
    pub resource: String,
    /// What comes of it.
    pub verdict: Verdict,
    /// The policies whose statements decided it.
    pub policies: Vec<String>,
    /// Keys of conditions that were not given: what they ask for counted as not met.
    pub missing_keys: Vec<String>,
    /// Whether the role's permissions boundary allows it; none when it has none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within_boundary: Option<bool>,
}

impl Decision {
    /// Whether it may be done.
    pub fn is_allowed(&self) -> bool {
        self.verdict == Verdict::Allowed
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let by = |head: &str| match self.policies.as_slice() {
            [] => String::new(),
            policies => format!(" {head} {}", policies.join(", ")),
        };
        match (self.verdict, self.within_boundary) {
            (Verdict::Allowed, _) => write!(f, "allowed{}", by("by")),
            (Verdict::ExplicitDeny, _) => write!(f, "denied{}", by("by")),
            (Verdict::ImplicitDeny, Some(false)) => f.write_str("not allowed by the permissions boundary"),
            (Verdict::ImplicitDeny, _) => f.write_str("not allowed by any policy"),
        }?;
        match self.missing_keys.as_slice() {
            [] => Ok(()),
            keys => write!(f, "; conditions ask for {}, which was not given", keys.join(", ")),
        }
    }
}

impl Cloud {
    /// What a role may do to a resource: a decision for each action. `context` gives values of condition keys, such as
    /// `("ecs:cluster", "arn:…")`. The policies of the resources themselves and of the organization are not asked.
    ///
    /// # Errors
    /// When `iam:SimulatePrincipalPolicy` fails.
    pub async fn can(
        &self,
        role: &str,
        actions: &[&str],
        resource: &str,
        context: &[(&str, &str)],
    ) -> Result<Vec<Decision>, CallError> {
        const ACTION: &str = "iam:SimulatePrincipalPolicy";
        let entries = context.iter().map(|(key, value)| {
            let entry = ContextEntry::builder().context_key_name(*key).context_key_values(*value);
            entry.context_key_type(ContextKeyTypeEnum::String).build()
        });
        let call = self.iam.simulate_principal_policy().policy_source_arn(role).resource_arns(resource);
        let call = call.set_action_names(Some(actions.iter().map(|action| (*action).to_owned()).collect()));
        let call = call.set_context_entries(Some(entries.collect()).filter(|entries: &Vec<_>| !entries.is_empty()));
        let mut pages = call.into_paginator().send();
        let mut decisions = Vec::new();
        while let Some(page) = pages.next().await {
            for result in page.map_err(failed(ACTION))?.evaluation_results.unwrap_or_default() {
                let matched = result.matched_statements.unwrap_or_default();
                let mut policies: Vec<String> =
                    matched.into_iter().filter_map(|found| found.source_policy_id).collect();
                policies.dedup();
                decisions.push(Decision {
                    verdict: match result.eval_decision {
                        PolicyEvaluationDecisionType::Allowed => Verdict::Allowed,
                        PolicyEvaluationDecisionType::ExplicitDeny => Verdict::ExplicitDeny,
                        _ => Verdict::ImplicitDeny,
                    },
                    action: result.eval_action_name,
                    resource: result.eval_resource_name.unwrap_or_else(|| resource.to_owned()),
                    policies,
                    missing_keys: result.missing_context_values.unwrap_or_default(),
                    within_boundary: result
                        .permissions_boundary_decision_detail
                        .map(|detail| detail.allowed_by_permissions_boundary),
                });
            }
        }
        Ok(decisions)
    }
}
