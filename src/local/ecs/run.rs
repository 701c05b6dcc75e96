//! `RunTask`, `StopTask`, `ListTasks` and `DescribeTasks`.

use serde_json::json;

use super::capacity::Providers;
use super::deployment::{Revision, platform};
use super::network::{self, Spread};
use super::params::{flag, includes, invalid, map, required, text, texts, whole};
use super::service_create::{check_runs, launch_type, platform_version, strategy};
use super::tags;
use super::task::{self, Last, Spec, Task};
use super::token::{self, Said};
use super::{arn, cluster, failure, life, paging, scheduler, service, task_definition};
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::model::{Json, JsonMap};

/// `RunTask`.
pub fn run(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let cluster = cluster::of(tx, params)?;
    let given = text(params, "clientToken")?;
    if let Some(given) = given {
        match token::said(tx, "RunTask", given, params)? {
            Said::Never => {}
            Said::Same(ids) => {
                let mut tasks = Vec::new();
                for id in ids {
                    tasks.extend(task::get(tx, &cluster.name, &id)?.map(|task| task.view(tx, true)));
                }
                return Ok(json!({"tasks": tasks, "failures": []}));
            }
            Said::Otherwise => {
                let message = "The client token was used before with other parameters.";
                return Err(Fault::new("ConflictException", message));
            }
        }
    }
    let definition = task_definition::to_run(tx, required(params, "taskDefinition")?)?;
    let count = whole(params, "count")?.unwrap_or(1);
    if !(1..=10).contains(&count) {
        return Err(invalid("count must be between 1 and 10."));
    }
    service::nothing_absent(params)?;
    let strategy = strategy(params, &cluster, true)?;
    let revision = Revision {
        task_definition: definition.arn(tx),
        network: network::read(tx, params)?,
        launch_type: launch_type(params, &strategy)?,
        strategy,
        platform_version: platform_version(params)?,
        registries: Vec::new(),
        balancers: Vec::new(),
        exec: flag(params, "enableExecuteCommand")?.unwrap_or(false),
    };
    check_runs(&revision, &definition)?;
    let Some(network) = revision.network.as_ref().filter(|_| revision.on_fargate()) else {
        return Err(invalid("No Container Instances were found in your cluster."));
    };
    if let Some(refusal) = failure::role_refusal(tx, &definition)? {
        return Err(Fault::new("ClientException", refusal));
    }
    let overrides = map(params, "overrides")?.cloned().unwrap_or_default();
    check_overrides(&overrides, &definition)?;
    if tx.before < tx.settings.faults.refused_placements() {
        return Ok(json!({"tasks": [], "failures": [{"reason": failure::NO_CAPACITY}]}));
    }
    let mut own_tags = tags::read(params)?;
    if text(params, "propagateTags")? == Some("TASK_DEFINITION") {
        let more = definition.tags.iter().filter(|(key, _)| !own_tags.contains_key(*key));
        own_tags.extend(more.map(|(key, value)| (key.clone(), value.clone())).collect::<Vec<_>>());
    }
    if flag(params, "enableECSManagedTags")? == Some(true) {
        own_tags.insert("aws:ecs:clusterName".to_owned(), cluster.name.clone());
    }
    let group = text(params, "group")?.map_or_else(|| format!("family:{}", definition.family), str::to_owned);
    let mut spread = Spread::over(tx, network)?;
    let (mut tasks, mut ids) = (Vec::new(), Vec::new());
    let mut providers = Providers::of(&revision.strategy);
    for _ in 0..count {
        let spec = Spec {
            cluster: &cluster.name,
            definition: &definition,
            service: None,
            group: group.clone(),
            started_by: text(params, "startedBy")?.map(str::to_owned),
            provider: providers.choose(),
            platform: platform(&revision),
            subnet: spread.choose(),
            security_groups: &network.groups,
            public: network.public,
            registries: &[],
            balancers: &[],
            overrides: overrides.clone(),
            exec: revision.exec,
            tags: own_tags.clone(),
        };
        let mut task = Task::new(tx, spec)?;
        life::begin(tx, &mut task)?;
        tasks.push(task.view(tx, true));
        ids.push(task.id);
    }
    if let Some(given) = given {
        token::keep(tx, "RunTask", given, params, ids)?;
    }
    Ok(json!({"tasks": tasks, "failures": []}))
}

fn check_overrides(overrides: &JsonMap, definition: &task_definition::TaskDefinition) -> Result<(), Fault> {
    for one in super::params::maps(overrides, "containerOverrides")? {
        let name = text(one, "name")?.unwrap_or_default();
        if !definition.containers().any(|container| container.get("name").is_some_and(|own| own == name)) {
            return Err(invalid(format!(
                "Override for container named {name} is not a container in the TaskDefinition."
            )));
        }
    }
    Ok(())
}

