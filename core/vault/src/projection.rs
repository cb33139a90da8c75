//! Projection: from the sealed changes of one record to its one row, in the transaction that brought the change.
//! The state of each envelope and the row are functions of the envelopes, keys and roster held, not of their order.

use nightjar_record::{
    ChangeHash, Contributor, IdentityKey, Incoming, Need, Record, RecordError, RecordId, Row, admit,
};
use nightjar_record::{Identity, Meta};
use nightjar_seal::{DeviceTag, EnvelopeId, KeyId, RecordTag, open};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::envelopes::{self, State};
use crate::error::VaultError;
use crate::keep::record_key;
use crate::pack::{pack, unpack};
use crate::search;
use crate::vault::Vault;

/// What the roster says about devices. Answers must depend on the roster alone.
pub trait Gate {
    /// Whether the device is in the roster.
    fn knows(&self, device: &DeviceTag) -> bool;
    /// Whether the device was granted what a change needs.
    fn allows(&self, device: &DeviceTag, need: &Need) -> bool;
}

/// What reading records takes beside the vault.
#[derive(Clone, Copy)]
pub struct Reading<'a> {
    /// The study's identity key.
    pub identity: &'a IdentityKey,
    /// The roster's word on devices.
    pub gate: &'a dyn Gate,
}

/// The tag of a record in the clear headers of its envelopes: a response's id is its tag; for things that exist once it
/// is keyed, so that the hub cannot guess which night or case it is.
pub fn tag_of(meta: &Meta, identity: &IdentityKey) -> RecordTag {
    let id = meta.record_id(identity);
    match meta.identity {
        Identity::Given(_) => RecordTag(id.0),
        Identity::Once(_) => RecordTag::of(&identity.0, &id.0),
    }
}

impl Vault {
    /// Loads one record from its sealed changes: for editing, settling, history.
    ///
    /// # Errors
    /// [`VaultError::NoRecord`] when this device does not hold it or cannot read it.
    pub fn record(&self, id: &RecordId, reading: Reading<'_>) -> Result<Record, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT tag FROM record WHERE id = ?1")?;
            let tag: Option<[u8; 16]> = statement.query_row([id.0], |row| row.get(0)).optional()?;
            let tag = RecordTag(tag.ok_or(VaultError::NoRecord)?);
            let (record, _) = load(c, &tag, reading)?;
            record.ok_or(VaultError::NoRecord)
        })
    }
}

/// What became of each change of a record.
pub(crate) type States = Vec<(EnvelopeId, State)>;

/// Judges every change of a record and merges those that count.
pub(crate) fn load(
    c: &Connection,
    tag: &RecordTag,
    reading: Reading<'_>,
) -> Result<(Option<Record>, States), VaultError> {
    let mut states = Vec::new();
    let mut opened: Vec<(EnvelopeId, ChangeHash)> = Vec::new();
    let mut incoming = Vec::new();
    for envelope in envelopes::changes(c, tag)? {
        let header = envelope.header();
        let id = envelope.id();
        if !reading.gate.knows(&header.device) {
            states.push((id, State::WaitsForDevice));
            continue;
        }
        let Some(key) = record_key(c, &header.key)? else {
            states.push((id, without_key(c, &header.key)?));
            continue;
        };
        if header.parts != 1 {
            states.push((id, State::WaitsForChange));
            continue;
        }
        let change = match open(&envelope, &key).map(|payload| admit(&payload)) {
            Ok(Ok(change)) => change,
            Ok(Err(reason)) => {
                states.push((id, State::SetAside(reason.to_string())));
                continue;
            }
            Err(reason) => {
                states.push((id, State::SetAside(reason.to_string())));
                continue;
            }
        };
        if change.meta().is_some_and(|meta| tag_of(meta, reading.identity) != *tag) {
            states.push((id, State::SetAside(RecordError::OtherRecord.to_string())));
            continue;
        }
        opened.push((id, change.hash()));
        incoming.push(Incoming { change, from: Contributor(header.device.0) });
    }
    // The record's id is what its founding changes commit to; without one, everything waits.
    let Some(id) = incoming.iter().find_map(|i| Some(i.change.meta()?.record_id(reading.identity))) else {
        states.extend(opened.into_iter().map(|(id, _)| (id, State::WaitsForChange)));
        return Ok((None, states));
    };
    let allow = |need: &Need, from: Contributor| reading.gate.allows(&DeviceTag(from.0), need);
    let record = Record::merge(id, reading.identity, incoming, allow)?;
    for (id, hash) in opened {
        let state = match record.refused().get(&hash) {
            Some(reason) => State::SetAside(reason.to_string()),
            None if record.waiting().contains(&hash) => State::WaitsForChange,
            None => State::Applied,
        };
        states.push((id, state));
    }
    Ok((Some(record), states))
}

