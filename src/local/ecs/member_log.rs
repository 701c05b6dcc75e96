//! What Hazelcast members, and OrientDB nodes by the Hazelcast in them, say in their logs: who found whom, as it would
//! be on AWS.
//!
//! A member that looks for others by ECS finds the tasks its role may list; one that looks by a Cloud Map name finds
//! those registered there; any other stays alone, as does one whose role is denied (seen: it starts standalone, healthy),
//! and one that no security group lets its like reach.
//! Members that come or go within a few seconds of each other make one new list, which every member prints.
//! The list's form is Hazelcast's: `Members {size:3, ver:3} [`, a line `Member [10.0.1.5]:5701 - UUID` each, with ` this`
//! after the one that prints, and `]`.

use std::sync::LazyLock;
use std::time::Duration;

use regex::Regex;
use serde::{Deserialize, Serialize};

use super::failure::log_stream;
use super::task::Task;
use super::task_definition::{self, TaskDefinition};
use crate::local::service::Fault;
use crate::local::store::{Object, Tx};
use crate::local::{ec2, iam, logs};
use crate::model::{Json, JsonMap};

/// The timer by which members form a new list.
pub const FORM: &str = "members.form";

/// Hazelcast's `hazelcast.wait.seconds.before.join`.
const WAIT: Duration = Duration::from_secs(5);

/// A member.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Member {
    task: String,
    address: String,
    port: i64,
    uuid: String,
    cluster_name: String,
    log: Option<(String, String)>,
}

/// Members that find each other.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Members {
    key: String,
    joined: Vec<Member>,
    joining: Vec<Member>,
    leaving: Vec<String>,
    version: u64,
    waiting: bool,
}

impl Object for Members {
    const TABLE: &'static str = "ecs.members";

    fn key(&self) -> String {
        self.key.clone()
    }
}

/// Which members a task is among.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Membership {
    task: String,
    among: Vec<String>,
}

impl Object for Membership {
    const TABLE: &'static str = "ecs.membership";

    fn key(&self) -> String {
        self.task.clone()
    }
}

/// How a member looks for others.
#[derive(Debug, PartialEq, Eq)]
enum Join {
    /// By ECS: the tasks of a service, of a family, or all of the cluster.
    Ecs { service: Option<String>, family: Option<String> },
    /// By a DNS name.
    Dns,
    /// By a list of DNS names, one a member.
    Names(String),
    /// Not at all.
    Alone,
}

static AWS_BLOCK: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"(?s)\baws:\s+enabled:\s*true(.*)").ok());
static DNS_BLOCK: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?s)\bkubernetes:\s+enabled:\s*true.*service-dns:").ok());
static SERVICE_NAME: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"service-name:\s*"?([\w-]+)"#).ok());
static FAMILY: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r#"family:\s*"?([\w-]+)"#).ok());

static DNS_TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"<kubernetes enabled="true">\s*<service-dns>"#).ok());
static NAMES_TAG: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r#"(?s)<tcp-ip enabled="true">(.*?)</tcp-ip>"#).ok());
static PORT_TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<port\b[^>]*>(\d+)</port>").ok());
static GROUP_TAG: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"<group>\s*<name>([^<]*)</name>").ok());

fn find(pattern: &LazyLock<Option<Regex>>, text: &str) -> Option<String> {
    let captures = pattern.as_ref()?.captures(text)?;
    Some(captures.get(1)?.as_str().to_owned())
}

