//! `AWS::SecretsManager::Secret`. Its value is sent and never read: what the state keeps of it is a hash, or how it is to
//! be generated.
//!
//! A generated value is made by AWS (`GetRandomPassword`) just before the call that stores it, and forgotten. That call
//! carries the journal's token, and AWS stores one version for a token: whatever is repeated, one value stays.
//! Deleting does without the recovery window, so that a name is free for the next run; who wants to keep the secret
//! declares it with `retain`.

use async_trait::async_trait;
use aws_sdk_secretsmanager::operation::describe_secret::DescribeSecretOutput as Described;
use aws_sdk_secretsmanager::types::Tag;
use futures::FutureExt;

use super::generated::{generated, template_filled};
use crate::cloud::{CallError, Cloud, ErrorClass, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{put, text};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, NameRule, Observed, Update, tags};
use crate::model::JsonMap;

/// The kind.
#[derive(Debug)]
pub struct Secret;

static FACTS: Facts = Facts {
    type_name: "AWS::SecretsManager::Secret",
    sends: &["description", "generateSecretString", "kmsKeyId", "name", "secretString", "tags"],
    except: &[],
    replaces: &[],
    name: Some(NameRule { property: "name", max: 512 }),
    unique_by: &[&["name"]],
    deletable_in_use: true,
    arn: Some("id"),
};

/// The tag by which a secret is known to be the stack's.
const STACK_TAG: &str = "hzscript:stack";

