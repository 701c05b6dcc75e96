//! Where the embedded AWS keeps its data: one SQLite file, objects as JSON by (region, table, key).
//!
//! Invariants: a call sees and changes the data of one transaction, whole or not at all, across threads and processes;
//! a process that dies leaves what its last finished call left. Identifiers are drawn from a counter in the file, so the
//! same calls give the same identifiers.

use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior, params, params_from_iter};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sha2::{Digest, Sha256};

use super::service::Timer;
use super::settings::Settings;

/// The account's twelve digits.
pub const ACCOUNT: &str = "000000000000";

/// The region under which objects are kept that belong to no region.
const GLOBAL: &str = "global";

/// How long another process is waited for that has the file.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often it is looked whether it still has, where SQLite does not wait by itself.
const PAUSE: Duration = Duration::from_millis(5);

/// The version of the file's layout; a file of another is refused.
const LAYOUT: i64 = 1;

/// The tables.
const TABLES: [&str; 4] = ["object", "timer", "counter", "fresh"];

/// Until when what is new is not seen, where things are known late.
const NEW: &str = "CREATE TABLE IF NOT EXISTS fresh (region TEXT, kind TEXT, key TEXT, until INTEGER,
                       PRIMARY KEY (region, kind, key)) WITHOUT ROWID;";

/// Tables of what may be known late, with the call that makes one and sees all of them: it refuses what there is already.
const KNOWN_LATE: [(&str, &str); 11] = [
    ("ec2.vpc", "CreateVpc"),
    ("ec2.subnet", "CreateSubnet"),
    ("ec2.group", "CreateSecurityGroup"),
    ("ec2.internet-gateway", "CreateInternetGateway"),
    ("ec2.route-table", "CreateRouteTable"),
    ("ec2.nat-gateway", "CreateNatGateway"),
    ("ec2.address", "AllocateAddress"),
    ("ecs.cluster", "CreateCluster"),
    ("iam.policy", "CreatePolicy"),
    ("iam.role", "CreateRole"),
    ("logs.group", "CreateLogGroup"),
];

