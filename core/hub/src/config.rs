//! Where a hub keeps its log, and what it lets one request cost.

use std::path::PathBuf;
use std::time::Duration;

use nightjar_sync::bounds;

use crate::rates::Rate;

/// How a hub is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// The folder of its database, unless that is elsewhere, and of the certificate it makes for itself. Created, for its owner alone, when
    /// it does not exist.
    pub data: PathBuf,
    /// A PostgreSQL database, such as `postgresql://hub@127.0.0.1/hub`, which several hubs may share; without it SQLite in its folder.
    /// One on another machine is reached by TLS, with a certificate for its name from an authority that this system trusts, unless its
    /// address says otherwise: `sslmode` (`disable`, `prefer`, `require`, `verify-ca`, `verify-full`) and `sslrootcert` (a PEM file).
    pub database: Option<String>,
    /// What requests may cost.
    pub limits: Limits,
    /// Its own certificate; without one it speaks plain HTTP, for a proxy on the same machine or the ward's own network.
    pub tls: Option<Tls>,
}

/// A certificate and its key, as PEM files.
#[derive(Debug, Clone)]
pub struct Tls {
    /// The chain, its own certificate first.
    pub certificate: PathBuf,
    /// The private key: PKCS #8, PKCS #1 or SEC 1.
    pub key: PathBuf,
}

impl Config {
    /// A hub in this folder with the usual limits.
    pub fn new(data: impl Into<PathBuf>) -> Self {
        Self { data: data.into(), database: None, limits: Limits::default(), tls: None }
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
    /// Bodies that arrive at once; more wait. Each may take `body` bytes of memory.
    pub arriving: usize,
    /// How far a signed time may be from the hub's, in seconds.
    pub skew: u64,
    /// Nonces remembered; they are forgotten once their time is out of `skew`.
    pub nonces: usize,
    /// Time for the head of a request to arrive, for TLS to be agreed, and for a connection to wait for its next request.
    pub head: Duration,
    /// Connections at once; more wait to be accepted.
    pub connections: usize,
    /// Requests that one device may make.
    pub requests_rate: Rate,
    /// Bytes of bodies that one device may send.
    pub bytes_rate: Rate,
    /// Messages about ranges that one device may send.
    pub ranges_rate: Rate,
    /// Most bytes of envelopes that the logs of one study may hold; `None` leaves it to the disk.
    pub study: Option<u64>,
    /// Most bytes of attachments that one device may have in one scope.
    pub attachments: u64,
    /// Largest database, in bytes; `None` leaves it to the disk.
    pub database: Option<u64>,
    /// Time that open requests get to finish when the hub stops.
    pub grace: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            body: bounds::REQUEST_BYTES,
            time: Duration::from_secs(120),
            requests: 64,
            arriving: 512,
            skew: 300,
            nonces: 200_000,
            head: Duration::from_secs(30),
            connections: 1_024,
            // A tablet that comes back after weeks: thousands of envelopes in a dozen requests.
            requests_rate: Rate { burst: 600.0, per_second: 10.0 },
            bytes_rate: Rate { burst: 512e6, per_second: 8e6 },
            // Two scopes in 17 messages each, now and then.
            ranges_rate: Rate { burst: 80.0, per_second: 0.1 },
            study: None,
            attachments: 4 << 30,
            database: None,
            grace: Duration::from_secs(10),
        }
    }
}