/// How a container's configuration has its member look: variables first, else a configuration written out in its
/// command or a variable.
fn join(container: &JsonMap, overrides: Option<&JsonMap>) -> Join {
    let variable = |name: &str| task_definition::variable(container, overrides, name);
    let owned = |name: &str| variable(name).map(str::to_owned);
    if variable("HZ_NETWORK_JOIN_AWS_ENABLED") == Some("true") {
        return Join::Ecs {
            service: owned("HZ_NETWORK_JOIN_AWS_SERVICENAME"),
            family: owned("HZ_NETWORK_JOIN_AWS_FAMILY"),
        };
    }
    if variable("HZ_NETWORK_JOIN_KUBERNETES_ENABLED") == Some("true") {
        return if variable("HZ_NETWORK_JOIN_KUBERNETES_SERVICEDNS").is_some() { Join::Dns } else { Join::Alone };
    }
    let written = written(container, overrides);
    if let Some(block) = find(&AWS_BLOCK, &written) {
        return Join::Ecs { service: find(&SERVICE_NAME, &block), family: find(&FAMILY, &block) };
    }
    if let Some(names) = find(&NAMES_TAG, &written) {
        return Join::Names(names);
    }
    let matches =
        |pattern: &LazyLock<Option<Regex>>| pattern.as_ref().is_some_and(|pattern| pattern.is_match(&written));
    if matches(&DNS_BLOCK) || matches(&DNS_TAG) { Join::Dns } else { Join::Alone }
}

/// All that may be a configuration: what is written out in a container's command and variables.
fn written(container: &JsonMap, overrides: Option<&JsonMap>) -> String {
    let mut written = task_definition::command(container, overrides).join("\n");
    for one in [Some(container), overrides].into_iter().flatten() {
        for variable in one.get("environment").and_then(Json::as_array).into_iter().flatten() {
            written.push('\n');
            written.push_str(variable["value"].as_str().unwrap_or_default());
        }
    }
    written
}

/// The port on which a member looks for others, 5701 unless a variable or a configuration in XML says otherwise.
fn port(container: &JsonMap, overrides: Option<&JsonMap>) -> i64 {
    let given = ["HZ_NETWORK_JOIN_AWS_HZPORT", "HZ_NETWORK_PORT_PORT"];
    let given = given.iter().find_map(|name| task_definition::variable(container, overrides, name)?.parse().ok());
    given.or_else(|| find(&PORT_TAG, &written(container, overrides))?.parse().ok()).unwrap_or(5701)
}

/// The name of a member's cluster.
fn cluster_name(container: &JsonMap, overrides: Option<&JsonMap>) -> String {
    let given = task_definition::variable(container, overrides, "HZ_CLUSTERNAME").map(str::to_owned);
    given.or_else(|| find(&GROUP_TAG, &written(container, overrides))).unwrap_or_else(|| "dev".to_owned())
}

/// The containers of a task that are Hazelcast members, or nodes of OrientDB that are started as ones of many.
fn member_containers(definition: &TaskDefinition) -> impl Iterator<Item = &JsonMap> {
    let is_member = |container: &JsonMap| {
        let image = container.get("image").and_then(Json::as_str).unwrap_or_default();
        let node = || written(container, None).contains("dserver.sh");
        image.contains("hazelcast/hazelcast") || (image.contains("orientdb") && node())
    };
    definition.containers().filter(move |one| is_member(one))
}

/// A task with members in it has come to run.
///
/// # Errors
/// When the store fails.
pub fn joined(tx: &mut Tx<'_>, task: &Task, definition: &TaskDefinition) -> Result<(), Fault> {
    let Some(interface) = &task.interface else { return Ok(()) };
    let address = interface.private_ip.clone();
    let mut membership = Membership { task: task.key(), among: Vec::new() };
    for container in member_containers(definition) {
        let name = container.get("name").and_then(Json::as_str).unwrap_or_default();
        let overrides = task.container_overrides(name);
        let cluster_name = cluster_name(container, overrides);
        let port = port(container, overrides);
        let member = Member {
            task: task.id.clone(),
            address: address.clone(),
            port,
            uuid: tx.fresh_uuid("member")?,
            log: log_stream(container, &task.id),
            cluster_name,
        };
        let found = match scope(tx, task, definition, &join(container, overrides))? {
            Ok(_) if !ec2::reached_by_its_like(tx, &interface.id, port)? => Err(Some(format!(
                "Could not connect to: /{address}:{port}. Connection timed out. Starting standalone."
            ))),
            found => found,
        };
        match found {
            Ok(scope) => {
                let key = format!("{}/{}/{scope}", task.cluster, member.cluster_name);
                let mut members: Members = tx.get(&key)?.unwrap_or(Members { key, ..Members::default() });
                let starting = format!("{} is STARTING", bracketed(&member));
                say(tx, &member, &[starting])?;
                members.joining.push(member);
                wait(tx, &mut members)?;
                tx.put(&members)?;
                membership.among.push(members.key);
            }
            Err(why) => {
                let mut lines: Vec<String> =
                    why.into_iter().map(|why| format!("{} {why}", bracketed(&member))).collect();
                lines.extend(list(std::slice::from_ref(&member), 1, &member));
                say(tx, &member, &lines)?;
            }
        }
    }
    if !membership.among.is_empty() {
        tx.put(&membership)?;
    }
    Ok(())
}

