//! `AWS::ECS::Service`: keeps tasks running. It is there once its deployment is: see [`watch`](super::watch).
//!
//! Its identifier is `<serviceArn>|<cluster>`, the cluster as it was declared (name or ARN).

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ecs::types::{DeploymentRolloutState, DesiredStatus, PropagateTags, Service as Described};
use futures::FutureExt;
use serde_json::json;

use super::service_call::{apply, prepare};
use super::watch::{Watch, judge};
use super::{describe, gather, tags, waits_for_linked_role};
use crate::cloud::{CallError, Cloud, ErrorClass, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{member, misfit, put, text};
use crate::kinds::listing::Among;
use crate::kinds::tags::changes;
use crate::kinds::{
    Accepted, Action, Create, Created, Delete, Facts, Gathered, Gathering, Kind, NameRule, Observed, Poll, Progress,
    Update, visible,
};
use crate::model::JsonMap;

/// The kind.
#[derive(Debug)]
pub struct Service;

static FACTS: Facts = Facts {
    type_name: "AWS::ECS::Service",
    sends: &[
        "availabilityZoneRebalancing",
        "capacityProviderStrategy",
        "cluster",
        "deploymentConfiguration",
        "desiredCount",
        "enableECSManagedTags",
        "enableExecuteCommand",
        "healthCheckGracePeriodSeconds",
        "launchType",
        "loadBalancers",
        "networkConfiguration",
        "platformVersion",
        "propagateTags",
        "serviceName",
        "serviceRegistries",
        "tags",
        "taskDefinition",
    ],
    except: &["deploymentConfiguration/lifecycleHooks", "loadBalancers/*/advancedConfiguration"],
    replaces: &[],
    name: Some(NameRule { property: "serviceName", max: 255 }),
    unique_by: &[&["cluster", "serviceName"]],
    deletable_in_use: false,
    arn: Some("serviceArn"),
};

/// Services a DescribeServices call takes.
const BATCH: usize = 10;

#[async_trait]
impl Kind for Service {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let mut clusters: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for id in ids {
            let (arn, cluster) = parts(id);
            clusters.entry(cluster).or_default().push(arn.to_owned());
        }
        let mut calls = Vec::new();
        for (cluster, arns) in &clusters {
            calls.extend(arns.chunks(BATCH).map(|arns| describe::services(cloud, cluster, arns).boxed()));
        }
        let found = abreast(calls).await?.into_iter().flatten();
        let found: HashMap<String, Described> =
            found.filter_map(|service| Some((service.service_arn.clone()?, service))).collect();
        let read = |id: &String| {
            let (arn, cluster) = parts(id);
            found.get(arn).filter(|service| is_there(service)).map(|service| observed(service, cluster))
        };
        Ok(ids.iter().map(read).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let clusters = match (among.within("AWS::ECS::Cluster"), among.is_within()) {
            (Some(ids), _) => ids.to_vec(),
            (None, true) => Vec::new(),
            (None, false) => super::cluster::names(cloud).await?,
        };
        let arns =
            abreast(clusters.iter().map(|cluster| describe::service_arns(cloud, cluster).boxed()).collect()).await?;
        let ids = clusters.iter().zip(arns);
        Ok(ids.flat_map(|(cluster, arns)| arns.into_iter().map(move |arn| format!("{arn}|{cluster}"))).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let name = text(wanted.properties, "serviceName").unwrap_or_default().to_owned();
        let cluster = cluster(wanted.properties);
        let found = describe::services(cloud, cluster, &[name]).await?.into_iter();
        let ours = |service: &Described| is_there(service) && tags::has_token(service.tags(), wanted.token);
        Ok(found.filter(ours).find_map(|service| service.service_arn).map(|arn| format!("{arn}|{cluster}")))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "ecs:CreateService";
        let call = prepare(wanted.properties, cloud.ecs.create_service()).map_err(misfit(ACTION))?;
        let answer = call.client_token(wanted.token).send().await.map_err(failed(ACTION)).map_err(taken)?;
        let service = answer.service.unwrap_or_else(|| Described::builder().build());
        let arn = service.service_arn().unwrap_or_default();
        Ok(Created {
            id: format!("{arn}|{}", cluster(wanted.properties)),
            configure: false,
            accepted: Accepted { attributes: attributes(&service), waiting: Some(Watch::begin(&service).to_notes()) },
        })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        const ACTION: &str = "ecs:UpdateService";
        let (arn, cluster) = parts(change.id);
        if change.changes("tags") {
            tags::change(cloud, arn, &changes(change.wanted, change.prior, change.observed)).await?;
        }
        let start = || cloud.ecs.update_service().cluster(cluster).service(arn);
        let anew = || async {
            let wanted: Option<String> = member(change.wanted, "taskDefinition").map_err(misfit(ACTION))?;
            let call = start().force_new_deployment(true).set_task_definition(wanted);
            call.send().await.map_err(failed(ACTION)).map(|answer| answer.service)
        };
        let mut service = if change.changed.is_empty() {
            anew().await?
        } else if change.changed.iter().all(|name| name == "tags") {
            describe::services(cloud, cluster, &[arn.to_owned()]).await?.into_iter().next()
        } else {
            let call = apply(change, start()).map_err(misfit(ACTION))?;
            call.send().await.map_err(failed(ACTION))?.service
        };
        // A deployment that has failed goes on only as another one.
        if service.as_ref().is_some_and(has_failed) {
            service = anew().await?;
        }
        let waiting = service.as_ref().map(|service| Watch::begin(service).to_notes());
        Ok(Accepted { attributes: service.as_ref().map(attributes).unwrap_or_default(), waiting })
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let (arn, cluster) = parts(target.id);
        let call = cloud.ecs.delete_service().cluster(cluster).service(arn).force(true);
        let answer = present(call.send().await.map_err(failed("ecs:DeleteService")))?;
        Ok(Accepted { attributes: JsonMap::new(), waiting: answer.map(|_| JsonMap::new()) })
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let (arn, cluster) = parts(question.id);
        let service = describe::services(cloud, cluster, &[arn.to_owned()]).await?.into_iter().next();
        if question.action == Action::Delete {
            return deleted(cloud, arn, cluster, service.as_ref()).await;
        }
        let draining = service.as_ref().is_some_and(|service| service.status() == Some("DRAINING"));
        let Some(service) = service.filter(is_there) else {
            if draining {
                return Ok(Progress::Failed {
                    reason: "the service was deleted meanwhile".to_owned(),
                    help: "run again: it will be made anew".to_owned(),
                });
            }
            // The INACTIVE one of that name before it may be described for a while.
            return Ok(visible::unseen(question));
        };
        let mut watch = Watch::from_notes(question.waiting);
        let stopped = match watch.needs_tasks(&service) {
            true => describe::stopped_tasks(cloud, arn, cluster).await?,
            false => Vec::new(),
        };
        let progress = judge(&service, &stopped, text(question.wanted, "taskDefinition"), &mut watch);
        *question.waiting = watch.to_notes();
        Ok(match progress {
            Progress::Ready(_) => Progress::Ready(attributes(&service)),
            progress => progress,
        })
    }

    async fn gathered(&self, cloud: &Cloud, question: &Gathering<'_>) -> Result<Gathered, CallError> {
        gather::look(cloud, question).await
    }
}

/// The ARN and the cluster of an identifier.
pub(super) fn parts(id: &str) -> (&str, &str) {
    id.split_once('|').unwrap_or((id, "default"))
}

/// The cluster as declared; ECS takes `default` where there is none.
fn cluster(properties: &JsonMap) -> &str {
    text(properties, "cluster").unwrap_or("default")
}

/// What ECS's refusals mean here: it has one code for all of them.
fn taken(error: CallError) -> CallError {
    let mut error = waits_for_linked_role(error);
    if error.message.contains("not idempotent") {
        error.class = ErrorClass::AlreadyExists;
    } else if error.message.to_lowercase().contains("draining") {
        // One of that name is being deleted.
        error.class = ErrorClass::Busy;
    }
    error
}

/// Where a deletion stands: the name is free once the service is INACTIVE, and what the tasks used once they are gone.
async fn deleted(cloud: &Cloud, arn: &str, cluster: &str, service: Option<&Described>) -> Result<Progress, CallError> {
    let again_in = Duration::from_secs(5);
    let pending = |summary: String| Progress::Pending { summary, news: Vec::new(), again_in };
    if let Some(service) = service.filter(|service| service.status() != Some("INACTIVE")) {
        let left = service.running_count + service.pending_count;
        return Ok(pending(format!("draining, {}", tasks_left(left))));
    }
    let left = describe::tasks(cloud, arn, cluster, DesiredStatus::Running).await?.len();
    Ok(if left == 0 { Progress::Ready(JsonMap::new()) } else { pending(tasks_left(left)) })
}

fn tasks_left(left: impl std::fmt::Display) -> String {
    let left = left.to_string();
    if left == "1" { "1 task left".to_owned() } else { format!("{left} tasks left") }
}

/// A service that is DRAINING is on its way out, and an INACTIVE one is described for a while.
fn is_there(service: &Described) -> bool {
    service.status().is_none_or(|status| status == "ACTIVE")
}

fn has_failed(service: &Described) -> bool {
    let mut primary = service.deployments().iter().filter(|deployment| deployment.status() == Some("PRIMARY"));
    primary.any(|deployment| deployment.rollout_state() == Some(&DeploymentRolloutState::Failed))
}

fn observed(service: &Described, cluster: &str) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "availabilityZoneRebalancing", &service.availability_zone_rebalancing);
    put(&mut properties, "capacityProviderStrategy", &service.capacity_provider_strategy);
    // ECS tells the ARN, whichever form was declared.
    properties.insert("cluster".to_owned(), json!(cluster));
    put(&mut properties, "deploymentConfiguration", &service.deployment_configuration);
    put(&mut properties, "desiredCount", &service.desired_count);
    put(&mut properties, "enableECSManagedTags", &service.enable_ecs_managed_tags);
    put(&mut properties, "enableExecuteCommand", &service.enable_execute_command);
    put(&mut properties, "healthCheckGracePeriodSeconds", &service.health_check_grace_period_seconds);
    put(&mut properties, "launchType", &service.launch_type);
    put(&mut properties, "loadBalancers", &service.load_balancers);
    put(&mut properties, "networkConfiguration", &service.network_configuration);
    put(&mut properties, "platformVersion", &service.platform_version);
    // NONE is the same as leaving it out.
    put(&mut properties, "propagateTags", &service.propagate_tags.clone().filter(|from| *from != PropagateTags::None));
    put(&mut properties, "serviceName", &service.service_name);
    put(&mut properties, "serviceRegistries", &service.service_registries);
    put(&mut properties, "taskDefinition", &service.task_definition);
    properties.insert("tags".to_owned(), tags::told(service.tags()));
    Observed { properties, attributes: attributes(service) }
}

