//! Locks at random: whatever the store and the machines do, no two runs ever may call at once, and what everybody has let
//! go of can be had again.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::join_all;
use hzscript::state::{Lease, Locking, Owner, StateError, StateStore};
use proptest::prelude::*;
use tokio::time::{Instant, sleep};

use crate::support::clocked::{Clocked, Connected, Connection, Weather};
use crate::support::stack::owner;

/// How many want the lock.
const ACTORS: u64 = 5;

/// How often each does something.
const TURNS: u32 = 12;

/// Leases that anybody ever had, and how often the lock was had.
#[derive(Debug, Default)]
struct Seen(Mutex<Vec<Lease>>);

impl Seen {
    /// At most one of all the runs may call.
    fn check(&self) {
        let mut leases = self.0.lock().expect("not poisoned");
        leases.retain(|lease| lease.check().is_ok());
        assert!(leases.len() <= 1, "{} runs may call at once", leases.len());
    }

    fn add(&self, lease: &Lease) {
        self.0.lock().expect("not poisoned").push(lease.clone());
        self.check();
    }
}

struct Actor {
    store: Arc<Clocked>,
    weather: Weather,
    /// The source of what this actor does.
    dice: Arc<Connection>,
    owner: Owner,
    seen: Arc<Seen>,
}

impl Actor {
    /// Does this and that; the answer is how often it had the lock.
    async fn act(&self, locking: &Locking) -> u32 {
        let mut had = 0;
        for _ in 0..TURNS {
            sleep(Duration::from_millis(self.dice.random(40_000))).await;
            let connection = self.store.connect_in(self.weather, self.dice.random(u64::MAX));
            let state = StateStore::within(Arc::new(Connected(connection.clone())), "test");
            let lock = match state.lock(&self.owner, locking).await {
                Ok(lock) => lock,
                Err(StateError::Locked(holder)) if self.dice.random(6) == 0 => {
                    if let Ok(unlocking) = state.unlock(&holder.id, &self.owner, locking).await
                        && self.dice.random(3) > 0
                    {
                        // Otherwise whoever takes it away is no more, either.
                        drop(unlocking.finish().await);
                    }
                    continue;
                }
                Err(_) => continue,
            };
            if lock.lease().check().is_err() {
                continue;
            }
            had += 1;
            self.seen.add(lock.lease());
            match self.dice.random(4) {
                // It hangs: it neither renews nor gives back.
                0 => connection.fall_silent(),
                // The run is dropped in the middle.
                1 => {
                    sleep(Duration::from_millis(self.dice.random(30_000))).await;
                    continue;
                }
                _ => {}
            }
            let until = Instant::now() + Duration::from_millis(self.dice.random(200_000));
            while Instant::now() < until && lock.lease().check().is_ok() {
                sleep(Duration::from_millis(200)).await;
                self.seen.check();
            }
            // That it could not be given back is what happens in bad weather.
            drop(lock.release().await);
        }
        had
    }
}

async fn race(seed: u64, weather: Weather) {
    let (store, seen) = (Clocked::new().await, Arc::new(Seen::default()));
    let locking = Locking::default();
    let actors: Vec<Actor> = (0..ACTORS)
        .map(|number| Actor {
            store: store.clone(),
            weather,
            dice: store.connect_in(Weather::default(), seed.wrapping_add(number.wrapping_mul(7919))),
            owner: Owner { user: format!("actor {number}"), ..owner() },
            seen: seen.clone(),
        })
        .collect();
    let had: u32 = join_all(actors.iter().map(|actor| actor.act(&locking))).await.into_iter().sum();
    assert!(had > 0, "somebody had it");
    // What is still under way arrives, and is left alone for as long as it says.
    sleep(locking.lease * 10).await;
    let state = StateStore::within(Arc::new(Connected(store.connect())), "test");
    let lock = state.lock(&owner(), &locking).await.expect("nobody has it any more");
    seen.add(lock.lease());
    lock.release().await.expect("released");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn no_two_runs_ever_may_call_at_once(seed: u64, slow in 0u64..4000, lossy in 0u64..80, late in 0u64..60) {
        let weather = Weather { slow: Duration::from_millis(slow), lossy, late };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build();
        runtime.expect("a runtime").block_on(race(seed, weather));
    }
}
