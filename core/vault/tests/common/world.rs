//! Tablets and an evaluator with vaults of their own, passing envelopes by hand.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_form::{CellKey, ItemKey, Value};
use nightjar_record::{
    Actor, Hand, Identity, IdentityKey, Meta, Nature, Need, Options, Origin, Purpose, Record, RecordId,
    Settle, Written, create,
};
use nightjar_seal::{
    DeviceKeys, DeviceTag, Dictionary, Envelope, EnvelopeId, Header, Holder, Line, LinkHash, Recipient,
    RecordKey, RosterHead, ScopeTag, Sealing, Strand, StudyTag, seal_with, wrap,
};
use nightjar_vault::{Checked, Finished, Gate, Imported, Order, Readable, Reading, Vault, tag_of};

use super::{Home, draft_meta};

pub(crate) const STUDY: StudyTag = StudyTag([5; 16]);
pub(crate) const SCOPE: ScopeTag = ScopeTag([6; 16]);
pub(crate) const IDENTITY: IdentityKey = IdentityKey([8; 32]);

/// A roster that knows everybody but those named, and grants everything.
#[derive(Default)]
pub(crate) struct Roster(pub(crate) BTreeSet<DeviceTag>);

impl Gate for Roster {
    fn is_put_out(&self, _: &DeviceTag) -> bool {
        false
    }

    fn good_places(&self, _: &DeviceTag, _: &ScopeTag, _: &Line) -> Vec<(u64, LinkHash)> {
        Vec::new()
    }

    fn knows(&self, device: &DeviceTag) -> bool {
        !self.0.contains(device)
    }

    fn allows(&self, _: &DeviceTag, _: &Need) -> bool {
        true
    }
}

pub(crate) struct Device {
    pub(crate) home: Home,
    pub(crate) vault: Vault,
    pub(crate) keys: DeviceKeys,
    pub(crate) roster: Roster,
    n: std::cell::Cell<u64>,
}

pub(crate) fn entropy(bytes: &mut [u8]) {
    getrandom::fill(bytes).unwrap();
}

impl Device {
    pub(crate) fn new() -> Self {
        let home = Home::new();
        let vault = home.create();
        let keys = DeviceKeys::generate(&mut entropy);
        Self { home, vault, keys, roster: Roster::default(), n: Default::default() }
    }

