//! `AWS::ECS::Cluster`.

use std::time::Duration;

use async_trait::async_trait;
use aws_sdk_ecs::types::{
    CapacityProviderStrategyItem, Cluster as Described, ClusterConfiguration, ClusterField,
    ClusterServiceConnectDefaultsRequest, ClusterSetting, ClusterSettingName, ExecuteCommandConfiguration,
    ExecuteCommandLogConfiguration, ExecuteCommandLogging, ManagedStorageConfiguration,
};
use futures::FutureExt;

use super::{tags, waits_for_linked_role};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{Misfit, member, misfit, object, put, text, words};
use crate::kinds::listing::Among;
use crate::kinds::tags::changes;
use crate::kinds::{
    Accepted, Action, Create, Created, Delete, Facts, Kind, NameRule, Observed, Poll, Progress, Update,
};
use crate::model::JsonMap;

words!(ClusterSettingName, ExecuteCommandLogging);

object! {
    CapacityProviderStrategyItem {
        "base" base set_base,
        "capacityProvider" capacity_provider set_capacity_provider,
        "weight" weight set_weight,
    }
    ClusterConfiguration {
        "executeCommandConfiguration" execute_command_configuration set_execute_command_configuration,
        "managedStorageConfiguration" managed_storage_configuration set_managed_storage_configuration,
    }
    ClusterServiceConnectDefaultsRequest {
        "namespace" namespace set_namespace,
    }
    ClusterSetting {
        "name" name set_name,
        "value" value set_value,
    }
    ExecuteCommandConfiguration {
        "kmsKeyId" kms_key_id set_kms_key_id,
        "logConfiguration" log_configuration set_log_configuration,
        "logging" logging set_logging,
    }
    ExecuteCommandLogConfiguration {
        "cloudWatchEncryptionEnabled" cloud_watch_encryption_enabled set_cloud_watch_encryption_enabled,
        "cloudWatchLogGroupName" cloud_watch_log_group_name set_cloud_watch_log_group_name,
        "s3BucketName" s3_bucket_name set_s3_bucket_name,
        "s3EncryptionEnabled" s3_encryption_enabled set_s3_encryption_enabled,
        "s3KeyPrefix" s3_key_prefix set_s3_key_prefix,
    }
    ManagedStorageConfiguration {
        "fargateEphemeralStorageKmsKeyId" fargate_ephemeral_storage_kms_key_id set_fargate_ephemeral_storage_kms_key_id,
        "kmsKeyId" kms_key_id set_kms_key_id,
    }
}

/// The kind.
#[derive(Debug)]
pub struct Cluster;

static FACTS: Facts = Facts {
    type_name: "AWS::ECS::Cluster",
    sends: &[
        "capacityProviders",
        "clusterName",
        "clusterSettings",
        "configuration",
        "defaultCapacityProviderStrategy",
        "serviceConnectDefaults",
        "tags",
    ],
    except: &[],
    replaces: &[],
    name: Some(NameRule { property: "clusterName", max: 255 }),
    unique_by: &[&["clusterName"]],
    deletable_in_use: false,
    arn: Some("arn"),
};

/// Clusters a DescribeClusters call takes.
const BATCH: usize = 100;

