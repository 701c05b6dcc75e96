//! Why a task cannot start, in the words of ECS.
//!
//! Sources: "Stopped tasks error messages" and "Service event messages" of the developer guide.

use super::params::{list, map, text};
use super::task::Task;
use super::task_definition::TaskDefinition;
use super::validate::is_ecr;
use super::volume;
use crate::local::service::Fault;
use crate::local::store::Tx;
use crate::local::{ec2, ecr, iam, logs, secretsmanager};
use crate::model::{Json, JsonMap};

/// The service that tasks' roles have to trust.
const TASKS: &str = "ecs-tasks.amazonaws.com";

/// Why a task finds no place on Fargate, without a full stop.
pub const NO_CAPACITY: &str = "Capacity is unavailable at this time. Please try again later or in a different \
                               availability zone";

/// What keeps a task from starting.
#[derive(Debug, PartialEq, Eq)]
pub struct Problem {
    /// The task's stopped reason.
    pub reason: String,
    /// The container that is to blame.
    pub container: Option<String>,
}

/// Why a task is not even tried: a role that is not there or does not trust ECS.
///
/// # Errors
/// When the store fails.
pub fn role_refusal(tx: &Tx<'_>, definition: &TaskDefinition) -> Result<Option<String>, Fault> {
    for name in ["executionRoleArn", "taskRoleArn"] {
        if let Some(role) = definition.text(name)
            && iam::role_trusts(tx, role, TASKS)? != Some(true)
        {
            return Ok(Some(format!(
                "ECS was unable to assume the role '{role}' that was provided for this task. Please verify that the \
                 role being passed has the proper trust relationship and permissions and that your IAM user has \
                 permissions to pass this role."
            )));
        }
    }
    Ok(None)
}

/// Why a task's interface could not be made.
pub fn no_interface(task: &Task, fault: &Fault) -> String {
    let public = if task.public { "enabled" } else { "disabled" };
    format!(
        "Unexpected EC2 error while attempting to Create Network Interface with public IP assignment {public} in \
         subnet '{}': {}",
        task.subnet, fault.code
    )
}

/// Why a task that has its interface cannot start its containers; log groups that containers have made are made.
///
/// # Errors
/// When the store fails.
pub fn of_start(tx: &mut Tx<'_>, task: &Task, definition: &TaskDefinition) -> Result<Option<Problem>, Fault> {
    let ways = Ways { out: ec2::has_way_out(tx, &task.subnet, task.public)?, task };
    for container in definition.containers() {
        if let Some(reason) = no_secrets(tx, definition, container, &ways)? {
            return Ok(Some(Problem { reason, container: None }));
        }
    }
    if let Some(reason) = volume::refusal(tx, task, definition)? {
        return Ok(Some(Problem { reason, container: None }));
    }
    for container in definition.containers() {
        let image = text(container, "image")?.unwrap_or_default();
        if !ways.lead_to_image(tx, image)? {
            let reason = format!(
                "CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref \
                 {image}: failed to do request: dial tcp: i/o timeout"
            );
            return Ok(blame(container, reason));
        }
        if let Some(reason) = no_logger(tx, &ways, definition, container)? {
            return Ok(Some(Problem { reason, container: None }));
        }
    }
    for container in definition.containers() {
        let image = text(container, "image")?.unwrap_or_default();
        if tx.settings.deny_images.iter().any(|pattern| matches(pattern, image)) || ecr::lacks(tx, image)? {
            let reason = format!(
                "CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref \
                 {image}: not found"
            );
            return Ok(blame(container, reason));
        }
    }
    Ok(None)
}

/// How a task reaches what its start needs: out to the internet, or by endpoints of its VPC.
struct Ways<'a> {
    out: bool,
    task: &'a Task,
}

