//! `CreateService`.

use serde_json::json;

use super::deployment::{Deployment, Revision};
use super::params::{flag, invalid, list, map, required, text, whole};
use super::service::{self, EcsService, State, Throttle};
use super::task_definition::{self, TaskDefinition};
use super::token::{self, Said};
use super::{balancer, capacity, cluster, network, scheduler, tags};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// `CreateService`.
pub fn create(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let name = required(params, "serviceName")?;
    if !cluster::is_name(name) {
        return Err(invalid("The service name must have at most 255 letters, digits, hyphens and underscores."));
    }
    let cluster = cluster::of(tx, params)?;
    if let Some(answer) = said_before(tx, &cluster.name, name, params)? {
        return Ok(answer);
    }
    let definition = task_definition::to_run(tx, required(params, "taskDefinition")?)?;
    check_kind(params)?;
    let desired = whole(params, "desiredCount")?
        .ok_or_else(|| invalid("desiredCount is required for the REPLICA scheduling strategy."))?;
    check_desired(desired)?;
    service::nothing_absent(params)?;
    let strategy = strategy(params, &cluster, true)?;
    let launch_type = launch_type(params, &strategy)?;
    let revision = Revision {
        task_definition: definition.arn(tx),
        network: network::read(tx, params)?,
        launch_type,
        strategy,
        platform_version: platform_version(params)?,
        registries: service::registries(tx, params)?,
        balancers: balancer::read(tx, params)?,
        exec: flag(params, "enableExecuteCommand")?.unwrap_or(false),
    };
    check_runs(&revision, &definition)?;
    balancer::check(tx, &revision, &definition)?;
    let now = super::millis(tx.now);
    let deployment = Deployment::begin(deployment_id(tx)?, revision.clone(), now);
    let mut told = JsonMap::new();
    told.insert("healthCheckGracePeriodSeconds".to_owned(), json!(0));
    told.insert("enableECSManagedTags".to_owned(), json!(false));
    told.insert("propagateTags".to_owned(), json!("NONE"));
    told.insert("availabilityZoneRebalancing".to_owned(), json!("ENABLED"));
    tell(&mut told, params)?;
    let created = EcsService {
        name: name.to_owned(),
        cluster: cluster.name.clone(),
        state: State::Active,
        desired,
        revision,
        deployments: vec![deployment],
        completed: None,
        configuration: configuration(None, params)?,
        told,
        events: Vec::new(),
        tags: tags::read(params)?,
        created: now,
        steady: false,
        throttle: Throttle::default(),
    };
    tx.put(&created)?;
    if let Some(given) = text(params, "clientToken")? {
        token::keep(tx, "CreateService", given, params, vec![name.to_owned()])?;
    }
    scheduler::wake(tx, &service::key(&cluster.name, name))?;
    Ok(json!({"service": created.view(tx, true)?}))
}

/// The answer when the call was made before with the same token, or the refusal of a name or token that is taken.
fn said_before(tx: &mut Tx<'_>, cluster: &str, name: &str, params: &JsonMap) -> Result<Option<Json>, Fault> {
    let not_idempotent = || invalid("Creation of service was not idempotent.");
    let given = text(params, "clientToken")?;
    if given.is_some_and(|token| token.len() > 36) {
        return Err(invalid("A client token has at most 36 characters."));
    }
    let said = given.map(|token| token::said(tx, "CreateService", token, params)).transpose()?;
    let taken = service::get(tx, cluster, name)?;
    match (said.unwrap_or(Said::Never), taken) {
        (Said::Same(_), Some(found)) if found.is_active() => Ok(Some(json!({"service": found.view(tx, true)?}))),
        (Said::Otherwise, _) => Err(not_idempotent()),
        (_, Some(found)) if found.is_active() => Err(not_idempotent()),
        (_, Some(found)) if found.state == State::Draining => {
            Err(invalid("Unable to Start a service that is still Draining."))
        }
        _ => Ok(None),
    }
}

fn check_kind(params: &JsonMap) -> Result<(), Fault> {
    if text(params, "schedulingStrategy")?.is_some_and(|strategy| strategy != "REPLICA") {
        return Err(invalid("The embedded AWS schedules REPLICA services only."));
    }
    if let Some(controller) = map(params, "deploymentController")?
        && text(controller, "type")?.is_some_and(|kind| kind != "ECS")
    {
        return Err(Fault::new(
            "UnsupportedFeatureException",
            "The embedded AWS has the ECS deployment controller only.",
        ));
    }
    Ok(())
}

/// Refuses a count that no service can have.
///
/// # Errors
/// `InvalidParameterException`.
pub fn check_desired(desired: i64) -> Result<(), Fault> {
    if (0..=5000).contains(&desired) { Ok(()) } else { Err(invalid("desiredCount must be between 0 and 5000.")) }
}

/// A service's capacity provider strategy: what the request says, else (`default`) the cluster's when no launch type is
/// given.
///
/// # Errors
/// `InvalidParameterException`.
pub fn strategy(params: &JsonMap, cluster: &cluster::Cluster, default: bool) -> Result<Vec<Json>, Fault> {
    let given = list(params, "capacityProviderStrategy")?;
    let launch_type = text(params, "launchType")?;
    if !given.is_empty() && launch_type.is_some() {
        return Err(invalid(
            "Specifying both a launch type and capacity provider strategy is not supported. Remove one and try again.",
        ));
    }
    if given.is_empty() && launch_type.is_none() && default {
        return Ok(cluster.strategy.clone());
    }
    capacity::strategy(params, "capacityProviderStrategy", &cluster.providers)
}

