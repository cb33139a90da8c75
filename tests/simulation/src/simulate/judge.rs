//! What has to hold: some of it after each step, the rest when everything was let settle.

use std::collections::{BTreeMap, BTreeSet};

use nightjar::RecordView;
use nightjar_seal::{DeviceTag, EnvelopeId, RecordTag, ScopeTag, Strand};

use super::found::Invariant;
use super::line::sings;
use super::model::Verdict;
use super::pack::{CELLS, FACT, SAY, TICK};
use super::unit::{Kind, Stored, state, with};
use super::world::{Logged, World};

impl World {
    /// After a step: of what a device heard was taken out nothing is left there.
    pub(super) fn stays_erased(&mut self, unit: usize) {
        let heard = self.units[unit].heard_withdrawn();
        let remains = self.units[unit].remains(&heard);
        self.holds(remains == 0, Invariant::StaysErased, || {
            format!("{remains} pieces of what was taken out are on device {unit}")
        });
    }

    /// After a step: what the hub's log holds up to a device's cursor is in its vault.
    pub(super) fn cursor_skips_nothing(&mut self, unit: usize) {
        if !self.units[unit].has_joined {
            return;
        }
        let face = self.line.inner().sees.get(&unit).copied().unwrap_or_default();
        let log = self.log_of(face);
        let scopes = match self.units[unit].kind {
            Kind::Evaluator => vec![self.responses, self.ward],
            Kind::Tablet => vec![self.ward],
        };
        let here = self.units[unit].envelopes();
        let unproven = self.units[unit].unproven();
        let mut skipped = 0;
        for scope in scopes {
            let Some(mark) = self.units[unit].pulled(&scope) else { continue };
            if !self.is_of_hub(face, &scope, &mark) {
                continue;
            }
            let before =
                log.iter().filter(|(_, _, of, sequence, _)| *of == scope.0 && *sequence <= mark.sequence);
            // Bytes of a fork are kept as nobody's.
            let lacks = |(id, .., hash): &&Logged| !here.contains_key(id) && !unproven.contains(hash);
            skipped += before.filter(lacks).count();
        }
        self.holds(skipped == 0, Invariant::CursorSkipsNothing, || {
            format!("{skipped} envelopes before the cursor of device {unit} are not there")
        });
    }

    /// Whether a mark is of the log as it is there now.
    fn is_of_hub(&self, face: usize, scope: &ScopeTag, mark: &nightjar_sync::wire::Mark) -> bool {
        let file = self.line.inner().faces[face].file();
        let database = rusqlite::Connection::open(file).expect("the hub's database");
        let sql = "SELECT count(*) FROM log JOIN scope ON scope.id = log.scope, hub
                   WHERE scope.tag = ?1 AND log.at % (1 << 40) = ?2 AND log.hash = ?3 AND hub.incarnation = ?4";
        let values = rusqlite::params![scope.0, mark.sequence, mark.hash, mark.incarnation.0];
        database.query_row(sql, values, |row| row.get::<_, i64>(0)).is_ok_and(|count| count > 0)
    }

    /// After a step: nothing counts that a device wrote beyond its last good place, by the roster known there.
    pub(super) fn revoked_adds_nothing(&mut self, unit: usize) {
        if !self.units.iter().any(|unit| unit.is_revoked) || !self.units[unit].has_joined {
            return;
        }
        let good = self.good_by(unit);
        let counts = |stored: &Stored| stored.state == state::APPLIED && stored.kind != 2;
        let beyond: Vec<EnvelopeId> = self.units[unit]
            .envelopes()
            .into_iter()
            .filter(|(id, stored)| counts(stored) && !good(id, &DeviceTag(stored.device)))
            .map(|(id, _)| id)
            .collect();
        // On the device itself, and where it was asked for by its receipt, nothing is judged.
        let tag = self.units[unit].tag;
        let beyond =
            beyond.iter().filter(|id| self.model.wrote.get(*id).is_some_and(|wrote| wrote.device != tag));
        let beyond = beyond.count();
        self.holds(beyond == 0, Invariant::RevokedAddsNothing, || {
            format!("{beyond} envelopes beyond a last good place count on device {unit}")
        });
    }