/// Why the data could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// SQLite refused.
    #[error("the embedded AWS cannot use its data: {0}")]
    Sql(#[from] rusqlite::Error),
    /// An object is not readable.
    #[error("the embedded AWS has an object that it cannot read: {0}")]
    Object(#[from] serde_json::Error),
    /// The folder cannot be made.
    #[error("the embedded AWS cannot make its folder: {0}")]
    Folder(#[from] std::io::Error),
    /// Another version of the program wrote the file.
    #[error("the embedded AWS's data has layout {found}, and this version knows {LAYOUT}: run `hzscript local reset`")]
    Layout {
        /// Its layout.
        found: i64,
    },
}

/// Something a service keeps.
pub trait Object: Serialize + DeserializeOwned {
    /// Its table's name, such as `ec2.subnet`.
    const TABLE: &'static str;
    /// Whether it belongs to no region.
    const GLOBAL: bool = false;

    /// What names it among those of its table and region.
    fn key(&self) -> String;

    /// What it is found by together with its like, such as the VPC of a subnet.
    fn parent(&self) -> String {
        String::new()
    }
}

/// The file.
#[derive(Debug)]
pub struct Store {
    connection: Connection,
}

impl Store {
    /// Opens the file `aws.sqlite` in a folder, made if need be.
    ///
    /// # Errors
    /// When it cannot be made or is of another layout.
    pub fn open(folder: &Path) -> Result<Self, StoreError> {
        std::fs::create_dir_all(folder)?;
        let connection = Connection::open(folder.join("aws.sqlite"))?;
        connection.busy_timeout(PATIENCE)?;
        // Write-ahead logging without a sync a call: safe against the death of a process, which is what is promised.
        // Of two processes that turn it on at once SQLite refuses one without waiting.
        let began = Instant::now();
        while let Err(error) = connection.pragma_update(None, "journal_mode", "WAL") {
            if error.sqlite_error_code() != Some(ErrorCode::DatabaseBusy) || began.elapsed() > PATIENCE {
                return Err(error.into());
            }
            std::thread::sleep(PAUSE);
        }
        connection.pragma_update(None, "synchronous", "NORMAL")?;
        Self::prepared(connection)
    }

    /// Removes the file.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(folder: &Path) -> std::io::Result<()> {
        for name in ["aws.sqlite", "aws.sqlite-wal", "aws.sqlite-shm"] {
            match std::fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    /// An empty one in memory.
    ///
    /// # Errors
    /// When SQLite cannot be used at all.
    pub fn in_memory() -> Result<Self, StoreError> {
        Self::prepared(Connection::open_in_memory()?)
    }

    fn prepared(mut connection: Connection) -> Result<Self, StoreError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let found: i64 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
        match found {
            0 => {
                transaction.execute_batch(
                    "CREATE TABLE object (region TEXT, kind TEXT, key TEXT, parent TEXT, seq INTEGER, body TEXT,
                         PRIMARY KEY (region, kind, key)) WITHOUT ROWID;
                     CREATE INDEX object_by_parent ON object (region, kind, parent, seq);
                     CREATE TABLE timer (due INTEGER, seq INTEGER, region TEXT, service TEXT, what TEXT, key TEXT,
                         PRIMARY KEY (due, seq)) WITHOUT ROWID;
                     CREATE TABLE counter (name TEXT PRIMARY KEY, value INTEGER);",
                )?;
                transaction.pragma_update(None, "user_version", LAYOUT)?;
            }
            LAYOUT => {}
            found => return Err(StoreError::Layout { found }),
        }
        transaction.execute_batch(NEW)?;
        transaction.commit()?;
        Ok(Self { connection })
    }

    /// Another one in memory with the same in it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn copy(&mut self) -> Result<Self, StoreError> {
        let mut copy = Self::in_memory()?;
        let (from, to) = (self.connection.transaction()?, copy.connection.transaction()?);
        for table in TABLES {
            let mut read = from.prepare(&format!("SELECT * FROM {table}"))?;
            let columns = read.column_count();
            let mut write = to.prepare(&format!("INSERT INTO {table} VALUES (?{})", ", ?".repeat(columns - 1)))?;
            let mut rows = read.query([])?;
            while let Some(row) = rows.next()? {
                let values = (0..columns).map(|column| row.get(column)).collect::<Result<Vec<Value>, _>>()?;
                write.execute(params_from_iter(values))?;
            }
        }
        to.commit()?;
        Ok(copy)
    }

    /// All that is in it but the counters, a line each, in order.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn contents(&mut self) -> Result<Vec<String>, StoreError> {
        let transaction = self.connection.transaction()?;
        let mut query = transaction.prepare_cached(
            "SELECT region || ' ' || kind || ' ' || key || ' ' || body AS line FROM object
             UNION ALL SELECT region || ' ' || service || ' ' || what || ' ' || key || ' at ' || due FROM timer
             ORDER BY line",
        )?;
        let lines = query.query_map([], |row| row.get(0))?;
        Ok(lines.collect::<Result<_, _>>()?)
    }

    /// Does `work` in one transaction, undone when it fails.
    ///
    /// # Errors
    /// The error of `work`, or the store's.
    pub fn transact<T, E: From<StoreError>>(
        &mut self,
        region: &str,
        now: Timestamp,
        settings: &Settings,
        work: impl FnOnce(&mut Tx<'_>) -> Result<T, E>,
    ) -> Result<T, E> {
        let begin = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        let sql = begin.map_err(|error| E::from(error.into()))?;
        let mut tx = Tx { sql, now, account: ACCOUNT, region: region.to_owned(), settings, before: 0, late: None };
        let done = work(&mut tx)?;
        tx.sql.commit().map_err(|error| E::from(error.into()))?;
        Ok(done)
    }
}

/// A transaction, in one region and at one time.
#[derive(Debug)]
pub struct Tx<'a> {
    sql: rusqlite::Transaction<'a>,
    /// The time.
    pub now: Timestamp,
    /// The account's twelve digits.
    pub account: &'static str,
    /// The region's code.
    pub region: String,
    /// How the embedded AWS behaves.
    pub settings: &'a Settings,
    /// How often the call was made before that is carried out, as far as faults need to know.
    pub(super) before: u32,
    /// What the call does not see yet.
    late: Option<Late>,
}

/// That what is new is not seen.
#[derive(Debug)]
struct Late {
    /// For how long, at the pace of this AWS.
    lag: Duration,
    /// The call that does not see it.
    action: String,
    /// Tables and keys of what it made itself.
    made: BTreeSet<(&'static str, String)>,
}

impl Late {
    fn hides(&self, table: &str) -> bool {
        KNOWN_LATE.iter().any(|(known, makes)| *known == table && *makes != self.action)
    }
}

impl Tx<'_> {
    fn place<T: Object>(&self) -> &str {
        if T::GLOBAL { GLOBAL } else { &self.region }
    }

    /// This is the transaction of a call, which the same call came before so often: with a lag it does not see what is
    /// new. A call that deletes sees everything, so that nothing is taken for gone that is not there yet.
    pub(super) fn calls(&mut self, action: &str, before: u32) {
        self.before = before;
        let lag = self.settings.faults.lag().filter(|_| !action.starts_with("Delete"));
        self.late = lag.map(|lag| {
            let lag = lag.mul_f64(self.settings.pace.max(0.0));
            Late { lag, action: action.to_owned(), made: BTreeSet::new() }
        });
    }