/// `StopTask`. A task that has stopped is answered as it is.
pub fn stop(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let cluster = cluster::of(tx, params)?;
    let id = arn::last(tx, "task", required(params, "task")?)?;
    let mut task = task::get(tx, &cluster.name, id)?.ok_or_else(|| invalid("The referenced task was not found."))?;
    if !task.stopping {
        let reason = text(params, "reason")?.unwrap_or("Task stopped by user");
        life::stop(tx, &mut task, "UserInitiated", reason)?;
        if let Some(key) = task.service_key() {
            scheduler::wake(tx, &key)?;
        }
    }
    Ok(json!({"task": task.view(tx, true)}))
}

/// `DescribeTasks`.
pub fn describe(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let references = texts(params, "tasks")?;
    if references.is_empty() {
        return Err(invalid("Tasks cannot be empty."));
    }
    if references.len() > 100 {
        return Err(invalid("Tasks cannot have more than 100 elements."));
    }
    let cluster = cluster::of(tx, params)?;
    let with_tags = includes(params, "TAGS")?;
    let (mut tasks, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let id = reference.rsplit_once('/').map_or(reference, |(_, id)| id);
        let full = arn::of(tx, &format!("task/{}/{id}", cluster.name));
        let short = arn::of(tx, &format!("task/{id}"));
        let named = !reference.starts_with("arn:") || reference == full || reference == short;
        match task::get(tx, &cluster.name, id)?.filter(|_| named) {
            Some(task) => tasks.push(task.view(tx, with_tags)),
            None => {
                let arn = if reference.starts_with("arn:") { reference.to_owned() } else { full };
                failures.push(json!({"arn": arn, "reason": "MISSING"}));
            }
        }
    }
    Ok(json!({"tasks": tasks, "failures": failures}))
}

/// `ListTasks`.
pub fn list(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let cluster = cluster::of(tx, params)?;
    let desired = text(params, "desiredStatus")?.unwrap_or("RUNNING");
    if !["RUNNING", "PENDING", "STOPPED"].contains(&desired) {
        return Err(invalid(format!("Invalid desiredStatus {desired}.")));
    }
    if text(params, "containerInstance")?.is_some() {
        return Err(invalid("No Container Instances were found in your cluster."));
    }
    let mut tasks = match text(params, "serviceName")? {
        Some(reference) => {
            let name = arn::last(tx, "service", reference)?;
            let found = service::get(tx, &cluster.name, name)?;
            found.ok_or_else(|| Fault::new("ServiceNotFoundException", "Service not found."))?;
            of_service(tx, &cluster.name, name, desired)?
        }
        None => {
            let mut tasks = of_service(tx, &cluster.name, "", desired)?;
            let mut names: Vec<String> =
                service::live(tx, &cluster.name)?.into_iter().map(|service| service.name).collect();
            if desired == "STOPPED" {
                let gone: Vec<service::EcsService> = tx.under(&format!("inactive/{}", cluster.name))?;
                names.extend(gone.into_iter().map(|service| service.name));
            }
            for name in names {
                tasks.extend(of_service(tx, &cluster.name, &name, desired)?);
            }
            tasks
        }
    };
    let (family, started_by) = (text(params, "family")?, text(params, "startedBy")?);
    let launch_type = text(params, "launchType")?;
    tasks.retain(|task| {
        let own_family = task.definition.rsplit_once(':').map(|(family, _)| family);
        // A task's desired status is never PENDING.
        (if desired == "STOPPED" { task.stopping } else { desired == "RUNNING" && !task.stopping })
            && (family.is_none() || family == own_family)
            && (started_by.is_none() || started_by == task.started_by.as_deref())
            && launch_type.is_none_or(|launch_type| launch_type == "FARGATE")
    });
    let mut arns: Vec<String> = tasks.iter().map(|task| task.arn(tx)).collect();
    arns.sort();
    paging::page(params, "taskArns", arns, 100)
}

fn of_service(tx: &mut Tx<'_>, cluster: &str, service: &str, desired: &str) -> Result<Vec<Task>, Fault> {
    let mut tasks = task::live_of(tx, cluster, service)?;
    if desired == "STOPPED" {
        tasks.extend(task::stopped_of(tx, cluster, service)?);
    }
    debug_assert!(desired == "STOPPED" || tasks.iter().all(|task| task.last != Last::Stopped));
    Ok(tasks)
}
