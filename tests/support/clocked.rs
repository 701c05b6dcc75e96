//! A store on tokio's clock, as its users see it: each through a connection of its own, which may be slow, lose requests
//! and answers, or be silent.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};
use tokio::time::Instant;

/// The store. It tells when objects were written in whole seconds, as S3 does.
#[derive(Debug)]
pub struct Clocked {
    inner: InMemory,
    began: Instant,
    written: Mutex<BTreeMap<Path, Duration>>,
    /// An object that is as old as the store.
    oldest: ObjectMeta,
}

/// How a connection is.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// The longest a request takes on its way, and its answer back.
    pub slow: Duration,
    /// How many requests of a thousand are lost, and as many answers.
    pub lossy: u64,
    /// How many of a thousand are under way for minutes, and as many answers.
    pub late: u64,
}

/// A connection to the store.
#[derive(Debug)]
pub struct Connection {
    to: Arc<Clocked>,
    weather: Weather,
    random: AtomicU64,
    silent: AtomicBool,
}

impl Clocked {
    pub async fn new() -> Arc<Self> {
        let (inner, path) = (InMemory::new(), Path::from("oldest"));
        inner.put(&path, "".into()).await.expect("written");
        let oldest = inner.head(&path).await.expect("it is there");
        inner.delete(&path).await.expect("removed");
        Arc::new(Self { inner, began: Instant::now(), written: Mutex::default(), oldest })
    }

    /// A good connection.
    pub fn connect(self: &Arc<Self>) -> Arc<Connection> {
        self.connect_in(Weather::default(), 0)
    }

    /// A connection in bad weather, which is the same for the same seed.
    pub fn connect_in(self: &Arc<Self>, weather: Weather, seed: u64) -> Arc<Connection> {
        let (random, silent) = (AtomicU64::new(seed), AtomicBool::new(false));
        Arc::new(Connection { to: self.clone(), weather, random, silent })
    }

    /// The names of all objects that have this in theirs.
    pub async fn names(&self, part: &str) -> Vec<String> {
        let all: Vec<ObjectMeta> = self.inner.list(None).try_collect().await.expect("listed");
        let names = all.into_iter().map(|object| object.location.to_string());
        names.filter(|name| name.contains(part)).collect()
    }

    fn dated(&self, object: ObjectMeta) -> ObjectMeta {
        let written = self.written.lock().expect("not poisoned").get(&object.location).copied().unwrap_or_default();
        ObjectMeta { last_modified: self.oldest.last_modified + written, ..object }
    }
}

impl Connection {
    /// From now on no request arrives and none is answered.
    pub fn fall_silent(&self) {
        self.silent.store(true, Ordering::SeqCst);
    }

    /// The next random number (splitmix64).
    pub fn random(&self, below: u64) -> u64 {
        let state = self.random.fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::SeqCst);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below.max(1)
    }

    /// One way, to the store or back.
    async fn way(&self) -> Result<()> {
        let slow = self.random(u64::try_from(self.weather.slow.as_millis()).expect("short") + 1);
        let late = if self.random(1000) < self.weather.late { self.random(300_000) } else { 0 };
        if slow + late > 0 {
            tokio::time::sleep(Duration::from_millis(slow + late)).await;
        }
        if self.silent.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        if self.random(1000) < self.weather.lossy {
            return Err(Error::Generic { store: "clocked", source: "the connection was cut".into() });
        }
        Ok(())
    }
}

impl fmt::Display for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("clocked")
    }
}

/// A connection as it is handed out.
#[derive(Debug, Clone)]
pub struct Connected(pub Arc<Connection>);

impl fmt::Display for Connected {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for Connected {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let (connected, location) = (self.clone(), location.clone());
        // What is under way arrives, whether anybody still waits for it or not.
        let putting = tokio::spawn(async move {
            connected.0.way().await?;
            let to = &connected.0.to;
            let done = to.inner.put_opts(&location, payload, options).await?;
            let now = Duration::from_secs(to.began.elapsed().as_secs());
            to.written.lock().expect("not poisoned").insert(location, now);
            Ok::<_, Error>(done)
        });
        let done = putting.await.expect("it does not panic")?;
        self.0.way().await?;
        Ok(done)
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.0.to.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        self.0.way().await?;
        let got = self.0.to.inner.get_opts(location, options).await;
        self.0.way().await?;
        got
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let connected = self.clone();
        let delete = async move {
            connected.0.way().await?;
            let done: Vec<_> = connected.0.to.inner.delete_stream(locations).collect().await;
            connected.0.way().await?;
            Ok::<_, Error>(futures::stream::iter(done))
        };
        futures::stream::once(delete).try_flatten().boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let (connected, prefix) = (self.clone(), prefix.cloned());
        let list = async move {
            connected.0.way().await?;
            let to = &connected.0.to;
            let listed: Vec<_> = to.inner.list(prefix.as_ref()).map_ok(|object| to.dated(object)).collect().await;
            connected.0.way().await?;
            Ok::<_, Error>(futures::stream::iter(listed))
        };
        futures::stream::once(list).try_flatten().boxed()
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.0.to.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.0.to.inner.copy_opts(from, to, options).await
    }
}
