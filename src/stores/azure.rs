//! Azure Blob Storage. Settings are those of `object_store`'s environment variables: `AZURE_STORAGE_ACCOUNT_NAME`,
//! `AZURE_STORAGE_ACCOUNT_KEY`, `AZURE_STORAGE_CLIENT_ID` and the rest.

use std::sync::Arc;

use object_store::RetryConfig;
use object_store::azure::{AzureConfigKey, MicrosoftAzure, MicrosoftAzureBuilder};

use super::address::Address;
use super::http::Web;
use super::{Access, bad};
use crate::state::StateError;

/// Opens a container.
pub fn open(address: &Address, access: &Access) -> Result<Arc<MicrosoftAzure>, StateError> {
    let mut builder = MicrosoftAzureBuilder::new();
    for (name, value) in access.variables.iter().filter(|(name, _)| name.starts_with("AZURE_")) {
        if let Ok(key) = name.to_ascii_lowercase().parse::<AzureConfigKey>() {
            builder = builder.with_config(key, value);
        }
    }
    builder = builder
        .with_container_name(&address.bucket)
        .with_http_connector(Web)
        .with_retry(RetryConfig { max_retries: 0, ..RetryConfig::default() });
    if let Some(account) = address.parameter("account") {
        builder = builder.with_account(account);
    }
    if let Some(endpoint) = address.endpoint(None)? {
        builder = builder.with_endpoint(endpoint).with_allow_http(true);
    }
    Ok(Arc::new(builder.build().map_err(|error| bad(&address.url, error))?))
}
