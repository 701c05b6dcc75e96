//! `AWS::ECS::TaskDefinition`: a revision of a family. A revision never changes but for its tags; deleting one makes it
//! INACTIVE, which is as good as gone.

use async_trait::async_trait;
use aws_sdk_ecs::operation::register_task_definition::builders::RegisterTaskDefinitionFluentBuilder;
use aws_sdk_ecs::types::{SortOrder, Tag, TaskDefinition as Described, TaskDefinitionField, TaskDefinitionStatus};
use futures::FutureExt;

use super::tags;
use crate::cloud::{CallError, Cloud, ErrorClass, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::json::{Misfit, member, misfit, put, text};
use crate::kinds::listing::Among;
use crate::kinds::tags::changes;
use crate::kinds::{Accepted, Create, Created, Delete, Facts, Kind, NameRule, Observed, Update};
use crate::model::JsonMap;

/// The kind.
#[derive(Debug)]
pub struct TaskDefinition;

static FACTS: Facts = Facts {
    type_name: "AWS::ECS::TaskDefinition",
    sends: &[
        "containerDefinitions",
        "cpu",
        "enableFaultInjection",
        "ephemeralStorage",
        "executionRoleArn",
        "family",
        "ipcMode",
        "memory",
        "networkMode",
        "pidMode",
        "placementConstraints",
        "proxyConfiguration",
        "requiresCompatibilities",
        "runtimePlatform",
        "tags",
        "taskRoleArn",
        "volumes",
    ],
    except: &["containerDefinitions/*/resourceRequirements/*/sharingStrategy"],
    replaces: &[],
    name: Some(NameRule { property: "family", max: 255 }),
    unique_by: &[],
    deletable_in_use: true,
    arn: Some("taskDefinitionArn"),
};

/// How many revisions back a lost registration is looked for.
const LOOK_BACK: i32 = 20;

#[async_trait]
impl Kind for TaskDefinition {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let found = abreast(ids.iter().map(|id| describe(cloud, id).boxed()).collect()).await?;
        Ok(found.into_iter().map(|found| found.map(|(definition, tags)| observed(&definition, &tags))).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() {
            return Ok(Vec::new());
        }
        let call = cloud.ecs.list_task_definitions().status(TaskDefinitionStatus::Active);
        let pages = call.into_paginator().items().send();
        pages.collect::<Result<Vec<_>, _>>().await.map_err(failed("ecs:ListTaskDefinitions"))
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let family = text(wanted.properties, "family").unwrap_or_default();
        let call = cloud.ecs.list_task_definitions().family_prefix(family).status(TaskDefinitionStatus::Active);
        let call = call.sort(SortOrder::Desc).max_results(LOOK_BACK);
        let answer = call.send().await.map_err(failed("ecs:ListTaskDefinitions"))?;
        for arn in answer.task_definition_arns() {
            if let Some((_, tags)) = describe(cloud, arn).await?
                && tags::has_token(&tags, wanted.token)
            {
                return Ok(Some(arn.clone()));
            }
        }
        Ok(None)
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "ecs:RegisterTaskDefinition";
        let call = prepare(wanted.properties, cloud.ecs.register_task_definition()).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION)).map_err(crowded)?;
        let definition = answer.task_definition();
        Ok(Created {
            id: definition.and_then(Described::task_definition_arn).unwrap_or_default().to_owned(),
            configure: false,
            accepted: Accepted { attributes: definition.map(attributes).unwrap_or_default(), waiting: None },
        })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        tags::change(cloud, change.id, &changes(change.wanted, change.prior, change.observed)).await?;
        Ok(Accepted::default())
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.ecs.deregister_task_definition().task_definition(target.id);
        match call.send().await.map_err(failed("ecs:DeregisterTaskDefinition")) {
            // There is no code for a revision that is not there: looking tells.
            Err(error) if error.class == ErrorClass::Refused && describe(cloud, target.id).await?.is_some() => {
                Err(error)
            }
            Err(error) if !matches!(error.class, ErrorClass::Refused | ErrorClass::NotFound) => Err(error),
            _ => Ok(Accepted::default()),
        }
    }
}

fn prepare(
    properties: &JsonMap,
    call: RegisterTaskDefinitionFluentBuilder,
) -> Result<RegisterTaskDefinitionFluentBuilder, Misfit> {
    Ok(call
        .set_container_definitions(member(properties, "containerDefinitions")?)
        .set_cpu(member(properties, "cpu")?)
        .set_enable_fault_injection(member(properties, "enableFaultInjection")?)
        .set_ephemeral_storage(member(properties, "ephemeralStorage")?)
        .set_execution_role_arn(member(properties, "executionRoleArn")?)
        .set_family(member(properties, "family")?)
        .set_ipc_mode(member(properties, "ipcMode")?)
        .set_memory(member(properties, "memory")?)
        .set_network_mode(member(properties, "networkMode")?)
        .set_pid_mode(member(properties, "pidMode")?)
        .set_placement_constraints(member(properties, "placementConstraints")?)
        .set_proxy_configuration(member(properties, "proxyConfiguration")?)
        .set_requires_compatibilities(member(properties, "requiresCompatibilities")?)
        .set_runtime_platform(member(properties, "runtimePlatform")?)
        .set_tags(tags::to_send(properties))
        .set_task_role_arn(member(properties, "taskRoleArn")?)
        .set_volumes(member(properties, "volumes")?))
}

