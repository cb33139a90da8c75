//! Records as devices make them, without a study around them: sealed, checked and stored by the vault's own doors.

use std::collections::BTreeMap;

use nightjar_form::{CellKey, ItemKey, Value};
use nightjar_record::{Actor, Hand, Identity, IdentityKey, Meta, Nature, Need, Options, create};
use nightjar_seal::{
    DeviceKeys, DeviceTag, Dictionary, Entropy, Envelope, Header, Line, LinkHash, Origin, Receipt, Recipient,
    RecordKey, RosterHead, ScopeTag, Sealing, StudyTag, Withdrawal, WithdrawalPublic, seal_with,
};
use nightjar_vault::{Checked, DraftId, DraftMeta, Gate, Readable, Reading, Vault, VaultError, tag_of};

/// The study of all of them.
pub const STUDY: StudyTag = StudyTag([5; 16]);
/// Their scope.
pub const SCOPE: ScopeTag = ScopeTag([6; 16]);
/// The study's identity key.
pub const IDENTITY: IdentityKey = IdentityKey([8; 32]);

/// A roster that knows and grants everything.
struct Everybody;

impl Gate for Everybody {
    fn is_put_out(&self, _: &DeviceTag) -> bool {
        false
    }

    fn good_places(&self, _: &DeviceTag, _: &ScopeTag, _: &Line) -> Vec<(u64, LinkHash)> {
        Vec::new()
    }

    fn knows(&self, _: &DeviceTag) -> bool {
        true
    }

    fn allows(&self, _: &DeviceTag, _: &Need) -> bool {
        true
    }
}

/// Reading where everybody may everything.
#[must_use]
pub fn reading() -> Reading<'static> {
    Reading { identity: &IDENTITY, gate: &Everybody }
}

/// What a draft is opened with.
#[must_use]
pub fn draft() -> DraftMeta {
    DraftMeta {
        instrument: "patient-core".into(),
        version: [1; 32],
        role: "patient".into(),
        ward: "acute-male".into(),
        language: "en".into(),
        opened: "2026-03-02T10:00:00+00:00[Europe/London]".into(),
        seed: 1,
        extra: Default::default(),
    }
}

/// One response, and what takes it out.
pub struct Response {
    /// What is known of it.
    pub meta: Meta,
    /// Its answers.
    pub cells: Vec<(CellKey, Value)>,
    /// The key it is sealed under.
    pub key: RecordKey,
    /// What withdraws it.
    pub marker: Vec<u8>,
}

impl Response {
    /// A response of a device.
    ///
    /// # Panics
    /// Never, unless the seal is broken.
    pub fn new(
        keys: &DeviceKeys,
        ward: &str,
        cells: Vec<(CellKey, Value)>,
        entropy: &mut dyn Entropy,
    ) -> Self {
        let receipt = Receipt::generate(entropy);
        let origin = Origin::new(keys.tag(), Some(receipt.withdrawal()), entropy);
        let identity = Identity::Given(nightjar_record::Origin {
            withdrawal: origin.withdrawal.map(|key| key.0),
            creator: origin.creator.0,
            random: origin.salt,
        });
        let marker = Withdrawal::new(&receipt, STUDY, origin).expect("the receipt is its own").encode();
        let meta = Meta {
            kind: "patient-core".into(),
            nature: Nature::Response,
            identity,
            instrument: "patient-core".into(),
            version: [1; 32],
            ward: ward.into(),
            role: "patient".into(),
            phase: Some("live".into()),
            week: Some("2026-W10".into()),
            part_of_day: None,
            language: Some("en".into()),
            case: None,
            purposes: BTreeMap::new(),
            extra: BTreeMap::new(),
        };
        Self { meta, cells, key: RecordKey::generate(entropy), marker }
    }

    /// Its change, not sealed.
    ///
    /// # Panics
    /// Never, unless record is broken.
    pub fn written(&self, keys: &DeviceKeys, entropy: &mut dyn Entropy) -> nightjar_record::Written {
        let Self { meta, cells, .. } = self;
        let mut fresh = [0; 16];
        entropy.fill(&mut fresh);
        let hand = Hand { role: meta.role.clone(), at: None };
        let actor = Actor::fresh(keys.tag().as_bytes(), meta.record_id(&IDENTITY), fresh);
        create(meta, cells, &Options::new(), &IDENTITY, &hand, actor).expect("it is written")
    }

    /// Sealed for readers with a dictionary: the change, which hands its key out, and its plain bytes.
    ///
    /// # Panics
    /// Never, unless record or seal are broken.
    pub fn sealed(
        &self,
        keys: &DeviceKeys,
        readers: &[&DeviceKeys],
        dictionary: Option<&Dictionary>,
        entropy: &mut dyn Entropy,
    ) -> (Envelope, nightjar_record::Written) {
        let Self { meta, key, .. } = self;
        let written = self.written(keys, entropy);
        let tag = tag_of(meta, &IDENTITY);
        let mut header = Header::change(STUDY, SCOPE, tag, keys.tag(), RosterHead([0; 32]), key);
        if let Identity::Given(origin) = &meta.identity {
            let nightjar_record::Origin { withdrawal, creator, random } = *origin;
            let withdrawal = withdrawal.map(WithdrawalPublic);
            header.origin = Some(Origin { withdrawal, creator: DeviceTag(creator), salt: random });
        }
        let publics: Vec<_> = readers.iter().map(|reader| reader.public()).collect();
        let recipients: Vec<_> = publics.iter().map(Recipient::Device).collect();
        let sealing = Sealing { recipients: Some(&recipients), dictionary };
        let change = seal_with(header, &written.bytes, key, sealing, entropy).expect("it is sealed");
        (change, written)
    }

    /// Finishes a draft with it.
    ///
    /// # Errors
    /// As for [`Vault::finish`].
    pub fn finish(
        self,
        vault: &Vault,
        draft: &DraftId,
        keys: &DeviceKeys,
        readable: Readable,
        entropy: &mut dyn Entropy,
    ) -> Result<(), VaultError> {
        let (change, written) = self.sealed(keys, &[keys], None, entropy);
        let checked = Checked::open(&written, change, None, self.key, reading())?;
        vault.finish(draft, checked, readable, reading()).map(drop)
    }
}

/// The cell of an item outside repeats.
#[must_use]
pub fn cell(name: &str) -> CellKey {
    CellKey::from(ItemKey::of(name))
}