/// Whom a member finds, or why it stays alone.
fn scope(
    tx: &Tx<'_>,
    task: &Task,
    definition: &TaskDefinition,
    join: &Join,
) -> Result<Result<String, Option<String>>, Fault> {
    match join {
        Join::Ecs { service, family } => {
            let role = definition.text("taskRoleArn");
            for action in ["ecs:ListTasks", "ecs:DescribeTasks"] {
                let Some(role) = role else {
                    return Ok(Err(Some("No credentials: the task has no task role. Starting standalone.".to_owned())));
                };
                let resource = if action == "ecs:ListTasks" { "*".to_owned() } else { task.arn(tx) };
                if !iam::role_may(tx, role, action, &resource)? {
                    return Ok(Err(Some(format!(
                        "Cannot discover nodes, starting standalone: AccessDeniedException: {role} is not authorized \
                         to perform: {action}"
                    ))));
                }
            }
            Ok(match (service, family) {
                // Both exclude each other, and a name of something else finds others but not its own like.
                (Some(_), Some(_)) => Err(Some("You cannot filter ECS tasks by both family and service.".to_owned())),
                (Some(service), None) if task.service.as_ref() == Some(service) => Ok(format!("service/{service}")),
                (None, Some(family)) if *family == definition.family => Ok(format!("family/{family}")),
                (None, None) => Ok("cluster".to_owned()),
                _ => Err(Some("Found no tasks to join. Starting standalone.".to_owned())),
            })
        }
        // Who is looked for by a name has it from Cloud Map.
        Join::Names(names) => Ok(if task.registries.is_empty() {
            Err(Some("DNS lookup failed: the task is not registered in Cloud Map. Starting standalone.".to_owned()))
        } else {
            Ok(format!("names/{names}"))
        }),
        Join::Dns => {
            let registry = task.registries.first().and_then(|one| one.get("registryArn")?.as_str());
            Ok(registry.map(|arn| format!("dns/{arn}")).ok_or_else(|| {
                Some("DNS lookup failed: the task is not registered in Cloud Map. Starting standalone.".to_owned())
            }))
        }
        Join::Alone => Ok(Err(None)),
    }
}

/// A task with members in it has ended.
///
/// # Errors
/// When the store fails.
pub fn left(tx: &mut Tx<'_>, task: &Task) -> Result<(), Fault> {
    let Some(membership) = tx.get::<Membership>(&task.key())? else { return Ok(()) };
    tx.delete::<Membership>(&membership.task)?;
    for key in membership.among {
        let Some(mut members) = tx.get::<Members>(&key)? else { continue };
        members.joining.retain(|member| member.task != task.id);
        members.leaving.push(task.id.clone());
        wait(tx, &mut members)?;
        tx.put(&members)?;
    }
    Ok(())
}

fn wait(tx: &mut Tx<'_>, members: &mut Members) -> Result<(), Fault> {
    if !members.waiting {
        members.waiting = true;
        tx.after(WAIT, "ecs", FORM, &members.key)?;
    }
    Ok(())
}

