//! The packed form of a projected record: one CBOR array with metadata, writers, cells and conflicts.
//!
//! `[ {metadata}, [[change, from, role, at|null, why it disputes|null]], [[key, [[value, writer]]]], [[key, option|null, [[value, writer]]]] ]`
//!
//! A value is an integer, a float, or a text behind a one-letter tag as an array `[tag, text]`; a multi-select is
//! `["s", code, …]`. It is rebuilt from the changes at any time, so it has no version of its own.

use std::collections::BTreeMap;

use minicbor::data::Type;
use minicbor::{Decoder, Encoder};
use nightjar_form::{CellKey, Missing, Value};
use nightjar_record::{Cell, ChangeHash, Conflict, Contributor, Hand, Held, Meta, RecordId, Row};

use crate::error::VaultError;

type Out = Encoder<Vec<u8>>;
type Packed = Result<(), minicbor::encode::Error<std::convert::Infallible>>;

/// Packs a row.
pub(crate) fn pack(row: &Row) -> Result<Vec<u8>, VaultError> {
    let mut out = Encoder::new(Vec::new());
    write(&mut out, row).map_err(|_| VaultError::Corrupt("a projected row"))?;
    Ok(out.into_writer())
}

fn write(out: &mut Out, row: &Row) -> Packed {
    let meta = row.meta.registers();
    out.array(4)?.map(meta.len() as u64)?;
    for (name, value) in &meta {
        out.str(name)?.str(value)?;
    }
    let held = row.cells.iter().flat_map(|c| &c.held).chain(row.conflicts.iter().flat_map(|c| &c.values));
    let writers: BTreeMap<ChangeHash, &Held> = held.map(|held| (held.change, held)).collect();
    let places: BTreeMap<ChangeHash, u64> = writers.keys().copied().zip(0u64..).collect();
    out.array(writers.len() as u64)?;
    for (change, held) in &writers {
        out.array(5)?.bytes(&change.0)?.bytes(&held.from.0)?.str(&held.hand.role)?;
        write_option(out, held.hand.at.as_deref())?;
        write_option(out, held.disputes.as_deref())?;
    }
    out.array(row.cells.len() as u64)?;
    for cell in &row.cells {
        out.array(2)?.str(&cell.key.to_string())?;
        write_held(out, &cell.held, &places)?;
    }
    out.array(row.conflicts.len() as u64)?;
    for conflict in &row.conflicts {
        out.array(3)?.str(&conflict.cell.to_string())?;
        write_option(out, conflict.option.as_deref())?;
        write_held(out, &conflict.values, &places)?;
    }
    Ok(())
}

fn write_option(out: &mut Out, text: Option<&str>) -> Packed {
    match text {
        Some(text) => out.str(text)?.ok(),
        None => out.null()?.ok(),
    }
}

fn write_held(out: &mut Out, held: &[Held], places: &BTreeMap<ChangeHash, u64>) -> Packed {
    out.array(held.len() as u64)?;
    for held in held {
        out.array(2)?;
        write_value(out, &held.value)?;
        out.u64(places.get(&held.change).copied().unwrap_or(0))?;
    }
    Ok(())
}

fn write_value(out: &mut Out, value: &Value) -> Packed {
    let tag = match value {
        Value::Integer(n) => return out.i64(*n)?.ok(),
        Value::Decimal(n) => return out.f64(*n)?.ok(),
        Value::Many(codes) => {
            out.array(codes.len() as u64 + 1)?.str("s")?;
            for code in codes {
                out.str(code)?;
            }
            return Ok(());
        }
        Value::Missing(missing) => return out.array(2)?.str("m")?.str(missing.code())?.ok(),
        Value::Text(_) => "t",
        Value::Date(_) => "d",
        Value::Time(_) => "h",
        Value::DateTime(_) => "w",
        Value::One(_) => "o",
    };
    out.array(2)?.str(tag)?.str(&value.to_text())?.ok()
}

/// Unpacks a row.
pub(crate) fn unpack(record: RecordId, packed: &[u8]) -> Result<Row, VaultError> {
    read(record, packed).ok_or(VaultError::Corrupt("a projected row"))
}

fn read(record: RecordId, packed: &[u8]) -> Option<Row> {
    let mut input = Decoder::new(packed);
    let d = &mut input;
    if array(d)? != 4 {
        return None;
    }
    let names = d.map().ok()??;
    let mut meta = BTreeMap::new();
    for _ in 0..names {
        meta.insert(d.str().ok()?.to_owned(), d.str().ok()?.to_owned());
    }
    let meta = Meta::from_registers(&meta).ok()?;
    let mut writers = Vec::new();
    for _ in 0..array(d)? {
        if array(d)? != 5 {
            return None;
        }
        let change = ChangeHash(d.bytes().ok()?.try_into().ok()?);
        let from = Contributor(d.bytes().ok()?.try_into().ok()?);
        let role = d.str().ok()?.to_owned();
        let hand = Hand { role, at: read_option(d)? };
        writers.push(Held { value: Value::Integer(0), change, from, hand, disputes: read_option(d)? });
    }
    let mut cells = Vec::new();
    for _ in 0..array(d)? {
        array(d)?;
        let key = d.str().ok()?.parse::<CellKey>().ok()?;
        cells.push(Cell { key, held: read_held(d, &writers)? });
    }
    let mut conflicts = Vec::new();
    for _ in 0..array(d)? {
        array(d)?;
        let cell = d.str().ok()?.parse::<CellKey>().ok()?;
        let option = read_option(d)?;
        conflicts.push(Conflict { record, cell, option, values: read_held(d, &writers)? });
    }
    Some(Row { record, meta, cells, conflicts })
}

fn array(d: &mut Decoder<'_>) -> Option<u64> {
    d.array().ok()?
}

fn read_option(d: &mut Decoder<'_>) -> Option<Option<String>> {
    match d.datatype().ok()? {
        Type::Null => d.null().ok().map(|()| None),
        _ => Some(Some(d.str().ok()?.to_owned())),
    }
}

fn read_held(d: &mut Decoder<'_>, writers: &[Held]) -> Option<Vec<Held>> {
    let mut out = Vec::new();
    for _ in 0..array(d)? {
        array(d)?;
        let value = read_value(d)?;
        out.push(Held { value, ..writers.get(d.u64().ok()? as usize)?.clone() });
    }
    Some(out)
}

fn read_value(d: &mut Decoder<'_>) -> Option<Value> {
    match d.datatype().ok()? {
        Type::Array => {}
        Type::F64 => return Some(Value::Decimal(d.f64().ok()?)),
        _ => return Some(Value::Integer(d.i64().ok()?)),
    }
    let len = array(d)?;
    let tag = d.str().ok()?.to_owned();
    if tag == "s" {
        let codes = (1..len).map(|_| Some(d.str().ok()?.to_owned()));
        return codes.collect::<Option<Vec<String>>>().map(Value::Many);
    }
    let text = d.str().ok()?;
    Some(match tag.as_str() {
        "t" => Value::Text(text.to_owned()),
        "o" => Value::One(text.to_owned()),
        "d" => Value::Date(text.parse().ok()?),
        "h" => Value::Time(text.parse().ok()?),
        "w" => Value::DateTime(text.parse().ok()?),
        "m" => Value::Missing(Missing::from_code(text)?),
        _ => return None,
    })
}
