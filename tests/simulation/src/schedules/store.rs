//! What a device of a schedule keeps its records in: a real vault, or the records alone in memory, which is a hundred times
//! faster and shows what merging does.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nightjar_record::{Contributor, Incoming, Meta, Query, Record, RecordId, Row, Written, admit};
use nightjar_seal::{
    DeviceKeys, DevicePublic, Entropy, EnvelopeId, Header, Holder, KeyId, Recipient, RecordKey, RosterHead,
    Sealing, Withdrawal, seal_with,
};
use nightjar_test_support::records::{IDENTITY, Response, SCOPE, STUDY, draft, reading};
use nightjar_vault::{Checked, DraftId, Readable, Vault, tag_of};
use zeroize::Zeroizing;

use crate::{FILE, entries, open};

/// What was made of one act of writing.
pub(super) struct Made {
    /// The envelope of the change.
    pub(super) envelope: EnvelopeId,
    /// The envelope that hands its key out: this one or an earlier one of the device.
    pub(super) keys: EnvelopeId,
    /// All that is new, sealed.
    pub(super) new: Vec<(EnvelopeId, Vec<u8>)>,
}

/// By key: the envelope that hands it out.
pub(super) type Handed = BTreeMap<KeyId, EnvelopeId>;

/// What a device keeps. Every failure of it is a panic: nothing here may fail.
pub(super) trait Store: Send {
    fn record(&self, id: &RecordId) -> Option<Record>;
    /// Seals what was written for all readers, and stores it.
    fn amend(
        &mut self,
        written: &Written,
        meta: &Meta,
        keys: &DeviceKeys,
        readers: &[DevicePublic],
        handed: &mut Handed,
        entropy: &mut dyn Entropy,
    ) -> Made;
    fn finish(
        &mut self,
        draft: &DraftId,
        response: Response,
        keys: &DeviceKeys,
        evaluator: &DeviceKeys,
        entropy: &mut dyn Entropy,
    ) -> (Made, Written);
    fn begin(&mut self, entropy: &mut dyn Entropy) -> DraftId;
    fn append(&mut self, draft: &DraftId, entry: &[u8]);
    fn replace(&mut self, draft: &DraftId, journal: &[Vec<u8>]);
    fn journal(&self, draft: &DraftId) -> Option<Vec<Vec<u8>>>;
    /// The sealed bytes; empty for what was withdrawn.
    fn envelope(&self, id: &EnvelopeId) -> Option<Vec<u8>>;
    fn import(&mut self, sealed: &[&[u8]], keys: &DeviceKeys);
    fn withdraw(&mut self, marker: &[u8]);
    fn markers(&self) -> Vec<Vec<u8>>;
    fn back_up(&mut self);
    fn restore(&mut self);
    /// Another device with the same in it, in a folder of its own.
    fn copy(&self, folder: &Path) -> Box<dyn Store>;
    fn rows(&self) -> Vec<Row>;
    /// Whether the rows are what the sealed changes say.
    fn is_sound(&self) -> bool;
}

/// A real vault in a folder.
pub(super) struct OnDisk {
    folder: PathBuf,
    vault: Option<Vault>,
    evaluator: bool,
}

impl OnDisk {
    /// A device in a folder, from a file.
    pub(super) fn from(file: &Path, folder: &Path, evaluator: bool) -> Self {
        fs::create_dir(folder).expect("a folder");
        fs::copy(file, folder.join(FILE)).expect("a file is copied");
        let vault = Some(open(folder).expect("a copy opens"));
        Self { folder: folder.to_owned(), vault, evaluator }
    }

    fn vault(&self) -> &Vault {
        self.vault.as_ref().expect("it is open")
    }

    fn sealed(&self, ids: &[EnvelopeId]) -> Vec<(EnvelopeId, Vec<u8>)> {
        ids.iter().map(|id| (*id, self.envelope(id).expect("it is there"))).collect()
    }
}

impl Store for OnDisk {
    fn record(&self, id: &RecordId) -> Option<Record> {
        self.vault().record(id, reading()).ok()
    }

    fn amend(
        &mut self,
        written: &Written,
        meta: &Meta,
        keys: &DeviceKeys,
        readers: &[DevicePublic],
        handed: &mut Handed,
        entropy: &mut dyn Entropy,
    ) -> Made {
        let tag = tag_of(meta, &IDENTITY);
        let own = self.vault().own_record_key(&tag).expect("keys are read");
        let new = own.is_none();
        let key = own.unwrap_or_else(|| RecordKey::generate(entropy));
        let header = Header::change(STUDY, SCOPE, tag, keys.tag(), RosterHead([0; 32]), &key);
        let recipients: Vec<_> = readers.iter().map(Recipient::Device).collect();
        let sealing = Sealing { recipients: new.then_some(&recipients), dictionary: None };
        let change = seal_with(header, &written.bytes, &key, sealing, entropy).expect("it is sealed");
        let (envelope, id) = (change.id(), key.id());
        handed.entry(id).or_insert(envelope);
        let checked = Checked::open(written, change, None, key, reading()).expect("it is what was written");
        let finished = self.vault().amend(checked, reading()).expect("it is stored");
        Made { envelope, keys: handed[&id], new: self.sealed(&[finished.envelope]) }
    }