#[async_trait]
impl Kind for Cluster {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let calls = ids.chunks(BATCH).map(|ids| describe(cloud, ids).boxed()).collect();
        let found: Vec<Described> = abreast(calls).await?.into_iter().flatten().collect();
        let of = |id: &String| found.iter().find(|cluster| cluster.cluster_name() == Some(id) && is_there(cluster));
        Ok(ids.iter().map(|id| of(id).map(observed)).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        if among.is_within() { Ok(Vec::new()) } else { names(cloud).await }
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let name = text(wanted.properties, "clusterName").unwrap_or_default().to_owned();
        let found = describe(cloud, std::slice::from_ref(&name)).await?;
        let ours = found.iter().any(|cluster| is_there(cluster) && tags::has_token(cluster.tags(), wanted.token));
        Ok(ours.then_some(name))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        const ACTION: &str = "ecs:CreateCluster";
        // CreateCluster answers with the cluster of that name when there is one, whoever made it.
        let name = text(wanted.properties, "clusterName").unwrap_or_default().to_owned();
        let taken = describe(cloud, std::slice::from_ref(&name)).await?.into_iter().find(is_there);
        if taken.is_some_and(|cluster| !tags::has_token(cluster.tags(), wanted.token)) {
            let message = format!("there is a cluster named `{name}` already");
            return Err(CallError::new(ACTION, "ClusterAlreadyExists", message));
        }
        let call = prepare(wanted.properties, cloud.ecs.create_cluster()).map_err(misfit(ACTION))?;
        let answer = call.send().await.map_err(failed(ACTION)).map_err(waits_for_linked_role)?;
        let cluster = answer.cluster();
        Ok(Created {
            id: name,
            configure: false,
            accepted: Accepted {
                attributes: cluster.map(attributes).unwrap_or_default(),
                waiting: cluster.is_some_and(|cluster| !is_settled(cluster)).then(JsonMap::new),
            },
        })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        const ACTION: &str = "ecs:UpdateCluster";
        const CAPACITY: &str = "ecs:PutClusterCapacityProviders";
        let mut waiting = None;
        if ["clusterSettings", "configuration", "serviceConnectDefaults"].iter().any(|name| change.changes(name)) {
            let mut call = cloud.ecs.update_cluster().cluster(change.id);
            if change.changes("clusterSettings") {
                call = call.set_settings(Some(settings(change).map_err(misfit(ACTION))?));
            }
            if change.changes("configuration") {
                let wanted = member(change.wanted, "configuration").map_err(misfit(ACTION))?;
                call = call.configuration(wanted.unwrap_or_else(no_configuration));
            }
            if change.changes("serviceConnectDefaults") {
                let wanted = member(change.wanted, "serviceConnectDefaults").map_err(misfit(ACTION))?;
                // An empty name takes the default away.
                let none = || ClusterServiceConnectDefaultsRequest::builder().namespace("").build().ok();
                call = call.set_service_connect_defaults(wanted.or_else(none));
            }
            call.send().await.map_err(failed(ACTION))?;
        }
        if change.changes("capacityProviders") || change.changes("defaultCapacityProviderStrategy") {
            let providers: Option<Vec<String>> =
                member(change.wanted, "capacityProviders").map_err(misfit(CAPACITY))?;
            let strategy: Option<Vec<CapacityProviderStrategyItem>> =
                member(change.wanted, "defaultCapacityProviderStrategy").map_err(misfit(CAPACITY))?;
            let call = cloud.ecs.put_cluster_capacity_providers().cluster(change.id);
            let call = call.set_capacity_providers(Some(providers.unwrap_or_default()));
            let call = call.set_default_capacity_provider_strategy(Some(strategy.unwrap_or_default()));
            let answer = call.send().await.map_err(failed(CAPACITY))?;
            waiting = answer.cluster().is_some_and(|cluster| !is_settled(cluster)).then(JsonMap::new);
        }
        if let (true, Some(arn)) = (change.changes("tags"), text(change.attributes, "arn")) {
            tags::change(cloud, arn, &changes(change.wanted, change.prior, change.observed)).await?;
        }
        Ok(Accepted { attributes: JsonMap::new(), waiting })
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        let call = cloud.ecs.delete_cluster().cluster(target.id);
        let answer = present(call.send().await.map_err(failed("ecs:DeleteCluster")))?;
        let going = answer.and_then(|answer| answer.cluster).is_some_and(|cluster| is_there(&cluster));
        Ok(Accepted { attributes: JsonMap::new(), waiting: going.then(JsonMap::new) })
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let found = describe(cloud, &[question.id.to_owned()]).await?.into_iter().find(is_there);
        Ok(match (question.action, found) {
            (Action::Delete, None) => Progress::Ready(JsonMap::new()),
            (_, None) => Progress::Failed {
                reason: "the cluster is gone".to_owned(),
                help: "run again: it will be made anew".to_owned(),
            },
            (Action::Create | Action::Update, Some(cluster)) => attachments(&cluster, || attributes(&cluster)),
            (Action::Delete, Some(cluster)) => pending(&cluster),
        })
    }
}

