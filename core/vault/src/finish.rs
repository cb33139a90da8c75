//! Finishing: from a draft to a sealed change in the outbox, in one transaction, after what was sealed has been opened
//! as a receiver will open it.

use nightjar_record::{
    Action, Admitted, Contributor, Incoming, Meta, Need, Record, RecordError, RecordId, Written, admit_all,
};
use nightjar_seal::{Dictionary, Envelope, EnvelopeId, Header, RecordKey, open_with};
use rusqlite::{Transaction, params};

use crate::attachments::{self, Resealed};
use crate::dictionaries;
use crate::envelopes::{self, State};
use crate::error::VaultError;
use crate::journal::{self, DraftId};
use crate::keep::keep_record_key;
use crate::projection::{Reading, project, tag_of};
use crate::shared;
use crate::unsent::{self, Unsent};
use crate::vault::Vault;
use crate::withdrawal::is_taken_out;

/// Whether this device may read what it finished.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Readable {
    /// Ward records, positions, outcomes: the record key stays in the vault and the record is projected.
    Here,
    /// Confidential responses: the record key is destroyed and only a count stays.
    Elsewhere,
}

/// What was sealed, opened again with a receiver's code and bounds and found to be what was written. Only this can be
/// finished, so nobody can forget to look.
pub struct Checked {
    pub(crate) change: Envelope,
    pub(crate) dictionary: Option<Dictionary>,
    pub(crate) key: RecordKey,
    meta: Option<Meta>,
    pub(crate) record: RecordId,
    /// The unsent envelope that this one comes in the place of.
    replaces: Option<EnvelopeId>,
    pub(crate) attached: Option<Resealed>,
}

/// What finishing made.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finished {
    /// The record.
    pub record: RecordId,
    /// The envelope now in the outbox.
    pub envelope: EnvelopeId,
}

impl Checked {
    /// Decodes, opens and admits what was sealed, as a receiver will, and compares it with what was written. `dictionary` is what it
    /// was sealed with.
    ///
    /// # Errors
    /// [`VaultError::SealedWrong`], or what a receiver would say. Nothing has been destroyed.
    pub fn open(
        written: &Written,
        change: Envelope,
        dictionary: Option<Dictionary>,
        key: RecordKey,
        reading: Reading<'_>,
    ) -> Result<Self, VaultError> {
        Self::open_after(None, written, change, dictionary, key, reading)
    }

    /// The same for what was sealed together with something unsent, in whose place it comes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn open_after(
        unsent: Option<&Unsent>,
        written: &Written,
        change: Envelope,
        dictionary: Option<Dictionary>,
        key: RecordKey,
        reading: Reading<'_>,
    ) -> Result<Self, VaultError> {
        let received = Envelope::decode(&change.encode())?;
        let payload = open_with(&received, &key, |_| dictionary.clone())?;
        let admitted = admit_all(&payload)?;
        let whole = match unsent {
            Some(unsent) => payload == unsent.with(&written.bytes),
            None => payload == written.bytes,
        };
        if !whole || admitted.last().map(Admitted::hash) != Some(written.hash) {
            return Err(VaultError::SealedWrong);
        }
        if unsent.is_some_and(|unsent| is_another(unsent.header(), received.header())) {
            return Err(VaultError::SealedWrong);
        }
        let meta = admitted.iter().find_map(Admitted::meta).cloned();
        if let Some(meta) = &meta {
            if tag_of(meta, reading.identity) != received.header().record {
                return Err(RecordError::OtherRecord.into());
            }
            // A first change must found its record by itself.
            let from = Contributor(received.header().device.0);
            let alone = admitted.into_iter().filter(|change| change.meta().is_some());
            let alone = alone.map(|change| Incoming::new(change, from));
            let record = Record::merge(written.record, reading.identity, alone, |_, _| true)?;
            if let Some(reason) = record.refused().values().next() {
                return Err(reason.clone().into());
            }
        }
        let replaces = unsent.map(|unsent| unsent.envelope.id());
        Ok(Self { change, dictionary, key, meta, record: written.record, replaces, attached: None })
    }

    /// The same with attachments that were sealed under its key and that the change names.
    #[must_use]
    pub fn with(self, attached: Option<Resealed>) -> Self {
        Self { attached, ..self }
    }
}

