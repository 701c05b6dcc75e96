//! [`Local`]'s answers as an HTTP client of the SDK: calls never leave the process. And its clock, as the SDK's.

use std::time::SystemTime;

use aws_smithy_async::time::{SharedTimeSource, TimeSource};
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;

use super::Local;

impl Local {
    /// An HTTP client for the SDK that this embedded AWS answers, whatever the address.
    pub fn http_client(&self) -> SharedHttpClient {
        SharedHttpClient::new(InProcess(self.clone()))
    }

    /// The time as it is here, for the SDK: under a paused clock it stands still.
    pub fn time_source(&self) -> SharedTimeSource {
        SharedTimeSource::new(InProcess(self.clone()))
    }
}

impl TimeSource for InProcess {
    fn now(&self) -> SystemTime {
        let since = std::time::Duration::try_from(self.0.now().as_duration()).unwrap_or_default();
        SystemTime::UNIX_EPOCH + since
    }
}

#[derive(Debug, Clone)]
struct InProcess(Local);

impl HttpClient for InProcess {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for InProcess {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let local = self.0.clone();
        HttpConnectorFuture::new(async move {
            let other = |error: Box<dyn std::error::Error + Send + Sync>| ConnectorError::other(error, None);
            let request = request.try_into_http1x().map_err(|error| other(error.into()))?;
            let (parts, body) = request.into_parts();
            let body = Bytes::copy_from_slice(body.bytes().ok_or_else(|| other("a streamed body".into()))?);
            let answer = local.answer(parts.method, parts.uri, parts.headers, body).await;
            let answer =
                answer.ok_or_else(|| ConnectorError::io("the connection was closed before an answer".into()))?;
            let mut response = http::Response::builder().status(answer.status);
            for (name, value) in answer.headers {
                response = response.header(name, value);
            }
            let response = response.body(SdkBody::from(answer.body)).map_err(|error| other(error.into()))?;
            HttpResponse::try_from(response).map_err(|error| other(error.into()))
        })
    }
}
