//! ECS: clusters, task definitions, services and tasks on Fargate, with the scheduler that brings services to what they
//! want.
//!
//! Calls are in [`cluster`], [`task_definition`], [`service`], [`service_create`], [`service_change`], [`run`], [`exec`],
//! [`tags`], [`capacity`] and [`account`]. What happens by itself are timers: [`scheduler`] looks at services, [`life`] at tasks,
//! [`member_log`] at what Hazelcast members say. [`deployment`] decides, purely, what a service's tasks need;
//! [`failure`] says why a task cannot start, [`volume`] why it cannot have its volumes.
//!
//! [`balancer`] registers tasks in target groups.
//!
//! There are no container instances, task sets nor external deployment controllers.

mod account;
mod arn;
mod balancer;
mod capacity;
mod cluster;
mod container;
mod definition_defaults;
mod deployment;
mod events;
mod exec;
mod failure;
mod fargate;
mod life;
mod member_log;
mod network;
mod paging;
mod params;
mod run;
mod scheduler;
mod service;
mod service_change;
mod service_create;
mod tags;
mod task;
mod task_definition;
mod token;
mod validate;
mod volume;

#[cfg(test)]
mod tests;

use jiff::Timestamp;

use super::service::{Fault, Listed, Service, Timer};
use super::store::Tx;
use crate::model::{Json, JsonMap};

/// The service.
pub struct Ecs;

impl Service for Ecs {
    fn name(&self) -> &'static str {
        "ecs"
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        match action {
            "CreateCluster" => cluster::create(tx, params),
            "DescribeClusters" => cluster::describe(tx, params),
            "ListClusters" => cluster::list(tx, params),
            "UpdateCluster" | "UpdateClusterSettings" => cluster::update(tx, params),
            "PutClusterCapacityProviders" => cluster::put_capacity_providers(tx, params),
            "DeleteCluster" => cluster::delete(tx, params),
            "DescribeCapacityProviders" => capacity::describe(tx, params),
            "RegisterTaskDefinition" => task_definition::register(tx, params),
            "DescribeTaskDefinition" => task_definition::describe(tx, params),
            "ListTaskDefinitions" => task_definition::list_revisions(tx, params),
            "ListTaskDefinitionFamilies" => task_definition::list_families(tx, params),
            "DeregisterTaskDefinition" => task_definition::deregister(tx, params),
            "DeleteTaskDefinitions" => task_definition::delete(tx, params),
            "CreateService" => service_create::create(tx, params),
            "UpdateService" => service_change::update(tx, params),
            "DescribeServices" => service::describe(tx, params),
            "ListServices" => service::list(tx, params),
            "DeleteService" => service_change::delete(tx, params),
            "RunTask" => run::run(tx, params),
            "StopTask" => run::stop(tx, params),
            "ListTasks" => run::list(tx, params),
            "DescribeTasks" => run::describe(tx, params),
            "ExecuteCommand" => exec::execute(tx, params),
            "TagResource" => tags::tag(tx, params),
            "UntagResource" => tags::untag(tx, params),
            "ListTagsForResource" => tags::list(tx, params),
            "ListAccountSettings" => account::list(tx, params),
            "PutAccountSetting" | "PutAccountSettingDefault" => account::put(tx, params),
            _ => Err(Fault::unknown_action("ecs", action)),
        }
    }

    fn due(&self, tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
        match timer.what.as_str() {
            scheduler::TICK | scheduler::RETRY => scheduler::tick(tx, &timer.key),
            member_log::FORM => member_log::form(tx, &timer.key),
            what => life::due(tx, what, &timer.key),
        }
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |type_name: &str, id: String, name: Option<String>, status: &str| Listed {
            type_name: type_name.to_owned(),
            id,
            region: tx.region.clone(),
            name,
            status: Some(status.to_owned()),
        };
        let mut all = Vec::new();
        for cluster in cluster::active(tx)? {
            for service in service::live(tx, &cluster.name)? {
                let id = format!("{}|{}", service.arn(tx), cluster.arn);
                all.push(listed("AWS::ECS::Service", id, Some(service.name.clone()), service.status()));
            }
            all.push(listed("AWS::ECS::Cluster", cluster.name, None, "ACTIVE"));
        }
        for arn in task_definition::active(tx)? {
            all.push(listed("AWS::ECS::TaskDefinition", arn, None, "ACTIVE"));
        }
        Ok(all)
    }
}

/// How many tasks an ACTIVE service wants; `None` when there is none of that name in that cluster.
///
/// # Errors
/// When the store fails.
pub fn desired_count(tx: &Tx<'_>, cluster: &str, service: &str) -> Result<Option<i64>, Fault> {
    let found = service::get(tx, cluster, service)?;
    Ok(found.filter(service::EcsService::is_active).map(|service| service.desired))
}

/// Has an ACTIVE service want another number of tasks, as UpdateService does; nothing when there is none.
///
/// # Errors
/// When the store fails.
pub fn set_desired_count(tx: &mut Tx<'_>, cluster: &str, service: &str, count: i64) -> Result<(), Fault> {
    let Some(mut found) = service::get(tx, cluster, service)?.filter(service::EcsService::is_active) else {
        return Ok(());
    };
    found.want(count);
    tx.put(&found)?;
    Ok(scheduler::wake(tx, &service::key(cluster, service))?)
}

/// A time in milliseconds.
fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A time in milliseconds as answers have it: a number of seconds.
fn millis_to_seconds(millis: i64) -> f64 {
    // A double holds the milliseconds of the next 285,000 years exactly.
    #[allow(clippy::cast_precision_loss)]
    let millis = millis as f64;
    millis / 1000.0
}

/// A time as answers have it: a number of seconds.
fn seconds(time: Timestamp) -> f64 {
    millis_to_seconds(millis(time))
}
