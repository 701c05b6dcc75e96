//! An AWS that loses an answer, or answers some calls otherwise for a while, at a time of the test's own. What goes wrong by
//! rules is the embedded AWS's own to do (`hzscript::local::fault`).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use aws_smithy_types::body::SdkBody;
use bytes::Bytes;
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
pub struct Faults(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    next: BTreeMap<&'static str, (Fault, u32)>,
    heard: Vec<http::Request<Bytes>>,
}

impl Faults {
    /// From now on the next `times` calls of an action go wrong.
    pub fn set(&self, action: &'static str, fault: Fault, times: u32) {
        self.0.lock().expect("not poisoned").next.insert(action, (fault, times));
    }

    /// How many calls are still to go wrong.
    pub fn left(&self) -> u32 {
        self.0.lock().expect("not poisoned").next.values().map(|(_, left)| left).sum()
    }

    /// All the requests so far, whatever became of them.
    pub fn heard(&self) -> Vec<http::Request<Bytes>> {
        self.0.lock().expect("not poisoned").heard.clone()
    }

    fn hear(&self, request: &HttpRequest) {
        let copy = request.try_clone().expect("a body in memory").try_into_http1x().expect("a request");
        let (parts, body) = copy.into_parts();
        let body = Bytes::copy_from_slice(body.bytes().expect("a body in memory"));
        self.0.lock().expect("not poisoned").heard.push(http::Request::from_parts(parts, body));
    }

    fn take(&self, action: &str) -> Option<Fault> {
        let mut told = self.0.lock().expect("not poisoned");
        let (fault, left) = told.next.get_mut(action).filter(|(_, left)| *left > 0)?;
        *left -= 1;
        Some(*fault)
    }

    /// A connection on which they happen.
    pub fn on(&self, cloud: Cloud, local: &Local) -> Cloud {
        through(cloud, SharedHttpClient::new(Faulty { faults: self.clone(), local: local.http_client() }))
    }
}

/// The connection, with its calls made by another client.
pub fn through(mut cloud: Cloud, http: SharedHttpClient) -> Cloud {
    macro_rules! through {
        ($($client:ident $sdk:ident),*) => {$(
            let config = cloud.$client.config().to_builder().http_client(http.clone()).build();
            cloud.$client = $sdk::Client::from_conf(config);
        )*};
    }
    through!(
        autoscaling aws_sdk_applicationautoscaling,
        cloudcontrol aws_sdk_cloudcontrol,
        ec2 aws_sdk_ec2,
        ecr aws_sdk_ecr,
        ecs aws_sdk_ecs,
        efs aws_sdk_efs,
        elb aws_sdk_elasticloadbalancingv2,
        iam aws_sdk_iam,
        logs aws_sdk_cloudwatchlogs,
        secrets aws_sdk_secretsmanager,
        servicediscovery aws_sdk_servicediscovery
    );
    cloud
}

/// What a request asks for: the action, or where the protocol has none, the method and the kind of object.
pub fn asked(request: &HttpRequest) -> String {
    if let Some(target) = request.headers().get("x-amz-target") {
        return target.rsplit('.').next().unwrap_or_default().to_owned();
    }
    let body = String::from_utf8_lossy(request.body().bytes().unwrap_or_default());
    if let Some(action) = body.split('&').find_map(|pair| pair.strip_prefix("Action=")) {
        return action.to_owned();
    }
    let kind = request.uri().split('?').next().and_then(|uri| uri.split('/').nth(4)).unwrap_or_default();
    format!("{} {kind}", request.method())
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
        self.faults.hear(&request);
        match self.faults.take(&asked(&request)) {
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
