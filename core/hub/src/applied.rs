//! What evaluator devices have applied, as they signed it.

use nightjar_seal::{Member, Membership, ScopeTag, StudyTag};
use nightjar_sync::bounds;
use nightjar_sync::wire::{Applied, Message, Reason, Refusal};

use crate::store::{Done, Tx, broken};

/// Keeps the newest vector of an evaluator device.
pub(crate) fn publish(
    tx: &mut dyn Tx,
    study: StudyTag,
    scope: ScopeTag,
    member: &Member,
    applied: &Applied,
) -> Done<()> {
    if member.membership != Membership::Evaluator {
        return Err(
            Refusal::new(Reason::NotGranted, "only evaluator devices say what they have applied").into()
        );
    }
    if applied.scope() != scope || applied.verify(&member.public).is_err() {
        return Err(Refusal::new(Reason::Forged, "the applied vector does not verify").into());
    }
    // Without holding up who writes to its log.
    let scope = match tx.scope(study, scope)? {
        Some(scope) => scope.id,
        None => tx.open_scope(study, scope)?.id,
    };
    tx.keep_applied(scope, &applied.by(), &applied.encode())
}

/// The vectors of a scope.
pub(crate) fn of(tx: &mut dyn Tx, scope: i64) -> Done<Vec<Applied>> {
    let vectors = tx.applied(scope, bounds::EVALUATORS as u64)?;
    vectors.iter().map(|bytes| Applied::decode(bytes).map_err(|_| broken().into())).collect()
}
