//! A store of states that fails when it is told to.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

/// A store that takes so many objects and then no more, until told otherwise.
#[derive(Debug)]
pub struct Failing {
    /// What it takes them to.
    pub inner: InMemory,
    takes: AtomicI64,
}

impl Failing {
    /// One that takes any number.
    pub fn new() -> Arc<Self> {
        Arc::new(Self { inner: InMemory::new(), takes: AtomicI64::new(i64::MAX) })
    }

    /// From now on it takes so many.
    pub fn takes(&self, objects: i64) {
        self.takes.store(objects, Ordering::SeqCst);
    }

    /// How many it took since it was told to take any number.
    pub fn taken(&self) -> i64 {
        i64::MAX - self.takes.load(Ordering::SeqCst)
    }
}

impl fmt::Display for Failing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("failing")
    }
}

#[async_trait]
impl ObjectStore for Failing {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        if self.takes.fetch_sub(1, Ordering::SeqCst) <= 0 {
            return Err(Error::Generic { store: "failing", source: "it is out of order".into() });
        }
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}
