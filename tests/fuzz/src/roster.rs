//! Stewards' passes and the entries about them: what nobody signed changes nothing, and what counts depends on what is held alone.

use std::sync::LazyLock;

use arbitrary::Arbitrary;
use nightjar_seal::{
    Act, DeviceKeys, DocumentHash, Entry, Grant, LetIn, Member, Membership, Pass, RootKeys, Roster, ScopeTag, Terms,
};

const STEWARDS: usize = 2;
const DEVICES: usize = 6;
const MOST: u32 = 2;

struct World {
    root: RootKeys,
    roster: Roster,
    stewards: Vec<DeviceKeys>,
    devices: Vec<DeviceKeys>,
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let mut next = 0_u8;
    let mut entropy = |bytes: &mut [u8]| {
        for byte in bytes {
            next = next.wrapping_mul(5).wrapping_add(1);
            *byte = next ^ (next >> 3);
        }
    };
    let root = RootKeys::generate(&mut entropy);
    let mut roster = Roster::found(&root, DocumentHash([0; 32]), "A study", &mut entropy).expect("founded");
    let mut keys = |number: usize| -> Vec<_> {
        (0..number)
            .map(|at| {
                let seed = [number as u8, at as u8 + 1];
                DeviceKeys::generate(&mut |bytes: &mut [u8]| {
                    bytes.iter_mut().enumerate().for_each(|(n, byte)| *byte = seed[n % 2].wrapping_mul(n as u8 + 3));
                })
            })
            .collect()
    };
    let (stewards, devices) = (keys(STEWARDS), keys(DEVICES));
    for (at, keys) in stewards.iter().enumerate() {
        let act = Act::Admit {
            device: keys.public(),
            label: "steward".into(),
            membership: Membership::Tablet,
            grants: Vec::new(),
            epochs: Vec::new(),
        };
        roster.append(act, &root).expect("admitted");
        let wards = if at == 0 { vec!["alder".to_owned()] } else { Vec::new() };
        let scopes = vec![ScopeTag([1; 16])];
        let terms = Terms { devices: MOST, evaluators: at == 1, wards, scopes, until: 200 };
        roster.append(Act::Delegate { steward: keys.tag(), terms: Some(terms) }, &root).expect("a steward");
    }
    World { root, roster, stewards, devices }
});

/// What somebody does.
#[derive(Debug, Arbitrary)]
pub enum Step {
    /// Brings bytes as a pass and as an entry.
    Bytes(Vec<u8>),
    /// A steward signs a pass.
    Pass {
        /// Which one.
        steward: u8,
        /// For which device.
        device: u8,
        /// Its number.
        number: u8,
        /// Until when.
        until: u8,
        /// Whether it lets in an evaluator's device.
        evaluator: bool,
        /// For which ward; none for all.
        ward: Option<bool>,
    },
    /// The founder enters what counts, at a time.
    Enter(u8),
    /// The founder ends a steward.
    End(u8),
    /// The founder puts a device out.
    PutOut(u8),
}

/// Takes the steps one after the other; then the same passes and entries in other orders.
pub fn run(steps: &[Step]) {
    let world = &*WORLD;
    let mut roster = world.roster.clone();
    let mut passes = Vec::new();
    for step in steps.iter().take(40) {
        match step {
            Step::Bytes(bytes) => {
                let before = (roster.head(), roster.passes_digest());
                if let Ok(pass) = Pass::decode(bytes) {
                    assert_eq!(pass.encode(), *bytes);
                    assert!(roster.take(pass).is_err(), "what nobody signed lets somebody in");
                }
                if let Ok(entry) = Entry::decode(bytes) {
                    assert_eq!(entry.encode(), *bytes);
                    assert!(roster.push(entry).is_err(), "what nobody signed changes the roster");
                }
                assert_eq!(before, (roster.head(), roster.passes_digest()));
            }
            Step::Pass { steward, device, number, until, evaluator, ward } => {
                let ward = ward.map(|alder| if alder { "alder" } else { "birch" }.to_owned());
                let let_in = LetIn {
                    device: world.devices[usize::from(*device) % DEVICES].public(),
                    label: "new".into(),
                    membership: if *evaluator { Membership::Evaluator } else { Membership::Tablet },
                    grants: vec![Grant::all(ward.into_iter().collect())],
                    epochs: Vec::new(),
                };
                let keys = &world.stewards[usize::from(*steward) % STEWARDS];
                let study = roster.study();
                if let Ok(pass) = Pass::sign(study, (*number).into(), (*until).into(), let_in, keys) {
                    let _ = roster.take(pass.clone());
                    passes.push(pass);
                }
            }
            Step::Enter(at) => {
                let mut devices = std::collections::BTreeSet::new();
                let counts = |pass: &&Pass| {
                    roster.standing(&pass.id()) == Some(nightjar_seal::PassStanding::Counts)
                };
                let entering: Vec<_> =
                    roster.passes().filter(counts).filter(|pass| devices.insert(pass.device())).cloned().collect();
                let act = Act::Enter { at: (*at).into(), passes: entering };
                roster.append(act, &world.root).expect("what counts may be entered");
            }
            Step::End(steward) => {
                let steward = world.stewards[usize::from(*steward) % STEWARDS].tag();
                let _ = roster.append(Act::Delegate { steward, terms: None }, &world.root);
            }
            Step::PutOut(device) => {
                let device = world.devices[usize::from(*device) % DEVICES].tag();
                let _ = roster.append(Act::Revoke { device, last_good: Vec::new() }, &world.root);
            }
        }
        check(world, &roster);
    }
    // From the whole log, with the passes after it and turned round.
    let log: Vec<_> = roster.entries().iter().map(Entry::encode).collect();
    let mut again = Roster::read(log.iter().map(Vec::as_slice)).expect("its own log");
    for pass in passes.iter().rev() {
        let _ = again.take(pass.clone());
    }
    assert_eq!(again.members(), roster.members());
    assert_eq!(again.passes_digest(), roster.passes_digest());
}

fn check(world: &World, roster: &Roster) {
    for keys in &world.stewards {
        let of = |placed: bool| {
            let members = roster.members().values();
            let here = members.filter(|member| member.by == Some(keys.tag()) && member.since.is_some() == placed);
            here.filter(|member| placed || member.revoked.is_none()).count() as u32
        };
        assert!(of(false) == 0 || of(true) + of(false) <= MOST, "more than the steward may let in");
        if roster.terms(&keys.tag()).is_none() {
            assert_eq!(of(false), 0, "let in by who is no steward");
        }
    }
    // A pass that does not count leaves its device as one that was put out, whatever it asked for: nothing of it counts.
    let let_in = |member: &&Member| member.by == Some(world.stewards[0].tag()) && member.revoked.is_none();
    for member in roster.members().values().filter(let_in) {
        assert_eq!(member.membership, Membership::Tablet);
        assert!(!member.may("ward-night", nightjar_seal::Action::Create, "birch"));
    }
}
