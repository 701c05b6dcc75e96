//! A store of states at one of whose writes the process ends at once: what `--fault crash=journal:…` asks for, to see that
//! the next run goes on.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

use super::store::StateStore;

#[derive(Debug)]
struct Crashing {
    through: Arc<dyn ObjectStore>,
    written: AtomicU64,
    number: u64,
    done: bool,
}

impl StateStore {
    /// The same store, for a process that ends at once at its write of this number, counted from 1: once it is `done`, or
    /// before that.
    #[must_use]
    pub fn crashing_at(self, number: u64, done: bool) -> Self {
        let store = Crashing { through: self.store, written: AtomicU64::new(0), number, done };
        Self { store: Arc::new(store), ..self }
    }
}

impl fmt::Display for Crashing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.through.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Crashing {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let this_one = self.written.fetch_add(1, Ordering::SeqCst) + 1 == self.number;
        if this_one && !self.done {
            std::process::abort();
        }
        let written = self.through.put_opts(location, payload, options).await;
        if this_one {
            std::process::abort();
        }
        written
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.through.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.through.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.through.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.through.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.through.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.through.copy_opts(from, to, options).await
    }
}
