//! What a step costs, by the number of resources: log groups made on the embedded AWS, state on disk.
//!
//! `cargo bench --bench apply` prints, for 100, 1,000 and 5,000 resources, the time and the bytes of state that each took,
//! and by how much they differ. Where `terraform` is installed, as many `terraform_data` are made with it in the same run.

use std::fmt;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use futures::stream::BoxStream;
use hzscript::apply::formation::FormationCheck;
use hzscript::cloud::Cloud;
use hzscript::engine::Engine;
use hzscript::local::Local;
use hzscript::local::settings::Settings as LocalSettings;
use hzscript::model::{Address, KindName, Options, Program, Resource, Source, Value};
use hzscript::state::{Owner, StateStore};
use object_store::local::LocalFileSystem;
use object_store::path::Path as ObjectPath;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};

const SIZES: [usize; 3] = [100, 1_000, 5_000];

/// How often each size is measured; the median counts.
const TIMES: usize = 5;

fn program(resources: usize) -> Program {
    let group = |n| Resource {
        address: Address::new(KindName::from_type("AWS::Logs::LogGroup"), &format!("group-{n}")).expect("a good name"),
        properties: [("logGroupName".to_owned(), Value::String(format!("/bench/{n}")))].into(),
        options: Options::default(),
        source: Source::default(),
    };
    Program { resources: (0..resources).map(group).collect(), ..Program::default() }
}

/// What making `resources` took, and how many bytes of state were written, the plan not counted.
async fn apply(resources: usize) -> (Duration, u64) {
    let folder = tempfile::tempdir().expect("a folder");
    let at_once = LocalSettings { pace: 0.0, ..LocalSettings::default() };
    let local = Local::open(&folder.path().join("local"), at_once).expect("an embedded AWS");
    let cloud = Cloud::embedded(&local, "eu-west-1").await.expect("a connection");
    let states = folder.path().join("state");
    std::fs::create_dir(&states).expect("a folder");
    let inner = LocalFileSystem::new_with_prefix(&states).expect("a store").with_automatic_cleanup(true);
    let store = Arc::new(Counting { inner, written: AtomicU64::new(0) });
    let engine = Engine::builder(cloud).state(StateStore::within(store.clone(), "bench"));
    let engine = engine.formation(FormationCheck::Never).build().expect("an engine");
    let session = engine.begin(&owner()).await.expect("begun");
    let plan = session.plan(&program(resources)).await.expect("a plan");
    let (began, written) = (Instant::now(), store.written.load(Ordering::SeqCst));
    let report = session.apply(&plan).await.expect("the state can be written");
    let took = began.elapsed();
    assert_eq!((report.done, report.is_complete()), (resources, true));
    (took, store.written.load(Ordering::SeqCst) - written)
}

fn owner() -> Owner {
    Owner {
        user: "bench".to_owned(),
        host: "here".to_owned(),
        process: std::process::id(),
        command: "bench".to_owned(),
        identity: None,
        since: "2026-01-01T00:00:00Z".to_owned(),
    }
}

/// A file system that counts what is written.
#[derive(Debug)]
struct Counting {
    inner: LocalFileSystem,
    written: AtomicU64,
}

impl fmt::Display for Counting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.inner)
    }
}

#[async_trait]
impl ObjectStore for Counting {
    async fn put_opts(&self, location: &ObjectPath, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        self.written.fetch_add(payload.content_length() as u64, Ordering::SeqCst);
        self.inner.put_opts(location, payload, options).await
    }

    async fn put_multipart_opts(
        &self,
        location: &ObjectPath,
        options: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, options).await
    }

    async fn get_opts(&self, location: &ObjectPath, options: GetOptions) -> Result<GetResult> {
        self.inner.get_opts(location, options).await
    }

    fn delete_stream(
        &self,
        locations: BoxStream<'static, Result<ObjectPath>>,
    ) -> BoxStream<'static, Result<ObjectPath>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&ObjectPath>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    async fn list_with_delimiter(&self, prefix: Option<&ObjectPath>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &ObjectPath, to: &ObjectPath, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }
}

/// What `terraform apply` of as many `terraform_data` takes; `None` where there is no terraform.
fn terraform(resources: usize) -> Option<Duration> {
    let folder = tempfile::tempdir().expect("a folder");
    let mut text = String::new();
    for n in 0..resources {
        writeln!(text, "resource \"terraform_data\" \"group-{n}\" {{\n  input = \"/bench/{n}\"\n}}")
            .expect("in memory");
    }
    std::fs::write(folder.path().join("main.tf"), text).expect("written");
    run(folder.path(), &["init", "-input=false"])?;
    let began = Instant::now();
    run(folder.path(), &["apply", "-auto-approve", "-input=false", "-parallelism=16"])?;
    Some(began.elapsed())
}

fn run(folder: &Path, words: &[&str]) -> Option<()> {
    let mut command = Command::new("terraform");
    command.args(words).current_dir(folder).env("CHECKPOINT_DISABLE", "1").stdout(Stdio::null()).stderr(Stdio::null());
    command.status().ok().filter(std::process::ExitStatus::success).map(drop)
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime");
    // What is loaded once (schemas, code) belongs to none of them.
    runtime.block_on(apply(SIZES[0]));
    println!("resources      time   a resource   bytes a resource   terraform_data");
    let mut costs = Vec::new();
    for size in SIZES {
        let mut measured: Vec<(Duration, u64)> = (0..TIMES).map(|_| runtime.block_on(apply(size))).collect();
        measured.sort();
        let (took, written) = measured[TIMES / 2];
        let (each, bytes) = (took.as_secs_f64() * 1e6 / size as f64, written as f64 / size as f64);
        let beside = terraform(size).map_or_else(
            || "not installed".to_owned(),
            |other| {
                format!("{:.2} s, {:.1} times as long", other.as_secs_f64(), other.as_secs_f64() / took.as_secs_f64())
            },
        );
        println!("{size:>9} {:>7.2} s {each:>9.0} µs {bytes:>18.0}   {beside}", took.as_secs_f64());
        costs.push((each, bytes));
    }
    let spread = |cost: fn(&(f64, f64)) -> f64| {
        let (least, most) = costs
            .iter()
            .map(cost)
            .fold((f64::MAX, 0.0), |(least, most): (f64, f64), cost| (least.min(cost), most.max(cost)));
        (most / least - 1.0) * 100.0
    };
    println!(
        "a resource costs up to {:.0} % more time and {:.0} % more bytes",
        spread(|cost| cost.0),
        spread(|cost| cost.1)
    );
}
