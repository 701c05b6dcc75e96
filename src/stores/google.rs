//! Google Cloud Storage. Settings are those of `object_store`'s environment variables: `GOOGLE_APPLICATION_CREDENTIALS`,
//! `GOOGLE_SERVICE_ACCOUNT`, `GOOGLE_SERVICE_ACCOUNT_KEY` and the rest.

use std::sync::Arc;

use object_store::RetryConfig;
use object_store::gcp::{GoogleCloudStorage, GoogleCloudStorageBuilder, GoogleConfigKey};

use super::address::Address;
use super::http::Web;
use super::{Access, bad};
use crate::state::StateError;

/// Opens a bucket.
pub fn open(address: &Address, access: &Access) -> Result<Arc<GoogleCloudStorage>, StateError> {
    let mut builder = GoogleCloudStorageBuilder::new();
    for (name, value) in access.variables.iter().filter(|(name, _)| name.starts_with("GOOGLE_")) {
        if let Ok(key) = name.to_ascii_lowercase().parse::<GoogleConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    builder = builder
        .with_bucket_name(&address.bucket)
        .with_http_connector(Web)
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() });
    if let Some(endpoint) = address.endpoint(None)? {
        builder = builder.with_base_url(&endpoint);
    }
    Ok(Arc::new(builder.build().map_err(|error| bad(&address.url, error))?))
}
