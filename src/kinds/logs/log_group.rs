//! `AWS::Logs::LogGroup`. Its retention cannot be given when it is made: that is a second call.

use std::collections::HashMap;

use async_trait::async_trait;
use aws_sdk_cloudwatchlogs::operation::create_log_group::builders::CreateLogGroupFluentBuilder;
use aws_sdk_cloudwatchlogs::types::{LogGroup as Described, LogGroupClass};
use futures::FutureExt;

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, put, text, words};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, NameRule, Observed, Update, tags};
use crate::model::JsonMap;

words!(LogGroupClass);

/// The kind.
#[derive(Debug)]
pub struct LogGroup;

static FACTS: Facts = Facts {
    type_name: "AWS::Logs::LogGroup",
    sends: &["deletionProtectionEnabled", "kmsKeyId", "logGroupClass", "logGroupName", "retentionInDays", "tags"],
    except: &[],
    // There is no call that changes it.
    replaces: &["logGroupClass"],
    name: Some(NameRule { property: "logGroupName", max: 512 }),
    unique_by: &[&["logGroupName"]],
    deletable_in_use: true,
    arn: Some("arn"),
};

/// Groups a DescribeLogGroups call takes by name.
const BATCH: usize = 50;

#[async_trait]
impl Kind for LogGroup {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let calls = ids.chunks(BATCH).map(|ids| describe(cloud, ids).boxed()).collect();
        let mut found: HashMap<String, Described> = HashMap::new();
        for group in abreast(calls).await?.into_iter().flatten() {
            found.extend(group.log_group_name.clone().map(|name| (name, group)));
        }
        abreast(ids.iter().map(|id| with_tags(cloud, found.get(id)).boxed()).collect()).await
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() {
            return Ok(Vec::new());
        }
        let pages = cloud.logs.describe_log_groups().into_paginator().items().send();
        let found = pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("logs:DescribeLogGroups"))?;
        Ok(found.into_iter().filter_map(|group| group.log_group_name).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let name = text(wanted.properties, "logGroupName").unwrap_or_default().to_owned();
        let found = describe(cloud, std::slice::from_ref(&name)).await?;
        let Some(group) = found.iter().find(|group| group.log_group_name() == Some(&name)) else { return Ok(None) };
        let ours = present(tags_of(cloud, group).await)?.is_some_and(|tags| tags::has_token(tags, wanted.token));
        Ok(ours.then_some(name))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "logs:CreateLogGroup";
        let call = prepare(wanted.properties, cloud.logs.create_log_group()).map_err(misfit(ACTION))?;
        call.send().await.map_err(failed(ACTION))?;
        let id = text(wanted.properties, "logGroupName").unwrap_or_default().to_owned();
        // The answer is empty, and others refer to the ARN.
        let found = describe(cloud, std::slice::from_ref(&id)).await?;
        let group = found.iter().find(|group| group.log_group_name() == Some(&id));
        Ok(Created {
            configure: wanted.properties.contains_key("retentionInDays"),
            accepted: Accepted {
                attributes: group.map(attributes).unwrap_or_default(),
                // Where it does not show yet its ARN is still to come.
                waiting: group.is_none().then(JsonMap::new),
            },
            id,
        })
    }

    async fn configure(&self, cloud: &Cloud, id: &str, wanted: &Create<'_>) -> Result<(), CallError> {
        match member(wanted.properties, "retentionInDays").map_err(misfit("logs:PutRetentionPolicy"))? {
            Some(days) => set_retention(cloud, id, Some(days)).await,
            None => Ok(()),
        }
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        let Update { id, wanted, .. } = *change;
        if change.changes("deletionProtectionEnabled") {
            const ACTION: &str = "logs:PutLogGroupDeletionProtection";
            let enabled: Option<bool> = member(wanted, "deletionProtectionEnabled").map_err(misfit(ACTION))?;
            let call = cloud.logs.put_log_group_deletion_protection().log_group_identifier(id);
            let call = call.deletion_protection_enabled(enabled.unwrap_or(false));
            call.send().await.map_err(failed(ACTION))?;
        }
        if change.changes("kmsKeyId") {
            match text(wanted, "kmsKeyId") {
                Some(key) => {
                    let call = cloud.logs.associate_kms_key().log_group_name(id).kms_key_id(key);
                    call.send().await.map_err(failed("logs:AssociateKmsKey"))?;
                }
                None => {
                    let call = cloud.logs.disassociate_kms_key().log_group_name(id);
                    call.send().await.map_err(failed("logs:DisassociateKmsKey"))?;
                }
            }
        }
        if change.changes("retentionInDays") {
            let days = member(wanted, "retentionInDays").map_err(misfit("logs:PutRetentionPolicy"))?;
            set_retention(cloud, id, days).await?;
        }
        if let (true, Some(arn)) = (change.changes("tags"), text(change.attributes, "arn")) {
            retag(cloud, plain(arn), tags::changes(wanted, change.prior, change.observed)).await?;
        }
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.logs.delete_log_group().log_group_name(target.id);
        present(call.send().await.map_err(failed("logs:DeleteLogGroup")))?;
        Ok(Accepted::default())
    }
}

