//! A projected row as it is written, in the form that [`rows`](crate::rows) tells of: worked out from the row and the numbers of what rows have
//! in common, then stored.

use std::collections::BTreeMap;

use minicbor::Encoder;
use nightjar_form::{CellKey, Value};
use nightjar_record::{ChangeHash, Held, Identity, Origin, RecordId, Row};
use nightjar_seal::RecordTag;
use rusqlite::{Transaction, params};

use crate::error::VaultError;
use crate::numbers::{self, Table};
use crate::rows::DAMAGED;
use crate::shared::{Common, Numbers};

/// A row, packed.
pub(crate) struct Packed {
    pub(crate) record: RecordId,
    /// Kind, nature, instrument, ward and role.
    described: [i64; 5],
    phase: Option<i64>,
    case: Option<String>,
    conflict: bool,
    bytes: Vec<u8>,
}

impl Packed {
    pub(crate) fn of(row: &Row, numbers: &mut dyn Numbers) -> Result<Self, VaultError> {
        let Row { record, meta, conflicts, .. } = row;
        let bytes = pack(row, numbers)?;
        let mut number = |text: &str| numbers.of(text.into());
        Ok(Self {
            record: *record,
            described: [
                number(&meta.kind)?,
                number(meta.nature.code())?,
                number(&meta.instrument)?,
                number(&meta.ward)?,
                number(&meta.role)?,
            ],
            phase: meta.phase.as_deref().map(number).transpose()?,
            case: meta.case.clone(),
            conflict: !conflicts.is_empty(),
            bytes,
        })
    }

    /// Stores it in place of the row that its record had; gives the number of that.
    pub(crate) fn store(&self, t: &Transaction<'_>, tag: &RecordTag) -> Result<i64, VaultError> {
        let Self { record, described: [kind, nature, instrument, ward, role], phase, case, conflict, bytes } =
            self;
        // Not one statement that does either: it would open a savepoint, at which the index of words is written out each time.
        let (n, sql) = match numbers::of(t, Table::Record, &record.0)? {
            Some(n) => (
                n,
                "UPDATE record SET begin = ?2, rest = ?3, tag = ?4, kind = ?5, nature = ?6, instrument = ?7, ward = ?8, role = ?9,
                                   phase = ?10, case_label = ?11, conflict = ?12, packed = ?13
                 WHERE n = ?1",
            ),
            None => (
                numbers::next(t, Table::Record)?,
                "INSERT INTO record
                   (n, begin, rest, tag, kind, nature, instrument, ward, role, phase, case_label, conflict, packed)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
            ),
        };
        let (begin, rest) = numbers::split(&record.0);
        let tag = (tag.0 != record.0).then_some(tag.0);
        let row =
            params![n, begin, rest, tag, kind, nature, instrument, ward, role, phase, case, conflict, bytes];
        t.prepare_cached(sql)?.execute(row)?;
        Ok(n)
    }
}

struct Out<'a> {
    numbers: &'a mut dyn Numbers,
    cbor: Encoder<Vec<u8>>,
}

