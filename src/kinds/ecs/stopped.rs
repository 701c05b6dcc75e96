//! Why tasks stop, and what helps: from the reasons ECS gives to causes.
//!
//! Sources of the texts: ECS developer guide, "Stopped tasks error messages" and "Service event messages".

use std::collections::BTreeMap;

use aws_sdk_ecs::types::{Task, TaskStopCode};

/// What made a task stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// No way out of the subnet to where images and secrets are.
    Network,
    /// The image cannot be had.
    Image,
    /// The execution role may not do what starting a task needs.
    Denied,
    /// The log group is not there.
    LogGroup,
    /// A secret or parameter is not there or not allowed.
    Secret,
    /// A file system cannot be mounted.
    Volume,
    /// A role is not there or does not trust ECS.
    Role,
    /// The container used more memory than it may.
    Memory,
    /// An essential container ended.
    Exited,
    /// Health checks failed.
    Unhealthy,
    /// The subnet or a security group for the task's network interface is not there.
    Interface,
    /// The subnet has no free address.
    Addresses,
    /// AWS has no room for the task just now.
    Capacity,
    /// Something else.
    Other,
}

impl Cause {
    /// The cause in a reason.
    pub fn of(reason: &str) -> Self {
        let reason = reason.to_lowercase();
        let any = |words: &[&str]| words.iter().any(|word| reason.contains(word));
        let preparing = any(&["cannotpull", "resourceinitialization", "pull image", "dial tcp"]);
        if any(&["efs utils", "efs volumes", "mount.nfs4"]) {
            Self::Volume
        } else if preparing
            && any(&["i/o timeout", "deadline exceeded", "client.timeout", "timed out", "no route to host"])
        {
            Self::Network
        } else if any(&["unable to assume", "cannot be assumed", "assume the role", "role is invalid"]) {
            Self::Role
        } else if any(&["accessdenied", "not authorized to perform"]) && !any(&["secretsmanager:", "ssm:", "kms:"]) {
            Self::Denied
        } else if any(&["log group", "log stream", "logger args", "cloudwatch"]) {
            Self::LogGroup
        } else if any(&["cannotpull", "pull image", "manifest", "ecr registry auth"]) {
            Self::Image
        } else if any(&["secret", "ssm", "parameter"]) {
            Self::Secret
        } else if any(&["insufficientfreeaddresses", "free addresses"]) {
            Self::Addresses
        } else if any(&["network interface"]) {
            Self::Interface
        } else if any(&["outofmemory", "out of memory", "memory usage"]) {
            Self::Memory
        } else if any(&["health check"]) {
            Self::Unhealthy
        } else if any(&["capacity is unavailable", "resource:", "spot interruption", "unable to place"]) {
            Self::Capacity
        } else if any(&["essential container"]) {
            Self::Exited
        } else {
            Self::Other
        }
    }

    /// Whether trying again will not help. A mount target that is still being made will be there later.
    pub fn is_hopeless(self) -> bool {
        !matches!(self, Self::Volume | Self::Addresses | Self::Capacity | Self::Other)
    }

