//! Reading the logs of a service's running tasks, to see whether its members have found each other.
//!
//! A question takes five calls: the service, its tasks (two), their task definition, and one search of all their logs.

use std::collections::BTreeMap;

use aws_sdk_ec2::types::IpPermission;
use aws_sdk_ecs::types::{ContainerDefinition, DesiredStatus, LogDriver, Service as Described, Task, TaskDefinition};
use aws_smithy_types::DateTime;

use super::describe::{TASKS, describe_tasks, services, tasks};
use super::formed::{Circumstances, Sighting, judge};
use super::member_list::{PATTERN, Reading};
use super::service::parts;
use crate::cloud::{CallError, Cloud, ErrorClass, failed};
use crate::kinds::{Gathered, Gathering};

/// The most pages of a search that are read for one question.
const PAGES: usize = 20;

/// Where a container of a task logs.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Logs {
    pub group: String,
    /// What the names of the streams begin with; the task's identifier follows.
    pub prefix: String,
}

/// Looks whether the members of a service have found each other.
pub(super) async fn look(cloud: &Cloud, question: &Gathering<'_>) -> Result<Gathered, CallError> {
    let unseen = |reason: String| Ok(Gathered::Unseen { reason });
    let (arn, cluster) = parts(question.id);
    let Some(service) = services(cloud, cluster, &[arn.to_owned()]).await?.into_iter().next() else {
        return unseen("the service is not there any more".to_owned());
    };
    let expected = question.expected.size.map_or(service.desired_count, |size| i32::try_from(size).unwrap_or(i32::MAX));
    let expected = usize::try_from(expected).unwrap_or(0);
    if expected <= 1 {
        return Ok(Gathered::Formed { members: expected });
    }
    let running = running(cloud, arn, cluster, &service).await?;
    let Some(definition) = running.iter().find_map(Task::task_definition_arn) else {
        return Ok(judge(&[], expected, question.expected, &Circumstances::default()));
    };
    let call = cloud.ecs.describe_task_definition().task_definition(definition);
    let answer = call.send().await.map_err(failed("ecs:DescribeTaskDefinition"))?;
    let Some(definition) = answer.task_definition else {
        return unseen(format!("{definition} is not there"));
    };
    let logs = match logs(&definition, question.expected.container.as_deref(), &cloud.region) {
        Ok(logs) => logs,
        Err(reason) => return unseen(reason),
    };
    let ids = running.iter().filter_map(|task| task.task_arn()?.rsplit('/').next()).map(str::to_owned);
    let since = running.iter().filter_map(Task::created_at).filter_map(|at| DateTime::to_millis(*at).ok()).min();
    let searched = match search(cloud, &logs, ids, since).await {
        Ok(searched) => searched,
        Err(error) if error.is_not_found() => return unseen(format!("the log group {} is not there", logs.group)),
        Err(error) if error.class == ErrorClass::Denied => {
            return unseen(format!("the credentials need permission for {}", error.action));
        }
        Err(error) => return Err(error),
    };
    let Some(sightings) = searched else {
        return unseen(format!("the logs of {} are too long to read through", logs.group));
    };
    let circumstances = match question.why {
        true => circumstances(cloud, question, &service, &definition, &running).await,
        false => Circumstances::default(),
    };
    Ok(judge(&sightings, expected, question.expected, &circumstances))
}

/// The running tasks of the service's own deployment.
async fn running(cloud: &Cloud, arn: &str, cluster: &str, service: &Described) -> Result<Vec<Task>, CallError> {
    let mut deployments = service.deployments().iter();
    let own = deployments.find(|deployment| deployment.status() == Some("PRIMARY")).and_then(|primary| primary.id());
    let mut found = Vec::new();
    for arns in tasks(cloud, arn, cluster, DesiredStatus::Running).await?.chunks(TASKS) {
        found.extend(describe_tasks(cloud, cluster, arns).await?);
    }
    found.retain(|task| task.last_status() == Some("RUNNING") && (own.is_none() || task.started_by() == own));
    Ok(found)
}

