use nightjar_seal::{
    Act, Action, DeviceKeys, DocumentHash, Entry, EpochKey, Grant, LastGood, Line, LinkHash, MAX_ENTRY,
    Membership, RecoveryKeys, Refused, RootKeys, Roster, ScopeTag, WrappedEpoch,
};

use crate::fixture::{World, admit, altered};

fn log(roster: &Roster) -> Vec<Vec<u8>> {
    roster.entries().iter().map(Entry::encode).collect()
}

fn read(log: &[Vec<u8>]) -> Result<Roster, Refused> {
    Roster::read(log.iter().map(Vec::as_slice))
}

#[test]
fn a_log_reads_back_as_it_was_written() {
    let world = World::new();
    let again = read(&log(&world.roster)).unwrap();
    assert_eq!(
        (again.study(), again.head(), again.root()),
        (world.roster.study(), world.roster.head(), world.root.public())
    );
    assert_eq!(again.members(), world.roster.members());
    assert_eq!((again.title(), again.document()), ("Sleep well", DocumentHash([7; 32])));
    assert_eq!(again.recovery(), Some(&world.recovery.public()));
    assert_eq!(again.may_collect(), Ok(()));
    let wrapped: Vec<_> = again.epochs_for(&world.tablet.tag()).collect();
    assert_eq!(wrapped.len(), 1);
    assert_eq!(wrapped[0].open(&world.tablet).unwrap(), world.epoch);
    assert!(matches!(wrapped[0].open(&world.evaluators[0]), Err(Refused::WrongDevice { .. })));
}

#[test]
fn one_altered_bit_anywhere_in_the_log_is_refused() {
    let world = World::new();
    let whole = log(&world.roster);
    for place in 0..whole.len() {
        for (at, bytes) in altered(&whole[place]) {
            let mut log = whole.clone();
            log[place] = bytes;
            assert!(read(&log).is_err(), "entry {place}, byte {at}");
        }
        for len in 0..whole[place].len() {
            assert!(
                matches!(Entry::decode(&whole[place][..len]), Err(Refused::Truncated { .. })),
                "{place}, {len}"
            );
        }
    }
    // The founding entry by itself, where no later entry would show the change.
    for (at, bytes) in altered(&whole[0]) {
        assert!(read(&[bytes]).is_err(), "founding entry, byte {at}");
    }
    assert!(matches!(read(&[]), Err(Refused::Truncated { .. })));
    assert!(matches!(Entry::decode(&vec![0; MAX_ENTRY + 1]), Err(Refused::Oversize { .. })));
}

#[test]
fn a_missing_or_moved_entry_is_refused() {
    let world = World::new();
    let whole = log(&world.roster);
    let mut without = whole.clone();
    without.remove(1);
    assert_eq!(read(&without).map(|_| ()), Err(Refused::RosterGap { expected: 1, found: 2 }));
    assert!(matches!(read(&whole[1..]), Err(Refused::Unfit { seq: 1, .. })));
    let mut moved = whole;
    moved.swap(1, 2);
    assert!(matches!(read(&moved), Err(Refused::RosterGap { .. })));
}

#[test]
fn a_second_entry_at_a_place_is_refused_and_shown() {
    let mut world = World::new();
    let mut other = world.roster.clone();
    let ours =
        world.roster.append(Act::Document { document: DocumentHash([8; 32]) }, &world.root).unwrap().clone();
    let theirs =
        other.append(Act::Document { document: DocumentHash([9; 32]) }, &world.root).unwrap().clone();
    let (seq, before) = (ours.seq(), world.roster.head());
    let fork = Refused::RosterFork { seq, kept: ours.hash(), refused: theirs.hash() };
    assert_eq!(world.roster.push(theirs.clone()), Err(fork));
    // What follows theirs shows that there was another at the place before.
    let after =
        other.append(Act::Document { document: DocumentHash([10; 32]) }, &world.root).unwrap().clone();
    let fork = Refused::RosterFork { seq, kept: ours.hash(), refused: theirs.hash() };
    assert_eq!(world.roster.push(after), Err(fork));
    assert_eq!(world.roster.push(ours), Ok(()));
    assert_eq!((world.roster.head(), world.roster.document()), (before, DocumentHash([8; 32])));
}

#[test]
fn only_the_founding_key_writes() {
    let mut world = World::new();
    let stranger = RootKeys::generate(&mut world.entropy);
    let act = Act::Document { document: DocumentHash([8; 32]) };
    let head = world.roster.head();
    assert!(matches!(world.roster.append(act.clone(), &stranger), Err(Refused::Altered { .. })));
    // A forgery at a place that is taken is called a forgery, not a second history of the steward.
    let mut forged =
        Roster::found(&stranger, DocumentHash([7; 32]), "Sleep well", &mut world.entropy).unwrap();
    let founding = forged.entries()[0].clone();
    let second = forged.append(act, &stranger).unwrap().clone();
    assert!(matches!(world.roster.push(founding), Err(Refused::Altered { .. })));
    assert!(matches!(world.roster.push(second), Err(Refused::Altered { .. })));
    assert_eq!(world.roster.head(), head);
    assert_ne!(forged.study(), world.roster.study());
}