    /// Everything, when all was let settle.
    pub(super) fn judge(&mut self) {
        let living = self.living();
        let log = self.log_of(0);
        self.judge_hub(&log);
        let mut here: BTreeMap<usize, BTreeMap<EnvelopeId, Stored>> = BTreeMap::new();
        for unit in 0..self.units.len() {
            if !self.units[unit].has_joined {
                continue;
            }
            let envelopes = self.units[unit].envelopes();
            let rows = self.units[unit].count();
            self.holds(rows == envelopes.len(), Invariant::NothingDoubled, || {
                format!("device {unit} has {rows} rows of {} envelopes", envelopes.len())
            });
            here.insert(unit, envelopes);
        }
        let at_hub: BTreeSet<_> = log.iter().map(|(id, ..)| *id).collect();
        let with_the_living = |id: &EnvelopeId| living.iter().any(|unit| here[unit].contains_key(id));
        let withdrawn: BTreeSet<RecordTag> = self
            .model
            .wrote
            .iter()
            .filter(|(id, wrote)| wrote.withdraws && (at_hub.contains(*id) || with_the_living(id)))
            .map(|(_, wrote)| wrote.record)
            .collect();
        self.nothing_is_missing(&log, &here);
        let there = self.what_can_come(&log, &here, &living);
        let good = self.good_by(0);
        for unit in &living {
            // Where a device signed two chains of one line, what came second is kept as it came, and said to be a fork.
            let forked = self.units[*unit].forked();
            let lacking: Vec<_> = forked.into_iter().filter(|id| !here[unit].contains_key(id)).collect();
            let forked: BTreeSet<_> =
                lacking.into_iter().filter(|id| self.may_stand_apart(*unit, id, &living)).collect();
            self.found.add("envelope of a fork kept apart", forked.len() as u64);
            let there: BTreeSet<_> = there.difference(&forked).copied().collect();
            let verdicts = self.model.verdicts(&there, &withdrawn, &good);
            self.accounted(*unit, &here[unit], &verdicts, &withdrawn, &living);
        }
        self.same_state(&living, &here);
        self.custody(&living, &here);
        // Reads every page of a vault and computes every record again: for one device of some schedules.
        if !self.one_in(4) {
            return;
        }
        self.found.count("vault verified");
        let unit = self.any(&living).unwrap_or_default();
        let verified = self.units[unit].face().verify();
        let is_sound = verified.as_ref().is_ok_and(|view| {
            view.records_astray.is_empty() && view.envelopes_astray == 0 && view.damaged == 0
        });
        self.holds(is_sound, Invariant::SameState, || {
            format!("device {unit} shows something else than its changes come to: {verified:?}")
        });
    }

    /// What is at the hub, can be sent there, or is in a chain that a bundle carries; and what was taken out.
    fn what_can_come(
        &mut self,
        log: &[Logged],
        here: &BTreeMap<usize, BTreeMap<EnvelopeId, Stored>>,
        living: &[usize],
    ) -> BTreeSet<EnvelopeId> {
        let mut there: BTreeSet<_> =
            log.iter().filter(|(_, is_whole, ..)| *is_whole).map(|(id, ..)| *id).collect();
        for unit in living {
            let places = self.units[*unit].places();
            let outbox = self.units[*unit].outbox();
            let carried = here[unit].iter().filter(|(id, stored)| {
                stored.state == state::ERASED
                    || (stored.has_bytes && (places.contains_key(*id) || outbox.contains_key(*id)))
            });
            there.extend(carried.map(|(id, _)| *id));
        }
        there.retain(|id| self.model.wrote.contains_key(id));
        there
    }

    fn judge_hub(&mut self, log: &[Logged]) {
        let distinct: BTreeSet<_> = log.iter().map(|(id, _, scope, ..)| (*scope, *id)).collect();
        let doubled = log.len() - distinct.len();
        self.holds(doubled == 0, Invariant::NothingDoubled, || {
            format!("{doubled} envelopes are twice at the hub")
        });
        let mut files = vec![self.line.inner().faces[0].file()];
        files.extend(self.hub_copies.iter().cloned());
        for file in files {
            for ending in ["", "-wal"] {
                let read = std::fs::read(with(&file, ending)).unwrap_or_default();
                self.holds(!sings(&read), Invariant::NoCanary, || {
                    "what somebody wrote is in a file of the hub".into()
                });
            }
        }
        let heard: BTreeSet<_> = {
            let ids: BTreeSet<_> = log.iter().map(|(id, ..)| *id).collect();
            let withdraws =
                self.model.wrote.iter().filter(|(id, wrote)| wrote.withdraws && ids.contains(*id));
            withdraws.map(|(_, wrote)| wrote.record).collect()
        };
        let whole = log.iter().filter(|(id, is_whole, ..)| {
            let wrote = self.model.wrote.get(id);
            *is_whole && wrote.is_some_and(|wrote| !wrote.withdraws && heard.contains(&wrote.record))
        });
        let whole = whole.count();
        self.holds(whole == 0, Invariant::StaysErased, || {
            format!("the hub holds {whole} envelopes of what was taken out")
        });
    }

