//! Random schedules: up to six devices with vaults of their own found, edit, merge, settle, dispute, withdraw, move drafts,
//! are backed up, restored and copied. Beside them a model keeps who wrote what and what each had seen; in the end everybody
//! has everything, and the vaults must hold what the model says.

mod found;
mod judge;
mod store;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nightjar_form::{CellKey, Value};
use nightjar_record::{
    Actor, ChangeHash, Dispute, Hand, Identity, Meta, Nature, Options, Origin, Purpose, Record, RecordId,
    Settle, Written, create,
};
use nightjar_seal::{DeviceKeys, DevicePublic, EnvelopeId};
use nightjar_test_support::records::{IDENTITY, Response, cell};
use nightjar_vault::{DraftId, Vault};
use rand::rngs::StdRng;
use rand::seq::{IndexedRandom, SliceRandom};
use rand::{Rng, RngExt, SeedableRng};

pub use self::found::Found;
use self::store::{Handed, InMemory, Made, OnDisk, Store};
use crate::{FILE, key};

/// Most devices of a schedule, with copies.
const DEVICES: usize = 6;
/// Fewest steps of a schedule.
const STEPS: usize = 50;
/// Nights that several devices enter, so that they meet.
const NIGHTS: u8 = 3;

type Step = fn(&mut World, usize) -> bool;

/// What a step may be, and how often it is drawn.
const KINDS: [(&str, u32, Step); 14] = [
    ("found", 6, World::found),
    ("edit", 16, World::edit),
    ("settle", 8, World::settle),
    ("dispute", 4, World::dispute),
    ("position", 4, World::position),
    ("begin a draft", 3, World::begin),
    ("answer", 6, World::answer),
    ("migrate", 3, World::migrate),
    ("finish", 4, World::finish),
    ("withdraw", 3, World::withdraw),
    ("merge", 26, World::merge),
    ("back up", 3, World::back_up),
    ("restore", 2, World::restore),
    ("clone", 1, World::copy),
];

/// So many schedules, on all cores; the seed of the first is given, each next has the next. `vaults`: with real ones, else with
/// the records alone. Without the `safeguard`, nobody passes on in the end what was withdrawn.
///
/// # Panics
/// When a device refuses what it must take.
#[must_use]
pub fn schedules(times: u64, seed: u64, vaults: bool, safeguard: bool) -> Found {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let template = folder.path().join(FILE);
    drop(Vault::create(&template, &key()).expect("a vault is made"));
    let template = vaults.then_some(template.as_path());
    let workers = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let work = |worker: u64| {
        let mut found = Found::default();
        for seed in (seed..seed + times).filter(|seed| seed % workers == worker) {
            found += schedule(template, seed, safeguard);
        }
        found
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|worker| scope.spawn(move || work(worker))).collect();
        let mut found = Found::default();
        for worker in running {
            found += worker.join().expect("a worker ends");
        }
        found
    })
}

/// One device, or a copy of one.
struct Device {
    store: Box<dyn Store>,
    keys: Arc<DeviceKeys>,
    held: Holding,
    backup: Option<Holding>,
}

/// What the model knows of a device's vault.
#[derive(Clone, Default)]
struct Holding {
    envelopes: BTreeSet<EnvelopeId>,
    /// What was withdrawn, as far as it knows.
    withdrawn: BTreeSet<RecordId>,
    drafts: BTreeMap<DraftId, Vec<Vec<u8>>>,
}

/// One act of writing.
struct Said {
    record: RecordId,
    change: ChangeHash,
    envelope: EnvelopeId,
    /// The envelope that hands its key out.
    keys: EnvelopeId,
    /// All that the writer knew of the record.
    rests: BTreeSet<ChangeHash>,
    /// By cell: the changes whose values this one follows.
    puts: Vec<(CellKey, BTreeSet<ChangeHash>)>,
    confidential: bool,
}

/// A response with what takes it out.
struct Given {
    record: RecordId,
    marker: Vec<u8>,
}

