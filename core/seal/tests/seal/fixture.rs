//! A study with a steward, a tablet, two evaluators and a recovery key, and ways to damage bytes.

use nightjar_seal::{
    Act, Chain, DeviceKeys, DevicePublic, DocumentHash, Entropy, EnvelopeId, EpochKey, Grant, Header, Line,
    Link, Membership, RecordKey, RecordTag, RecoveryKeys, RootKeys, Roster, ScopeTag, SignedHead, Strand,
    WrappedEpoch,
};

/// Bytes that repeat from run to run, so that a failure can be seen again.
pub(crate) struct Repeatable(blake3::OutputReader);

pub(crate) fn entropy(seed: u64) -> Repeatable {
    Repeatable(blake3::Hasher::new().update(&seed.to_le_bytes()).finalize_xof())
}

impl Entropy for Repeatable {
    fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill(bytes);
    }
}

pub(crate) struct World {
    pub(crate) entropy: Repeatable,
    pub(crate) root: RootKeys,
    pub(crate) roster: Roster,
    pub(crate) tablet: DeviceKeys,
    pub(crate) evaluators: [DeviceKeys; 2],
    pub(crate) recovery: RecoveryKeys,
    pub(crate) epoch: EpochKey,
    pub(crate) scope: ScopeTag,
    pub(crate) key: RecordKey,
}

impl World {
    pub(crate) fn new() -> Self {
        let mut entropy = entropy(1);
        let root = RootKeys::generate(&mut entropy);
        let mut roster = Roster::found(&root, DocumentHash([7; 32]), "Sleep well", &mut entropy).unwrap();
        let tablet = DeviceKeys::generate(&mut entropy);
        let evaluators = [DeviceKeys::generate(&mut entropy), DeviceKeys::generate(&mut entropy)];
        let recovery = RecoveryKeys::generate(&mut entropy);
        let epoch = EpochKey::generate(&mut entropy);
        let scope = ScopeTag::of(&roster.study(), "ward");
        let wrapped = WrappedEpoch::new(scope, &epoch, &tablet.public(), &mut entropy).unwrap();
        roster.append(admit(tablet.public(), Membership::Tablet, vec![wrapped]), &root).unwrap();
        for evaluator in &evaluators {
            roster.append(admit(evaluator.public(), Membership::Evaluator, vec![]), &root).unwrap();
        }
        roster.append(Act::Recovery { public: recovery.public() }, &root).unwrap();
        let key = RecordKey::generate(&mut entropy);
        Self { entropy, root, roster, tablet, evaluators, recovery, epoch, scope, key }
    }

    pub(crate) fn header(&self) -> Header {
        let (study, head) = (self.roster.study(), self.roster.head());
        Header::change(study, self.scope, RecordTag([5; 16]), self.tablet.tag(), head, &self.key)
    }

    /// The only line of the tablet.
    pub(crate) fn strand(&self) -> Strand {
        Strand { device: self.tablet.tag(), line: Line([3; 8]) }
    }

    /// A run of `count` links from the start, and the head that the tablet signed over it.
    pub(crate) fn run(&self, count: u8) -> (Vec<Link>, SignedHead) {
        let mut chain = Chain::new(self.strand(), self.scope);
        let links = (1..=count).map(|n| chain.next(EnvelopeId([n; 32]))).collect();
        (links, chain.sign(&self.tablet).unwrap())
    }
}

pub(crate) fn admit(device: DevicePublic, membership: Membership, epochs: Vec<WrappedEpoch>) -> Act {
    Act::Admit {
        device,
        label: "tablet 1".into(),
        membership,
        grants: vec![Grant::all(vec!["alder".into()])],
        epochs,
    }
}

/// `bytes` with one bit flipped: the lowest and the highest of every byte.
pub(crate) fn altered(bytes: &[u8]) -> impl Iterator<Item = (usize, Vec<u8>)> {
    (0..bytes.len()).flat_map(move |at| {
        [0x01, 0x80].map(|bit| {
            let mut altered = bytes.to_vec();
            altered[at] ^= bit;
            (at, altered)
        })
    })
}