/// Where the member's container logs, or why that cannot be read.
fn logs(definition: &TaskDefinition, container: Option<&str>, region: &str) -> Result<Logs, String> {
    let to_cloudwatch = |container: &&ContainerDefinition| to_cloudwatch(container);
    let mut containers = definition.container_definitions().iter();
    let found = match container {
        Some(name) => containers
            .find(|container| container.name() == Some(name))
            .ok_or_else(|| format!("the task definition has no container `{name}`"))
            .map(|container| Some(container).filter(to_cloudwatch))?,
        None => containers.find(to_cloudwatch),
    };
    match found {
        Some(found) => log_of(found, region),
        None => Err("the members do not log to CloudWatch (log driver awslogs)".to_owned()),
    }
}

/// Whether a container logs to CloudWatch.
pub(crate) fn to_cloudwatch(container: &ContainerDefinition) -> bool {
    container.log_configuration().is_some_and(|logging| *logging.log_driver() == LogDriver::Awslogs)
}

/// Where a container logs that does so to CloudWatch, or why that cannot be read.
pub(crate) fn log_of(container: &ContainerDefinition, region: &str) -> Result<Logs, String> {
    let options = container.log_configuration().and_then(|logging| logging.options());
    let option = |name: &str| options.and_then(|options| options.get(name)).map(String::as_str);
    if let Some(other) = option("awslogs-region").filter(|other| *other != region) {
        return Err(format!("the members log to another region, {other}"));
    }
    match (option("awslogs-group"), option("awslogs-stream-prefix"), container.name()) {
        (Some(group), Some(prefix), Some(name)) => {
            Ok(Logs { group: group.to_owned(), prefix: format!("{prefix}/{name}/") })
        }
        _ => Err("their log has no `awslogs-group` or no `awslogs-stream-prefix`".to_owned()),
    }
}

/// What the log of each task says of members, read from a time in milliseconds since 1970; `None` when there is too much
/// of it.
///
/// Streams are asked for by what their names begin with: one by name that is not there yet would have the whole call
/// refused.
pub(crate) async fn search(
    cloud: &Cloud,
    logs: &Logs,
    tasks: impl IntoIterator<Item = String>,
    since: Option<i64>,
) -> Result<Option<Vec<Sighting>>, CallError> {
    let mut readings: BTreeMap<String, Reading> = tasks.into_iter().map(|id| (id, Reading::default())).collect();
    let mut next = None;
    for _ in 0..PAGES {
        let call = cloud.logs.filter_log_events().log_group_name(&logs.group).log_stream_name_prefix(&logs.prefix);
        let call = call.filter_pattern(PATTERN).set_start_time(since).set_next_token(next);
        let page = call.send().await.map_err(failed("logs:FilterLogEvents"))?;
        for event in page.events.unwrap_or_default() {
            let task = event.log_stream_name().and_then(|stream| stream.strip_prefix(&logs.prefix));
            let reading = task.and_then(|task| readings.get_mut(task));
            if let (Some(reading), Some(message)) = (reading, event.message()) {
                reading.message(message);
            }
        }
        next = page.next_token;
        if next.is_none() {
            let sighting = |(task, reading)| Sighting { task, reading };
            return Ok(Some(readings.into_iter().map(sighting).collect()));
        }
    }
    Ok(None)
}

/// What helps to tell the cause. What cannot be asked is left out.
async fn circumstances(
    cloud: &Cloud,
    question: &Gathering<'_>,
    service: &Described,
    definition: &TaskDefinition,
    running: &[Task],
) -> Circumstances {
    let role = definition.task_role_arn().map(|arn| arn.rsplit('/').next().unwrap_or(arn).to_owned());
    let network = service.network_configuration().and_then(|network| network.awsvpc_configuration());
    let groups = network.map(|network| network.security_groups().to_vec()).unwrap_or_default();
    let mut closed = None;
    if !groups.is_empty() {
        let call = cloud.ec2.describe_security_groups().set_group_ids(Some(groups.clone()));
        if let Ok(answer) = call.send().await {
            let addresses = addresses(running);
            let mut rules = answer.security_groups().iter().flat_map(|group| group.ip_permissions());
            let port = i32::from(question.expected.port);
            let open = rules.any(|rule| opens(rule, port, &groups, &addresses));
            closed = (!open).then_some(groups);
        }
    }
    Circumstances { closed, role }
}

/// Private addresses of the tasks.
fn addresses(running: &[Task]) -> Vec<std::net::Ipv4Addr> {
    let containers = running.iter().flat_map(|task| task.containers());
    let interfaces = containers.flat_map(|container| container.network_interfaces());
    interfaces.filter_map(|interface| interface.private_ipv4_address()?.parse().ok()).collect()
}

