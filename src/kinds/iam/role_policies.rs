//! The policies of a role: those inside it, and managed ones attached to it.

use std::collections::{BTreeMap, BTreeSet};

use super::document;
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::absent::present;
use crate::kinds::json::text;
use crate::model::{Json, JsonMap};

/// Policies inside the role as declared, documents by name.
pub(super) fn inline(properties: &JsonMap) -> BTreeMap<&str, &Json> {
    let declared = properties.get("policies").and_then(Json::as_array).into_iter().flatten();
    declared
        .filter_map(Json::as_object)
        .filter_map(|policy| Some((text(policy, "policyName")?, policy.get("policyDocument")?)))
        .collect()
}

/// ARNs of the managed policies as declared.
pub(super) fn attached(properties: &JsonMap) -> BTreeSet<&str> {
    let declared = properties.get("managedPolicyArns").and_then(Json::as_array).into_iter().flatten();
    declared.filter_map(Json::as_str).collect()
}

/// What is to go: of a declared list all that is there beside it, of one no longer declared what a run had put there.
fn surplus<T: Ord + Copy>(declared: bool, wanted: &BTreeSet<T>, there: &BTreeSet<T>, prior: &BTreeSet<T>) -> Vec<T> {
    there.difference(wanted).filter(|one| declared || prior.contains(one)).copied().collect()
}

/// Brings the policies inside the role to those wanted.
pub(super) async fn reconcile_inline(
    cloud: &Cloud,
    role: &str,
    wanted: &JsonMap,
    observed: &JsonMap,
    prior: &JsonMap,
) -> Result<(), CallError> {
    let (there, want) = (inline(observed), inline(wanted));
    for (name, policy) in &want {
        if !there.get(name).is_some_and(|now| document::same(now, policy)) {
            put(cloud, role, name, policy).await?;
        }
    }
    let names = |policies: BTreeMap<&'_ str, &Json>| policies.into_keys().map(str::to_owned).collect::<BTreeSet<_>>();
    let (want, there, prior) = (names(want), names(there), names(inline(prior)));
    let [want, there, prior] = [&want, &there, &prior].map(|set| set.iter().map(String::as_str).collect());
    for name in surplus(wanted.contains_key("policies"), &want, &there, &prior) {
        delete(cloud, role, name).await?;
    }
    Ok(())
}

/// Brings the attached policies to those wanted.
pub(super) async fn reconcile_attached(
    cloud: &Cloud,
    role: &str,
    wanted: &JsonMap,
    observed: &JsonMap,
    prior: &JsonMap,
) -> Result<(), CallError> {
    let (there, want) = (attached(observed), attached(wanted));
    for arn in want.difference(&there) {
        attach(cloud, role, arn).await?;
    }
    for arn in surplus(wanted.contains_key("managedPolicyArns"), &want, &there, &attached(prior)) {
        detach(cloud, role, arn).await?;
    }
    Ok(())
}

/// Puts a policy into a role, in place of one of that name.
pub(super) async fn put(cloud: &Cloud, role: &str, name: &str, policy: &Json) -> Result<(), CallError> {
    let call = cloud.iam.put_role_policy().role_name(role).policy_name(name);
    let call = call.policy_document(document::to_send(policy));
    call.send().await.map(drop).map_err(failed("iam:PutRolePolicy"))
}

/// Takes a policy out of a role; nothing when it is not there.
pub(super) async fn delete(cloud: &Cloud, role: &str, name: &str) -> Result<(), CallError> {
    let call = cloud.iam.delete_role_policy().role_name(role).policy_name(name);
    present(call.send().await.map_err(failed("iam:DeleteRolePolicy"))).map(drop)
}

/// Attaches a managed policy to a role; nothing when it is.
pub(super) async fn attach(cloud: &Cloud, role: &str, arn: &str) -> Result<(), CallError> {
    let call = cloud.iam.attach_role_policy().role_name(role).policy_arn(arn);
    call.send().await.map(drop).map_err(failed("iam:AttachRolePolicy"))
}

/// Detaches a managed policy from a role; nothing when it is not attached, or one of the two is gone.
pub(super) async fn detach(cloud: &Cloud, role: &str, arn: &str) -> Result<(), CallError> {
    let call = cloud.iam.detach_role_policy().role_name(role).policy_arn(arn);
    present(call.send().await.map_err(failed("iam:DetachRolePolicy"))).map(drop)
}

/// Names of the policies inside a role.
pub(super) async fn inline_names(cloud: &Cloud, role: &str) -> Result<Vec<String>, CallError> {
    let mut pages = cloud.iam.list_role_policies().role_name(role).into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        names.extend(page.map_err(failed("iam:ListRolePolicies"))?.policy_names);
    }
    Ok(names)
}

/// ARNs of the managed policies attached to a role.
pub(super) async fn attached_arns(cloud: &Cloud, role: &str) -> Result<Vec<String>, CallError> {
    let mut pages = cloud.iam.list_attached_role_policies().role_name(role).into_paginator().send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("iam:ListAttachedRolePolicies"))?;
        arns.extend(page.attached_policies.unwrap_or_default().into_iter().filter_map(|policy| policy.policy_arn));
    }
    Ok(arns)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_put_there_goes_only_from_a_declared_list() {
        let [wanted, there, prior] =
            [&["a"][..], &["a", "b", "c"], &["a", "b"]].map(|set| set.iter().copied().collect());
        assert_eq!(surplus(true, &wanted, &there, &prior), ["b", "c"]);
        assert_eq!(surplus(false, &BTreeSet::new(), &there, &prior), ["a", "b"]);
    }
}
