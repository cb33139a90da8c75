//! One schedule: devices, a hub, the line between them, bundles on sticks, and what the judge knows.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use nightjar::{Failure, StudyPack};
use nightjar_seal::{Envelope, EnvelopeId, RecordTag, ScopeTag};
use nightjar_vault::faults::{self, Fate};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use rusqlite::Connection;
use tempfile::TempDir;

use super::found::{Found, Invariant};
use super::line::{Face, Line};
use super::model::{Model, Put, Wrote};
use super::plan::Plan;
use super::template::{Template, folder, now, vault};
use super::unit::Unit;

/// What a device is about to write.
pub(super) struct Meant {
    pub(super) confidential: bool,
    pub(super) withdraws: bool,
    pub(super) founds: bool,
    pub(super) puts: BTreeMap<&'static str, Put>,
    /// Writes to the record that count on its device.
    pub(super) rests: BTreeSet<EnvelopeId>,
}

/// An envelope in a hub's log: its id, whether it is whole, its scope and sequence, and the hash of its bytes there.
pub(super) type Logged = (EnvelopeId, bool, [u8; 16], u64, [u8; 32]);

pub(super) struct World {
    pub(super) folder: TempDir,
    pub(super) random: StdRng,
    pub(super) plan: Plan,
    pub(super) pack: StudyPack,
    pub(super) line: Arc<Line>,
    pub(super) units: Vec<Unit>,
    pub(super) model: Model,
    pub(super) found: Found,
    /// Bundles that lie about.
    pub(super) sticks: Vec<PathBuf>,
    /// Copies of the hub's database.
    pub(super) hub_copies: Vec<PathBuf>,
    /// Devices that were let in and have not joined yet, with their invitations.
    pub(super) invited: Vec<(usize, String)>,
    /// Whether a hub has shown two logs under one name, or was put back without saying so.
    pub(super) hub_lied: bool,
    /// Whether an evaluator was put back to an older copy.
    pub(super) evaluator_put_back: bool,
    pub(super) responses: ScopeTag,
    pub(super) ward: ScopeTag,
    pub(super) settled: bool,
    files: u64,
    said: u64,
    first: Option<String>,
    /// Whether that is what was waited for.
    seen: bool,
}

impl World {
    pub(super) fn new(template: &Template, plan: Plan, seed: u64) -> Self {
        let folder = folder();
        template.copy_to(folder.path());
        for number in 0..template.members.len() {
            if let Some(sql) = plan.vault_without {
                Unit::tamper(&vault(folder.path(), number), sql);
            }
        }
        let hub = folder.path().join("hub");
        if let Some(sql) = plan.hub_without {
            let database = Connection::open(hub.join("hub.sqlite3")).expect("the hub's database");
            database.execute_batch(sql).expect("the schema is known");
        }
        let mut random = StdRng::seed_from_u64(seed);
        let line = Line::new(Face::open(&hub, None), random.random());
        let units = (0..).zip(&template.members).map(|(number, member)| {
            let path = vault(folder.path(), number);
            Unit::new(number, member.kind, &member.label, &path, member.tag, now(), line.end(number))
        });
        let mut units: Vec<_> = units.collect();
        let study = units[0].roster().expect("it was founded").study();
        line.inner().is_stormy = true;
        let (responses, ward) = (ScopeTag::of(&study, "responses"), ScopeTag::of(&study, "ward"));
        Self {
            random,
            plan,
            pack: template.pack.clone(),
            line,
            units,
            model: Model::default(),
            found: Found::default(),
            sticks: Vec::new(),
            hub_copies: Vec::new(),
            invited: Vec::new(),
            hub_lied: false,
            evaluator_put_back: false,
            responses,
            ward,
            settled: false,
            files: 0,
            said: 0,
            first: None,
            seen: false,
            folder,
        }
    }

    /// Plays the schedule, and judges it.
    pub(super) fn play(mut self) -> Found {
        let devices = self.units.len() as u64;
        for unit in 0..self.units.len() {
            let tag = self.units[unit].tag;
            self.tell(|| format!("device {unit} is {tag}"));
        }
        let steps = self.plan.steps + self.random.random_range(0..20);
        let mut done = 0;
        while done < steps {
            if self.step() {
                done += 1;
            }
            if self.is_over() {
                break;
            }
        }
        self.found.add("step", done);
        self.found.add("device at the beginning", devices);
        if self.plan.forgets_applied && !self.is_over() {
            self.forget_applied();
        }
        if !self.is_over() {
            self.settle();
            self.judge();
        }
        self.found.schedules = 1;
        let line = std::mem::take(&mut self.line.inner().found);
        self.found += line;
        if let Some(first) = self.first.take() {
            self.found.schedules_broken.insert(self.plan.number, first);
        }
        // The devices first, then the files beneath them.
        self.units.clear();
        self.line.inner().faces.clear();
        self.found
    }

