//! Clusters.

use aws_sdk_ecs::types::{Cluster as Described, ClusterField};
use futures::FutureExt;
use serde::Serialize;

use super::{Live, LiveError, Sort, count, last};
use crate::cloud::{CallError, failed};
use crate::kinds::abreast::abreast;

/// Clusters a DescribeClusters call takes (ECS API reference).
const BATCH: usize = 100;

/// An ECS cluster that is not deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cluster {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// `ACTIVE`, `PROVISIONING`, `DEPROVISIONING` or `FAILED`.
    pub status: String,
    /// How many services are active in it.
    pub services: u32,
    /// How many of its tasks run.
    pub running: u32,
    /// How many are about to.
    pub pending: u32,
    /// Its capacity providers, such as `FARGATE_SPOT`.
    pub capacity_providers: Vec<String>,
}

impl Cluster {
    fn of(described: Described) -> Self {
        Self {
            name: described.cluster_name.unwrap_or_default(),
            arn: described.cluster_arn.unwrap_or_default(),
            status: described.status.unwrap_or_default(),
            services: count(described.active_services_count),
            running: count(described.running_tasks_count),
            pending: count(described.pending_tasks_count),
            capacity_providers: described.capacity_providers.unwrap_or_default(),
        }
    }
}

impl Live {
    /// The clusters, by name.
    ///
    /// # Errors
    /// When `ecs:ListClusters` or `ecs:DescribeClusters` fails.
    pub async fn clusters(&self) -> Result<Vec<Cluster>, LiveError> {
        let pages = self.cloud.ecs.list_clusters().into_paginator().items().send();
        let arns: Vec<String> = pages.collect::<Result<_, _>>().await.map_err(failed("ecs:ListClusters"))?;
        let calls = arns.chunks(BATCH).map(|arns| self.described_clusters(arns).boxed()).collect();
        let mut clusters: Vec<Cluster> = abreast(calls).await?.into_iter().flatten().collect();
        clusters.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(clusters)
    }

    /// The cluster of a name or an ARN.
    ///
    /// # Errors
    /// [`LiveError::NotFound`], or when a call fails.
    pub async fn cluster(&self, name: &str) -> Result<Cluster, LiveError> {
        match self.described_clusters(&[name.to_owned()]).await?.into_iter().next() {
            Some(cluster) => Ok(cluster),
            None => {
                let there = self.clusters().await?.into_iter().map(|cluster| cluster.name).collect();
                Err(LiveError::not_found(Sort::Cluster, last(name), None, there))
            }
        }
    }

    async fn described_clusters(&self, names: &[String]) -> Result<Vec<Cluster>, CallError> {
        let call = self.cloud.ecs.describe_clusters().set_clusters(Some(names.to_vec()));
        let answer = call.include(ClusterField::Statistics).send().await.map_err(failed("ecs:DescribeClusters"))?;
        let described = answer.clusters.unwrap_or_default().into_iter();
        // Deleted ones are told of for a while.
        Ok(described.filter(|one| one.status() != Some("INACTIVE")).map(Cluster::of).collect())
    }
}
