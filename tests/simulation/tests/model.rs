//! One vault against a model in memory: whatever is done to it in whatever order, it holds what the model holds.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::collections::{BTreeMap, BTreeSet};

use nightjar_form::Value;
use nightjar_record::{Query, RecordId};
use nightjar_seal::{DeviceKeys, EnvelopeId, Holder};
use nightjar_simulation::{FILE, entries};
use nightjar_test_support::records::{Response, STUDY, cell, draft, reading};
use nightjar_vault::{DraftId, Readable, State, Vault, VaultError, VaultKey};
use proptest::prelude::*;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tempfile::TempDir;
use zeroize::Zeroizing;

/// What can be done. Numbers choose among what is there.
#[derive(Clone, Debug)]
enum Act {
    Begin,
    Append(usize, Vec<u8>),
    Replace(usize, Vec<Vec<u8>>),
    Discard(usize),
    Stop(usize),
    TakeWords(usize, u8),
    Lock(usize),
    LockAll,
    Unlock(u8),
    /// Finishes a draft; readable here or not; what was said.
    Finish(usize, bool, String),
    /// A response that another device finished arrives.
    Import(String),
    /// One that was there already comes again.
    ImportAgain(usize),
    Withdraw(usize),
    PauseAndResume,
    /// The program ends without closing anything, and begins again.
    Crash,
    BackUp,
    Restore,
    Rekey(u8),
    Repair,
    Acknowledge,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let entry = proptest::collection::vec(any::<u8>(), 0..200);
    let entries = proptest::collection::vec(entry.clone(), 0..4);
    let said = "[a-c]{3,6}( [a-c]{3,6})?";
    let act = prop_oneof![
        4 => Just(Act::Begin),
        6 => (any::<usize>(), entry).prop_map(|(at, entry)| Act::Append(at, entry)),
        1 => (any::<usize>(), entries).prop_map(|(at, entries)| Act::Replace(at, entries)),
        1 => any::<usize>().prop_map(Act::Discard),
        1 => any::<usize>().prop_map(Act::Stop),
        2 => (any::<usize>(), 0..4_u8).prop_map(|(at, words)| Act::TakeWords(at, words)),
        1 => any::<usize>().prop_map(Act::Lock),
        1 => Just(Act::LockAll),
        2 => (0..4_u8).prop_map(Act::Unlock),
        3 => (any::<usize>(), any::<bool>(), said).prop_map(|(at, here, said)| Act::Finish(at, here, said)),
        3 => said.prop_map(Act::Import),
        1 => any::<usize>().prop_map(Act::ImportAgain),
        2 => any::<usize>().prop_map(Act::Withdraw),
        1 => Just(Act::PauseAndResume),
        1 => Just(Act::Crash),
        1 => Just(Act::BackUp),
        1 => Just(Act::Restore),
        1 => any::<u8>().prop_map(Act::Rekey),
        1 => Just(Act::Repair),
        1 => Just(Act::Acknowledge),
    ];
    proptest::collection::vec(act, 1..40)
}

#[derive(Clone, Debug, Default)]
struct Draft {
    entries: Vec<Vec<u8>>,
    words: Option<u8>,
    locked: bool,
}

/// What the vault must hold.
#[derive(Clone, Debug, Default)]
struct Model {
    drafts: BTreeMap<DraftId, Draft>,
    /// What can be read, and what it says.
    rows: BTreeMap<RecordId, String>,
    /// Confidential responses finished, and forms stopped.
    responses: u64,
    stopped: u64,
    withdrawn: BTreeSet<usize>,
    /// By envelope: the response it is of.
    envelopes: BTreeMap<EnvelopeId, usize>,
    /// Own envelopes: on their way, acknowledged, or withdrawn before that.
    own: BTreeMap<EnvelopeId, Way>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Waits,
    Acknowledged,
    Withdrawn,
}

/// A response that was given anywhere.
struct Given {
    record: RecordId,
    marker: Vec<u8>,
    sealed: Vec<Vec<u8>>,
}