    /// The way out.
    pub fn help(self) -> &'static str {
        match self {
            Self::Network => {
                "the subnets have no way to the registry: give them a route to a NAT gateway or VPC endpoints, or public \
                 addresses (`assignPublicIp: \"ENABLED\"`) in subnets with an internet gateway"
            }
            Self::Image => {
                "check the image's name and tag, and that `executionRoleArn` may pull it (for a private registry \
                 `repositoryCredentials` too)"
            }
            Self::Denied => {
                "allow `executionRoleArn` the action the reason names, or attach the managed policy \
                 service-role/AmazonECSTaskExecutionRolePolicy to it, which allows pulling images and writing logs"
            }
            Self::LogGroup => {
                "declare the log group that `logConfiguration` names and let the service depend on it, or set the option \
                 `awslogs-create-group` and allow the execution role logs:CreateLogGroup"
            }
            Self::Secret => {
                "check that what `valueFrom` names exists, and that `executionRoleArn` may read it \
                 (secretsmanager:GetSecretValue, ssm:GetParameters, kms:Decrypt)"
            }
            Self::Volume => {
                "check that the file system of `efsVolumeConfiguration` has a mount target in each zone of the service's \
                 subnets, that its security groups let TCP 2049 in from the tasks, that the access point is of this file \
                 system, and let the service depend on the mount targets"
            }
            Self::Role => {
                "check that the roles of the task definition exist and that their trust policy lets \
                 `ecs-tasks.amazonaws.com` assume them"
            }
            Self::Memory => "give the container or the task more `memory`, or the program less heap",
            Self::Exited => "the program ended: the container's log says why",
            Self::Unhealthy => {
                "look at the container's log; give it more time to start (`startPeriod` of `healthCheck`, or \
                 `healthCheckGracePeriodSeconds`), and check that the security groups let the checks through"
            }
            Self::Interface => {
                "the task's network interface could not be made: check that the subnets and security groups of \
                 `networkConfiguration` exist and belong to one VPC"
            }
            Self::Addresses => "the subnets are full: give the service more or larger ones",
            Self::Capacity => "AWS has no room for such tasks now: run again later, or add subnets in other zones",
            Self::Other => "look at the stopped tasks and at the service's events, then run again",
        }
    }
}

/// What there is to say of a stopped task: its reason, and those of its containers.
pub(crate) fn reason(task: &Task) -> String {
    let mut text = task.stopped_reason().unwrap_or("stopped without a reason").trim_end_matches('.').to_owned();
    for container in task.containers() {
        let exit = container.exit_code().filter(|code| *code != 0).map(|code| format!("exit code {code}"));
        // The task tells some reasons in its container's words.
        let why = container.reason().map(|why| why.trim_end_matches('.'));
        let why = why.filter(|why| !why.is_empty() && !text.contains(why)).map(str::to_owned);
        let told: Vec<String> = exit.into_iter().chain(why).collect();
        if !told.is_empty() {
            text = format!("{text}; {}: {}", container.name().unwrap_or("a container"), told.join(", "));
        }
    }
    text
}

/// Characters of a task's id.
const ID: usize = 32;

/// A reason without the task's own id, so that the same reason of several tasks is one.
fn without_task(reason: &str, task: &Task) -> String {
    match task.task_arn().and_then(|arn| arn.rsplit('/').next()).filter(|id| id.len() >= ID) {
        Some(id) => reason.replace(id, "<task>"),
        None => reason.to_owned(),
    }
}

/// Whether a task failed, rather than being taken away by the scheduler or a user.
pub(crate) fn failed(task: &Task) -> bool {
    match task.stop_code() {
        Some(TaskStopCode::TaskFailedToStart | TaskStopCode::EssentialContainerExited) => true,
        Some(TaskStopCode::UserInitiated) => false,
        // Health checks: the scheduler stops a task that fails them.
        _ => task.stopped_reason().is_some_and(|reason| Cause::of(reason).is_hopeless()),
    }
}

/// Failed tasks by what they failed of.
#[derive(Debug, Default)]
pub(super) struct Failures {
    by_cause: BTreeMap<Cause, Vec<String>>,
}

