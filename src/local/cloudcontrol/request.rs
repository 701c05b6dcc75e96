//! Requests: what Cloud Control does after it has answered. One works on an object at a time.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::resource::{Resource, key};
use super::{NAME, made, model};
use crate::local::members::{Members, Page};
use crate::local::service::{Fault, Timer};
use crate::local::store::{Object, StoreError, Tx};
use crate::model::{Json, JsonMap};

/// How long until a request is begun.
const TAKEN_UP: Duration = Duration::from_secs(1);
/// How long a request takes, about.
const TAKES: Duration = Duration::from_secs(8);
/// How long a client's token stands for its request (API reference, `CreateResource`).
const TOKEN_LASTS: Duration = Duration::from_secs(36 * 60 * 60);
/// How long requests are known (API reference, `ListResourceRequests`).
const KNOWN: Duration = Duration::from_secs(7 * 24 * 60 * 60);

const BEGIN: &str = "begin";
const END: &str = "end";

/// A request.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Request {
    token: String,
    type_name: String,
    id: Option<String>,
    operation: Operation,
    status: Status,
    at: Timestamp,
    /// The model that it makes or has made.
    model: JsonMap,
    failure: Option<(String, String)>,
}

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Operation {
    Create,
    Update,
    Delete,
}

/// Where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Status {
    Pending,
    InProgress,
    Success,
    Failed,
    CancelComplete,
}

impl Status {
    fn is_over(self) -> bool {
        matches!(self, Self::Success | Self::Failed | Self::CancelComplete)
    }
}

impl Object for Request {
    const TABLE: &'static str = "cloudcontrol.request";

    fn key(&self) -> String {
        self.token.clone()
    }
}

/// What a client's token stands for.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Asked {
    client_token: String,
    /// The operation and what was asked.
    what: Json,
    request: String,
    at: Timestamp,
}

impl Object for Asked {
    const TABLE: &'static str = "cloudcontrol.asked";

    fn key(&self) -> String {
        self.client_token.clone()
    }
}

/// That a request works on an object.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Busy {
    object: String,
    request: String,
}

impl Object for Busy {
    const TABLE: &'static str = "cloudcontrol.busy";

    fn key(&self) -> String {
        self.object.clone()
    }
}

/// The request that the token of a call stands for already.
///
/// # Errors
/// `ClientTokenConflictException` when the token was given to something else.
pub(super) fn asked_before(tx: &Tx<'_>, members: &Members<'_>, what: &Json) -> Result<Option<Json>, Fault> {
    let Some(token) = members.text("ClientToken")? else { return Ok(None) };
    members.spelled("ClientToken", members.within("ClientToken", token, 1, 128)?, "-+/=", "[-A-Za-z0-9+/=]+")?;
    let asked = tx.get::<Asked>(token)?.filter(|asked| tx.now.duration_since(asked.at) < jiff_of(TOKEN_LASTS));
    let Some(asked) = asked else { return Ok(None) };
    if asked.what != *what {
        let message = format!("The client token {token} has already been used in another resource request.");
        return Err(Fault::new("ClientTokenConflictException", message));
    }
    Ok(Some(event(&find(tx, &asked.request)?)))
}

fn jiff_of(duration: Duration) -> jiff::SignedDuration {
    jiff::SignedDuration::try_from(duration).unwrap_or(jiff::SignedDuration::MAX)
}

/// What a request is to do.
pub(super) struct Work<'a> {
    pub(super) operation: Operation,
    pub(super) type_name: &'a str,
    /// The object, when it is known.
    pub(super) id: Option<&'a str>,
    /// What it is to be.
    pub(super) model: JsonMap,
    /// What was asked.
    pub(super) what: Json,
}

/// Begins a request, and answers its event.
///
/// # Errors
/// `ConcurrentOperationException` when another one works on the object.
pub(super) fn begin(tx: &mut Tx<'_>, members: &Members<'_>, work: Work<'_>) -> Result<Json, Fault> {
    let Work { operation, type_name, id, model, what } = work;
    let token = tx.fresh_uuid("request")?;
    if let Some(id) = id {
        hold(tx, type_name, id, &token)?;
    }
    let request = Request {
        token: token.clone(),
        type_name: type_name.to_owned(),
        id: id.map(str::to_owned),
        operation,
        status: Status::InProgress,
        at: tx.now,
        model,
        failure: None,
    };
    tx.put(&request)?;
    if let Some(client_token) = members.text("ClientToken")? {
        tx.put(&Asked { client_token: client_token.to_owned(), what, request: token.clone(), at: tx.now })?;
    }
    tx.after(TAKEN_UP, NAME, BEGIN, &token)?;
    Ok(event(&request))
}

/// Has a request work on an object, alone.
fn hold(tx: &mut Tx<'_>, type_name: &str, id: &str, request: &str) -> Result<(), Fault> {
    let object = key(type_name, id);
    if let Some(busy) = tx.get::<Busy>(&object)? {
        let message = format!(
            "Another resource operation of type {type_name} with identifier {id} is in progress: request {}.",
            busy.request
        );
        return Err(Fault::new("ConcurrentOperationException", message));
    }
    Ok(tx.put(&Busy { object, request: request.to_owned() })?)
}