struct World {
    root: PathBuf,
    random: StdRng,
    devices: Vec<Device>,
    /// By key: the envelope that hands it out.
    handed: Handed,
    said: Vec<Said>,
    given: Vec<Given>,
    made: u64,
    /// Whether markers are passed on in the end.
    safeguard: bool,
}

fn schedule(template: Option<&Path>, seed: u64, safeguard: bool) -> Found {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut random = StdRng::seed_from_u64(seed);
    let count = random.random_range(2..=4);
    let mut world = World {
        root: folder.path().to_owned(),
        random,
        devices: Vec::new(),
        handed: BTreeMap::new(),
        said: Vec::new(),
        given: Vec::new(),
        made: 0,
        safeguard,
    };
    for at in 0..count {
        let keys = DeviceKeys::generate(&mut |bytes: &mut [u8]| world.random.fill_bytes(bytes));
        // The first is the evaluator.
        let store: Box<dyn Store> = match template {
            Some(file) => Box::new(OnDisk::from(file, &world.root.join(at.to_string()), at == 0)),
            None => Box::new(InMemory::new(at == 0)),
        };
        world.devices.push(Device { store, keys: Arc::new(keys), held: Holding::default(), backup: None });
    }
    let mut found = Found { schedules: 1, ..Found::default() };
    let steps = STEPS + world.random.random_range(0..20);
    let weights: u32 = KINDS.iter().map(|kind| kind.1).sum();
    let mut done = 0;
    while done < steps {
        let mut at = world.random.random_range(0..weights);
        let kind = KINDS.iter().find(|kind| {
            let here = at < kind.1;
            at = at.saturating_sub(kind.1);
            here
        });
        let Some((name, _, step)) = kind else { continue };
        let device = world.random.random_range(0..world.devices.len());
        if step(&mut world, device) {
            *found.done.entry(name).or_default() += 1;
            done += 1;
        }
    }
    found.steps = done as u64;
    found.devices = world.devices.len() as u64;
    world.all_meet();
    world.judge(&mut found);
    if found.faults() > 0 {
        found.seeds.push(seed);
    }
    found
}

impl World {
    fn actor(&mut self, device: usize, record: RecordId) -> Actor {
        let mut fresh = [0; 16];
        self.random.fill_bytes(&mut fresh);
        Actor::fresh(self.devices[device].keys.tag().as_bytes(), record, fresh)
    }

    fn value(&mut self) -> Value {
        self.made += 1;
        Value::Integer(i64::try_from(self.made).unwrap_or(0))
    }

    /// Seals what was written for every device, and stores it where it was written.
    fn keep(
        &mut self,
        device: usize,
        written: &Written,
        meta: &Meta,
        rests: BTreeSet<ChangeHash>,
        puts: Puts,
    ) {
        let tags: BTreeMap<_, _> =
            self.devices.iter().map(|device| (device.keys.tag(), device.keys.public())).collect();
        let readers: Vec<DevicePublic> = tags.into_values().collect();
        let random = &mut self.random;
        let entropy = &mut |bytes: &mut [u8]| random.fill_bytes(bytes);
        let Device { store, keys, .. } = &mut self.devices[device];
        let made = store.amend(written, meta, keys, &readers, &mut self.handed, entropy);
        self.note(device, made, written, rests, puts, false);
    }

    /// What a device made is there from now on.
    fn note(
        &mut self,
        device: usize,
        made: Made,
        written: &Written,
        rests: BTreeSet<ChangeHash>,
        puts: Puts,
        confidential: bool,
    ) {
        let Made { envelope, keys, new } = made;
        self.devices[device].held.envelopes.extend(new.iter().map(|(id, _)| *id));
        let (record, change) = (written.record, written.hash);
        self.said.push(Said { record, change, envelope, keys, rests, puts, confidential });
    }

    /// A night that others may enter, too.
    fn found(&mut self, device: usize) -> bool {
        let night = self.random.random_range(0..NIGHTS);
        let meta = fact(night);
        if self.record(device, &meta.record_id(&IDENTITY)).is_some() {
            return false;
        }
        let cells = vec![(cell("beds"), self.value()), (cell("checks"), self.value())];
        self.create(device, &meta, cells)
    }