fn observed(definition: &Described, tags: &[Tag]) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "containerDefinitions", &definition.container_definitions);
    put(&mut properties, "cpu", &definition.cpu);
    put(&mut properties, "enableFaultInjection", &definition.enable_fault_injection);
    put(&mut properties, "ephemeralStorage", &definition.ephemeral_storage);
    put(&mut properties, "executionRoleArn", &definition.execution_role_arn);
    put(&mut properties, "family", &definition.family);
    put(&mut properties, "ipcMode", &definition.ipc_mode);
    put(&mut properties, "memory", &definition.memory);
    put(&mut properties, "networkMode", &definition.network_mode);
    put(&mut properties, "pidMode", &definition.pid_mode);
    put(&mut properties, "placementConstraints", &definition.placement_constraints);
    put(&mut properties, "proxyConfiguration", &definition.proxy_configuration);
    put(&mut properties, "requiresCompatibilities", &definition.requires_compatibilities);
    put(&mut properties, "runtimePlatform", &definition.runtime_platform);
    put(&mut properties, "taskRoleArn", &definition.task_role_arn);
    put(&mut properties, "volumes", &definition.volumes);
    properties.insert("tags".to_owned(), tags::told(tags));
    Observed { properties, attributes: attributes(definition) }
}

fn attributes(definition: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "taskDefinitionArn", &definition.task_definition_arn);
    attributes
}

/// A revision that is ACTIVE, with its tags.
async fn describe(cloud: &Cloud, id: &str) -> Result<Option<(Described, Vec<Tag>)>, CallError> {
    let call = cloud.ecs.describe_task_definition().task_definition(id).include(TaskDefinitionField::Tags);
    let answer = match call.send().await.map_err(failed("ecs:DescribeTaskDefinition")) {
        Ok(answer) => answer,
        Err(error) if tells_absence(&error) => return Ok(None),
        Err(error) => return Err(error),
    };
    let active = |definition: &Described| definition.status() == Some(&TaskDefinitionStatus::Active);
    let tags = answer.tags.unwrap_or_default();
    Ok(answer.task_definition.filter(active).map(|definition| (definition, tags)))
}

/// Registrations of one family at the same time are refused with the code of everything else: later they are not.
fn crowded(mut error: CallError) -> CallError {
    if error.message.contains("Too many concurrent attempts") {
        error.class = ErrorClass::Throttled;
    }
    error
}

/// The call has no error of its own for a revision that is not there: it answers
/// `ClientException: Unable to describe task definition.`
fn tells_absence(error: &CallError) -> bool {
    error.is_not_found() || error.is("ClientException") && error.message.contains("Unable to describe")
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use serde_json::{Value, json};

    use super::*;
    use crate::kinds::echo;

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let kept = Mutex::new(Value::Null);
        let cloud = echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            if action == "RegisterTaskDefinition" {
                let mut definition = json!(parameters);
                definition["taskDefinitionArn"] = json!("arn:1");
                definition["status"] = json!("ACTIVE");
                *kept = definition;
            }
            json!({ "taskDefinition": *kept, "tags": kept["tags"] })
        });
        let properties = echo::everything(&TaskDefinition);
        let created = TaskDefinition.create(&cloud, &Create { properties: &properties, token: "t" }).await.unwrap();
        assert_eq!(created.id, "arn:1");
        let read = TaskDefinition.read(&cloud, &[created.id]).await.unwrap().remove(0).expect("it is there");
        echo::assert_same(&read.properties, &properties);
        assert_eq!(Some(&read.attributes), Some(&created.accepted.attributes));
    }

    #[tokio::test]
    async fn a_registration_beside_others_of_its_family_is_throttled() {
        let message = "Too many concurrent attempts to create a new revision of the specified family.";
        let cloud = echo::cloud(move |_, _| json!({ "__type": "ClientException", "message": message }));
        let properties = JsonMap::from_iter([("family".to_owned(), json!("f"))]);
        let error = TaskDefinition.create(&cloud, &Create { properties: &properties, token: "t" }).await.unwrap_err();
        assert_eq!(error.class, ErrorClass::Throttled);
    }

    #[tokio::test]
    async fn an_inactive_or_unknown_revision_is_absent_and_deleting_it_succeeds() {
        let cloud = echo::cloud(|action, parameters| match (action, parameters["taskDefinition"].as_str()) {
            ("DescribeTaskDefinition", Some("old")) => json!({ "taskDefinition": { "status": "INACTIVE" } }),
            _ => json!({ "__type": "ClientException", "message": "Unable to describe task definition." }),
        });
        let ids = ["old".to_owned(), "none".to_owned()];
        assert_eq!(TaskDefinition.read(&cloud, &ids).await.unwrap(), [None, None]);
        for id in &ids {
            let target = Delete { id, prior: &JsonMap::new(), attributes: &JsonMap::new() };
            assert_eq!(TaskDefinition.delete(&cloud, &target).await.unwrap(), Accepted::default());
        }
    }
}