    /// Whether what was to be seen was seen.
    fn is_over(&self) -> bool {
        self.plan.stops_at.iter().any(|invariant| self.found.broken.contains_key(invariant))
    }

    /// Something did not hold.
    pub(super) fn broken(&mut self, which: Invariant, what: impl Into<String>) {
        *self.found.broken.entry(which).or_default() += 1;
        let what = format!("{which:?}: {}", what.into());
        self.tell(|| format!("!!! {what}"));
        let was_waited_for = self.plan.stops_at.contains(&which);
        if self.first.is_none() || (was_waited_for && !std::mem::replace(&mut self.seen, true)) {
            self.first = Some(what);
        }
    }

    pub(super) fn holds(&mut self, holds: bool, which: Invariant, what: impl FnOnce() -> String) {
        if !holds {
            self.broken(which, what());
        }
    }

    /// Tells what happens, where it is asked for.
    pub(super) fn tell(&mut self, what: impl FnOnce() -> String) {
        if self.plan.tells {
            self.found.story.push(what());
        }
    }

    /// A name for a new file.
    pub(super) fn file(&mut self, ending: &str) -> PathBuf {
        self.files += 1;
        self.folder.path().join(format!("file-{}.{ending}", self.files))
    }

    /// Words that nobody else says.
    pub(super) fn words(&mut self) -> String {
        self.said += 1;
        format!("{} {}", super::line::CANARY, self.said)
    }

    pub(super) fn one_in(&mut self, times: u32) -> bool {
        self.random.random_ratio(1, times)
    }

    /// Any of these.
    pub(super) fn any<T: Copy>(&mut self, among: &[T]) -> Option<T> {
        match among.len() {
            0 => None,
            many => Some(among[self.random.random_range(0..many)]),
        }
    }

    /// Lets a device do something that makes about so many commits; now and then it ends between two of them, or its disk is full.
    pub(super) fn act<T>(
        &mut self,
        unit: usize,
        commits: u64,
        work: impl FnOnce(&mut Unit) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // Opened before, so that faults meet the act.
        self.units[unit].face();
        let fate = match self.random.random_range(0..self.plan.calm_acts) {
            0..=3 => Some(Fate::Ends),
            4 => Some(Fate::Full),
            _ => None,
        };
        let after = self.random.random_range(0..=commits);
        faults::stop_after(fate.map(|fate| (after, fate)));
        let done = work(&mut self.units[unit]);
        faults::stop_after(None);
        match fate {
            Some(Fate::Ends) => self.crash(unit),
            Some(Fate::Full) => self.found.count("disk full"),
            None => {}
        }
        self.tell(|| {
            let came = match &done {
                Ok(_) => "done".to_owned(),
                Err(failure) => failure.to_string(),
            };
            let fate = fate.map(|fate| format!(", {fate:?} after {after} commits")).unwrap_or_default();
            format!("    device {unit}: {came}{fate}")
        });
        match &done {
            Err(Failure::Internal(why) | Failure::Corrupt(why)) => {
                self.broken(Invariant::Settles, format!("device {unit}: {why}"));
            }
            Err(Failure::Rejected(_)) => self.found.count("refused"),
            Err(_) => self.found.count("failed"),
            Ok(_) => {}
        }
        done
    }

    /// A device ends without warning and is opened again: all that was acknowledged is there.
    pub(super) fn crash(&mut self, unit: usize) {
        self.found.count("crash of a device");
        self.units[unit].crash();
        self.units[unit].face();
        self.is_durable(unit);
    }

    pub(super) fn is_durable(&mut self, unit: usize) {
        let outbox = self.units[unit].outbox();
        let envelopes = self.units[unit].envelopes();
        // What was written at last, and was not looked at yet, may carry something along.
        let new = outbox.keys().filter(|id| !self.units[unit].own.contains(*id));
        let new: BTreeSet<_> = new.map(|id| envelopes[id].record).collect();
        let made_way = |id: &EnvelopeId| new.contains(&self.model.wrote[id].record.0);
        let gone = self.units[unit].own.iter().filter(|id| !outbox.contains_key(id) && !made_way(id)).count();
        self.holds(gone == 0, Invariant::Durable, || format!("{gone} envelopes of device {unit} are gone"));
    }

