//! Runs that end before their time, at any record of the journal: the next run ends where an undisturbed one does, with
//! nothing lost and nothing made twice.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use async_trait::async_trait;
use futures::stream::BoxStream;
use hzscript::engine::EngineError;
use hzscript::state::StateStore;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, Error, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, ObjectStoreExt,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, Result,
};

use crate::support::Stack;
use crate::support::stack::owner;

/// A store that takes so many objects and then no more, until told otherwise.
#[derive(Debug)]
struct Failing {
    inner: InMemory,
    takes: AtomicI64,
}

impl Failing {
    fn new() -> Arc<Self> {
        Arc::new(Self { inner: InMemory::new(), takes: AtomicI64::new(i64::MAX) })
    }

    fn takes(&self, objects: i64) {
        self.takes.store(objects, Ordering::SeqCst);
    }

    /// How many it took since it was told to take any number.
    fn taken(&self) -> i64 {
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

const SCRIPT: &str = r#"
let net = network(#{ name: "net", cidr: "{cidr}", azs: 2, natGateways: 1 });
let cluster = ecs_cluster("main", #{ clusterName: "main" });
let logs = logs_log_group("logs", #{ retentionInDays: 5 });
let role = iam_role("execution", #{
    assumeRolePolicyDocument: assume_role("ecs-tasks.amazonaws.com"),
    managedPolicyArns: ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"],
});
let task = ecs_task_definition("task", #{
    family: "task", cpu: 256, memory: 512, networkMode: "awsvpc", requiresCompatibilities: ["FARGATE"],
    executionRoleArn: role.arn,
    containerDefinitions: [#{ name: "member", image: "hazelcast/hazelcast:5.5.10", essential: true }],
}, #{ replaceOn: [role.arn] });
let group = ec2_security_group("group", #{ groupDescription: "members", vpcId: net.vpc.vpcId });
let subnets = [];
for subnet in net.privateSubnets { subnets.push(subnet.subnetId); }
ecs_service("service", #{
    cluster: cluster.arn, taskDefinition: task.taskDefinitionArn, desiredCount: 2, launchType: "FARGATE",
    networkConfiguration: #{ awsvpcConfiguration: #{ subnets: subnets, securityGroups: [group.groupId] } },
}, #{ dependsOn: net.routes + [logs, role] });
output("vpc", net.vpc.vpcId);
"#;

fn script(cidr: &str) -> String {
    SCRIPT.replace("{cidr}", cidr)
}

/// What a run does, given as a script; nothing is the deletion of all.
async fn attempt(stack: &Stack, text: Option<&str>) -> std::result::Result<bool, EngineError> {
    let session = stack.engine.begin(&owner()).await?;
    let plan = match text {
        Some(text) => session.plan(&stack.program(text).await).await?,
        None => session.plan_destroy().await?,
    };
    Ok(session.apply(&plan).await?.is_complete())
}

/// Carries out `runs`, the last of them with a store that gives up after so many objects, for every so-manieth of
/// them; then again. What there is then is what there would have been.
async fn survives(runs: &[Option<&str>], stride: usize) {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    let (last, before) = runs.split_last().expect("a run");
    for run in before {
        assert!(attempt(&stack, *run).await.expect("begun"));
    }
    store.takes(i64::MAX);
    assert!(attempt(&stack, *last).await.expect("begun"));
    let (expected, records) = (stack.exists(), store.taken());
    assert!(records > 20, "{records} records");
    for takes in (0..records).step_by(stride) {
        let store = Failing::new();
        let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
        for run in before {
            assert!(attempt(&stack, *run).await.expect("begun"));
        }
        store.takes(takes);
        let ended = attempt(&stack, *last).await;
        assert!(matches!(ended, Err(EngineError::State(_))), "after {takes} of {records}: {ended:?}");
        store.takes(i64::MAX);
        assert!(attempt(&stack, *last).await.expect("begun"), "after {takes} of {records}");
        assert_eq!(stack.exists(), expected, "after {takes} of {records}");
        if let Some(text) = last {
            let plan = stack.plan(text).await;
            assert!(plan.is_empty(), "after {takes} of {records}: {:#?}", crate::support::stack::summary(&plan));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_creation() {
    survives(&[Some(&script("10.0.0.0/16"))], 5).await;
}

#[tokio::test(start_paused = true)]
async fn a_replacement() {
    survives(&[Some(&script("10.0.0.0/16")), Some(&script("10.1.0.0/16"))], 17).await;
}

#[tokio::test(start_paused = true)]
async fn a_deletion() {
    survives(&[Some(&script("10.0.0.0/16")), None], 11).await;
}

#[tokio::test(start_paused = true)]
async fn a_plan_from_before_an_interrupted_run_is_stale() {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    assert!(attempt(&stack, Some("")).await.expect("begun"));
    let text = r#"logs_log_group("a", #{}); logs_log_group("b", #{});"#;
    let early = stack.plan(text).await;
    store.takes(2);
    assert!(attempt(&stack, Some(text)).await.is_err());
    store.takes(i64::MAX);
    let session = stack.engine.begin(&owner()).await.expect("begun");
    assert!(matches!(session.apply(&early).await, Err(EngineError::Stale)));
}

#[tokio::test(start_paused = true)]
async fn a_journal_without_its_snapshot_is_no_new_beginning() {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    store.takes(3);
    assert!(attempt(&stack, Some(r#"logs_log_group("a", #{});"#)).await.is_err());
    store.takes(i64::MAX);
    store.inner.delete(&Path::from("test/snapshot.json")).await.expect("deleted");
    let error = stack.engine.state().await.expect_err("the snapshot is missing");
    assert!(error.to_string().contains("missing"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_record_cut_short_is_an_error_that_names_it() {
    let store = Failing::new();
    let stack = Stack::kept_in(StateStore::within(store.clone(), "test")).await;
    assert!(attempt(&stack, Some("")).await.expect("begun"));
    let path = Path::from("test/journal/0000000001-00000000.json");
    store.inner.put(&path, "{\"record\": \"int".into()).await.expect("put");
    let error = stack.engine.state().await.expect_err("cut short").to_string();
    assert!(error.contains("0000000001-00000000.json"), "{error}");
}
