//! `AWS::ECS::ClusterCapacityProviderAssociations`: which capacity providers a cluster has, and its default strategy, as
//! a resource of its own. The cluster is named by its name or ARN, which is the identifier.
//!
//! A cluster can declare the same itself: a script that has both is refused, and a cluster that has capacity providers
//! already is not taken over, unless they are the ones that are wanted.

use std::collections::{BTreeMap, HashMap};

use async_trait::async_trait;
use aws_sdk_ecs::types::{CapacityProviderStrategyItem, Cluster as Described};
use futures::FutureExt;
use serde_json::json;

use super::cluster::{attachments, describe, is_settled, is_there, names};
use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;
use crate::kinds::json::{member, misfit, put, text};
use crate::kinds::listing::Among;
use crate::kinds::{Accepted, Action, Create, Created, Delete, Facts, Kind, Observed, Poll, Progress, Update};
use crate::model::{JsonMap, Value, diff, schemas};

/// The kind.
#[derive(Debug)]
pub struct ClusterCapacityProviderAssociations;

static FACTS: Facts = Facts {
    type_name: "AWS::ECS::ClusterCapacityProviderAssociations",
    sends: &["capacityProviders", "cluster", "defaultCapacityProviderStrategy"],
    except: &[],
    replaces: &[],
    name: None,
    unique_by: &[&["cluster"]],
    deletable_in_use: false,
    arn: None,
};

/// Clusters a DescribeClusters call takes.
const BATCH: usize = 100;
const PUT: &str = "ecs:PutClusterCapacityProviders";

#[async_trait]
impl Kind for ClusterCapacityProviderAssociations {
    fn facts(&self) -> &'static Facts {
        &FACTS
    }

    async fn read(&self, cloud: &Cloud, ids: &[String]) -> Result<Vec<Option<Observed>>, CallError> {
        let calls = ids.chunks(BATCH).map(|ids| describe(cloud, ids).boxed()).collect();
        let found: Vec<Described> = abreast(calls).await?.into_iter().flatten().filter(is_there).collect();
        let named = found.iter().flat_map(|cluster| {
            let names = [cluster.cluster_name(), cluster.cluster_arn()];
            names.into_iter().flatten().map(move |name| (name, cluster))
        });
        let named: HashMap<&str, &Described> = named.collect();
        let of = |id: &String| named.get(id.as_str()).copied();
        Ok(ids.iter().map(|id| of(id).filter(|cluster| has_any(cluster)).map(|one| observed(id, one))).collect())
    }

    async fn list(&self, cloud: &Cloud, among: Among<'_>) -> Result<Vec<String>, CallError> {
        let clusters = match (among.within("AWS::ECS::Cluster"), among.is_within()) {
            (Some(ids), _) => ids.to_vec(),
            (None, true) => Vec::new(),
            (None, false) => names(cloud).await?,
        };
        let found = self.read(cloud, &clusters).await?;
        Ok(clusters.into_iter().zip(found).filter_map(|(name, found)| found.map(|_| name)).collect())
    }

    async fn find(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Option<String>, CallError> {
        let id = id_of(wanted.properties);
        let there = self.read(cloud, std::slice::from_ref(&id)).await?.pop().flatten();
        Ok(there.filter(|there| is_wanted(there, wanted.properties)).map(|_| id))
    }

    async fn create(&self, cloud: &Cloud, wanted: &Create<'_>) -> Result<Created, CallError> {
        let id = id_of(wanted.properties);
        let there = self.read(cloud, std::slice::from_ref(&id)).await?.pop().flatten();
        if there.is_some_and(|there| !is_wanted(&there, wanted.properties)) {
            let message = format!("the cluster `{id}` has other capacity providers already");
            return Err(CallError::new(PUT, "CapacityProvidersAlreadyExists", message));
        }
        let accepted = send(cloud, &id, wanted.properties).await?;
        Ok(Created { id, configure: false, accepted })
    }

    async fn update(&self, cloud: &Cloud, change: &Update<'_>) -> Result<Accepted, CallError> {
        send(cloud, change.id, change.wanted).await
    }

    async fn delete(&self, cloud: &Cloud, target: &Delete<'_>) -> Result<Accepted, CallError> {
        Ok(present(send(cloud, target.id, &JsonMap::new()).await)?.unwrap_or_default())
    }

    async fn poll(&self, cloud: &Cloud, question: &mut Poll<'_>) -> Result<Progress, CallError> {
        let found = describe(cloud, &[question.id.to_owned()]).await?.into_iter().find(is_there);
        Ok(match (question.action, found) {
            (_, Some(cluster)) => attachments(&cluster, JsonMap::new),
            (Action::Delete, None) => Progress::Ready(JsonMap::new()),
            (_, None) => Progress::Failed {
                reason: "the cluster is gone".to_owned(),
                help: "run again: it will be made anew".to_owned(),
            },
        })
    }
}

