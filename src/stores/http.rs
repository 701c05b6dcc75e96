//! How stores are spoken to: by the same HTTP client with the same TLS (rustls on ring, the system's certificates) as
//! AWS is. A refusal becomes an [`Answer`], whose facts can be told; what decides about an object (that it is not there,
//! or is already) is left to the store's own client.

use std::time::Duration;

use async_trait::async_trait;
use aws_smithy_http_client::{Connector, tls};
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings};
use aws_smithy_runtime_api::http::Request;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
use http::{HeaderMap, Method, StatusCode, Uri};
use http_body_util::BodyExt;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};

use crate::cloud::chain;

/// The longest to wait for a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// The longest to wait for a whole answer: states are a few megabytes at most.
const ANSWER: Duration = Duration::from_secs(60);

/// What a request does to a store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Call {
    /// Reads an object.
    Read,
    /// Writes one.
    Write,
    /// Removes some.
    Delete,
    /// Lists names.
    List,
    /// Asks for a token, with which the others are allowed.
    Token,
    /// None of these.
    Other,
}

/// Hosts at which machines of Google and Azure ask for tokens.
const OF_MACHINES: [&str; 3] = ["metadata.google.internal", "metadata", "169.254.169.254"];

impl Call {
    fn of(method: &Method, uri: &Uri) -> Self {
        if uri.host().is_some_and(|host| OF_MACHINES.contains(&host)) || uri.path().ends_with("/token") {
            return Self::Token;
        }
        let query = uri.query().unwrap_or_default();
        let says = |what: &str| query.split('&').any(|part| part == what || part.starts_with(&format!("{what}=")));
        match *method {
            Method::GET if says("list-type") || query.contains("comp=list") => Self::List,
            Method::GET | Method::HEAD => Self::Read,
            Method::PUT => Self::Write,
            Method::DELETE => Self::Delete,
            Method::POST if says("delete") || query.contains("comp=batch") => Self::Delete,
            _ => Self::Other,
        }
    }
}

/// Credentials of a store are not to be had.
#[derive(Debug, thiserror::Error)]
#[error("no credentials: {reason}")]
pub struct NoCredentials {
    /// Why not.
    pub reason: String,
}

/// A store's refusal.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{} {}{}", status.as_u16(), code.as_deref().unwrap_or("without a code"),
    message.as_ref().map(|message| format!(": {message}")).unwrap_or_default())]
pub struct Answer {
    /// What was asked for.
    pub call: Call,
    /// The status.
    pub status: StatusCode,
    /// The code, such as `AccessDenied`.
    pub code: Option<String>,
    /// The sentence beside it.
    pub message: Option<String>,
    /// For S3, the region that the bucket is in, when it is told.
    pub region: Option<String>,
}

impl Answer {
    /// The answer that an error is about.
    pub fn of(error: &object_store::Error) -> Option<&Self> {
        cause(error)
    }

    /// Whether there is no such bucket or container.
    pub fn no_bucket(&self) -> bool {
        const CODES: [&str; 3] = ["NoSuchBucket", "ContainerNotFound", "ContainerBeingDeleted"];
        self.code.as_deref().is_some_and(|code| CODES.contains(&code))
    }