impl Ways<'_> {
    /// Whether a service of AWS is reached, such as `ecr.api`.
    fn lead_to(&self, tx: &Tx<'_>, service: &str) -> Result<bool, Fault> {
        match &self.task.interface {
            _ if self.out => Ok(true),
            Some(interface) => ec2::reaches_service(tx, &interface.id, service),
            None => Ok(false),
        }
    }

    /// Whether an image's registry is reached. That of AWS keeps the layers in S3.
    fn lead_to_image(&self, tx: &Tx<'_>, image: &str) -> Result<bool, Fault> {
        if self.out || !is_ecr(image) {
            return Ok(self.out);
        }
        for service in ["ecr.api", "ecr.dkr", "s3"] {
            if !self.lead_to(tx, service)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

fn blame(container: &JsonMap, reason: String) -> Option<Problem> {
    let name = container.get("name").and_then(Json::as_str).map(str::to_owned);
    Some(Problem { reason, container: name })
}

fn no_secrets(
    tx: &Tx<'_>,
    definition: &TaskDefinition,
    container: &JsonMap,
    ways: &Ways<'_>,
) -> Result<Option<String>, Fault> {
    let secrets = list(container, "secrets")?;
    let from_ecr = text(container, "image")?.is_some_and(is_ecr);
    if secrets.is_empty() && !from_ecr {
        return Ok(None);
    }
    let head =
        "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed:";
    let role = definition.text("executionRoleArn").unwrap_or_default();
    let what = if secrets.is_empty() { "registry auth from Amazon ECR" } else { "secret from asm" };
    let head = format!("{head} unable to retrieve {what}: service call has been retried 1 time(s):");
    if !ways.lead_to(tx, if secrets.is_empty() { "ecr.api" } else { "secretsmanager" })? {
        return Ok(Some(format!("{head} RequestError: send request failed caused by: dial tcp: i/o timeout")));
    }
    let denied = |action: &str, resource: &str| {
        format!("{head} AccessDeniedException: {role} is not authorized to perform: {action} on resource: {resource}")
    };
    if from_ecr && !iam::role_may(tx, role, "ecr:GetAuthorizationToken", "*")? {
        return Ok(Some(denied("ecr:GetAuthorizationToken", "*")));
    }
    for secret in secrets {
        let from = secret["valueFrom"].as_str().unwrap_or_default();
        let in_secrets_manager = from.contains(":secretsmanager:");
        let action = if in_secrets_manager { "secretsmanager:GetSecretValue" } else { "ssm:GetParameters" };
        // What follows the seven parts of a secret's ARN says which key and version of it.
        let end = from.match_indices(':').nth(6).filter(|_| in_secrets_manager).map_or(from.len(), |(at, _)| at);
        let resource = &from[..end];
        if !iam::role_may(tx, role, action, resource)? {
            return Ok(Some(denied(action, resource)));
        }
        if in_secrets_manager && let Some(why) = no_value(tx, from)? {
            return Ok(Some(format!("{head} {why}")));
        }
    }
    Ok(None)
}

/// Why there is no value for a secret of this account and region: `arn`, and after it key, stage and version.
fn no_value(tx: &Tx<'_>, from: &str) -> Result<Option<String>, Fault> {
    let parts: Vec<&str> = from.split(':').collect();
    if parts.get(3..5) != Some([tx.region.as_str(), tx.account].as_slice()) {
        return Ok(None);
    }
    let part = |at: usize| parts.get(at).copied().filter(|part| !part.is_empty());
    let arn = parts[..parts.len().min(7)].join(":");
    let value = match secretsmanager::value(tx, &arn, part(8), part(9)) {
        Ok(value) => value,
        Err(fault) if fault.status >= 500 => return Err(fault),
        Err(fault) => {
            let Fault { code, message, .. } = fault;
            return Ok(Some(format!("failed to fetch secret {arn} from secrets manager: {code}: {message}")));
        }
    };
    let Some(key) = part(7) else { return Ok(None) };
    let has = serde_json::from_str::<Json>(&value).is_ok_and(|value| value.get(key).is_some());
    let lacking = || format!("retrieved secret from Secrets Manager did not contain json key {key}");
    Ok((!has).then(lacking))
}

/// Where a container logs to, when that is CloudWatch: group and stream.
pub fn log_stream(container: &JsonMap, task: &str) -> Option<(String, String)> {
    let log = container.get("logConfiguration")?;
    if log["logDriver"] != "awslogs" {
        return None;
    }
    let option = |name: &str| log["options"][name].as_str();
    let name = container.get("name")?.as_str()?;
    let group = option("awslogs-group")?.to_owned();
    Some((group, format!("{}/{name}/{task}", option("awslogs-stream-prefix").unwrap_or("ecs"))))
}

fn no_logger(
    tx: &mut Tx<'_>,
    ways: &Ways<'_>,
    definition: &TaskDefinition,
    container: &JsonMap,
) -> Result<Option<String>, Fault> {
    let Some((group, stream)) = log_stream(container, &ways.task.id) else { return Ok(None) };
    let role = definition.text("executionRoleArn").unwrap_or_default();
    let head = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: \
                failed to create Cloudwatch log stream: operation error CloudWatch Logs: CreateLogStream, https \
                response error StatusCode:";
    if !ways.lead_to(tx, "logs")? {
        return Ok(Some(format!("{head} 0, RequestID: , request send failed: dial tcp: i/o timeout")));
    }
    let head = format!("{head} 400");
    let group_arn = format!("arn:aws:logs:{}:{}:log-group:{group}", tx.region, tx.account);
    let denied = |action: &str, resource: &str| {
        format!("{head}, AccessDeniedException: {role} is not authorized to perform: {action} on resource: {resource}")
    };
    if !logs::group_exists(tx, &group)? {
        let options = map(container, "logConfiguration")?.and_then(|log| log.get("options")?.as_object());
        if options.and_then(|options| options.get("awslogs-create-group")).is_none_or(|create| create != "true") {
            return Ok(Some(format!("{head}, ResourceNotFoundException: The specified log group does not exist.")));
        }
        if !iam::role_may(tx, role, "logs:CreateLogGroup", &group_arn)? {
            return Ok(Some(denied("logs:CreateLogGroup", &group_arn)));
        }
        logs::create_group(tx, &group)?;
    }
    let stream_arn = format!("{group_arn}:log-stream:{stream}");
    if !iam::role_may(tx, role, "logs:CreateLogStream", &stream_arn)? {
        return Ok(Some(denied("logs:CreateLogStream", &stream_arn)));
    }
    Ok(None)
}

/// Whether a text matches a pattern in which `*` stands for anything.
fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let Some(mut rest) = parts.next().and_then(|first| text.strip_prefix(first)) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn patterns_of_images_match_whole_texts() {
        for (pattern, image, expected) in [
            ("*:missing", "hazelcast/hazelcast:missing", true),
            ("*:missing", "hazelcast/hazelcast:missing2", false),
            ("*does-not-exist*", "a/does-not-exist:1", true),
            ("redis", "redis", true),
            ("redis", "redis:7", false),
            ("a*b*c", "a1b2c", true),
            ("a*b*c", "ac", false),
            ("ab*bc", "abc", false),
        ] {
            assert_eq!(matches(pattern, image), expected, "{pattern} {image}");
        }
    }

    #[test]
    fn a_stream_is_named_after_prefix_container_and_task() {
        let container = json!({"name": "member", "logConfiguration": {"logDriver": "awslogs", "options": {
            "awslogs-group": "/ecs/hz", "awslogs-stream-prefix": "hz"}}});
        let stream = log_stream(container.as_object().expect("a map"), "abc");
        assert_eq!(stream, Some(("/ecs/hz".to_owned(), "hz/member/abc".to_owned())));
    }
}
