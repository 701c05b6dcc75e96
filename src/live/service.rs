//! Services, their deployments and their events.

use aws_sdk_ecs::types::{Deployment as Deployed, Service as Described, ServiceEvent as Told};
use futures::FutureExt;
use jiff::Timestamp;
use serde::Serialize;

use super::{Live, LiveError, Sort, count, last, time};
use crate::kinds::abreast::abreast;
use crate::kinds::ecs::describe;

/// Services a DescribeServices call takes (ECS API reference).
const BATCH: usize = 10;

/// A service that is not deleted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Service {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// The name of its cluster.
    pub cluster: String,
    /// `ACTIVE` or `DRAINING`.
    pub status: String,
    /// How many tasks are wanted.
    pub desired: u32,
    /// How many run.
    pub running: u32,
    /// How many are about to.
    pub pending: u32,
    /// The task definition of the newest deployment, as `family:revision`.
    pub definition: String,
    /// `FARGATE`, `EC2` or `EXTERNAL`; none when capacity providers are used.
    pub launch_type: Option<String>,
    /// When it was made.
    pub created: Option<Timestamp>,
    /// Its deployments, the newest first.
    pub deployments: Vec<Deployment>,
    /// What ECS tells of it, the newest first, a hundred at most.
    pub events: Vec<ServiceEvent>,
    /// The subnets that its tasks are put in.
    pub subnets: Vec<String>,
    /// The security groups of its tasks.
    pub security_groups: Vec<String>,
    /// ARNs of the Cloud Map services that its tasks are registered in.
    pub registries: Vec<String>,
    /// ARNs of the target groups that its tasks are registered in.
    pub target_groups: Vec<String>,
    /// Whether the tasks that it starts can be entered (ECS Exec).
    pub exec: bool,
}

impl Service {
    /// Whether its only deployment is complete and as many tasks run as are wanted.
    pub fn is_steady(&self) -> bool {
        let completed =
            |deployment: &Deployment| deployment.rollout.as_deref().is_none_or(|state| state == "COMPLETED");
        self.deployments.len() <= 1
            && self.deployments.iter().all(completed)
            && self.running == self.desired
            && self.pending == 0
    }

    pub(super) fn of(described: Described) -> Self {
        let network = described.network_configuration.and_then(|network| network.awsvpc_configuration);
        let (subnets, groups) = network.map(|one| (one.subnets, one.security_groups)).unwrap_or_default();
        let name = described.service_name.unwrap_or_default();
        let events = described.events.unwrap_or_default();
        Self {
            arn: described.service_arn.unwrap_or_default(),
            cluster: last(described.cluster_arn.as_deref().unwrap_or_default()).to_owned(),
            status: described.status.unwrap_or_default(),
            desired: count(described.desired_count),
            running: count(described.running_count),
            pending: count(described.pending_count),
            definition: last(described.task_definition.as_deref().unwrap_or_default()).to_owned(),
            launch_type: described.launch_type.map(|launch| launch.as_str().to_owned()),
            created: time(described.created_at.as_ref()),
            deployments: described.deployments.unwrap_or_default().into_iter().map(Deployment::of).collect(),
            events: events.into_iter().map(|event| ServiceEvent::of(&name, event)).collect(),
            subnets,
            security_groups: groups.unwrap_or_default(),
            registries: (described.service_registries.unwrap_or_default().into_iter())
                .filter_map(|registry| registry.registry_arn)
                .collect(),
            target_groups: (described.load_balancers.unwrap_or_default().into_iter())
                .filter_map(|balancer| balancer.target_group_arn)
                .collect(),
            exec: described.enable_execute_command,
            name,
        }
    }
}

/// A deployment of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Deployment {
    /// Its identifier, such as `ecs-svc/1234567890123456789`.
    pub id: String,
    /// `PRIMARY` for the newest, `ACTIVE` for one that is being replaced, `INACTIVE`.
    pub status: String,
    /// Its task definition, as `family:revision`.
    pub definition: String,
    /// How many tasks it wants.
    pub desired: u32,
    /// How many of its tasks run.
    pub running: u32,
    /// How many are about to.
    pub pending: u32,
    /// How many failed one after the other.
    pub failed: u32,
    /// `IN_PROGRESS`, `COMPLETED` or `FAILED`; none where ECS does not deploy.
    pub rollout: Option<String>,
    /// What ECS says of that.
    pub reason: Option<String>,
    /// When it began.
    pub created: Option<Timestamp>,
    /// When it last changed.
    pub updated: Option<Timestamp>,
}

