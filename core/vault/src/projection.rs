//! Projection: from the sealed changes of one record to its one row, in the transaction that brought the change.
//! The state of each envelope and the row are functions of the envelopes, keys and roster held, not of their order.

use nightjar_record::{
    ChangeHash, Contributor, IdentityKey, Incoming, Need, Record, RecordError, RecordId, admit,
};
use nightjar_record::{Identity, Meta};
use nightjar_seal::{DeviceTag, EnvelopeId, KeyId, RecordTag, open};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::envelopes::{self, State};
use crate::error::VaultError;
use crate::keep::record_key;
use crate::pack::pack;
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

    /// Builds every row anew from the sealed changes: after the roster changed, or to check the projection.
    ///
    /// # Errors
    /// Storage errors.
    pub fn rebuild(&self, reading: Reading<'_>) -> Result<(), VaultError> {
        self.write(|t| {
            let mut statement = t.prepare("SELECT DISTINCT record FROM envelope WHERE kind = 0")?;
            let tags = statement.query_map([], |row| row.get(0))?.collect::<Result<Vec<[u8; 16]>, _>>()?;
            t.execute("DELETE FROM record", [])?;
            for tag in tags {
                project(t, &RecordTag(tag), reading)?;
            }
            Ok(())
        })
    }
}

/// What became of each change of a record.
type States = Vec<(EnvelopeId, State)>;

/// Judges every change of a record and merges those that count.
fn load(
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
    let sql = "SELECT EXISTS (SELECT 1 FROM envelope WHERE key = ?1 AND kind = 1 AND state = 4)";
    let others: bool = c.prepare_cached(sql)?.query_row([key.0], |row| row.get(0))?;
    Ok(if others { State::Kept } else { State::WaitsForKey })
}

/// Brings the states and the row of one record up to date. Gives the record's id when it has a row.
pub(crate) fn project(
    t: &Transaction<'_>,
    tag: &RecordTag,
    reading: Reading<'_>,
) -> Result<Option<RecordId>, VaultError> {
    let (record, states) = load(t, tag, reading)?;
    for (id, state) in states {
        envelopes::set_state(t, &id, &state)?;
    }
    let Some(row) = record.and_then(|record| record.row()) else {
        t.prepare_cached("DELETE FROM record WHERE tag = ?1")?.execute([tag.0])?;
        return Ok(None);
    };
    let sql = "INSERT OR REPLACE INTO record
                 (id, tag, kind, nature, instrument, ward, role, phase, case_label, conflict, packed)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    t.prepare_cached(sql)?.execute(params![
        row.record.0,
        tag.0,
        row.meta.kind,
        row.meta.nature.code(),
        row.meta.instrument,
        row.meta.ward,
        row.meta.role,
        row.meta.phase,
        row.meta.case,
        !row.conflicts.is_empty(),
        pack(&row)?,
    ])?;
    Ok(Some(row.record))
}
