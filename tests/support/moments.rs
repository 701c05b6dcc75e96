//! Every moment at which a run may end: before and after each call, and before and after each write of the state.
//!
//! What a run that ends there leaves is what AWS and the store of states have at that moment: nothing of it is written
//! after. So one run gives all of them: at each moment AWS and the store are copied, unless they have what they had at an
//! earlier one.

use std::collections::HashMap;
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use futures::StreamExt;
use futures::stream::BoxStream;
use hzscript::cloud::Cloud;
use hzscript::local::Local;
use hzscript::state::StateStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

use super::Stack;
use super::faults::through;
use super::stack::connected;

/// What AWS and the store have at a moment.
pub struct Left {
    /// AWS.
    pub local: Local,
    /// The store of states.
    pub kept: InMemory,
    /// The first moment at which it was so.
    pub when: String,
    /// At how many moments.
    pub moments: usize,
}

/// The moments of a run.
#[derive(Default)]
pub struct Moments {
    /// Calls made.
    pub calls: usize,
    /// Objects of the state written or removed.
    pub writes: usize,
    /// What there was at them, each once.
    pub left: Vec<Left>,
    /// Where each is, by what is in it.
    known: HashMap<(u64, u64), usize>,
}

/// Watches a run on an account and a store.
#[derive(Clone)]
pub struct Watch(Arc<Watched>);

struct Watched {
    local: Local,
    kept: Arc<InMemory>,
    moments: Mutex<Option<Moments>>,
    answers: Mutex<Answers>,
}

/// How calls were answered.
#[derive(Debug, Clone, Default)]
pub struct Answers {
    /// All calls.
    pub calls: usize,
    /// What was asked for by those whose answer was lost.
    pub lost: Vec<String>,
    /// Those that were too many.
    pub throttled: usize,
}

impl fmt::Debug for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Watch")
    }
}

impl Watch {
    /// Watches nothing yet.
    pub fn new(local: &Local) -> Self {
        let (local, kept) = (local.clone(), Arc::new(InMemory::new()));
        Self(Arc::new(Watched { local, kept, moments: Mutex::default(), answers: Mutex::default() }))
    }

    /// Begins.
    pub fn begin(&self) {
        *self.moments() = Some(Moments::default());
    }

    /// Ends, with what was seen.
    pub fn end(&self) -> Moments {
        self.moments().take().expect("it was begun")
    }

    /// How calls were answered so far.
    pub fn answers(&self) -> Answers {
        self.0.answers.lock().expect("not poisoned").clone()
    }

    fn answered(&self, asked: &str, answer: &std::result::Result<HttpResponse, ConnectorError>) {
        let mut answers = self.0.answers.lock().expect("not poisoned");
        answers.calls += 1;
        answers.lost.extend(answer.is_err().then(|| asked.to_owned()));
        let body = answer.as_ref().ok().filter(|answer| !answer.status().is_success());
        let body =
            String::from_utf8_lossy(body.and_then(|answer| answer.body().bytes()).unwrap_or_default()).into_owned();
        answers.throttled += usize::from(["Throttling", "RequestLimitExceeded"].iter().any(|code| body.contains(code)));
    }

    /// A stack whose calls and whose state are watched.
    pub async fn stack(&self) -> Stack {
        let Watched { local, .. } = self.0.as_ref();
        let cloud = self.on(connected(local).await);
        Stack::with(local.clone(), cloud, StateStore::within(Arc::new(self.clone()), "test"))
    }

    /// A connection whose calls are watched.
    fn on(&self, cloud: Cloud) -> Cloud {
        through(cloud, SharedHttpClient::new(self.clone()))
    }

    fn moments(&self) -> MutexGuard<'_, Option<Moments>> {
        self.0.moments.lock().expect("not poisoned")
    }

    fn moment(&self, calls: usize, writes: usize, what: impl Fn() -> String) {
        let mut watching = self.moments();
        let Some(moments) = watching.as_mut() else { return };
        moments.calls += calls;
        moments.writes += writes;
        let account = hash(&self.0.local.contents().expect("readable"));
        let fork = self.0.kept.fork();
        let state = hash(&objects(&fork).iter().map(telling).collect::<Vec<_>>());
        let next = moments.left.len();
        let at = *moments.known.entry((account, state)).or_insert(next);
        if at == next {
            let local = self.0.local.copy().expect("readable");
            moments.left.push(Left { local, kept: fork, when: what(), moments: 0 });
        }
        moments.left[at].moments += 1;
    }
}

/// What of an object matters to who comes after: of a lock, that it is held or not, but not how often it was renewed.
fn telling((path, bytes): &(String, Vec<u8>)) -> (String, Vec<u8>) {
    match path.split_once("/lock/") {
        Some((stack, _)) => {
            let held = String::from_utf8_lossy(bytes).contains("\"held\"");
            (format!("{stack}/lock"), vec![u8::from(held)])
        }
        None => (path.clone(), bytes.clone()),
    }
}

fn hash(of: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    of.hash(&mut hasher);
    hasher.finish()
}

/// All objects of a store. It is in memory, so nothing of this ever waits.
fn objects(store: &InMemory) -> Vec<(String, Vec<u8>)> {
    let all = async {
        let mut found = Vec::new();
        let mut listed = store.list(None);
        while let Some(meta) = listed.next().await {
            let path = meta.expect("listed").location;
            let bytes = store.get_opts(&path, GetOptions::default()).await.expect("there").bytes().await.expect("read");
            found.push((path.to_string(), bytes.to_vec()));
        }
        found.sort();
        found
    };
    futures::executor::block_on(all)
}

impl HttpClient for Watch {
    fn http_connector(&self, settings: &HttpConnectorSettings, with: &RuntimeComponents) -> SharedHttpConnector {
        let through = self.0.local.http_client().http_connector(settings, with);
        SharedHttpConnector::new(WatchedConnector { watch: self.clone(), through })
    }
}

#[derive(Debug)]
struct WatchedConnector {
    watch: Watch,
    through: SharedHttpConnector,
}

impl HttpConnector for WatchedConnector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (watch, through) = (self.watch.clone(), self.through.clone());
        let what = super::faults::asked(&request);
        HttpConnectorFuture::new(async move {
            watch.moment(1, 0, || format!("before {what}"));
            let done = through.call(request).await;
            watch.answered(&what, &done);
            watch.moment(0, 0, || format!("after {what}"));
            done
        })
    }
}

impl fmt::Display for Watch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("watched")
    }
}

#[async_trait]
impl ObjectStore for Watch {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.moment(0, 1, || format!("before writing {location}"));
        let written = self.0.kept.put_opts(location, payload, options).await;
        self.moment(0, 0, || format!("after writing {location}"));
        written
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.kept.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.kept.get_opts(location, options).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let watch = self.clone();
        let one_by_one = locations.then(move |location| {
            let watch = watch.clone();
            async move {
                let location = location?;
                watch.moment(0, 1, || format!("before removing {location}"));
                let one = futures::stream::iter([Ok(location.clone())]).boxed();
                let removed = watch.0.kept.delete_stream(one).next().await.expect("an answer");
                watch.moment(0, 0, || format!("after removing {location}"));
                removed
            }
        });
        one_by_one.boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.0.kept.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.kept.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.kept.copy_opts(from, to, options).await
    }
}
