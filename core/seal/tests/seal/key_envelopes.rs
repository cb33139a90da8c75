use nightjar_seal::{
    DeviceKeys, Envelope, EpochKey, Header, Holder, MAX_RECIPIENTS, Recipient, RecordKey, RecoveryPublic,
    Refused, Sealing, open, seal, seal_with, unwrap, wrap,
};

use crate::fixture::{World, altered};

fn everybody(world: &mut World) -> Envelope {
    let publics = [world.evaluators[0].public(), world.evaluators[1].public()];
    let recovery = world.recovery.public();
    let to = [
        Recipient::Device(&publics[0]),
        Recipient::Device(&publics[1]),
        Recipient::Recovery(&recovery),
        Recipient::Epoch(&world.epoch),
    ];
    wrap(world.header().keys(), &world.key, &to, &mut world.entropy).unwrap()
}

#[test]
fn each_recipient_and_nobody_else_takes_the_key_out() {
    let mut world = World::new();
    let keys = Envelope::decode(&everybody(&mut world).encode()).unwrap();
    let change = seal(world.header(), b"one change", &world.key, &mut world.entropy).unwrap();
    let epochs = [(world.epoch.id(), world.epoch.clone())];
    let other_epoch = EpochKey::generate(&mut world.entropy);
    let other_epochs = [(other_epoch.id(), other_epoch)];
    for holder in [
        Holder { device: Some(&world.evaluators[0]), ..Holder::default() },
        Holder { device: Some(&world.evaluators[1]), ..Holder::default() },
        Holder { recovery: Some(&world.recovery), ..Holder::default() },
        Holder { device: Some(&world.tablet), epochs: &epochs, ..Holder::default() },
    ] {
        let key = unwrap(&keys, &holder).unwrap().expect("a recipient");
        assert_eq!(open(&change, &key).unwrap(), b"one change");
    }
    for holder in [
        Holder::default(),
        Holder { device: Some(&world.tablet), epochs: &other_epochs, ..Holder::default() },
    ] {
        assert_eq!(unwrap(&keys, &holder), Ok(None));
    }
}

/// The first change under a key hands it out beside itself: one envelope, which is whole or nothing.
#[test]
fn a_change_hands_out_its_own_key() {
    let mut world = World::new();
    let publics = [world.evaluators[0].public(), world.evaluators[1].public()];
    let to = publics.each_ref().map(Recipient::Device);
    let sealing = Sealing { recipients: Some(&to), ..Sealing::default() };
    let sealed = seal_with(world.header(), b"one change", &world.key, sealing, &mut world.entropy).unwrap();
    let bytes = sealed.encode();
    assert_eq!(Envelope::of(sealed.clone().into_parts()).unwrap().encode(), bytes);
    let sealed = Envelope::decode(&bytes).unwrap();
    assert!(sealed.hands_out());
    for evaluator in &world.evaluators {
        let holder = Holder { device: Some(evaluator), ..Holder::default() };
        let key = unwrap(&sealed, &holder).unwrap().expect("a recipient");
        assert_eq!(open(&sealed, &key).unwrap(), b"one change");
    }
    assert_eq!(unwrap(&sealed, &Holder::default()), Ok(None));
    // Whoever has the key already sees that the others were tampered with, and no two of them have one name.
    let mut names = std::collections::BTreeSet::from([sealed.id()]);
    for (at, bytes) in altered(&bytes) {
        let Ok(other) = Envelope::decode(&bytes) else { continue };
        assert!(open(&other, &world.key).is_err(), "byte {at}");
        assert!(names.insert(other.id()), "byte {at}");
    }
    // Without its keys it is another envelope, and an honest one; keys beside keys are not.
    let mut parts = sealed.into_parts();
    let keys = parts.keys.take();
    let bare = Envelope::of(parts.clone()).unwrap();
    assert_eq!(unwrap(&bare, &Holder::default()), Err(Refused::WrongKind));
    assert!(names.insert(bare.id()));
    parts.header = parts.header.keys();
    assert!(Envelope::of(nightjar_seal::Parts { keys, ..parts }).is_err());
}

#[test]
fn one_altered_bit_anywhere_is_refused_by_every_recipient() {
    let mut world = World::new();
    let keys = everybody(&mut world).encode();
    let holder = Holder { device: Some(&world.evaluators[0]), ..Holder::default() };
    for (at, bytes) in altered(&keys) {
        // A wrap that names somebody else now is no longer for this holder.
        let taken = Envelope::decode(&bytes).and_then(|envelope| unwrap(&envelope, &holder));
        assert!(matches!(taken, Err(_) | Ok(None)), "byte {at} altered and the key still taken out");
    }
}

