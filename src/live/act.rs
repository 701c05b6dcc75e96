//! Changes that are made by hand: scale, redeploy, roll back, stop; and [`Change`], which tells how far one is.

use std::time::Duration;

use aws_sdk_applicationautoscaling::types::ServiceNamespace;
use aws_sdk_ecs::operation::update_service::builders::UpdateServiceFluentBuilder;
use aws_sdk_ecs::types::{Service as Described, SortOrder, Task as DescribedTask, TaskDefinitionStatus};

use super::{Live, LiveError, Service, Task, last};
use crate::cloud::failed;
use crate::kinds;
use crate::kinds::ecs::describe;
use crate::kinds::ecs::watch::{Watch, judge};

/// A change of a service that ECS has accepted.
#[derive(Debug, Clone)]
pub struct Change {
    /// The service as ECS answered.
    pub service: Service,
    watch: Watch,
}

/// How far a change is.
#[derive(Debug, Clone, PartialEq)]
pub enum Progress {
    /// It is done: as many tasks run as are wanted, of the wanted task definition, and no others.
    Steady,
    /// Not yet.
    Underway {
        /// What to show, such as `2/3 tasks running`.
        summary: String,
        /// What is new since the last question: events of the service, tasks that failed.
        news: Vec<String>,
        /// When to ask again.
        again_in: Duration,
    },
    /// It will not get there.
    Failed {
        /// The cause, as AWS tells it.
        reason: String,
        /// What helps.
        help: String,
    },
}

impl From<kinds::Progress> for Progress {
    fn from(progress: kinds::Progress) -> Self {
        match progress {
            kinds::Progress::Ready(_) => Self::Steady,
            kinds::Progress::Pending { summary, news, again_in } => Self::Underway { summary, news, again_in },
            kinds::Progress::Failed { reason, help } => Self::Failed { reason, help },
        }
    }
}

impl Live {
    /// Has a service run so many tasks.
    ///
    /// # Errors
    /// [`LiveError::NotFound`]; when `ecs:UpdateService` fails.
    pub async fn scale(&self, cluster: &str, service: &str, count: u32) -> Result<Change, LiveError> {
        let count = i32::try_from(count).unwrap_or(i32::MAX);
        self.update(cluster, service, |call| call.desired_count(count)).await
    }

    /// Between how many tasks Application Auto Scaling keeps a service, if it does: it may set another count at any time.
    ///
    /// # Errors
    /// When `application-autoscaling:DescribeScalableTargets` fails.
    pub async fn scaled_between(&self, cluster: &str, service: &str) -> Result<Option<(u32, u32)>, LiveError> {
        let id = format!("service/{}/{}", last(cluster), last(service));
        let call = self.cloud.autoscaling.describe_scalable_targets().service_namespace(ServiceNamespace::Ecs);
        let answer = call.resource_ids(id).send().await;
        let answer = answer.map_err(failed("application-autoscaling:DescribeScalableTargets"))?;
        let target = answer.scalable_targets.unwrap_or_default().into_iter().next();
        Ok(target.map(|target| (super::count(target.min_capacity), super::count(target.max_capacity))))
    }

    /// Has a service replace its tasks by new ones of the same task definition, so that an image that was pushed again, or
    /// a secret that was changed, is taken in.
    ///
    /// # Errors
    /// As [`Live::scale`].
    pub async fn redeploy(&self, cluster: &str, service: &str) -> Result<Change, LiveError> {
        self.update(cluster, service, |call| call.force_new_deployment(true)).await
    }

    /// Has a service go back: to the task definition of the deployment that is being replaced, or else to the revision
    /// before its own that is still active.
    ///
    /// # Errors
    /// [`LiveError::NothingBefore`] when there is none; as [`Live::scale`].
    pub async fn rollback(&self, cluster: &str, service: &str) -> Result<Change, LiveError> {
        let found = self.service(cluster, service).await?;
        let before = match found.deployments.iter().find(|one| one.definition != found.definition) {
            Some(replaced) => replaced.definition.clone(),
            None => self.revision_before(&found).await?,
        };
        self.update(cluster, service, |call| call.task_definition(before)).await
    }

