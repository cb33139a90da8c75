//! Projection: from the sealed changes of one record to its one row, in the transaction that brought the change.
//! The state of each envelope and the row are functions of the envelopes, keys and roster held, not of their order.

use std::collections::BTreeMap;

use nightjar_record::{
    Admitted, ChangeHash, Contributor, IdentityKey, Incoming, Need, Record, RecordError, RecordId, Row,
    admit_all,
};
use nightjar_record::{Identity, Meta};
use nightjar_seal::{
    DeviceTag, Envelope, EnvelopeId, Header, KeyId, Line, LinkHash, RecordKey, RecordTag, Refused, ScopeTag,
    Signature, Strand, WithdrawalPublic, open_with,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::arrived::{Made, Ready};
use crate::chains;
use crate::chunks;
use crate::dictionaries;
use crate::envelopes::{self, State};
use crate::error::VaultError;
use crate::keep::record_keys;
use crate::numbers::{self, Table};
use crate::packing::Packed;
use crate::rows;
use crate::search;
use crate::shared::{self, Given};
use crate::vault::Vault;

/// What the roster says about devices. Answers must depend on the roster alone.
pub trait Gate: Sync {
    /// Whether the device is in the roster.
    fn knows(&self, device: &DeviceTag) -> bool;
    /// Whether the device was granted what a change needs.
    fn allows(&self, device: &DeviceTag, need: &Need) -> bool;
    /// Whether the device was put out.
    fn is_put_out(&self, device: &DeviceTag) -> bool;
    /// The good places, each with the hash there, on a line in a scope of a device that was put out.
    fn good_places(&self, device: &DeviceTag, scope: &ScopeTag, line: &Line) -> Vec<(u64, LinkHash)>;
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
            let tag = tag_of_record(c, id)?.ok_or(VaultError::NoRecord)?;
            load(c, &tag, reading)?.0.ok_or(VaultError::NoRecord)
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
    load_with(c, tag, &record_keys(c, tag)?, reading, &mut Ready::new())
}

/// The same with keys that need not be in the vault, and with changes that were opened already.
pub(crate) fn load_with(
    c: &Connection,
    tag: &RecordTag,
    keys: &BTreeMap<KeyId, RecordKey>,
    reading: Reading<'_>,
    ready: &mut Ready,
) -> Result<(Option<Record>, States), VaultError> {
    let mut states = Vec::new();
    let mut opened: Vec<(EnvelopeId, Vec<ChangeHash>)> = Vec::new();
    let mut incoming = Vec::new();
    let envelopes = envelopes::changes(c, tag)?;
    // The id commits to it, so that any first change says it truly.
    let receipt = envelopes.iter().find_map(|envelope| envelope.header().origin.as_ref()?.withdrawal);
    for envelope in envelopes {
        let header = envelope.header();
        let id = envelope.id();
        if !reading.gate.knows(&header.device) {
            states.push((id, State::WaitsForDevice));
            continue;
        }
        if is_quarantined(c, &envelope, reading.gate)? {
            states.push((id, State::Quarantined));
            continue;
        }
        let Some(key) = keys.get(&header.key) else {
            let state = match envelope.hands_out() {
                false => without_key(c, header)?,
                // It was judged when it came: the key is for others, or it is not what it should be.
                true => match envelopes::stored_state(c, &id)? {
                    State::SetAside(reason) => State::SetAside(reason),
                    _ => State::Kept,
                },
            };
            states.push((id, state));
            continue;
        };
        if header.parts != 1 {
            states.push((id, State::WaitsForChange));
            continue;
        }
        let judged = match ready.remove(&id) {
            Some(changes) => Ok(Ok((changes, false))),
            None => open_stored(c, &envelope, key)?.map(|payload| {
                let signed = |receipt: WithdrawalPublic, proof: &Signature| {
                    receipt.verify_correction(&header.study, tag, &payload, proof).is_ok()
                };
                let by_receipt =
                    receipt.zip(header.proof.as_ref()).is_some_and(|(key, proof)| signed(key, proof));
                admit_all(&payload).map(|changes| (changes, by_receipt))
            }),
        };
        let (changes, by_receipt) = match judged {
            Ok(Ok(judged)) => judged,
            Err(Refused::UnknownDictionary { .. }) => {
                states.push((id, State::WaitsForForm));
                continue;
            }
            Ok(Err(reason)) => {
                states.push((id, State::SetAside(reason.to_string())));
                continue;
            }
            Err(reason) => {
                states.push((id, State::SetAside(reason.to_string())));
                continue;
            }
        };
        if changes.iter().filter_map(Admitted::meta).any(|meta| tag_of(meta, reading.identity) != *tag) {
            states.push((id, State::SetAside(RecordError::OtherRecord.to_string())));
            continue;
        }
        opened.push((id, changes.iter().map(Admitted::hash).collect()));
        let from = Contributor(header.device.0);
        incoming.extend(changes.into_iter().map(|change| Incoming { change, from, by_receipt }));
    }
    // The record's id is what its founding changes commit to; without one, everything waits.
    let Some(id) = incoming.iter().find_map(|i| Some(i.change.meta()?.record_id(reading.identity))) else {
        states.extend(opened.into_iter().map(|(id, _)| (id, State::WaitsForChange)));
        return Ok((None, states));
    };
    let allow = |need: &Need, from: Contributor| reading.gate.allows(&DeviceTag(from.0), need);
    let record = Record::merge(id, reading.identity, incoming, allow)?;
    for (id, hashes) in opened {
        // Of changes that travel together each counts or does not; the envelope says that one does not.
        let state = match hashes.iter().find_map(|hash| record.refused().get(hash)) {
            Some(reason) => State::SetAside(reason.to_string()),
            None if hashes.iter().any(|hash| record.waiting().contains(hash)) => State::WaitsForChange,
            None => State::Applied,
        };
        states.push((id, state));
    }
    Ok((Some(record), states))
}

/// Whether an envelope's device was put out and its place lies beyond the last good one, or on another chain than the one that leads there. A
/// place that is not known proves nothing.
fn is_quarantined(c: &Connection, envelope: &Envelope, gate: &dyn Gate) -> Result<bool, VaultError> {
    let (device, scope) = (envelope.header().device, envelope.header().scope);
    if !gate.is_put_out(&device) {
        return Ok(false);
    }
    let sql = "SELECT chain.line, link.seq FROM link JOIN chain ON chain.n = link.chain
               WHERE link.begin = ?1 AND link.rest = ?2 AND chain.device = ?3 AND chain.scope = ?4";
    let mut statement = c.prepare_cached(sql)?;
    let id = envelope.id();
    let (begin, rest) = numbers::split(&id.0);
    let mut rows = statement.query(params![begin, rest, device.0, scope.0])?;
    while let Some(row) = rows.next()? {
        let (line, seq) = (Line(row.get(0)?), row.get::<_, i64>(1)? as u64);
        let strand = Strand { device, line };
        for (place, hash) in
            gate.good_places(&device, &scope, &line).into_iter().filter(|(place, _)| seq <= *place)
        {
            let there = chains::links_after(c, &strand, &scope, place.saturating_sub(1), 1)?;
            if there.first().is_some_and(|link| link.seq == place && link.hash() == hash) {
                return Ok(false);
            }
        }
    }
    Ok(true)
}

impl Vault {
    /// Judges anew what devices have written that were put out, or of which more counts than before, once their places are known. Gives the
    /// records that may have changed.
    ///
    /// # Errors
    /// Storage errors, and then nothing changed.
    pub fn judge_again(
        &self,
        devices: &[DeviceTag],
        reading: Reading<'_>,
    ) -> Result<Vec<RecordId>, VaultError> {
        self.write(|t| {
            let mut tags = std::collections::BTreeSet::new();
            for device in devices {
                let Some(device) = shared::known(t, device.0)? else { continue };
                let sql = "SELECT DISTINCT record_begin, record_rest FROM envelope WHERE device = ?1 AND kind = 0 AND state <> 6";
                let mut statement = t.prepare_cached(sql)?;
                let mut rows = statement.query([device])?;
                while let Some(row) = rows.next()? {
                    tags.insert(RecordTag(rows::id(row, 0)?.0));
                }
            }
            let mut records = Vec::new();
            for tag in tags {
                records.extend(project_or_gone(t, &tag, reading)?);
            }
            records.sort();
            records.dedup();
            Ok(records)
        })
    }
}

/// Opens a change that is stored.
pub(crate) fn open_stored(
    c: &Connection,
    envelope: &Envelope,
    key: &RecordKey,
) -> Result<Result<Vec<u8>, Refused>, VaultError> {
    let mut failed = Ok(());
    let opened = open_with(envelope, key, |id| {
        dictionaries::find(c, id).unwrap_or_else(|error| {
            failed = Err(error);
            None
        })
    });
    failed.map(|()| opened)
}

/// A change that this device cannot open: its key is not here yet, or went to others only.
fn without_key(c: &Connection, header: &Header) -> Result<State, VaultError> {
    let sql =
        "SELECT EXISTS (SELECT 1 FROM envelope WHERE record_begin = ?1 AND record_rest = ?2 AND key = ?3
                              AND state IN (4, 7) AND (kind = 1 OR kind = 0 AND (keys IS NOT NULL OR state = 7)))";
    let (begin, rest) = numbers::split(&header.record.0);
    let others: bool =
        c.prepare_cached(sql)?.query_row(params![begin, rest, header.key.0], |row| row.get(0))?;
    Ok(if others { State::Kept } else { State::WaitsForKey })
}