fn prepare(properties: &JsonMap, call: CreateLogGroupFluentBuilder) -> Result<CreateLogGroupFluentBuilder, Misfit> {
    let tags: HashMap<String, String> = tags::pairs(properties, "tags").into_iter().collect();
    Ok(call
        .set_deletion_protection_enabled(member(properties, "deletionProtectionEnabled")?)
        .set_kms_key_id(member(properties, "kmsKeyId")?)
        .set_log_group_class(member(properties, "logGroupClass")?)
        .set_log_group_name(member(properties, "logGroupName")?)
        .set_tags((!tags.is_empty()).then_some(tags)))
}

async fn set_retention(cloud: &Cloud, name: &str, days: Option<i32>) -> Result<(), CallError> {
    match days {
        Some(days) => {
            let call = cloud.logs.put_retention_policy().log_group_name(name).retention_in_days(days);
            call.send().await.map(drop).map_err(failed("logs:PutRetentionPolicy"))
        }
        None => {
            let call = cloud.logs.delete_retention_policy().log_group_name(name);
            call.send().await.map(drop).map_err(failed("logs:DeleteRetentionPolicy"))
        }
    }
}

async fn retag(cloud: &Cloud, arn: &str, changes: tags::TagChanges) -> Result<(), CallError> {
    if !changes.remove.is_empty() {
        let call = cloud.logs.untag_resource().resource_arn(arn).set_tag_keys(Some(changes.remove));
        call.send().await.map_err(failed("logs:UntagResource"))?;
    }
    if !changes.set.is_empty() {
        let call = cloud.logs.tag_resource().resource_arn(arn).set_tags(Some(changes.set.into_iter().collect()));
        call.send().await.map_err(failed("logs:TagResource"))?;
    }
    Ok(())
}

/// The form of a group's ARN that the calls about tags take.
fn plain(arn: &str) -> &str {
    arn.strip_suffix(":*").unwrap_or(arn)
}

async fn describe(cloud: &Cloud, names: &[String]) -> Result<Vec<Described>, CallError> {
    let call = cloud.logs.describe_log_groups().set_log_group_identifiers(Some(names.to_vec()));
    let mut pages = call.into_paginator().send();
    let mut groups = Vec::new();
    while let Some(page) = pages.next().await {
        groups.extend(page.map_err(failed("logs:DescribeLogGroups"))?.log_groups.unwrap_or_default());
    }
    Ok(groups)
}

