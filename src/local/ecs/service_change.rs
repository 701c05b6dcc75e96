//! `UpdateService` and `DeleteService`.

use serde_json::json;

use super::deployment::{Deployment, Revision};
use super::params::{flag, invalid, text, whole};
use super::service::{self, EcsService, State, Throttle};
use super::service_create::{
    check_desired, check_runs, configuration, deployment_id, platform_version, strategy, tell,
};
use super::{balancer, cluster, network, scheduler, task_definition};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// `UpdateService`. Another revision, or `forceNewDeployment`, makes another deployment; a count or a deployment
/// configuration alone does not.
pub fn update(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let mut service = service::of(tx, params)?;
    if !service.is_active() {
        return Err(Fault::new("ServiceNotActiveException", "Service was not ACTIVE."));
    }
    service::nothing_absent(params)?;
    if let Some(desired) = whole(params, "desiredCount")? {
        check_desired(desired)?;
        service.want(desired);
    }
    service.configuration = configuration(Some(&service.configuration), params)?;
    tell(&mut service.told, params)?;
    if let Some(exec) = flag(params, "enableExecuteCommand")? {
        // It is for the tasks that start from now on, without another deployment.
        service.revision.exec = exec;
        if let Some(primary) = service.deployments.first_mut() {
            primary.revision.exec = exec;
        }
    }
    let revision = revision(tx, &service, params)?;
    if revision != service.revision || flag(params, "forceNewDeployment")?.unwrap_or(false) {
        let deployment = Deployment::begin(deployment_id(tx)?, revision.clone(), super::millis(tx.now));
        service.deployments.insert(0, deployment);
        service.revision = revision;
        service.steady = false;
    }
    // Whoever changes a service wants it tried again.
    service.throttle = Throttle::default();
    tx.put(&service)?;
    scheduler::wake(tx, &service::key(&service.cluster, &service.name))?;
    Ok(json!({"service": service.view(tx, true)?}))
}

fn revision(tx: &Tx<'_>, service: &EcsService, params: &JsonMap) -> Result<Revision, Fault> {
    let mut revision = service.revision.clone();
    let definition = match text(params, "taskDefinition")? {
        Some(reference) => {
            let definition = task_definition::to_run(tx, reference)?;
            revision.task_definition = definition.arn(tx);
            Some(definition)
        }
        None => task_definition::lookup(tx, &revision.task_definition)?,
    };
    if let Some(network) = network::read(tx, params)? {
        revision.network = Some(network);
    }
    if params.contains_key("capacityProviderStrategy") {
        if !flag(params, "forceNewDeployment")?.unwrap_or(false) {
            return Err(invalid(
                "You must force a new deployment when updating a capacity provider strategy for a service.",
            ));
        }
        let cluster = cluster::find(tx, Some(&service.cluster))?;
        // An empty one goes back to the launch type the service was made with (ECS API reference, UpdateService).
        revision.strategy = strategy(params, &cluster, false)?;
    }
    if let Some(version) = platform_version(params)? {
        revision.platform_version = Some(version);
    }
    if params.contains_key("serviceRegistries") {
        revision.registries = service::registries(tx, params)?;
    }
    if params.contains_key("loadBalancers") {
        revision.balancers = balancer::read(tx, params)?;
    }
    if let Some(definition) = definition {
        check_runs(&revision, &definition)?;
        if params.contains_key("loadBalancers") || params.contains_key("taskDefinition") {
            balancer::check(tx, &revision, &definition)?;
        }
    }
    Ok(revision)
}

/// `DeleteService`: DRAINING until its tasks have stopped, then INACTIVE. One that is not ACTIVE is answered as it is.
pub fn delete(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let mut service = service::of(tx, params)?;
    if service.is_inactive() {
        return Err(Fault::new("ServiceNotFoundException", "Service not found."));
    }
    if service.is_active() {
        if service.desired > 0 && !flag(params, "force")?.unwrap_or(false) {
            return Err(invalid("The service cannot be stopped while it is scaled above 0."));
        }
        service.state = State::Draining;
        service.desired = 0;
        service.steady = false;
        tx.put(&service)?;
        scheduler::wake(tx, &service::key(&service.cluster, &service.name))?;
    }
    Ok(json!({"service": service.view(tx, true)?}))
}
