//! Watches one attempt at an operation and checks it while it goes on: that the records of the journal make the state that
//! is written, that what a new object needs is there before it, and that what uses an object goes before it. It can end the
//! attempt at a moment: what AWS and the store have then is what comes after has to go on with.
//!
//! Calls are made one after the other, in the order in which they are wanted, so that the same case goes the same way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard};

use async_trait::async_trait;
use aws_smithy_runtime_api::client::http::{
    HttpClient, HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpClient, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_runtime_api::client::runtime_components::RuntimeComponents;
use futures::stream::BoxStream;
use hzscript::local::Local;
use hzscript::model::{Address, Json};
use hzscript::state::{Record, Recorded, Snapshot, StateStore};
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore, PutMultipartOptions,
    PutOptions, PutPayload, PutResult, Result,
};
use tokio::sync::Notify;

use super::Stack;
use super::faults::{asked, through};
use super::stack::connected;

/// An object of the account: its type and identifier.
pub type Object = (String, String);

/// Actions that change nothing begin so.
const READING: [&str; 4] = ["Describe", "Get", "List", "GET"];

/// An account and a store, and what is watched of an attempt on them.
#[derive(Clone)]
pub struct Ward(Arc<Warded>);

struct Warded {
    local: Local,
    kept: Arc<InMemory>,
    /// One call at a time.
    turn: tokio::sync::Mutex<()>,
    watched: Mutex<Watched>,
    ended: Notify,
}

#[derive(Default)]
struct Watched {
    /// Moments so far: before and after each call, and each write of the state.
    moments: usize,
    /// At which of them it ends.
    ends_at: Option<usize>,
    /// What there was then.
    left: Option<(Local, InMemory)>,
    /// What the records make of the state.
    state: Option<Snapshot>,
    /// Whether it is changed otherwise.
    edits: bool,
    /// What is to exist in the end; nothing is known where it is not about that.
    wanted: Option<BTreeSet<Address>>,
    /// What exists, and since which change.
    alive: BTreeMap<Object, usize>,
    /// What no longer exists, and since when.
    dead: BTreeMap<Object, usize>,
    changes: usize,
    /// Objects that this attempt made and of which no record tells yet.
    unrecorded: BTreeSet<Object>,
    /// What is left in the account although the state no longer knows it, because it is retained.
    let_go: BTreeSet<Object>,
    created: usize,
    deleted: usize,
    ordered: usize,
    wrong: Vec<String>,
}

/// What an attempt did.
#[derive(Debug, Clone, Copy, Default)]
pub struct Seen {
    /// Objects made.
    pub created: usize,
    /// Objects deleted.
    pub deleted: usize,
    /// How often one of them was compared with what it needs, or with what needs it.
    pub ordered: usize,
}

impl fmt::Debug for Ward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ward")
    }
}

impl Ward {
    /// Watches what is done to an account and a store, which may already have something.
    pub async fn new(local: Local, kept: Arc<InMemory>) -> Self {
        let state = StateStore::within(kept.clone(), "test").load().await.expect("readable");
        let alive = objects(&local).into_iter().map(|object| (object, 0)).collect();
        let watched = Watched { state, alive, ..Watched::default() };
        let (turn, ended) = (tokio::sync::Mutex::default(), Notify::new());
        Self(Arc::new(Warded { local, kept, turn, watched: Mutex::new(watched), ended }))
    }

    /// A stack whose calls and whose state are watched.
    pub async fn stack(&self) -> Stack {
        let local = &self.0.local;
        let cloud = through(connected(local).await, SharedHttpClient::new(self.clone()));
        Stack::with(local.clone(), cloud, StateStore::within(Arc::new(self.clone()), "test"))
    }

    /// From now on these addresses are to exist in the end.
    pub fn wants(&self, wanted: BTreeSet<Address>) {
        self.watched().wanted = Some(wanted);
    }

    /// From now on the state is changed by itself, which no record tells, or no longer.
    pub fn edits(&self, edits: bool) {
        self.watched().edits = edits;
    }

    /// An object that is left in the account and that the state is not to know any more.
    pub fn lets_go(&self, object: Object) {
        self.watched().let_go.insert(object);
    }

    /// Objects that were left in the account.
    pub fn let_go(&self) -> BTreeSet<Object> {
        self.watched().let_go.clone()
    }