    fn nothing_is_missing(&mut self, log: &[Logged], here: &BTreeMap<usize, BTreeMap<EnvelopeId, Stored>>) {
        let mut held: BTreeSet<_> =
            log.iter().filter(|(_, is_whole, ..)| *is_whole).map(|(id, ..)| *id).collect();
        for envelopes in here.values() {
            held.extend(envelopes.iter().filter(|(_, it)| it.has_bytes).map(|(id, _)| *id));
        }
        let held = self.model.carried(&held);
        // Also where nobody heard of it: whoever took it out had destroyed it, and the marker got lost.
        let ever: BTreeSet<_> =
            self.model.wrote.values().filter(|it| it.withdraws).map(|it| it.record).collect();
        let missing: Vec<_> = self
            .model
            .wrote
            .iter()
            .filter(|(id, wrote)| {
                !held.contains(*id)
                    && !self.model.lost.contains(*id)
                    && (wrote.withdraws || !ever.contains(&wrote.record))
            })
            .map(|(id, _)| *id)
            .collect();
        self.holds(missing.is_empty(), Invariant::NothingMissing, || {
            format!("{} writes are nowhere any more, such as {}", missing.len(), missing[0])
        });
        self.found.add("envelope judged", self.model.wrote.len() as u64);
    }

    /// Who of the living has an envelope: as what, whether with its bytes, and which chains name it.
    pub(super) fn whereabouts(&mut self, id: &EnvelopeId, living: &[usize]) -> String {
        let at_hub = self.log_of(0).iter().any(|(logged, ..)| logged == id);
        let mut with = Vec::new();
        for other in living {
            let stored = self.units[*other].envelopes().remove(id);
            let in_outbox = self.units[*other].outbox().get(id).copied();
            let places = self.units[*other].places().remove(id).unwrap_or_default();
            let said = |stored: Stored| {
                let Stored { state, has_bytes, .. } = stored;
                format!(
                    "{other} (state {state}, bytes {has_bytes}, in its outbox {in_outbox:?}, in chains {places:?})"
                )
            };
            with.extend(stored.map(said));
        }
        let wrote = self.model.wrote.get(id).map(|wrote| wrote.device);
        format!("by {wrote:?}, at the hub {at_hub}, with {} of {living:?}", with.join(", "))
    }

    /// Every envelope that there is, is on a device that may have it, and in the state it has to be.
    fn accounted(
        &mut self,
        unit: usize,
        here: &BTreeMap<EnvelopeId, Stored>,
        verdicts: &BTreeMap<EnvelopeId, Verdict>,
        withdrawn: &BTreeSet<RecordTag>,
        living: &[usize],
    ) {
        let kind = self.units[unit].kind;
        let tag = self.units[unit].tag;
        let written_here = self.model.carried(may_count(here));
        let mut wrong = Vec::new();
        let mut missing = Vec::new();
        for (id, verdict) in verdicts {
            let wrote = &self.model.wrote[id];
            if (kind == Kind::Tablet && wrote.confidential) || self.model.bounded.contains(&wrote.record) {
                continue;
            }
            let Some(stored) = here.get(id) else {
                // What was taken out need not come any more, and what only somebody who was put out holds does not. What was written may
                // have come in another envelope than one that stands on the other end of a fork.
                if *verdict != Verdict::Erased
                    && !written_here.contains(id)
                    && !self.stands_on_other_end(unit, id, living)
                {
                    missing.push(*id);
                }
                continue;
            };
            let fits = match verdict {
                Verdict::Applied => stored.state == state::APPLIED,
                Verdict::Waits => stored.state == state::WAITS_FOR_CHANGE,
                Verdict::Quarantined => stored.state == state::QUARANTINED,
                Verdict::Erased => stored.state == state::ERASED,
            };
            // What came with a stretch after a gap may lack what it rests on, as long as the gap is there.
            if !fits && self.units[unit].came_after_gap().contains(id) {
                self.found.count("envelope after a gap");
            } else if !fits {
                wrong.push((*id, *verdict, stored.state));
            }
        }
        if let Some(first) = missing.first() {
            let with = self.whereabouts(first, living);
            let what = format!(
                "device {unit} ({kind:?}) lacks {} envelopes, such as {first}: {with}",
                missing.len()
            );
            self.broken(Invariant::NothingMissing, what);
        }
        if let Some((first, verdict, state)) = wrong.first() {
            let with = self.whereabouts(first, living);
            let what = format!(
                "on device {unit} {} envelopes are in another state than they should, such as {first}, {state} for {verdict:?}: {with}",
                wrong.len(),
            );
            self.broken(Invariant::Accounted, what);
        }
        // What counts of others stands in a chain that is followed here.
        if kind == Kind::Evaluator {
            let places = self.units[unit].places();
            let counts = |stored: &Stored| stored.state == state::APPLIED && stored.device != tag.0;
            let unnamed = here.iter().filter(|(id, stored)| counts(stored) && !places.contains_key(id));
            let unnamed: Vec<_> = unnamed.map(|(id, _)| *id).collect();
            // But for what came with a stretch after a gap, as long as the gap is there.
            let all = unnamed.len();
            let after_gap = self.units[unit].came_after_gap();
            let unnamed: Vec<_> = unnamed.into_iter().filter(|id| !after_gap.contains(id)).collect();
            self.found.add("envelope after a gap", (all - unnamed.len()) as u64);
            if let Some(first) = unnamed.first() {
                let with = self.whereabouts(first, living);
                let what = format!(
                    "{} envelopes count on device {unit} that no chain there names, such as {first}: {with}",
                    unnamed.len()
                );
                self.broken(Invariant::Accounted, what);
            }
        }
        self.all_is_shown(unit, here, withdrawn);
    }

