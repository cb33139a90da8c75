//! The hub's tables in a PostgreSQL database that several hubs may share.
//!
//! A push takes the lock on the row of its scope before it reads anything of it, and holds it to its commit: sequences are given in the order of
//! commits, so that "after my cursor" skips nothing. Reads see one state (`REPEATABLE READ`). Commits are on disk before they return:
//! `synchronous_commit` is set for every connection, and a server that runs with `fsync = off` is refused.

mod chunks;
mod open;
mod way;

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use nightjar_seal::DeviceTag;
use nightjar_sync::wire::{Incarnation, Refusal};
use postgres::error::SqlState;
use postgres::{Client, IsolationLevel, Statement};

use super::{Done, Stop, Tx, fresh_code};
use crate::Failure;
use open::{Open, signed};
use way::Way;

const FORMAT: i32 = 3;
/// Connections at most; a request waits for one. PostgreSQL takes 100 as it is installed.
const CONNECTIONS: usize = 16;
/// Drawn once: two hubs that start at the same time make the tables once.
const MAKING: i64 = 0x4e4a_4842_4d41_4b45;
/// How long a statement may wait for a lock, and one may run. Every statement of a hub asks for a few rows by an index; a plan that was made
/// while a table was still small must not read all of it once it is large.
const SETTINGS: &str = "-c search_path=nightjar_hub -c synchronous_commit=on -c lock_timeout=60s -c statement_timeout=110s \
                        -c idle_in_transaction_session_timeout=120s -c enable_seqscan=off -c enable_hashjoin=off \
                        -c enable_mergejoin=off";
/// Every so many admitted requests, what is out of time is forgotten.
const FORGETTING: u64 = 512;

/// A database, and connections to it.
pub(crate) struct Database {
    way: Way,
    pool: Mutex<Pool>,
    freed: Condvar,
    incarnation: Incarnation,
}

#[derive(Default)]
struct Pool {
    idle: Vec<Connected>,
    open: usize,
    admitted: u64,
}

/// A connection with the statements that were prepared on it.
struct Connected {
    client: Client,
    statements: HashMap<&'static str, Statement>,
}

