//! `AWS::IAM::ManagedPolicy`: a policy of its own, which roles have attached. Its document changes by a new version that
//! becomes the default.
//!
//! CloudFormation knows no tags of it, so the stack's are not on it; the tag of the token is, which finds it again after
//! a lost answer.

use std::collections::BTreeSet;

use async_trait::async_trait;
use aws_sdk_iam::operation::create_policy::builders::CreatePolicyFluentBuilder;
use aws_sdk_iam::types::{EntityType, ManagedPolicyDetail, Policy, PolicyScopeType, PolicyVersion};
use futures::FutureExt;

use super::account::{Account, MANY};
use super::{document, role_policies, tags};
use crate::cloud::{CallError, Cloud, ErrorClass, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, put, text};
use crate::kinds::listing::Among;
use crate::kinds::tags::TOKEN;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, NameRule, Observed, Update};
use crate::model::{Json, JsonMap};

/// The kind.
#[derive(Debug)]
pub struct ManagedPolicy;

static FACTS: Facts = Facts {
    type_name: "AWS::IAM::ManagedPolicy",
    sends: &["description", "managedPolicyName", "path", "policyDocument", "roles"],
    except: &[],
    replaces: &[],
    name: Some(NameRule { property: "managedPolicyName", max: 128 }),
    unique_by: &[&["managedPolicyName"]],
    deletable_in_use: false,
    arn: Some("policyArn"),
};

/// How many versions IAM keeps of a policy (IAM user guide, "Versioning IAM policies").
const VERSIONS: usize = 5;