fn id_of(properties: &JsonMap) -> String {
    text(properties, "cluster").unwrap_or_default().to_owned()
}

/// Sets both lists: what is left out is taken away.
async fn send(cloud: &Cloud, cluster: &str, wanted: &JsonMap) -> Result<Accepted, CallError> {
    let providers: Option<Vec<String>> = member(wanted, "capacityProviders").map_err(misfit(PUT))?;
    let strategy: Option<Vec<CapacityProviderStrategyItem>> =
        member(wanted, "defaultCapacityProviderStrategy").map_err(misfit(PUT))?;
    let call = cloud.ecs.put_cluster_capacity_providers().cluster(cluster);
    let call = call.set_capacity_providers(Some(providers.unwrap_or_default()));
    let call = call.set_default_capacity_provider_strategy(Some(strategy.unwrap_or_default()));
    let answer = call.send().await.map_err(failed(PUT))?;
    let waiting = answer.cluster().is_some_and(|cluster| !is_settled(cluster)).then(JsonMap::new);
    Ok(Accepted { attributes: JsonMap::new(), waiting })
}

/// Whether a cluster has anything of what this is about.
fn has_any(cluster: &Described) -> bool {
    !cluster.capacity_providers().is_empty() || !cluster.default_capacity_provider_strategy().is_empty()
}

/// Whether there is no difference between what is there and what is wanted.
fn is_wanted(there: &Observed, wanted: &JsonMap) -> bool {
    let wanted: BTreeMap<String, Value> =
        wanted.iter().map(|(name, json)| (name.clone(), Value::from_json(json))).collect();
    let differ = |schema| !diff::differences(schema, &wanted, &wanted, Some(&there.properties)).is_empty();
    schemas().by_type(FACTS.type_name).is_some_and(|schema| !differ(schema))
}

fn observed(id: &str, cluster: &Described) -> Observed {
    let mut properties = JsonMap::new();
    // As it was declared: name or ARN.
    properties.insert("cluster".to_owned(), json!(id));
    put(&mut properties, "capacityProviders", &cluster.capacity_providers);
    put(&mut properties, "defaultCapacityProviderStrategy", &cluster.default_capacity_provider_strategy);
    Observed { properties, attributes: JsonMap::new() }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::cloud::ErrorClass;
    use crate::kinds::echo;
    use crate::model::Json;

    #[tokio::test]
    async fn everything_claimed_is_sent_and_read_back() {
        let kept = Mutex::new(json!({ "clusterName": "c", "status": "ACTIVE" }));
        let cloud = echo::cloud(move |action, parameters| {
            let mut kept = kept.lock().unwrap();
            if action == "PutClusterCapacityProviders" {
                kept["clusterName"] = parameters["cluster"].clone();
                for name in ["capacityProviders", "defaultCapacityProviderStrategy"] {
                    kept[name] = parameters[name].clone();
                }
            }
            json!({ "cluster": *kept, "clusters": [*kept] })
        });
        let kind = ClusterCapacityProviderAssociations;
        let properties = echo::everything(&kind);
        let created = kind.create(&cloud, &Create { properties: &properties, token: "t" }).await.unwrap();
        let read = kind.read(&cloud, &[created.id]).await.unwrap().remove(0).expect("it is there");
        echo::assert_same(&read.properties, &properties);
    }

    #[tokio::test]
    async fn a_cluster_that_has_other_providers_is_not_taken_over() {
        let cloud = echo::cloud(|_, _| {
            let cluster = json!({ "clusterName": "c", "status": "ACTIVE", "capacityProviders": ["FARGATE"] });
            json!({ "cluster": cluster, "clusters": [cluster] })
        });
        let wanted = |providers: Json| json!({ "cluster": "c", "capacityProviders": providers, "defaultCapacityProviderStrategy": [] });
        for (providers, ours) in [(json!(["FARGATE"]), true), (json!(["FARGATE_SPOT"]), false)] {
            let properties = wanted(providers);
            let wanted = Create { properties: properties.as_object().expect("an object"), token: "t" };
            let kind = ClusterCapacityProviderAssociations;
            assert_eq!(kind.find(&cloud, &wanted).await.unwrap().is_some(), ours);
            match kind.create(&cloud, &wanted).await {
                Ok(_) => assert!(ours),
                Err(error) => assert!(!ours && error.class == ErrorClass::AlreadyExists, "{error}"),
            }
        }
    }
}
