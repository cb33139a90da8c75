//! Importing: envelopes from the hub or a bundle, in any order and any number of times. Each is stored, then read if it
//! can be; one that cannot is set aside as bytes with its reason and its siblings go on.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_record::RecordId;
use nightjar_seal::{
    Envelope, EnvelopeId, Holder, Kind, RecordKey, RecordTag, Refused, Stub, Withdrawal, unwrap,
};
use rusqlite::{Transaction, params};

use crate::arrived::{Arrived, Made, Ready};
use crate::chains;
use crate::envelopes::{self, State};
use crate::error::VaultError;
use crate::keep::keep_record_key;
use crate::projection::{Reading, project_or_gone, project_with, store_alone};
use crate::shared::Given;
use crate::vault::Vault;
use crate::withdrawal::{is_taken_out, take_out};

/// How many pieces of what is nobody's envelope are kept, and how large one may be, in bytes.
const MOST_UNREADABLE: i64 = 256;
const LARGEST_UNREADABLE: usize = 64 << 10;

/// What an import did. Read [`Vault::held`] for totals.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Imported {
    /// Envelopes that were not here before.
    pub new: u64,
    /// Envelopes that were here already.
    pub known: u64,
    /// Responses that were taken out because an envelope said so.
    pub withdrawn: u64,
    /// Records whose row may have changed, or is gone, sorted.
    pub records: Vec<RecordId>,
    /// Envelopes of this import that were set aside, with the reason; `None` for bytes that are no envelope.
    pub set_aside: Vec<(Option<EnvelopeId>, String)>,
}

/// What was set apart of what had come.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct SetApart {
    /// How many envelopes.
    pub envelopes: u64,
    /// Records whose row may have changed, or is gone.
    pub records: Vec<RecordId>,
}

