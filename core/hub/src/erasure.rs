//! What is taken out leaves the hub, and what somebody with its receipt may ask for.

use nightjar_seal::{Envelope, Erasure, Extent, Kind, RecordTag, Stub, StudyTag};
use nightjar_sync::bounds;
use nightjar_sync::wire::{Recall, Recalled, Sealed};

use crate::log::Place;
use crate::store::{Done, Tx, broken};

/// Most envelopes of one record that are overwritten: as many as a record may have, and more.
const MOST: u64 = 1 << 20;

/// What a withdrawal took out.
#[derive(Default)]
pub(crate) struct TakenOut {
    pub(crate) envelopes: u64,
    /// Bytes that are no longer held.
    pub(crate) bytes: u64,
}

/// Obeys a withdrawal, which was checked: what came before of its record is overwritten with stubs.
pub(crate) fn obey(tx: &mut dyn Tx, scope: i64, record: &RecordTag) -> Done<TakenOut> {
    let mut taken_out = TakenOut::default();
    if !tx.note_erased(scope, record)? {
        return Ok(taken_out);
    }
    taken_out.bytes += tx.drop_chunks(scope, Some(record))?;
    for (sequence, bytes) in tx.of_record(scope, record, MOST)? {
        overwrite(tx, scope, sequence, &bytes, &mut taken_out)?;
    }
    Ok(taken_out)
}

/// Obeys an entry of the roster that takes records out, which was checked with the roster. How many envelopes it took out.
pub(crate) fn obey_roster(tx: &mut dyn Tx, study: StudyTag, erasure: &Erasure) -> Done<u64> {
    let scope = tx.open_scope(study, erasure.scope)?;
    let mut taken_out = TakenOut::default();
    match &erasure.what {
        Extent::Records(records) => {
            for record in records {
                let of_record = obey(tx, scope.id, record)?;
                taken_out.envelopes += of_record.envelopes;
                taken_out.bytes += of_record.bytes;
            }
        }
        Extent::Scope => {
            tx.note_scope_erased(scope.id)?;
            taken_out.bytes += tx.drop_chunks(scope.id, None)?;
            let mut after = 0;
            while after < scope.sequence {
                let rows =
                    tx.log_after(scope.id, after, bounds::PUSH_LINKS as u64, bounds::PUSH_BYTES as u64)?;
                if rows.is_empty() {
                    return Err(broken().into());
                }
                for row in rows {
                    after += 1;
                    overwrite(tx, scope.id, after, &row.bytes, &mut taken_out)?;
                }
            }
        }
    }
    tx.advance(scope.id, scope.sequence, &scope.hash, scope.bytes.saturating_sub(taken_out.bytes))?;
    Ok(taken_out.envelopes)
}

/// Puts the stub of an envelope in its place, unless it is one or says that something was taken out.
fn overwrite(tx: &mut dyn Tx, scope: i64, sequence: u64, bytes: &[u8], taken_out: &mut TakenOut) -> Done<()> {
    if Stub::decode(bytes).is_ok() {
        return Ok(());
    }
    let envelope = Envelope::decode(bytes).map_err(|_| broken())?;
    if envelope.header().kind != Kind::Withdrawal {
        let stub = Stub::of(&envelope).encode();
        tx.overwrite(scope, sequence, &stub)?;
        taken_out.envelopes += 1;
        taken_out.bytes += (bytes.len() - stub.len().min(bytes.len())) as u64;
    }
    Ok(())
}

/// The envelopes of records whose names somebody knows, in the order of the log, as many as fit one reply. The name of a response
/// follows from its receipt and cannot be guessed, so that knowing it is what allows asking.
pub(crate) fn recall(tx: &mut dyn Tx, place: Place, recall: &Recall) -> Done<Recalled> {
    let (mut envelopes, mut room) = (Vec::new(), bounds::PUSH_BYTES);
    let Some(scope) = tx.scope(place.study, place.scope)? else { return Ok(Recalled { envelopes }) };
    for record in &recall.records {
        let most = bounds::PUSH_LINKS - envelopes.len();
        for (_, bytes) in tx.of_record(scope.id, record, most as u64)? {
            if bytes.len() > room {
                return Ok(Recalled { envelopes });
            }
            room -= bytes.len();
            envelopes.push(Sealed(bytes));
        }
    }
    Ok(Recalled { envelopes })
}
