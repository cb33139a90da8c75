//! What nobody can do without who keeps a log: the same bytes inserted in the same batches, by a prepared statement, with an id that may
//! stand there once. No connection from elsewhere, signature, chain, check, cursor or quota.

use std::path::Path;
use std::time::Instant;

use nightjar_seal::EnvelopeId;
use postgres::binary_copy::BinaryCopyInWriter;
use postgres::types::Type;
use postgres::{Client, NoTls};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::trouble::Trouble;

/// A batch: ids and bytes.
pub(crate) type Batch = [(EnvelopeId, Vec<u8>)];

/// A bare table in the hub's kind of database.
pub(crate) enum Bare {
    Sqlite(Connection),
    Postgres(Box<Client>),
}

impl Bare {
    /// As the hub sets a connection up.
    pub(crate) fn sqlite(file: &Path) -> Result<Self, Trouble> {
        let connection = Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;
             PRAGMA secure_delete = ON; PRAGMA wal_autocheckpoint = 8192; PRAGMA cache_size = -8192;
             CREATE TABLE log (sequence INTEGER PRIMARY KEY, envelope BLOB NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT;",
        )?;
        Ok(Self::Sqlite(connection))
    }

    /// In the hub's database, beside its tables.
    pub(crate) fn postgres(url: &str) -> Result<Self, Trouble> {
        let mut client = Client::connect(url, NoTls)?;
        client.batch_execute(
            "SET synchronous_commit = on;
             CREATE SCHEMA bare;
             CREATE TABLE bare.log (sequence bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, envelope bytea NOT NULL UNIQUE, bytes bytea NOT NULL);
             ALTER TABLE bare.log ALTER COLUMN bytes SET STORAGE EXTERNAL;",
        )?;
        Ok(Self::Postgres(Box::new(client)))
    }

    /// Inserts every batch in a transaction of its own; how long that took, in seconds.
    pub(crate) fn insert<'b>(
        &mut self,
        batches: impl IntoIterator<Item = &'b Batch>,
    ) -> Result<f64, Trouble> {
        let begun = Instant::now();
        match self {
            Self::Sqlite(connection) => {
                for batch in batches {
                    let t = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
                    let mut insert = t.prepare_cached("INSERT INTO log (envelope, bytes) VALUES (?1, ?2)")?;
                    for (id, bytes) in batch {
                        insert.execute(params![id.0, bytes])?;
                    }
                    drop(insert);
                    t.commit()?;
                }
            }
            Self::Postgres(client) => {
                // The fastest that PostgreSQL has, as the hub does.
                let sql = "COPY bare.log (envelope, bytes) FROM STDIN BINARY";
                for batch in batches {
                    let copying = client.copy_in(sql)?;
                    let mut copying = BinaryCopyInWriter::new(copying, &[Type::BYTEA, Type::BYTEA]);
                    for (id, bytes) in batch {
                        copying.write(&[&&id.0[..], bytes])?;
                    }
                    copying.finish()?;
                }
            }
        }
        Ok(begun.elapsed().as_secs_f64())
    }
}

impl From<postgres::Error> for Trouble {
    fn from(error: postgres::Error) -> Self {
        Trouble::refused("PostgreSQL", error)
    }
}