impl Out<'_> {
    fn shared<'v>(&mut self, value: impl Into<Common<'v>>) -> Result<(), VaultError> {
        let n = self.numbers.of(value.into())?;
        self.cbor.i64(n)?;
        Ok(())
    }

    /// An item's key is that of its form; one in an instance of a repeat is its record's own.
    fn cell(&mut self, key: &CellKey) -> Result<(), VaultError> {
        match key.instance {
            None => self.shared(key.to_string().as_str()),
            Some(_) => self.text(Some(&key.to_string())),
        }
    }

    fn maybe_shared(&mut self, text: Option<&str>) -> Result<(), VaultError> {
        match text {
            Some(text) => self.shared(text),
            None => self.text(None),
        }
    }

    fn text(&mut self, text: Option<&str>) -> Result<(), VaultError> {
        match text {
            Some(text) => self.cbor.str(text)?,
            None => self.cbor.null()?,
        };
        Ok(())
    }

    fn held(&mut self, held: &[Held], places: &BTreeMap<ChangeHash, u64>) -> Result<(), VaultError> {
        for held in held {
            self.value(&held.value)?;
            self.cbor.u64(places.get(&held.change).copied().unwrap_or(0))?;
        }
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Result<(), VaultError> {
        let letter = match value {
            Value::Integer(n) => {
                self.cbor.i64(*n)?;
                return Ok(());
            }
            Value::Decimal(n) => {
                self.cbor.f64(*n)?;
                return Ok(());
            }
            Value::Many(codes) => {
                self.cbor.array(codes.len() as u64)?;
                return codes.iter().try_for_each(|code| self.text(Some(code)));
            }
            Value::Missing(missing) => return self.text(Some(&format!("m{}", missing.code()))),
            Value::Text(_) => 't',
            Value::Date(_) => 'd',
            Value::Time(_) => 'h',
            Value::DateTime(_) => 'w',
            Value::One(_) => 'o',
        };
        self.text(Some(&format!("{letter}{}", value.to_text())))
    }
}

fn pack(row: &Row, numbers: &mut dyn Numbers) -> Result<Vec<u8>, VaultError> {
    let mut out = Out { numbers, cbor: Encoder::new(Vec::new()) };
    let Row { meta, cells, conflicts, .. } = row;
    out.cbor.array(4)?.array(7)?;
    out.shared(&meta.version[..])?;
    out.maybe_shared(meta.week.as_deref())?;
    out.maybe_shared(meta.part_of_day.as_deref())?;
    out.maybe_shared(meta.language.as_deref())?;
    match &meta.identity {
        Identity::Given(Origin { withdrawal, creator, random }) => {
            out.cbor.array(3)?;
            out.shared(&creator[..])?;
            out.cbor.bytes(random)?;
            match withdrawal {
                Some(withdrawal) => out.cbor.bytes(withdrawal)?,
                None => out.cbor.null()?,
            };
        }
        Identity::Once(natural) => out.text(Some(natural))?,
    }
    out.cbor.map(meta.purposes.len() as u64)?;
    for (purpose, cell) in &meta.purposes {
        out.shared(purpose.code())?;
        out.cell(cell)?;
    }
    out.cbor.map(meta.extra.len() as u64)?;
    for (name, value) in &meta.extra {
        out.shared(name.as_str())?;
        out.shared(value.as_str())?;
    }
    let held = cells.iter().flat_map(|c| &c.held).chain(conflicts.iter().flat_map(|c| &c.values));
    let writers: BTreeMap<ChangeHash, &Held> = held.map(|held| (held.change, held)).collect();
    let places: BTreeMap<ChangeHash, u64> = writers.keys().copied().zip(0u64..).collect();
    out.cbor.array(writers.len() as u64)?;
    for (change, held) in &writers {
        out.cbor.array(5)?.bytes(&change.0)?;
        out.shared(&held.from.0[..])?;
        out.shared(held.hand.role.as_str())?;
        out.text(held.hand.at.as_deref())?;
        out.text(held.disputes.as_deref())?;
    }
    out.cbor.array(cells.len() as u64)?;
    for cell in cells {
        out.cbor.array(1 + 2 * cell.held.len() as u64)?;
        out.cell(&cell.key)?;
        out.held(&cell.held, &places)?;
    }
    out.cbor.array(conflicts.len() as u64)?;
    for conflict in conflicts {
        out.cbor.array(2 + 2 * conflict.values.len() as u64)?;
        out.cell(&conflict.cell)?;
        out.text(conflict.option.as_deref())?;
        out.held(&conflict.values, &places)?;
    }
    Ok(out.cbor.into_writer())
}

impl From<minicbor::encode::Error<std::convert::Infallible>> for VaultError {
    fn from(_: minicbor::encode::Error<std::convert::Infallible>) -> Self {
        DAMAGED
    }
}
