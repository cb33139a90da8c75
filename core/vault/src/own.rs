//! A respondent with their receipt: what of their response this device still holds, and what they change in it.

use std::collections::BTreeMap;

use nightjar_record::{Record, RecordError};
use nightjar_seal::{DeviceTag, Envelope, Holder, Receipt, RecordKey, RecordTag, unwrap};
use rusqlite::{Transaction, params};

use crate::arrived::Ready;
use crate::attachments;
use crate::dictionaries;
use crate::envelopes::{self, State};
use crate::error::VaultError;
use crate::finish::{Checked, Finished};
use crate::journal::{self, DraftId};
use crate::numbers;
use crate::projection::{Reading, load_with};
use crate::shared;
use crate::vault::Vault;
use crate::withdrawal::{is_taken_out, is_withdrawn};

/// What a device holds of the response that a receipt belongs to.
pub enum Own {
    /// Nothing was ever given on this device with this receipt.
    Nowhere,
    /// It was taken out.
    Withdrawn,
    /// Others have it; its sealed bytes, or those of a part of it, have left this device.
    Left,
    /// Its sealed bytes are here, and this receipt does not open them: it only takes out.
    Sealed,
    /// It is here, and the receipt opens it.
    Open(Box<Opened>),
}

/// A response that its receipt opened.
pub struct Opened {
    /// What it says.
    pub record: Record,
    /// The key that it is sealed under.
    pub key: RecordKey,
    /// How many changes it has: one, and one for each time it was corrected.
    pub changes: u64,
    /// Whether a change is here whose predecessors are not: then this is not what was said last.
    pub waits: bool,
}

impl Vault {
    /// Looks for the response that a receipt belongs to and that was given on a device. What it opens stays in memory.
    ///
    /// # Errors
    /// Storage errors; what was wrapped for the receipt and is not the key it should be.
    pub fn own_response(
        &self,
        receipt: &Receipt,
        creator: DeviceTag,
        reading: Reading<'_>,
    ) -> Result<Own, VaultError> {
        let tag = receipt.origin(creator).record();
        self.read(|c| {
            if is_withdrawn(c, &tag)? {
                return Ok(Own::Withdrawn);
            }
            let sealed = envelopes::changes(c, &tag)?;
            // What is left of a response of which a part has gone says something else than was said last.
            let (begin, rest) = numbers::split(&tag.0);
            let sql = "SELECT count(*), coalesce(sum(state = ?3), 0) FROM envelope
                       WHERE record_begin = ?1 AND record_rest = ?2";
            let row = params![begin, rest, State::Released.number()];
            let (known, gone): (i64, i64) =
                c.prepare_cached(sql)?.query_row(row, |row| Ok((row.get(0)?, row.get(1)?)))?;
            if sealed.is_empty() || gone > 0 {
                return Ok(if known > 0 { Own::Left } else { Own::Nowhere });
            }
            let Some(key) = unwrapped(&sealed, receipt)? else { return Ok(Own::Sealed) };
            let keys = BTreeMap::from([(key.id(), key.clone())]);
            let changes = sealed.len() as u64;
            let (record, states) = load_with(c, &tag, &keys, reading, &mut Ready::new())?;
            let waits = states.iter().any(|(_, state)| *state == State::WaitsForChange);
            match record {
                Some(record) => Ok(Own::Open(Box::new(Opened { record, key, changes, waits }))),
                None => Ok(Own::Sealed),
            }
        })
    }

    /// Puts what a respondent corrected into the outbox, in place of the draft in which they did. The change is judged as a receiver
    /// will judge it; this device keeps no key of it.
    ///
    /// # Errors
    /// [`VaultError::NoDraft`]; [`VaultError::NoRecord`] when it was taken out meanwhile; [`VaultError::SealedWrong`] for a change that
    /// does not count, as one that the receipt has not signed; storage errors. The draft is as it was then.
    pub fn correct_own(
        &self,
        draft: &DraftId,
        checked: Checked,
        reading: Reading<'_>,
    ) -> Result<Finished, VaultError> {
        let Checked { change, dictionary, key, record, attached, .. } = checked;
        let tag = change.header().record;
        self.write(|t| {
            journal::remove(t, draft)?;
            if is_taken_out(t, &change.header().scope, &tag)? {
                return Err(VaultError::NoRecord);
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
            counts(t, &tag, &change, &key, reading)
        })?;
        drop(key);
        if let Some(attached) = attached {
            attached.done();
        }
        self.truncate_log();
        Ok(Finished { record, envelope: change.id() })
    }
}

/// The key that was wrapped for a receipt, if one was.
fn unwrapped(sealed: &[Envelope], receipt: &Receipt) -> Result<Option<RecordKey>, VaultError> {
    let holder = Holder { receipt: Some(receipt), ..Holder::default() };
    for envelope in sealed.iter().filter(|envelope| envelope.hands_out()) {
        if let Some(key) = unwrap(envelope, &holder)? {
            return Ok(Some(key));
        }
    }
    Ok(None)
}

/// A device does not send what every receiver would set aside.
fn counts(
    t: &Transaction<'_>,
    tag: &RecordTag,
    change: &Envelope,
    key: &RecordKey,
    reading: Reading<'_>,
) -> Result<(), VaultError> {
    let keys = BTreeMap::from([(key.id(), key.clone())]);
    let (_, states) = load_with(t, tag, &keys, reading, &mut Ready::new())?;
    match states.iter().find(|(id, _)| *id == change.id()) {
        Some((_, State::Applied)) => Ok(()),
        Some((_, State::Quarantined)) => Err(RecordError::NotGranted.into()),
        _ => Err(VaultError::SealedWrong),
    }
}
