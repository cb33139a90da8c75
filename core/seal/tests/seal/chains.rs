use nightjar_seal::{Chain, DeviceTag, EnvelopeId, Line, Link, LinkHash, Refused, ScopeTag, SignedHead};
use proptest::prelude::*;

use crate::fixture::World;

fn follow(world: &World, links: &[Link], head: &SignedHead) -> Result<Chain, Refused> {
    let mut chain = Chain::new(world.strand(), world.scope);
    let before = chain;
    let followed = chain.follow(links, head, &world.tablet.public());
    if followed.is_err() {
        assert_eq!(chain, before, "a refused run must move nothing");
    }
    followed.map(|()| chain)
}

#[test]
fn a_run_is_followed_to_its_head_in_any_number_of_steps() {
    let world = World::new();
    let (links, head) = world.run(5);
    let whole = follow(&world, &links, &head).unwrap();
    assert_eq!((whole.seq, whole.hash), (5, links[4].hash()));
    let (first, first_head) = world.run(2);
    let mut chain = follow(&world, &first, &first_head).unwrap();
    chain.follow(&links[2..], &head, &world.tablet.public()).unwrap();
    assert_eq!(chain, whole);
    chain.follow(&[], &head, &world.tablet.public()).unwrap();
}

#[test]
fn a_missing_link_is_a_gap() {
    let world = World::new();
    let (links, head) = world.run(4);
    for missing in 0..3 {
        let mut some = links.clone();
        some.remove(missing);
        let (expected, found) = (missing as u64 + 1, missing as u64 + 2);
        let gap = Refused::Gap { device: world.tablet.tag(), expected, found };
        assert_eq!(follow(&world, &some, &head), Err(gap));
    }
    let short = Refused::WrongHead { device: world.tablet.tag(), seq: 4 };
    assert_eq!(follow(&world, &links[..3], &head), Err(short.clone()));
    assert_eq!(follow(&world, &[], &head), Err(short));
}

#[test]
fn two_histories_are_a_fork() {
    let world = World::new();
    let (links, _) = world.run(2);
    let mut known = Chain::new(world.strand(), world.scope);
    known.next(links[0].envelope);
    known.next(EnvelopeId([99; 32]));
    let mut theirs = Chain::new(world.strand(), world.scope);
    let mut other: Vec<_> = links.iter().map(|link| theirs.next(link.envelope)).collect();
    other.push(theirs.next(EnvelopeId([3; 32])));
    let head = theirs.sign(&world.tablet).unwrap();
    let fork = known.follow(&other[2..], &head, &world.tablet.public());
    assert_eq!(fork, Err(Refused::Fork { device: world.tablet.tag(), seq: 3 }));
}

#[test]
fn links_of_others_and_forged_heads_are_refused() {
    let world = World::new();
    let (links, head) = world.run(3);
    let stranger = DeviceTag([0; 16]);
    let mut anothers = links.clone();
    anothers[1].device = stranger;
    assert!(matches!(follow(&world, &anothers, &head), Err(Refused::WrongDevice { .. })));
    let mut copied = links.clone();
    copied[1].line = Line([0; 8]);
    assert!(matches!(follow(&world, &copied, &head), Err(Refused::WrongLine { .. })));
    let mut elsewhere = links.clone();
    elsewhere[1].scope = ScopeTag([0; 16]);
    assert!(matches!(follow(&world, &elsewhere, &head), Err(Refused::WrongScope { .. })));
    assert!(matches!(head.verify(&world.evaluators[0].public()), Err(Refused::WrongDevice { .. })));
    let mut chain = Chain::new(world.strand(), world.scope);
    assert!(matches!(chain.sign(&world.evaluators[0]), Err(Refused::WrongDevice { .. })));
    chain.next(EnvelopeId([1; 32]));
    for forged in [
        SignedHead { seq: 4, ..head },
        SignedHead { hash: LinkHash([1; 32]), ..head },
        SignedHead { scope: ScopeTag([1; 16]), ..head },
        SignedHead { line: Line([1; 8]), ..head },
        SignedHead { signature: chain.sign(&world.tablet).unwrap().signature, ..head },
    ] {
        assert!(matches!(forged.verify(&world.tablet.public()), Err(Refused::Altered { .. })));
        assert!(follow(&world, &links, &forged).is_err());
    }
}

proptest! {
    #[test]
    fn no_changed_link_leads_to_the_head(at in 0usize..4, field in 0u8..5, byte in any::<u8>(), place in any::<u64>()) {
        let world = World::new();
        let (mut links, head) = world.run(4);
        let before = links[at];
        match field {
            0 => links[at].envelope.0[usize::from(byte) % 32] ^= byte,
            1 => links[at].prev.0[usize::from(byte) % 32] ^= byte,
            2 => links[at].seq = place,
            3 => links[at].line.0[usize::from(byte) % 8] ^= byte,
            _ => links[at].device.0[usize::from(byte) % 16] ^= byte,
        }
        prop_assert_eq!(follow(&world, &links, &head).is_ok(), links[at] == before);
    }

    #[test]
    fn links_and_heads_come_back_from_bytes(count in 1u8..6) {
        let world = World::new();
        let (links, head) = world.run(count);
        let bytes = minicbor::to_vec((&links, head)).unwrap();
        prop_assert_eq!(minicbor::decode::<(Vec<Link>, SignedHead)>(&bytes).unwrap(), (links, head));
    }
}
