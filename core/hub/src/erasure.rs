//! What is taken out leaves the hub, and what somebody with its receipt may ask for.

use nightjar_seal::{Envelope, Kind, RecordTag, Stub};
use nightjar_sync::bounds;
use nightjar_sync::wire::{Recall, Recalled, Sealed};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::database::{Stop, broken};
use crate::log::Place;

/// What is kept of an envelope: all of it, or its stub where its record was taken out. The withdrawals themselves stay: others may
/// still have to hear of them.
pub(crate) fn kept(
    tx: &Transaction<'_>,
    scope: i64,
    envelope: &Envelope,
    bytes: &[u8],
) -> Result<Vec<u8>, Stop> {
    let header = envelope.header();
    let erased = header.kind != Kind::Withdrawal && is_erased(tx, scope, &header.record)?;
    Ok(if erased { Stub::of(envelope).encode() } else { bytes.to_vec() })
}

/// Obeys a withdrawal, which was checked: what came before of its record is overwritten with stubs. How many.
pub(crate) fn obey(tx: &Transaction<'_>, scope: i64, envelope: &Envelope) -> Result<u64, Stop> {
    if envelope.header().kind != Kind::Withdrawal {
        return Ok(0);
    }
    let record = envelope.header().record;
    let new = tx
        .prepare_cached("INSERT OR IGNORE INTO erased (scope, record) VALUES (?1, ?2)")?
        .execute(params![scope, record.0])?;
    if new == 0 {
        return Ok(0);
    }
    let mut held = tx.prepare_cached("SELECT id, bytes FROM log WHERE scope = ?1 AND record = ?2")?;
    let mut overwrite = tx.prepare_cached("UPDATE log SET bytes = ?2 WHERE id = ?1")?;
    let (mut rows, mut erased) = (held.query(params![scope, record.0])?, 0);
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(1)?;
        let envelope = Envelope::decode(&bytes).map_err(|_| broken())?;
        if envelope.header().kind != Kind::Withdrawal {
            overwrite.execute(params![row.get::<_, i64>(0)?, Stub::of(&envelope).encode()])?;
            erased += 1;
        }
    }
    Ok(erased)
}

fn is_erased(tx: &Transaction<'_>, scope: i64, record: &RecordTag) -> Result<bool, Stop> {
    let mut known = tx.prepare_cached("SELECT 1 FROM erased WHERE scope = ?1 AND record = ?2")?;
    Ok(known.exists(params![scope, record.0])?)
}

/// The envelopes of records whose names somebody knows, in the order of the log, as many as fit one reply. The name of a response
/// follows from its receipt and cannot be guessed, so that knowing it is what allows asking.
pub(crate) fn recall(tx: &Transaction<'_>, place: Place, recall: &Recall) -> Result<Recalled, Stop> {
    let scope: Option<i64> = tx
        .prepare_cached("SELECT id FROM scope WHERE study = ?1 AND tag = ?2")?
        .query_row(params![place.study.0, place.scope.0], |row| row.get(0))
        .optional()?;
    let (mut envelopes, mut room) = (Vec::new(), bounds::PUSH_BYTES);
    let Some(scope) = scope else { return Ok(Recalled { envelopes }) };
    let mut held = tx.prepare_cached(
        "SELECT bytes FROM log WHERE scope = ?1 AND record = ?2 ORDER BY sequence LIMIT ?3",
    )?;
    for record in &recall.records {
        let most = bounds::PUSH_LINKS - envelopes.len();
        let mut rows = held.query(params![scope, record.0, most as i64])?;
        while let Some(row) = rows.next()? {
            let bytes: Vec<u8> = row.get(0)?;
            if bytes.len() > room {
                return Ok(Recalled { envelopes });
            }
            room -= bytes.len();
            envelopes.push(Sealed(bytes));
        }
    }
    Ok(Recalled { envelopes })
}