    /// Notes what a device has written since it was last looked at. `told`: whether it said that it did.
    pub(super) fn note(&mut self, unit: usize, meant: Meant, told: bool, shown: Option<&str>) {
        let outbox = self.units[unit].outbox();
        let new: Vec<_> = outbox.keys().filter(|id| !self.units[unit].own.contains(*id)).copied().collect();
        self.holds(!told || !new.is_empty(), Invariant::Durable, || {
            format!("device {unit} said that it wrote, and nothing is there")
        });
        // A withdrawal is told to the scope of the ward as well, so that tablets hear of it.
        let most = if meant.withdraws { 2 } else { 1 };
        self.holds(new.len() <= most, Invariant::NothingDoubled, || {
            format!("device {unit} wrote once, and {} are there", new.len())
        });
        if new.is_empty() {
            return;
        }
        let envelopes = self.units[unit].envelopes();
        let device = self.units[unit].tag;
        for id in new {
            let record = RecordTag(envelopes[&id].record);
            let gone = self.units[unit].own.iter().filter(|id| !outbox.contains_key(*id));
            let gone: Vec<_> = gone.filter(|id| self.model.wrote[*id].record == record).copied().collect();
            let stands_alone = |id: &EnvelopeId| self.model.wrote[id].confidential || meant.withdraws;
            self.holds(gone.len() <= 1 && !gone.iter().any(stands_alone), Invariant::Durable, || {
                format!("{} envelopes made way for one of device {unit}", gone.len())
            });
            let carries = self.model.carried(&gone);
            self.found.add("envelope made way for another", gone.len() as u64);
            self.units[unit].own.retain(|id| !gone.contains(id));
            self.units[unit].own.insert(id);
            if let Some(shown) = shown {
                self.model.tags.insert(shown.to_owned(), record);
            }
            let Meant { confidential, withdraws, founds, puts, rests } = &meant;
            let wrote = Wrote {
                device,
                record,
                confidential: (*confidential || *withdraws) && envelopes[&id].scope == self.responses.0,
                withdraws: *withdraws,
                founds: *founds,
                carries,
                puts: puts.clone(),
                rests: rests.clone(),
            };
            self.tell(|| {
                let cells: Vec<_> = wrote.puts.keys().collect();
                format!("    device {unit} wrote of {record:?} {cells:?} withdraws {}", wrote.withdraws)
            });
            self.model.wrote.insert(id, wrote);
        }
    }

    /// Envelopes in the logs of a hub: by their bytes, in the order of each log, whether they are whole, and their scope.
    pub(super) fn log_of(&self, face: usize) -> Vec<Logged> {
        let file = self.line.inner().faces[face].file();
        let database = Connection::open(file).expect("the hub's database");
        let sql =
            "SELECT log.bytes, scope.tag, log.at % (1 << 40) FROM log JOIN scope ON scope.id = log.scope
                   ORDER BY scope.tag, log.at";
        let mut statement = database.prepare(sql).expect("the schema is known");
        let rows = statement
            .query_map([], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get(1)?, row.get(2)?)))
            .expect("it can be asked");
        let rows: Vec<(Vec<u8>, [u8; 16], u64)> = rows.collect::<Result<_, _>>().expect("it reads");
        rows.into_iter()
            .filter_map(|(bytes, scope, sequence)| {
                let hash = *blake3::hash(&bytes).as_bytes();
                match Envelope::decode(&bytes) {
                    Ok(envelope) => Some((envelope.id(), true, scope, sequence, hash)),
                    Err(_) => {
                        Some((nightjar_seal::Stub::decode(&bytes).ok()?.id(), false, scope, sequence, hash))
                    }
                }
            })
            .collect()
    }

    /// All writes that anybody holds with their bytes, but for one device or face that is left out.
    pub(super) fn held(&mut self, but: Option<usize>, faces: &[usize]) -> BTreeSet<EnvelopeId> {
        let mut held = BTreeSet::new();
        for unit in (0..self.units.len()).filter(|unit| Some(*unit) != but) {
            held.extend(
                self.units[unit].envelopes().into_iter().filter(|(_, it)| it.has_bytes).map(|(id, _)| id),
            );
        }
        for face in faces {
            held.extend(
                self.log_of(*face).into_iter().filter(|(_, is_whole, ..)| *is_whole).map(|(id, ..)| id),
            );
        }
        self.model.carried(&held)
    }

    pub(super) fn faces(&self) -> Vec<usize> {
        (0..self.line.inner().faces.len()).collect()
    }
}
