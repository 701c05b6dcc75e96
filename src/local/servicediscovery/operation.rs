//! Operations: what Cloud Map does after it has answered.
//!
//! An operation holds what it is about, under the keys of [`Busy`], until it ends: another one about the same is then
//! refused with `DuplicateRequest`. What it changes is done when it ends.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::super::identifier::fresh_word;
use super::super::members::{Members, Page};
use super::super::service::{Fault, Timer};
use super::super::store::{Object, StoreError, Tx};
use super::filter::Filter;
use super::{instance, namespace, page_size, seconds, service};
use crate::model::Json;

/// How long AWS takes for what needs Route 53's hosted zones, about.
pub(super) const ZONE: Duration = Duration::from_secs(30);
/// How long AWS takes for what needs none, or records only, about.
pub(super) const QUICK: Duration = Duration::from_secs(5);
/// How long until an operation is taken up.
const TAKEN_UP: Duration = Duration::from_secs(1);

const PENDING: &str = "operation.pending";
const END: &str = "operation.end";

/// An operation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) status: Status,
    pub(super) failure: Option<Failure>,
    pub(super) created: Timestamp,
    pub(super) updated: Timestamp,
    pub(super) change: Change,
    /// The keys it holds.
    held: Vec<String>,
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Status {
    Submitted,
    Pending,
    Success,
    Fail,
}

/// Why an operation failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Failure {
    /// One of the codes of the API reference, `Operation`.
    pub(super) code: String,
    pub(super) message: String,
}

/// What it changes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum Change {
    CreateNamespace { namespace: String },
    UpdateNamespace { namespace: String, description: Option<String>, ttl: Option<i64> },
    DeleteNamespace { namespace: String },
    UpdateService { service: String, update: service::Update },
    RegisterInstance { instance: instance::Instance },
    DeregisterInstance { service: String, instance: String },
}

impl Change {
    fn kind(&self) -> &'static str {
        match self {
            Self::CreateNamespace { .. } => "CREATE_NAMESPACE",
            Self::UpdateNamespace { .. } => "UPDATE_NAMESPACE",
            Self::DeleteNamespace { .. } => "DELETE_NAMESPACE",
            Self::UpdateService { .. } => "UPDATE_SERVICE",
            Self::RegisterInstance { .. } => "REGISTER_INSTANCE",
            Self::DeregisterInstance { .. } => "DEREGISTER_INSTANCE",
        }
    }

    fn targets(&self) -> BTreeMap<&'static str, &str> {
        match self {
            Self::CreateNamespace { namespace }
            | Self::UpdateNamespace { namespace, .. }
            | Self::DeleteNamespace { namespace } => BTreeMap::from([("NAMESPACE", namespace.as_str())]),
            Self::UpdateService { service, .. } => BTreeMap::from([("SERVICE", service.as_str())]),
            Self::RegisterInstance { instance } => {
                BTreeMap::from([("INSTANCE", instance.id.as_str()), ("SERVICE", &instance.service)])
            }
            Self::DeregisterInstance { service, instance } => {
                BTreeMap::from([("INSTANCE", instance.as_str()), ("SERVICE", service)])
            }
        }
    }
}

impl Object for Operation {
    const TABLE: &'static str = "servicediscovery.operation";

    fn key(&self) -> String {
        self.id.clone()
    }
}

/// That an operation is about something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Busy {
    /// What it is about: the identifier of a namespace or service, or those of a service and an instance.
    pub(super) what: String,
    /// The service that an instance is of.
    pub(super) within: String,
    pub(super) operation: String,
}

impl Object for Busy {
    const TABLE: &'static str = "servicediscovery.busy";

    fn key(&self) -> String {
        self.what.clone()
    }

    fn parent(&self) -> String {
        self.within.clone()
    }
}

/// The operation in progress about something.
pub(super) fn in_progress(tx: &Tx<'_>, what: &str) -> Result<Option<Operation>, StoreError> {
    match tx.get::<Busy>(what)? {
        Some(busy) => tx.get::<Operation>(&busy.operation),
        None => Ok(None),
    }
}

/// The refusal of a second operation about the same.
pub(super) fn duplicate(operation: &str) -> Fault {
    Fault::new("DuplicateRequest", "The operation is already in progress.").field("DuplicateOperationId", operation)
}

