//! A projected record as the table holds it: key columns, and one CBOR array with the rest.
//!
//! `[ [version#, week#|null, part#|null, language#|null, identity, {purpose#: cell#}, {name#: value#}],
//!    [[change, from#, role#, at|null, why it disputes|null]], [[cell#, value, writer, …]], [[cell#, option|null, value, writer, …]] ]`
//!
//! `#` is a number in `shared`; a cell in an instance of a repeat is a text instead. An identity is `[creator#, salt, withdrawal|null]`, or the text of what exists once. A value is an
//! integer, a float, or a text behind a letter that says what it is; a multi-select is an array of codes. A writer is its
//! place in the second array. It is built anew from the changes at any time, so it has no version of its own.
//! Here it is read; [`packing`](crate::packing) writes it.

use std::collections::BTreeMap;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use minicbor::Decoder;
use minicbor::data::Type;
use nightjar_form::{CellKey, Missing, Value};
use nightjar_record::{
    AllHeld, Cell, ChangeHash, Conflict, Contributor, Hand, Held, Identity, Meta, Nature, Origin, Purpose,
    RecordId, Row,
};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use crate::error::VaultError;
use crate::numbers;
use crate::shared::REMEMBERED;

/// What is read of a row, as the first columns of a statement.
pub(crate) const COLUMNS: &str =
    "record.begin, record.rest, record.kind, record.nature, record.instrument, record.ward,
     record.role, record.phase, record.case_label, record.packed";

pub(crate) const DAMAGED: VaultError = VaultError::Corrupt("a projected row");

/// Whether the row with a number is marked as one with a conflict, rightly.
pub(crate) fn says_conflict(c: &Connection, n: i64, row: &Row) -> Result<bool, VaultError> {
    let mut statement = c.prepare_cached("SELECT conflict FROM record WHERE n = ?1")?;
    let mut rows = statement.query([n])?;
    let stored = rows.next()?.and_then(|stored| stored.get::<_, bool>(0).ok());
    Ok(stored == Some(!row.conflicts.is_empty()))
}

/// A value of `shared`.
enum Word {
    Text(String),
    Bytes(Vec<u8>),
}

/// What rows have in common, as it was read. A number in `shared` never gets another value once it is committed, so this may
/// be kept for the next question.
#[derive(Default)]
pub(crate) struct Words {
    words: HashMap<i64, Word>,
    keys: HashMap<i64, CellKey>,
    /// The keys of the row before, in its order: most rows of a form have the same.
    before: Vec<(i64, CellKey)>,
}

impl Words {
    /// The same for the next question, or none when it grew too large.
    pub(crate) fn bounded(self) -> Self {
        if self.words.len() + self.keys.len() + self.before.len() > REMEMBERED {
            Self::default()
        } else {
            self
        }
    }
}

/// Reads rows, and remembers what they have in common.
pub(crate) struct Reader<'c> {
    c: &'c Connection,
    known: &'c mut Words,
}

impl<'c> Reader<'c> {
    /// A reader of committed rows, or with words of its own one of a transaction's.
    pub(crate) fn new(c: &'c Connection, known: &'c mut Words) -> Self {
        Self { c, known }
    }

    /// The row in [`COLUMNS`].
    ///
    /// # Errors
    /// [`VaultError::Corrupt`] for one that does not read.
    pub(crate) fn row(&mut self, row: &rusqlite::Row<'_>) -> Result<Row, VaultError> {
        let record = id(row, 0)?;
        let number = |at| row.get_ref(at).ok().and_then(|value| value.as_i64().ok()).ok_or(DAMAGED);
        let nature = Nature::from_code(self.said(number(3)?)?).ok_or(DAMAGED)?;
        let mut text = |at| self.text(number(at)?);
        let (kind, instrument) = (text(2)?, text(4)?);
        let (ward, role) = (text(5)?, text(6)?);
        let phase = match row.get_ref(7)? {
            ValueRef::Null => None,
            _ => Some(text(7)?),
        };
        let case = row.get_ref(8)?.as_str_or_null().map_err(|_| DAMAGED)?.map(str::to_owned);
        let mut d = Decoder::new(row.get_ref(9)?.as_blob().map_err(|_| DAMAGED)?);
        let d = &mut d;
        exactly(d, 4)?;
        exactly(d, 7)?;
        let meta = Meta {
            kind,
            nature,
            instrument,
            version: self.bytes(d.i64().map_err(damaged)?)?,
            ward,
            role,
            phase,
            week: self.maybe_text(d)?,
            part_of_day: self.maybe_text(d)?,
            language: self.maybe_text(d)?,
            case,
            identity: self.identity(d)?,
            purposes: self.purposes(d)?,
            extra: self.extra(d)?,
        };
        let mut writers = Vec::new();
        for _ in 0..array(d)? {
            exactly(d, 5)?;
            let change = ChangeHash(fixed(d)?);
            let from = Contributor(self.bytes(d.i64().map_err(damaged)?)?);
            let role = self.text(d.i64().map_err(damaged)?)?;
            let hand = Arc::new(Hand { role, at: maybe(d)? });
            writers.push(Held { value: Value::Integer(0), change, from, hand, disputes: maybe(d)? });
        }
        let count = array(d)?;
        let mut cells = Vec::with_capacity(usize::try_from(count).map_or(0, |count| count.min(256)));
        for at in 0..count {
            let len = array(d)?;
            let key = self.key_at(at, d)?;
            cells.push(Cell { key, held: read_held(d, len.saturating_sub(1), &writers)? });
        }
        let mut conflicts = Vec::new();
        for _ in 0..array(d)? {
            let len = array(d)?;
            let cell = self.cell(d)?;
            let option = maybe(d)?;
            let values = read_held(d, len.saturating_sub(2), &writers)?.into_vec();
            conflicts.push(Conflict { record, cell, option, values });
        }
        Ok(Row { record, meta, cells, conflicts })
    }

