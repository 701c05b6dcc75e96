//! The embedded AWS: answers the wire protocols of the services this crate calls, in process or on a loopback port.
//!
//! [`Local`] is the account. A request is decoded by [`wire`], handed to the [`service::Service`] it is for inside one
//! transaction of the [`store`], and the answer is encoded. What takes time on AWS takes time here: a service puts a
//! [`service::Timer`] in the store, and timers that are due are carried out before the next request is answered, by
//! whichever process gets there first. It knows nothing of its client.

pub mod autoscaling;
mod client;
pub mod cloudcontrol;
pub mod ec2;
pub mod ecr;
pub mod ecs;
pub mod efs;
pub mod elasticloadbalancing;
pub mod fault;
pub mod iam;
pub mod identifier;
pub mod kms;
pub mod logs;
pub mod members;
pub mod secretsmanager;
pub mod serve;
pub mod service;
pub mod servicediscovery;
pub mod settings;
pub mod store;
pub mod sts;
pub mod wire;

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use bytes::Bytes;
use fault::fates::{Fate, Fates};
use http::{HeaderMap, Method, Uri};
use jiff::Timestamp;
use service::{Fault, Listed, Service};
use settings::Settings;
use store::{Store, StoreError, Tx};
use wire::{Call, Encoded};

use crate::model::Json;

/// Every service there is.
pub static SERVICES: &[&dyn Service] = &[
    &autoscaling::AutoScaling,
    &cloudcontrol::CloudControl,
    &ec2::Ec2,
    &ecr::Ecr,
    &ecs::Ecs,
    &efs::Efs,
    &elasticloadbalancing::ElasticLoadBalancing,
    &iam::Iam,
    &kms::Kms,
    &logs::Logs,
    &secretsmanager::SecretsManager,
    &servicediscovery::ServiceDiscovery,
    &sts::Sts,
];

/// An embedded AWS: one account, whose data is in a folder or in memory. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Local {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    store: Mutex<Store>,
    settings: Settings,
    fates: Fates,
    clock: Clock,
}

/// tokio's clock anchored at the time of opening: under a paused clock it stands still with it.
#[derive(Debug)]
struct Clock {
    opened: Timestamp,
    since: tokio::time::Instant,
}

impl Clock {
    fn now(&self) -> Timestamp {
        self.opened + self.since.elapsed()
    }
}

impl Local {
    /// Opens the one whose data is in `folder`, made if need be.
    ///
    /// # Errors
    /// When its data cannot be read.
    pub fn open(folder: &Path, settings: Settings) -> Result<Self, StoreError> {
        Ok(Self::with(Store::open(folder)?, settings, Timestamp::now()))
    }

    /// Begins an empty one in memory, at a given time.
    ///
    /// # Errors
    /// When SQLite cannot be used at all.
    pub fn in_memory(settings: Settings, opened: Timestamp) -> Result<Self, StoreError> {
        Ok(Self::with(Store::in_memory()?, settings, opened))
    }

    fn with(store: Store, settings: Settings, opened: Timestamp) -> Self {
        let clock = Clock { opened, since: tokio::time::Instant::now() };
        let fates = Fates::new(settings.faults.clone());
        Self { shared: Arc::new(Shared { store: Mutex::new(store), settings, fates, clock }) }
    }

    /// An empty one in memory, in which nothing takes time: for tests and for trying things.
    ///
    /// # Errors
    /// When SQLite cannot be used at all.
    pub fn empty() -> Result<Self, StoreError> {
        Self::in_memory(Settings { pace: 0.0, ..Settings::default() }, Timestamp::now())
    }

    /// Another one in memory that has, now, what this one has.
    ///
    /// # Errors
    /// When the data of this one cannot be read.
    pub fn copy(&self) -> Result<Self, StoreError> {
        let Shared { settings, clock, .. } = self.shared.as_ref();
        Ok(Self::with(self.store().copy()?, settings.clone(), clock.now()))
    }

    /// All that is kept, in an order of its own, for comparing: two that have the same go on in the same way.
    ///
    /// # Errors
    /// When the data cannot be read.
    pub fn contents(&self) -> Result<Vec<String>, StoreError> {
        self.store().contents()
    }

    /// How it behaves.
    pub fn settings(&self) -> &Settings {
        &self.shared.settings
    }

