//! Registers: how cells and their values are written into a record's flat root map.
//!
//! | key | holds |
//! |---|---|
//! | `~name` | metadata, a text; written only by a first change |
//! | `item` or `instance/item` | the cell: see the scalars below |
//! | cell`+`option | one option of a multi-select; an option longer than 24 bytes or with unusual characters is named `#` and 16 base32 characters of its hash |
//!
//! Scalars explain themselves: a whole number is an automerge integer, a decimal an automerge float; all else is a text
//! whose first character says what it is:
//! `t` text, `n` text of a note, `d` date, `h` time of day, `w` date and time, `o` the code of one choice, `m` a missing code,
//! `s` a multi-select was answered (a nonce follows, so that every answer of it touches the register and a concurrent
//! missing code is seen as a conflict), `+n code` option chosen at place n, `-code` option not chosen.

use std::collections::BTreeMap;

use nightjar_form::{CellKey, Instrument, ItemKey, ItemKind, Missing, Value};

use crate::bounds;
use crate::error::RecordError;
use crate::meta::RESERVED;

/// The choices of an instrument's multi-selects: needed to write facts, where "not chosen" must be said as plainly as
/// "chosen" for two tablets to differ about it. And which of its texts are notes.
pub type Options = BTreeMap<ItemKey, Choices>;

/// The choices of one multi-select, or that a text is a note.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Choices {
    /// Codes in list order.
    pub codes: Vec<String>,
    /// Whether the order in which they are given is part of the answer.
    pub ranked: bool,
    /// Whether it is a text that several people write at once: joined by letters, never a conflict.
    pub note: bool,
}

/// What a workbook's `nightjar::purpose` column says of a note.
const NOTE: &str = "note";

/// The choices of every multi-select and ranking of an instrument, and its notes: texts whose `nightjar::purpose` is `note`.
pub fn options_of(instrument: &Instrument) -> Options {
    let listed = instrument.items().iter().filter_map(|item| {
        let choices = match item.kind() {
            ItemKind::SelectMultiple | ItemKind::Rank => Choices {
                codes: item.choices().iter().map(|c| c.code().to_owned()).collect(),
                ranked: item.kind() == ItemKind::Rank,
                note: false,
            },
            ItemKind::Text if item.extra("nightjar::purpose") == Some(NOTE) => {
                Choices { note: true, ..Choices::default() }
            }
            _ => return None,
        };
        Some((item.key(), choices))
    });
    listed.collect()
}

/// A scalar in a register.
#[derive(Clone, PartialEq, PartialOrd)]
pub(crate) enum Scalar {
    Int(i64),
    Float(f64),
    Text(String),
}

/// What a register's key names.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Register {
    Meta,
    Cell(CellKey),
    Option(CellKey),
}

/// What one register says.
#[derive(Clone, PartialEq)]
pub(crate) enum Said {
    /// A plain value.
    Value(Value),
    /// The text of a note.
    Note(String),
    /// A multi-select was answered; its options say how.
    Answered,
    /// An option was chosen, at this place.
    Chosen(String, u32),
    /// An option was not chosen.
    NotChosen(String),
}

impl Register {
    pub(crate) fn parse(key: &str) -> Result<Self, RecordError> {
        let bad =
            |problem| RecordError::Register { key: key.chars().take(bounds::KEY_BYTES).collect(), problem };
        if key.len() > bounds::KEY_BYTES {
            return Err(RecordError::too_long_key());
        }
        if key.starts_with(RESERVED) {
            return Ok(Self::Meta);
        }
        match key.split_once('+') {
            None => Ok(Self::Cell(key.parse().map_err(|_| bad("not an item key"))?)),
            Some((cell, option)) if !option.is_empty() => {
                Ok(Self::Option(cell.parse().map_err(|_| bad("not an item key"))?))
            }
            Some(_) => Err(bad("an option without a name")),
        }
    }
}