    fn identity(&mut self, d: &mut Decoder<'_>) -> Result<Identity, VaultError> {
        if d.datatype().map_err(damaged)? == Type::String {
            return Ok(Identity::Once(d.str().map_err(damaged)?.to_owned()));
        }
        exactly(d, 3)?;
        let creator = self.bytes(d.i64().map_err(damaged)?)?;
        let random = fixed(d)?;
        let withdrawal = match d.datatype().map_err(damaged)? {
            Type::Null => d.null().map(|()| None).map_err(damaged)?,
            _ => Some(fixed(d)?),
        };
        Ok(Identity::Given(Origin { withdrawal, creator, random }))
    }

    fn purposes(&mut self, d: &mut Decoder<'_>) -> Result<BTreeMap<Purpose, CellKey>, VaultError> {
        let mut purposes = BTreeMap::new();
        for _ in 0..d.map().map_err(damaged)?.ok_or(DAMAGED)? {
            let purpose = self.said(d.i64().map_err(damaged)?)?;
            let purpose = Purpose::from_code(purpose).ok_or(DAMAGED)?;
            purposes.insert(purpose, self.cell(d)?);
        }
        Ok(purposes)
    }

    fn extra(&mut self, d: &mut Decoder<'_>) -> Result<BTreeMap<String, String>, VaultError> {
        let mut extra = BTreeMap::new();
        for _ in 0..d.map().map_err(damaged)?.ok_or(DAMAGED)? {
            let name = self.text(d.i64().map_err(damaged)?)?;
            extra.insert(name, self.text(d.i64().map_err(damaged)?)?);
        }
        Ok(extra)
    }

    fn word(&mut self, n: i64) -> Result<&Word, VaultError> {
        match self.known.words.entry(n) {
            Entry::Occupied(known) => Ok(known.into_mut()),
            Entry::Vacant(new) => {
                let mut statement = self.c.prepare_cached("SELECT value FROM shared WHERE n = ?1")?;
                let mut rows = statement.query([n])?;
                let row = rows.next()?.ok_or(DAMAGED)?;
                Ok(new.insert(match row.get_ref(0)? {
                    ValueRef::Text(bytes) => {
                        Word::Text(std::str::from_utf8(bytes).map_err(|_| DAMAGED)?.to_owned())
                    }
                    ValueRef::Blob(bytes) => Word::Bytes(bytes.to_vec()),
                    _ => return Err(DAMAGED),
                }))
            }
        }
    }

    fn said(&mut self, n: i64) -> Result<&str, VaultError> {
        match self.word(n)? {
            Word::Text(text) => Ok(text),
            Word::Bytes(_) => Err(DAMAGED),
        }
    }

    fn text(&mut self, n: i64) -> Result<String, VaultError> {
        self.said(n).map(str::to_owned)
    }

    fn maybe_text(&mut self, d: &mut Decoder<'_>) -> Result<Option<String>, VaultError> {
        match d.datatype().map_err(damaged)? {
            Type::Null => d.null().map(|()| None).map_err(damaged),
            _ => self.text(d.i64().map_err(damaged)?).map(Some),
        }
    }

    fn bytes<const N: usize>(&mut self, n: i64) -> Result<[u8; N], VaultError> {
        match self.word(n)? {
            Word::Bytes(bytes) => bytes.as_slice().try_into().map_err(|_| DAMAGED),
            Word::Text(_) => Err(DAMAGED),
        }
    }

