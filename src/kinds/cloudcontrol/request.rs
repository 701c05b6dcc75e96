//! Requests: what Cloud Control does after it has answered, where that stands, and what its failures mean.

use std::time::Duration;

use aws_sdk_cloudcontrol::types::{Operation, OperationStatus, ProgressEvent, ResourceRequestStatusFilter};
use serde_json::json;

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::Progress;
use crate::model::JsonMap;

const STATUS: &str = "cloudformation:GetResourceRequestStatus";
const REQUESTS: &str = "cloudformation:ListResourceRequests";

/// Where the token of a request stands in what following it needs.
pub(super) const REQUEST: &str = "request";
/// Between two questions.
pub(super) const SOON: Duration = Duration::from_secs(3);

/// Where a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stand {
    /// Not at its end; what to show.
    UnderWay(String),
    /// It has done what it was for.
    Done,
    /// It has not.
    Failed {
        /// The code of the type's handler.
        code: String,
        /// What it says.
        message: String,
    },
    /// It is not known any more: requests are, for seven days.
    Unknown,
}

/// What following a request needs.
pub(super) fn waiting(event: Option<&ProgressEvent>) -> JsonMap {
    let token = event.and_then(ProgressEvent::request_token);
    token.map(|token| (REQUEST.to_owned(), json!(token))).into_iter().collect()
}

/// What a progress event says.
pub(super) fn judge(event: &ProgressEvent) -> Stand {
    let message = event.status_message().unwrap_or_default();
    match event.operation_status() {
        Some(OperationStatus::Success) => Stand::Done,
        Some(OperationStatus::Failed) => Stand::Failed {
            code: event.error_code().map_or("Failed", |code| code.as_str()).to_owned(),
            message: if message.is_empty() { "no reason was given" } else { message }.to_owned(),
        },
        Some(OperationStatus::CancelComplete | OperationStatus::CancelInProgress) => {
            Stand::Failed { code: "Canceled".to_owned(), message: "somebody cancelled the request".to_owned() }
        }
        status => {
            let status = status.map_or("pending", |status| status.as_str()).to_lowercase().replace('_', " ");
            Stand::UnderWay(if message.is_empty() { status } else { format!("{status}: {message}") })
        }
    }
}

/// The event of a request; `None` when it is not known any more.
pub(super) async fn event(cloud: &Cloud, token: &str) -> Result<Option<ProgressEvent>, CallError> {
    let call = cloud.cloudcontrol.get_resource_request_status().request_token(token);
    match call.send().await.map_err(failed(STATUS)) {
        Ok(answer) => Ok(answer.progress_event),
        Err(error) if error.is("RequestTokenNotFoundException") => Ok(None),
        Err(error) => Err(error),
    }
}

/// Where a request stands.
pub(super) async fn stand(cloud: &Cloud, token: &str) -> Result<Stand, CallError> {
    Ok(event(cloud, token).await?.as_ref().map_or(Stand::Unknown, judge))
}

/// The request that works on an object, if one does.
pub(super) async fn under_way(cloud: &Cloud, type_name: &str, id: &str) -> Result<Option<ProgressEvent>, CallError> {
    let statuses = [OperationStatus::Pending, OperationStatus::InProgress];
    let filter = ResourceRequestStatusFilter::builder().set_operation_statuses(Some(statuses.to_vec())).build();
    let found = list(cloud, type_name, filter).await?;
    Ok(found.into_iter().find(|event| event.identifier() == Some(id)))
}

/// Requests to make objects of a type: those of the last seven days that are under way or have made one.
pub(super) async fn creations(cloud: &Cloud, type_name: &str) -> Result<Vec<ProgressEvent>, CallError> {
    let statuses = [OperationStatus::Pending, OperationStatus::InProgress, OperationStatus::Success];
    let filter = ResourceRequestStatusFilter::builder()
        .operations(Operation::Create)
        .set_operation_statuses(Some(statuses.to_vec()))
        .build();
    list(cloud, type_name, filter).await
}