    /// The newest active revision before the one that a service runs.
    async fn revision_before(&self, service: &Service) -> Result<String, LiveError> {
        let (service, definition) = (service.name.clone(), service.definition.clone());
        let own = definition.rsplit_once(':').and_then(|(family, number)| Some((family, number.parse::<u64>().ok()?)));
        let Some((family, number)) = own else { return Err(LiveError::NothingBefore { service, definition }) };
        let call = self.cloud.ecs.list_task_definitions().family_prefix(family).sort(SortOrder::Desc);
        let mut arns = call.status(TaskDefinitionStatus::Active).into_paginator().items().send();
        while let Some(arn) = arns.next().await {
            let arn = arn.map_err(failed("ecs:ListTaskDefinitions"))?;
            let name = last(&arn);
            let is_before = name.rsplit_once(':').is_some_and(|(its, revision)| {
                its == family && revision.parse::<u64>().is_ok_and(|revision| revision < number)
            });
            if is_before {
                return Ok(name.to_owned());
            }
        }
        Err(LiveError::NothingBefore { service, definition })
    }

    async fn update(
        &self,
        cluster: &str,
        service: &str,
        with: impl FnOnce(UpdateServiceFluentBuilder) -> UpdateServiceFluentBuilder,
    ) -> Result<Change, LiveError> {
        let call = with(self.cloud.ecs.update_service().cluster(cluster).service(last(service)));
        match call.send().await.map_err(failed("ecs:UpdateService")) {
            Ok(answer) => {
                let described = answer.service.unwrap_or_else(|| Described::builder().build());
                Ok(Change { watch: Watch::begin(&described), service: Service::of(described) })
            }
            Err(error) if error.is("ServiceNotFoundException") || error.is("ServiceNotActiveException") => {
                Err(self.no_service(cluster, service).await?)
            }
            Err(error) if error.is("ClusterNotFoundException") => {
                self.cluster(cluster).await?;
                Err(error.into())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Stops a task. Its service, if it is of one, starts another in its place.
    ///
    /// # Errors
    /// [`LiveError::NotFound`], [`LiveError::Ambiguous`]; when `ecs:StopTask` fails.
    pub async fn stop(&self, cluster: &str, task: &str, reason: &str) -> Result<Task, LiveError> {
        let task = self.task(cluster, task).await?;
        let call = self.cloud.ecs.stop_task().cluster(cluster).task(&task.arn).reason(reason);
        let answer = call.send().await.map_err(failed("ecs:StopTask"))?;
        Ok(answer.task.map_or(task, Task::of))
    }

    /// Where a service stands with what it is doing anyway: the [`Change`] to follow after a task was stopped.
    ///
    /// # Errors
    /// [`LiveError::NotFound`]; when a call fails.
    pub async fn underway(&self, cluster: &str, service: &str) -> Result<Change, LiveError> {
        let found = describe::services(&self.cloud, cluster, &[last(service).to_owned()]).await?;
        match found.into_iter().find(|found| found.status() != Some("INACTIVE")) {
            Some(found) => Ok(Change { watch: Watch::begin(&found), service: Service::of(found) }),
            None => Err(self.no_service(cluster, service).await?),
        }
    }

    /// Asks how far a change is.
    ///
    /// # Errors
    /// [`LiveError::NotFound`] when the service has gone; when a call fails.
    pub async fn progress(&self, change: &mut Change) -> Result<Progress, LiveError> {
        let Service { arn, cluster, definition, .. } = &change.service;
        let found = describe::services(&self.cloud, cluster, std::slice::from_ref(arn)).await?;
        let Some(found) = found.into_iter().find(|found| found.status() != Some("INACTIVE")) else {
            return Err(self.no_service(cluster, arn).await?);
        };
        let stopped: Vec<DescribedTask> = match change.watch.needs_tasks(&found) {
            true => describe::stopped_tasks(&self.cloud, arn, cluster).await?,
            false => Vec::new(),
        };
        Ok(judge(&found, &stopped, Some(definition), &mut change.watch).into())
    }
}