/// Begins an operation about `what`, an instance's `within` its service, that takes this long on AWS. Answers with its
/// identifier.
pub(super) fn begin(
    tx: &mut Tx<'_>,
    change: Change,
    what: &str,
    within: &str,
    on_aws: Duration,
) -> Result<String, Fault> {
    if let Some(busy) = tx.get::<Busy>(what)? {
        return Err(duplicate(&busy.operation));
    }
    let id = fresh_word(tx, "operation", 32)?;
    let (created, updated, held) = (tx.now, tx.now, vec![what.to_owned()]);
    let status = Status::Submitted;
    tx.put(&Busy { what: what.to_owned(), within: within.to_owned(), operation: id.clone() })?;
    tx.put(&Operation { id: id.clone(), status, failure: None, created, updated, change, held })?;
    tx.after(TAKEN_UP.min(on_aws), "servicediscovery", PENDING, &id)?;
    tx.after(on_aws, "servicediscovery", END, &id)?;
    Ok(id)
}

/// Takes an operation a step further.
pub(super) fn due(tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
    let Some(mut operation) = tx.get::<Operation>(&timer.key)? else { return Ok(()) };
    match timer.what.as_str() {
        PENDING if operation.status == Status::Submitted => operation.status = Status::Pending,
        END => {
            operation.failure = carry_out(tx, &operation.change)?.err();
            operation.status = if operation.failure.is_some() { Status::Fail } else { Status::Success };
            for what in &operation.held {
                tx.delete::<Busy>(what)?;
            }
        }
        _ => return Ok(()),
    }
    operation.updated = tx.now;
    Ok(tx.put(&operation)?)
}

fn carry_out(tx: &mut Tx<'_>, change: &Change) -> Result<Result<(), Failure>, Fault> {
    match change {
        Change::CreateNamespace { namespace } => return namespace::made(tx, namespace),
        Change::UpdateNamespace { namespace, description, ttl } => {
            namespace::updated(tx, namespace, description.clone(), *ttl)?;
        }
        Change::DeleteNamespace { namespace } => namespace::deleted(tx, namespace)?,
        Change::UpdateService { service, update } => service::updated(tx, service, update)?,
        Change::RegisterInstance { instance } => instance::registered(tx, instance)?,
        Change::DeregisterInstance { service, instance } => instance::deregistered(tx, service, instance)?,
    }
    Ok(Ok(()))
}

impl Operation {
    fn json(&self, account: &str) -> Json {
        let mut operation = json!({
            "Id": self.id,
            "OwnerAccount": account,
            "Type": self.change.kind(),
            "Status": self.status,
            "CreateDate": seconds(self.created),
            "UpdateDate": seconds(self.updated),
            "Targets": self.change.targets(),
        });
        if let Some(failure) = &self.failure {
            operation["ErrorCode"] = json!(failure.code);
            operation["ErrorMessage"] = json!(failure.message);
        }
        operation
    }
}

pub(super) fn get(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let id = members.required("OperationId")?;
    let missing = || Fault::new("OperationNotFound", format!("No operation exists with the ID {id}."));
    Ok(json!({"Operation": tx.get::<Operation>(id)?.ok_or_else(missing)?.json(tx.account)}))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let filters = Filter::read(members, &["NAMESPACE_ID", "SERVICE_ID", "STATUS", "TYPE", "UPDATE_DATE"])?;
    let mut operations = tx.all::<Operation>()?;
    operations.retain(|operation| {
        let targets = operation.change.targets();
        filters.iter().all(|filter| match filter.name {
            "NAMESPACE_ID" => targets.get("NAMESPACE").is_some_and(|id| filter.admits(id)),
            "SERVICE_ID" => targets.get("SERVICE").is_some_and(|id| filter.admits(id)),
            "STATUS" => json!(operation.status).as_str().is_some_and(|status| filter.admits(status)),
            "TYPE" => filter.admits(operation.change.kind()),
            _ => filter.spans(operation.updated),
        })
    });
    let page = Page::of(operations, Object::key, members.text("NextToken")?, page_size(members, 100)?);
    let item = |operation: &Operation| json!({"Id": operation.id, "Status": operation.status});
    Ok(super::paged("Operations", page.items.iter().map(item).collect(), page.next))
}