async fn list(
    cloud: &Cloud,
    type_name: &str,
    filter: ResourceRequestStatusFilter,
) -> Result<Vec<ProgressEvent>, CallError> {
    let call = cloud.cloudcontrol.list_resource_requests().resource_request_status_filter(filter);
    let mut pages = call.into_paginator().send();
    let mut found = Vec::new();
    while let Some(page) = pages.next().await {
        found.extend(page.map_err(failed(REQUESTS))?.resource_request_status_summaries.unwrap_or_default());
    }
    found.retain(|event| event.type_name() == Some(type_name));
    Ok(found)
}

/// Not yet.
pub(super) fn pending(summary: &str, again_in: Duration) -> Progress {
    Progress::Pending { summary: summary.to_owned(), news: Vec::new(), again_in }
}

/// Whether a failure with this code may go away by itself.
pub(super) fn passes(code: &str) -> bool {
    matches!(code, "ResourceConflict" | "Throttling" | "NetworkFailure" | "ServiceInternalError" | "InternalFailure")
}

/// The way out for a handler's code (API reference, `ProgressEvent`).
pub(super) fn help(code: &str, type_name: &str) -> String {
    match code {
        "NotUpdatable" => NOT_UPDATABLE.to_owned(),
        "InvalidRequest" => format!("what {type_name} takes is in CloudFormation's template reference"),
        "AccessDenied" | "InvalidCredentials" => format!(
            "the credentials need what the handlers of {type_name} call, beside cloudformation:*Resource themselves"
        ),
        "UnauthorizedTaggingOperation" => format!("the credentials need permission to tag {type_name}"),
        "AlreadyExists" => {
            "something has that name and is not this stack's: choose another name, or adopt it with the option `id`"
                .to_owned()
        }
        "NotFound" => "something it needs, or the object itself, is gone: run again, and it is made anew".to_owned(),
        "ResourceConflict" => "something else works on it or still uses it: run again when that is over".to_owned(),
        "ServiceLimitExceeded" => {
            "a quota of the account is used up: raise it in Service Quotas, then run again".to_owned()
        }
        "NotStabilized" | "ServiceTimeout" => "it did not become usable in time: run again to go on".to_owned(),
        _ => "run again; if it fails the same way, look at the service's own console".to_owned(),
    }
}

const NOT_UPDATABLE: &str = "AWS can only replace it for this change: run with `--replace ADDRESS`, or put what changes \
                             into the option `replaceOn` for good";

/// An error with what its code means for who reads it.
pub(super) fn explained(mut error: CallError) -> CallError {
    let more = match error.code.as_deref() {
        Some("NotUpdatableException") => NOT_UPDATABLE,
        Some("TypeNotFoundException") => {
            "check the name of the type; a type of your own must be activated in this region"
        }
        Some("UnsupportedActionException") => "Cloud Control cannot do that with objects of this type",
        _ => return error,
    };
    error.message = format!("{} ({more})", error.message.trim_end_matches('.'));
    error
}

#[cfg(test)]
mod tests {
    use aws_sdk_cloudcontrol::types::HandlerErrorCode;

    use super::*;

    #[test]
    fn an_event_is_under_way_done_or_failed_with_its_reason() {
        let event = |status| ProgressEvent::builder().operation_status(status).status_message("why").build();
        assert_eq!(judge(&event(OperationStatus::Success)), Stand::Done);
        assert_eq!(judge(&event(OperationStatus::InProgress)), Stand::UnderWay("in progress: why".to_owned()));
        let failed = ProgressEvent::builder()
            .operation_status(OperationStatus::Failed)
            .error_code(HandlerErrorCode::NotUpdatable)
            .build();
        let wanted = Stand::Failed { code: "NotUpdatable".to_owned(), message: "no reason was given".to_owned() };
        assert_eq!(judge(&failed), wanted);
        assert!(help("NotUpdatable", "AWS::SNS::Topic").contains("replaceOn"));
    }
}