    /// Every value that nothing took the place of is shown, and where there are several it is said to be a conflict.
    fn all_is_shown(
        &mut self,
        unit: usize,
        here: &BTreeMap<EnvelopeId, Stored>,
        withdrawn: &BTreeSet<RecordTag>,
    ) {
        let counts = self.model.counting(may_count(here));
        let forms: &[&str] = match self.units[unit].kind {
            Kind::Evaluator => &[FACT, SAY],
            Kind::Tablet => &[FACT],
        };
        let conflicts = self.units[unit].face().conflicts().unwrap_or_default();
        let conflicts: BTreeSet<_> =
            conflicts.iter().map(|conflict| (conflict.record.clone(), conflict.name.clone())).collect();
        let (mut hidden, mut twice, mut erased) = (Vec::new(), 0_u64, 0_u64);
        let mut founders: BTreeMap<String, u64> = BTreeMap::new();
        for form in forms {
            let records = self.units[unit].face().records(form).unwrap_or_default();
            let known: BTreeMap<&RecordTag, &RecordView> =
                records.iter().filter_map(|view| Some((self.model.tags.get(&view.id)?, view))).collect();
            let founded = self.model.wrote.iter().filter(|(id, wrote)| {
                wrote.founds && counts.contains(*id) && wrote.confidential == (*form == SAY)
            });
            let tags: BTreeSet<_> = founded.map(|(_, wrote)| wrote.record).collect();
            for tag in &tags {
                let Some(view) = known.get(tag) else {
                    // A record that nobody was told of: its device ended before it could say which.
                    if self.model.tags.values().any(|known| known == tag) {
                        hidden.push(format!("a whole record of {form}"));
                    }
                    continue;
                };
                for cell in CELLS {
                    let heads = self.model.heads(tag, cell, &counts);
                    let expected: BTreeSet<_> = heads.values().cloned().collect();
                    let values = view.cells.iter().find(|view| view.name == cell);
                    let shown: BTreeSet<_> = values
                        .iter()
                        .flat_map(|view| view.values.iter().map(|held| held.text.clone()))
                        .collect();
                    let said = values.is_some_and(|view| view.in_conflict)
                        && conflicts.contains(&(view.id.clone(), cell.to_owned()));
                    if expected.len() > 1 {
                        self.found.count("conflict shown");
                    }
                    if shown != expected || (expected.len() > 1) != said {
                        hidden.push(format!(
                            "{form} {cell}: {shown:?} in place of {expected:?}, conflict {said}"
                        ));
                    }
                    if *form == SAY {
                        shown.iter().for_each(|value| *founders.entry(value.clone()).or_default() += 1);
                    }
                }
            }
            erased += known.keys().filter(|tag| withdrawn.contains(**tag)).count() as u64;
        }
        twice += founders.values().filter(|count| **count > 1).count() as u64;
        self.holds(hidden.is_empty(), Invariant::ConflictsShown, || {
            format!("device {unit} hides {}", hidden[0])
        });
        self.holds(twice == 0, Invariant::NothingDoubled, || {
            format!("{twice} responses are shown twice on {unit}")
        });
        let is_evaluator = self.units[unit].kind == Kind::Evaluator;
        self.holds(erased == 0 || !is_evaluator, Invariant::StaysErased, || {
            format!("{erased} responses that were taken out are shown on device {unit}")
        });
    }