    /// Whether an object is there and not seen yet.
    fn is_hidden<T: Object>(&self, key: &str) -> Result<bool, StoreError> {
        let Some(late) = self.late.as_ref().filter(|late| late.hides(T::TABLE)) else { return Ok(false) };
        if late.made.contains(&(T::TABLE, key.to_owned())) {
            return Ok(false);
        }
        let mut query = self
            .sql
            .prepare_cached("SELECT 1 FROM fresh WHERE region = ?1 AND kind = ?2 AND key = ?3 AND until > ?4")?;
        Ok(query.exists(params![self.place::<T>(), T::TABLE, key, self.now.as_microsecond()])?)
    }

    fn seen<T: Object>(&self, objects: Vec<T>) -> Result<Vec<T>, StoreError> {
        if self.late.is_none() {
            return Ok(objects);
        }
        let seen = objects.into_iter().filter_map(|object| match self.is_hidden::<T>(&object.key()) {
            Ok(true) => None,
            Ok(false) => Some(Ok(object)),
            Err(error) => Some(Err(error)),
        });
        seen.collect()
    }

    /// Hides an object that this call has made from those that come after it.
    fn hide<T: Object>(&mut self, key: String) -> Result<(), StoreError> {
        let place = self.place::<T>().to_owned();
        let Some(late) = &mut self.late else { return Ok(()) };
        if KNOWN_LATE.iter().any(|(known, _)| *known == T::TABLE) {
            let (now, lag) = (self.now.as_microsecond(), i64::try_from(late.lag.as_micros()).unwrap_or(i64::MAX));
            self.sql.prepare_cached("DELETE FROM fresh WHERE until <= ?1")?.execute([now])?;
            let mut insert = self.sql.prepare_cached("INSERT OR REPLACE INTO fresh VALUES (?1, ?2, ?3, ?4)")?;
            insert.execute(params![place, T::TABLE, key, now.saturating_add(lag)])?;
            late.made.insert((T::TABLE, key));
        }
        Ok(())
    }

    /// The object of a key.
    ///
    /// # Errors
    /// When the store fails.
    pub fn get<T: Object>(&self, key: &str) -> Result<Option<T>, StoreError> {
        if self.is_hidden::<T>(key)? {
            return Ok(None);
        }
        let mut query =
            self.sql.prepare_cached("SELECT body FROM object WHERE region = ?1 AND kind = ?2 AND key = ?3")?;
        let body: Option<String> =
            query.query_row(params![self.place::<T>(), T::TABLE, key], |row| row.get(0)).optional()?;
        Ok(body.map(|body| serde_json::from_str(&body)).transpose()?)
    }

    /// Keeps an object; one of the same key is replaced, and keeps its place in the order of creation.
    ///
    /// # Errors
    /// When the store fails.
    pub fn put<T: Object>(&mut self, object: &T) -> Result<(), StoreError> {
        let seq = self.next("object")?;
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO object (region, kind, key, parent, seq, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
             ON CONFLICT (region, kind, key) DO UPDATE SET parent = excluded.parent, body = excluded.body
             RETURNING seq",
        )?;
        let (key, body) = (object.key(), serde_json::to_string(object)?);
        let kept: i64 = insert
            .query_row(params![self.place::<T>(), T::TABLE, key, object.parent(), seq, body], |row| row.get(0))?;
        drop(insert);
        if kept == seq { self.hide::<T>(key) } else { Ok(()) }
    }

    /// Forgets the object of a key, and says whether there was one.
    ///
    /// # Errors
    /// When the store fails.
    pub fn delete<T: Object>(&mut self, key: &str) -> Result<bool, StoreError> {
        let mut delete = self.sql.prepare_cached("DELETE FROM object WHERE region = ?1 AND kind = ?2 AND key = ?3")?;
        Ok(delete.execute(params![self.place::<T>(), T::TABLE, key])? > 0)
    }

    /// All of a table, in the order of their creation. For lists only: a call about one object uses [`Tx::get`] or
    /// [`Tx::under`], so that its cost does not grow with the account.
    ///
    /// # Errors
    /// When the store fails.
    pub fn all<T: Object>(&self) -> Result<Vec<T>, StoreError> {
        let mut query =
            self.sql.prepare_cached("SELECT body FROM object WHERE region = ?1 AND kind = ?2 ORDER BY seq")?;
        let bodies = query.query_map(params![self.place::<T>(), T::TABLE], |row| row.get::<_, String>(0))?;
        self.seen(bodies.map(|body| Ok(serde_json::from_str(&body?)?)).collect::<Result<_, StoreError>>()?)
    }

