//! What is taken out leaves the hub, and what somebody with its receipt may ask for.

use nightjar_seal::{Envelope, Kind, RecordTag, Stub};
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
    for (place, bytes) in tx.of_record(scope, record, MOST)? {
        if Stub::decode(&bytes).is_ok() {
            continue;
        }
        let envelope = Envelope::decode(&bytes).map_err(|_| broken())?;
        if envelope.header().kind != Kind::Withdrawal {
            let stub = Stub::of(&envelope).encode();
            tx.overwrite(scope, place, &stub)?;
            taken_out.envelopes += 1;
            taken_out.bytes += (bytes.len() - stub.len().min(bytes.len())) as u64;
        }
    }
    Ok(taken_out)
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