    fn finish(
        &mut self,
        draft: &DraftId,
        response: Response,
        keys: &DeviceKeys,
        evaluator: &DeviceKeys,
        entropy: &mut dyn Entropy,
    ) -> (Made, Written) {
        let (change, written) = response.sealed(keys, &[evaluator], None, entropy);
        let envelope = change.id();
        let checked =
            Checked::open(&written, change, None, response.key, reading()).expect("it is what was written");
        let readable = if self.evaluator { Readable::Here } else { Readable::Elsewhere };
        let finished = self.vault().finish(draft, checked, readable, reading()).expect("it is finished");
        (Made { envelope, keys: envelope, new: self.sealed(&[finished.envelope]) }, written)
    }

    fn begin(&mut self, _: &mut dyn Entropy) -> DraftId {
        self.vault().begin(&draft()).expect("a draft begins")
    }

    fn append(&mut self, draft: &DraftId, entry: &[u8]) {
        self.vault().append(draft, entry).expect("an answer is kept");
    }

    fn replace(&mut self, id: &DraftId, journal: &[Vec<u8>]) {
        let mut meta = draft();
        meta.version = [2; 32];
        let entries: Vec<_> = journal.iter().cloned().map(Zeroizing::new).collect();
        self.vault().replace(id, &meta, &entries).expect("it is replaced");
    }

    fn journal(&self, draft: &DraftId) -> Option<Vec<Vec<u8>>> {
        entries(self.vault(), draft).ok()
    }

    fn envelope(&self, id: &EnvelopeId) -> Option<Vec<u8>> {
        self.vault().envelope(id).expect("it is read")
    }

    fn import(&mut self, sealed: &[&[u8]], keys: &DeviceKeys) {
        let holder = Holder { device: Some(keys), ..Holder::default() };
        let imported = self.vault().import(sealed.iter().copied(), &holder, reading()).expect("it is taken");
        assert!(imported.set_aside.is_empty(), "nothing is set aside: {:?}", imported.set_aside);
    }

    fn withdraw(&mut self, marker: &[u8]) {
        self.vault().withdraw(marker, &STUDY).expect("it is withdrawn");
    }

    fn markers(&self) -> Vec<Vec<u8>> {
        self.vault().withdrawals().expect("they are read")
    }

    fn back_up(&mut self) {
        let copy = self.folder.join("copy.db");
        let _ = fs::remove_file(&copy);
        self.vault().backup(&copy).expect("it is copied");
    }

    fn restore(&mut self) {
        self.vault = None;
        for ending in ["-wal", "-shm", ""] {
            let _ = fs::remove_file(self.folder.join(format!("{FILE}{ending}")));
        }
        fs::copy(self.folder.join("copy.db"), self.folder.join(FILE)).expect("the copy is put back");
        self.vault = Some(open(&self.folder).expect("it opens"));
    }

    fn copy(&self, folder: &Path) -> Box<dyn Store> {
        let copy = self.folder.join("clone.db");
        let _ = fs::remove_file(&copy);
        self.vault().backup(&copy).expect("it is copied");
        Box::new(Self::from(&copy, folder, self.evaluator))
    }

    fn rows(&self) -> Vec<Row> {
        self.vault().query(&Query { limit: Query::MAX_LIMIT, ..Query::default() }).expect("rows").rows
    }

    fn is_sound(&self) -> bool {
        self.vault().verify(reading()).expect("it is verified").astray.is_empty()
    }
}

/// Records alone: nothing is sealed and nothing is on a disk; what may be read is kept to all the same.
#[derive(Clone, Default)]
pub(super) struct InMemory {
    evaluator: bool,
    held: Held,
    backup: Option<Box<Held>>,
}

#[derive(Clone, Default)]
struct Held {
    /// By name: the bytes, empty once withdrawn.
    envelopes: BTreeMap<EnvelopeId, Vec<u8>>,
    changes: BTreeMap<RecordId, Vec<Incoming>>,
    withdrawn: BTreeMap<RecordId, Vec<u8>>,
    drafts: BTreeMap<DraftId, Vec<Vec<u8>>>,
}