    fn create(&mut self, device: usize, meta: &Meta, cells: Vec<(CellKey, Value)>) -> bool {
        let hand = hand();
        let actor = self.actor(device, meta.record_id(&IDENTITY));
        let written = create(meta, &cells, &Options::new(), &IDENTITY, &hand, actor).expect("it is written");
        let puts = cells.iter().map(|(cell, _)| (*cell, BTreeSet::new())).collect();
        self.keep(device, &written, meta, BTreeSet::new(), puts);
        true
    }

    fn record(&self, device: usize, id: &RecordId) -> Option<Record> {
        self.devices[device].store.record(id)
    }

    /// A record of a fact that a device can read.
    fn any_fact(&mut self, device: usize) -> Option<Record> {
        let mut nights: Vec<u8> = (0..NIGHTS).collect();
        nights.shuffle(&mut self.random);
        nights.into_iter().find_map(|night| self.record(device, &fact(night).record_id(&IDENTITY)))
    }

    fn edit(&mut self, device: usize) -> bool {
        let Some(record) = self.any_fact(device) else { return false };
        let key = cell(if self.random.random_bool(0.5) { "beds" } else { "checks" });
        if record.conflicts().iter().any(|conflict| conflict.cell == key) {
            return false;
        }
        let value = self.value();
        let actor = self.actor(device, record.id());
        let written = record.edit(&[(key, value)], &Options::new(), &hand(), actor).expect("it is written");
        self.add(device, &record, &written, vec![(key, held(&record, &key))]);
        true
    }

    fn add(&mut self, device: usize, record: &Record, written: &Written, puts: Puts) {
        let meta = record.meta().expect("it was founded").clone();
        self.keep(device, written, &meta, record.counted().collect(), puts);
    }

    fn settle(&mut self, device: usize) -> bool {
        let Some(record) = self.any_fact(device) else { return false };
        let conflicts = record.conflicts();
        let Some(conflict) = conflicts.choose(&mut self.random) else { return false };
        let settles: Vec<ChangeHash> = conflict.values.iter().map(|held| held.change).collect();
        let value = match conflict.values.choose(&mut self.random).filter(|_| !self.made.is_multiple_of(3)) {
            Some(held) => held.value.clone(),
            None => self.value(),
        };
        let settle = Settle { cell: conflict.cell, value, settles: settles.clone() };
        let actor = self.actor(device, record.id());
        let written =
            record.settle(&[settle], "", &Options::new(), &hand(), actor).expect("it settles what is held");
        self.add(device, &record, &written, vec![(conflict.cell, settles.into_iter().collect())]);
        true
    }

    fn dispute(&mut self, device: usize) -> bool {
        let Some(record) = self.any_fact(device) else { return false };
        let settlements = record.settlements();
        let Some(settlement) = settlements.choose(&mut self.random) else { return false };
        let cell = settlement.cell;
        let dispute = Dispute { cell, value: self.value() };
        let actor = self.actor(device, record.id());
        // Somebody may have written over what was settled since.
        match record.dispute(&[dispute], "not so", &Options::new(), &hand(), actor) {
            Ok(written) => {
                self.add(device, &record, &written, vec![(cell, BTreeSet::new())]);
                true
            }
            Err(_) => {
                assert!(!held(&record, &cell).contains(&settlement.change), "what is held can be disputed");
                false
            }
        }
    }

    fn position(&mut self, device: usize) -> bool {
        let mut salt = [0; 16];
        self.random.fill_bytes(&mut salt);
        let creator = self.devices[device].keys.tag().0;
        let origin = Origin { withdrawal: None, creator, random: salt };
        let mut meta = meta("position", Nature::Voice, Identity::Given(origin));
        meta.case = Some(format!("case {}", self.random.random_range(0..2)));
        meta.purposes = [(Purpose::Stance, cell("stance"))].into();
        let stance =
            Value::One(["for", "against", "unsure"].choose(&mut self.random).expect("three").to_string());
        self.create(device, &meta, vec![(cell("stance"), stance)])
    }

