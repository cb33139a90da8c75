//! What evaluator devices have applied, as they signed it.

use nightjar_seal::{Member, Membership, ScopeTag, StudyTag};
use nightjar_sync::bounds;
use nightjar_sync::wire::{Applied, Message, Reason, Refusal};
use rusqlite::{Transaction, params};

use crate::database::{Stop, broken};
use crate::log;

/// Keeps the newest vector of an evaluator device.
pub(crate) fn publish(
    tx: &Transaction<'_>,
    study: StudyTag,
    scope: ScopeTag,
    member: &Member,
    applied: &Applied,
) -> Result<(), Stop> {
    if member.membership != Membership::Evaluator {
        return Err(
            Refusal::new(Reason::NotGranted, "only evaluator devices say what they have applied").into()
        );
    }
    if applied.scope() != scope || applied.verify(&member.public).is_err() {
        return Err(Refusal::new(Reason::Forged, "the applied vector does not verify").into());
    }
    let scope = log::scope_id(tx, study, scope)?;
    tx.execute(
        "INSERT INTO applied (scope, device, vector) VALUES (?1, ?2, ?3)
         ON CONFLICT (scope, device) DO UPDATE SET vector = excluded.vector",
        params![scope, applied.by().0, applied.encode()],
    )?;
    Ok(())
}

/// The vectors of a scope.
pub(crate) fn of(tx: &Transaction<'_>, scope: i64) -> Result<Vec<Applied>, Stop> {
    let mut rows =
        tx.prepare_cached("SELECT vector FROM applied WHERE scope = ?1 ORDER BY device LIMIT ?2")?;
    let vectors = rows
        .query_map(params![scope, bounds::EVALUATORS as i64], |row| row.get(0))?
        .collect::<Result<Vec<Vec<u8>>, _>>()?;
    vectors.iter().map(|bytes| Applied::decode(bytes).map_err(|_| broken().into())).collect()
}
