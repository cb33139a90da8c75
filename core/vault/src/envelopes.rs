//! The envelope store: sealed bytes, kept whether or not this device can read them, and what became of each.

use nightjar_seal::{DeviceTag, Envelope, EnvelopeId, Kind, RecordTag};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::error::VaultError;
use crate::vault::Vault;

/// What became of an envelope on this device. Every envelope is in exactly one state, and which one depends on the
/// set of envelopes, the keys and the roster, never on the order in which they came.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum State {
    /// Its device is not in the roster this device knows.
    WaitsForDevice,
    /// Opened, verified, and it counts.
    Applied,
    /// The key to it has not arrived.
    WaitsForKey,
    /// A change it rests on has not arrived, or other parts of the same finish.
    WaitsForChange,
    /// Not for this device to read: a confidential response of its own, keys for others, a kind of a later version.
    Kept,
    /// It cannot be used; the text says why. The bytes are kept.
    SetAside(String),
    /// Its record was withdrawn: the bytes are gone, the name stays.
    Erased,
    /// A response that this device could not read, long in custody of hub and evaluator: the bytes are gone, the name stays.
    Released,
}

impl State {
    pub(crate) fn number(&self) -> i64 {
        match self {
            Self::WaitsForDevice => 0,
            Self::Applied => 1,
            Self::WaitsForKey => 2,
            Self::WaitsForChange => 3,
            Self::Kept => 4,
            Self::SetAside(_) => 5,
            Self::Erased => 6,
            Self::Released => 7,
        }
    }

    pub(crate) fn read(number: i64, reason: Option<String>) -> Result<Self, VaultError> {
        Ok(match number {
            0 => Self::WaitsForDevice,
            1 => Self::Applied,
            2 => Self::WaitsForKey,
            3 => Self::WaitsForChange,
            4 => Self::Kept,
            5 => Self::SetAside(reason.unwrap_or_default()),
            6 => Self::Erased,
            7 => Self::Released,
            _ => return Err(VaultError::Corrupt("an envelope's state")),
        })
    }
}

/// An envelope in the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Its name.
    pub id: EnvelopeId,
    /// The device that sealed it.
    pub device: DeviceTag,
    /// The record it changes.
    pub record: RecordTag,
    /// What became of it.
    pub state: State,
}

/// How many envelopes are in which state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// All of them.
    pub all: u64,
    /// Applied.
    pub applied: u64,
    /// Waiting for a device, key or change.
    pub waiting: u64,
    /// Kept without being for this device.
    pub kept: u64,
    /// Set aside, with those that are no envelope at all.
    pub set_aside: u64,
    /// Withdrawn: counted by name, without bytes.
    pub erased: u64,
    /// In custody elsewhere: counted by name, without bytes.
    pub released: u64,
}

impl Vault {
    /// How many envelopes are in which state.
    ///
    /// # Errors
    /// Storage errors.
    pub fn held(&self) -> Result<Held, VaultError> {
        self.read(|c| {
            let mut held = Held::default();
            let mut statement = c.prepare_cached("SELECT state, count(*) FROM envelope GROUP BY state")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (state, count) = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)? as u64);
                held.all += count;
                match state {
                    1 => held.applied += count,
                    4 => held.kept += count,
                    5 => held.set_aside += count,
                    6 => held.erased += count,
                    7 => held.released += count,
                    _ => held.waiting += count,
                }
            }
            let broken: i64 = c.query_row("SELECT count(*) FROM unreadable", [], |row| row.get(0))?;
            held.set_aside += broken as u64;
            held.all += broken as u64;
            Ok(held)
        })
    }

    /// Envelopes that wait or were set aside, with the reason, at most `limit`.
    ///
    /// # Errors
    /// Storage errors.
    pub fn open_envelopes(&self, limit: usize) -> Result<Vec<Stored>, VaultError> {
        self.read(|c| {
            let sql = "SELECT id, device, record, state, reason FROM envelope
                       WHERE state NOT IN (1, 4, 6, 7) ORDER BY id LIMIT ?1";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query([limit.min(i64::MAX as usize) as i64])?;
            let mut out = Vec::new();
            while let Some(row) = rows.next()? {
                out.push(Stored {
                    id: EnvelopeId(row.get(0)?),
                    device: DeviceTag(row.get(1)?),
                    record: RecordTag(row.get(2)?),
                    state: State::read(row.get(3)?, row.get(4)?)?,
                });
            }
            Ok(out)
        })
    }

    /// What became of an envelope; `None` when it is not here.
    ///
    /// # Errors
    /// Storage errors.
    pub fn state(&self, id: &EnvelopeId) -> Result<Option<State>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT state, reason FROM envelope WHERE id = ?1")?;
            let row = statement.query_row([id.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            row.map(|(number, reason)| State::read(number, reason)).transpose()
        })
    }

    /// The sealed bytes of an envelope.
    ///
    /// # Errors
    /// Storage errors.
    pub fn envelope(&self, id: &EnvelopeId) -> Result<Option<Vec<u8>>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT bytes FROM envelope WHERE id = ?1")?;
            Ok(statement.query_row([id.0], |row| row.get(0)).optional()?)
        })
    }
}

/// Stores an envelope; false when it was there already.
pub(crate) fn insert(t: &Transaction<'_>, envelope: &Envelope, state: &State) -> Result<bool, VaultError> {
    put(t, envelope, state, &envelope.encode(), &envelope.header().key.0)
}

fn put(
    t: &Transaction<'_>,
    envelope: &Envelope,
    state: &State,
    bytes: &[u8],
    key: &[u8; 16],
) -> Result<bool, VaultError> {
    let header = envelope.header();
    let kind: i64 = match header.kind {
        Kind::Change => 0,
        Kind::Keys => 1,
        Kind::Other(number) => number.into(),
    };
    let sql = "INSERT OR IGNORE INTO envelope (id, scope, record, device, key, kind, state, bytes)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    let changed = t.prepare_cached(sql)?.execute(params![
        envelope.id().0,
        header.scope.0,
        header.record.0,
        header.device.0,
        key,
        kind,
        state.number(),
        bytes,
    ])?;
    Ok(changed == 1)
}

/// Notes the name of an envelope whose record was withdrawn; false when it was there already.
pub(crate) fn insert_erased(t: &Transaction<'_>, envelope: &Envelope) -> Result<bool, VaultError> {
    put(t, envelope, &State::Erased, &[], &[0; 16])
}

/// Says what became of an envelope; does not write when nothing changed.
pub(crate) fn set_state(c: &Connection, id: &EnvelopeId, state: &State) -> Result<(), VaultError> {
    let reason = match state {
        State::SetAside(reason) => Some(reason.as_str()),
        _ => None,
    };
    let sql = "UPDATE envelope SET state = ?2, reason = ?3
               WHERE id = ?1 AND (state <> ?2 OR reason IS NOT ?3)";
    c.prepare_cached(sql)?.execute(params![id.0, state.number(), reason])?;
    Ok(())
}

/// The changes of one record, sealed.
pub(crate) fn changes(c: &Connection, record: &RecordTag) -> Result<Vec<Envelope>, VaultError> {
    let sql = "SELECT bytes FROM envelope WHERE record = ?1 AND kind = 0 AND state NOT IN (6, 7) ORDER BY id";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query([record.0])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read_envelope(row)?);
    }
    Ok(out)
}

/// The envelope in the first column.
pub(crate) fn read_envelope(row: &Row<'_>) -> Result<Envelope, VaultError> {
    let bytes: Vec<u8> = row.get(0)?;
    Envelope::decode(&bytes).map_err(|_| VaultError::Corrupt("a stored envelope"))
}