    /// Does something that ends at a moment, if there are that many. The answer is nothing when it has ended so, and then
    /// what there is left to go on with takes the place of this.
    pub async fn until<T>(&mut self, ends_at: Option<usize>, doing: impl Future<Output = T>) -> Option<T> {
        {
            let mut watched = self.watched();
            watched.ends_at = ends_at.map(|moment| watched.moments + moment);
        }
        let done = tokio::select! {
            biased;
            () = self.0.ended.notified() => None,
            done = doing => Some(done),
        };
        let left = {
            let mut watched = self.watched();
            watched.ends_at = None;
            watched.left.take()
        };
        if done.is_none() {
            let (local, kept) = left.expect("it has ended");
            self.is_well("when it was ended");
            let (wanted, let_go) = {
                let mut watched = self.watched();
                (watched.wanted.take(), std::mem::take(&mut watched.let_go))
            };
            *self = Self::new(local, Arc::new(kept)).await;
            let mut watched = self.watched();
            (watched.wanted, watched.let_go) = (wanted, let_go);
        }
        done
    }

    /// Fails when anything was wrong.
    pub fn is_well(&self, when: &str) {
        self.look();
        let watched = self.watched();
        assert!(watched.wrong.is_empty(), "{when}: {:#?}", watched.wrong);
    }

    /// What was done since this was made.
    pub fn seen(&self) -> Seen {
        let watched = self.watched();
        let Watched { created, deleted, ordered, .. } = *watched;
        Seen { created, deleted, ordered }
    }

    /// The store.
    pub fn kept(&self) -> Arc<InMemory> {
        self.0.kept.clone()
    }

    /// The account.
    pub fn local(&self) -> &Local {
        &self.0.local
    }

    /// The state, read from the store; what the records have made of it is the same.
    pub async fn state(&self) -> Snapshot {
        let load = async || StateStore::within(self.0.kept.clone(), "test").load().await.expect("readable");
        let (read, again) = (load().await, load().await);
        assert_eq!(read, again, "replayed twice it is the same");
        assert_eq!(read.as_ref().map(told), self.watched().state.as_ref().map(told), "what the records make of it");
        read.unwrap_or_else(|| panic!("there was a run"))
    }

    fn watched(&self) -> MutexGuard<'_, Watched> {
        self.0.watched.lock().expect("not poisoned")
    }

    /// A moment; it does not end when the attempt ends here.
    async fn moment(&self) {
        let ends = {
            let mut watched = self.watched();
            watched.moments += 1;
            let ends = watched.ends_at.is_some_and(|at| at <= watched.moments);
            if ends && watched.left.is_none() {
                watched.left = Some((self.0.local.copy().expect("readable"), self.0.kept.fork()));
                self.0.ended.notify_one();
            }
            ends
        };
        if ends {
            std::future::pending::<()>().await;
        }
    }

    /// Looks what exists now.
    fn look(&self) {
        let now = objects(&self.0.local);
        let mut watched = self.watched();
        watched.changes += 1;
        let at = watched.changes;
        let gone: Vec<Object> = watched.alive.keys().filter(|object| !now.contains(*object)).cloned().collect();
        for object in gone {
            watched.alive.remove(&object);
            watched.dead.insert(object.clone(), at);
            watched.deleted += 1;
            watched.has_gone(&object);
        }
        for object in now {
            if !watched.alive.contains_key(&object) {
                watched.alive.insert(object.clone(), at);
                watched.unrecorded.insert(object);
                watched.created += 1;
            }
        }
    }

    fn written(&self, location: &Path, bytes: &[u8]) {
        let name = location.as_ref();
        if name == "test/snapshot.json" {
            let written: Snapshot = serde_json::from_slice(bytes).expect("a snapshot");
            let mut watched = self.watched();
            if let (Some(state), false) = (&watched.state, watched.edits)
                && told(state) != told(&written)
            {
                let wrong = format!("the records make {:#?}, and this was written: {:#?}", told(state), told(&written));
                watched.wrong.push(wrong);
            }
            watched.state = Some(written);
        } else if name.starts_with("test/journal/") {
            self.look();
            let record: Record = serde_json::from_slice(bytes).expect("a record");
            let mut watched = self.watched();
            if let Record::Made { address, recorded } = &record {
                watched.was_made(address, recorded);
            }
            if let Record::Gone { address, generation } = &record {
                watched.is_forgotten(address, *generation);
            }
            if let Some(state) = &mut watched.state {
                state.apply(&record);
            }
        }
    }
}

impl Watched {
    /// An object that was made now: all that it needs was there before it.
    fn was_made(&mut self, address: &Address, recorded: &Recorded) {
        let object = (recorded.kind.clone(), recorded.id.clone());
        if !self.unrecorded.remove(&object) {
            return;
        }
        let born = self.alive.get(&object).or_else(|| self.dead.get(&object)).copied().unwrap_or_default();
        let Some(state) = &self.state else { return };
        for needed in &recorded.dependencies {
            let was_there = known(state, needed).any(|one| {
                let one = (one.kind.clone(), one.id.clone());
                self.alive.get(&one).is_some_and(|since| *since < born)
                    || self.dead.get(&one).is_some_and(|since| *since > born)
            });
            self.ordered += 1;
            if !was_there {
                self.wrong.push(format!("{address} ({}) was made before {needed}, which it needs", recorded.id));
            }
        }
    }