/// The number of a record's row, by its tag.
pub(crate) fn number_of_tag(c: &Connection, tag: &RecordTag) -> Result<Option<i64>, VaultError> {
    let (begin, rest) = numbers::split(&tag.0);
    let sql = "SELECT n FROM record WHERE begin = ?1 AND rest = ?2 AND tag IS NULL
               UNION ALL SELECT n FROM record WHERE tag = ?3 LIMIT 1";
    let mut statement = c.prepare_cached(sql)?;
    Ok(statement.query_row(params![begin, rest, tag.0], |row| row.get(0)).optional()?)
}

/// The tag of a record that has a row.
pub(crate) fn tag_of_record(c: &Connection, id: &RecordId) -> Result<Option<RecordTag>, VaultError> {
    let Some(n) = numbers::of(c, Table::Record, &id.0)? else { return Ok(None) };
    let mut statement = c.prepare_cached("SELECT tag FROM record WHERE n = ?1")?;
    let tag: Option<[u8; 16]> = statement.query_row([n], |row| row.get(0))?;
    Ok(Some(RecordTag(tag.unwrap_or(id.0))))
}

/// What the changes of a record come to: the state of each, and its row if it has one.
pub(crate) fn made(
    c: &Connection,
    tag: &RecordTag,
    reading: Reading<'_>,
) -> Result<(Option<Row>, States), VaultError> {
    made_with(c, tag, reading, &mut Ready::new())
}

