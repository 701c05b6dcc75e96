//! `AWS::IAM::Role`.

use async_trait::async_trait;
use aws_sdk_iam::operation::create_role::builders::CreateRoleFluentBuilder;
use aws_sdk_iam::types::{Role as Described, Tag};
use futures::FutureExt;
use serde_json::json;

use super::account::{Account, MANY, roles};
use super::{document, role_policies as policies, tags};
use crate::cloud::{CallError, Cloud, ErrorClass, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, put, text};
use crate::kinds::listing::Among;
use crate::kinds::tags::changes;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, NameRule, Observed, Update};
use crate::model::{Json, JsonMap};

/// The kind.
#[derive(Debug)]
pub struct Role;

static FACTS: Facts = Facts {
    type_name: "AWS::IAM::Role",
    sends: &[
        "assumeRolePolicyDocument",
        "description",
        "managedPolicyArns",
        "maxSessionDuration",
        "path",
        "permissionsBoundary",
        "policies",
        "roleName",
        "tags",
    ],
    except: &[],
    replaces: &[],
    name: Some(NameRule { property: "roleName", max: 64 }),
    unique_by: &[&["roleName"]],
    deletable_in_use: true,
    arn: Some("arn"),
};

/// The session duration of a role for which none is given, in seconds (IAM API reference, CreateRole).
const SESSION: i32 = 3600;

#[async_trait]
impl Kind for Role {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        if ids.len() > MANY {
            match futures::try_join!(Account::read(cloud), roles(cloud)) {
                Ok((account, roles)) => {
                    return Ok(ids.iter().map(|name| from_account(&account, roles.get(name)?)).collect());
                }
                // Who may read these roles may not read the account.
                Err(error) if error.class == ErrorClass::Denied => {}
                Err(error) => return Err(error),
            }
        }
        abreast(ids.iter().map(|name| read_one(cloud, name).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() {
            return Ok(Vec::new());
        }
        // Services make and keep those on this path.
        let own = roles(cloud).await?.into_values().filter(|role| !role.path().starts_with("/aws-service-role/"));
        let mut names: Vec<String> = own.map(|role| role.role_name).collect();
        names.sort();
        Ok(names)
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let name = text(wanted.properties, "roleName").unwrap_or_default();
        let role = describe(cloud, name).await?;
        Ok(role.filter(|role| tags::has_token(role.tags(), wanted.token)).map(|role| role.role_name))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "iam:CreateRole";
        let call = prepare(wanted.properties, cloud.iam.create_role()).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION))?;
        let has_policies = ["policies", "managedPolicyArns"].iter().any(|name| wanted.properties.contains_key(*name));
        Ok(Created {
            id: text(wanted.properties, "roleName").unwrap_or_default().to_owned(),
            configure: has_policies,
            accepted: Accepted { attributes: answer.role().map(attributes).unwrap_or_default(), waiting: None },
        })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        for (name, policy) in policies::inline(wanted.properties) {
            policies::put(cloud, id, name, policy).await?;
        }
        for arn in policies::attached(wanted.properties) {
            policies::attach(cloud, id, arn).await?;
        }
        Ok(())
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let Update { id, wanted, observed, prior, .. } = *change;
        if change.changes("assumeRolePolicyDocument") {
            let document = document::member(wanted, "assumeRolePolicyDocument").unwrap_or_default();
            let call = cloud.iam.update_assume_role_policy().role_name(id).policy_document(document);
            call.send().await.map_err(failed("iam:UpdateAssumeRolePolicy"))?;
        }
        if change.changes("description") || change.changes("maxSessionDuration") {
            const ACTION: &str = "iam:UpdateRole";
            // What is left out stays as it is.
            let duration: Option<i32> = member(wanted, "maxSessionDuration").map_err(misfit(ACTION))?;
            let call = cloud.iam.update_role().role_name(id).max_session_duration(duration.unwrap_or(SESSION));
            let call = call.description(text(wanted, "description").unwrap_or_default());
            call.send().await.map_err(failed(ACTION))?;
        }
        if change.changes("permissionsBoundary") {
            set_boundary(cloud, id, text(wanted, "permissionsBoundary")).await?;
        }
        if change.changes("policies") {
            policies::reconcile_inline(cloud, id, wanted, observed, prior).await?;
        }
        if change.changes("managedPolicyArns") {
            policies::reconcile_attached(cloud, id, wanted, observed, prior).await?;
        }
        if change.changes("tags") {
            let changes = changes(wanted, prior, observed);
            if !changes.remove.is_empty() {
                let call = cloud.iam.untag_role().role_name(id).set_tag_keys(Some(changes.remove));
                call.send().await.map_err(failed("iam:UntagRole"))?;
            }
            if !changes.set.is_empty() {
                let call = cloud.iam.tag_role().role_name(id).set_tags(Some(tags::sdk(&changes.set)));
                call.send().await.map_err(failed("iam:TagRole"))?;
            }
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        empty(cloud, target.id).await?;
        let call = cloud.iam.delete_role().role_name(target.id);
        present(call.send().await.map_err(failed("iam:DeleteRole")))?;
        Ok(Accepted::default())
    }
}