#[test]
fn a_wrap_moved_to_another_header_is_refused() {
    let mut world = World::new();
    let public = world.evaluators[0].public();
    let header = world.header().keys();
    let keys = wrap(header.clone(), &world.key, &[Recipient::Device(&public)], &mut world.entropy).unwrap();
    let elsewhere = Header { record: nightjar_seal::RecordTag([6; 16]), ..header };
    let other = wrap(elsewhere, &world.key, &[Recipient::Device(&public)], &mut world.entropy).unwrap();
    // The same length, so that only the header's content differs.
    let bytes = keys.encode();
    let at = bytes.windows(16).position(|window| window == [5; 16]).expect("the record's tag");
    let moved = [&bytes[..at], &[6; 16], &bytes[at + 16..]].concat();
    let moved = Envelope::decode(&moved).unwrap();
    assert_eq!(moved.header(), other.header());
    let holder = Holder { device: Some(&world.evaluators[0]), ..Holder::default() };
    assert!(matches!(unwrap(&moved, &holder), Err(Refused::Altered { .. })));
}

#[test]
fn recipients_are_bounded_named_once_and_usable() {
    let mut world = World::new();
    let many: Vec<_> =
        (0..=MAX_RECIPIENTS).map(|_| DeviceKeys::generate(&mut world.entropy).public()).collect();
    let to: Vec<_> = many.iter().map(Recipient::Device).collect();
    let header = world.header().keys();
    let mut try_wrap = |to: &[Recipient<'_>]| wrap(header.clone(), &world.key, to, &mut world.entropy);
    assert!(matches!(try_wrap(&to), Err(Refused::Oversize { what: "recipients", .. })));
    assert!(try_wrap(&to[..MAX_RECIPIENTS]).is_ok());
    assert!(matches!(try_wrap(&[]), Err(Refused::Malformed { .. })));
    assert!(matches!(try_wrap(&[to[0], to[1], to[0]]), Err(Refused::Malformed { .. })));
    let low_order = RecoveryPublic([0; 32]);
    assert!(matches!(try_wrap(&[Recipient::Recovery(&low_order)]), Err(Refused::WeakKey { .. })));
}

#[test]
fn kinds_and_keys_are_not_mixed_up() {
    let mut world = World::new();
    let public = world.evaluators[0].public();
    let to = [Recipient::Device(&public)];
    let other = RecordKey::generate(&mut world.entropy);
    let wrapped = wrap(world.header().keys(), &world.key, &to, &mut world.entropy).unwrap();
    let sealed = seal(world.header(), b"one change", &world.key, &mut world.entropy).unwrap();
    assert_eq!(wrap(world.header(), &world.key, &to, &mut world.entropy), Err(Refused::WrongKind));
    assert!(matches!(
        wrap(world.header().keys(), &other, &to, &mut world.entropy),
        Err(Refused::WrongKey { .. })
    ));
    assert_eq!(seal(world.header().keys(), b"", &world.key, &mut world.entropy), Err(Refused::WrongKind));
    assert_eq!(open(&wrapped, &world.key), Err(Refused::WrongKind));
    assert_eq!(unwrap(&sealed, &Holder::default()), Err(Refused::WrongKind));
}

#[test]
fn keys_come_back_from_storage_and_nothing_else_does() {
    let mut world = World::new();
    let stored = world.tablet.to_bytes();
    assert_eq!(DeviceKeys::from_bytes(&stored).unwrap().public(), world.tablet.public());
    for len in 0..stored.len() {
        assert!(matches!(DeviceKeys::from_bytes(&stored[..len]), Err(Refused::WrongLength { .. })));
    }
    let mut later = stored.to_vec();
    later[0] = 1;
    assert!(matches!(DeviceKeys::from_bytes(&later), Err(Refused::UnknownFormat { .. })));
    let key = RecordKey::generate(&mut world.entropy);
    assert_eq!(RecordKey::from_bytes(&key.to_bytes()[..]).unwrap(), key);
    assert!(RecordKey::from_bytes(&[0; 31]).is_err());
    assert!(matches!(nightjar_seal::DevicePublic::from_bytes(&[0; 64]), Err(Refused::WeakKey { .. })));
}
