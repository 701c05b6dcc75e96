//! Amazon S3, and servers that speak its protocol. Credentials are those of the SDK's own chain.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use aws_credential_types::Credentials;
use aws_credential_types::provider::{ProvideCredentials, SharedCredentialsProvider};
use aws_smithy_async::time::SharedTimeSource;
use object_store::aws::{AmazonS3, AmazonS3Builder, AwsCredential};
use object_store::{CredentialProvider, RetryConfig};
use tokio::sync::Mutex;

use super::address::Address;
use super::http::{NoCredentials, Web};
use super::{Access, OpenError, bad};
use crate::cloud::{Connection, chain};

/// How long before their end credentials are asked for anew.
const MARGIN: Duration = Duration::from_secs(5 * 60);

/// Opens a bucket.
pub async fn open(address: &Address, access: &Access) -> Result<Arc<AmazonS3>, OpenError> {
    let endpoint = address.endpoint(access.s3_endpoint.as_deref())?;
    let given = |name: &str, otherwise: &Option<String>| {
        address.parameter(name).map(str::to_owned).or_else(|| otherwise.clone())
    };
    let connection = Connection {
        region: given("region", &access.region),
        profile: given("profile", &access.profile),
        endpoint_url: None,
    };
    let config = connection.config().await.map_err(Box::new)?;
    let no_region = || bad(&address.url, "nothing says which region the bucket is in: add ?region=REGION");
    let region = config.region().ok_or_else(no_region)?.to_string();
    let credentials = Chain {
        provider: config.credentials_provider(),
        clock: config.time_source().unwrap_or_default(),
        cached: Mutex::default(),
    };
    let mut builder = AmazonS3Builder::new()
        .with_bucket_name(&address.bucket)
        .with_region(&region)
        .with_credentials(Arc::new(credentials))
        .with_http_connector(Web)
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() });
    builder = match endpoint {
        Some(endpoint) => builder.with_endpoint(endpoint).with_allow_http(true),
        // The partition of China has a domain of its own (Amazon Web Services in China, "Endpoints").
        None if region.starts_with("cn-") => builder.with_endpoint(format!("https://s3.{region}.amazonaws.com.cn")),
        // A certificate covers one label before the service's name.
        None => builder.with_virtual_hosted_style_request(!address.bucket.contains('.')),
    };
    Ok(Arc::new(builder.build().map_err(|error| bad(&address.url, error))?))
}

/// The SDK's chain, whose credentials are kept until shortly before they end.
#[derive(Debug)]
struct Chain {
    provider: Option<SharedCredentialsProvider>,
    clock: SharedTimeSource,
    cached: Mutex<Option<Credentials>>,
}

impl Chain {
    fn is_good(&self, credentials: &Credentials) -> bool {
        let now: SystemTime = self.clock.now();
        credentials.expiry().is_none_or(|end| now + MARGIN < end)
    }
}

#[async_trait]
impl CredentialProvider for Chain {
    type Credential = AwsCredential;

    async fn get_credential(&self) -> object_store::Result<Arc<AwsCredential>> {
        let none =
            |reason: String| object_store::Error::Generic { store: "S3", source: Box::new(NoCredentials { reason }) };
        let mut cached = self.cached.lock().await;
        if !cached.as_ref().is_some_and(|credentials| self.is_good(credentials)) {
            let provider = self.provider.as_ref().ok_or_else(|| none("nothing provides any".to_owned()))?;
            *cached = Some(provider.provide_credentials().await.map_err(|error| none(chain(&error)))?);
        }
        let Some(credentials) = cached.as_ref() else { return Err(none("nothing provides any".to_owned())) };
        Ok(Arc::new(AwsCredential {
            key_id: credentials.access_key_id().to_owned(),
            secret_key: credentials.secret_access_key().to_owned(),
            token: credentials.session_token().map(str::to_owned),
        }))
    }
}
