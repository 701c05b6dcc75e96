//! Operations: Cloud Map takes a call, answers with an operation's id, and works on it.

use std::time::Duration;

use aws_sdk_servicediscovery::types::{
    FilterCondition, Operation, OperationFilter, OperationFilterName, OperationStatus, OperationTargetType,
};
use serde_json::json;

use crate::cloud::{CallError, Cloud, failed};
use crate::kinds::Progress;
use crate::kinds::absent::present;
use crate::kinds::json::{refusal, text};
use crate::model::JsonMap;

/// How long a creation may take until its operation tells what it makes.
const PATIENCE: Duration = Duration::from_secs(60);
/// How often it is asked meanwhile.
const PAUSE: Duration = Duration::from_millis(500);

/// What `poll` needs to follow an operation.
pub(super) fn waiting(id: Option<&str>) -> JsonMap {
    id.map(|id| JsonMap::from_iter([("operation".to_owned(), json!(id))])).unwrap_or_default()
}

/// An operation; `None` once Cloud Map has forgotten it.
async fn get(cloud: &Cloud, id: &str) -> Result<Option<Operation>, CallError> {
    let call = cloud.servicediscovery.get_operation().operation_id(id);
    let answer = present(call.send().await.map_err(failed("servicediscovery:GetOperation")))?;
    Ok(answer.and_then(|answer| answer.operation))
}

/// The id of the namespace that an operation, begun by the call `action`, makes. It is asked for until the operation tells,
/// for about a minute.
///
/// # Errors
/// When the operation fails or does not tell.
pub(super) async fn namespace_made(cloud: &Cloud, action: &'static str, id: &str) -> Result<String, CallError> {
    let pause = PAUSE.mul_f64(cloud.pace);
    let mut waited = Duration::ZERO;
    loop {
        if let Some(operation) = get(cloud, id).await? {
            if operation.status() == Some(&OperationStatus::Fail) {
                let code = operation.error_code().unwrap_or("OperationFailed");
                return Err(CallError::new(action, code, operation.error_message().unwrap_or_default()));
            }
            let target = operation.targets().and_then(|targets| targets.get(&OperationTargetType::Namespace));
            if let Some(namespace) = target {
                return Ok(namespace.clone());
            }
        }
        if waited >= PATIENCE {
            let message = format!("operation {id} does not tell which namespace it makes");
            return Err(CallError::new(action, "ServiceUnavailable", message));
        }
        tokio::time::sleep(pause).await;
        // With no pace the tries are limited all the same.
        waited += PAUSE;
    }
}

/// Whether any namespace is being made.
///
/// # Errors
/// When `servicediscovery:ListOperations` fails.
pub(super) async fn makes_namespaces(cloud: &Cloud) -> Result<bool, CallError> {
    const ACTION: &str = "servicediscovery:ListOperations";
    let among = |name, values: &[&str]| {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let filter = OperationFilter::builder().name(name).condition(FilterCondition::In).set_values(Some(values));
        filter.build().map_err(|error| refusal(ACTION, error.to_string()))
    };
    let call = cloud
        .servicediscovery
        .list_operations()
        .filters(among(OperationFilterName::Type, &["CREATE_NAMESPACE"])?)
        .filters(among(OperationFilterName::Status, &["SUBMITTED", "PENDING"])?);
    let mut pages = call.into_paginator().send();
    while let Some(page) = pages.next().await {
        if !page.map_err(failed(ACTION))?.operations().is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Where the operation in `waiting` stands; `None` when it is done, when there is none, or when Cloud Map has forgotten
/// it: then what there is has to tell.
pub(super) async fn poll(cloud: &Cloud, waiting: &JsonMap) -> Result<Option<Progress>, CallError> {
    let Some(id) = text(waiting, "operation") else { return Ok(None) };
    Ok(get(cloud, id).await?.as_ref().and_then(judge))
}

fn judge(operation: &Operation) -> Option<Progress> {
    match operation.status() {
        Some(OperationStatus::Success) => None,
        Some(OperationStatus::Fail) => {
            let code = operation.error_code().unwrap_or_default();
            let message = operation.error_message().unwrap_or("no reason was given");
            let reason = if code.is_empty() { message.to_owned() } else { format!("{code}: {message}") };
            Some(Progress::Failed { reason, help: help(code).to_owned() })
        }
        status => {
            let status = status.map_or_else(|| "submitted".to_owned(), |status| status.as_str().to_lowercase());
            Some(pending(format!("operation {status}")))
        }
    }
}

/// Not yet, and nothing new.
pub(super) fn pending(summary: impl Into<String>) -> Progress {
    Progress::Pending { summary: summary.into(), news: Vec::new(), again_in: Duration::from_secs(2) }
}

/// The way out for an operation's error code (Cloud Map API reference, Operation).
fn help(code: &str) -> &'static str {
    match code {
        "ACCESS_DENIED" => {
            "the credentials need permission for Route 53's hosted zones too (route53:CreateHostedZone…)"
        }
        "CANNOT_CREATE_HOSTED_ZONE" => {
            "the VPC may have a hosted zone of that name already: choose another name, or delete that zone"
        }
        "EXPIRED_TOKEN" => "the credentials expired meanwhile: renew them, then run again",
        "HOSTED_ZONE_NOT_FOUND" => {
            "the namespace's hosted zone was deleted by other means: make a hosted zone of that name for the VPC again, or \
             delete the namespace in the console"
        }
        _ => "run again; if it fails the same way, look at the operation in the Cloud Map console",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(status: OperationStatus, code: Option<&str>) -> Operation {
        Operation::builder().status(status).set_error_code(code.map(str::to_owned)).error_message("why").build()
    }

    #[test]
    fn an_operation_is_pending_done_or_failed_with_its_reason() {
        assert_eq!(judge(&operation(OperationStatus::Success, None)), None);
        assert_eq!(judge(&operation(OperationStatus::Pending, None)), Some(pending("operation pending")));
        let refused = judge(&operation(OperationStatus::Fail, Some("ACCESS_DENIED")));
        let Some(Progress::Failed { reason, help }) = refused else { panic!("it failed") };
        assert_eq!(reason, "ACCESS_DENIED: why");
        assert!(help.contains("route53:CreateHostedZone"));
    }
}
