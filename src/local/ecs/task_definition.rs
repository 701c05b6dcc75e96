//! Task definitions: families, their revisions, and the calls about them.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::params::{includes, invalid, list, maps, required, text, texts};
use super::tags::{self, Tags};
use super::{arn, definition_defaults, paging, validate};
use crate::local::service::Fault;
use crate::local::store::{Object, StoreError, Tx};
use crate::model::{Json, JsonMap};

/// How far a revision's life is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Status {
    /// Can be run.
    Active,
    /// Deregistered: what runs goes on, nothing new begins.
    Inactive,
    /// Deleted: described, and no more.
    Deleting,
}

impl Status {
    fn name(self) -> &'static str {
        match self {
            Self::Active => "ACTIVE",
            Self::Inactive => "INACTIVE",
            Self::Deleting => "DELETE_IN_PROGRESS",
        }
    }
}

/// A revision.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TaskDefinition {
    /// Its family.
    pub family: String,
    /// Its number in the family, from 1.
    pub revision: i64,
    /// How far its life is.
    pub status: Status,
    /// What was registered, defaults filled in.
    pub definition: JsonMap,
    /// Its tags.
    pub tags: Tags,
}

impl Object for TaskDefinition {
    const TABLE: &'static str = "ecs.task-definition";

    fn key(&self) -> String {
        format!("{}:{}", self.family, self.revision)
    }

    fn parent(&self) -> String {
        self.family.clone()
    }
}

impl TaskDefinition {
    /// Its ARN.
    pub fn arn(&self, tx: &Tx<'_>) -> String {
        arn::of(tx, &format!("task-definition/{}", self.key()))
    }

    /// Its containers.
    pub fn containers(&self) -> impl Iterator<Item = &JsonMap> {
        self.definition["containerDefinitions"].as_array().into_iter().flatten().filter_map(Json::as_object)
    }

    /// A member of it that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.definition.get(name).and_then(Json::as_str)
    }

    /// Whether it can be run on a launch type.
    pub fn runs_on(&self, launch_type: &str) -> bool {
        self.definition["compatibilities"].as_array().is_some_and(|all| all.iter().any(|one| one == launch_type))
    }

    fn view(&self, tx: &Tx<'_>) -> Json {
        let mut view = self.definition.clone();
        view.insert("taskDefinitionArn".to_owned(), self.arn(tx).into());
        view.insert("family".to_owned(), self.family.clone().into());
        view.insert("revision".to_owned(), self.revision.into());
        view.insert("status".to_owned(), self.status.name().into());
        view.into()
    }
}

/// What is known of a family without reading its revisions.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Family {
    name: String,
    /// The last number given; the family goes on counting after revisions are deleted.
    last: i64,
    /// The numbers of those that are ACTIVE, rising.
    active: Vec<i64>,
    /// Whether any is INACTIVE.
    inactive: Vec<i64>,
}

impl Object for Family {
    const TABLE: &'static str = "ecs.family";

    fn key(&self) -> String {
        self.name.clone()
    }
}

/// The revision `family:number`, whatever its status.
///
/// # Errors
/// When the store fails.
pub fn exact(tx: &Tx<'_>, key: &str) -> Result<Option<TaskDefinition>, StoreError> {
    tx.get(key)
}

/// The revision of an ARN, of `family:number`, or the latest ACTIVE one of a family.
///
/// # Errors
/// `InvalidParameterException` for an ARN of something else.
pub fn lookup(tx: &Tx<'_>, reference: &str) -> Result<Option<TaskDefinition>, Fault> {
    let name = arn::resource(tx, "task-definition", reference)?;
    if name.contains(':') {
        return Ok(exact(tx, name)?);
    }
    let family: Option<Family> = tx.get(name)?;
    let latest = family.and_then(|family| family.active.last().copied());
    Ok(latest.map(|revision| exact(tx, &format!("{name}:{revision}"))).transpose()?.flatten())
}

/// The ACTIVE revision that something is to be run from.
///
/// # Errors
/// `ClientException` when it is not there or not ACTIVE.
pub fn to_run(tx: &Tx<'_>, reference: &str) -> Result<TaskDefinition, Fault> {
    let found = lookup(tx, reference)?.ok_or_else(|| Fault::new("ClientException", "TaskDefinition not found."))?;
    if found.status == Status::Active {
        Ok(found)
    } else {
        Err(Fault::new("ClientException", "TaskDefinition is inactive"))
    }
}

/// `RegisterTaskDefinition`: always another revision.
pub fn register(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    validate::registration(params)?;
    let tags = tags::read(params)?;
    let name = required(params, "family")?;
    let definition = definition_defaults::fill(tx, params)?;
    let none = || Family { name: name.to_owned(), last: 0, active: Vec::new(), inactive: Vec::new() };
    let mut family: Family = tx.get(name)?.unwrap_or_else(none);
    family.last += 1;
    family.active.push(family.last);
    tx.put(&family)?;
    let revision = family.last;
    let registered = TaskDefinition { family: family.name, revision, status: Status::Active, definition, tags };
    tx.put(&registered)?;
    Ok(json!({"taskDefinition": registered.view(tx), "tags": tags::view(&registered.tags)}))
}

/// `DescribeTaskDefinition`.
pub fn describe(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let found = lookup(tx, required(params, "taskDefinition")?)?
        .ok_or_else(|| Fault::new("ClientException", "Unable to describe task definition."))?;
    let mut answer = json!({"taskDefinition": found.view(tx)});
    if includes(params, "TAGS")? {
        answer["tags"] = tags::view(&found.tags);
    }
    Ok(answer)
}

