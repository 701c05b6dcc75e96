//! [`Patient`]: a store that may be out of reach for a moment. Requests are repeated for a while; a conditional write
//! whose answer was lost is recognised when it is found to be done.

use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::BoxStream;
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMode, PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::time::{Instant, sleep};

use super::http::is_transient;

/// How long requests are repeated.
const PATIENCE: Duration = Duration::from_secs(30);

/// The same for a store that has never answered yet: its address may be wrong.
const FIRST_PATIENCE: Duration = Duration::from_secs(3);

/// The pause after the first failure; each further one is twice as long.
const FIRST: Duration = Duration::from_millis(100);

/// The longest pause.
const LONGEST: Duration = Duration::from_secs(5);

/// A store whose requests are repeated when it is out of reach for a moment.
#[derive(Debug)]
pub struct Patient {
    inner: Arc<dyn ObjectStore>,
    answered: Arc<AtomicBool>,
}

impl Patient {
    /// Such a store.
    pub fn new(inner: Arc<dyn ObjectStore>) -> Self {
        Self { inner, answered: Arc::default() }
    }

    fn pauses(&self) -> Pauses {
        Pauses { began: Instant::now(), next: FIRST, answered: self.answered.clone() }
    }
}

/// The pauses between the attempts of one request.
struct Pauses {
    began: Instant,
    next: Duration,
    answered: Arc<AtomicBool>,
}

impl Pauses {
    /// Waits, when there is any point in trying again after this error.
    async fn after(&mut self, error: &Error) -> bool {
        if !is_transient(error) {
            self.answered();
            return false;
        }
        let patience = if self.answered.load(Ordering::Relaxed) { PATIENCE } else { FIRST_PATIENCE };
        if self.began.elapsed() + self.next > patience {
            return false;
        }
        sleep(self.next).await;
        self.next = (self.next * 2).min(LONGEST);
        true
    }

    fn answered(&self) {
        self.answered.store(true, Ordering::Relaxed);
    }
}

async fn again<T, F: Future<Output = Result<T>>>(mut pauses: Pauses, request: impl Fn() -> F) -> Result<T> {
    loop {
        match request().await {
            Err(error) if pauses.after(&error).await => {}
            Err(error) => return Err(error),
            Ok(done) => {
                pauses.answered();
                return Ok(done);
            }
        }
    }
}

impl fmt::Display for Patient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Patient {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let mut pauses = self.pauses();
        let mut unsure = false;
        loop {
            match self.inner.put_opts(location, payload.clone(), options.clone()).await {
                Err(Error::AlreadyExists { .. } | Error::Precondition { .. })
                    if unsure && options.mode != PutMode::Overwrite =>
                {
                    // Either an attempt of ours was carried out and its answer lost, or somebody else came first.
                    let there = again(self.pauses(), || self.inner.get(location)).await?;
                    let (e_tag, version) = (there.meta.e_tag.clone(), there.meta.version.clone());
                    if there.bytes().await? == payload.iter().flatten().copied().collect::<Vec<u8>>() {
                        return Ok(PutResult { e_tag, version, extensions: Default::default() });
                    }
                    let source = "another writer was there first".into();
                    return Err(Error::AlreadyExists { path: location.to_string(), source });
                }
                Err(error) if pauses.after(&error).await => unsure = true,
                Err(error) => return Err(error),
                Ok(done) => {
                    pauses.answered();
                    return Ok(done);
                }
            }
        }
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        again(self.pauses(), || self.inner.get_opts(location, options.clone())).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let (store, mut pauses) = (self.inner.clone(), self.pauses());
        let all = async move {
            let paths: Vec<Path> = locations.try_collect().await?;
            let mut unsure = false;
            loop {
                let asked = futures::stream::iter(paths.clone().into_iter().map(Ok)).boxed();
                let mut ended: Vec<Result<Path>> = store.delete_stream(asked).collect().await;
                if unsure {
                    // What an earlier attempt has removed is what was to be removed.
                    ended.retain(|one| !matches!(one, Err(Error::NotFound { .. })));
                }
                match ended.iter().find_map(|one| one.as_ref().err().filter(|error| is_transient(error))) {
                    Some(error) if pauses.after(error).await => unsure = true,
                    _ => return Ok::<_, Error>(futures::stream::iter(ended)),
                }
            }
        };
        futures::stream::once(all).try_flatten().boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (store, prefix, pauses) = (self.inner.clone(), prefix.cloned(), self.pauses());
        let all = async move {
            let listed = again(pauses, || store.list(prefix.as_ref()).try_collect::<Vec<_>>()).await?;
            Ok::<_, Error>(futures::stream::iter(listed.into_iter().map(Ok)))
        };
        futures::stream::once(all).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        again(self.pauses(), || self.inner.list_with_delimiter(prefix)).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        again(self.pauses(), || self.inner.copy_opts(from, to, options.clone())).await
    }
}