/// The key of an option's register.
pub(crate) fn option_key(cell: &CellKey, code: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    if code.len() <= 24 && !code.is_empty() && code.bytes().all(plain) {
        format!("{cell}+{code}")
    } else {
        let hash = blake3::hash(code.as_bytes());
        let name = data_encoding::BASE32_NOPAD.encode(&hash.as_bytes()[..10]).to_ascii_lowercase();
        format!("{cell}+#{name}")
    }
}

impl Said {
    /// Reads a scalar of this register; anything that we would have written otherwise is refused.
    pub(crate) fn read(key: &str, register: &Register, scalar: &Scalar) -> Result<Self, RecordError> {
        let bad = |problem| RecordError::Register { key: key.to_owned(), problem };
        let said = match (register, scalar) {
            (Register::Meta, _) => return Err(bad("metadata is no value")),
            (Register::Cell(_), Scalar::Int(n)) => Self::Value(Value::Integer(*n)),
            (Register::Cell(_), Scalar::Float(n)) if n.is_finite() => Self::Value(Value::Decimal(*n)),
            (Register::Cell(_), Scalar::Float(_)) => return Err(bad("not a finite number")),
            (_, Scalar::Text(text)) if text.len() > bounds::TEXT_BYTES => {
                return Err(RecordError::too_long_text());
            }
            (Register::Cell(_), Scalar::Text(text)) => {
                read_cell(text).ok_or_else(|| bad("not a value of ours"))?
            }
            (Register::Option(cell), Scalar::Text(text)) => {
                let said = read_option(text).ok_or_else(|| bad("not an option of ours"))?;
                let (Self::Chosen(code, _) | Self::NotChosen(code)) = &said else {
                    return Err(bad("not an option of ours"));
                };
                if option_key(cell, code) != key {
                    return Err(bad("the option is not the one its key names"));
                }
                said
            }
            (Register::Option(_), _) => return Err(bad("not an option of ours")),
        };
        Ok(said)
    }
}

fn read_cell(text: &str) -> Option<Said> {
    let kind = text.chars().next()?;
    let rest = &text[kind.len_utf8()..];
    let value = match kind {
        't' if !rest.is_empty() => Value::Text(rest.to_owned()),
        'd' => Value::Date(rest.parse().ok()?),
        'h' => Value::Time(rest.parse().ok()?),
        'w' => Value::DateTime(rest.parse().ok()?),
        'o' if !rest.is_empty() => Value::One(rest.to_owned()),
        'm' => Value::Missing(Missing::from_code(rest)?),
        'n' => return (!rest.is_empty()).then(|| Said::Note(rest.to_owned())),
        's' if rest.len() == 8 && rest.bytes().all(|b| b.is_ascii_hexdigit()) => return Some(Said::Answered),
        _ => return None,
    };
    // Only what we write ourselves: dates have one spelling.
    matches!(plain(&value), Some(Scalar::Text(ours)) if ours == text).then_some(Said::Value(value))
}

fn read_option(text: &str) -> Option<Said> {
    if let Some(code) = text.strip_prefix('-') {
        return (!code.is_empty()).then(|| Said::NotChosen(code.to_owned()));
    }
    let (place, code) = text.strip_prefix('+')?.split_once(' ')?;
    let number: u32 = place.parse().ok()?;
    (number.to_string() == place && !code.is_empty()).then(|| Said::Chosen(code.to_owned(), number))
}

/// The scalar of a plain value; `None` for a multi-select.
fn plain(value: &Value) -> Option<Scalar> {
    Some(match value {
        Value::Integer(n) => Scalar::Int(*n),
        Value::Decimal(n) => Scalar::Float(*n),
        Value::Text(text) => Scalar::Text(format!("t{text}")),
        Value::Date(date) => Scalar::Text(format!("d{date}")),
        Value::Time(time) => Scalar::Text(format!("h{time}")),
        Value::DateTime(at) => Scalar::Text(format!("w{at}")),
        Value::One(code) => Scalar::Text(format!("o{code}")),
        Value::Missing(missing) => Scalar::Text(format!("m{}", missing.code())),
        Value::Many(_) => return None,
    })
}

