//! A connection to no AWS at all: for programs whose resources are all of kinds of an embedder's own.

use super::gate::Request;
use super::{Answering, CallError, Calls, Cloud};

/// What is answered to whoever asks AWS all the same.
pub(super) const NO_AWS: &str = "there is no AWS: the connection is for kinds of its own";

impl Cloud {
    /// A connection to no AWS. `name` is what states and plans call it, and `account` and `region` tell one such place from
    /// another: a state made in one is refused in all others. Whatever asks AWS is refused.
    pub fn own(name: &str, account: &str, region: &str) -> Self {
        let answering = Answering::Own { name: name.to_owned() };
        let (account, region, calls) = (account.to_owned(), region.to_owned(), Calls::default());
        #[cfg(feature = "aws")]
        return Self::assembled(&unconnected(&region), account, region, answering, 1.0, calls);
        #[cfg(not(feature = "aws"))]
        Self { account, region, answering, pace: 1.0, calls, gates: Vec::new() }
    }

    /// The same connection, whose waits are multiplied by `pace`.
    #[must_use]
    pub fn at_pace(self, pace: f64) -> Self {
        Self { pace, ..self }
    }

    /// Asks whether a request may leave that goes through none of the clients, and counts it: what a kind of one's own does
    /// before each of them. `action` names it as IAM would, such as `files:WriteFile`.
    ///
    /// # Errors
    /// When a gate is closed: the request must not be made then.
    pub fn pass(&self, action: &'static str) -> Result<(), CallError> {
        let (service, operation) = action.split_once(':').unwrap_or(("", action));
        for gate in &self.gates {
            gate.pass(Request { service, operation }).map_err(|closed| CallError::not_made(action, &closed))?;
        }
        self.calls.sent_one(service, operation);
        Ok(())
    }
}

/// Settings of clients that reach nobody.
#[cfg(feature = "aws")]
fn unconnected(region: &str) -> aws_config::SdkConfig {
    use aws_config::{BehaviorVersion, Region, SdkConfig};
    use aws_credential_types::Credentials;
    use aws_credential_types::provider::SharedCredentialsProvider;
    use aws_smithy_runtime_api::client::http::SharedHttpClient;

    let credentials = Credentials::new("NONE", "none", None, None, "none");
    SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(region.to_owned()))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .http_client(SharedHttpClient::new(nobody::Nobody))
        .build()
}

#[cfg(feature = "aws")]
mod nobody {
    use aws_smithy_runtime_api::client::http::{
        HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
    };
    use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
    use aws_smithy_runtime_api::client::result::ConnectorError;
    use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;

    use super::NO_AWS;

    /// Nobody who could answer.
    #[derive(Debug, Clone)]
    pub struct Nobody;

    impl HttpClient for Nobody {
        fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
            SharedHttpConnector::new(self.clone())
        }
    }

    impl HttpConnector for Nobody {
        fn call(&self, _: HttpRequest) -> HttpConnectorFuture {
            HttpConnectorFuture::ready(Err(ConnectorError::user(NO_AWS.into())))
        }
    }
}
