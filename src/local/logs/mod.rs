//! CloudWatch Logs: groups, streams and events.

mod event;
mod group;
mod pattern;
mod stream;
#[cfg(test)]
mod tests;

use serde_json::json;

use super::members::Members;
use super::service::{Fault, Listed, Service};
use super::store::Tx;
use crate::model::{Json, JsonMap};
use group::Group;
use stream::Stream;

/// The service.
pub struct Logs;

impl Service for Logs {
    fn name(&self) -> &'static str {
        "logs"
    }

    fn call(&self, tx: &mut Tx<'_>, action: &str, params: &JsonMap) -> Result<Json, Fault> {
        let members = &Members::new(params, "InvalidParameterException");
        match action {
            "CreateLogGroup" => group::create(tx, members),
            "DeleteLogGroup" => group::delete(tx, members),
            "DescribeLogGroups" => group::describe(tx, members),
            "PutRetentionPolicy" => group::put_retention(tx, members),
            "DeleteRetentionPolicy" => group::delete_retention(tx, members),
            "AssociateKmsKey" => group::set_key(tx, members, true),
            "DisassociateKmsKey" => group::set_key(tx, members, false),
            "PutLogGroupDeletionProtection" => group::set_protection(tx, members),
            "TagResource" => group::tag_resource(tx, members),
            "UntagResource" => group::untag_resource(tx, members),
            "ListTagsForResource" => group::list_resource_tags(tx, members),
            "TagLogGroup" => group::tag_group(tx, members),
            "UntagLogGroup" => group::untag_group(tx, members),
            "ListTagsLogGroup" => group::list_group_tags(tx, members),
            "CreateLogStream" => stream::create(tx, members),
            "DeleteLogStream" => stream::delete(tx, members),
            "DescribeLogStreams" => stream::describe(tx, members),
            "PutLogEvents" => event::put(tx, members),
            "GetLogEvents" => event::get(tx, members),
            "FilterLogEvents" => event::filter(tx, members),
            _ => Err(Fault::unknown_action("logs", action)),
        }
    }

    fn list(&self, tx: &Tx<'_>) -> Result<Vec<Listed>, Fault> {
        let listed = |group: Group| Listed {
            type_name: "AWS::Logs::LogGroup".to_owned(),
            id: group.name,
            region: tx.region.clone(),
            name: None,
            status: None,
        };
        Ok(tx.all::<Group>()?.into_iter().map(listed).collect())
    }
}

/// Whether there is a log group of this name.
///
/// # Errors
/// When the store fails.
pub fn group_exists(tx: &Tx<'_>, group: &str) -> Result<bool, Fault> {
    Ok(tx.get::<Group>(group)?.is_some())
}

/// Makes a log group as a task with `awslogs-create-group` does; nothing when it is there.
///
/// # Errors
/// When the store fails.
pub fn create_group(tx: &mut Tx<'_>, group: &str) -> Result<(), Fault> {
    if !group_exists(tx, group)? {
        tx.put(&Group::new(tx, group))?;
    }
    Ok(())
}

/// Writes lines to a stream, which is made if need be. Nothing when the group is gone.
///
/// # Errors
/// When the store fails.
pub fn write(tx: &mut Tx<'_>, group: &str, stream: &str, lines: &[String]) -> Result<(), Fault> {
    let Some(mut found) = tx.get::<Group>(group)? else { return Ok(()) };
    let stream = match tx.get::<Stream>(&stream::key(group, stream))? {
        Some(stream) => stream,
        None => Stream::new(tx, group, stream),
    };
    let now = tx.now.as_millisecond();
    event::append(tx, &mut found, stream, lines.iter().map(|line| (now, line.clone())).collect())
}

/// The refusal of a call about what is not there.
fn not_found(what: &str) -> Fault {
    Fault::new("ResourceNotFoundException", format!("The specified {what} does not exist."))
}

fn page_size(members: &Members<'_>) -> Result<usize, Fault> {
    Ok(usize::try_from(members.number("limit", 1, 50)?.unwrap_or(50)).unwrap_or(50))
}

/// A page of a list as an answer has it.
fn paged(member: &str, items: Vec<Json>, next: Option<String>) -> Json {
    let mut answer = json!({});
    answer[member] = Json::Array(items);
    if let Some(token) = next {
        answer["nextToken"] = Json::String(token);
    }
    answer
}