impl Deployment {
    fn of(deployed: Deployed) -> Self {
        Self {
            id: deployed.id.unwrap_or_default(),
            status: deployed.status.unwrap_or_default(),
            definition: last(deployed.task_definition.as_deref().unwrap_or_default()).to_owned(),
            desired: count(deployed.desired_count),
            running: count(deployed.running_count),
            pending: count(deployed.pending_count),
            failed: count(deployed.failed_tasks),
            rollout: deployed.rollout_state.map(|state| state.as_str().to_owned()),
            reason: deployed.rollout_state_reason.filter(|reason| !reason.is_empty()),
            created: time(deployed.created_at.as_ref()),
            updated: time(deployed.updated_at.as_ref()),
        }
    }
}

/// What ECS tells of a service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ServiceEvent {
    /// Its identifier.
    pub id: String,
    /// The service's name.
    pub service: String,
    /// When it was told.
    pub time: Option<Timestamp>,
    /// AWS's words.
    pub message: String,
}

impl ServiceEvent {
    fn of(service: &str, told: Told) -> Self {
        Self {
            id: told.id.unwrap_or_default(),
            service: service.to_owned(),
            time: time(told.created_at.as_ref()),
            message: told.message.unwrap_or_default(),
        }
    }
}

impl Live {
    /// The services of a cluster, by name.
    ///
    /// # Errors
    /// [`LiveError::NotFound`] when there is no such cluster; when a call fails.
    pub async fn services(&self, cluster: &str) -> Result<Vec<Service>, LiveError> {
        let arns = describe::service_arns(&self.cloud, cluster).await?;
        if arns.is_empty() {
            self.cluster(cluster).await?;
        }
        let calls = arns.chunks(BATCH).map(|arns| describe::services(&self.cloud, cluster, arns).boxed()).collect();
        let described = abreast(calls).await?.into_iter().flatten();
        let mut services: Vec<Service> = described.map(Service::of).filter(is_there).collect();
        services.sort_by(|one, other| one.name.cmp(&other.name));
        Ok(services)
    }

    /// The service of a name or an ARN.
    ///
    /// # Errors
    /// [`LiveError::NotFound`] for the cluster or the service; when a call fails.
    pub async fn service(&self, cluster: &str, name: &str) -> Result<Service, LiveError> {
        let described = describe::services(&self.cloud, cluster, &[name.to_owned()]).await?;
        match described.into_iter().map(Service::of).find(is_there) {
            Some(service) => Ok(service),
            None => Err(self.no_service(cluster, name).await?),
        }
    }

    /// That a cluster has no service of a name.
    pub(super) async fn no_service(&self, cluster: &str, name: &str) -> Result<LiveError, LiveError> {
        let arns = describe::service_arns(&self.cloud, cluster).await?;
        let cluster = self.cluster(cluster).await?.name;
        let there = arns.iter().map(|arn| last(arn).to_owned()).collect();
        Ok(LiveError::not_found(Sort::Service, last(name), Some(format!("the cluster `{cluster}`")), there))
    }

    /// What ECS tells of the services of a cluster, or of one of them, oldest first.
    ///
    /// # Errors
    /// As [`Live::service`].
    pub async fn events(&self, cluster: &str, service: Option<&str>) -> Result<Vec<ServiceEvent>, LiveError> {
        let services = match service {
            Some(name) => vec![self.service(cluster, name).await?],
            None => self.services(cluster).await?,
        };
        // Of the same moment the one that is told first in a list that begins with the newest is the newer one.
        let mut events: Vec<ServiceEvent> =
            services.into_iter().flat_map(|service| service.events.into_iter().rev()).collect();
        events.sort_by_key(|event| event.time);
        Ok(events)
    }
}

fn is_there(service: &Service) -> bool {
    service.status != "INACTIVE"
}