    /// Those of a table with this parent, in the order of their creation.
    ///
    /// # Errors
    /// When the store fails.
    pub fn under<T: Object>(&self, parent: &str) -> Result<Vec<T>, StoreError> {
        let mut query = self
            .sql
            .prepare_cached("SELECT body FROM object WHERE region = ?1 AND kind = ?2 AND parent = ?3 ORDER BY seq")?;
        let bodies = query.query_map(params![self.place::<T>(), T::TABLE, parent], |row| row.get::<_, String>(0))?;
        self.seen(bodies.map(|body| Ok(serde_json::from_str(&body?)?)).collect::<Result<_, StoreError>>()?)
    }

    /// Lets something happen after as long as it takes on AWS, times the pace: `service` is the signing name of the one
    /// whose [`super::service::Service::due`] is called.
    ///
    /// # Errors
    /// When the store fails.
    pub fn after(&mut self, on_aws: Duration, service: &str, what: &str, key: &str) -> Result<(), StoreError> {
        // Never at once: what starts itself over again would have no end.
        let delay = on_aws.mul_f64(self.settings.pace.max(0.0)).max(Duration::from_millis(1));
        let due = self.now.as_microsecond().saturating_add(i64::try_from(delay.as_micros()).unwrap_or(i64::MAX));
        let seq = self.next("timer")?;
        let mut insert = self.sql.prepare_cached(
            "INSERT INTO timer (due, seq, region, service, what, key) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?;
        insert.execute(params![due, seq, self.region, service, what, key])?;
        Ok(())
    }

    /// Takes the earliest timer that is due by now, with its time, region and service.
    pub(super) fn take_due(&mut self) -> Result<Option<(Timestamp, String, String, Timer)>, StoreError> {
        let mut query = self.sql.prepare_cached(
            "DELETE FROM timer WHERE (due, seq) IN (SELECT due, seq FROM timer WHERE due <= ?1 ORDER BY due, seq LIMIT 1)
             RETURNING due, region, service, what, key",
        )?;
        let row = query
            .query_row(params![self.now.as_microsecond()], |row| {
                let timer = Timer { what: row.get(3)?, key: row.get(4)? };
                Ok((row.get::<_, i64>(0)?, row.get(1)?, row.get(2)?, timer))
            })
            .optional()?;
        Ok(row.map(|(due, region, service, timer)| {
            (Timestamp::from_microsecond(due).unwrap_or(self.now), region, service, timer)
        }))
    }

    /// Regions in which anything is kept.
    pub(super) fn regions(&self) -> Result<Vec<String>, StoreError> {
        let mut query = self.sql.prepare("SELECT DISTINCT region FROM object WHERE region <> ?1 ORDER BY region")?;
        let regions = query.query_map([GLOBAL], |row| row.get(0))?;
        Ok(regions.collect::<Result<_, _>>()?)
    }

    fn next(&mut self, name: &str) -> Result<i64, StoreError> {
        let mut query = self.sql.prepare_cached(
            "INSERT INTO counter (name, value) VALUES (?1, 1) ON CONFLICT (name) DO UPDATE SET value = value + 1
             RETURNING value",
        )?;
        Ok(query.query_row([name], |row| row.get(0))?)
    }

    /// A fresh identifier such as `vpc-0123456789abcdef0`: the prefix and seventeen hexadecimal digits.
    ///
    /// # Errors
    /// When the store fails.
    pub fn fresh_id(&mut self, prefix: &str) -> Result<String, StoreError> {
        Ok(format!("{prefix}0{}", &self.fresh_hex(prefix)?[..16]))
    }

    /// Sixty-four fresh hexadecimal digits, to make other forms of identifiers from (`what` separates them).
    ///
    /// # Errors
    /// When the store fails.
    pub fn fresh_hex(&mut self, what: &str) -> Result<String, StoreError> {
        let number = self.next("id")?;
        let digest = Sha256::digest(format!("{what}/{number}").as_bytes());
        Ok(digest.iter().map(|byte| format!("{byte:02x}")).collect())
    }

    /// A fresh identifier in the form of a UUID.
    ///
    /// # Errors
    /// When the store fails.
    pub fn fresh_uuid(&mut self, what: &str) -> Result<String, StoreError> {
        let hex = self.fresh_hex(what)?;
        Ok(format!("{}-{}-4{}-a{}-{}", &hex[..8], &hex[8..12], &hex[13..16], &hex[17..20], &hex[20..32]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_may_open_a_new_one_at_once() {
        for _ in 0..20 {
            let folder = tempfile::tempdir().expect("a folder");
            let together = std::sync::Barrier::new(8);
            let open = || {
                together.wait();
                Store::open(folder.path()).map(drop)
            };
            std::thread::scope(|scope| {
                let opened: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
                for opened in opened {
                    opened.join().expect("it does not panic").expect("it is opened");
                }
            });
        }
    }
}