struct World {
    folder: TempDir,
    vault: Option<Vault>,
    /// What crashed and still has the file open.
    gone: Vec<Vault>,
    key: u8,
    keys: DeviceKeys,
    other: DeviceKeys,
    random: StdRng,
    model: Model,
    given: Vec<Given>,
    backup: Option<(Model, u8)>,
}

fn key(n: u8) -> VaultKey {
    VaultKey::new([n; 32])
}

fn words(n: u8) -> [u8; 10] {
    [n; 10]
}

impl World {
    fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let vault = Vault::create(folder.path().join(FILE), &key(1)).unwrap();
        let mut random = StdRng::seed_from_u64(1);
        let mut keys = || DeviceKeys::generate(&mut |bytes: &mut [u8]| random.fill_bytes(bytes));
        let (keys, other) = (keys(), keys());
        Self {
            folder,
            vault: Some(vault),
            gone: Vec::new(),
            key: 1,
            keys,
            other,
            random,
            model: Model::default(),
            given: Vec::new(),
            backup: None,
        }
    }

    fn vault(&self) -> &Vault {
        self.vault.as_ref().unwrap()
    }

    fn open(&mut self) {
        self.vault = Some(Vault::open(self.folder.path().join(FILE), &key(self.key)).unwrap());
    }

    fn pick(&self, at: usize) -> Option<DraftId> {
        let count = self.model.drafts.len();
        (count > 0).then(|| *self.model.drafts.keys().nth(at % count).unwrap())
    }

    fn response(&mut self, own: bool, said: &str) -> Response {
        let keys = if own { &self.keys } else { &self.other };
        let random = &mut self.random;
        let cells = vec![(cell("why"), Value::Text(said.into()))];
        Response::new(keys, "acute-male", cells, &mut |bytes: &mut [u8]| random.fill_bytes(bytes))
    }

    fn take(&mut self, at: usize) {
        let holder = Holder { device: Some(&self.keys), ..Holder::default() };
        let sealed = self.given[at].sealed.iter().map(Vec::as_slice);
        self.vault().import(sealed, &holder, reading()).unwrap();
    }

    fn act(&mut self, act: Act) {
        match act {
            Act::Begin => {
                let id = self.vault().begin(&draft()).unwrap();
                self.model.drafts.insert(id, Draft::default());
            }
            Act::Append(at, entry) => {
                let Some(id) = self.pick(at) else { return };
                let done = self.vault().append(&id, &entry);
                let draft = self.model.drafts.get_mut(&id).unwrap();
                match draft.locked {
                    true => assert!(done.is_err(), "nothing is written to what is locked"),
                    false => draft.entries.push(entry),
                }
            }
            Act::Replace(at, entries) => {
                let Some(id) = self.pick(at).filter(|id| !self.model.drafts[id].locked) else { return };
                let sealed: Vec<_> = entries.iter().cloned().map(Zeroizing::new).collect();
                self.vault().replace(&id, &draft(), &sealed).unwrap();
                self.model.drafts.insert(id, Draft { entries, ..Draft::default() });
            }
            Act::Discard(at) => {
                let Some(id) = self.pick(at) else { return };
                self.vault().discard(&id).unwrap();
                self.model.drafts.remove(&id);
            }
            Act::Stop(at) => {
                let Some(id) = self.pick(at) else { return };
                self.vault().stop(&id, "live").unwrap();
                self.model.drafts.remove(&id);
                self.model.stopped += 1;
            }
            Act::TakeWords(at, n) => {
                let Some(id) = self.pick(at).filter(|id| !self.model.drafts[id].locked) else { return };
                if self.model.drafts.values().any(|draft| draft.words == Some(n)) {
                    return;
                }
                self.vault().seal_under(&words(n), &id).unwrap();
                self.model.drafts.get_mut(&id).unwrap().words = Some(n);
            }
            Act::Lock(at) => {
                let Some(id) = self.pick(at) else { return };
                let locked = self.vault().lock(&id).unwrap();
                let draft = self.model.drafts.get_mut(&id).unwrap();
                draft.locked |= draft.words.is_some();
                assert_eq!(locked, draft.locked);
            }
            Act::LockAll => {
                let open = self.vault().lock_all().unwrap();
                let mut locked = 0;
                for draft in self.model.drafts.values_mut().filter(|draft| draft.words.is_some()) {
                    locked += u64::from(!draft.locked);
                    draft.locked = true;
                }
                assert_eq!(open, locked);
            }
            Act::Unlock(n) => {
                let found = self.vault().unlock(&words(n)).unwrap();
                let mut drafts = self.model.drafts.iter_mut();
                let known = drafts.find(|(_, draft)| draft.words == Some(n));
                assert_eq!(found, known.as_ref().map(|(id, _)| **id));
                known.into_iter().for_each(|(_, draft)| draft.locked = false);
            }
            Act::Finish(at, here, said) => {
                let Some(id) = self.pick(at) else { return };
                let response = self.response(true, &said);
                let record = response.meta.record_id(&nightjar_test_support::records::IDENTITY);
                let marker = response.marker.clone();
                let before = self.vault().unchained_all();
                let readable = if here { Readable::Here } else { Readable::Elsewhere };
                let random = &mut self.random;
                let entropy = &mut |bytes: &mut [u8]| random.fill_bytes(bytes);
                let vault = self.vault.as_ref().unwrap();
                response.finish(vault, &id, &self.keys, readable, entropy).unwrap();
                let new: Vec<EnvelopeId> =
                    self.vault().unchained_all().into_iter().filter(|id| !before.contains(id)).collect();
                assert_eq!(new.len(), 1, "the change with its key");
                let at = self.given.len();
                let sealed = new.iter().map(|id| self.vault().envelope(id).unwrap().unwrap()).collect();
                self.given.push(Given { record, marker, sealed });
                self.model.drafts.remove(&id);
                self.model.own.extend(new.iter().map(|id| (*id, Way::Waits)));
                self.model.envelopes.extend(new.into_iter().map(|id| (id, at)));
                match here {
                    true => drop(self.model.rows.insert(record, said)),
                    false => self.model.responses += 1,
                }
            }
            Act::Import(said) => {
                let response = self.response(false, &said);
                let record = response.meta.record_id(&nightjar_test_support::records::IDENTITY);
                let random = &mut self.random;
                let entropy = &mut |bytes: &mut [u8]| random.fill_bytes(bytes);
                let (change, _) = response.sealed(&self.other, &[&self.keys], None, entropy);
                let at = self.given.len();
                self.model.envelopes.insert(change.id(), at);
                let sealed = vec![change.encode()];
                self.given.push(Given { record, marker: response.marker.clone(), sealed });
                self.take(at);
                self.model.rows.insert(record, said);
            }
            Act::ImportAgain(at) => {
                let count = self.given.len();
                if count == 0 {
                    return;
                }
                // Only what this vault has: what it lost with a restored copy would be new.
                let at = at % count;
                if self.model.envelopes.values().any(|of| *of == at) {
                    self.take(at);
                }
            }
            Act::Withdraw(at) => {
                let count = self.given.len();
                if count == 0 {
                    return;
                }
                let at = at % count;
                let done = self.vault().withdraw(&self.given[at].marker, &STUDY).unwrap();
                assert_eq!(done.new, self.model.withdrawn.insert(at));
                let row = self.model.rows.remove(&self.given[at].record);
                assert_eq!(done.record.is_some(), row.is_some());
                let Model { own, envelopes, .. } = &mut self.model;
                for (id, way) in own.iter_mut().filter(|(id, _)| envelopes.get(id) == Some(&at)) {
                    let _ = id;
                    if *way == Way::Waits {
                        *way = Way::Withdrawn;
                    }
                }
            }
            Act::PauseAndResume => {
                self.vault().pause();
                assert!(matches!(self.vault().drafts(), Err(VaultError::Closed)));
                self.vault().resume().unwrap();
            }
            Act::Crash => {
                // It closes nothing: what it had open is there until the system takes it.
                self.gone.extend(self.vault.take());
                self.open();
            }
            Act::BackUp => {
                let copy = self.folder.path().join("copy.db");
                let _ = std::fs::remove_file(&copy);
                self.vault().backup(&copy).unwrap();
                assert!(matches!(self.vault().backup(&copy), Err(VaultError::Exists)));
                self.backup = Some((self.model.clone(), self.key));
            }
            Act::Restore => {
                let Some((model, key)) = self.backup.clone() else { return };
                drop(self.vault.take());
                self.gone.clear();
                for ending in ["-wal", "-shm", ""] {
                    let _ = std::fs::remove_file(self.folder.path().join(format!("{FILE}{ending}")));
                }
                std::fs::copy(self.folder.path().join("copy.db"), self.folder.path().join(FILE)).unwrap();
                (self.model, self.key) = (model, key);
                self.open();
            }
            Act::Rekey(n) => {
                if !self.gone.is_empty() {
                    assert!(matches!(self.vault().rekey(&key(n)), Err(VaultError::Locked)));
                    self.gone.clear();
                }
                self.vault().rekey(&key(n)).unwrap();
                self.key = n;
            }
            Act::Repair => {
                self.vault().repair(reading()).unwrap();
            }
            Act::Acknowledge => {
                let ids: Vec<EnvelopeId> = self.vault().unchained_all();
                self.vault().acknowledge(&ids).unwrap();
                for way in self.model.own.values_mut().filter(|way| **way == Way::Waits) {
                    *way = Way::Acknowledged;
                }
            }
        }
    }

    fn compare(&self) {
        let (vault, model) = (self.vault(), &self.model);
        let drafts = vault.drafts().unwrap();
        assert_eq!(drafts.len(), model.drafts.len());
        for summary in drafts {
            let known = &model.drafts[&summary.id];
            assert_eq!((summary.entries, summary.locked), (known.entries.len() as u64, known.locked));
            match known.locked {
                true => assert!(entries(vault, &summary.id).is_err(), "it is locked"),
                false => assert_eq!(entries(vault, &summary.id).unwrap(), known.entries),
            }
        }
        let rows = vault.query(&Query::default()).unwrap().rows;
        let said: BTreeMap<RecordId, String> =
            rows.iter().map(|row| (row.record, row.cells[0].held[0].value.to_text())).collect();
        assert_eq!(said, model.rows);
        for word in ["aaa", "ab", "bca", "c"] {
            let query = Query { text: Some(word.into()), ..Query::default() };
            let found: BTreeSet<RecordId> =
                vault.query(&query).unwrap().rows.into_iter().map(|row| row.record).collect();
            let holds = |text: &&String| text.split(' ').any(|part| part.starts_with(word));
            let known: BTreeSet<RecordId> =
                model.rows.iter().filter(|(_, text)| holds(text)).map(|(id, _)| *id).collect();
            assert_eq!(found, known, "{word}");
        }
        let counted: u64 = vault.counts().unwrap().iter().map(|count| count.records).sum();
        assert_eq!(counted, model.rows.len() as u64 + model.responses);
        let tallies = vault.tallies().unwrap();
        let (responses, stopped) =
            tallies.iter().fold((0, 0), |sum, tally| (sum.0 + tally.responses, sum.1 + tally.stopped));
        assert_eq!((responses, stopped), (model.responses, model.stopped));
        let outbox = vault.outbox().unwrap();
        let of = |way| model.own.values().filter(|known| **known == way).count() as u64;
        assert_eq!((outbox.waiting, outbox.acknowledged), (of(Way::Waits), of(Way::Acknowledged)));
        for (id, of) in &model.envelopes {
            let erased = vault.state(id).unwrap() == Some(State::Erased);
            assert_eq!(erased, model.withdrawn.contains(of));
            assert_eq!(vault.envelope(id).unwrap().unwrap().is_empty(), erased);
        }
        assert!(vault.verify(reading()).unwrap().astray.is_empty());
    }
}

/// Everything finished here that has no place in a chain yet.
trait Unchained {
    fn unchained_all(&self) -> Vec<EnvelopeId>;
}

impl Unchained for Vault {
    fn unchained_all(&self) -> Vec<EnvelopeId> {
        self.unchained(&nightjar_test_support::records::SCOPE).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_vault_holds_what_the_model_holds(acts in acts()) {
        let mut world = World::new();
        for act in acts {
            world.act(act);
            world.compare();
        }
    }
}
