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
                // What an earlier attempt has removed is what was to be removed.
                let settled = |one| match one {
                    Err(Error::NotFound { path, .. }) if unsure => Ok(Path::from(path)),
                    other => other,
                };
                let ended: Vec<Result<Path>> = store.delete_stream(asked).map(settled).collect().await;
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

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::sync::Mutex;

    use object_store::client::{HttpError, HttpErrorKind};
    use object_store::memory::InMemory;

    use super::*;

    /// What becomes of a request.
    #[derive(Debug, Clone, Copy)]
    enum Fate {
        /// It does not arrive.
        Lost,
        /// It is carried out, and nobody hears of it.
        Unheard,
        /// It is refused for good.
        Refused,
    }

    /// A store of which the next requests have fates; those after them are answered.
    #[derive(Debug, Clone, Default)]
    struct Far {
        inner: Arc<InMemory>,
        fates: Arc<Mutex<VecDeque<Fate>>>,
    }

    impl Far {
        async fn answered<T>(&self, request: impl Future<Output = Result<T>>) -> Result<T> {
            let cut = || Error::Generic {
                store: "far",
                source: Box::new(HttpError::new(HttpErrorKind::Interrupted, std::io::Error::other("cut off"))),
            };
            let fate = self.fates.lock().expect("not poisoned").pop_front();
            match fate {
                None => request.await,
                Some(Fate::Lost) => Err(cut()),
                Some(Fate::Unheard) => {
                    drop(request.await);
                    Err(cut())
                }
                Some(Fate::Refused) => Err(Error::Generic { store: "far", source: "no".into() }),
            }
        }
    }

    impl fmt::Display for Far {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("far")
        }
    }

    #[async_trait]
    impl ObjectStore for Far {
        async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
            self.answered(self.inner.put_opts(location, payload, options)).await
        }

        async fn put_multipart_opts(
            &self,
            location: &Path,
            options: PutMultipartOptions,
        ) -> Result<Box<dyn MultipartUpload>> {
            self.inner.put_multipart_opts(location, options).await
        }

        async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
            self.answered(self.inner.get_opts(location, options)).await
        }

        fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
            let store = self.clone();
            let removed = move |location: Result<Path>| {
                let store = store.clone();
                async move {
                    let location = location?;
                    let removing = async {
                        store.inner.head(&location).await?;
                        store.inner.delete(&location).await
                    };
                    store.answered(removing).await.map(|()| location)
                }
            };
            locations.then(removed).boxed()
        }

        fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
            self.inner.list(prefix)
        }

        async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
            self.answered(self.inner.list_with_delimiter(prefix)).await
        }

        async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
            self.answered(self.inner.copy_opts(from, to, options)).await
        }
    }

    fn far(fates: &[Fate]) -> (Arc<Far>, Patient) {
        let far = Arc::new(Far::default());
        far.fates.lock().expect("not poisoned").extend(fates);
        (far.clone(), Patient::new(far))
    }

    async fn create(store: &dyn ObjectStore, text: &'static str) -> Result<PutResult> {
        let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
        store.put_opts(&Path::from("a"), text.into(), options).await
    }

    async fn read(store: &dyn ObjectStore) -> Vec<u8> {
        store.get(&Path::from("a")).await.expect("there").bytes().await.expect("whole").to_vec()
    }

    #[tokio::test(start_paused = true)]
    async fn a_creation_of_which_nothing_was_heard_is_known_for_ones_own() {
        for fates in [&[Fate::Unheard][..], &[Fate::Lost, Fate::Unheard, Fate::Lost], &[Fate::Lost]] {
            let (_, store) = far(fates);
            create(&store, "mine").await.expect("it is there");
            assert_eq!(read(&store).await, b"mine");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_another_has_created_is_not_ones_own() {
        let (far, store) = far(&[]);
        create(&*far, "another's").await.expect("created");
        assert!(
            matches!(create(&store, "another's").await, Err(Error::AlreadyExists { .. })),
            "nothing was unheard of"
        );
        far.fates.lock().expect("not poisoned").push_back(Fate::Lost);
        assert!(matches!(create(&store, "mine").await, Err(Error::AlreadyExists { .. })));
        assert_eq!(read(&store).await, b"another's");
    }

    #[tokio::test(start_paused = true)]
    async fn patience_ends() {
        let (far, store) = far(&[Fate::Lost; 1000]);
        let began = Instant::now();
        create(&store, "mine").await.expect_err("it never answers");
        assert!(began.elapsed() <= FIRST_PATIENCE, "its address may be wrong");
        far.fates.lock().expect("not poisoned").clear();
        create(&store, "mine").await.expect("it answers");
        far.fates.lock().expect("not poisoned").extend([Fate::Lost; 1000]);
        let began = Instant::now();
        store.get(&Path::from("a")).await.expect_err("it does not answer any more");
        assert!((FIRST_PATIENCE..=PATIENCE).contains(&began.elapsed()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_is_not_repeated() {
        let (far, store) = far(&[Fate::Refused, Fate::Lost]);
        create(&store, "mine").await.expect_err("refused");
        assert_eq!(far.fates.lock().expect("not poisoned").len(), 1);
    }

    #[tokio::test(start_paused = true)]
    async fn what_an_unheard_of_removal_has_removed_is_removed() {
        let (far, store) = far(&[]);
        create(&store, "mine").await.expect("created");
        far.fates.lock().expect("not poisoned").push_back(Fate::Unheard);
        store.delete(&Path::from("a")).await.expect("removed");
        assert!(matches!(store.get(&Path::from("a")).await, Err(Error::NotFound { .. })));
    }
}