impl Vault {
    /// Stores envelopes as received, opens and merges what can be read, and brings every record touched up to date, in
    /// one transaction. Chains and signatures are the caller's to verify before.
    ///
    /// `holder` is who this device is to those who wrap keys.
    ///
    /// # Errors
    /// Storage errors, and then nothing of this batch was stored.
    pub fn import<'e>(
        &self,
        envelopes: impl IntoIterator<Item = &'e [u8]>,
        holder: &Holder<'_>,
        reading: Reading<'_>,
    ) -> Result<Imported, VaultError> {
        let read = envelopes.into_iter();
        let read =
            read.map(|bytes| Envelope::decode(bytes).map(Arrived::new).map_err(|reason| (bytes, reason)));
        self.take_in(read.collect(), holder, reading)
    }

    /// The same for envelopes that were read already, and of which more may be known.
    ///
    /// # Errors
    /// Storage errors, and then nothing of this batch was stored.
    pub fn import_arrived(
        &self,
        arrived: Vec<Arrived>,
        holder: &Holder<'_>,
        reading: Reading<'_>,
    ) -> Result<Imported, VaultError> {
        self.take_in(arrived.into_iter().map(Ok).collect(), holder, reading)
    }

    fn take_in(
        &self,
        mut envelopes: Vec<Result<Arrived, (&[u8], Refused)>>,
        holder: &Holder<'_>,
        reading: Reading<'_>,
    ) -> Result<Imported, VaultError> {
        let done = self.write(|t| {
            let mut done = Imported::default();
            let mut touched = BTreeSet::new();
            let mut mine = Vec::new();
            let mut ready = Ready::new();
            let mut made = BTreeMap::new();
            let mut given = Given::new(t);
            for read in &mut envelopes {
                match read {
                    Ok(arrived) => {
                        let (id, record) = (arrived.envelope.id(), arrived.envelope.header().record);
                        if store(&mut given, id, arrived, holder, reading, &mut done)? {
                            done.new += 1;
                            touched.insert(record);
                            mine.push((record, id));
                            ready.extend(arrived.changes.take().map(|changes| (id, changes)));
                            made.extend(arrived.made.take().map(|made| (record, made)));
                        } else {
                            done.known += 1;
                        }
                    }
                    Err((bytes, reason)) => {
                        let reason = reason.to_string();
                        keep_unreadable(t, bytes, &reason)?;
                        done.set_aside.push((None, reason));
                    }
                }
            }
            let alone = project_all(&mut given, touched, reading, &mut ready, made, &mut done)?;
            for (_, id) in mine.into_iter().filter(|(record, _)| !alone.contains(record)) {
                if let Some(reason) = reason_of(t, &id)? {
                    done.set_aside.push((Some(id), reason));
                }
            }
            Ok(done)
        })?;
        self.forget(&done);
        Ok(done)
    }

    /// Notes envelopes of which a hub has only the stub left: erased where their record was taken out here, else what the hub says.
    /// Which of them are not proven to be taken out.
    ///
    /// # Errors
    /// Storage errors.
    pub fn note_erased(&self, stubs: &[Stub]) -> Result<u64, VaultError> {
        self.write(|t| {
            let mut unproven = 0;
            for stub in stubs {
                let proven = is_taken_out(t, &stub.header().scope, &stub.header().record)?;
                let state = if proven { State::Erased } else { State::SaidErased };
                let new = envelopes::insert_stub(t, stub, &state)?;
                unproven += u64::from(new && !proven);
            }
            Ok(unproven)
        })
    }

    /// Stores the sealed bytes of responses that somebody with their receipts asked a hub for: what is new here, and what had left.
    /// They are opened by the receipt and by nothing else: not even with what this device can read, for nothing says that they stand in
    /// the chain of the device they name.
    ///
    /// # Errors
    /// Storage errors, and then nothing is stored.
    pub fn keep_recalled(
        &self,
        envelopes: &[Envelope],
        reading: Reading<'_>,
    ) -> Result<Imported, VaultError> {
        let bytes: Vec<Vec<u8>> = envelopes.iter().map(Envelope::encode).collect();
        self.write(|t| {
            for envelope in envelopes {
                let header = envelope.header();
                if !is_taken_out(t, &header.scope, &header.record)? {
                    envelopes::bring_back(t, envelope, &State::Kept, &State::Released)?;
                }
            }
            Ok(())
        })?;
        self.import(bytes.iter().map(Vec::as_slice), &Holder::default(), reading)
    }

    /// What was taken out leaves the log, too.
    fn forget(&self, done: &Imported) {
        if done.withdrawn > 0 {
            self.truncate_log();
        }
    }

    /// Keeps bytes that did not prove whose they are: forged, altered, on a fork. They are never read, only kept for a person to look at:
    /// of so much that strangers cannot fill the disk with it, the first. Whether they were kept now, and not before.
    ///
    /// # Errors
    /// Storage errors.
    pub fn keep_unproven(&self, bytes: &[u8], reason: &str) -> Result<bool, VaultError> {
        self.write(|t| keep_unreadable(t, bytes, reason))
    }

    /// Sets envelopes aside that are here and that no chain names which is followed: their bytes are kept as those of [`keep_unproven`], as far
    /// as there is room for them, and they count no more. Own ones stay, and so does what has no bytes.
    ///
    /// [`keep_unproven`]: Self::keep_unproven
    ///
    /// # Errors
    /// Storage errors, and then nothing changed.
    pub fn set_apart(
        &self,
        envelopes: &[EnvelopeId],
        reason: &str,
        reading: Reading<'_>,
    ) -> Result<SetApart, VaultError> {
        self.write(|t| {
            let mut done = SetApart::default();
            let mut touched = BTreeSet::new();
            let sql = format!(
                "SELECT {} FROM envelope WHERE n = ?1 AND length(body) > 0 AND n NOT IN (SELECT n FROM outbox)",
                envelopes::COLUMNS
            );
            let mut statement = t.prepare_cached(&sql)?;
            for id in envelopes {
                let Some(n) = envelopes::number_of(t, id)? else { continue };
                if chains::is_named(t, id)? {
                    continue;
                }
                let mut rows = statement.query([n])?;
                let Some(row) = rows.next()? else { continue };
                let envelope = envelopes::read_envelope(row)?;
                drop(rows);
                let bytes = envelope.encode();
                if !keep_unreadable(t, &bytes, reason)? && !is_unreadable(t, &bytes)? {
                    continue;
                }
                t.prepare_cached("DELETE FROM envelope WHERE n = ?1")?.execute([n])?;
                touched.insert(envelope.header().record);
                done.envelopes += 1;
            }
            for tag in touched {
                done.records.extend(project_or_gone(t, &tag, reading)?);
            }
            Ok(done)
        })
    }

    /// Looks again at everything that waits: after the roster grew, keys came or a form was given.
    ///
    /// # Errors
    /// Storage errors, and then nothing changed.
    pub fn retry(&self, holder: &Holder<'_>, reading: Reading<'_>) -> Result<Imported, VaultError> {
        let done = self.write(|t| {
            let mut done = Imported::default();
            let mut touched = BTreeSet::new();
            // What waits, and keys of others that may be for this device by now.
            let sql = format!(
                "SELECT {} FROM envelope WHERE state IN (0, 2, 8)
                 OR (state = 4 AND (kind = 1 OR keys IS NOT NULL) AND n NOT IN (SELECT n FROM outbox))",
                envelopes::COLUMNS
            );
            let mut statement = t.prepare_cached(&sql)?;
            let mut rows = statement.query([])?;
            let mut waiting = Vec::new();
            while let Some(row) = rows.next()? {
                waiting.push(envelopes::read_envelope(row)?);
            }
            // What was taken out first: nothing of it is opened any more.
            waiting.sort_by_key(|envelope| envelope.header().kind != Kind::Withdrawal);
            for envelope in waiting {
                let header = envelope.header();
                if header.kind != Kind::Withdrawal && is_taken_out(t, &header.scope, &header.record)? {
                    continue;
                }
                let state = receive(t, &envelope, None, holder, reading, &mut done)?;
                envelopes::set_state(t, &envelope.id(), &state)?;
                touched.insert(envelope.header().record);
            }
            project_all(&mut Given::new(t), touched, reading, &mut Ready::new(), BTreeMap::new(), &mut done)?;
            Ok(done)
        })?;
        self.forget(&done);
        Ok(done)
    }
}