    fn begin(&mut self, device: usize) -> bool {
        let random = &mut self.random;
        let id = self.devices[device].store.begin(&mut |bytes: &mut [u8]| random.fill_bytes(bytes));
        self.devices[device].held.drafts.insert(id, Vec::new());
        self.answer(device)
    }

    fn any_draft(&mut self, device: usize) -> Option<DraftId> {
        let drafts: Vec<DraftId> = self.devices[device].held.drafts.keys().copied().collect();
        drafts.choose(&mut self.random).copied()
    }

    fn answer(&mut self, device: usize) -> bool {
        let Some(id) = self.any_draft(device) else { return false };
        let entry: Vec<u8> = (0..self.random.random_range(1..60)).map(|_| self.random.random()).collect();
        let device = &mut self.devices[device];
        device.store.append(&id, &entry);
        device.held.drafts.entry(id).or_default().push(entry);
        true
    }

    /// A draft moves to a new version of its form: another journal, with what came along.
    fn migrate(&mut self, device: usize) -> bool {
        let Some(id) = self.any_draft(device) else { return false };
        let device = &mut self.devices[device];
        let journal = device.held.drafts.get_mut(&id).expect("it is known");
        journal.iter_mut().for_each(|entry| entry.push(2));
        device.store.replace(&id, journal);
        true
    }

    fn finish(&mut self, device: usize) -> bool {
        let Some(id) = self.any_draft(device) else { return false };
        let value = self.value();
        let evaluator = self.devices[0].keys.clone();
        let random = &mut self.random;
        let entropy = &mut |bytes: &mut [u8]| random.fill_bytes(bytes);
        let Device { store, keys, held, .. } = &mut self.devices[device];
        let response = Response::new(keys, "acute-male", vec![(cell("slept"), value)], entropy);
        let (record, marker) = (response.meta.record_id(&IDENTITY), response.marker.clone());
        let (made, written) = store.finish(&id, response, keys, &evaluator, entropy);
        held.drafts.remove(&id);
        let puts = vec![(cell("slept"), BTreeSet::new())];
        self.note(device, made, &written, BTreeSet::new(), puts, true);
        self.given.push(Given { record, marker });
        true
    }

    fn is_evaluator(&self, device: usize) -> bool {
        self.devices[device].keys.tag() == self.devices[0].keys.tag()
    }

    fn withdraw(&mut self, device: usize) -> bool {
        let known = self.withdrawn();
        let open: Vec<usize> =
            (0..self.given.len()).filter(|at| !known.contains(&self.given[*at].record)).collect();
        let Some(at) = open.choose(&mut self.random).copied() else { return false };
        let Given { record, marker } = &self.given[at];
        let device = &mut self.devices[device];
        device.store.withdraw(marker);
        device.held.withdrawn.insert(*record);
        true
    }

    /// What was withdrawn and is known somewhere: who is restored to a time before forgets, unless others were told.
    fn withdrawn(&self) -> BTreeSet<RecordId> {
        self.devices.iter().flat_map(|device| &device.held.withdrawn).copied().collect()
    }

    /// Some of what one device has reaches another, in any order, some of it twice.
    fn merge(&mut self, device: usize) -> bool {
        let other = self.random.random_range(0..self.devices.len());
        if other == device {
            return false;
        }
        let mut ids: Vec<EnvelopeId> = self.devices[device].held.envelopes.iter().copied().collect();
        if ids.is_empty() {
            return false;
        }
        ids.shuffle(&mut self.random);
        ids.truncate(self.random.random_range(1..=ids.len()));
        let twice: Vec<EnvelopeId> = ids.iter().take(2).copied().collect();
        ids.extend(twice);
        self.pass(device, other, &ids);
        if self.random.random_bool(0.5) {
            self.pass_markers(device, other);
        }
        true
    }

