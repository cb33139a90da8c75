//! Envelopes on their way in: what can be worked out about each before anything is written, so that several threads may do it.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use nightjar_record::{Admitted, admit_all};
use nightjar_seal::{
    Dictionary, DictionaryId, Envelope, EnvelopeId, Holder, Kind, RecordKey, Refused, open_with, unwrap,
};

use crate::dictionaries;
use crate::envelopes::number_of;
use crate::error::VaultError;
use crate::vault::Vault;

/// Envelopes to work something out about, and the dictionaries that it takes.
pub type ToWorkOut<'a> = (Vec<&'a mut Arrived>, BTreeMap<DictionaryId, Dictionary>);

/// Changes that were opened already, by the envelope that they came in.
pub(crate) type Ready = BTreeMap<EnvelopeId, Vec<Admitted>>;

/// An envelope that came, and what is known about it so far.
pub struct Arrived {
    pub(crate) envelope: Envelope,
    /// The key that it hands out, as far as it is for this device.
    pub(crate) key: Option<Result<Option<RecordKey>, Refused>>,
    /// Its changes, opened with that key.
    pub(crate) changes: Option<Vec<Admitted>>,
    /// Whether it was looked at, also where nothing was worked out.
    seen: bool,
}

impl Arrived {
    /// One about which nothing is known yet: whoever imports it finds out.
    pub fn new(envelope: Envelope) -> Self {
        Self { envelope, key: None, changes: None, seen: false }
    }

    /// The envelope.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Unwraps the key that it hands out, and where that is for `holder` opens and admits its changes. Whether it counts is judged when
    /// it is imported, with its record. `dictionaries` are those of [`Vault::to_work_out`]. `room` is how many bytes of changes all that are
    /// worked out together may keep: what does not fit is opened again when it is its turn.
    pub fn work_out(
        &mut self,
        holder: &Holder<'_>,
        dictionaries: &BTreeMap<DictionaryId, Dictionary>,
        room: &AtomicUsize,
    ) {
        if !self.envelope.hands_out() {
            return;
        }
        let key = unwrap(&self.envelope, holder);
        let header = self.envelope.header();
        // What carries a receipt's signature is opened where that is checked.
        let whole = header.kind == Kind::Change && header.parts == 1 && header.proof.is_none();
        if let (true, Ok(Some(key))) = (whole, &key) {
            let opened = open_with(&self.envelope, key, |id| dictionaries.get(id).cloned());
            let takes = |payload: &Vec<u8>| {
                let left = |left: usize| left.checked_sub(payload.len());
                room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
            };
            self.changes = opened.ok().filter(takes).and_then(|payload| admit_all(&payload).ok());
        }
        self.key = Some(key);
    }
}

impl Vault {
    /// Which of these are not here yet, so that it is worth to work something out about them, and the dictionaries that it takes. What was
    /// asked about before is not told again.
    ///
    /// # Errors
    /// Storage errors.
    pub fn to_work_out<'a>(&self, arrived: &'a mut [Arrived]) -> Result<ToWorkOut<'a>, VaultError> {
        self.read(|c| {
            let mut new = Vec::with_capacity(arrived.len());
            for one in arrived.iter_mut().filter(|one| !one.seen) {
                one.seen = true;
                if number_of(c, &one.envelope.id())?.is_none() {
                    new.push(one);
                }
            }
            Ok((new, dictionaries::all(c)?))
        })
    }
}