    /// Who has the same envelopes shows the same.
    fn same_state(&mut self, living: &[usize], here: &BTreeMap<usize, BTreeMap<EnvelopeId, Stored>>) {
        let bounded = !self.model.bounded.is_empty();
        for (form, all) in [(FACT, true), (TICK, bounded), (SAY, false)] {
            if form == TICK && !bounded {
                continue;
            }
            let mut shown: Vec<(usize, BTreeMap<EnvelopeId, i64>, String)> = Vec::new();
            for unit in living {
                if !all && self.units[*unit].kind == Kind::Tablet {
                    continue;
                }
                let scope = if all { self.ward } else { self.responses };
                let of_scope = here[unit].iter().filter(|(_, stored)| stored.scope == scope.0);
                let states: BTreeMap<_, _> = of_scope.map(|(id, stored)| (*id, stored.state)).collect();
                let records = self.units[*unit].face().records(form).unwrap_or_default();
                shown.push((*unit, states, format!("{records:?}")));
            }
            let Some((first, states, records)) = shown.first() else { continue };
            for (unit, other_states, other_records) in &shown[1..] {
                let same_envelopes = states.keys().eq(other_states.keys());
                let what = if records == other_records { "states" } else { "records" };
                if same_envelopes && (records != other_records || states != other_states) {
                    let what = format!(
                        "devices {first} and {unit} have the same envelopes of {form} and other {what}"
                    );
                    self.broken(Invariant::SameState, what);
                    return;
                }
            }
            self.found.add("device compared", shown.len() as u64);
        }
    }

    /// What an evaluator has applied of a tablet's chain, that tablet knows.
    fn custody(&mut self, living: &[usize], here: &BTreeMap<usize, BTreeMap<EnvelopeId, Stored>>) {
        if self.hub_lied || !self.settled {
            return;
        }
        let mut applied: BTreeMap<(Strand, ScopeTag), u64> = BTreeMap::new();
        for unit in living {
            if self.units[*unit].kind != Kind::Evaluator {
                continue;
            }
            let mut chains: BTreeMap<(Strand, ScopeTag), BTreeMap<u64, bool>> = BTreeMap::new();
            for (id, places) in self.units[*unit].places() {
                let fits = here[unit].get(&id).is_some_and(|stored| {
                    matches!(stored.state, state::APPLIED | state::ERASED | state::RELEASED)
                        || (stored.state == state::KEPT && stored.kind != 0)
                });
                for (strand, scope, seq) in places {
                    chains.entry((strand, scope)).or_default().insert(seq, fits);
                }
            }
            for (chain, places) in chains {
                let reach = (1..).take_while(|seq| places.get(seq) == Some(&true)).count() as u64;
                let furthest = applied.entry(chain).or_default();
                *furthest = reach.max(*furthest);
            }
        }
        for unit in living {
            if self.units[*unit].kind != Kind::Tablet {
                continue;
            }
            // Once more: the evaluators may have signed after it synced.
            let _ = self.units[*unit].face().sync();
            let unheard = self.units[*unit].unheard().into_iter().filter(|(strand, scope, seq)| {
                applied.get(&(*strand, *scope)).is_some_and(|reach| seq <= reach)
            });
            let unheard = unheard.count();
            self.holds(unheard == 0, Invariant::CustodyHeard, || {
                format!("device {unit} does not know of {unheard} envelopes that an evaluator has them")
            });
        }
    }
}

/// Envelopes of which something may count: where one waits, another of the writes in it may not.
fn may_count(here: &BTreeMap<EnvelopeId, Stored>) -> impl Iterator<Item = &EnvelopeId> {
    let counts = |it: &Stored| matches!(it.state, state::APPLIED | state::WAITS_FOR_CHANGE);
    here.iter().filter(move |(_, it)| counts(it)).map(|(id, _)| id)
}
