//! Where a hub keeps its log, and what it lets one request cost.

use std::path::PathBuf;
use std::time::Duration;

use nightjar_sync::bounds;

/// How a hub is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of its database. Created, for its owner alone, when it does not exist.
    pub data: PathBuf,
    /// What requests may cost.
    pub limits: Limits,
}

impl Config {
    /// A hub in this folder with the usual limits.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), limits: Limits::default() }
    }
}

/// What requests may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Largest request body, in bytes.
    pub body: usize,
    /// Time for a request to arrive and be answered.
    pub time: Duration,
    /// Requests worked on at once; more wait.
    pub requests: usize,
    /// How far a signed time may be from the hub's, in seconds.
    pub skew: u64,
    /// Nonces remembered; they are forgotten once their time is out of `skew`.
    pub nonces: usize,
    /// Largest database, in bytes; `None` leaves it to the disk.
    pub database: Option<u64>,
    /// Time that open requests get to finish when the hub stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: bounds::PUSH_BYTES,
            time: Duration::from_secs(120),
            requests: 64,
            skew: 300,
            nonces: 200_000,
            database: None,
            grace: Duration::from_secs(10),
        }
    }
}