fn prepare(
    properties: &JsonMap,
    call: aws_sdk_ecs::operation::create_cluster::builders::CreateClusterFluentBuilder,
) -> Result<aws_sdk_ecs::operation::create_cluster::builders::CreateClusterFluentBuilder, Misfit> {
    Ok(call
        .set_cluster_name(member(properties, "clusterName")?)
        .set_settings(member(properties, "clusterSettings")?)
        .set_configuration(member(properties, "configuration")?)
        .set_capacity_providers(member(properties, "capacityProviders")?)
        .set_default_capacity_provider_strategy(member(properties, "defaultCapacityProviderStrategy")?)
        .set_service_connect_defaults(member(properties, "serviceConnectDefaults")?)
        .set_tags(tags::to_send(properties)))
}

/// Settings as wanted; one that was set and is no longer wanted is disabled, for it cannot be taken away.
fn settings(change: &Update<'_>) -> Result<Vec<ClusterSetting>, Misfit> {
    let mut wanted: Vec<ClusterSetting> = member(change.wanted, "clusterSettings")?.unwrap_or_default();
    let prior: Vec<ClusterSetting> = member(change.prior, "clusterSettings")?.unwrap_or_default();
    for setting in prior {
        if !wanted.iter().any(|wanted| wanted.name == setting.name) {
            wanted.push(ClusterSetting::builder().set_name(setting.name).value("disabled").build());
        }
    }
    Ok(wanted)
}

/// What a cluster has for which no configuration was given.
fn no_configuration() -> ClusterConfiguration {
    let commands = ExecuteCommandConfiguration::builder().logging(ExecuteCommandLogging::Default).build();
    ClusterConfiguration::builder().execute_command_configuration(commands).build()
}

/// Clusters by name or ARN.
pub(super) async fn describe(cloud: &Cloud, names: &[String]) -> Result<Vec<Described>, CallError> {
    let call = cloud.ecs.describe_clusters().set_clusters(Some(names.to_vec()));
    let call = call.include(ClusterField::Tags).include(ClusterField::Settings).include(ClusterField::Configurations);
    // Absent ones are told in `failures`, as MISSING.
    Ok(call.send().await.map_err(failed("ecs:DescribeClusters"))?.clusters.unwrap_or_default())
}

/// Names of the clusters there are.
pub(super) async fn names(cloud: &Cloud) -> Result<Vec<String>, CallError> {
    let mut pages = cloud.ecs.list_clusters().into_paginator().send();
    let mut names = Vec::new();
    while let Some(page) = pages.next().await {
        let arns = page.map_err(failed("ecs:ListClusters"))?.cluster_arns.unwrap_or_default();
        names.extend(arns.iter().filter_map(|arn| arn.rsplit('/').next()).map(str::to_owned));
    }
    Ok(names)
}

/// An INACTIVE cluster is still described after its deletion.
pub(super) fn is_there(cluster: &Described) -> bool {
    cluster.status() != Some("INACTIVE")
}

/// Whether nothing is being attached or detached.
pub(super) fn is_settled(cluster: &Described) -> bool {
    cluster.status() == Some("ACTIVE") && cluster.attachments_status().is_none_or(|status| status == "UPDATE_COMPLETE")
}

/// Where the capacity providers of a cluster stand; `ready` has the attributes once they are attached.
pub(super) fn attachments(cluster: &Described, ready: impl FnOnce() -> JsonMap) -> Progress {
    if is_settled(cluster) {
        return Progress::Ready(ready());
    }
    if has_failed(cluster) {
        return Progress::Failed {
            reason: "the cluster's capacity providers could not be attached".to_owned(),
            help: "look at `capacityProviders`; without it the cluster needs nothing attached".to_owned(),
        };
    }
    pending(cluster)
}

fn pending(cluster: &Described) -> Progress {
    let status = cluster.attachments_status().or(cluster.status()).unwrap_or("unknown");
    let summary = status.to_lowercase().replace('_', " ");
    Progress::Pending { summary, news: Vec::new(), again_in: Duration::from_secs(2) }
}

/// A cluster that is ACTIVE tells in the state of its attachments that they failed.
fn has_failed(cluster: &Described) -> bool {
    cluster.status() == Some("FAILED") || cluster.attachments_status() == Some("UPDATE_FAILED")
}

fn attributes(cluster: &Described) -> JsonMap {
    let mut attributes = JsonMap::new();
    put(&mut attributes, "arn", &cluster.cluster_arn);
    attributes
}

