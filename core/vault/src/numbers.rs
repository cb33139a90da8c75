//! How rows are numbered and found. An id is kept in two columns: its first eight bytes as a number, which an index holds in little
//! room and in the order of ids, and the rest.

use nightjar_seal::{Header, ScopeTag};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::error::VaultError;
use crate::journal::fill;
use crate::keep;
use crate::shared;

/// How wide the band is in which own envelopes without a place in the chain have random numbers ([`drawn`]). It begins after all of the
/// scope that have a place, the first at zero; what came from elsewhere counts up from the end of that one.
const BAND_WIDTH: i64 = 1 << 32;
/// Own envelopes with a place, and bands after the first, lie from here on: when something came from elsewhere no number of them tells.
const OWN: i64 = 1 << 48;
/// Where the band of a scope begins: a number of eight bytes, kept beside what is known of the scope at the hub.
const BAND: &str = "numbers";

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

/// A number after all others, of envelopes after all that came from elsewhere.
pub(crate) fn next(c: &Connection, table: Table) -> Result<i64, VaultError> {
    let sql = match table {
        Table::Envelope => "SELECT max(n) FROM envelope WHERE n < ?1",
        Table::Record => "SELECT max(n) FROM record WHERE n < ?1",
    };
    let (first, end) = match table {
        Table::Envelope => (BAND_WIDTH, OWN),
        Table::Record => (1, i64::MAX),
    };
    let last: Option<i64> = c.prepare_cached(sql)?.query_row([end], |row| row.get(0))?;
    Ok(last.map_or(first, |last| first.max(last.saturating_add(1))))
}

/// A number after those of all envelopes: for own ones that get their places anew.
pub(crate) fn after_all(c: &Connection) -> Result<i64, VaultError> {
    let last: Option<i64> =
        c.prepare_cached("SELECT max(n) FROM envelope")?.query_row([], |row| row.get(0))?;
    Ok(last.map_or(OWN, |last| OWN.max(last.saturating_add(1))))
}

/// A number for an own envelope that has no place in the chain yet: any in the band of its scope, or next to one of the same record that
/// waits there, for what changes one record stays together.
pub(crate) fn drawn(t: &Transaction<'_>, header: &Header) -> Result<i64, VaultError> {
    let band = band(t, &header.scope)?.unwrap_or_default();
    let ((begin, rest), scope) = (split(&header.record.0), shared::number(t, header.scope.0)?);
    let sql = "SELECT envelope.n FROM envelope CROSS JOIN outbox ON outbox.n = envelope.n
               WHERE record_begin = ?1 AND record_rest = ?2 AND outbox.scope = ?3 AND chained = 0 AND outbox.state = 0
                     AND envelope.n > ?4 LIMIT 1";
    let beside = t.prepare_cached(sql)?.query_row(params![begin, rest, scope, band], |row| row.get(0));
    let beside: Option<i64> = beside.optional()?;
    let sql = "SELECT EXISTS (SELECT 1 FROM envelope WHERE n = ?1)";
    let mut is_taken = t.prepare_cached(sql)?;
    for step in 1.. {
        let mut bytes = [0; 4];
        fill(&mut bytes)?;
        let random = u32::from_le_bytes(bytes).max(1);
        let n = match beside {
            // The first that is free, on either side.
            Some(n) if random.is_multiple_of(2) && n.saturating_sub(step) > band => n.saturating_sub(step),
            Some(n) => n.saturating_add(step),
            None => band.saturating_add(random.into()),
        };
        if !is_taken.query_row([n], |row| row.get::<_, bool>(0))? {
            return Ok(n);
        }
    }
    Err(VaultError::Corrupt("the numbers of envelopes"))
}

/// Where the band of a scope begins, if something in it has a place.
fn band(c: &Connection, scope: &ScopeTag) -> Result<Option<i64>, VaultError> {
    let kept = keep::cursor(c, scope, BAND)?;
    Ok(kept.and_then(|bytes| Some(i64::from_le_bytes(bytes.try_into().ok()?))))
}

/// Whether these numbers of a scope lie in its band, after all that have a place.
pub(crate) fn are_in_band(
    c: &Connection,
    scope: &ScopeTag,
    numbers: impl IntoIterator<Item = i64>,
) -> Result<bool, VaultError> {
    let begin = match band(c, scope)? {
        Some(begin) => begin,
        // As in a vault from before there were bands.
        None if has_place(c, scope)? => return Ok(false),
        None => 0,
    };
    Ok(numbers.into_iter().all(|n| n > begin))
}

fn has_place(c: &Connection, scope: &ScopeTag) -> Result<bool, VaultError> {
    let Some(scope) = shared::known(c, scope.0)? else { return Ok(false) };
    let sql = "SELECT EXISTS (SELECT 1 FROM outbox WHERE scope = ?1 AND chained = 1)";
    Ok(c.prepare_cached(sql)?.query_row([scope], |row| row.get(0))?)
}

/// All of the scope have a place: the next are drawn after them.
pub(crate) fn begin_band(t: &Transaction<'_>, scope: &ScopeTag) -> Result<(), VaultError> {
    let begin = (after_all(t)? / BAND_WIDTH).saturating_add(1).saturating_mul(BAND_WIDTH);
    keep::keep_cursor(t, scope, BAND, &begin.to_le_bytes())
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
