//! Opening the stores that states are kept in, by URL.
//!
//! ```text
//! file:///absolute/folder       a folder of this machine
//! s3://bucket/prefix            Amazon S3, or another server of its protocol: ?region= ?profile= ?endpoint=
//! gs://bucket/prefix            Google Cloud Storage: ?endpoint=
//! az://container/prefix         Azure Blob Storage: ?account= ?endpoint=
//! memory://                     this process, for tests
//! ```
//! Credentials never stand in the URL. S3's are those of the SDK's own chain; the others' are what their environment
//! variables say, which are passed in with [`Access`].

mod address;
mod azure;
mod google;
pub mod http;
mod patient;
mod s3;

use std::collections::BTreeMap;
use std::sync::Arc;

use object_store::ObjectStore;
use object_store::path::Path;

use crate::cloud::ConnectError;
use crate::state::{StateError, StateStore};
use address::Address;
use patient::Patient;

/// What opening a store needs beside its URL, as values: who has an environment reads it.
#[derive(Clone, Default)]
pub struct Access {
    /// The profile of the shared configuration files; by default what the SDK's chain chooses.
    pub profile: Option<String>,
    /// The region of buckets whose URL says none; by default what the SDK's chain chooses.
    pub region: Option<String>,
    /// Where S3's calls go instead of AWS's own addresses.
    pub s3_endpoint: Option<String>,
    /// The settings of Google's and Azure's stores, by the names of their environment variables (`GOOGLE_…`, `AZURE_…`).
    pub variables: BTreeMap<String, String>,
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The values may be secret.
        let Self { profile, region, s3_endpoint, variables } = self;
        let names: Vec<&String> = variables.keys().collect();
        f.debug_struct("Access")
            .field("profile", profile)
            .field("region", region)
            .field("s3_endpoint", s3_endpoint)
            .field("variables", &names)
            .finish()
    }
}

/// Why a store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is not one of a store.
    #[error(transparent)]
    State(#[from] StateError),
    /// The SDK's chain does not say what is needed.
    #[error(transparent)]
    Connect(#[from] Box<ConnectError>),
}

/// Opens the state of `stack` below `url`. Nothing is asked of the store yet.
///
/// # Errors
/// [`OpenError::State`] when the URL is not one of a store, [`OpenError::Connect`] when the profile has no credentials.
pub async fn open(url: &str, stack: &str, access: &Access) -> Result<StateStore, OpenError> {
    if ["file://", "memory://"].iter().any(|scheme| url.starts_with(scheme)) {
        return Ok(StateStore::open(url, stack)?);
    }
    let Bucket { objects, prefix, shown } = bucket(url, access).await?;
    Ok(StateStore::remote(objects, &prefix, stack, shown))
}

/// A bucket, or a container of Azure.
#[derive(Debug, Clone)]
pub struct Bucket {
    /// What is in it.
    pub objects: Arc<dyn ObjectStore>,
    /// Where in it the URL points.
    pub prefix: Path,
    /// Its URL without the rest, for messages.
    pub shown: String,
}

/// Opens the bucket that a URL names.
///
/// # Errors
/// As [`open`].
pub async fn bucket(url: &str, access: &Access) -> Result<Bucket, OpenError> {
    let scheme = url.split_once("://").map_or("", |(scheme, _)| scheme);
    let known: &[&str] = match scheme {
        "s3" => &["region", "profile", "endpoint", "allowHttp"],
        "gs" => &["endpoint", "allowHttp"],
        "az" => &["account", "endpoint", "allowHttp"],
        _ => return Err(bad(url, "states are kept at file://, s3://, gs://, az:// and memory://").into()),
    };
    let address = Address::parse(url, known)?;
    let store: Arc<dyn ObjectStore> = match scheme {
        "s3" => s3::open(&address, access).await?,
        "gs" => google::open(&address, access)?,
        _ => azure::open(&address, access)?,
    };
    let shown = format!("{scheme}://{}", address.bucket);
    Ok(Bucket { objects: Arc::new(Patient::new(store)), prefix: address.prefix, shown })
}

/// That a URL is not one of a store.
fn bad(url: &str, reason: impl std::fmt::Display) -> StateError {
    StateError::BadUrl { url: url.to_owned(), reason: reason.to_string() }
}