impl Failures {
    /// Sorts them.
    pub fn of<'a>(tasks: impl IntoIterator<Item = &'a Task>) -> Self {
        let mut by_cause: BTreeMap<Cause, Vec<String>> = BTreeMap::new();
        for task in tasks {
            let reason = without_task(&reason(task), task);
            by_cause.entry(Cause::of(&reason)).or_default().push(reason);
        }
        Self { by_cause }
    }

    /// The cause of most of them.
    pub fn main_cause(&self) -> Option<Cause> {
        let most = self.by_cause.iter().max_by_key(|(cause, reasons)| (reasons.len(), std::cmp::Reverse(**cause)));
        most.map(|(cause, _)| *cause)
    }

    /// A hopeless cause of at least so many.
    pub fn hopeless(&self, at_least: usize) -> Option<Cause> {
        let mut found =
            self.by_cause.iter().filter(|(cause, reasons)| cause.is_hopeless() && reasons.len() >= at_least);
        found.next().map(|(cause, _)| *cause)
    }

    /// `3 tasks stopped: …` for each different reason, most frequent first, three at most.
    pub fn summary(&self) -> Vec<String> {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for reason in self.by_cause.values().flatten() {
            *counts.entry(reason).or_default() += 1;
        }
        let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
        counts.sort_by_key(|(reason, count)| (std::cmp::Reverse(*count), *reason));
        let line = |(reason, count): (&str, usize)| match count {
            1 => format!("a task stopped: {reason}"),
            count => format!("{count} tasks stopped: {reason}"),
        };
        counts.into_iter().take(3).map(line).collect()
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_ecs::types::Container;

    use super::*;

    #[test]
    fn a_reason_tells_its_cause() {
        let cases = [
            (
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref docker.io/hazelcast/none:latest: not found",
                Cause::Image,
            ),
            (
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref: dial tcp 3.4.5.6:443: i/o timeout",
                Cause::Network,
            ),
            (
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist.",
                Cause::LogGroup,
            ),
            (
                "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: AccessDeniedException: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: logs:CreateLogStream on resource: x",
                Cause::Denied,
            ),
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: AccessDeniedException: arn:aws:sts::1:assumed-role/r/s is not authorized to perform: secretsmanager:GetSecretValue on resource: x",
                Cause::Secret,
            ),
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s)",
                Cause::Secret,
            ),
            (
                "ResourceInitializationError: unable to pull secrets or registry auth: The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. RequestError: send request failed caused by: dial tcp: i/o timeout",
                Cause::Network,
            ),
            (
                "ECS was unable to assume the role 'arn:aws:iam::123456789012:role/ecsTaskExecutionRole' that was provided for this task",
                Cause::Role,
            ),
            (
                "ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: stderr: mount.nfs4: mount system call failed for fs-1: Connection timed out : unsuccessful EFS utils command execution; code: 1",
                Cause::Volume,
            ),
            ("Essential container in task exited; hazelcast: exit code 1", Cause::Exited),
            (
                "Essential container in task exited; hazelcast: exit code 137, OutOfMemoryError: Container killed due to memory usage",
                Cause::Memory,
            ),
            ("Task failed container health checks", Cause::Unhealthy),
            ("Task failed ELB health checks in (target-group arn:aws:elasticloadbalancing:x)", Cause::Unhealthy),
            (
                "Capacity is unavailable at this time. Please try again later or in a different availability zone",
                Cause::Capacity,
            ),
            ("Scaling activity initiated by (deployment ecs-svc/1)", Cause::Other),
            (
                "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1': InsufficientFreeAddressesInSubnet",
                Cause::Addresses,
            ),
            (
                "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment enabled in subnet 'subnet-1': InvalidGroup.NotFound",
                Cause::Interface,
            ),
        ];
        for (reason, cause) in cases {
            assert_eq!(Cause::of(reason), cause, "{reason}");
        }
    }

    #[test]
    fn the_same_reason_of_several_tasks_is_told_once_and_in_one_voice() {
        let task = |id: &str| {
            let told = format!("CannotPullContainerError: assumed-role/r/{id} may not pull.");
            let container = Container::builder().name("app").reason(told.clone()).build();
            Task::builder()
                .task_arn(format!("arn:aws:ecs:x:1:task/c/{id}"))
                .stopped_reason(told)
                .containers(container)
                .build()
        };
        let failures = Failures::of(&[task(&"a1".repeat(16)), task(&"b2".repeat(16))]);
        assert_eq!(
            failures.summary(),
            ["2 tasks stopped: CannotPullContainerError: assumed-role/r/<task> may not pull"]
        );
    }

    #[test]
    fn failures_are_counted_by_reason() {
        let task = |code: i32| {
            let container = Container::builder().name("app").exit_code(code).build();
            Task::builder().stopped_reason("Essential container in task exited").containers(container).build()
        };
        let failures = Failures::of(&[task(1), task(2), task(1)]);
        assert_eq!(
            failures.summary(),
            [
                "2 tasks stopped: Essential container in task exited; app: exit code 1",
                "a task stopped: Essential container in task exited; app: exit code 2"
            ]
        );
        assert_eq!(failures.hopeless(3), Some(Cause::Exited));
        assert_eq!(failures.hopeless(4), None);
        assert_eq!(failures.main_cause(), Some(Cause::Exited));
    }
}