fn made_with(
    c: &Connection,
    tag: &RecordTag,
    reading: Reading<'_>,
    ready: &mut Ready,
) -> Result<(Option<Row>, States), VaultError> {
    let (record, states) = load_with(c, tag, &record_keys(c, tag)?, reading, ready)?;
    Ok((record.and_then(|record| record.row()), states))
}

/// Brings the states and the row of one record up to date. Gives the record's id when it has a row.
pub(crate) fn project(
    t: &Transaction<'_>,
    tag: &RecordTag,
    reading: Reading<'_>,
) -> Result<Option<RecordId>, VaultError> {
    project_with(&mut Given::new(t), tag, reading, &mut Ready::new())
}

/// The same, and the id of a record that had a row and has none any more.
pub(crate) fn project_or_gone(
    t: &Transaction<'_>,
    tag: &RecordTag,
    reading: Reading<'_>,
) -> Result<Option<RecordId>, VaultError> {
    let before = number_of_tag(t, tag)?.map(|n| rows::record_of(t, n)).transpose()?;
    Ok(project(t, tag, reading)?.or(before))
}

/// The same with changes that were opened already.
pub(crate) fn project_with(
    given: &mut Given<'_, '_>,
    tag: &RecordTag,
    reading: Reading<'_>,
    ready: &mut Ready,
) -> Result<Option<RecordId>, VaultError> {
    let t = given.transaction();
    let (row, states) = made_with(t, tag, reading, ready)?;
    for (id, state) in states {
        envelopes::set_state(t, &id, &state)?;
    }
    let Some(row) = row else {
        search::forget(t, tag)?;
        remove(t, tag)?;
        chunks::forget_missing(t, tag)?;
        return Ok(None);
    };
    // What was said before leaves the index with the words it came with.
    let before = search::known_of(t, tag)?;
    let n = Packed::of(&row, given)?.store(t, tag)?;
    search::learn_anew(t, before.as_ref(), n, &row)?;
    chunks::note_missing(t, tag, &row)?;
    Ok(Some(row.record))
}

/// The row of a record of which there is nothing but the changes of one envelope. `None` where not all of them count, or where it takes the
/// vault to say so: by the place of what a device wrote that was put out, by the chunks of what is attached.
pub(crate) fn row_alone(header: &Header, changes: Vec<Admitted>, reading: Reading<'_>) -> Option<Row> {
    if !reading.gate.knows(&header.device) || reading.gate.is_put_out(&header.device) {
        return None;
    }
    if changes.iter().filter_map(Admitted::meta).any(|meta| tag_of(meta, reading.identity) != header.record) {
        return None;
    }
    let id = changes.iter().find_map(|change| Some(change.meta()?.record_id(reading.identity)))?;
    let incoming = changes.into_iter().map(|change| Incoming::new(change, Contributor(header.device.0)));
    let allow = |need: &Need, from: Contributor| reading.gate.allows(&DeviceTag(from.0), need);
    let record = Record::merge(id, reading.identity, incoming, allow).ok()?;
    if !record.refused().is_empty() || !record.waiting().is_empty() {
        return None;
    }
    record.row().filter(|row| !chunks::names_any(row))
}

/// Stores a row that was worked out before. `None` where more of its record is here than the one envelope.
pub(crate) fn store_alone(
    given: &mut Given<'_, '_>,
    tag: &RecordTag,
    made: Made,
) -> Result<Option<RecordId>, VaultError> {
    match envelopes::of_record(given.transaction(), tag)? == [State::Applied.number()] {
        true => made.store(given, tag).map(Some),
        false => Ok(None),
    }
}

/// Takes the row of a record out.
pub(crate) fn remove(t: &Connection, tag: &RecordTag) -> Result<(), VaultError> {
    if let Some(n) = number_of_tag(t, tag)? {
        t.prepare_cached("DELETE FROM record WHERE n = ?1")?.execute([n])?;
    }
    Ok(())
}