    /// The time here.
    pub fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    /// Forgets everything: removes the data in `folder`. Its settings stay.
    ///
    /// # Errors
    /// When a file cannot be removed.
    pub fn reset(folder: &Path) -> std::io::Result<()> {
        Store::remove(folder)
    }

    /// Everything that exists, in every region, ordered by type and identifier.
    ///
    /// # Errors
    /// When its data cannot be read.
    pub fn list(&self) -> Result<Vec<Listed>, Fault> {
        let Shared { settings, clock, .. } = self.shared.as_ref();
        let now = clock.now();
        let mut store = self.store();
        advance(&mut store, now, settings)?;
        let mut regions: BTreeSet<String> =
            store.transact(wire::DEFAULT_REGION, now, settings, |tx| tx.regions())?.into_iter().collect();
        // What belongs to no region is told in any of them.
        regions.insert(wire::DEFAULT_REGION.to_owned());
        let mut found = BTreeSet::new();
        for region in regions {
            for service in SERVICES {
                found.extend(store.transact(&region, now, settings, |tx| service.list(tx))?);
            }
        }
        Ok(found.into_iter().collect())
    }

    /// Answers an HTTP request; `None` when its answer is lost, as the settings may have it.
    pub async fn answer(&self, method: Method, uri: Uri, headers: HeaderMap, body: Bytes) -> Option<Encoded> {
        let request = uuid::Uuid::new_v4().to_string();
        let call = match wire::decode(&method, &uri, &headers, &body) {
            Ok(call) => call,
            Err((protocol, fault)) => return Some(wire::encode(protocol, "Unknown", &request, Err(fault))),
        };
        let (protocol, action) = (call.protocol, call.action.clone());
        let Fate { ends_before, refusal, undone, ends_after, late, lost, before } = self.shared.fates.of(&call);
        if ends_before {
            std::process::abort();
        }
        let answer = match refusal {
            Some(refusal) if undone => Err(refusal),
            refusal => {
                let local = self.clone();
                let now = self.now();
                let done = tokio::task::spawn_blocking(move || local.call(&call, before, now)).await;
                let done = done.unwrap_or_else(|error| Err(Fault::new("InternalError", error.to_string()).status(500)));
                refusal.map_or(done, Err)
            }
        };
        if ends_after {
            std::process::abort();
        }
        if !late.is_zero() {
            tokio::time::sleep(late).await;
        }
        (!lost).then(|| wire::encode(protocol, &action, &request, answer))
    }

    /// Carries out what is due by `now`, then answers a call that was made so often before.
    fn call(&self, call: &Call, before: u32, now: Timestamp) -> Result<Json, Fault> {
        let settings = &self.shared.settings;
        let mut store = self.store();
        advance(&mut store, now, settings)?;
        let service = named(call.service).ok_or_else(|| Fault::unknown_action(call.service, &call.action))?;
        store.transact(&call.region, now, settings, |tx| {
            tx.calls(&call.action, before);
            iam::caller::check(tx, call, &settings.caller_policies)?;
            service.call(tx, &call.action, &call.params)
        })
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        // A call that panicked has undone its transaction, so the data is whole.
        self.shared.store.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The most timers carried out before one call, so that a store left alone for long does not hold up the first.
const TIMERS_A_CALL: usize = 20_000;

fn named(service: &str) -> Option<&'static dyn Service> {
    SERVICES.iter().copied().find(|known| known.name() == service)
}

/// Carries out the timers that are due, each in a transaction and at the time of its own.
fn advance(store: &mut Store, now: Timestamp, settings: &Settings) -> Result<(), StoreError> {
    for _ in 0..TIMERS_A_CALL {
        let take = |tx: &mut Tx<'_>| -> Result<bool, Fault> {
            let Some((due, region, service, timer)) = tx.take_due()? else { return Ok(false) };
            (tx.now, tx.region) = (due, region);
            if let Some(service) = named(&service) {
                service.due(tx, &timer)?;
            }
            Ok(true)
        };
        match store.transact(wire::DEFAULT_REGION, now, settings, take) {
            Ok(true) => {}
            Ok(false) => break,
            // What it was about is gone: its transaction is undone, and it is not tried again.
            Err(_) => {
                store.transact(wire::DEFAULT_REGION, now, settings, |tx| tx.take_due())?;
            }
        }
    }
    Ok(())
}