#[async_trait]
impl Kind for Secret {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        // ListSecrets would tell many at once, but minutes late.
        let calls = ids.iter().map(|id| describe(cloud, id).boxed()).collect();
        Ok(abreast(calls)
            .await?
            .iter()
            .map(|found| found.as_ref().filter(|found| is_there(found)).map(observed))
            .collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() {
            return Ok(Vec::new());
        }
        let mut pages = cloud.secrets.list_secrets().into_paginator().send();
        let mut found = Vec::new();
        while let Some(page) = pages.next().await {
            found.extend(page.map_err(failed("secretsmanager:ListSecrets"))?.secret_list.unwrap_or_default());
        }
        // Other services make and keep secrets of their own.
        let own = found.into_iter().filter(|secret| secret.owning_service().is_none());
        Ok(own.filter_map(|secret| secret.arn).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let name = text(wanted.properties, "name").unwrap_or_default();
        let found = describe(cloud, name).await?.filter(is_there);
        let ours = found.filter(|found| tags::has_token(pairs(found.tags()), wanted.token));
        Ok(ours.and_then(|found| found.arn))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "secretsmanager:CreateSecret";
        let properties = wanted.properties;
        let value = value(cloud, properties).await?;
        let call = cloud.secrets.create_secret().client_request_token(wanted.token);
        let call = call
            .set_name(text(properties, "name").map(str::to_owned))
            .set_description(text(properties, "description").map(str::to_owned))
            .set_kms_key_id(text(properties, "kmsKeyId").map(str::to_owned))
            .set_tags(Some(tags_of(tags::pairs(properties, "tags"))))
            .set_secret_string(value);
        let answer = match call.send().await.map_err(failed(ACTION)) {
            Ok(answer) => answer,
            Err(error) if is_scheduled(&error) => return Err(name_is_going(cloud, properties, error).await?),
            Err(error) => return Err(error),
        };
        let arn = answer.arn.unwrap_or_default();
        Ok(Created { accepted: Accepted { attributes: attributes(&arn), waiting: None }, configure: false, id: arn })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        const ACTION: &str = "secretsmanager:UpdateSecret";
        let Update { id, wanted, .. } = *change;
        if ["description", "kmsKeyId"].iter().any(|name| change.changes(name)) {
            // An empty description is none; an empty key is the account's own for secrets.
            let given = |name: &str| change.changes(name).then(|| text(wanted, name).unwrap_or_default().to_owned());
            let call = cloud.secrets.update_secret().secret_id(id).set_description(given("description"));
            let call = call.set_kms_key_id(given("kmsKeyId"));
            call.send().await.map_err(failed(ACTION))?;
        }
        if ["secretString", "generateSecretString"].iter().any(|name| change.changes(name))
            && let Some(value) = value(cloud, wanted).await?
        {
            set_value(cloud, change, value).await?;
        }
        if change.changes("tags") {
            retag(cloud, id, tags::changes(wanted, change.prior, change.observed)).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.secrets.delete_secret().secret_id(target.id).force_delete_without_recovery(true);
        present(call.send().await.map_err(failed("secretsmanager:DeleteSecret")))?;
        Ok(Accepted::default())
    }
}

/// The value to store: as declared, or generated; `None` where neither is asked for.
async fn value(cloud: &Cloud, properties: &JsonMap) -> Result<Option<String>, CallError> {
    if let Some(value) = text(properties, "secretString") {
        return Ok(Some(value.to_owned()));
    }
    let Some(wanted) = properties.get("generateSecretString").and_then(|wanted| wanted.as_object()) else {
        return Ok(None);
    };
    let password = generated(cloud, wanted).await?;
    template_filled(wanted, password).map(Some)
}

/// Makes a new version of the value, once for a token.
async fn set_value(cloud: &Cloud, change: &Update<'_>, value: String) -> Result<(), CallError> {
    const ACTION: &str = "secretsmanager:PutSecretValue";
    let call = || cloud.secrets.put_secret_value().secret_id(change.id).secret_string(&value);
    match call().client_request_token(change.token).send().await.map_err(failed(ACTION)) {
        // There is a version of this token with another value: the generated one of a call whose answer was lost, or a
        // declared one that has changed again since.
        Err(error) if error.class == ErrorClass::AlreadyExists => {
            if change.wanted.contains_key("secretString") {
                call().send().await.map_err(failed(ACTION))?;
            }
            Ok(())
        }
        done => done.map(drop),
    }
}

/// Whether the refusal is that of a name whose secret is scheduled for deletion.
fn is_scheduled(error: &CallError) -> bool {
    error.is("InvalidRequestException") && error.message.contains("scheduled for deletion")
}

/// The refusal of a name whose secret is scheduled for deletion: to be waited for when it is the stack's own, which a run
/// deleted without a recovery window; with the way out otherwise.
async fn name_is_going(cloud: &Cloud, properties: &JsonMap, mut error: CallError) -> Result<CallError, CallError> {
    let name = text(properties, "name").unwrap_or_default();
    let stack =
        |pairs: Vec<(String, String)>| pairs.into_iter().find(|(key, _)| key == STACK_TAG).map(|(_, stack)| stack);
    let Some(found) = describe(cloud, name).await? else {
        error.class = ErrorClass::Busy;
        return Ok(error);
    };
    let owner = stack(pairs(found.tags()).collect());
    if owner.is_some() && owner == stack(tags::pairs(properties, "tags")) {
        error.class = ErrorClass::Busy;
    } else {
        error.message = format!(
            "{} To have it back, restore it (aws secretsmanager restore-secret --secret-id {name}) and declare it with \
             the option `id`; to have the name, delete it for good (aws secretsmanager delete-secret \
             --force-delete-without-recovery --secret-id {name}); or give this one another `name`.",
            error.message
        );
    }
    Ok(error)
}

async fn describe(cloud: &Cloud, id: &str) -> Result<Option<Described>, CallError> {
    let call = cloud.secrets.describe_secret().secret_id(id);
    present(call.send().await.map_err(failed("secretsmanager:DescribeSecret")))
}

/// One that is scheduled for deletion is described all the same.
fn is_there(found: &Described) -> bool {
    found.deleted_date.is_none()
}

async fn retag(cloud: &Cloud, id: &str, changes: tags::TagChanges) -> Result<(), CallError> {
    if !changes.remove.is_empty() {
        let call = cloud.secrets.untag_resource().secret_id(id).set_tag_keys(Some(changes.remove));
        call.send().await.map_err(failed("secretsmanager:UntagResource"))?;
    }
    if !changes.set.is_empty() {
        let call = cloud.secrets.tag_resource().secret_id(id).set_tags(Some(tags_of(changes.set)));
        call.send().await.map_err(failed("secretsmanager:TagResource"))?;
    }
    Ok(())
}

fn tags_of(pairs: Vec<(String, String)>) -> Vec<Tag> {
    pairs.into_iter().map(|(key, value)| Tag::builder().key(key).value(value).build()).collect()
}

fn pairs(tags: &[Tag]) -> impl Iterator<Item = (String, String)> {
    tags.iter().filter_map(|tag| Some((tag.key.clone()?, tag.value.clone().unwrap_or_default())))
}

fn attributes(arn: &str) -> JsonMap {
    JsonMap::from_iter([("id".to_owned(), arn.into())])
}

fn observed(found: &Described) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "description", &found.description);
    put(&mut properties, "kmsKeyId", &found.kms_key_id);
    put(&mut properties, "name", &found.name);
    properties.insert("tags".to_owned(), tags::to_property(pairs(found.tags())));
    Observed { properties, attributes: attributes(found.arn().unwrap_or_default()) }
}
