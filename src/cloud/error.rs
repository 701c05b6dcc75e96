//! [`CallError`]: a refused or failed call, with what AWS said and what that means for going on.

#[cfg(feature = "aws")]
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
#[cfg(feature = "aws")]
use aws_smithy_runtime_api::client::result::SdkError;
#[cfg(feature = "aws")]
use aws_smithy_types::error::metadata::ProvideErrorMetadata;

use super::gate::Closed;
use crate::model::{Denial, FailedCall};

/// What a failed call means for going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ErrorClass {
    /// What was named does not exist.
    NotFound,
    /// A name or a relation is taken.
    AlreadyExists,
    /// Something else still uses it, or works on it: it may go away by itself.
    Busy,
    /// Too many calls.
    Throttled,
    /// The credentials do not allow it.
    Denied,
    /// The answer was lost or the service was out of order: the call may or may not have been done.
    Unknown,
    /// AWS refused it for what it says.
    Refused,
    /// It was not made: a [`Gate`](super::Gate) is closed, and stays so.
    NotMade,
}

/// A call that failed.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{action}: {}{message}", code.as_deref().map(|code| format!("{code}: ")).unwrap_or_default())]
pub struct CallError {
    /// The IAM action, such as `ecs:CreateService`.
    pub action: &'static str,
    /// AWS's error code; none when no answer came.
    pub code: Option<String>,
    /// AWS's message.
    pub message: String,
    /// The request's id, for AWS's support.
    pub request_id: Option<String>,
    /// What it means.
    pub class: ErrorClass,
}

impl CallError {
    /// An error that the code found in a good answer (`failures[]`, `Unsuccessful[]`).
    pub fn new(action: &'static str, code: &str, message: impl Into<String>) -> Self {
        Self { action, code: Some(code.to_owned()), message: message.into(), request_id: None, class: classify(code) }
    }

    /// An error of a kind of one's own, of which it says itself what it means for going on.
    pub fn own(action: &'static str, class: ErrorClass, message: impl Into<String>) -> Self {
        Self { action, code: None, message: message.into(), request_id: None, class }
    }

    /// That a request was not made.
    pub(super) fn not_made(action: &'static str, closed: &Closed) -> Self {
        Self::own(action, ErrorClass::NotMade, closed.to_string())
    }

    /// Whether what was named does not exist.
    pub fn is_not_found(&self) -> bool {
        self.class == ErrorClass::NotFound
    }

    /// What is not allowed, when it was the permissions that it failed for, not the credentials themselves.
    pub fn denial(&self) -> Option<Denial> {
        let of_permissions = self.code.as_deref().is_some_and(|code| NOT_ALLOWED.contains(&code));
        of_permissions.then(|| Denial::of(self.action, &self.message))
    }

    /// Its facts. `known` is what the call's resource is known to be where AWS does not say.
    pub fn facts(&self, known: Option<&str>) -> FailedCall {
        let denied = self.denial();
        FailedCall {
            action: self.action.to_owned(),
            code: self.code.clone(),
            request_id: self.request_id.clone(),
            missing_statement: denied.as_ref().and_then(|denied| denied.statement(known)),
            denied,
        }
    }

    /// The error and the request's id, for people.
    pub fn told(&self) -> String {
        let id = self.request_id.as_ref().map(|id| format!(" (request {id})")).unwrap_or_default();
        format!("{self}{id}")
    }

    /// Whether the code is this one.
    pub fn is(&self, code: &str) -> bool {
        self.code.as_deref() == Some(code)
    }
}