/// The launch type that a request gives or means.
///
/// # Errors
/// `InvalidParameterException` for one that is not there.
pub fn launch_type(params: &JsonMap, strategy: &[Json]) -> Result<Option<String>, Fault> {
    match text(params, "launchType")? {
        Some(given) if ["FARGATE", "EC2"].contains(&given) => Ok(Some(given.to_owned())),
        Some(other) => Err(invalid(format!("The embedded AWS has no launch type {other}."))),
        None => Ok(strategy.is_empty().then(|| "EC2".to_owned())),
    }
}

/// The platform version that a request gives.
///
/// # Errors
/// `PlatformUnknownException`.
pub fn platform_version(params: &JsonMap) -> Result<Option<String>, Fault> {
    match text(params, "platformVersion")? {
        Some(given) if !["LATEST", "1.4.0", "1.3.0"].contains(&given) => Err(Fault::new(
            "PlatformUnknownException",
            format!("The specified platform version {given} does not exist."),
        )),
        given => Ok(given.map(str::to_owned)),
    }
}

/// Refuses a task definition that cannot run as the revision says.
///
/// # Errors
/// `InvalidParameterException`.
pub fn check_runs(revision: &Revision, definition: &TaskDefinition) -> Result<(), Fault> {
    if revision.on_fargate() && !definition.runs_on("FARGATE") {
        return Err(invalid("Task definition does not support launch_type FARGATE."));
    }
    let awsvpc = definition.text("networkMode") == Some("awsvpc");
    if awsvpc && revision.network.is_none() {
        return Err(invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified."));
    }
    if !awsvpc && revision.network.is_some() {
        return Err(invalid("Network Configuration is not valid for the given networkMode of this task definition."));
    }
    Ok(())
}

/// The id of a new deployment: `ecs-svc/` and nineteen digits.
///
/// # Errors
/// When the store fails.
pub fn deployment_id(tx: &mut Tx<'_>) -> Result<String, Fault> {
    let hex = tx.fresh_hex("deployment")?;
    let number = u64::from_str_radix(&hex[..15], 16).unwrap_or_default();
    Ok(format!("ecs-svc/{}", 1_000_000_000_000_000_000 + number))
}

/// A `deploymentConfiguration`: what the request says over what was there, or over AWS's defaults.
///
/// # Errors
/// `InvalidParameterException` for percentages that leave a deployment no room.
pub fn configuration(before: Option<&JsonMap>, params: &JsonMap) -> Result<JsonMap, Fault> {
    let mut configuration = before.cloned().unwrap_or_default();
    if before.is_none() {
        configuration.insert("deploymentCircuitBreaker".to_owned(), json!({"enable": false, "rollback": false}));
        configuration.insert("maximumPercent".to_owned(), json!(200));
        configuration.insert("minimumHealthyPercent".to_owned(), json!(100));
        configuration.insert("strategy".to_owned(), json!("ROLLING"));
        configuration.insert("bakeTimeInMinutes".to_owned(), json!(0));
    }
    if let Some(given) = map(params, "deploymentConfiguration")? {
        if text(given, "strategy")?.is_some_and(|strategy| strategy != "ROLLING") {
            return Err(invalid("The embedded AWS has the deployment strategy ROLLING only."));
        }
        if given.get("earlySuccessCriteria").is_some_and(|early| early["enable"] == true) {
            return Err(invalid("The embedded AWS completes deployments only when they are stable."));
        }
        if !list(given, "lifecycleHooks")?.is_empty() {
            return Err(invalid("The embedded AWS calls no lifecycle hooks."));
        }
        configuration.extend(given.iter().filter(|(_, value)| !value.is_null()).map(|(k, v)| (k.clone(), v.clone())));
    }
    let (least, most) = (whole(&configuration, "minimumHealthyPercent")?, whole(&configuration, "maximumPercent")?);
    let (least, most) = (least.unwrap_or(100), most.unwrap_or(200));
    if !(0..=100).contains(&least) || most < 100 {
        return Err(invalid("minimumHealthyPercent must be between 0 and 100, and maximumPercent 100 or more."));
    }
    if least == 100 && most == 100 {
        return Err(invalid(
            "Both maximumPercent and minimumHealthyPercent cannot be 100 as this will block deployments.",
        ));
    }
    Ok(configuration)
}

/// Takes over the members of a request that are kept only to be told.
///
/// # Errors
/// When one has the wrong type.
pub fn tell(told: &mut JsonMap, params: &JsonMap) -> Result<(), Fault> {
    if let Some(seconds) = whole(params, "healthCheckGracePeriodSeconds")? {
        told.insert("healthCheckGracePeriodSeconds".to_owned(), seconds.into());
    }
    if let Some(managed) = flag(params, "enableECSManagedTags")? {
        told.insert("enableECSManagedTags".to_owned(), managed.into());
    }
    if let Some(from) = text(params, "propagateTags")? {
        if !["SERVICE", "TASK_DEFINITION", "NONE"].contains(&from) {
            return Err(invalid(format!("Invalid value for propagateTags: {from}.")));
        }
        told.insert("propagateTags".to_owned(), from.into());
    }
    if let Some(balance) = text(params, "availabilityZoneRebalancing")? {
        told.insert("availabilityZoneRebalancing".to_owned(), balance.into());
    }
    Ok(())
}
