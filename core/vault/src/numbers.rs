//! How rows are numbered and found. An id is kept in two columns: its first eight bytes as a number, which an index holds in little
//! room and in the order of ids, and the rest.

use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::error::VaultError;
use crate::journal::fill;

/// Own envelopes without a place in the chain have random numbers below this; all others count up from it, so that their rows
/// fill their pages.
const FIRST: i64 = 1 << 32;

/// An id in two.
pub(crate) fn split(id: &[u8]) -> (i64, &[u8]) {
    let (begin, rest) = id.split_at(id.len().min(8));
    let mut number = [0; 8];
    for (to, from) in number.iter_mut().zip(begin) {
        *to = *from;
    }
    // From the smallest number up, as ids from the smallest byte up.
    ((u64::from_be_bytes(number) ^ (1 << 63)).cast_signed(), rest)
}

/// An id of N bytes from its two columns.
pub(crate) fn join<const N: usize>(begin: i64, rest: &[u8]) -> Option<[u8; N]> {
    let begin = (begin.cast_unsigned() ^ (1 << 63)).to_be_bytes();
    [&begin[..], rest].concat().try_into().ok()
}

/// A table whose rows have ids in two columns.
#[derive(Clone, Copy)]
pub(crate) enum Table {
    Envelope,
    Record,
}

/// The number of the row of an id.
pub(crate) fn of(c: &Connection, table: Table, id: &[u8]) -> Result<Option<i64>, VaultError> {
    let sql = match table {
        Table::Envelope => "SELECT n FROM envelope WHERE begin = ?1 AND rest = ?2",
        Table::Record => "SELECT n FROM record WHERE begin = ?1 AND rest = ?2",
    };
    let (begin, rest) = split(id);
    Ok(c.prepare_cached(sql)?.query_row(params![begin, rest], |row| row.get(0)).optional()?)
}

/// A number after all others.
pub(crate) fn next(c: &Connection, table: Table) -> Result<i64, VaultError> {
    let sql = match table {
        Table::Envelope => "SELECT max(n) FROM envelope",
        Table::Record => "SELECT max(n) FROM record",
    };
    let last: Option<i64> = c.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
    let first = match table {
        Table::Envelope => FIRST,
        Table::Record => 1,
    };
    Ok(last.map_or(first, |last| first.max(last.saturating_add(1))))
}

/// A number for an own envelope that has no place in the chain yet.
pub(crate) fn drawn(t: &Transaction<'_>) -> Result<i64, VaultError> {
    loop {
        let mut bytes = [0; 4];
        fill(&mut bytes)?;
        let n = i64::from(u32::from_le_bytes(bytes).max(1));
        let sql = "SELECT EXISTS (SELECT 1 FROM envelope WHERE n = ?1)";
        if !t.prepare_cached(sql)?.query_row([n], |row| row.get::<_, bool>(0))? {
            return Ok(n);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn ids_come_back_and_keep_their_order(a: [u8; 16], b: [u8; 16]) {
            let ((begin_a, rest_a), (begin_b, rest_b)) = (split(&a), split(&b));
            prop_assert_eq!(join::<16>(begin_a, rest_a), Some(a));
            prop_assert_eq!((begin_a, rest_a).cmp(&(begin_b, rest_b)), a.cmp(&b));
        }
    }
}