impl Vault {
    /// Finishes a draft: its sealed change goes into the outbox, the record is projected or only counted, and the draft
    /// is deleted with its key, all in one transaction. When it fails, the draft is as it was.
    ///
    /// # Errors
    /// [`VaultError::NoDraft`]; storage errors; a change that the roster does not grant to this device.
    pub fn finish(
        &self,
        draft: &DraftId,
        checked: Checked,
        readable: Readable,
        reading: Reading<'_>,
    ) -> Result<Finished, VaultError> {
        self.put(Some(draft), checked, readable, reading)
    }

    /// Stores an edit or settlement of a record that this device can read.
    ///
    /// # Errors
    /// Storage errors; a change that the record or the roster refuses; [`VaultError::WrongOrder`] when what it was to travel with has
    /// its place in the chain by now: seal it alone.
    pub fn amend(&self, checked: Checked, reading: Reading<'_>) -> Result<Finished, VaultError> {
        self.put(None, checked, Readable::Here, reading)
    }

    fn put(
        &self,
        draft: Option<&DraftId>,
        checked: Checked,
        readable: Readable,
        reading: Reading<'_>,
    ) -> Result<Finished, VaultError> {
        let Checked { change, dictionary, key, meta, record, replaces, attached } = checked;
        let tag = change.header().record;
        if let Some(meta) = &meta {
            // Before anything is destroyed: what the roster does not grant, every receiver would set aside.
            let need = Need { kind: meta.kind.clone(), action: Action::Create, ward: meta.ward.clone() };
            if !reading.gate.allows(&change.header().device, &need) {
                return Err(RecordError::NotGranted.into());
            }
        }
        // The key first: from here on nothing on this device opens a confidential response.
        let key = match readable {
            Readable::Here => Some(key),
            Readable::Elsewhere => {
                drop(key);
                None
            }
        };
        self.write(|t| {
            if let Some(draft) = draft {
                journal::remove(t, draft)?;
            }
            if is_taken_out(t, &change.header().scope, &tag)? {
                return Err(VaultError::NoRecord);
            }
            if let Some(unsent) = &replaces {
                unsent::replace(t, unsent)?;
            }
            if let Some(dictionary) = &dictionary {
                dictionaries::keep(t, dictionary)?;
            }
            let n = envelopes::insert_own(t, &change, &State::Kept)?;
            let scope = shared::number(t, change.header().scope.0)?;
            t.prepare_cached("INSERT INTO outbox (n, scope) VALUES (?1, ?2)")?.execute([n, scope])?;
            if let Some(attached) = &attached {
                attachments::send(t, attached, &tag, scope)?;
            }
            match (&key, &meta) {
                (Some(key), _) => {
                    keep_record_key(t, key, &tag, true)?;
                    project(t, &tag, reading)?;
                    refuse_own(t, &change)?;
                }
                (None, Some(meta)) => tally(t, meta)?,
                (None, None) => return Err(RecordError::ResponseFinished.into()),
            }
            Ok(())
        })?;
        if let Some(attached) = attached {
            attached.done();
        }
        if draft.is_some() {
            self.truncate_log();
        }
        Ok(Finished { record, envelope: change.id() })
    }
}

/// Whether an envelope cannot come in the place of another: they differ in more than what the device knew of the roster.
fn is_another(before: &Header, now: &Header) -> bool {
    Header { roster_head: now.roster_head, ..before.clone() } != *now
}

/// A device does not send what every receiver would set aside.
fn refuse_own(t: &Transaction<'_>, change: &Envelope) -> Result<(), VaultError> {
    let sql = "SELECT state, reason FROM envelope WHERE n = ?1";
    let (state, reason): (i64, Option<String>) = t
        .prepare_cached(sql)?
        .query_row([envelopes::number_of(t, &change.id())?], |row| Ok((row.get(0)?, row.get(1)?)))?;
    match state {
        1 => Ok(()),
        // It was not let in yet, or was put out and has heard of it.
        0 | 10 => Err(RecordError::NotGranted.into()),
        _ if reason == Some(RecordError::NotGranted.to_string()) => Err(RecordError::NotGranted.into()),
        _ => Err(VaultError::SealedWrong),
    }
}

fn tally(t: &Transaction<'_>, meta: &Meta) -> Result<(), VaultError> {
    let sql = "INSERT INTO tally (instrument, ward, role, phase, responses) VALUES (?1, ?2, ?3, ?4, 1)
               ON CONFLICT (instrument, ward, role, phase) DO UPDATE SET responses = responses + 1";
    let phase = meta.phase.as_deref().unwrap_or_default();
    t.prepare_cached(sql)?.execute(params![meta.instrument, meta.ward, meta.role, phase])?;
    Ok(())
}