/// The registers that say this value in this cell. `listed` is the choice list of a multi-select where it is known;
/// `nonce` makes every answer of a multi-select touch its cell register.
pub(crate) fn write(
    cell: &CellKey,
    value: &Value,
    listed: Option<&Choices>,
    nonce: [u8; 4],
) -> Result<Vec<(String, Scalar)>, RecordError> {
    let key = cell.to_string();
    let bad = |problem| RecordError::Register { key: cell.to_string(), problem };
    let Value::Many(codes) = value else {
        let scalar = match value {
            Value::Text(text) if listed.is_some_and(|choices| choices.note) => {
                Scalar::Text(format!("n{text}"))
            }
            value => plain(value).ok_or_else(|| bad("not a plain value"))?,
        };
        match &scalar {
            Scalar::Text(text) if text.len() > bounds::TEXT_BYTES => return Err(RecordError::too_long_text()),
            Scalar::Text(text) if text.len() < 2 => return Err(bad("an empty text")),
            Scalar::Float(n) if !n.is_finite() => return Err(bad("not a finite number")),
            _ => return Ok(vec![(key, scalar)]),
        }
    };
    let mut out = vec![(key, Scalar::Text(format!("s{}", data_encoding::HEXLOWER.encode(&nonce))))];
    let mut options = BTreeMap::new();
    for code in listed.into_iter().flat_map(|choices| &choices.codes) {
        options.insert(option_key(cell, code), Scalar::Text(format!("-{code}")));
    }
    for (given, code) in codes.iter().enumerate() {
        // Two writers who choose the same options must say the same: unless ranked, the place is the list's.
        let in_list =
            listed.filter(|c| !c.ranked).and_then(|c| c.codes.iter().position(|listed| listed == code));
        let place = in_list.unwrap_or(given);
        if code.is_empty() || code.len() > bounds::META_BYTES {
            return Err(bad("an option's code is empty or too long"));
        }
        options.insert(option_key(cell, code), Scalar::Text(format!("+{place} {code}")));
    }
    out.extend(options);
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn values() -> impl Strategy<Value = Value> {
        prop_oneof![
            "[^\u{0}]{1,40}".prop_map(Value::Text),
            any::<i64>().prop_map(Value::Integer),
            any::<f64>().prop_filter("finite", |n| n.is_finite()).prop_map(Value::Decimal),
            "[a-z0-9_]{1,12}".prop_map(Value::One),
            (0..6usize).prop_map(|i| Value::Missing(Missing::ALL[i])),
            (1990i16..2100, 1i8..=12, 1i8..=28).prop_map(|(y, m, d)| Value::Date(jiff::civil::date(y, m, d))),
            (0i8..24, 0i8..60, 0i8..60).prop_map(|(h, m, s)| Value::Time(jiff::civil::time(h, m, s, 0))),
        ]
    }

    proptest! {
        #[test]
        fn a_value_reads_back_from_its_register(value in values()) {
            let cell = CellKey::from(ItemKey::of("slept"));
            let written = write(&cell, &value, None, [0; 4]).unwrap();
            let (key, scalar) = &written[0];
            let read = Said::read(key, &Register::parse(key).unwrap(), scalar).unwrap();
            prop_assert!(read == Said::Value(value));
        }

        #[test]
        fn any_option_has_a_short_key_of_its_own(a in "\\PC{1,60}", b in "\\PC{1,60}") {
            let cell = CellKey::from(ItemKey::of("woke"));
            prop_assert!(option_key(&cell, &a).len() <= bounds::KEY_BYTES);
            prop_assert_eq!(a == b, option_key(&cell, &a) == option_key(&cell, &b));
        }
    }
}
