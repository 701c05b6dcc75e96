//! What a task definition names: images, roles, secrets, log groups.

use super::image::of_ecr;
use super::role::Needed;
use super::sight::{Named, attribute, exists, items, member, text};
use super::{Look, Outcome};
use crate::cloud::failed;
use crate::model::Value;

/// The variable by which Hazelcast's own image looks for its like through ECS.
const JOIN_AWS: &str = "HZ_NETWORK_JOIN_AWS_ENABLED";

impl Look<'_> {
    pub(super) async fn task_definition(&mut self) {
        let containers = items(self.change.wanted.get("containerDefinitions")).to_vec();
        let mut of_execution = Vec::new();
        let mut of_task = Vec::new();
        let mut seen = std::collections::BTreeSet::new();
        for container in &containers {
            if let Some(image) = text(container, "image") {
                if seen.insert(image.to_owned()) {
                    self.image(image).await;
                }
                if of_ecr(image).is_some() {
                    of_execution.extend(pull());
                }
            }
            for secret in items(member(container, "secrets")) {
                of_execution.extend(self.secret(secret).await);
            }
            if member(container, "logConfiguration").is_some_and(|logs| text(logs, "logDriver") == Some("awslogs")) {
                of_execution.extend(self.log_group(container).await);
            }
            of_task.extend(discovery(container));
        }
        let mut needed = std::collections::BTreeSet::new();
        of_execution.retain(|one: &Needed| needed.insert((one.action, one.resource.clone())));
        of_task.retain(|one: &Needed| needed.insert((one.action, one.resource.clone())));
        for (property, needed) in [("executionRoleArn", of_execution), ("taskRoleArn", of_task)] {
            match self.change.wanted.get(property).filter(|role| **role != Value::Null).cloned() {
                Some(role) => self.role(property, &role, &needed).await,
                None if needed.is_empty() => {}
                None => {
                    let first = &needed[0];
                    let says = format!("there is none, and it is needed for {} ({})", first.action, first.purpose);
                    let help = "make a role with iam_role that trusts ecs-tasks.amazonaws.com, and name it there";
                    self.failed(property, says, help);
                }
            }
        }
    }

    /// Whether a secret is there, and what reading it needs.
    async fn secret(&mut self, secret: &Value) -> Option<Needed> {
        let name = text(secret, "name").unwrap_or_default();
        let what = format!("secret {name}");
        let action = "secretsmanager:GetSecretValue";
        let needed = |resource: &str| Some(Needed { action, resource: resource.to_owned(), purpose: "secrets" });
        match member(secret, "valueFrom").map(|value| self.sight.named(value)) {
            Some(Named::Own(own)) if !exists(own) => {
                self.ok(what, format!("{} is made by this run", own.address));
                needed("*")
            }
            Some(Named::Own(own)) => {
                self.ok(what, format!("{} is there", own.address));
                needed(own.id.as_deref().unwrap_or("*"))
            }
            Some(Named::Other(arn)) if arn.contains(":secretsmanager:") => {
                // A key of its JSON, its stage and version may follow.
                let id: Vec<&str> = arn.splitn(8, ':').take(7).collect();
                let id = id.join(":");
                let call = self.cloud.secrets.describe_secret().secret_id(&id);
                match call.send().await.map_err(failed("secretsmanager:DescribeSecret")) {
                    Ok(found) if found.deleted_date.is_some() => {
                        let help = format!("bring it back: aws secretsmanager restore-secret --secret-id {id}");
                        self.failed(what, "it is on its way to being deleted", &help);
                    }
                    Ok(_) => self.ok(what, format!("{id} is there")),
                    Err(error) if error.is_not_found() => {
                        self.failed(what, format!("there is no secret {id}"), "make it, or look at the ARN");
                    }
                    Err(error) => self.unseen(what, &error),
                }
                needed(&id)
            }
            Some(Named::Other(parameter)) => {
                self.tell(Outcome::Unseen, what, format!("{parameter} is no secret of Secrets Manager"), None);
                let (action, purpose) = ("ssm:GetParameters", "secrets");
                Some(Needed { action, resource: "*".to_owned(), purpose })
            }
            _ => {
                self.tell(Outcome::Unseen, what, "which secret it is is not known before the run", None);
                needed("*")
            }
        }
    }

    /// Whether the log group of a container is there, and what writing to it needs.
    async fn log_group(&mut self, container: &Value) -> Vec<Needed> {
        let options = member(container, "logConfiguration").and_then(|logs| member(logs, "options"));
        let group = options.and_then(|options| member(options, "awslogs-group"));
        let makes = options.and_then(|options| text(options, "awslogs-create-group")) == Some("true");
        let mut resource = "*".to_owned();
        match group.map(|group| self.sight.named(group)) {
            Some(Named::Own(own)) => {
                let says = if exists(own) { "is there" } else { "is made by this run" };
                self.ok("log group", format!("{} {says}", own.address));
                resource = attribute(own, "arn").map_or(resource, |arn| format!("{}:*", arn.trim_end_matches(":*")));
            }
            Some(Named::Other(name)) => {
                let what = format!("log group {name}");
                let call = self.cloud.logs.describe_log_groups().log_group_name_prefix(&name);
                match call.send().await.map_err(failed("logs:DescribeLogGroups")) {
                    Ok(found) => {
                        let there = found.log_groups().iter().any(|group| group.log_group_name() == Some(&name));
                        match there {
                            true => self.ok(what, "it is there"),
                            false if makes => self.ok(what, "the container makes it (awslogs-create-group)"),
                            false => {
                                let help =
                                    format!("declare it: logs_log_group(\"logs\", #{{ logGroupName: \"{name}\" }})");
                                self.failed(what, "there is no such group, and no task starts without it", &help);
                            }
                        }
                    }
                    Err(error) => self.unseen(what, &error),
                }
                let (region, account) = (&self.cloud.region, &self.cloud.account);
                resource = format!("arn:aws:logs:{region}:{account}:log-group:{name}:*");
            }
            _ => self.tell(Outcome::Unseen, "log group", "which one it is is not known before the run", None),
        }
        let needed = |action| Needed { action, resource: resource.clone(), purpose: "logs" };
        let mut all = vec![needed("logs:CreateLogStream"), needed("logs:PutLogEvents")];
        all.extend(makes.then(|| needed("logs:CreateLogGroup")));
        all
    }
}

/// What pulling from ECR needs.
///
/// Source: ECS developer guide, "Amazon ECS task execution IAM role".
fn pull() -> [Needed; 4] {
    ["ecr:GetAuthorizationToken", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer", "ecr:BatchGetImage"]
        .map(|action| Needed { action, resource: "*".to_owned(), purpose: "the image" })
}

/// What a member of Hazelcast needs that looks for its like through ECS.
fn discovery(container: &Value) -> Vec<Needed> {
    let joins = items(member(container, "environment"))
        .iter()
        .any(|variable| text(variable, "name") == Some(JOIN_AWS) && text(variable, "value") == Some("true"));
    if !joins {
        return Vec::new();
    }
    let needed = |action| Needed { action, resource: "*".to_owned(), purpose: "members finding each other" };
    ["ecs:ListTasks", "ecs:DescribeTasks"].map(needed).into()
}
