//! Admission: what one change must be, judged by its bytes alone. What depends on the other changes of its record is
//! judged in [`Record::merge`](crate::Record::merge), over the whole set, so that the order of arrival never matters.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use nightjar_form::{CellKey, Value};

use crate::bounds;
use crate::error::RecordError;
use crate::id::{Actor, ChangeHash};
use crate::message::{Message, OpId};
use crate::meta::Meta;
use crate::register::{Register, Said, Scalar};
use crate::view::Hand;
use crate::walk::{Walked, first, walk};

/// A change that passed the walk and every bound that can be judged without its record.
#[derive(Clone)]
pub struct Admitted {
    pub(crate) change: automerge::Change,
    pub(crate) hash: ChangeHash,
    pub(crate) deps: Vec<ChangeHash>,
    pub(crate) actor: Actor,
    pub(crate) start_op: u64,
    pub(crate) message: Message,
    /// Present in a first change, absent in all others.
    pub(crate) meta: Option<Meta>,
    pub(crate) puts: Vec<Write>,
}

/// One admitted put of a cell or option.
#[derive(Clone)]
pub(crate) struct Write {
    /// Place in the change: its counter is `start_op + place`.
    pub(crate) place: u64,
    pub(crate) key: String,
    pub(crate) cell: CellKey,
    pub(crate) said: Said,
    pub(crate) preds: Vec<OpId>,
}

/// Walks, bounds and reads one change. Spends time and memory in proportion to its bytes.
///
/// # Errors
/// [`RecordError`] says which rule the bytes break; they are then set aside, and other changes go on.
pub fn admit(bytes: &[u8]) -> Result<Admitted, RecordError> {
    let Walked { checksum, deps, actor, start_op, message, puts } = walk(bytes)?;
    let message = Message::decode(message)?;
    let mut metadata = BTreeMap::new();
    let mut writes = Vec::with_capacity(puts.len());
    let mut keys = BTreeSet::new();
    for (place, put) in puts.into_iter().enumerate() {
        if !keys.insert(put.key.clone()) {
            return Err(RecordError::Register { key: put.key, problem: "written twice in one change" });
        }
        let named = message.settles.get(&put.key);
        let closes: BTreeSet<OpId> = put.preds.iter().copied().collect();
        if named.map_or(closes.len() > 1, |named| *named != closes) {
            return Err(RecordError::Unsettled(put.key));
        }
        if put.preds.iter().any(|op| op.actor == actor || op.counter >= start_op) {
            return Err(RecordError::OutOfPlace);
        }
        match Register::parse(&put.key)? {
            Register::Meta => {
                let Scalar::Text(text) = put.scalar else {
                    return Err(RecordError::Metadata("a metadata value is not a text"));
                };
                metadata.insert(put.key, text);
            }
            register @ (Register::Cell(cell) | Register::Option(cell)) => {
                let said = Said::read(&put.key, &register, &put.scalar)?;
                writes.push(Write { place: place as u64, key: put.key, cell, said, preds: put.preds });
            }
        }
    }
    if message.settles.keys().any(|key| !keys.contains(key)) {
        return Err(RecordError::Malformed("its settlement names a register that it does not write"));
    }
    let meta = match (deps.is_empty(), metadata.is_empty()) {
        (true, _) if start_op != 1 => return Err(RecordError::OutOfPlace),
        (true, _) => Some(Meta::from_registers(&metadata)?),
        (false, true) => None,
        (false, false) => return Err(RecordError::Metadata("metadata is written once, in the first change")),
    };
    // Everything that automerge expands is now known to be small.
    let change = automerge::Change::from_bytes(bytes.to_vec()).map_err(|_| RecordError::Engine)?;
    let hash = ChangeHash(change.hash().0);
    if hash.0[..4] != checksum || change.len() != keys.len() {
        return Err(RecordError::Malformed("its checksum does not match"));
    }
    let deps = deps.into_iter().map(ChangeHash).collect();
    Ok(Admitted { change, hash, deps, actor, start_op, message, meta, puts: writes })
}

/// Admits changes that travel together, one after the other: what was written to a record before it first left its device. At
/// least one and at most [`CHANGES_TOGETHER`](bounds::CHANGES_TOGETHER), together no longer than one may be.
///
/// # Errors
/// What [`admit`] says of the first that is not admitted. None of them is then.
pub fn admit_all(bytes: &[u8]) -> Result<Vec<Admitted>, RecordError> {
    if bytes.len() > bounds::CHANGE_BYTES {
        let allowed = bounds::CHANGE_BYTES as u64;
        return Err(RecordError::TooLarge { what: "length of a change in bytes", allowed });
    }
    let mut all = Vec::with_capacity(1);
    let mut rest = bytes;
    while all.is_empty() || !rest.is_empty() {
        if all.len() == bounds::CHANGES_TOGETHER {
            let allowed = bounds::CHANGES_TOGETHER as u64;
            return Err(RecordError::TooLarge { what: "changes that travel together", allowed });
        }
        let (one, after) = first(rest)?;
        all.push(admit(one)?);
        rest = after;
    }
    Ok(all)
}

impl Admitted {
    /// The change's name.
    pub fn hash(&self) -> ChangeHash {
        self.hash
    }

    /// The changes it rests on; they must be present before it counts.
    pub fn deps(&self) -> &[ChangeHash] {
        &self.deps
    }

    /// The record's metadata, in a first change.
    pub fn meta(&self) -> Option<&Meta> {
        self.meta.as_ref()
    }

    /// Role and time claimed.
    pub fn hand(&self) -> &Hand {
        &self.message.hand
    }

    /// How many operations it has.
    pub fn operations(&self) -> usize {
        self.change.len()
    }

    /// Why it puts values beside a settlement; `None` when it does not.
    /// What this change says of a cell, whether it is one register or one for each option.
    pub(crate) fn said_of(&self, cell: &CellKey) -> Option<Value> {
        let mut chosen: Option<Vec<String>> = None;
        for put in self.puts.iter().filter(|put| put.cell == *cell) {
            match &put.said {
                Said::Value(value) => return Some(value.clone()),
                Said::Note(text) => return Some(Value::Text(text.clone())),
                Said::Chosen(code, _) => chosen.get_or_insert_default().push(code.clone()),
                Said::Answered | Said::NotChosen(_) => {
                    chosen.get_or_insert_default();
                }
            }
        }
        chosen.map(Value::Many)
    }

    pub(crate) fn disputes(&self) -> Option<&str> {
        (!self.message.disputes.is_empty()).then_some(self.message.reason.as_str())
    }

    /// The bytes that were admitted.
    pub fn bytes(&self) -> &[u8] {
        self.change.raw_bytes()
    }

    /// The greatest operation counter it uses.
    pub(crate) fn last_op(&self) -> u64 {
        self.start_op + self.change.len() as u64 - 1
    }

    /// Whether it says which values it closes.
    pub fn settles(&self) -> bool {
        !self.message.settles.is_empty()
    }
}

impl fmt::Debug for Admitted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Admitted({}, {} operations)", self.hash, self.operations())
    }
}