/// Takes a request a step further.
pub(super) fn due(tx: &mut Tx<'_>, timer: &Timer) -> Result<(), Fault> {
    let Some(mut request) = tx.get::<Request>(&timer.key)?.filter(|request| !request.status.is_over()) else {
        return Ok(());
    };
    match timer.what.as_str() {
        BEGIN => {
            if request.operation == Operation::Create
                && let Err((code, message)) = make(tx, &mut request)?
            {
                request.failure = Some((code, message));
                request.status = Status::Failed;
            } else {
                tx.after(TAKES, NAME, END, &request.token)?;
            }
        }
        _ => {
            request.status = Status::Success;
            let object = key(&request.type_name, request.id.as_deref().unwrap_or_default());
            match (request.operation, tx.get::<Resource>(&object)?) {
                (Operation::Update, Some(mut resource)) => {
                    resource.model = request.model.clone();
                    tx.put(&resource)?;
                }
                (Operation::Delete, Some(_)) => drop(tx.delete::<Resource>(&object)?),
                _ => {}
            }
            tx.delete::<Busy>(&object)?;
        }
    }
    request.at = tx.now;
    Ok(tx.put(&request)?)
}

/// Makes the object of a creation, or says why not: from then on it shows.
fn make(tx: &mut Tx<'_>, request: &mut Request) -> Result<Result<(), (String, String)>, Fault> {
    let schema = model::schema(&request.type_name, "create")?;
    made::fill(tx, schema, &mut request.model)?;
    let part = |name: &String| {
        let value = request.model.get(model::cfn_name(schema, name));
        value.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned)).unwrap_or_default()
    };
    let id = schema.primary_identifier.iter().map(part).collect::<Vec<_>>().join("|");
    let type_name = request.type_name.clone();
    request.id = Some(id.clone());
    if tx.get::<Resource>(&key(&type_name, &id))?.is_some() {
        let message = format!("Resource of type '{type_name}' with identifier '{id}' already exists.");
        return Ok(Err(("AlreadyExists".to_owned(), message)));
    }
    tx.put(&Busy { object: key(&type_name, &id), request: request.token.clone() })?;
    tx.put(&Resource { type_name, id, model: request.model.clone() })?;
    Ok(Ok(()))
}

fn find(tx: &Tx<'_>, token: &str) -> Result<Request, Fault> {
    let known = tx.get::<Request>(token)?.filter(|request| tx.now.duration_since(request.at) < jiff_of(KNOWN));
    let message = format!("Request with token {token} was not found");
    known.ok_or_else(|| Fault::new("RequestTokenNotFoundException", message))
}

fn summary(request: &Request) -> Json {
    let mut event = json!({
        "TypeName": request.type_name,
        "RequestToken": request.token,
        "Operation": request.operation,
        "OperationStatus": request.status,
        "EventTime": request.at.as_millisecond() as f64 / 1000.0,
    });
    if let Some(id) = &request.id {
        event["Identifier"] = json!(id);
    }
    if let Some((code, message)) = &request.failure {
        event["ErrorCode"] = json!(code);
        event["StatusMessage"] = json!(message);
    }
    event
}

/// The event of a request as an answer has it.
fn event(request: &Request) -> Json {
    json!({ "ProgressEvent": summary(request) })
}

pub(super) fn status(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    Ok(event(&find(tx, members.required("RequestToken")?)?))
}

pub(super) fn list(tx: &Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let filter = members.structure("ResourceRequestStatusFilter")?;
    let among = |name: &str| -> Result<Vec<String>, Fault> {
        let texts = filter.as_ref().map_or(Ok(Vec::new()), |filter| filter.texts(name))?;
        Ok(texts.into_iter().map(str::to_owned).collect())
    };
    let (operations, statuses) = (among("Operations")?, among("OperationStatuses")?);
    let has = |wanted: &[String], is: Json| wanted.is_empty() || wanted.iter().any(|one| is == one.as_str());
    let mut requests = tx.all::<Request>()?;
    requests.retain(|request| {
        tx.now.duration_since(request.at) < jiff_of(KNOWN)
            && has(&operations, json!(request.operation))
            && has(&statuses, json!(request.status))
    });
    let page = Page::of(requests, Object::key, members.text("NextToken")?, page_size(members)?);
    let mut answer = json!({ "ResourceRequestStatusSummaries": page.items.iter().map(summary).collect::<Vec<_>>() });
    if let Some(next) = page.next {
        answer["NextToken"] = json!(next);
    }
    Ok(answer)
}

/// How many a page has at most.
pub(super) fn page_size(members: &Members<'_>) -> Result<usize, Fault> {
    Ok(usize::try_from(members.number("MaxResults", 1, 100)?.unwrap_or(20)).unwrap_or(20))
}

pub(super) fn cancel(tx: &mut Tx<'_>, members: &Members<'_>) -> Result<Json, Fault> {
    let mut request = find(tx, members.required("RequestToken")?)?;
    if !request.status.is_over() {
        release(tx, &request)?;
        request.status = Status::CancelComplete;
        request.at = tx.now;
        tx.put(&request)?;
    }
    Ok(event(&request))
}

/// Leaves the object of a request that is called off as it is.
fn release(tx: &mut Tx<'_>, request: &Request) -> Result<(), StoreError> {
    if let Some(id) = &request.id {
        tx.delete::<Busy>(&key(&request.type_name, id))?;
    }
    Ok(())
}