fn attributes(service: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "serviceArn", &service.service_arn);
    put(&mut attributes, "name", &service.service_name);
    attributes
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::kinds::echo;
    use crate::model::Json;

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let kept = Mutex::new(Json::Null);
        let cloud = echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            if action == "CreateService" {
                assert_eq!(parameters["clientToken"], "the-token");
                let mut service = json!(parameters);
                service["serviceArn"] = json!("arn:aws:ecs:eu-west-1:1:service/c/s");
                service["status"] = json!("ACTIVE");
                service["deployments"] = json!([{ "id": "ecs-svc/1", "status": "PRIMARY", "createdAt": 5.5 }]);
                *kept = service;
                return json!({ "service": *kept });
            }
            assert_eq!(parameters["cluster"], kept["cluster"]);
            json!({ "services": [*kept], "failures": [] })
        });
        let properties = echo::everything(&Service);
        let wanted = Create { properties: &properties, token: "the-token" };
        let created = Service.create(&cloud, &wanted).await.unwrap();
        let waiting = created.accepted.waiting.expect("its deployment is waited for");
        assert_eq!((waiting["deployment"].as_str(), waiting["since"].as_f64()), (Some("ecs-svc/1"), Some(5.5)));
        let read = Service.read(&cloud, &[created.id]).await.unwrap().remove(0).expect("it is there");
        echo::assert_same(&read.properties, &properties);
        assert_eq!(read.attributes["serviceArn"], created.accepted.attributes["serviceArn"]);
    }

    async fn updated(changed: &[&str], wanted: Json, rollout: &'static str) -> Vec<Json> {
        let calls = std::sync::Arc::new(Mutex::new(Vec::new()));
        let log = calls.clone();
        let cloud = echo::cloud(move |action, parameters| {
            let mut calls = log.lock().unwrap();
            let first = calls.is_empty();
            if action == "UpdateService" {
                calls.push(json!(parameters));
            }
            let state = if first { rollout } else { "IN_PROGRESS" };
            let deployments = json!([{ "id": "ecs-svc/2", "status": "PRIMARY", "rolloutState": state }]);
            json!({ "service": { "serviceArn": "arn", "status": "ACTIVE", "deployments": deployments } })
        });
        let wanted = wanted.as_object().cloned().unwrap_or_default();
        let changed: Vec<String> = changed.iter().map(|name| (*name).to_owned()).collect();
        let none = JsonMap::new();
        let change = Update {
            id: "arn|c",
            wanted: &wanted,
            observed: &none,
            prior: &none,
            attributes: &none,
            changed: &changed,
            token: "t",
        };
        let accepted = Service.update(&cloud, &change).await.unwrap();
        assert_eq!(accepted.waiting.expect("it is waited for")["deployment"], "ecs-svc/2");
        let calls = calls.lock().unwrap();
        calls.clone()
    }

    #[tokio::test]
    async fn an_update_sends_only_what_changes() {
        let wanted = json!({ "desiredCount": 5, "taskDefinition": "app:2", "serviceRegistries": null });
        let scaled = updated(&["desiredCount"], wanted.clone(), "COMPLETED").await;
        assert_eq!(scaled, [json!({ "cluster": "c", "service": "arn", "desiredCount": 5 })]);
        let bare = updated(&["serviceRegistries", "propagateTags"], wanted, "IN_PROGRESS").await;
        let expected = json!({ "cluster": "c", "service": "arn", "serviceRegistries": [], "propagateTags": "NONE" });
        assert_eq!(bare, [expected]);
    }

    #[tokio::test]
    async fn a_failed_deployment_is_begun_anew() {
        let wanted = json!({ "desiredCount": 5, "taskDefinition": "app:2" });
        let anew = json!({ "cluster": "c", "service": "arn", "taskDefinition": "app:2", "forceNewDeployment": true });
        assert_eq!(updated(&[], wanted.clone(), "IN_PROGRESS").await, std::slice::from_ref(&anew));
        let scaled = json!({ "cluster": "c", "service": "arn", "desiredCount": 5 });
        assert_eq!(updated(&["desiredCount"], wanted, "FAILED").await, [scaled, anew]);
    }

    #[tokio::test]
    async fn a_service_that_does_not_show_yet_is_waited_for_and_one_being_deleted_is_not() {
        for (status, looks) in [("INACTIVE", 120), ("DRAINING", 0)] {
            let cloud = echo::cloud(move |_, _| json!({ "services": [{ "status": status }] }));
            let (none, mut waiting, mut patient) = (JsonMap::new(), JsonMap::new(), 0);
            loop {
                let mut question = Poll {
                    id: "arn|c",
                    action: Action::Create,
                    waiting: &mut waiting,
                    attributes: &none,
                    wanted: &none,
                };
                match Service.poll(&cloud, &mut question).await.unwrap() {
                    Progress::Pending { .. } => patient += 1,
                    progress => break assert!(matches!(progress, Progress::Failed { .. }), "{progress:?}"),
                }
            }
            assert_eq!(patient, looks, "{status}");
        }
    }

    #[tokio::test]
    async fn a_deletion_ends_when_the_service_is_inactive_and_its_tasks_are_gone() {
        let question = std::sync::atomic::AtomicU32::new(0);
        let cloud = echo::cloud(move |action, _| {
            let asked =
                question.fetch_add(u32::from(action == "DescribeServices"), std::sync::atomic::Ordering::SeqCst);
            match (action, asked) {
                ("DescribeServices", 0) => json!({ "services": [{ "status": "DRAINING", "runningCount": 2 }] }),
                ("DescribeServices", 1 | 2) => json!({ "services": [{ "status": "INACTIVE" }] }),
                ("ListTasks", 2) => json!({ "taskArns": ["arn:task"] }),
                _ => json!({ "__type": "ServiceNotFoundException" }),
            }
        });
        let none = JsonMap::new();
        let mut shown = Vec::new();
        for _ in 0..3 {
            let mut waiting = JsonMap::new();
            let mut question = Poll {
                id: "arn:aws:ecs:r:1:service/c/s|c",
                action: Action::Delete,
                waiting: &mut waiting,
                attributes: &none,
                wanted: &none,
            };
            shown.push(match Service.poll(&cloud, &mut question).await.unwrap() {
                Progress::Pending { summary, .. } => summary,
                other => format!("{other:?}"),
            });
        }
        assert_eq!(shown, ["draining, 2 tasks left", "1 task left", "Ready({})"]);
    }
}
