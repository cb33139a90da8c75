//! The end of a schedule: faults end, and everybody syncs until nobody has anything new.

use std::collections::BTreeSet;

use nightjar::{Admission, Failure};
use nightjar_seal::EnvelopeId;

use super::found::Invariant;
use super::template::now;
use super::unit::Kind;
use super::world::World;

/// Most rounds in which everybody syncs once.
const ROUNDS: usize = 12;

impl World {
    pub(super) fn settle(&mut self) {
        self.end_equivocation();
        self.line.calm();
        self.hub_ends();
        for unit in 0..self.units.len() {
            // Not back to what it was before a jump ahead: time that was believed to have passed may have let bytes leave.
            let at = self.units[unit].clock.now().max(now());
            self.units[unit].clock.set(at);
            self.units[unit].believe();
            self.units[unit].face();
        }
        while !self.invited.is_empty() {
            let (unit, invitation) = self.invited[0].clone();
            // The entry that lets it in may be with the steward alone.
            let _ = self.units[0].face().sync();
            let mut joined = self.units[unit].tablet().join(&invitation, self.pack.clone());
            if matches!(&joined, Err(Failure::Rejected(why)) if why.contains("expired")) {
                // It was made when the steward believed in another time; who asks again gets another.
                let request = self.units[unit].tablet().enrolment_request().expect("its request");
                let admission = Admission::Tablet { wards: Vec::new() };
                let renewed = self.steward().admit(&request, admission).expect("let in already");
                joined = self.units[unit].tablet().join(&renewed, self.pack.clone());
            }
            if let Err(failure) = joined
                && !self.units[unit].is_revoked
            {
                self.broken(Invariant::Settles, format!("device {unit} cannot join: {failure}"));
            }
            if !self.look_whether_joined(0) {
                self.invited.remove(0);
            }
        }
        for round in 0..ROUNDS {
            if self.round() {
                self.found.add("round until all was quiet", round as u64);
                self.settled = true;
                break;
            }
        }
        self.carry_orphans();
        if !self.settled {
            let why = self.why_not();
            self.broken(Invariant::Settles, why);
        }
    }

    /// Who is to have everything in the end: all that joined and were not put out.
    pub(super) fn living(&self) -> Vec<usize> {
        let living = self.units.iter().filter(|unit| unit.has_joined && !unit.is_revoked);
        living.map(|unit| unit.number).collect()
    }

    /// Everybody syncs once. Whether nothing happened.
    fn round(&mut self) -> bool {
        let mut quiet = true;
        for unit in self.living() {
            let entries = self.units[unit].roster_length();
            let done = self.units[unit].face().sync();
            self.tell(|| match &done {
                Ok(view) => format!(
                    "    device {unit} settles: pushed {}, pulled {}, waiting {}, lost {}, refused {:?}, set aside {:?}",
                    view.pushed, view.pulled, view.waiting, view.hub_lost_data, view.refused, view.set_aside
                ),
                Err(failure) => format!("    device {unit} settles: {failure}"),
            });
            match done {
                Ok(view) => {
                    quiet &= view.pushed == 0
                        && view.pulled == 0
                        && view.waiting == 0
                        && !view.hub_lost_data
                        && self.units[unit].roster_length() == entries;
                    // What the hub says at the first meeting may be refused: a chain of another copy.
                    quiet &= view.refused.is_empty();
                }
                Err(_) => quiet = false,
            }
            self.after_taking_in(unit);
        }
        quiet
    }

    fn why_not(&mut self) -> String {
        for unit in self.living() {
            match self.units[unit].face().sync() {
                Ok(view) => {
                    let (waiting, refused) = self.units[unit].waiting();
                    if waiting + refused > 0 || view.pulled > 0 || !view.refused.is_empty() {
                        return format!(
                            "device {unit} has {waiting} waiting and {refused} refused, pulled {}, was told {:?}, lost data {}",
                            view.pulled, view.refused, view.hub_lost_data
                        );
                    }
                }
                Err(failure) => return format!("device {unit} cannot sync: {failure}"),
            }
        }
        "somebody always has something new".into()
    }

    /// What the hub lost after its writer let go of the bytes is with others only, and goes by bundle.
    fn carry_orphans(&mut self) {
        let at_hub: BTreeSet<EnvelopeId> = self.log_of(0).into_iter().map(|(id, ..)| id).collect();
        let living = self.living();
        let mut orphans = BTreeSet::new();
        let mut offered = BTreeSet::new();
        for unit in &living {
            let here = self.units[*unit].envelopes();
            // What its writer let go of, since hub and evaluator had had it for long enough, it cannot offer any more.
            let has_bytes = |id: &EnvelopeId| here.get(id).is_some_and(|stored| stored.has_bytes);
            offered.extend(self.units[*unit].outbox().into_keys().filter(has_bytes));
            for (id, stored) in here {
                if stored.has_bytes && !at_hub.contains(&id) && self.model.wrote.contains_key(&id) {
                    orphans.insert(id);
                }
            }
        }
        // What somebody could still offer has to be there.
        let forgotten = orphans.iter().filter(|id| {
            let withdrawn = self
                .model
                .wrote
                .get(*id)
                .is_some_and(|wrote| self.is_withdrawn_at_hub(&wrote.record, &at_hub));
            offered.contains(*id) && !withdrawn
        });
        let forgotten: Vec<_> = forgotten.copied().collect();
        if let Some(first) = forgotten.first() {
            let with = self.whereabouts(first, &living);
            let what = format!(
                "{} envelopes were not offered to the hub again, such as {first}: {with}",
                forgotten.len()
            );
            self.broken(Invariant::NothingMissing, what);
        }
        if orphans.is_empty() && !self.lacks_good_chain(&living) {
            return;
        }
        self.found.add("envelope carried by bundle in the end", orphans.len() as u64);
        for _ in 0..2 {
            for from in &living {
                let file = self.file("bundle");
                if self.units[*from].face().export(&file).is_err() {
                    continue;
                }
                for to in living.iter().filter(|to| *to != from) {
                    match self.units[*to].face().import(&file) {
                        Ok(view) => {
                            self.tell(|| format!("    device {to} takes in what {from} has: {view:?}"))
                        }
                        Err(failure) => {
                            let why = format!("device {to} cannot take a bundle in: {failure}");
                            self.broken(Invariant::Settles, why);
                        }
                    }
                }
            }
        }
        for unit in living {
            if self.units[unit].kind == Kind::Evaluator {
                let _ = self.units[unit].face().sync();
            }
            self.after_taking_in(unit);
        }
    }

    fn is_withdrawn_at_hub(&self, record: &nightjar_seal::RecordTag, at_hub: &BTreeSet<EnvelopeId>) -> bool {
        self.model
            .wrote
            .iter()
            .any(|(id, wrote)| wrote.withdraws && wrote.record == *record && at_hub.contains(id))
    }
}