/// Whether a rule lets members, which all have `groups`, reach each other on a TCP port.
fn opens(rule: &IpPermission, port: i32, groups: &[String], members: &[std::net::Ipv4Addr]) -> bool {
    let reached = match rule.ip_protocol() {
        Some("-1") => true,
        Some("tcp" | "6") => (rule.from_port().unwrap_or(0)..=rule.to_port().unwrap_or(65535)).contains(&port),
        _ => false,
    };
    let own = || {
        rule.user_id_group_pairs()
            .iter()
            .filter_map(|pair| pair.group_id())
            .any(|id| groups.iter().any(|own| own == id))
    };
    let ranges = || rule.ip_ranges().iter().filter_map(|range| range.cidr_ip()?.parse::<ipnet::Ipv4Net>().ok());
    let covered = || !members.is_empty() && members.iter().all(|member| ranges().any(|range| range.contains(member)));
    // A list of prefixes is not looked into: it may have them.
    reached && (own() || covered() || !rule.prefix_list_ids().is_empty())
}

#[cfg(test)]
mod tests {
    use aws_sdk_ec2::types::{IpRange, UserIdGroupPair};
    use aws_sdk_ecs::types::LogConfiguration;

    use super::*;

    fn container(name: &str, driver: LogDriver, options: &[(&str, &str)]) -> ContainerDefinition {
        let mut logging = LogConfiguration::builder().log_driver(driver);
        for (key, value) in options {
            logging = logging.options(*key, *value);
        }
        ContainerDefinition::builder().name(name).log_configuration(logging.build().expect("complete")).build()
    }

    #[test]
    fn where_members_log_is_the_containers_own() {
        let options = [("awslogs-group", "/ecs/hz"), ("awslogs-stream-prefix", "hz"), ("awslogs-region", "eu-west-1")];
        let definition = TaskDefinition::builder()
            .container_definitions(container("side", LogDriver::Splunk, &[]))
            .container_definitions(container("member", LogDriver::Awslogs, &options))
            .container_definitions(container("bare", LogDriver::Awslogs, &options[..1]))
            .build();
        let found = Logs { group: "/ecs/hz".to_owned(), prefix: "hz/member/".to_owned() };
        assert_eq!(logs(&definition, None, "eu-west-1"), Ok(found));
        for (name, region, expected) in [
            (Some("side"), "eu-west-1", "do not log to CloudWatch"),
            (Some("none"), "eu-west-1", "no container `none`"),
            (Some("bare"), "eu-west-1", "no `awslogs-stream-prefix`"),
            (Some("member"), "us-east-1", "another region, eu-west-1"),
        ] {
            let reason = logs(&definition, name, region).expect_err("it cannot be read");
            assert!(reason.contains(expected), "{reason}");
        }
    }

    #[test]
    fn a_rule_opens_a_port_to_its_own_group_or_to_where_members_are() {
        let tcp = |from: i32, to: i32| IpPermission::builder().ip_protocol("tcp").from_port(from).to_port(to);
        let own = || UserIdGroupPair::builder().group_id("sg-1").build();
        let from = |cidr: &str| IpRange::builder().cidr_ip(cidr).build();
        let members = ["10.0.1.5".parse().expect("one"), "10.0.2.5".parse().expect("one")];
        let cases = [
            (tcp(5701, 5701).user_id_group_pairs(own()), true),
            (tcp(5700, 5708).ip_ranges(from("10.0.0.0/16")), true),
            (tcp(5701, 5701).ip_ranges(from("10.0.1.0/24")), false),
            (tcp(8080, 8080).user_id_group_pairs(own()), false),
            (tcp(5701, 5701).user_id_group_pairs(UserIdGroupPair::builder().group_id("sg-2").build()), false),
            (IpPermission::builder().ip_protocol("udp").user_id_group_pairs(own()), false),
            (IpPermission::builder().ip_protocol("-1").user_id_group_pairs(own()), true),
        ];
        for (rule, expected) in cases {
            let rule = rule.build();
            assert_eq!(opens(&rule, 5701, &["sg-1".to_owned()], &members), expected, "{rule:?}");
        }
    }
}