    pub(crate) fn reading(&self) -> Reading<'_> {
        Reading { identity: &IDENTITY, gate: &self.roster }
    }

    pub(crate) fn actor(&self, record: RecordId) -> Actor {
        let mut random = [0; 16];
        entropy(&mut random);
        Actor::fresh(&self.keys.tag().0, record, random)
    }

    /// A fresh origin of this device.
    pub(crate) fn origin(&self) -> Origin {
        self.n.set(self.n.get() + 1);
        Origin {
            withdrawal: None,
            creator: self.keys.tag().0,
            random: u128::from(self.n.get()).to_le_bytes(),
        }
    }

    /// Seals a change for the readers and opens it again.
    pub(crate) fn check(
        &self,
        written: &Written,
        meta: &Meta,
        readers: &[&Device],
        dictionary: Option<&Dictionary>,
    ) -> (Checked, EnvelopeId) {
        let key = RecordKey::generate(&mut entropy);
        let tag = tag_of(meta, &IDENTITY);
        let header = Header::change(STUDY, SCOPE, tag, self.keys.tag(), RosterHead([0; 32]), &key);
        let publics: Vec<_> = readers.iter().map(|d| d.keys.public()).collect();
        let recipients: Vec<_> = publics.iter().map(Recipient::Device).collect();
        let sealing = Sealing { recipients: (!recipients.is_empty()).then_some(&recipients), dictionary };
        let change = seal_with(header, &written.bytes, &key, sealing, &mut entropy).unwrap();
        let id = change.id();
        (Checked::open(written, change, dictionary.cloned(), key, self.reading()).unwrap(), id)
    }

    /// The key of a change of this device, handed out later, in an envelope of its own.
    pub(crate) fn keys_later(&self, change: &[u8], readers: &[&Device]) -> Vec<u8> {
        let change = Envelope::decode(change).unwrap();
        let key = self.vault.own_record_key(&change.header().record).unwrap().unwrap();
        let publics: Vec<_> = readers.iter().map(|d| d.keys.public()).collect();
        let recipients: Vec<_> = publics.iter().map(Recipient::Device).collect();
        wrap(change.header().keys(), &key, &recipients, &mut entropy).unwrap().encode()
    }

    /// A first change of this device.
    pub(crate) fn written(&self, meta: &Meta, cells: &[(CellKey, Value)]) -> Written {
        let hand = Hand { role: meta.role.clone(), at: None };
        let actor = self.actor(meta.record_id(&IDENTITY));
        create(meta, cells, &Options::new(), &IDENTITY, &hand, actor).unwrap()
    }

    /// Fills in a form and finishes it.
    pub(crate) fn give(
        &self,
        meta: &Meta,
        cells: &[(CellKey, Value)],
        readable: Readable,
        readers: &[&Device],
    ) -> Finished {
        self.give_with(meta, cells, readable, readers, None)
    }

    /// The same, sealed with a dictionary.
    pub(crate) fn give_with(
        &self,
        meta: &Meta,
        cells: &[(CellKey, Value)],
        readable: Readable,
        readers: &[&Device],
        dictionary: Option<&Dictionary>,
    ) -> Finished {
        let draft = self.vault.begin(&draft_meta()).unwrap();
        self.vault.append(&draft, b"an entry").unwrap();
        let written = self.written(meta, cells);
        let (checked, _) = self.check(&written, meta, readers, dictionary);
        self.vault.finish(&draft, checked, readable, self.reading()).unwrap()
    }

    pub(crate) fn record(&self, id: &RecordId) -> Record {
        self.vault.record(id, self.reading()).unwrap()
    }

    pub(crate) fn edit(&self, id: &RecordId, cells: &[(CellKey, Value)], readers: &[&Device]) {
        let record = self.record(id);
        let hand = Hand { role: "night lead".into(), at: Some("2025-03-02T23:05".into()) };
        let written = record.edit(cells, &Options::new(), &hand, self.actor(*id)).unwrap();
        let (checked, _) = self.check(&written, record.meta().unwrap(), readers, None);
        self.vault.amend(checked, self.reading()).unwrap();
    }

    pub(crate) fn settle(&self, id: &RecordId, cell: CellKey, value: Value, readers: &[&Device]) {
        let record = self.record(id);
        let conflict = record.conflicts().into_iter().find(|c| c.cell == cell).unwrap();
        let settles = conflict.values.iter().map(|h| h.change).collect();
        let hand = Hand { role: "night lead".into(), at: None };
        let settle = Settle { cell, value, settles };
        let written = record.settle(&[settle], "counted", &Options::new(), &hand, self.actor(*id)).unwrap();
        let (checked, _) = self.check(&written, record.meta().unwrap(), readers, None);
        self.vault.amend(checked, self.reading()).unwrap();
    }

    /// Everything this device has to send, chained.
    pub(crate) fn send(&self) -> BTreeMap<EnvelopeId, Vec<u8>> {
        let mut order = self.vault.unchained(&SCOPE).unwrap();
        order.reverse();
        self.vault.chain_outbox(&SCOPE, &self.keys, Order::Drawn(&order)).unwrap();
        self.vault.pending(&SCOPE, None, usize::MAX).unwrap().into_iter().map(|p| (p.id, p.bytes)).collect()
    }

    pub(crate) fn receive<'e>(&self, envelopes: impl IntoIterator<Item = &'e Vec<u8>>) -> Imported {
        let epochs = [];
        let holder = Holder { device: Some(&self.keys), epochs: &epochs, ..Holder::default() };
        self.vault.import(envelopes.into_iter().map(Vec::as_slice), &holder, self.reading()).unwrap()
    }

    pub(crate) fn retry(&self) -> Imported {
        let holder = Holder { device: Some(&self.keys), ..Holder::default() };
        self.vault.retry(&holder, self.reading()).unwrap()
    }

    /// The line that it writes on.
    pub(crate) fn strand(&self) -> Strand {
        self.vault.strand(&self.keys.tag()).unwrap().unwrap()
    }

    /// Takes another device's chain, verified.
    pub(crate) fn follow(&self, other: &Device) {
        let strand = other.strand();
        let links = other.vault.links(&strand, &SCOPE, 0, usize::MAX).unwrap();
        let head = other.vault.head(&strand, &SCOPE).unwrap().unwrap();
        self.vault.follow(&links, &head, &other.keys.public()).unwrap();
    }
}