/// `DeregisterTaskDefinition`: takes `family:number` or an ARN only.
pub fn deregister(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let name = arn::resource(tx, "task-definition", required(params, "taskDefinition")?)?;
    if !name.contains(':') {
        return Err(invalid("Invalid revision number. Number: null"));
    }
    let gone = || Fault::new("ClientException", "The specified task definition does not exist.");
    let mut found = exact(tx, name)?.filter(|found| found.status != Status::Deleting).ok_or_else(gone)?;
    if found.status == Status::Active {
        found.status = Status::Inactive;
        found.definition.insert("deregisteredAt".to_owned(), super::seconds(tx.now).into());
        tx.put(&found)?;
        if let Some(mut family) = tx.get::<Family>(&found.family)? {
            family.active.retain(|revision| *revision != found.revision);
            family.inactive.push(found.revision);
            tx.put(&family)?;
        }
    }
    Ok(json!({"taskDefinition": found.view(tx)}))
}

/// `DeleteTaskDefinitions`: of revisions that are INACTIVE. They stay DELETE_IN_PROGRESS, as on AWS while anything uses
/// them.
pub fn delete(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let references = texts(params, "taskDefinitions")?;
    if references.is_empty() || references.len() > 10 {
        return Err(invalid("Specify between 1 and 10 task definitions."));
    }
    let (mut deleted, mut failures) = (Vec::new(), Vec::new());
    for reference in references {
        let name = arn::resource(tx, "task-definition", reference)?;
        let Some(mut found) = exact(tx, name)? else {
            let detail = "The specified task definition does not exist. Specify a valid account, family, revision and try again.";
            failures.push(json!({"arn": reference, "reason": detail}));
            continue;
        };
        match found.status {
            Status::Active => {
                let detail = "The specified task definition is still in ACTIVE status. Please deregister the target and try again.";
                failures.push(json!({"arn": found.arn(tx), "reason": detail}));
                continue;
            }
            Status::Deleting => {}
            Status::Inactive => {
                found.status = Status::Deleting;
                found.definition.insert("deleteRequestedAt".to_owned(), super::seconds(tx.now).into());
                tx.put(&found)?;
                if let Some(mut family) = tx.get::<Family>(&found.family)? {
                    family.inactive.retain(|revision| *revision != found.revision);
                    tx.put(&family)?;
                }
            }
        }
        deleted.push(found.view(tx));
    }
    Ok(json!({"taskDefinitions": deleted, "failures": failures}))
}

/// `ListTaskDefinitions`.
pub fn list_revisions(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let status = text(params, "status")?.unwrap_or("ACTIVE");
    if !["ACTIVE", "INACTIVE", "DELETE_IN_PROGRESS"].contains(&status) {
        return Err(invalid(format!("Invalid status {status}.")));
    }
    let mut all: Vec<TaskDefinition> = match text(params, "familyPrefix")? {
        Some(family) => tx.under(family)?,
        None => tx.all()?,
    };
    all.retain(|one| one.status.name() == status);
    all.sort_by(|one, other| (&one.family, one.revision).cmp(&(&other.family, other.revision)));
    if text(params, "sort")? == Some("DESC") {
        all.reverse();
    }
    let arns = all.iter().map(|one| one.arn(tx)).collect();
    paging::page(params, "taskDefinitionArns", arns, 100)
}

/// `ListTaskDefinitionFamilies`. An ACTIVE family has an ACTIVE revision.
pub fn list_families(tx: &mut Tx<'_>, params: &JsonMap) -> Result<Json, Fault> {
    let prefix = text(params, "familyPrefix")?.unwrap_or_default();
    let wanted = |family: &Family| match text(params, "status") {
        Ok(Some("ACTIVE")) => !family.active.is_empty(),
        Ok(Some("INACTIVE")) => family.active.is_empty() && !family.inactive.is_empty(),
        _ => !family.active.is_empty() || !family.inactive.is_empty(),
    };
    let all: Vec<Family> = tx.all()?;
    let matching = all.into_iter().filter(|family| family.name.starts_with(prefix) && wanted(family));
    let mut names: Vec<String> = matching.map(|family| family.name).collect();
    names.sort();
    paging::page(params, "families", names, 100)
}

/// The ARNs of every ACTIVE revision.
///
/// # Errors
/// When the store fails.
pub fn active(tx: &Tx<'_>) -> Result<Vec<String>, StoreError> {
    let all: Vec<TaskDefinition> = tx.all()?;
    Ok(all.iter().filter(|one| one.status == Status::Active).map(|one| one.arn(tx)).collect())
}

/// A variable of a container's environment: what the task overrides goes before the definition.
pub fn variable<'a>(container: &'a JsonMap, overrides: Option<&'a JsonMap>, name: &str) -> Option<&'a str> {
    let of = |map: &'a JsonMap| {
        let variables = maps(map, "environment").unwrap_or_default();
        variables.into_iter().rev().find(|variable| variable.get("name").is_some_and(|own| own == name))
    };
    overrides.and_then(of).or_else(|| of(container)).and_then(|variable| variable.get("value")?.as_str())
}

/// A container's command and entry point as one list, what the task overrides before the definition.
pub fn command<'a>(container: &'a JsonMap, overrides: Option<&'a JsonMap>) -> Vec<&'a str> {
    let words = |map: &'a JsonMap, name: &str| -> Vec<&'a str> {
        list(map, name).unwrap_or_default().iter().filter_map(Json::as_str).collect()
    };
    let mut all = words(container, "entryPoint");
    match overrides.map(|overrides| words(overrides, "command")).filter(|words| !words.is_empty()) {
        Some(overridden) => all.extend(overridden),
        None => all.extend(words(container, "command")),
    }
    all
}