/// Forms the new list of members, and has every one print it.
///
/// # Errors
/// When the store fails.
pub fn form(tx: &mut Tx<'_>, key: &str) -> Result<(), Fault> {
    let Some(mut members) = tx.get::<Members>(key)? else { return Ok(()) };
    members.waiting = false;
    let before = members.joined.len();
    let leaving = std::mem::take(&mut members.leaving);
    members.joined.retain(|member| !leaving.contains(&member.task));
    let left = before - members.joined.len();
    let come = std::mem::take(&mut members.joining);
    let changes = left + come.len();
    members.joined.extend(come);
    if members.joined.is_empty() {
        tx.delete::<Members>(key)?;
        return Ok(());
    }
    members.version += u64::try_from(changes).unwrap_or(0);
    tx.put(&members)?;
    if changes > 0 {
        for member in &members.joined {
            say(tx, member, &list(&members.joined, members.version, member))?;
        }
    }
    Ok(())
}

fn bracketed(member: &Member) -> String {
    format!("[{}]:{} [{}]", member.address, member.port, member.cluster_name)
}

fn list(members: &[Member], version: u64, this: &Member) -> Vec<String> {
    let mut lines = vec![format!("Members {{size:{}, ver:{version}}} [", members.len())];
    for member in members {
        let mark = if member.uuid == this.uuid { " this" } else { "" };
        lines.push(format!("\tMember [{}]:{} - {}{mark}", member.address, member.port, member.uuid));
    }
    lines.push("]".to_owned());
    lines
}

fn say(tx: &mut Tx<'_>, member: &Member, lines: &[String]) -> Result<(), Fault> {
    match &member.log {
        Some((group, stream)) => logs::write(tx, group, stream, lines),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn joins(container: Json) -> Join {
        join(container.as_object().expect("a map"), None)
    }

    #[test]
    fn a_member_looks_as_its_variables_say() {
        let set = |name: &str, value: &str| json!({"name": name, "value": value});
        assert_eq!(
            joins(json!({"environment": [
                set("HZ_NETWORK_JOIN_AWS_ENABLED", "true"), set("HZ_NETWORK_JOIN_AWS_SERVICENAME", "members")]})),
            Join::Ecs { service: Some("members".to_owned()), family: None }
        );
        assert_eq!(joins(json!({"environment": [set("HZ_NETWORK_JOIN_KUBERNETES_ENABLED", "true")]})), Join::Alone);
        assert_eq!(joins(json!({})), Join::Alone);
    }

    #[test]
    fn a_configuration_written_by_the_command_is_read() {
        let yaml = "hazelcast:\n  network:\n    join:\n      multicast:\n        enabled: false\n      aws:\n        \
                    enabled: true\n        family: hz\n";
        let command = json!({"command": ["sh", "-c", format!("echo '{yaml}' > /tmp/hazelcast.yaml && exec hz start")]});
        assert_eq!(joins(command), Join::Ecs { service: None, family: Some("hz".to_owned()) });
        let off = "join:\n  aws:\n    enabled: false\n";
        assert_eq!(joins(json!({"environment": [{"name": "CONFIG", "value": off}]})), Join::Alone);
    }

    #[test]
    fn a_list_has_hazelcasts_form() {
        let member = |address: &str, uuid: &str| Member {
            task: String::new(),
            address: address.to_owned(),
            port: 5701,
            uuid: uuid.to_owned(),
            cluster_name: "dev".to_owned(),
            log: None,
        };
        let members = [member("10.0.1.5", "a"), member("10.0.2.4", "b")];
        let expected =
            ["Members {size:2, ver:3} [", "\tMember [10.0.1.5]:5701 - a", "\tMember [10.0.2.4]:5701 - b this", "]"];
        assert_eq!(list(&members, 3, &members[1]), expected);
    }
}