    /// Passes on what a device still has of these: what was withdrawn there has no bytes any more.
    fn pass(&mut self, from: usize, to: usize, ids: &[EnvelopeId]) {
        let store = &self.devices[from].store;
        let bytes: BTreeMap<EnvelopeId, Vec<u8>> = ids
            .iter()
            .filter_map(|id| Some((*id, store.envelope(id)?)))
            .filter(|(_, bytes)| !bytes.is_empty())
            .collect();
        let order: Vec<&[u8]> = ids.iter().filter_map(|id| bytes.get(id)).map(Vec::as_slice).collect();
        let Device { store, keys, held, .. } = &mut self.devices[to];
        store.import(&order, keys);
        held.envelopes.extend(bytes.into_keys());
    }

    fn pass_markers(&mut self, from: usize, to: usize) {
        for marker in self.devices[from].store.markers() {
            self.devices[to].store.withdraw(&marker);
        }
        let known = self.devices[from].held.withdrawn.clone();
        self.devices[to].held.withdrawn.extend(known);
    }

    fn back_up(&mut self, device: usize) -> bool {
        let device = &mut self.devices[device];
        device.store.back_up();
        device.backup = Some(device.held.clone());
        true
    }

    /// A device goes back to its copy. What it wrote since, and nobody else has, went with it.
    fn restore(&mut self, device: usize) -> bool {
        let device = &mut self.devices[device];
        let Some(held) = device.backup.clone() else { return false };
        device.store.restore();
        device.held = held;
        true
    }

    /// The file is copied, and both go on as the same device.
    fn copy(&mut self, device: usize) -> bool {
        if self.devices.len() >= DEVICES {
            return false;
        }
        let folder = self.root.join(self.devices.len().to_string());
        let Device { store, keys, held, .. } = &self.devices[device];
        let (store, keys, held) = (store.copy(&folder), keys.clone(), held.clone());
        self.devices.push(Device { store, keys, held, backup: None });
        true
    }

    /// Everybody gets everything that anybody still has: to the first, and from there to all.
    fn all_meet(&mut self) {
        let all: Vec<usize> = (1..self.devices.len()).collect();
        for (from, to) in all.iter().map(|at| (*at, 0)).chain(all.iter().map(|at| (0, *at))) {
            let ids: Vec<EnvelopeId> = self.devices[from].held.envelopes.iter().copied().collect();
            self.pass(from, to, &ids);
            if self.safeguard {
                self.pass_markers(from, to);
            }
        }
    }
}

/// By cell: the changes that a write follows.
type Puts = Vec<(CellKey, BTreeSet<ChangeHash>)>;

/// The changes whose values a cell holds.
fn held(record: &Record, key: &CellKey) -> BTreeSet<ChangeHash> {
    let cells = record.cells();
    let found = cells.iter().find(|cell| cell.key == *key);
    found.into_iter().flat_map(|cell| &cell.held).map(|held| held.change).collect()
}

fn hand() -> Hand {
    Hand { role: "nurse".into(), at: None }
}

fn fact(night: u8) -> Meta {
    meta("ward-night", Nature::Fact, Identity::Once(format!("acute-male/2026-03-{:02}", night + 1)))
}

fn meta(kind: &str, nature: Nature, identity: Identity) -> Meta {
    Meta {
        kind: kind.into(),
        nature,
        identity,
        instrument: kind.into(),
        version: [1; 32],
        ward: "acute-male".into(),
        role: "nurse".into(),
        phase: Some("live".into()),
        week: Some("2026-W10".into()),
        part_of_day: None,
        language: Some("en".into()),
        case: None,
        purposes: BTreeMap::new(),
        extra: BTreeMap::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_devices_do_they_end_alike_and_nothing_is_lost_or_comes_back() {
        let found = schedules(16, 1, true, true);
        assert!(found.is_sound(), "{found:?}");
        let careless = schedules(10, 1, true, false);
        assert!(careless.revived > 0, "a run without the markers must show");
        let found = schedules(300, 1, false, true);
        assert!(found.is_sound(), "{found:?}");
    }
}