    /// What the state knows no longer does not exist any more, unless it is retained.
    fn is_forgotten(&mut self, address: &Address, generation: u32) {
        let Some(state) = &self.state else { return };
        let Some(one) = known(state, address).find(|one| one.generation == generation) else { return };
        let (object, retained) = ((one.kind.clone(), one.id.clone()), one.retain);
        if !self.alive.contains_key(&object) {
            return;
        }
        if retained && self.wanted.as_ref().is_some_and(|wanted| !wanted.contains(address)) {
            self.let_go.insert(object);
        } else {
            self.wrong.push(format!("{address} ({}) is said to be gone, and it exists", object.1));
        }
    }

    /// An object that went: nothing that needs it was there still, unless another takes its place.
    fn has_gone(&mut self, object: &Object) {
        let (Some(state), Some(wanted)) = (&self.state, &self.wanted) else { return };
        let all: Vec<(&Address, &Recorded)> = everything(state).collect();
        let of = all.iter().find(|(_, one)| one.kind == object.0 && one.id == object.1);
        let Some((address, _)) = of.filter(|(address, _)| !wanted.contains(*address)) else { return };
        for (user, one) in all.iter().filter(|(_, one)| one.dependencies.contains(address)) {
            self.ordered += 1;
            let stays = one.retain && !wanted.contains(*user);
            if self.alive.contains_key(&(one.kind.clone(), one.id.clone())) && !stays {
                self.wrong
                    .push(format!("{address} ({}) has gone before {user} ({}), which needs it", object.1, one.id));
            }
        }
    }
}

/// The object that a state knows so.
pub fn object_of(one: &Recorded) -> Object {
    (one.kind.clone(), one.id.clone())
}

/// All objects that a state knows.
pub fn everything(state: &Snapshot) -> impl Iterator<Item = (&Address, &Recorded)> {
    let aside = state.deposed.iter().flat_map(|(address, aside)| aside.iter().map(move |one| (address, one)));
    state.resources.iter().chain(aside)
}

fn known<'a>(state: &'a Snapshot, address: &'a Address) -> impl Iterator<Item = &'a Recorded> {
    everything(state).filter(move |(of, _)| *of == address).map(|(_, one)| one)
}

/// What the records tell of a state: not which run wrote it.
fn told(state: &Snapshot) -> Snapshot {
    Snapshot { serial: 0, format: 0, made: None, ..state.clone() }
}

/// What exists, rules of security groups for what comes in included, which an embedded AWS lists as parts of the groups.
pub fn objects(local: &Local) -> BTreeSet<Object> {
    let listed = local.list().expect("readable").into_iter().map(|listed| (listed.type_name, listed.id));
    let kept = local.contents().expect("readable");
    let rules = kept.iter().filter(|line| line.contains(" ec2.group-rule ")).filter_map(|line| {
        let rule: Json = serde_json::from_str(&line[line.find('{')?..]).ok()?;
        let id = rule["id"].as_str()?.to_owned();
        // Of a network's own group they have no description.
        (rule["egress"] == false && rule["description"].is_string())
            .then(|| ("AWS::EC2::SecurityGroupIngress".to_owned(), id))
    });
    listed.chain(rules).collect()
}

impl HttpClient for Ward {
    fn http_connector(&self, settings: &HttpConnectorSettings, with: &RuntimeComponents) -> SharedHttpConnector {
        let through = self.0.local.http_client().http_connector(settings, with);
        SharedHttpConnector::new(Connector { ward: self.clone(), through })
    }
}

#[derive(Debug)]
struct Connector {
    ward: Ward,
    through: SharedHttpConnector,
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let (ward, through) = (self.ward.clone(), self.through.clone());
        let what = asked(&request);
        HttpConnectorFuture::new(async move {
            let _turn = ward.0.turn.lock().await;
            ward.moment().await;
            let done = through.call(request).await;
            if !READING.iter().any(|beginning| what.starts_with(beginning)) {
                ward.look();
            }
            ward.moment().await;
            done
        })
    }
}

impl fmt::Display for Ward {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ward")
    }
}

#[async_trait]
impl ObjectStore for Ward {
    async fn put_opts(&self, location: &Path, payload: PutPayload, options: PutOptions) -> Result<PutResult> {
        let counts = !location.as_ref().contains("lock");
        if counts {
            self.moment().await;
        }
        let bytes: Vec<u8> = payload.iter().flat_map(|part| part.to_vec()).collect();
        let written = self.0.kept.put_opts(location, payload, options).await;
        if written.is_ok() {
            self.written(location, &bytes);
        }
        if counts {
            self.moment().await;
        }
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
        self.0.kept.delete_stream(locations)
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