async fn tags_of(cloud: &Cloud, group: &Described) -> Result<HashMap<String, String>, CallError> {
    let arn = group.log_group_arn().or(group.arn()).unwrap_or_default();
    let call = cloud.logs.list_tags_for_resource().resource_arn(plain(arn));
    Ok(call.send().await.map_err(failed("logs:ListTagsForResource"))?.tags.unwrap_or_default())
}

async fn with_tags(cloud: &Cloud, group: Option<&Described>) -> Result<Option<Observed>, CallError> {
    let Some(group) = group else { return Ok(None) };
    // One that goes while it is read is gone.
    Ok(present(tags_of(cloud, group).await)?.map(|tags| observed(group, tags)))
}

fn observed(group: &Described, tags: HashMap<String, String>) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "deletionProtectionEnabled", &group.deletion_protection_enabled);
    put(&mut properties, "kmsKeyId", &group.kms_key_id);
    put(&mut properties, "logGroupClass", &group.log_group_class);
    put(&mut properties, "logGroupName", &group.log_group_name);
    put(&mut properties, "retentionInDays", &group.retention_in_days);
    properties.insert("tags".to_owned(), tags::to_property(tags));
    Observed { properties, attributes: attributes(group) }
}

/// CloudFormation's ARN of a group is the one that ends in `:*`.
fn attributes(group: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "arn", &group.arn);
    attributes
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicU32, Ordering};

    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::{Action, Poll, Progress, echo};

    #[tokio::test]
    async fn a_group_that_does_not_show_yet_is_waited_for() {
        let looks = AtomicU32::new(0);
        let cloud = echo::cloud(move |action, _| match action {
            "DescribeLogGroups" if looks.fetch_add(1, Ordering::SeqCst) > 1 => {
                json!({ "logGroups": [{ "logGroupName": "g", "arn": "arn:g:*", "logGroupArn": "arn:g" }] })
            }
            _ => json!({ "logGroups": [], "tags": {} }),
        });
        let properties = JsonMap::from_iter([("logGroupName".to_owned(), json!("g"))]);
        let created = LogGroup.create(&cloud, &Create { properties: &properties, token: "t" }).await.unwrap();
        let mut waiting = created.accepted.waiting.expect("its ARN is waited for");
        let none = JsonMap::new();
        let mut shown = Vec::new();
        for _ in 0..2 {
            let mut question =
                Poll { id: "g", action: Action::Create, waiting: &mut waiting, attributes: &none, wanted: &none };
            shown.push(LogGroup.poll(&cloud, &mut question).await.unwrap());
        }
        assert!(matches!(&shown[0], Progress::Pending { .. }), "{shown:?}");
        assert!(matches!(&shown[1], Progress::Ready(attributes) if attributes["arn"] == "arn:g:*"), "{shown:?}");
    }

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let kept = Mutex::new(Value::Null);
        let cloud = echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            match action {
                "CreateLogGroup" => {
                    *kept = json!(parameters);
                    kept["arn"] = json!("arn:1:*");
                    kept["logGroupArn"] = json!("arn:1");
                }
                "PutRetentionPolicy" => kept["retentionInDays"] = parameters["retentionInDays"].clone(),
                "ListTagsForResource" => assert_eq!(parameters["resourceArn"], "arn:1"),
                _ => {}
            }
            json!({ "logGroups": [*kept], "tags": kept["tags"] })
        });
        let properties = echo::everything(&LogGroup);
        let wanted = Create { properties: &properties, token: "t" };
        let created = LogGroup.create(&cloud, &wanted).await.unwrap();
        assert!(created.configure);
        LogGroup.configure(&cloud, &created.id, &wanted).await.unwrap();
        let read = LogGroup.read(&cloud, &[created.id, "none".to_owned()]).await.unwrap();
        let [Some(read), None] = read.as_slice() else { panic!("one of them is there") };
        echo::assert_same(&read.properties, &properties);
        assert_eq!(read.attributes["arn"], "arn:1:*");
        assert_eq!(read.attributes, created.accepted.attributes);
    }
}