fn keep_unreadable(t: &Transaction<'_>, bytes: &[u8], reason: &str) -> Result<bool, VaultError> {
    let kept: i64 = t.prepare_cached("SELECT count(*) FROM unreadable")?.query_row([], |row| row.get(0))?;
    if kept >= MOST_UNREADABLE || bytes.len() > LARGEST_UNREADABLE {
        return Ok(false);
    }
    let sql = "INSERT OR IGNORE INTO unreadable (hash, reason, bytes) VALUES (?1, ?2, ?3)";
    Ok(t.prepare_cached(sql)?.execute(params![blake3::hash(bytes).as_bytes(), reason, bytes])? == 1)
}

fn is_unreadable(t: &Transaction<'_>, bytes: &[u8]) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM unreadable WHERE hash = ?1)";
    Ok(t.prepare_cached(sql)?.query_row([blake3::hash(bytes).as_bytes()], |row| row.get(0))?)
}

fn store(
    given: &mut Given<'_, '_>,
    id: EnvelopeId,
    arrived: &Arrived,
    holder: &Holder<'_>,
    reading: Reading<'_>,
    done: &mut Imported,
) -> Result<bool, VaultError> {
    let t = given.transaction();
    let Arrived { envelope, key, .. } = arrived;
    let header = envelope.header();
    if header.kind != Kind::Withdrawal && is_taken_out(t, &header.scope, &header.record)? {
        return envelopes::insert_stub(t, &Stub::of(envelope), &State::Erased);
    }
    if envelopes::number_of(t, &id)?.is_some() {
        // A hub said that it was taken out, and nobody with a receipt did: here it is.
        if envelopes::stored_state(t, &id)? != State::SaidErased {
            return Ok(false);
        }
        let state = receive(t, envelope, key.as_ref(), holder, reading, done)?;
        return envelopes::bring_back(t, envelope, &state, &State::SaidErased);
    }
    let state = receive(t, envelope, key.as_ref(), holder, reading, done)?;
    envelopes::insert_new(given, id, envelope, &state)?;
    Ok(true)
}

/// What an envelope is to this device before its record is looked at; takes the record key that it hands out, and takes out what it
/// says was withdrawn.
fn receive(
    t: &Transaction<'_>,
    envelope: &Envelope,
    unwrapped: Option<&Result<Option<RecordKey>, Refused>>,
    holder: &Holder<'_>,
    reading: Reading<'_>,
    done: &mut Imported,
) -> Result<State, VaultError> {
    let header = envelope.header();
    if !reading.gate.knows(&header.device) {
        return Ok(State::WaitsForDevice);
    }
    match header.kind {
        Kind::Withdrawal => {
            return Ok(match Withdrawal::of(envelope) {
                Ok(withdrawal) => {
                    let taken = take_out(t, &withdrawal)?;
                    done.withdrawn += u64::from(taken.new);
                    done.records.extend(taken.record);
                    State::Applied
                }
                Err(reason) => State::SetAside(reason.to_string()),
            });
        }
        Kind::Other(_) => return Ok(State::Kept),
        Kind::Change | Kind::Keys => {}
    }
    if !envelope.hands_out() {
        return Ok(State::WaitsForKey);
    }
    let found;
    let unwrapped = match unwrapped {
        Some(known) => known,
        None => {
            found = unwrap(envelope, holder);
            &found
        }
    };
    match unwrapped {
        Ok(Some(key)) => {
            keep_record_key(t, key, &header.record, false)?;
            // A change is judged with its record, in this transaction.
            Ok(State::Applied)
        }
        Ok(None) => Ok(State::Kept),
        Err(reason) => Ok(State::SetAside(reason.to_string())),
    }
}

/// Brings records up to date. Gives those of which one envelope is there, which counts as was worked out before.
fn project_all(
    given: &mut Given<'_, '_>,
    touched: BTreeSet<RecordTag>,
    reading: Reading<'_>,
    ready: &mut Ready,
    mut made: BTreeMap<RecordTag, Made>,
    done: &mut Imported,
) -> Result<BTreeSet<RecordTag>, VaultError> {
    let mut alone = BTreeSet::new();
    for tag in touched {
        let stored = match made.remove(&tag) {
            Some(made) => store_alone(given, &tag, made)?,
            None => None,
        };
        match stored {
            Some(id) => {
                done.records.push(id);
                alone.insert(tag);
            }
            None => done.records.extend(project_with(given, &tag, reading, ready)?),
        }
    }
    done.records.sort();
    done.records.dedup();
    Ok(alone)
}

fn reason_of(t: &Transaction<'_>, id: &EnvelopeId) -> Result<Option<String>, VaultError> {
    let Some(n) = envelopes::number_of(t, id)? else { return Ok(None) };
    let sql = "SELECT reason FROM envelope WHERE n = ?1 AND state = 5";
    let mut statement = t.prepare_cached(sql)?;
    let mut rows = statement.query([n])?;
    Ok(match rows.next()? {
        Some(row) => Some(row.get::<_, Option<String>>(0)?.unwrap_or_default()),
        None => None,
    })
}