#[async_trait]
impl Kind for ManagedPolicy {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        if ids.len() > MANY {
            match Account::read(cloud).await {
                Ok(account) => {
                    let attachments = account.attachments();
                    let roles = |arn: &str| attachments.get(arn).cloned().unwrap_or_default();
                    let read = |arn: &String| Some(from_account(account.policies.get(arn)?, roles(arn)));
                    return Ok(ids.iter().map(read).collect());
                }
                // Who may read these policies may not read the account.
                Err(error) if error.class == ErrorClass::Denied => {}
                Err(error) => return Err(error),
            }
        }
        abreast(ids.iter().map(|arn| read_one(cloud, arn).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if let Some(roles) = among.within("AWS::IAM::Role") {
            let attached = roles.iter().map(|role| role_policies::attached_arns(cloud, role).boxed()).collect();
            let mut arns: Vec<String> = abreast(attached).await?.into_iter().flatten().collect();
            // AWS's own belong to no account.
            arns.retain(|arn| !arn.contains(":iam::aws:"));
            arns.sort();
            arns.dedup();
            return Ok(arns);
        }
        if among.is_within() {
            return Ok(Vec::new());
        }
        let pages = cloud.iam.list_policies().scope(PolicyScopeType::Local).into_paginator().items().send();
        let found = pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("iam:ListPolicies"))?;
        Ok(found.into_iter().filter_map(|policy| policy.arn).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let arn = arn(cloud, wanted.properties);
        let answer = cloud.iam.get_policy().policy_arn(&arn).send().await.map_err(failed("iam:GetPolicy"));
        let policy = present(answer)?.and_then(|answer| answer.policy);
        Ok(policy.filter(|policy| tags::has_token(policy.tags(), wanted.token)).map(|_| arn))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "iam:CreatePolicy";
        let call = prepare(wanted.properties, cloud.iam.create_policy()).map_err(misfit(ACTION))?;
        let call = call.set_tags(Some(tags::sdk(&[(TOKEN.to_owned(), wanted.token.to_owned())])));
        let answer = call.send().await.map_err(failed(ACTION))?;
        let policy = answer.policy();
        let told = policy.and_then(|policy| policy.arn.clone());
        Ok(Created {
            id: told.unwrap_or_else(|| arn(cloud, wanted.properties)),
            configure: !roles(wanted.properties).is_empty(),
            accepted: Accepted { attributes: policy.map(attributes).unwrap_or_default(), waiting: None },
        })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        for role in roles(wanted.properties) {
            role_policies::attach(cloud, role, id).await?;
        }
        Ok(())
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let mut attributes = JsonMap::new();
        if change.changes("policyDocument") {
            let document = document::member(change.wanted, "policyDocument").unwrap_or_default();
            make_room(cloud, change.id).await?;
            let call = cloud.iam.create_policy_version().policy_arn(change.id);
            let call = call.policy_document(document).set_as_default(true);
            let answer = call.send().await.map_err(failed("iam:CreatePolicyVersion"))?;
            let version = answer.policy_version.and_then(|version| version.version_id);
            put(&mut attributes, "defaultVersionId", &version);
        }
        if change.changes("roles") {
            let (wanted, there, prior) = (roles(change.wanted), roles(change.observed), roles(change.prior));
            // Also to those that had it: one of the same name may have taken their place since. Who has it already keeps it.
            for role in &wanted {
                role_policies::attach(cloud, role, change.id).await?;
            }
            // Of a declared list all beside it goes, of one no longer declared what a run had put there.
            let declared = change.wanted.contains_key("roles");
            for role in there.difference(&wanted).filter(|role| declared || prior.contains(*role)) {
                role_policies::detach(cloud, role, change.id).await?;
            }
        }
        Ok(Accepted { attributes, waiting: None })
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        // What others attached stays, and IAM refuses the deletion until they detach it.
        for role in roles(target.prior) {
            role_policies::detach(cloud, role, target.id).await?;
        }
        for version in present(versions(cloud, target.id).await)?.unwrap_or_default() {
            if !version.is_default_version {
                delete_version(cloud, target.id, &version).await?;
            }
        }
        let call = cloud.iam.delete_policy().policy_arn(target.id);
        present(call.send().await.map_err(failed("iam:DeletePolicy")))?;
        Ok(Accepted::default())
    }
}

fn prepare(properties: &JsonMap, call: CreatePolicyFluentBuilder) -> Result<CreatePolicyFluentBuilder, Misfit> {
    Ok(call
        .set_description(member(properties, "description")?)
        .set_path(member(properties, "path")?)
        .set_policy_document(document::member(properties, "policyDocument"))
        .set_policy_name(member(properties, "managedPolicyName")?))
}

/// The ARN that a policy of this name and path has.
fn arn(cloud: &Cloud, properties: &JsonMap) -> String {
    let partition = match cloud.region.as_str() {
        region if region.starts_with("cn-") => "aws-cn",
        region if region.starts_with("us-gov-") => "aws-us-gov",
        _ => "aws",
    };
    let path = text(properties, "path").unwrap_or("/");
    let name = text(properties, "managedPolicyName").unwrap_or_default();
    format!("arn:{partition}:iam::{}:policy{path}{name}", cloud.account)
}

/// Names of the roles as declared.
fn roles(properties: &JsonMap) -> BTreeSet<&str> {
    let declared = properties.get("roles").and_then(Json::as_array).into_iter().flatten();
    declared.filter_map(Json::as_str).collect()
}

/// Deletes the oldest version that is not the default, when there can be no more.
async fn make_room(cloud: &Cloud, arn: &str) -> Result<(), CallError> {
    let versions = versions(cloud, arn).await?;
    if versions.len() < VERSIONS {
        return Ok(());
    }
    let idle = versions.iter().filter(|version| !version.is_default_version);
    match idle.min_by_key(|version| number(version)) {
        Some(oldest) => delete_version(cloud, arn, oldest).await,
        None => Ok(()),
    }
}

/// The number of a version: its id is `v` and a number that only grows.
fn number(version: &PolicyVersion) -> u64 {
    version.version_id().and_then(|id| id.trim_start_matches('v').parse().ok()).unwrap_or(0)
}

async fn versions(cloud: &Cloud, arn: &str) -> Result<Vec<PolicyVersion>, CallError> {
    let mut pages = cloud.iam.list_policy_versions().policy_arn(arn).into_paginator().send();
    let mut versions = Vec::new();
    while let Some(page) = pages.next().await {
        versions.extend(page.map_err(failed("iam:ListPolicyVersions"))?.versions.unwrap_or_default());
    }
    Ok(versions)
}

async fn delete_version(cloud: &Cloud, arn: &str, version: &PolicyVersion) -> Result<(), CallError> {
    let call = cloud.iam.delete_policy_version().policy_arn(arn).set_version_id(version.version_id.clone());
    present(call.send().await.map_err(failed("iam:DeletePolicyVersion"))).map(drop)
}

async fn attached_roles(cloud: &Cloud, arn: &str) -> Result<Vec<String>, CallError> {
    let call = cloud.iam.list_entities_for_policy().policy_arn(arn).entity_filter(EntityType::Role);
    let mut pages = call.into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let page = page.map_err(failed("iam:ListEntitiesForPolicy"))?;
        names.extend(page.policy_roles.unwrap_or_default().into_iter().filter_map(|role| role.role_name));
    }
    names.sort();
    Ok(names)
}