/// Takes out of a role and off it all that keeps IAM from deleting it.
async fn empty(cloud: &Cloud, role: &str) -> Result<(), CallError> {
    for name in present(policies::inline_names(cloud, role).await)?.unwrap_or_default() {
        policies::delete(cloud, role, &name).await?;
    }
    for arn in present(policies::attached_arns(cloud, role).await)?.unwrap_or_default() {
        policies::detach(cloud, role, &arn).await?;
    }
    let mut pages = cloud.iam.list_instance_profiles_for_role().role_name(role).into_paginator().send();
    while let Some(page) = pages.next().await {
        let Some(page) = present(page.map_err(failed("iam:ListInstanceProfilesForRole")))? else { break };
        for profile in page.instance_profiles {
            let call = cloud.iam.remove_role_from_instance_profile().role_name(role);
            let call = call.instance_profile_name(profile.instance_profile_name);
            present(call.send().await.map_err(failed("iam:RemoveRoleFromInstanceProfile")))?;
        }
    }
    Ok(())
}

async fn set_boundary(cloud: &Cloud, role: &str, boundary: Option<&str>) -> Result<(), CallError> {
    match boundary {
        Some(arn) => {
            let call = cloud.iam.put_role_permissions_boundary().role_name(role).permissions_boundary(arn);
            call.send().await.map(drop).map_err(failed("iam:PutRolePermissionsBoundary"))
        }
        None => {
            let call = cloud.iam.delete_role_permissions_boundary().role_name(role);
            present(call.send().await.map_err(failed("iam:DeleteRolePermissionsBoundary"))).map(drop)
        }
    }
}

fn prepare(properties: &JsonMap, call: CreateRoleFluentBuilder) -> Result<CreateRoleFluentBuilder, Misfit> {
    Ok(call
        .set_assume_role_policy_document(document::member(properties, "assumeRolePolicyDocument"))
        .set_description(member(properties, "description")?)
        .set_max_session_duration(member(properties, "maxSessionDuration")?)
        .set_path(member(properties, "path")?)
        .set_permissions_boundary(member(properties, "permissionsBoundary")?)
        .set_role_name(member(properties, "roleName")?)
        .set_tags(tags::to_send(properties)))
}

async fn describe(cloud: &Cloud, name: &str) -> Result<Option<Described>, CallError> {
    let answer = cloud.iam.get_role().role_name(name).send().await.map_err(failed("iam:GetRole"));
    Ok(present(answer)?.and_then(|answer| answer.role))
}

async fn read_one(cloud: &Cloud, name: &str) -> Result<Option<Observed>, CallError> {
    let Some(role) = describe(cloud, name).await? else { return Ok(None) };
    let inline = async {
        let names = policies::inline_names(cloud, name).await?;
        abreast(names.iter().map(|policy| inline_policy(cloud, name, policy).boxed()).collect()).await
    };
    // One that goes while it is read is gone.
    let Some((inline, attached)) = present(futures::try_join!(inline, policies::attached_arns(cloud, name)))? else {
        return Ok(None);
    };
    Ok(Some(observed(&role, role.tags(), inline, attached)))
}

async fn inline_policy(cloud: &Cloud, role: &str, policy: &str) -> Result<(String, Json), CallError> {
    let call = cloud.iam.get_role_policy().role_name(role).policy_name(policy);
    let answer = call.send().await.map_err(failed("iam:GetRolePolicy"))?;
    Ok((answer.policy_name, document::told(&answer.policy_document)))
}

fn from_account(account: &Account, role: &Described) -> Option<Observed> {
    let detail = account.roles.get(role.role_name())?;
    let inline = detail.role_policy_list().iter().map(|policy| {
        let document = document::told(policy.policy_document().unwrap_or_default());
        (policy.policy_name().unwrap_or_default().to_owned(), document)
    });
    let attached = detail.attached_managed_policies().iter().filter_map(|policy| policy.policy_arn.clone());
    let mut role = role.clone();
    role.permissions_boundary = detail.permissions_boundary.clone();
    Some(observed(&role, detail.tags(), inline.collect(), attached.collect()))
}

fn observed(role: &Described, tags: &[Tag], inline: Vec<(String, Json)>, attached: Vec<String>) -> Observed {
    let mut properties = JsonMap::new();
    if let Some(document) = role.assume_role_policy_document() {
        properties.insert("assumeRolePolicyDocument".to_owned(), document::told(document));
    }
    put(&mut properties, "description", &role.description);
    put(&mut properties, "managedPolicyArns", &attached);
    put(&mut properties, "maxSessionDuration", &role.max_session_duration);
    put(&mut properties, "path", &role.path);
    let boundary = role.permissions_boundary().and_then(|boundary| boundary.permissions_boundary_arn.clone());
    put(&mut properties, "permissionsBoundary", &boundary);
    let inline = inline.into_iter();
    let inline = inline.map(|(name, document)| json!({ "policyName": name, "policyDocument": document })).collect();
    properties.insert("policies".to_owned(), Json::Array(inline));
    put(&mut properties, "roleName", &role.role_name);
    properties.insert("tags".to_owned(), tags::told(tags));
    Observed { properties, attributes: attributes(role) }
}

fn attributes(role: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "arn", &role.arn);
    put(&mut attributes, "roleId", &role.role_id);
    attributes
}
