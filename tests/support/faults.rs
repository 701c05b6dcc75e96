//! An AWS that loses answers, or answers some calls otherwise for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use hzscript::cloud::Cloud;
use hzscript::local::Local;

/// What becomes of a call.
#[derive(Debug, Clone, Copy)]
pub enum Fault {
    /// It is done, and nobody hears of it.
    Lost,
    /// It is not done: this status and body are the answer.
    Answer(u16, &'static str),
}

/// Faults by action, each so many times.
#[derive(Debug, Clone, Default)]
pub struct Faults(Arc<Mutex<BTreeMap<&'static str, (Fault, u32)>>>);

impl Faults {
    /// From now on the next `times` calls of an action go wrong.
    pub fn set(&self, action: &'static str, fault: Fault, times: u32) {
        self.0.lock().expect("not poisoned").insert(action, (fault, times));
    }

    fn take(&self, action: &str) -> Option<Fault> {
        let mut faults = self.0.lock().expect("not poisoned");
        let (fault, left) = faults.get_mut(action).filter(|(_, left)| *left > 0)?;
        *left -= 1;
        Some(*fault)
    }

    /// A connection on which they happen.
    pub fn on(&self, mut cloud: Cloud, local: &Local) -> Cloud {
        let http = SharedHttpClient::new(Faulty { faults: self.clone(), local: local.http_client() });
        cloud.ec2 = aws_sdk_ec2::Client::from_conf(cloud.ec2.config().to_builder().http_client(http.clone()).build());
        cloud.ecs = aws_sdk_ecs::Client::from_conf(cloud.ecs.config().to_builder().http_client(http.clone()).build());
        let secrets = cloud.secrets.config().to_builder().http_client(http.clone()).build();
        cloud.secrets = aws_sdk_secretsmanager::Client::from_conf(secrets);
        let logs = cloud.logs.config().to_builder().http_client(http).build();
        cloud.logs = aws_sdk_cloudwatchlogs::Client::from_conf(logs);
        cloud
    }
}

#[derive(Debug, Clone)]
struct Faulty {
    faults: Faults,
    local: SharedHttpClient,
}

impl HttpClient for Faulty {
    fn http_connector(&self, settings: &HttpConnectorSettings, with: &RuntimeComponents) -> SharedHttpConnector {
        let through = self.local.http_connector(settings, with);
        SharedHttpConnector::new(FaultyConnector { faults: self.faults.clone(), through })
    }
}

#[derive(Debug)]
struct FaultyConnector {
    faults: Faults,
    through: SharedHttpConnector,
}

impl HttpConnector for FaultyConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
        let action = match request.headers().get("x-amz-target") {
            Some(target) => target.rsplit('.').next().unwrap_or_default().to_owned(),
            None => body.split('&').find_map(|pair| pair.strip_prefix("Action=")).unwrap_or_default().to_owned(),
        };
        match self.faults.take(&action) {
            None => self.through.call(request),
            Some(Fault::Lost) => {
                let done = self.through.call(request);
                HttpConnectorFuture::new(async move {
                    done.await?;
                    Err(ConnectorError::io("the connection was cut".into()))
                })
            }
            Some(Fault::Answer(status, body)) => {
                let answer = http::Response::builder().status(status).body(SdkBody::from(body)).expect("an answer");
                HttpConnectorFuture::ready(Ok(HttpResponse::try_from(answer).expect("an answer")))
            }
        }
    }
}
