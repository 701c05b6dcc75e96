//! `AWS::ECR::Repository`. Its two policies cannot be given when it is made: those are calls of their own.

use async_trait::async_trait;
use aws_sdk_ecr::types::{
    EncryptionConfiguration, EncryptionType, ImageScanningConfiguration, ImageTagMutability,
    ImageTagMutabilityExclusionFilter, ImageTagMutabilityExclusionFilterType, Repository as Described, Tag,
};
use futures::FutureExt;

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, object, put, text, words};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, NameRule, Observed, Update, tags};
use crate::model::{Json, JsonMap};

words!(EncryptionType, ImageTagMutability, ImageTagMutabilityExclusionFilterType);

object! {
    EncryptionConfiguration {
        "encryptionType" encryption_type set_encryption_type,
        "kmsKey" kms_key set_kms_key,
    }
    ImageScanningConfiguration { "scanOnPush" scan_on_push set_scan_on_push }
    ImageTagMutabilityExclusionFilter {
        "imageTagMutabilityExclusionFilterType" filter_type set_filter_type,
        "imageTagMutabilityExclusionFilterValue" filter set_filter,
    }
}

/// The kind.
#[derive(Debug)]
pub struct Repository;

static FACTS: Facts = Facts {
    type_name: "AWS::ECR::Repository",
    sends: &[
        "emptyOnDelete",
        "encryptionConfiguration",
        "imageScanningConfiguration",
        "imageTagMutability",
        "imageTagMutabilityExclusionFilters",
        "lifecyclePolicy",
        "repositoryName",
        "repositoryPolicyText",
        "tags",
    ],
    // It is always the account's own registry.
    except: &["lifecyclePolicy/registryId"],
    replaces: &[],
    name: Some(NameRule { property: "repositoryName", max: 256 }),
    unique_by: &[&["repositoryName"]],
    deletable_in_use: true,
    arn: Some("arn"),
};

