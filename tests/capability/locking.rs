//! One writer at a time: who is refused and what they are told, how a lock is renewed, lost, taken over and taken away,
//! and that a run without it calls nothing and writes nothing.

use std::fs::File;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use futures::future::join_all;
use hzscript::apply::execute::Stop;
use hzscript::cloud::{Closed, Cloud, ErrorClass, Gate, Request, failed};
use hzscript::engine::{Engine, EngineError};
use hzscript::event::{Event, Events};
use hzscript::local::Local;
use hzscript::state::{Holder, Lock, Locking, Lost, Owner, Renewal, StateError, StateStore, Surroundings};
use object_store::ObjectStoreExt;
use object_store::memory::InMemory;
use object_store::path::Path;
use tokio::time::{Instant, sleep};

use crate::support::Stack;
use crate::support::clocked::{Clocked, Connected, Connection};
use crate::support::failing::Failing;
use crate::support::faults::Faults;
use crate::support::stack::owner;

/// Seconds that a lock is had without being renewed, and left alone by others.
const LEASE: u64 = 60;
const LEFT_ALONE: u64 = 62;

/// A run that waits for AWS for minutes, and then has more to do.
const SLOW: &str = r#"
    let net = network(#{ name: "net", cidr: "10.0.0.0/16", azs: 1, natGateways: 1 });
    logs_log_group("after", #{}, #{ dependsOn: net.routes });
"#;

fn somebody(user: &str) -> Owner {
    Owner { user: user.to_owned(), host: "elsewhere".to_owned(), ..owner() }
}

fn through(connection: &Arc<Connection>) -> StateStore {
    StateStore::within(Arc::new(Connected(connection.clone())), "test")
}

async fn taken(store: &StateStore, user: &str) -> Result<Lock, StateError> {
    store.lock(&somebody(user), &Locking::default()).await
}

fn seconds(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

#[track_caller]
fn refused(attempt: Result<Lock, StateError>) -> Holder {
    match attempt {
        Err(StateError::Locked(holder)) => *holder,
        other => panic!("not refused: {other:?}"),
    }
}

/// Machines of which something is known: the time by the wall, and users whose processes are no more.
#[derive(Debug, Default)]
struct Known {
    wall: AtomicU64,
    gone: Mutex<Vec<String>>,
}

impl Surroundings for Known {
    fn now(&self) -> Option<SystemTime> {
        Some(SystemTime::UNIX_EPOCH + seconds(self.wall.load(Ordering::SeqCst)))
    }

    fn is_gone(&self, owner: &Owner) -> bool {
        self.gone.lock().expect("not poisoned").contains(&owner.user)
    }
}

fn knowing(known: &Arc<Known>) -> Locking {
    Locking { surroundings: known.clone(), ..Locking::default() }
}

#[tokio::test(start_paused = true)]
async fn who_is_refused_is_told_who_is_at_work_and_whether_that_run_renews_its_lock() {
    let store = Clocked::new().await;
    let (first, second) = (store.connect(), through(&store.connect()));
    let lock = taken(&through(&first), "ann").await.expect("nobody has it");
    sleep(seconds(7)).await;
    let holder = refused(taken(&second, "bob").await);
    let renewal = Renewal { ago: seconds(7), lease: seconds(LEASE), forced: false };
    assert_eq!(holder, Holder { id: lock.id().to_owned(), owner: somebody("ann"), renewal: Some(renewal) });
    let process = std::process::id();
    let who = format!("ann on elsewhere (process {process}, `test`) since 2026-01-01T00:00:00Z");
    assert_eq!(holder.to_string(), format!("{who}; that run renewed it 7 s ago"));
    first.fall_silent();
    sleep(seconds(40)).await;
    let holder = refused(taken(&second, "bob").await);
    assert_eq!(
        holder.to_string(),
        format!("{who}; that run has not renewed it for 47 s, and without that it ends in 15 s")
    );
    assert_eq!(second.holder().await.expect("readable"), Some(holder), "looking tells the same");
}

#[tokio::test(start_paused = true)]
async fn a_lock_is_renewed_for_as_long_as_it_is_held() {
    let store = Clocked::new().await;
    let (first, second) = (through(&store.connect()), through(&store.connect()));
    let lock = taken(&first, "ann").await.expect("nobody has it");
    for _ in 0..20 {
        sleep(seconds(LEASE / 2)).await;
        refused(taken(&second, "bob").await);
        assert_eq!(lock.lease().check(), Ok(()));
    }
    assert_eq!(store.names("lock/").await.len(), 2, "what is no longer needed is removed");
    let lease = lock.lease().clone();
    lock.release().await.expect("released");
    assert_eq!(lease.check(), Err(Lost::Ended));
    let last = store.names("lock/").await.pop();
    assert_eq!(second.holder().await.expect("readable"), None);
    taken(&second, "bob").await.expect("it was given back").release().await.expect("released");
    assert!(store.names("lock/").await.pop() > last, "numbers never begin again");
}

#[tokio::test(start_paused = true)]
async fn one_of_many_takes_over_what_is_not_renewed() {
    let store = Clocked::new().await;
    let silent = store.connect();
    let lock = taken(&through(&silent), "ann").await.expect("nobody has it");
    silent.fall_silent();
    let racers: Vec<StateStore> = (0..8).map(|_| through(&store.connect())).collect();
    let race = || join_all(racers.iter().map(|racer| taken(racer, "bob")));
    sleep(seconds(LEASE * 5 / 6)).await;
    assert!(matches!(lock.lease().check(), Err(Lost::Expired { .. })), "who has it gives up first");
    sleep(seconds(LEFT_ALONE - 1 - LEASE * 5 / 6)).await;
    race().await.into_iter().for_each(|attempt| drop(refused(attempt)));
    sleep(seconds(1)).await;
    let won = race().await.into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn on_a_file_system_one_of_many_takes_over_what_is_not_renewed() {
    let folder = tempfile::tempdir().expect("a folder");
    let store = || StateStore::in_folder(folder.path(), "test").expect("a store");
    // As if it had been left by another process: it is not given back, and this one does not know that.
    std::mem::forget(taken(&store(), "ann").await.expect("nobody has it"));
    let race = || {
        let racers = (0..8).map(|_| store()).map(|store| tokio::spawn(async move { taken(&store, "bob").await }));
        join_all(racers.collect::<Vec<_>>())
    };
    for attempt in race().await {
        refused(attempt.expect("no panic"));
    }
    let lock = File::options().write(true).open(folder.path().join("test/lock/0000000001.json")).expect("it is there");
    lock.set_modified(SystemTime::now() - seconds(LEFT_ALONE + 1)).expect("it is old");
    let won: Vec<Lock> = race().await.into_iter().filter_map(|attempt| attempt.expect("no panic").ok()).collect();
    assert_eq!(won.len(), 1);
    let names = std::fs::read_dir(folder.path().join("test/lock")).expect("a folder").count();
    assert_eq!(names, 2, "no probe is left");
}

#[tokio::test(start_paused = true)]
async fn what_a_process_that_is_no_more_had_is_taken_over_at_once_by_one() {
    let store = Clocked::new().await;
    let silent = store.connect();
    let known = Arc::new(Known::default());
    let _lock = taken(&through(&silent), "ann").await.expect("nobody has it");
    silent.fall_silent();
    let racers: Vec<StateStore> = (0..8).map(|_| through(&store.connect())).collect();
    let (bob, locking) = (somebody("bob"), knowing(&known));
    let race = || join_all(racers.iter().map(|racer| racer.lock(&bob, &locking)));
    race().await.into_iter().for_each(|attempt| drop(refused(attempt)));
    known.gone.lock().expect("not poisoned").push("ann".to_owned());
    let won = race().await.into_iter().filter(Result::is_ok).count();
    assert_eq!(won, 1);
}

#[tokio::test(start_paused = true)]
async fn a_process_that_could_not_give_its_lock_back_may_take_it_again() {
    let store = Failing::new();
    let state = StateStore::within(store.clone(), "test");
    let lock = taken(&state, "ann").await.expect("nobody has it");
    store.takes(0);
    lock.release().await.expect_err("the store is out of order");
    store.takes(i64::MAX);
    taken(&state, "ann").await.expect("nobody uses it any more");
}

#[tokio::test(start_paused = true)]
async fn a_machine_that_slept_does_not_go_on_with_a_lock_that_others_may_have() {
    let store = through(&Clocked::new().await.connect());
    let known = Arc::new(Known::default());
    let lock = store.lock(&somebody("ann"), &knowing(&known)).await.expect("nobody has it");
    known.wall.store(LEASE / 2, Ordering::SeqCst);
    assert_eq!(lock.lease().check(), Ok(()));
    known.wall.store(LEASE, Ordering::SeqCst);
    assert_eq!(lock.lease().check(), Err(Lost::Expired { after: seconds(LEASE), reason: None }));
    known.wall.store(0, Ordering::SeqCst);
    assert!(lock.lease().check().is_err(), "lost is lost, however the clock is set");
}

/// A stack on a store that falls silent, and what is heard of its run.
struct Cut {
    store: Arc<Clocked>,
    connection: Arc<Connection>,
    faults: Faults,
    stack: Stack,
}

impl Cut {
    async fn new() -> Self {
        let (store, faults) = (Clocked::new().await, Faults::default());
        let connection = store.connect();
        let stack = Stack::faulty_and_kept_in(through(&connection), &faults).await;
        Self { store, connection, faults, stack }
    }

    /// How many calls and records there are.
    async fn done(&self) -> (usize, usize) {
        (self.faults.heard().len(), self.store.names("journal/").await.len())
    }

    /// Runs, doing `meanwhile` as soon as AWS is waited for; the answer is how the run ended.
    async fn run(&self, meanwhile: impl Future<Output = ()>) -> Result<(), EngineError> {
        let program = self.stack.program(SLOW).await;
        let session = self.stack.engine.begin(&somebody("ann")).await.expect("begun");
        let plan = session.plan(&program).await.expect("planned");
        let waits = async {
            while !self.stack.events().iter().any(|event| matches!(event, Event::StepWaiting { .. })) {
                sleep(Duration::from_millis(100)).await;
            }
            meanwhile.await;
        };
        let (ended, ()) = tokio::join!(session.apply(&plan), waits);
        ended.map(|_| ())
    }
}

#[tokio::test(start_paused = true)]
async fn a_run_that_cannot_renew_its_lock_ends_before_anybody_else_has_it() {
    let cut = Cut::new().await;
    let other = through(&cut.store.connect());
    let ended = cut
        .run(async {
            cut.connection.fall_silent();
            sleep(seconds(LEFT_ALONE + LEASE / 3)).await;
            let lock = taken(&other, "bob").await.expect("it is not renewed any more");
            let done = cut.done().await;
            sleep(seconds(600)).await;
            assert_eq!(cut.done().await, done, "nothing was called or written since");
            lock.release().await.expect("released");
        })
        .await;
    let Err(EngineError::LockLost { lost: Lost::Expired { after, .. }, in_flight }) = ended else {
        panic!("{ended:?}")
    };
    assert!(after <= seconds(LEASE), "{after:?}");
    assert!(!in_flight.iter().any(|address| address.to_string() == "logs_log_group.after"), "{in_flight:?}");
    assert!(!cut.stack.exists().contains(&"AWS::Logs::LogGroup".to_owned()));
    // What it had done is known, and the rest is done by the next one.
    let mut again = cut.stack;
    again.engine = engine(again.engine.cloud(), other, Events::none(), Stop::default());
    again.runs(SLOW).await;
    assert!(again.plan(SLOW).await.is_empty());
    assert_eq!(again.exists().iter().filter(|kind| *kind == "AWS::EC2::NatGateway").count(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_run_whose_lock_is_taken_away_has_ended_before_it_is_free() {
    let cut = Cut::new().await;
    let other = through(&cut.store.connect());
    let ended = cut
        .run(async {
            let holder = refused(taken(&other, "bob").await);
            let unlocking = other.unlock(&holder.id, &somebody("bob"), &Locking::default()).await.expect("taken away");
            assert!(unlocking.wait() > seconds(LEASE / 2), "{:?}", unlocking.wait());
            let forced = refused(taken(&through(&cut.store.connect()), "carl").await);
            assert!(forced.renewal.is_some_and(|renewal| renewal.forced), "{forced:?}");
            unlocking.finish().await.expect("given back");
            let lock = taken(&other, "bob").await.expect("it is free");
            let done = cut.done().await;
            sleep(seconds(600)).await;
            assert_eq!(cut.done().await, done, "nothing was called or written since");
            lock.release().await.expect("released");
        })
        .await;
    let Err(EngineError::LockLost { lost: Lost::Unlocked(by), .. }) = ended else { panic!("{ended:?}") };
    assert_eq!(*by, somebody("bob"));
}

#[tokio::test(start_paused = true)]
async fn without_its_lock_a_session_neither_looks_nor_writes() {
    let cut = Cut::new().await;
    let other = through(&cut.store.connect());
    cut.stack.runs(r#"logs_log_group("a", #{});"#).await;
    let moved = r#"logs_log_group("b", #{ retentionInDays: 5 }, #{ aliases: ["logs_log_group.a"] });"#;
    let program = cut.stack.program(moved).await;
    let session = cut.stack.engine.begin(&somebody("ann")).await.expect("begun");
    let plan = session.plan(&program).await.expect("planned");
    let id = refused(taken(&other, "bob").await).id;
    let unlocking = other.unlock(&id, &somebody("bob"), &Locking::default()).await.expect("taken away");
    unlocking.finish().await.expect("given back");
    let (done, state) = (cut.done().await, cut.stack.state().await);
    let looked = session.plan(&program).await;
    assert!(matches!(looked, Err(EngineError::LockLost { lost: Lost::Unlocked(_), .. })), "{looked:?}");
    let ended = session.apply(&plan).await;
    assert!(matches!(ended, Err(EngineError::LockLost { lost: Lost::Unlocked(_), .. })), "{ended:?}");
    assert_eq!(cut.done().await, done);
    assert_eq!(cut.stack.state().await, state);
    cut.stack.runs(moved).await;
}

#[tokio::test(start_paused = true)]
async fn only_the_lock_that_is_named_is_taken_away() {
    let store = through(&Clocked::new().await.connect());
    let (bob, locking) = (somebody("bob"), Locking::default());
    let unlock = async |id: &str| match store.unlock(id, &bob, &locking).await {
        Err(StateError::OtherLock { holder, .. }) => holder.map(|holder| holder.id),
        other => panic!("{other:?}"),
    };
    assert_eq!(unlock("4f1c").await, None);
    let lock = taken(&store, "ann").await.expect("nobody has it");
    assert_eq!(unlock("4f1c").await.as_deref(), Some(lock.id()));
    assert_eq!(unlock("lock.json").await.as_deref(), Some(lock.id()));
    sleep(seconds(2 * LEASE)).await;
    assert_eq!(lock.lease().check(), Ok(()), "it is still renewed");
    let id = lock.id().to_owned();
    lock.release().await.expect("released");
    assert_eq!(unlock(&id).await, None, "nobody has it");
}

#[tokio::test(start_paused = true)]
async fn the_lock_of_an_earlier_version_is_respected() {
    let objects = Arc::new(InMemory::new());
    let store = StateStore::within(objects.clone(), "test");
    let known = Arc::new(Known::default());
    let path = Path::from("test/lock.json");
    let earlier = r#"{
  "user": "ann",
  "host": "build-1",
  "process": 42,
  "command": "run a.rhai",
  "since": "2026-01-02T03:04:05Z"
}
"#;
    let there = async || objects.head(&path).await.is_ok();
    let attempt = async || store.lock(&somebody("bob"), &knowing(&known)).await;
    objects.put(&path, earlier.into()).await.expect("written");
    let holder = refused(attempt().await);
    assert_eq!(
        holder.to_string(),
        "ann on build-1 (process 42, `run a.rhai`) since 2026-01-02T03:04:05Z; \
         of an earlier version, which does not renew it"
    );
    assert_eq!(store.holder().await.expect("readable"), Some(holder.clone()));
    assert!(there().await, "it is left as it is");

    let unlocking = store.unlock(&holder.id, &somebody("bob"), &knowing(&known)).await.expect("taken away");
    unlocking.finish().await.expect("free");
    attempt().await.expect("it is free").release().await.expect("released");

    objects.put(&path, earlier.into()).await.expect("written");
    known.gone.lock().expect("not poisoned").push("ann".to_owned());
    attempt().await.expect("its process is no more").release().await.expect("released");
    assert!(!there().await, "it is gone for good");
}

fn engine(cloud: &Cloud, store: StateStore, events: Events, stop: Stop) -> Engine {
    let engine = Engine::builder(cloud.clone()).state(store).parallelism(4).events(events).stop(stop);
    engine.build().expect("an engine")
}

#[tokio::test(start_paused = true)]
async fn a_run_that_waits_begins_as_soon_as_the_other_has_ended() {
    let stack = Stack::new().await;
    let (store, stop) = (Clocked::new().await, Stop::default());
    let told = Arc::new(Mutex::new(Vec::new()));
    let telling = told.clone();
    let events = Events::to(move |event| telling.lock().expect("not poisoned").push(event));
    let waiting = Locking { wait: seconds(300), ..Locking::default() };
    let engine = engine(stack.engine.cloud(), through(&store.connect()), events, stop.clone()).locking(waiting);
    let first = taken(&through(&store.connect()), "ann").await.expect("nobody has it");
    let id = first.id().to_owned();
    let (bob, carl) = (somebody("bob"), somebody("carl"));
    let began = Instant::now();
    let (session, ()) = tokio::join!(engine.begin(&bob), async {
        sleep(seconds(90)).await;
        first.release().await.expect("released");
    });
    let waited = began.elapsed();
    assert!(waited >= seconds(90) && waited < seconds(92), "{waited:?}");
    let told: Vec<Event> = std::mem::take(&mut told.lock().expect("not poisoned"));
    assert!(matches!(&told[..], [Event::WaitingForLock { id: known, .. }] if *known == id), "{told:?}");

    let session = session.expect("begun");
    let began = Instant::now();
    let attempt = engine.begin(&carl).await;
    assert!(matches!(attempt, Err(EngineError::State(StateError::Locked(_)))), "{attempt:?}");
    assert_eq!(began.elapsed(), seconds(300), "not for ever");
    let (attempt, ()) = tokio::join!(engine.begin(&carl), async {
        sleep(seconds(10)).await;
        stop.ask();
    });
    assert!(matches!(attempt, Err(EngineError::StoppedWaiting)), "{attempt:?}");
    session.end().await.expect("ended");
}

/// A gate that was shut.
#[derive(Debug, Default)]
struct Shut(Mutex<Vec<String>>);

impl Gate for Shut {
    fn pass(&self, request: Request<'_>) -> Result<(), Closed> {
        self.0.lock().expect("not poisoned").push(format!("{}: {}", request.service, request.operation));
        Err(Closed("it is shut".to_owned()))
    }
}

#[tokio::test]
async fn no_client_of_a_guarded_connection_calls_past_a_gate_that_is_shut() {
    let opened = "2026-01-01T00:00:00Z".parse().expect("a time");
    let local = Local::in_memory(hzscript::local::settings::Settings::default(), opened).expect("an embedded AWS");
    let faults = Faults::default();
    let open = faults.on(Cloud::embedded(&local, "eu-west-1").await.expect("a connection"), &local);
    let gate = Arc::new(Shut::default());
    let shut = open.guarded(gate.clone());
    let mut asked = Vec::new();
    macro_rules! refused {
        ($($client:ident $call:ident $name:literal),*) => {$(
            let error = shut.$client.$call().send().await.map_err(failed($name)).expect_err("it is shut");
            assert_eq!(error.class, ErrorClass::NotMade, "{error}");
            assert!(error.message.contains("it is shut"), "{error}");
            asked.push($name.to_owned());
        )*};
    }
    refused!(
        ec2 describe_vpcs "EC2: DescribeVpcs",
        ecr describe_repositories "ECR: DescribeRepositories",
        ecs list_clusters "ECS: ListClusters",
        efs describe_file_systems "EFS: DescribeFileSystems",
        elb describe_load_balancers "Elastic Load Balancing v2: DescribeLoadBalancers",
        iam list_roles "IAM: ListRoles",
        logs describe_log_groups "CloudWatch Logs: DescribeLogGroups",
        secrets list_secrets "Secrets Manager: ListSecrets",
        servicediscovery list_namespaces "ServiceDiscovery: ListNamespaces",
        sts get_caller_identity "STS: GetCallerIdentity"
    );
    let scaling = shut.autoscaling.describe_scalable_targets().service_namespace("ecs".into()).send().await;
    let error = scaling.map_err(failed("application-autoscaling:DescribeScalableTargets")).expect_err("it is shut");
    assert_eq!(error.class, ErrorClass::NotMade);
    asked.push("Application Auto Scaling: DescribeScalableTargets".to_owned());
    assert_eq!(*gate.0.lock().expect("not poisoned"), asked, "each is asked for by its name");
    assert_eq!(faults.heard().len(), 0, "nothing left");
    open.ec2.describe_vpcs().send().await.expect("the connection itself is open");
    assert_eq!(faults.heard().len(), 1);
}