impl InMemory {
    pub(super) fn new(evaluator: bool) -> Self {
        Self { evaluator, ..Self::default() }
    }

    /// `[confidential, record, device, change]`
    fn wrapped(written: &Written, confidential: bool, keys: &DeviceKeys) -> (EnvelopeId, Vec<u8>) {
        let bytes =
            [&[u8::from(confidential)][..], &written.record.0, &keys.tag().0, &written.bytes].concat();
        (EnvelopeId(written.hash.0), bytes)
    }

    fn take(&mut self, bytes: &[u8]) {
        let (head, change) = bytes.split_at(33);
        let record = RecordId(head[1..17].try_into().expect("16 bytes"));
        let change = admit(change).expect("it was written here");
        let id = EnvelopeId(change.hash().0);
        if self.held.envelopes.contains_key(&id) {
            return;
        }
        if self.held.withdrawn.contains_key(&record) {
            self.held.envelopes.insert(id, Vec::new());
            return;
        }
        self.held.envelopes.insert(id, bytes.to_vec());
        if head[0] == 0 || self.evaluator {
            let from = Contributor(head[17..33].try_into().expect("16 bytes"));
            self.held.changes.entry(record).or_default().push(Incoming::new(change, from));
        }
    }
}

impl Store for InMemory {
    fn record(&self, id: &RecordId) -> Option<Record> {
        let changes = self.held.changes.get(id)?;
        let record = Record::merge(*id, &IDENTITY, changes.iter().cloned(), |_, _| true).expect("it merges");
        assert!(record.refused().is_empty(), "nothing is set aside: {:?}", record.refused());
        record.meta().is_some().then_some(record)
    }

    fn amend(
        &mut self,
        written: &Written,
        _: &Meta,
        keys: &DeviceKeys,
        _: &[DevicePublic],
        _: &mut Handed,
        _: &mut dyn Entropy,
    ) -> Made {
        let (id, bytes) = Self::wrapped(written, false, keys);
        self.take(&bytes);
        Made { envelope: id, keys: id, new: vec![(id, bytes)] }
    }

    fn finish(
        &mut self,
        draft: &DraftId,
        response: Response,
        keys: &DeviceKeys,
        _: &DeviceKeys,
        entropy: &mut dyn Entropy,
    ) -> (Made, Written) {
        let written = response.written(keys, entropy);
        let (id, bytes) = Self::wrapped(&written, true, keys);
        self.take(&bytes);
        self.held.drafts.remove(draft).expect("it was begun");
        (Made { envelope: id, keys: id, new: vec![(id, bytes)] }, written)
    }

    fn begin(&mut self, entropy: &mut dyn Entropy) -> DraftId {
        let mut id = [0; 16];
        entropy.fill(&mut id);
        self.held.drafts.insert(DraftId(id), Vec::new());
        DraftId(id)
    }

    fn append(&mut self, draft: &DraftId, entry: &[u8]) {
        self.held.drafts.get_mut(draft).expect("it was begun").push(entry.to_vec());
    }

    fn replace(&mut self, draft: &DraftId, journal: &[Vec<u8>]) {
        self.held.drafts.insert(*draft, journal.to_vec());
    }

    fn journal(&self, draft: &DraftId) -> Option<Vec<Vec<u8>>> {
        self.held.drafts.get(draft).cloned()
    }

    fn envelope(&self, id: &EnvelopeId) -> Option<Vec<u8>> {
        self.held.envelopes.get(id).cloned()
    }

    fn import(&mut self, sealed: &[&[u8]], _: &DeviceKeys) {
        sealed.iter().for_each(|bytes| self.take(bytes));
    }

    fn withdraw(&mut self, marker: &[u8]) {
        let record = RecordId(Withdrawal::decode(marker).expect("it was signed").record().0);
        self.held.withdrawn.insert(record, marker.to_vec());
        self.held.changes.remove(&record);
        for bytes in self.held.envelopes.values_mut() {
            if bytes.get(1..17) == Some(&record.0) {
                bytes.clear();
            }
        }
    }

    fn markers(&self) -> Vec<Vec<u8>> {
        self.held.withdrawn.values().cloned().collect()
    }

    fn back_up(&mut self) {
        self.backup = Some(Box::new(self.held.clone()));
    }

    fn restore(&mut self) {
        self.held = self.backup.as_deref().expect("there is a copy").clone();
    }

    fn copy(&self, _: &Path) -> Box<dyn Store> {
        Box::new(Self { backup: None, ..self.clone() })
    }

    fn rows(&self) -> Vec<Row> {
        self.held.changes.keys().filter_map(|id| self.record(id)?.row()).collect()
    }

    fn is_sound(&self) -> bool {
        true
    }
}