/// A change that this device cannot open: its key is not here yet, or went to others only.
fn without_key(c: &Connection, key: &KeyId) -> Result<State, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM envelope WHERE key = ?1 AND kind = 1 AND state IN (4, 7))";
    let others: bool = c.prepare_cached(sql)?.query_row([key.0], |row| row.get(0))?;
    Ok(if others { State::Kept } else { State::WaitsForKey })
}

/// The columns of a record's row, in the order of the table.
#[derive(PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) id: [u8; 16],
    kind: String,
    nature: String,
    instrument: String,
    ward: String,
    role: String,
    phase: Option<String>,
    case: Option<String>,
    conflict: bool,
    packed: Vec<u8>,
}

impl Columns {
    fn of(row: Row) -> Result<Self, VaultError> {
        let (conflict, packed) = (!row.conflicts.is_empty(), pack(&row)?);
        let Row { record, meta, .. } = row;
        Ok(Self {
            id: record.0,
            kind: meta.kind,
            nature: meta.nature.code().to_owned(),
            instrument: meta.instrument,
            ward: meta.ward,
            role: meta.role,
            phase: meta.phase,
            case: meta.case,
            conflict,
            packed,
        })
    }

    /// The row as it is read.
    pub(crate) fn unpacked(&self) -> Result<Row, VaultError> {
        unpack(RecordId(self.id), &self.packed)
    }

    /// The row that the table holds.
    pub(crate) fn stored(c: &Connection, tag: &RecordTag) -> Result<Option<Self>, VaultError> {
        let sql = "SELECT id, kind, nature, instrument, ward, role, phase, case_label, conflict, packed
                   FROM record WHERE tag = ?1";
        let mut statement = c.prepare_cached(sql)?;
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Self {
                id: row.get(0)?,
                kind: row.get(1)?,
                nature: row.get(2)?,
                instrument: row.get(3)?,
                ward: row.get(4)?,
                role: row.get(5)?,
                phase: row.get(6)?,
                case: row.get(7)?,
                conflict: row.get(8)?,
                packed: row.get(9)?,
            })
        };
        Ok(statement.query_row([tag.0], read).optional()?)
    }

    fn store(&self, t: &Transaction<'_>, tag: &RecordTag) -> Result<(), VaultError> {
        let sql = "INSERT OR REPLACE INTO record
                     (id, tag, place, kind, nature, instrument, ward, role, phase, case_label, conflict, packed)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
        t.prepare_cached(sql)?.execute(params![
            self.id,
            tag.0,
            search::place(&RecordId(self.id)),
            self.kind,
            self.nature,
            self.instrument,
            self.ward,
            self.role,
            self.phase,
            self.case,
            self.conflict,
            self.packed,
        ])?;
        Ok(())
    }
}

/// What the changes of a record come to: the state of each, and its row if it has one.
pub(crate) fn made(
    c: &Connection,
    tag: &RecordTag,
    reading: Reading<'_>,
) -> Result<(Option<Columns>, States), VaultError> {
    let (record, states) = load(c, tag, reading)?;
    let row = record.and_then(|record| record.row()).map(Columns::of).transpose()?;
    Ok((row, states))
}

/// Brings the states and the row of one record up to date. Gives the record's id when it has a row.
pub(crate) fn project(
    t: &Transaction<'_>,
    tag: &RecordTag,
    reading: Reading<'_>,
) -> Result<Option<RecordId>, VaultError> {
    let (row, states) = made(t, tag, reading)?;
    for (id, state) in states {
        envelopes::set_state(t, &id, &state)?;
    }
    // What was said before leaves the index with the words it came with.
    search::forget(t, tag)?;
    let Some(row) = row else {
        t.prepare_cached("DELETE FROM record WHERE tag = ?1")?.execute([tag.0])?;
        return Ok(None);
    };
    row.store(t, tag)?;
    search::learn(t, &row.unpacked()?)?;
    Ok(Some(RecordId(row.id)))
}