pub(crate) fn cell(name: &str) -> CellKey {
    CellKey::from(ItemKey::of(name))
}

pub(crate) fn one(code: &str) -> Value {
    Value::One(code.to_owned())
}

pub(crate) fn meta(kind: &str, nature: Nature, identity: Identity) -> Meta {
    Meta {
        kind: kind.into(),
        nature,
        identity,
        instrument: kind.replace('-', "_"),
        version: [1; 32],
        ward: "maple".into(),
        role: "nurse".into(),
        phase: Some("live".into()),
        week: Some("2025-W10".into()),
        part_of_day: None,
        language: Some("en".into()),
        case: None,
        purposes: BTreeMap::new(),
        extra: BTreeMap::new(),
    }
}

pub(crate) fn night() -> Meta {
    meta("ward-night", Nature::Fact, Identity::Once("maple/2025-03-02".into()))
}

pub(crate) fn response(device: &Device) -> Meta {
    let mut meta = meta("patient-core", Nature::Response, Identity::Given(device.origin()));
    meta.role = "patient".into();
    meta
}

pub(crate) fn position(device: &Device, case: &str) -> Meta {
    let mut meta = meta("position", Nature::Voice, Identity::Given(device.origin()));
    meta.case = Some(case.into());
    meta.purposes = [(Purpose::Voice, cell("voice")), (Purpose::Stance, cell("stance"))].into();
    meta
}

pub(crate) fn outcome(case: &str) -> Meta {
    let mut meta = meta("decision", Nature::Outcome, Identity::Once(case.into()));
    meta.case = Some(case.into());
    meta.purposes = [(Purpose::Outcome, cell("outcome"))].into();
    meta
}

/// Three tablets collect; two enter the same night and edit it, one settles; positions oppose each other.
pub(crate) fn collected(evaluator: &Device) -> (Vec<Device>, BTreeMap<EnvelopeId, Vec<u8>>) {
    let (a, b, c) = (Device::new(), Device::new(), Device::new());
    let beds = |n| [(cell("beds"), Value::Integer(n))];
    let night_id = a.give(&night(), &beds(17), Readable::Here, &[evaluator, &b]).record;
    b.give(&night(), &beds(18), Readable::Here, &[evaluator, &a]);
    a.edit(&night_id, &beds(16), &[evaluator, &b]);
    for (device, voice, stance) in
        [(&a, "patient", "for"), (&b, "nurse", "against"), (&b, "doctor", "unsure")]
    {
        let cells = [(cell("voice"), one(voice)), (cell("stance"), one(stance))];
        device.give(&position(device, "case 7"), &cells, Readable::Here, &[evaluator]);
    }
    let cells = [(cell("outcome"), one("balanced"))];
    b.give(&outcome("case 7"), &cells, Readable::Here, &[evaluator]);
    for _ in 0..3 {
        c.give(&response(&c), &[(cell("slept"), one("well"))], Readable::Elsewhere, &[evaluator]);
    }
    let mut all = a.send();
    all.extend(b.send());
    all.extend(c.send());
    (vec![a, b, c], all)
}