#[async_trait]
impl Kind for Repository {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        // A call with several names fails when one of them is not there.
        abreast(ids.iter().map(|id| look(cloud, id).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() {
            return Ok(Vec::new());
        }
        let pages = cloud.ecr.describe_repositories().into_paginator().items().send();
        let found = pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ecr:DescribeRepositories"))?;
        Ok(found.into_iter().filter_map(|repository| repository.repository_name).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let name = text(wanted.properties, "repositoryName").unwrap_or_default().to_owned();
        let Some(found) = describe(cloud, &name).await? else { return Ok(None) };
        let ours = present(tags_of(cloud, &found).await)?.is_some_and(|tags| tags::has_token(tags, wanted.token));
        Ok(ours.then_some(name))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "ecr:CreateRepository";
        let properties = wanted.properties;
        let call = cloud.ecr.create_repository();
        let asked = || -> Result<_, Misfit> {
            Ok(call
                .set_repository_name(member(properties, "repositoryName")?)
                .set_encryption_configuration(member(properties, "encryptionConfiguration")?)
                .set_image_scanning_configuration(member(properties, "imageScanningConfiguration")?)
                .set_image_tag_mutability(member(properties, "imageTagMutability")?)
                .set_image_tag_mutability_exclusion_filters(member(properties, "imageTagMutabilityExclusionFilters")?)
                .set_tags(Some(to_send(tags::pairs(properties, "tags"))?)))
        };
        let answer = asked().map_err(misfit(ACTION))?.send().await.map_err(failed(ACTION))?;
        Ok(Created {
            id: text(properties, "repositoryName").unwrap_or_default().to_owned(),
            configure: ["lifecyclePolicy", "repositoryPolicyText"].iter().any(|name| properties.contains_key(*name)),
            accepted: Accepted { attributes: answer.repository().map(attributes).unwrap_or_default(), waiting: None },
        })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        if let Some(policy) = lifecycle(wanted.properties) {
            set_lifecycle(cloud, id, Some(policy)).await?;
        }
        match policy(wanted.properties) {
            Some(policy) => set_policy(cloud, id, Some(policy)).await,
            None => Ok(()),
        }
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let Update { id, wanted, .. } = *change;
        if ["imageTagMutability", "imageTagMutabilityExclusionFilters"].iter().any(|name| change.changes(name)) {
            const ACTION: &str = "ecr:PutImageTagMutability";
            let mutability = member(wanted, "imageTagMutability").map_err(misfit(ACTION))?;
            let filters = member(wanted, "imageTagMutabilityExclusionFilters").map_err(misfit(ACTION))?;
            let call = cloud.ecr.put_image_tag_mutability().repository_name(id);
            let call = call.image_tag_mutability(mutability.unwrap_or(ImageTagMutability::Mutable));
            let call = call.set_image_tag_mutability_exclusion_filters(filters);
            call.send().await.map_err(failed(ACTION))?;
        }
        if change.changes("imageScanningConfiguration") {
            const ACTION: &str = "ecr:PutImageScanningConfiguration";
            let scanning = member(wanted, "imageScanningConfiguration").map_err(misfit(ACTION))?;
            let none = || ImageScanningConfiguration::builder().scan_on_push(false).build();
            let call = cloud.ecr.put_image_scanning_configuration().repository_name(id);
            let call = call.image_scanning_configuration(scanning.unwrap_or_else(none));
            call.send().await.map_err(failed(ACTION))?;
        }
        if change.changes("lifecyclePolicy") {
            set_lifecycle(cloud, id, lifecycle(wanted)).await?;
        }
        if change.changes("repositoryPolicyText") {
            set_policy(cloud, id, policy(wanted)).await?;
        }
        if let (true, Some(arn)) = (change.changes("tags"), text(change.attributes, "arn")) {
            retag(cloud, arn, tags::changes(wanted, change.prior, change.observed)).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let empty = target.prior.get("emptyOnDelete").and_then(Json::as_bool).unwrap_or(false);
        let call = cloud.ecr.delete_repository().repository_name(target.id).force(empty);
        present(call.send().await.map_err(failed("ecr:DeleteRepository")).map_err(with_the_way_out))?;
        Ok(Accepted::default())
    }
}

fn with_the_way_out(mut error: CallError) -> CallError {
    if error.is("RepositoryNotEmptyException") {
        error.message.push_str(" With `emptyOnDelete: true`, set by a run before, its images are deleted with it.");
    }
    error
}

fn lifecycle(properties: &JsonMap) -> Option<String> {
    let policy = properties.get("lifecyclePolicy")?.get("lifecyclePolicyText")?;
    policy.as_str().map(str::to_owned)
}

/// The policy as a text, in which form the call takes it.
fn policy(properties: &JsonMap) -> Option<String> {
    match properties.get("repositoryPolicyText")? {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        document => Some(document.to_string()),
    }
}

async fn set_lifecycle(cloud: &Cloud, name: &str, policy: Option<String>) -> Result<(), CallError> {
    match policy {
        Some(policy) => {
            let call = cloud.ecr.put_lifecycle_policy().repository_name(name).lifecycle_policy_text(policy);
            call.send().await.map(drop).map_err(failed("ecr:PutLifecyclePolicy"))
        }
        None => {
            let call = cloud.ecr.delete_lifecycle_policy().repository_name(name);
            present(call.send().await.map_err(failed("ecr:DeleteLifecyclePolicy"))).map(drop)
        }
    }
}

async fn set_policy(cloud: &Cloud, name: &str, policy: Option<String>) -> Result<(), CallError> {
    match policy {
        Some(policy) => {
            let call = cloud.ecr.set_repository_policy().repository_name(name).policy_text(policy);
            call.send().await.map(drop).map_err(failed("ecr:SetRepositoryPolicy"))
        }
        None => {
            let call = cloud.ecr.delete_repository_policy().repository_name(name);
            present(call.send().await.map_err(failed("ecr:DeleteRepositoryPolicy"))).map(drop)
        }
    }
}

async fn describe(cloud: &Cloud, name: &str) -> Result<Option<Described>, CallError> {
    let call = cloud.ecr.describe_repositories().repository_names(name);
    let answer = present(call.send().await.map_err(failed("ecr:DescribeRepositories")))?;
    Ok(answer.and_then(|answer| answer.repositories.unwrap_or_default().into_iter().next()))
}

async fn look(cloud: &Cloud, name: &str) -> Result<Option<Observed>, CallError> {
    let Some(found) = describe(cloud, name).await? else { return Ok(None) };
    // One that goes while it is read is gone.
    let Some(tags) = present(tags_of(cloud, &found).await)? else { return Ok(None) };
    let call = cloud.ecr.get_lifecycle_policy().repository_name(name).send();
    let lifecycle = present(call.await.map_err(failed("ecr:GetLifecyclePolicy")))?;
    let call = cloud.ecr.get_repository_policy().repository_name(name).send();
    let policy = present(call.await.map_err(failed("ecr:GetRepositoryPolicy")))?;
    let mut properties = JsonMap::new();
    put(&mut properties, "encryptionConfiguration", &found.encryption_configuration);
    put(&mut properties, "imageScanningConfiguration", &found.image_scanning_configuration);
    put(&mut properties, "imageTagMutability", &found.image_tag_mutability);
    put(&mut properties, "imageTagMutabilityExclusionFilters", &found.image_tag_mutability_exclusion_filters);
    put(&mut properties, "repositoryName", &found.repository_name);
    if let Some(text) = lifecycle.and_then(|answer| answer.lifecycle_policy_text) {
        let policy = JsonMap::from_iter([("lifecyclePolicyText".to_owned(), text.into())]);
        properties.insert("lifecyclePolicy".to_owned(), policy.into());
    }
    if let Some(text) = policy.and_then(|answer| answer.policy_text) {
        let document = serde_json::from_str(&text).unwrap_or(Json::String(text));
        properties.insert("repositoryPolicyText".to_owned(), document);
    }
    properties.insert("tags".to_owned(), tags::to_property(tags));
    Ok(Some(Observed { properties, attributes: attributes(&found) }))
}

async fn tags_of(cloud: &Cloud, found: &Described) -> Result<Vec<(String, String)>, CallError> {
    let call = cloud.ecr.list_tags_for_resource().resource_arn(found.repository_arn().unwrap_or_default());
    let answer = call.send().await.map_err(failed("ecr:ListTagsForResource"))?;
    Ok(answer.tags.unwrap_or_default().into_iter().map(|tag| (tag.key, tag.value)).collect())
}

async fn retag(cloud: &Cloud, arn: &str, changes: tags::TagChanges) -> Result<(), CallError> {
    if !changes.remove.is_empty() {
        let call = cloud.ecr.untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        call.send().await.map_err(failed("ecr:UntagResource"))?;
    }
    if !changes.set.is_empty() {
        const ACTION: &str = "ecr:TagResource";
        let tags = to_send(changes.set).map_err(misfit(ACTION))?;
        cloud.ecr.tag_resource().resource_arn(arn).set_tags(Some(tags)).send().await.map_err(failed(ACTION))?;
    }
    Ok(())
}

fn to_send(pairs: Vec<(String, String)>) -> Result<Vec<Tag>, Misfit> {
    use crate::kinds::json::Built;
    pairs.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build().built()).collect()
}

fn attributes(found: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "arn", &found.repository_arn);
    put(&mut attributes, "repositoryUri", &found.repository_uri);
    attributes
}
