//! Bounded decoders of automerge's columns: run-length, delta and boolean. A few bytes may claim a hundred million
//! rows; these stop at the bound, before anything is allocated.

use crate::bounds::CHANGE_OPS;
use crate::error::RecordError;

fn malformed() -> RecordError {
    RecordError::Malformed("a column does not decode")
}

fn too_many() -> RecordError {
    RecordError::TooLarge { what: "operations of a change", allowed: CHANGE_OPS as u64 }
}

/// A cursor over bytes that never reads past their end.
#[derive(Clone)]
pub(crate) struct Bytes<'a>(pub(crate) &'a [u8]);

impl<'a> Bytes<'a> {
    pub(crate) fn take(&mut self, n: u64) -> Result<&'a [u8], RecordError> {
        let n = usize::try_from(n).map_err(|_| malformed())?;
        let (head, tail) = self.0.split_at_checked(n).ok_or_else(malformed)?;
        self.0 = tail;
        Ok(head)
    }

    fn byte(&mut self) -> Result<u8, RecordError> {
        Ok(self.take(1)?[0])
    }

    /// Unsigned LEB128, shortest form only.
    pub(crate) fn unsigned(&mut self) -> Result<u64, RecordError> {
        let mut out = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte > 1 || shift > 0 && byte == 0 {
                return Err(malformed());
            }
            out |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(out);
            }
        }
        Err(malformed())
    }

    /// Signed LEB128.
    pub(crate) fn signed(&mut self) -> Result<i64, RecordError> {
        let mut out = 0i64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            if shift == 63 && byte != 0 && byte != 0x7f {
                return Err(malformed());
            }
            out |= i64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                if shift < 57 && byte & 0x40 != 0 {
                    out |= -1i64 << (shift + 7);
                }
                return Ok(out);
            }
        }
        Err(malformed())
    }
}

/// Decodes a run-length column; `read` reads one value. At most [`CHANGE_OPS`] rows.
fn run_length<'a, T: Clone>(
    bytes: &'a [u8],
    read: impl Fn(&mut Bytes<'a>) -> Result<T, RecordError>,
) -> Result<Vec<Option<T>>, RecordError> {
    let mut input = Bytes(bytes);
    let mut rows = Vec::new();
    while !input.0.is_empty() {
        let count = input.signed()?;
        let (run, literal) = match count {
            0 => (input.unsigned()?, false),
            _ => (count.unsigned_abs(), count < 0),
        };
        if run == 0 {
            return Err(malformed());
        }
        if run > (CHANGE_OPS - rows.len()) as u64 {
            return Err(too_many());
        }
        if literal {
            for _ in 0..run {
                rows.push(Some(read(&mut input)?));
            }
        } else {
            let value = if count == 0 { None } else { Some(read(&mut input)?) };
            rows.extend(std::iter::repeat_n(value, run as usize));
        }
    }
    Ok(rows)
}

/// A run-length column of numbers.
pub(crate) fn numbers(bytes: &[u8]) -> Result<Vec<Option<u64>>, RecordError> {
    run_length(bytes, Bytes::unsigned)
}

/// A run-length column of texts, each at most `longest` bytes.
pub(crate) fn texts(bytes: &[u8], longest: usize) -> Result<Vec<Option<&str>>, RecordError> {
    run_length(bytes, |input| {
        let len = input.unsigned()?;
        if len > longest as u64 {
            return Err(RecordError::too_long_key());
        }
        std::str::from_utf8(input.take(len)?).map_err(|_| malformed())
    })
}

/// A delta column: run-length of differences.
pub(crate) fn deltas(bytes: &[u8]) -> Result<Vec<Option<i64>>, RecordError> {
    let mut at = 0i64;
    let mut rows = run_length(bytes, Bytes::signed)?;
    for row in rows.iter_mut().flatten() {
        at = at.checked_add(*row).ok_or_else(malformed)?;
        *row = at;
    }
    Ok(rows)
}

/// A boolean column of which every row must be false; gives the number of rows.
pub(crate) fn all_false(bytes: &[u8]) -> Result<usize, RecordError> {
    if bytes.is_empty() {
        return Ok(0);
    }
    let mut input = Bytes(bytes);
    let rows = input.unsigned()?;
    if rows > CHANGE_OPS as u64 {
        return Err(too_many());
    }
    if input.0.is_empty() { Ok(rows as usize) } else { Err(RecordError::Malformed("it inserts into a list")) }
}