/// Turns the SDK's error of the call `action` into a [`CallError`]: `.map_err(failed("ecs:CreateService"))`.
#[cfg(feature = "aws")]
pub fn failed<E>(action: &'static str) -> impl Fn(SdkError<E, HttpResponse>) -> CallError
where
    E: ProvideErrorMetadata + std::error::Error + Send + Sync + 'static,
{
    move |error| {
        let code = error.code().map(str::to_owned);
        let request_id = error.raw_response().and_then(|response| {
            ["x-amzn-requestid", "x-amz-request-id"]
                .iter()
                .find_map(|name| response.headers().get(name))
                .map(str::to_owned)
        });
        let status = error.raw_response().map(|response| response.status().as_u16());
        let class = match (&code, status) {
            _ if is_closed(&error) => ErrorClass::NotMade,
            (Some(code), _) if classify(code) != ErrorClass::Refused => classify(code),
            (_, Some(500..)) | (None, _) => ErrorClass::Unknown,
            _ => ErrorClass::Refused,
        };
        let message = match error.message() {
            Some(message) => message.to_owned(),
            None => chain(&error),
        };
        CallError { action, code, message, request_id, class }
    }
}

/// Whether a gate did not let the request pass.
#[cfg(feature = "aws")]
fn is_closed(error: &(dyn std::error::Error + 'static)) -> bool {
    std::iter::successors(Some(error), |error| error.source()).any(|error| error.is::<Closed>())
}

/// The error and its causes.
#[cfg(feature = "aws")]
pub(crate) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    text
}

/// Codes of refusals that are about permissions, not about the credentials themselves.
///
/// Sources: the common errors of the JSON and query protocols; "Error codes for the Amazon EC2 API".
const NOT_ALLOWED: [&str; 4] = ["AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AuthorizationError"];

/// Codes that say that there were too many calls.
///
/// Sources: as those of [`classify`].
pub(super) const THROTTLED: [&str; 11] = [
    "Throttling",
    "ThrottlingException",
    "ThrottledException",
    "RequestThrottledException",
    "TooManyRequestsException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "SlowDown",
    "PriorRequestNotComplete",
    "EC2ThrottledException",
    "BandwidthLimitExceeded",
];

/// The class of an error code of any service this crate calls.
///
/// Sources: botocore 1.44.5 service models; "Error codes for the Amazon EC2 API"; the SDKs' throttling lists.
fn classify(code: &str) -> ErrorClass {
    match code {
        "NoSuchEntity" | "Gateway.NotAttached" | "ServiceNotActiveException" => ErrorClass::NotFound,
        "EntityAlreadyExists"
        | "Resource.AlreadyAssociated"
        | "ResourceAlreadyExistsException"
        | "ResourceExistsException"
        | "DuplicateListener"
        | "DuplicateLoadBalancerName"
        | "DuplicateTargetGroupName"
        | "PriorityInUse" => ErrorClass::AlreadyExists,
        "DependencyViolation"
        | "DeleteConflict"
        | "ResourceInUse"
        | "ResourceInUseException"
        | "InvalidGroup.InUse"
        | "InvalidIPAddress.InUse"
        | "ConcurrentModification"
        | "OperationAbortedException"
        | "DuplicateRequest"
        | "ConcurrentTagAccess"
        | "UpdateInProgressException"
        | "ConcurrentOperationException"
        | "ResourceConflict"
        | "ResourceConflictException"
        | "ConflictException"
        | "IncorrectState"
        | "ConcurrentUpdateException"
        | "FileSystemInUse"
        | "IncorrectFileSystemLifeCycleState"
        | "IncorrectMountTargetState"
        | "IpAddressInUse" => ErrorClass::Busy,
        _ if THROTTLED.contains(&code) => ErrorClass::Throttled,
        "AccessDenied"
        | "AccessDeniedException"
        | "UnauthorizedOperation"
        | "AuthorizationError"
        | "AuthFailure"
        | "ExpiredToken"
        | "ExpiredTokenException"
        | "InvalidClientTokenId"
        | "UnrecognizedClientException"
        | "MissingAuthenticationToken"
        | "MissingAuthenticationTokenException"
        | "SignatureDoesNotMatch"
        | "InvalidSignatureException"
        | "RequestExpired" => ErrorClass::Denied,
        "InternalError"
        | "InternalFailure"
        | "InternalServiceError"
        | "ServerException"
        | "ServiceUnavailable"
        | "RequestTimeout"
        | "ServiceFailure"
        | "Unavailable"
        | "ServiceUnavailableException" => ErrorClass::Unknown,
        // Not about an object: the name of a type is wrong.
        "TypeNotFoundException" => ErrorClass::Refused,
        _ if code.starts_with("ClusterContains") => ErrorClass::Busy,
        _ if code.contains("NotFound") => ErrorClass::NotFound,
        _ if code.contains("AlreadyExists") || code.ends_with(".Duplicate") => ErrorClass::AlreadyExists,
        _ => ErrorClass::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bad_credentials_are_no_question_of_permissions() {
        let denied = |code: &str| {
            let error = CallError::new("ecs:CreateCluster", code, "no");
            (error.class, error.denial().is_some())
        };
        for code in NOT_ALLOWED {
            assert_eq!(denied(code), (ErrorClass::Denied, true), "{code}");
        }
        assert_eq!(denied("ExpiredToken"), (ErrorClass::Denied, false));
        assert_eq!(denied("InvalidClientTokenId"), (ErrorClass::Denied, false));
        assert!(!denied("ClusterNotFoundException").1);
    }
}