fn observed(cluster: &Described) -> Observed {
    let mut properties = JsonMap::new();
    put(&mut properties, "clusterName", &cluster.cluster_name);
    put(&mut properties, "clusterSettings", &cluster.settings);
    put(&mut properties, "configuration", &cluster.configuration);
    put(&mut properties, "capacityProviders", &cluster.capacity_providers);
    put(&mut properties, "defaultCapacityProviderStrategy", &cluster.default_capacity_provider_strategy);
    properties.insert("tags".to_owned(), tags::told(cluster.tags()));
    Observed { properties, attributes: attributes(cluster) }
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
            if action == "CreateCluster" {
                assert!(parameters["serviceConnectDefaults"]["namespace"].is_string());
                let mut cluster = json!(parameters);
                cluster["clusterArn"] = json!("arn:1");
                cluster["status"] = json!("ACTIVE");
                *kept = cluster;
            }
            let found = if kept.is_null() { json!([]) } else { json!([*kept]) };
            json!({ "cluster": *kept, "clusters": found, "failures": [] })
        });
        let mut properties = echo::everything(&Cluster);
        let created = Cluster.create(&cloud, &Create { properties: &properties, token: "t" }).await.unwrap();
        assert_eq!(created.accepted.waiting, None);
        let read = Cluster.read(&cloud, &[created.id]).await.unwrap().remove(0).expect("it is there");
        properties.remove("serviceConnectDefaults");
        echo::assert_same(&read.properties, &properties);
        assert_eq!(read.attributes, created.accepted.attributes);
    }

    #[tokio::test]
    async fn attachments_that_failed_are_a_failure() {
        for (status, attachments) in [("FAILED", "UPDATE_IN_PROGRESS"), ("ACTIVE", "UPDATE_FAILED")] {
            let cloud = echo::cloud(
                move |_, _| json!({ "clusters": [{ "clusterName": "c", "status": status, "attachmentsStatus": attachments }] }),
            );
            let (none, mut waiting) = (JsonMap::new(), JsonMap::new());
            let mut question =
                Poll { id: "c", action: Action::Update, waiting: &mut waiting, attributes: &none, wanted: &none };
            let progress = Cluster.poll(&cloud, &mut question).await.unwrap();
            assert!(matches!(progress, Progress::Failed { .. }), "{status} {attachments}: {progress:?}");
        }
    }

    #[tokio::test]
    async fn the_first_cluster_of_an_account_waits_for_the_role_that_is_made_for_it() {
        let message =
            "Unable to assume the service linked role. Please verify that the ECS service linked role exists.";
        let cloud = echo::cloud(move |action, _| match action {
            "CreateCluster" => json!({ "__type": "InvalidParameterException", "message": message }),
            _ => json!({ "clusters": [] }),
        });
        let properties = JsonMap::from_iter([("clusterName".to_owned(), json!("c"))]);
        let error = Cluster.create(&cloud, &Create { properties: &properties, token: "t" }).await.unwrap_err();
        assert_eq!(error.class, crate::cloud::ErrorClass::Busy);
    }

    #[tokio::test]
    async fn a_cluster_of_that_name_is_not_taken_over_unless_this_call_made_it() {
        let cloud = echo::cloud(|action, _| {
            let tags = json!([{ "key": "hzscript:token", "value": "ours" }]);
            let cluster = json!({ "clusterName": "c", "clusterArn": "arn:1", "status": "ACTIVE", "tags": tags });
            match action {
                "CreateCluster" => json!({ "cluster": cluster }),
                _ => json!({ "clusters": [cluster] }),
            }
        });
        let properties = JsonMap::from_iter([("clusterName".to_owned(), json!("c"))]);
        let theirs = Create { properties: &properties, token: "another" };
        let error = Cluster.create(&cloud, &theirs).await.unwrap_err();
        assert_eq!(error.class, crate::cloud::ErrorClass::AlreadyExists);
        assert_eq!(Cluster.find(&cloud, &theirs).await.unwrap(), None);
        let ours = Create { properties: &properties, token: "ours" };
        assert_eq!(Cluster.find(&cloud, &ours).await.unwrap().as_deref(), Some("c"));
        assert_eq!(Cluster.create(&cloud, &ours).await.unwrap().id, "c");
    }
}