    fn cell(&mut self, d: &mut Decoder<'_>) -> Result<CellKey, VaultError> {
        match d.datatype().map_err(damaged)? {
            Type::String => d.str().map_err(damaged)?.parse().map_err(|_| DAMAGED),
            _ => self.key(d.i64().map_err(damaged)?),
        }
    }

    fn key_at(&mut self, at: u64, d: &mut Decoder<'_>) -> Result<CellKey, VaultError> {
        if d.datatype().map_err(damaged)? == Type::String {
            return self.cell(d);
        }
        let n = d.i64().map_err(damaged)?;
        let at = usize::try_from(at).unwrap_or(usize::MAX);
        match self.known.before.get(at) {
            Some((before, key)) if *before == n => return Ok(*key),
            _ => self.known.before.truncate(at),
        }
        let key = self.key(n)?;
        if self.known.before.len() == at {
            self.known.before.push((n, key));
        }
        Ok(key)
    }

    fn key(&mut self, n: i64) -> Result<CellKey, VaultError> {
        if let Some(key) = self.known.keys.get(&n) {
            return Ok(*key);
        }
        let key: CellKey = self.text(n)?.parse().map_err(|_| DAMAGED)?;
        self.known.keys.insert(n, key);
        Ok(key)
    }
}

/// The record's id in the columns `begin` and `rest`, beginning at one.
pub(crate) fn id(row: &rusqlite::Row<'_>, at: usize) -> Result<RecordId, VaultError> {
    let begin = row.get_ref(at)?.as_i64().map_err(|_| DAMAGED)?;
    let rest = row.get_ref(at + 1)?.as_blob().map_err(|_| DAMAGED)?;
    numbers::join(begin, rest).map(RecordId).ok_or(DAMAGED)
}

/// The record of a row.
pub(crate) fn record_of(c: &Connection, n: i64) -> Result<RecordId, VaultError> {
    let mut statement = c.prepare_cached("SELECT begin, rest FROM record WHERE n = ?1")?;
    let mut rows = statement.query([n])?;
    let row = rows.next()?.ok_or(DAMAGED)?;
    id(row, 0)
}

fn damaged(_: minicbor::decode::Error) -> VaultError {
    DAMAGED
}

fn array(d: &mut Decoder<'_>) -> Result<u64, VaultError> {
    d.array().map_err(damaged)?.ok_or(DAMAGED)
}

fn exactly(d: &mut Decoder<'_>, len: u64) -> Result<(), VaultError> {
    if array(d)? == len { Ok(()) } else { Err(DAMAGED) }
}

fn fixed<const N: usize>(d: &mut Decoder<'_>) -> Result<[u8; N], VaultError> {
    d.bytes().map_err(damaged)?.try_into().map_err(|_| DAMAGED)
}

fn maybe(d: &mut Decoder<'_>) -> Result<Option<String>, VaultError> {
    match d.datatype().map_err(damaged)? {
        Type::Null => d.null().map(|()| None).map_err(damaged),
        _ => Ok(Some(d.str().map_err(damaged)?.to_owned())),
    }
}

fn read_held(d: &mut Decoder<'_>, len: u64, writers: &[Held]) -> Result<AllHeld, VaultError> {
    let mut out = AllHeld::new();
    for _ in 0..len / 2 {
        let value = read_value(d)?;
        let writer = usize::try_from(d.u64().map_err(damaged)?).ok().and_then(|at| writers.get(at));
        out.push(Held { value, ..writer.ok_or(DAMAGED)?.clone() });
    }
    Ok(out)
}

fn read_value(d: &mut Decoder<'_>) -> Result<Value, VaultError> {
    match d.datatype().map_err(damaged)? {
        Type::String => {}
        Type::F64 => return d.f64().map(Value::Decimal).map_err(damaged),
        Type::Array => {
            let codes = (0..array(d)?).map(|_| d.str().map(str::to_owned).map_err(damaged));
            return codes.collect::<Result<Vec<_>, _>>().map(Value::Many);
        }
        _ => return d.i64().map(Value::Integer).map_err(damaged),
    }
    let text = d.str().map_err(damaged)?;
    let letter = text.chars().next().ok_or(DAMAGED)?;
    let rest = &text[letter.len_utf8()..];
    Ok(match letter {
        't' => Value::Text(rest.to_owned()),
        'o' => Value::One(rest.to_owned()),
        'd' => Value::Date(rest.parse().map_err(|_| DAMAGED)?),
        'h' => Value::Time(rest.parse().map_err(|_| DAMAGED)?),
        'w' => Value::DateTime(rest.parse().map_err(|_| DAMAGED)?),
        'm' => Value::Missing(Missing::from_code(rest).ok_or(DAMAGED)?),
        _ => return Err(DAMAGED),
    })
}