impl Database {
    /// Connects; makes the tables if there are none. Gives a new setup code as long as no study was founded.
    pub(crate) fn open(url: &str) -> Result<(Self, Option<String>), Failure> {
        let way = way(url)?;
        let mut client = way.connect()?;
        let fsync: String = client.query_one("SHOW fsync", &[])?.try_get(0)?;
        if fsync != "on" {
            return Err(Failure::Unfit {
                problem: "it runs with fsync = off, so that what it says is stored may not be",
            });
        }
        client.execute("SELECT pg_advisory_lock($1)", &[&MAKING])?;
        make(&mut client)?;
        let row =
            client.query_one("SELECT format, incarnation, EXISTS (SELECT FROM roster) FROM hub", &[])?;
        let (format, incarnation, founded): (i32, Vec<u8>, bool) =
            (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
        if format != FORMAT {
            return Err(Failure::Unfit { problem: "its tables are of another version of the hub" });
        }
        let incarnation = incarnation
            .try_into()
            .map_err(|_| Failure::Unfit { problem: "its incarnation is not 16 bytes" })?;
        let code = fresh_code(founded)?;
        if let Some((_, hash)) = &code {
            client.execute("UPDATE hub SET setup_code = $1", &[&hash.as_slice()])?;
        }
        client.execute("SELECT pg_advisory_unlock($1)", &[&MAKING])?;
        let pool =
            Pool { idle: vec![Connected { client, statements: HashMap::new() }], open: 1, admitted: 0 };
        let database = Self {
            way,
            pool: Mutex::new(pool),
            freed: Condvar::new(),
            incarnation: Incarnation(incarnation),
        };
        Ok((database, code.map(|(code, _)| code)))
    }

    pub(crate) fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Done<T> {
        self.run(|connected| {
            let Connected { client, statements } = connected;
            let tx = client.build_transaction().isolation_level(IsolationLevel::ReadCommitted).start()?;
            let mut open = Open { tx, statements };
            let result = work(&mut open)?;
            open.tx.commit()?;
            Ok(result)
        })
    }

    pub(crate) fn read<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Result<T, Refusal> {
        self.run(|connected| {
            let Connected { client, statements } = connected;
            let tx = client
                .build_transaction()
                .isolation_level(IsolationLevel::RepeatableRead)
                .read_only(true)
                .start()?;
            work(&mut Open { tx, statements })
        })
        .map_err(Stop::refusal)
    }

    pub(crate) fn first(
        &self,
        device: &DeviceTag,
        nonce: &[u8; 16],
        until: u64,
        now: u64,
    ) -> Result<bool, Refusal> {
        let forget = {
            let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
            pool.admitted += 1;
            pool.admitted.is_multiple_of(FORGETTING)
        };
        self.run(|connected| {
            let Connected { client, statements } = connected;
            let mut open = Open { tx: client.transaction()?, statements };
            // A server that falls over forgets the requests of a moment; each of them may be repeated without harm.
            open.execute("SET LOCAL synchronous_commit = off", &[])?;
            if forget {
                open.execute("DELETE FROM seen WHERE until < $1", &[&signed(now)])?;
            }
            let sql = "INSERT INTO seen (device, nonce, until) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING";
            let new = open.execute(sql, &[&device.0.as_slice(), &nonce.as_slice(), &signed(until)])?;
            open.tx.commit()?;
            Ok(new == 1)
        })
        .map_err(Stop::refusal)
    }

    pub(crate) fn is_ready(&self) -> bool {
        self.run(|connected| {
            let mut tx = connected.client.transaction()?;
            tx.query_one("SELECT id FROM hub FOR SHARE", &[])?;
            Ok(())
        })
        .is_ok()
    }

    /// Runs something on a connection of its own. One that broke is not used again.
    fn run<T>(&self, work: impl FnOnce(&mut Connected) -> Done<T>) -> Done<T> {
        let mut connected = self.take()?;
        let result = work(&mut connected);
        let sound = !matches!(result, Err(Stop::Broken)) && !connected.client.is_closed();
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        match sound {
            true => pool.idle.push(connected),
            false => pool.open -= 1,
        }
        drop(pool);
        self.freed.notify_one();
        result
    }

    fn take(&self) -> Done<Connected> {
        let mut pool = self.pool.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            // The one that was used last: others may have been closed by the server meanwhile.
            while let Some(connected) = pool.idle.pop() {
                if !connected.client.is_closed() {
                    return Ok(connected);
                }
                pool.open -= 1;
            }
            if pool.open < CONNECTIONS {
                pool.open += 1;
                drop(pool);
                let client = self.way.connect();
                return client.map(|client| Connected { client, statements: HashMap::new() }).map_err(|_| {
                    self.pool.lock().unwrap_or_else(PoisonError::into_inner).open -= 1;
                    self.freed.notify_one();
                    Stop::Broken
                });
            }
            pool = self.freed.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// The way to a database, as every hub goes it.
fn way(url: &str) -> Result<Way, Failure> {
    let mut way = Way::of(url)?;
    way.config.options(SETTINGS).application_name("nightjar-hub");
    if way.config.get_connect_timeout().is_none() {
        way.config.connect_timeout(Duration::from_secs(10));
    }
    Ok(way)
}

fn make(client: &mut Client) -> Result<(), Failure> {
    let there: bool =
        client.query_one("SELECT to_regclass('nightjar_hub.hub') IS NOT NULL", &[])?.try_get(0)?;
    if there {
        return Ok(());
    }
    let mut tx = client.transaction()?;
    tx.batch_execute("CREATE SCHEMA IF NOT EXISTS nightjar_hub")?;
    tx.batch_execute(include_str!("postgres.sql"))?;
    let sql = "INSERT INTO hub (id, format, incarnation, setup_code, clock) VALUES (1, $1, $2, $3, $4)";
    let mut clock = [0; 32];
    getrandom::fill(&mut clock)?;
    // The code is replaced before the hub is open; nobody knows one with this hash.
    tx.execute(sql, &[&FORMAT, &life()?.as_slice(), &[0_u8; 32].as_slice(), &clock.as_slice()])?;
    Ok(tx.commit()?)
}

fn life() -> Result<[u8; 16], Failure> {
    let mut incarnation = [0; 16];
    getrandom::fill(&mut incarnation)?;
    Ok(incarnation)
}

/// Begins a new life of the log. Hubs that run go on in the old one until they are started again.
pub(crate) fn renew(url: &str) -> Result<(), Failure> {
    let mut client = way(url)?.connect()?;
    client.execute("UPDATE hub SET incarnation = $1", &[&life()?.as_slice()])?;
    // What the backup remembers of requests says nothing.
    client.execute("DELETE FROM seen", &[])?;
    Ok(())
}

/// Reads a database beside the hubs.
pub(crate) fn look<T>(url: &str, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Result<T, Failure> {
    let mut client = way(url)?.connect()?;
    let mut statements = HashMap::new();
    let tx =
        client.build_transaction().isolation_level(IsolationLevel::RepeatableRead).read_only(true).start()?;
    work(&mut Open { tx, statements: &mut statements })
        .map_err(|_| Failure::Unfit { problem: "it holds no hub, or what it holds makes no sense" })
}

impl From<postgres::Error> for Stop {
    fn from(error: postgres::Error) -> Self {
        match error.code() {
            Some(code) if *code == SqlState::DISK_FULL => Self::Full,
            Some(code) if *code == SqlState::UNIQUE_VIOLATION => Self::Doubled,
            _ => Self::Broken,
        }
    }
}