#[test]
fn entries_that_contradict_the_roster_are_refused() {
    let mut world = World::new();
    let (tablet, evaluator) = (world.tablet.public(), world.evaluators[0].public());
    let newcomer = DeviceKeys::generate(&mut world.entropy).public();
    let other = RecoveryKeys::generate(&mut world.entropy).public();
    let mut wrapped =
        |key: &EpochKey, to| WrappedEpoch::new(world.scope, key, &to, &mut world.entropy).unwrap();
    let misaddressed = wrapped(&world.epoch, evaluator);
    let unknown = wrapped(&world.epoch, newcomer);
    for act in [
        admit(tablet, Membership::Evaluator, vec![]),
        admit(newcomer, Membership::Tablet, vec![misaddressed]),
        Act::Recovery { public: other },
        Act::Epoch { wraps: vec![unknown] },
        Act::Revoke { device: newcomer.tag(), last_good: vec![] },
        world.roster.entries()[0].act().clone(),
    ] {
        let before = (world.roster.head(), world.roster.members().clone());
        assert!(matches!(world.roster.append(act, &world.root), Err(Refused::Unfit { .. })));
        assert_eq!((world.roster.head(), world.roster.members().clone()), before);
    }
}

#[test]
fn a_device_put_out_stays_out_and_gets_no_new_epoch() {
    let mut world = World::new();
    let tag = world.evaluators[0].tag();
    let good = |scope, line, place| LastGood {
        scope,
        line: Line([line; 8]),
        place,
        hash: LinkHash([place as u8; 32]),
    };
    let last_good = vec![
        good(ScopeTag([1; 16]), 1, 4),
        good(ScopeTag([1; 16]), 2, 2),
        good(world.scope.max(ScopeTag([2; 16])), 1, 9),
    ];
    world.roster.append(Act::Revoke { device: tag, last_good: last_good.clone() }, &world.root).unwrap();
    let revoked = world.roster.member(&tag).unwrap().revoked.clone().unwrap();
    let places: Vec<_> = revoked
        .into_iter()
        .flat_map(|((scope, line), places)| {
            places.into_iter().map(move |(place, hash)| LastGood { scope, line, place, hash })
        })
        .collect();
    assert_eq!(places, last_good);
    assert_eq!(world.roster.may_collect(), Err(Refused::TooFewReaders { have: 1, need: 2 }));
    let next = EpochKey::generate(&mut world.entropy);
    for (to, fits) in [(world.evaluators[0].public(), false), (world.evaluators[1].public(), true)] {
        let wrap = WrappedEpoch::new(world.scope, &next, &to, &mut world.entropy).unwrap();
        assert_eq!(world.roster.append(Act::Epoch { wraps: vec![wrap] }, &world.root).is_ok(), fits);
    }
    let again = Act::Revoke { device: tag, last_good: vec![] };
    assert!(matches!(world.roster.append(again, &world.root), Err(Refused::Unfit { .. })));
    let back = admit(world.evaluators[0].public(), Membership::Evaluator, vec![]);
    assert!(matches!(world.roster.append(back, &world.root), Err(Refused::Unfit { .. })));
    let twice = vec![good(world.scope, 1, 1), good(world.scope, 1, 1)];
    let unordered = Act::Revoke { device: world.evaluators[1].tag(), last_good: twice };
    assert!(matches!(world.roster.append(unordered, &world.root), Err(Refused::Malformed { .. })));
}

#[test]
fn collecting_needs_two_readers_and_a_recovery_key() {
    let mut world = World::new();
    let mut roster =
        Roster::found(&world.root, DocumentHash([7; 32]), "Sleep well", &mut world.entropy).unwrap();
    for (have, evaluator) in world.evaluators.iter().enumerate() {
        assert_eq!(roster.may_collect(), Err(Refused::TooFewReaders { have, need: 2 }));
        roster.append(admit(evaluator.public(), Membership::Evaluator, vec![]), &world.root).unwrap();
    }
    assert_eq!(roster.may_collect(), Err(Refused::NoRecovery));
}

#[test]
fn grants_cover_what_they_name_and_nothing_else() {
    let grant = Grant {
        kind: "ward_night".into(),
        actions: vec![Action::Create, Action::Edit],
        wards: vec!["alder".into()],
    };
    assert!(grant.covers("ward_night", Action::Edit, "alder"));
    assert!(!grant.covers("ward_night", Action::Settle, "alder"));
    assert!(!grant.covers("incidents", Action::Edit, "alder"));
    assert!(!grant.covers("ward_night", Action::Edit, "birch"));
    assert!(Grant::all(vec![]).covers("anything", Action::Code, "anywhere"));
    let world = World::new();
    let member = world.roster.member(&world.tablet.tag()).unwrap();
    assert!(member.may("ward_night", Action::Create, "alder"));
    assert!(!member.may("ward_night", Action::Create, "birch"));
}

#[test]
fn texts_and_lists_in_entries_are_bounded() {
    let mut world = World::new();
    let device = DeviceKeys::generate(&mut world.entropy).public();
    let with = |label: &str, grants| Act::Admit {
        device,
        label: label.into(),
        membership: Membership::Tablet,
        grants,
        epochs: vec![],
    };
    let ward = |len| vec![Grant::all(vec!["w".repeat(len)])];
    for act in [
        with("", vec![]),
        with(&"x".repeat(121), vec![]),
        with("bell\u{7}", vec![]),
        with("tablet", vec![Grant::all(vec![]); 65]),
        with("tablet", vec![Grant::all(vec!["alder".into(); 257])]),
        with("tablet", ward(65)),
        with("tablet", vec![Grant { actions: vec![Action::Edit, Action::Create], ..Grant::all(vec![]) }]),
    ] {
        let refused = world.roster.append(act, &world.root).unwrap_err();
        assert!(matches!(refused, Refused::Oversize { .. } | Refused::Malformed { .. }), "{refused}");
    }
    assert!(world.roster.append(with("tablet 2", ward(64)), &world.root).is_ok());
}
