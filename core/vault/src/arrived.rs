//! Envelopes on their way in: what can be worked out about each before anything is written, so that several threads may do it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};

use nightjar_record::{Admitted, RecordId, Row, admit_all};
use nightjar_seal::{
    Dictionary, DictionaryId, Envelope, EnvelopeId, Holder, Kind, RecordKey, RecordTag, Refused, open_with,
    unwrap,
};

use crate::dictionaries;
use crate::envelopes::{number_of, of_record};
use crate::error::VaultError;
use crate::packing::Packed;
use crate::projection::{Reading, row_alone};
use crate::search;
use crate::shared::{Given, Guessed, Known};
use crate::vault::Vault;

/// Envelopes to work something out about, and what it takes.
pub type ToWorkOut<'a> = (Vec<&'a mut Arrived>, Beforehand);

/// What the vault held before envelopes came: dictionaries, and the numbers of what rows have in common.
pub struct Beforehand {
    dictionaries: BTreeMap<DictionaryId, Dictionary>,
    known: Known,
}

/// Changes that were opened already, by the envelope that they came in.
pub(crate) type Ready = BTreeMap<EnvelopeId, Vec<Admitted>>;

/// An envelope that came, and what is known about it so far.
pub struct Arrived {
    pub(crate) envelope: Envelope,
    /// The key that it hands out, as far as it is for this device.
    pub(crate) key: Option<Result<Option<RecordKey>, Refused>>,
    /// Its changes, opened with that key.
    pub(crate) changes: Option<Vec<Admitted>>,
    /// The row that its record comes to, if nothing else of it is there.
    pub(crate) made: Option<Made>,
    /// Whether it was looked at, also where nothing was worked out.
    seen: bool,
    /// Whether nothing else of its record is there, nor came with it.
    alone: bool,
}

/// A row that was worked out before it is written, and the words that are searched of it.
pub(crate) struct Made {
    form: Form,
    words: String,
}

/// A row as it was made ready: packed, unless it has something that no row had before.
enum Form {
    Packed(Packed),
    Row(Box<Row>),
}

impl Made {
    fn of(envelope: &Envelope, changes: Vec<Admitted>, reading: Reading<'_>, known: &Known) -> Option<Self> {
        let row = row_alone(envelope.header(), changes, reading)?;
        let words = search::words(&row);
        let mut numbers = Guessed::new(known);
        let form = match Packed::of(&row, &mut numbers) {
            Ok(packed) if numbers.all_are_known => Form::Packed(packed),
            _ => Form::Row(Box::new(row)),
        };
        Some(Self { form, words })
    }

    /// Stores the row and what is searched of it; gives the record.
    pub(crate) fn store(self, given: &mut Given<'_, '_>, tag: &RecordTag) -> Result<RecordId, VaultError> {
        let packed = match self.form {
            Form::Packed(packed) => packed,
            Form::Row(row) => Packed::of(&row, given)?,
        };
        let t = given.transaction();
        let n = packed.store(t, tag)?;
        search::learn(t, n, &self.words)?;
        Ok(packed.record)
    }
}

impl Arrived {
    /// One about which nothing is known yet: whoever imports it finds out.
    pub fn new(envelope: Envelope) -> Self {
        Self { envelope, key: None, changes: None, made: None, seen: false, alone: false }
    }

    /// The envelope.
    #[must_use]
    pub fn envelope(&self) -> &Envelope {
        &self.envelope
    }

    /// Unwraps the key that it hands out, and where that is for `holder` opens and admits its changes. Whether they count is judged when
    /// it is imported, with its record; where they are all that there is of one, here, by `reading`, and its row is made ready.
    /// `beforehand` is of [`Vault::to_work_out`]. `room` is how many bytes of changes all that are worked out together may keep: what does
    /// not fit is opened again when it is its turn.
    pub fn work_out(
        &mut self,
        holder: &Holder<'_>,
        reading: Reading<'_>,
        beforehand: &Beforehand,
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
            let opened = open_with(&self.envelope, key, |id| beforehand.dictionaries.get(id).cloned());
            let takes = |payload: &Vec<u8>| {
                let left = |left: usize| left.checked_sub(payload.len());
                room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, left).is_ok()
            };
            let changes = opened.ok().filter(takes).and_then(|payload| admit_all(&payload).ok());
            match (self.alone, changes) {
                (true, Some(changes)) => {
                    self.made = Made::of(&self.envelope, changes, reading, &beforehand.known)
                }
                (_, changes) => self.changes = changes,
            }
        }
        self.key = Some(key);
    }

    /// Forgets what was judged by a roster that is another now.
    pub fn judge_anew(&mut self) {
        self.made = None;
    }
}

impl Vault {
    /// Which of these are not here yet, so that it is worth to work something out about them, and what that takes. What was asked about
    /// before is not told again.
    ///
    /// # Errors
    /// Storage errors.
    pub fn to_work_out<'a>(&self, arrived: &'a mut [Arrived]) -> Result<ToWorkOut<'a>, VaultError> {
        self.read(|c| {
            let (mut once, mut again) = (BTreeSet::new(), BTreeSet::new());
            for one in arrived.iter() {
                let record = one.envelope.header().record;
                if !once.insert(record) {
                    again.insert(record);
                }
            }
            let mut new = Vec::with_capacity(arrived.len());
            for one in arrived.iter_mut().filter(|one| !one.seen) {
                one.seen = true;
                if number_of(c, &one.envelope.id())?.is_none() {
                    let record = one.envelope.header().record;
                    one.alone = !again.contains(&record) && of_record(c, &record)?.is_empty();
                    new.push(one);
                }
            }
            Ok((new, Beforehand { dictionaries: dictionaries::all(c)?, known: Known::read(c)? }))
        })
    }
}