    /// Whether the same request may be answered otherwise in a moment.
    pub fn is_transient(&self) -> bool {
        const CODES: [&str; 4] = ["ConditionalRequestConflict", "OperationAborted", "RequestTimeout", "SlowDown"];
        self.status.is_server_error() && self.status != StatusCode::NOT_IMPLEMENTED
            || matches!(self.status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
            || self.code.as_deref().is_some_and(|code| CODES.contains(&code))
    }

    /// Whether it tells something about the store, and not about an object.
    fn is_about_the_store(&self) -> bool {
        match self.status {
            StatusCode::NOT_FOUND => self.no_bucket(),
            StatusCode::CONFLICT => self.is_transient(),
            StatusCode::NOT_MODIFIED | StatusCode::PRECONDITION_FAILED | StatusCode::RANGE_NOT_SATISFIABLE => false,
            status => !status.is_success(),
        }
    }
}

/// Whether the store could not be reached, or is out of order for a moment.
pub fn is_transient(error: &object_store::Error) -> bool {
    match Answer::of(error) {
        Some(answer) => answer.is_transient(),
        None => cause::<HttpError>(error).is_some_and(|error| error.kind() != HttpErrorKind::Decode),
    }
}

/// The first of the causes of an error that is of this type.
pub fn cause<T: std::error::Error + 'static>(error: &object_store::Error) -> Option<&T> {
    let mut cause = Some(error as &(dyn std::error::Error + 'static));
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}

/// Makes clients for stores.
#[derive(Debug)]
pub struct Web;

impl HttpConnector for Web {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let settings = HttpConnectorSettings::builder().connect_timeout(CONNECT).build();
        let connector = Connector::builder().tls_provider(provider).connector_settings(settings).build();
        Ok(HttpClient::new(Client(connector)))
    }
}

#[derive(Debug)]
struct Client(Connector);

#[async_trait]
impl HttpService for Client {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let call = Call::of(request.method(), request.uri());
        let late = |late| Err(HttpError::new(HttpErrorKind::Timeout, late));
        let answered = tokio::time::timeout(ANSWER, self.whole(request)).await.unwrap_or_else(late);
        let (parts, headers, body) = match answered {
            Ok(answered) => answered,
            Err(error) if call == Call::Token => return Err(no_token(chain(&error))),
            Err(error) => return Err(error),
        };
        let answer = Answer {
            call,
            status: parts,
            code: element(&body, "Code"),
            message: element(&body, "Message"),
            region: headers
                .get("x-amz-bucket-region")
                .and_then(|name| name.to_str().ok())
                .map(str::to_owned)
                .or_else(|| element(&body, "Region")),
        };
        if call == Call::Token && !answer.status.is_success() && !answer.is_transient() {
            return Err(no_token(format!("asked for a token, the answer is {answer}")));
        }
        if answer.is_about_the_store() {
            return Err(HttpError::new(HttpErrorKind::Unknown, answer));
        }
        let mut response = HttpResponse::new(body.into());
        *response.status_mut() = parts;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

impl Client {
    /// Sends a request and reads all of the answer.
    async fn whole(&self, request: HttpRequest) -> Result<(StatusCode, HeaderMap, Bytes), HttpError> {
        let unsent = |error| HttpError::new_boxed(HttpErrorKind::Decode, error);
        let cut = |error| HttpError::new_boxed(HttpErrorKind::Interrupted, error);
        let (parts, body) = request.into_parts();
        let body = SdkBody::from(body.collect().await?.to_bytes());
        let request = http::Request::from_parts(parts, body);
        let request = Request::try_from(request).map_err(|error| unsent(Box::new(error)))?;
        let response = self.0.call(request).await.map_err(|error| cut(Box::new(error)))?;
        let (parts, body) = response.try_into_http1x().map_err(|error| unsent(Box::new(error)))?.into_parts();
        let body = body.collect().await.map_err(cut)?.to_bytes();
        Ok((parts.status, parts.headers, body))
    }
}

/// That nobody gives a token; to ask again would not help.
fn no_token(reason: String) -> HttpError {
    HttpError::new(HttpErrorKind::Decode, NoCredentials { reason })
}

/// What an XML text has between the first tags of this name.
fn element(body: &Bytes, name: &str) -> Option<String> {
    let text = std::str::from_utf8(body).ok()?;
    let (_, rest) = text.split_once(&format!("<{name}>"))?;
    let (inner, _) = rest.split_once(&format!("</{name}>"))?;
    let plain = inner.replace("&quot;", "\"").replace("&apos;", "'").replace("&#39;", "'");
    Some(plain.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"))
}
