//! Devices that come late, are put out, and are accepted after all.

use std::collections::BTreeSet;

use nightjar::{Admission, Options, Tablet};
use nightjar_seal::DeviceTag;

use super::template::{now, tag_in, vault};
use super::unit::{Face, Kind, Unit, key};
use super::world::World;

/// Most devices of a schedule, with copies and late ones.
const DEVICES: usize = 24;

impl World {
    pub(super) fn enrol(&mut self) -> bool {
        let number = self.units.len();
        if number >= DEVICES {
            return false;
        }
        let path = vault(self.folder.path(), number);
        let label = format!("Tablet {number}");
        let options = Options { clock: nightjar::Clock::simulated(now()) };
        let tablet = Tablet::create(&path, &key(), &label, options).expect("a tablet");
        let request = tablet.enrolment_request().expect("its request");
        drop(tablet);
        if let Some(sql) = self.plan.vault_without {
            Unit::tamper(&path, sql);
        }
        let mut unit =
            Unit::new(number, Kind::Tablet, &label, &path, tag_in(&request), now(), self.line.end(number));
        unit.has_joined = false;
        self.units.push(unit);
        let admission = Admission::Tablet { wards: Vec::new() };
        let invitation = self.act(0, 2, |unit| unit.evaluator().admit(&request, admission));
        // What was lost with a crash is asked for again: the same device gets the same invitation.
        let again = |world: &mut Self| {
            world.steward().admit(&request, Admission::Tablet { wards: Vec::new() }).expect("let in")
        };
        let invitation = invitation.unwrap_or_else(|_| again(self));
        self.invited.push((number, invitation));
        true
    }

    pub(super) fn join(&mut self) -> bool {
        let numbers: Vec<_> = (0..self.invited.len()).collect();
        let Some(at) = self.any(&numbers) else { return false };
        let (unit, invitation) = self.invited[at].clone();
        let pack = self.pack.clone();
        if self.one_in(3) {
            // By a bundle of the steward's.
            let file = self.file("bundle");
            if self.act(0, 3, |unit| unit.face().export(&file)).is_err() {
                return false;
            }
            let _ = self.act(unit, 8, |unit| unit.tablet().join_with_bundle(&invitation, &pack, &file));
        } else {
            let _ = self.act(unit, 6, |unit| unit.tablet().join(&invitation, pack));
        }
        self.look_whether_joined(at)
    }

    /// Whether a device that was let in belongs to the study now.
    pub(super) fn look_whether_joined(&mut self, at: usize) -> bool {
        let (unit, _) = self.invited[at];
        let joined = match self.units[unit].face() {
            Face::Tablet(tablet) => tablet.has_joined().unwrap_or(false),
            Face::Evaluator(_) => false,
        };
        if joined {
            self.units[unit].has_joined = true;
            self.invited.remove(at);
        }
        joined
    }

    pub(super) fn revoke(&mut self) -> bool {
        let tablets = |unit: &&Unit| unit.kind == Kind::Tablet && !unit.is_revoked && unit.has_joined;
        let tags: BTreeSet<_> = self.units.iter().filter(tablets).map(|unit| unit.tag).collect();
        let tags: Vec<_> = tags.into_iter().collect();
        // Somebody has to stay.
        if tags.len() < 2 {
            return false;
        }
        let Some(tag) = self.any(&tags) else { return false };
        let _ = self.act(0, 30, |unit| unit.evaluator().put_out(&tag.to_string()));
        self.look_who_is_revoked();
        self.after_taking_in(0);
        self.units.iter().any(|unit| unit.tag == tag && unit.is_revoked)
    }

    pub(super) fn accept(&mut self) -> bool {
        let tags: BTreeSet<_> =
            self.units.iter().filter(|unit| unit.is_revoked).map(|unit| unit.tag).collect();
        let tags: Vec<_> = tags.into_iter().collect();
        let Some(tag) = self.any(&tags) else { return false };
        let done = self.act(0, 6, |unit| unit.evaluator().accept(&tag.to_string()));
        self.look_who_is_revoked();
        self.after_taking_in(0);
        done.is_ok()
    }

    /// Who is put out by the roster that the steward keeps.
    fn look_who_is_revoked(&mut self) {
        let Some(roster) = self.units[0].roster() else { return };
        let out = |tag: &DeviceTag| roster.member(tag).is_some_and(|member| member.revoked.is_some());
        for unit in &mut self.units {
            unit.is_revoked = out(&unit.tag);
        }
    }
}