async fn read_one(cloud: &Cloud, arn: &str) -> Result<Option<Observed>, CallError> {
    let answer = cloud.iam.get_policy().policy_arn(arn).send().await.map_err(failed("iam:GetPolicy"));
    let Some(policy) = present(answer)?.and_then(|answer| answer.policy) else { return Ok(None) };
    let version = async {
        let call = cloud.iam.get_policy_version().policy_arn(arn);
        let call = call.version_id(policy.default_version_id().unwrap_or_default());
        Ok(call.send().await.map_err(failed("iam:GetPolicyVersion"))?.policy_version)
    };
    // One that goes while it is read is gone.
    let Some((version, roles)) = present(futures::try_join!(version, attached_roles(cloud, arn)))? else {
        return Ok(None);
    };
    let document = version.as_ref().and_then(PolicyVersion::document);
    Ok(Some(observed(&policy, document, roles)))
}

fn from_account(detail: &ManagedPolicyDetail, roles: Vec<String>) -> Observed {
    let policy = Policy::builder()
        .set_policy_name(detail.policy_name.clone())
        .set_policy_id(detail.policy_id.clone())
        .set_arn(detail.arn.clone())
        .set_path(detail.path.clone())
        .set_default_version_id(detail.default_version_id.clone())
        .set_attachment_count(detail.attachment_count)
        .set_permissions_boundary_usage_count(detail.permissions_boundary_usage_count)
        .is_attachable(detail.is_attachable)
        .set_description(detail.description.clone())
        .set_create_date(detail.create_date)
        .set_update_date(detail.update_date)
        .build();
    let default = detail.policy_version_list().iter().find(|version| version.is_default_version);
    observed(&policy, default.and_then(PolicyVersion::document), roles)
}

fn observed(policy: &Policy, document: Option<&str>, roles: Vec<String>) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "description", &policy.description);
    put(&mut properties, "managedPolicyName", &policy.policy_name);
    put(&mut properties, "path", &policy.path);
    if let Some(document) = document {
        properties.insert("policyDocument".to_owned(), document::told(document));
    }
    put(&mut properties, "roles", &roles);
    Observed { properties, attributes: attributes(policy) }
}

fn attributes(policy: &Policy) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "attachmentCount", &policy.attachment_count);
    put(&mut attributes, "createDate", &policy.create_date.map(|date| date.to_string()));
    put(&mut attributes, "defaultVersionId", &policy.default_version_id);
    put(&mut attributes, "isAttachable", &policy.is_attachable);
    put(&mut attributes, "permissionsBoundaryUsageCount", &policy.permissions_boundary_usage_count);
    put(&mut attributes, "policyArn", &policy.arn);
    put(&mut attributes, "policyId", &policy.policy_id);
    put(&mut attributes, "updateDate", &policy.update_date.map(|date| date.to_string()));
    attributes
}
