//! What devices have confirmed to be taken out, and the day on which each last spoke.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use nightjar_seal::{DeviceTag, Member, Roster, ScopeTag, StudyTag};
use nightjar_sync::bounds;
use nightjar_sync::wire::{Confirmation, Confirmed, ConfirmedAsk, Message, Reason, Refusal, Spoke};

use crate::store::{Done, Store, Tx, broken};

/// Seconds of a day.
const DAY: u64 = 24 * 60 * 60;

/// The day on which each device was noted last, so that it is written once a day.
#[derive(Default)]
pub(crate) struct Contacts(Mutex<HashMap<(StudyTag, DeviceTag), u64>>);

impl Contacts {
    /// Notes that a device spoke. Where the database has no room the next request tries again: nothing else hangs on it.
    pub(crate) fn note(&self, study: StudyTag, device: DeviceTag, now: u64, store: &Store) {
        let day = now / DAY;
        let known = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if known().get(&(study, device)) == Some(&day) {
            return;
        }
        if store.write(|tx| tx.note_contact(study, &device, day)).is_ok() {
            known().insert((study, device), day);
        }
    }
}

/// Keeps the newest confirmation of a device.
pub(crate) fn publish(
    tx: &mut dyn Tx,
    study: StudyTag,
    scope: ScopeTag,
    member: &Member,
    confirmation: &Confirmation,
) -> Done<()> {
    if confirmation.scope() != scope || confirmation.verify(&member.public).is_err() {
        return Err(Refusal::new(Reason::Forged, "the confirmation does not verify").into());
    }
    let scope = match tx.scope(study, scope)? {
        Some(scope) => scope.id,
        None => tx.open_scope(study, scope)?.id,
    };
    tx.keep_confirmation(scope, &confirmation.by(), &confirmation.encode())
}

/// The devices of a roster after one, with what they have confirmed in a scope, as many as fit one reply.
pub(crate) fn of(
    tx: &mut dyn Tx,
    study: StudyTag,
    scope: ScopeTag,
    roster: &Roster,
    ask: &ConfirmedAsk,
) -> Done<Confirmed> {
    let scope = tx.scope(study, scope)?.map(|scope| scope.id);
    let days = tx.contacts(study)?;
    let (mut devices, mut room) = (Vec::new(), bounds::PUSH_BYTES);
    for device in roster.members().keys().filter(|device| ask.after.is_none_or(|after| **device > after)) {
        let kept = match scope {
            Some(scope) => tx.confirmation(scope, device)?,
            None => None,
        };
        let size = kept.as_ref().map_or(0, Vec::len) + 64;
        if devices.len() == bounds::DEVICES || (size > room && !devices.is_empty()) {
            return Ok(Confirmed { devices, more: true });
        }
        room = room.saturating_sub(size);
        let confirmation =
            kept.map(|bytes| Confirmation::decode(&bytes)).transpose().map_err(|_| broken())?;
        devices.push(Spoke { device: *device, day: days.get(device).copied().unwrap_or(0), confirmation });
    }
    Ok(Confirmed { devices, more: false })
}
