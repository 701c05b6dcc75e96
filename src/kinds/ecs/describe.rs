//! Asking ECS for services and their tasks.

use aws_sdk_ecs::types::{DesiredStatus, Service, ServiceField, Task};
use futures::FutureExt;

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::abreast::abreast;
use crate::kinds::absent::present;

/// Tasks a DescribeTasks call takes.
pub(crate) const TASKS: usize = 100;

/// Services by name or ARN; none of a cluster that is not there.
pub(crate) async fn services(cloud: &Cloud, cluster: &str, names: &[String]) -> Result<Vec<Service>, CallError> {
    let call = cloud.ecs.describe_services().cluster(cluster).set_services(Some(names.to_vec()));
    let answer = call.include(ServiceField::Tags).send().await.map_err(failed("ecs:DescribeServices"));
    // Absent ones are told in `failures`, as MISSING.
    Ok(present(answer)?.and_then(|answer| answer.services).unwrap_or_default())
}

/// ARNs of the services of a cluster; none of a cluster that is not there.
pub(crate) async fn service_arns(cloud: &Cloud, cluster: &str) -> Result<Vec<String>, CallError> {
    let mut pages = cloud.ecs.list_services().cluster(cluster).into_paginator().send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        let Some(page) = present(page.map_err(failed("ecs:ListServices")))? else { break };
        arns.extend(page.service_arns.unwrap_or_default());
    }
    Ok(arns)
}

/// Stopped tasks of a service, as long as ECS remembers them (an hour at least).
pub(crate) async fn stopped_tasks(cloud: &Cloud, arn: &str, cluster: &str) -> Result<Vec<Task>, CallError> {
    let arns = tasks(cloud, arn, cluster, DesiredStatus::Stopped).await?;
    let calls = arns.chunks(TASKS).map(|arns| describe_tasks(cloud, cluster, arns).boxed()).collect();
    Ok(abreast(calls).await?.into_iter().flatten().collect())
}

/// Tasks by their ARNs, [`TASKS`] at most.
pub(crate) async fn describe_tasks(cloud: &Cloud, cluster: &str, arns: &[String]) -> Result<Vec<Task>, CallError> {
    let call = cloud.ecs.describe_tasks().cluster(cluster).set_tasks(Some(arns.to_vec()));
    Ok(call.send().await.map_err(failed("ecs:DescribeTasks"))?.tasks.unwrap_or_default())
}

/// ARNs of a service's tasks; none when it or its cluster is gone. `startedBy` as a filter allows no other, so that
/// whose they are is looked at later.
pub(super) async fn tasks(
    cloud: &Cloud,
    arn: &str,
    cluster: &str,
    status: DesiredStatus,
) -> Result<Vec<String>, CallError> {
    let name = arn.rsplit('/').next().unwrap_or(arn);
    let call = cloud.ecs.list_tasks().cluster(cluster).service_name(name).desired_status(status);
    let mut pages = call.into_paginator().send();
    let mut arns = Vec::new();
    while let Some(page) = pages.next().await {
        let Some(page) = present(page.map_err(failed("ecs:ListTasks")))? else { break };
        arns.extend(page.task_arns.unwrap_or_default());
    }
    Ok(arns)
}
