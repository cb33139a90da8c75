use minicbor::{Decoder, Encoder};
use nightjar_seal::{
    Dictionary, DictionaryId, Envelope, EnvelopeId, Header, IsoWeek, Kind, MAX_DICTIONARY, MAX_ENVELOPE,
    MAX_PAYLOAD, Origin, PartOfDay, Period, RecordKey, RecordTag, Refused, Sealing, open, open_with, seal,
    seal_with,
};
use proptest::prelude::*;

use crate::fixture::{World, altered, entropy};

fn parts(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let mut d = Decoder::new(bytes);
    d.array().unwrap();
    (d.bytes().unwrap().to_vec(), d.bytes().unwrap().to_vec())
}

fn joined(header: &[u8], body: &[u8]) -> Vec<u8> {
    let mut e = Encoder::new(Vec::new());
    e.array(2).unwrap().bytes(header).unwrap().bytes(body).unwrap();
    e.into_writer()
}

fn noise(len: usize) -> Vec<u8> {
    let mut bytes = vec![0; len];
    nightjar_seal::Entropy::fill(&mut entropy(9), &mut bytes);
    bytes
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_payload_comes_back(payload in proptest::collection::vec(any::<u8>(), 0..4000), seed in any::<u64>()) {
        let world = World::new();
        let sealed = seal(world.header(), &payload, &world.key, &mut entropy(seed)).unwrap();
        let received = Envelope::decode(&sealed.encode()).unwrap();
        prop_assert_eq!(&received, &sealed);
        prop_assert_eq!(received.id(), EnvelopeId::of(sealed.header_bytes(), &sealed.body_hash()));
        prop_assert_eq!(received.header(), &world.header());
        prop_assert_eq!(open(&received, &world.key).unwrap(), payload);
    }

    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let world = World::new();
        if let Ok(envelope) = Envelope::decode(&bytes) {
            let _ = open(&envelope, &world.key);
        }
    }
}

#[test]
fn one_altered_bit_anywhere_is_refused() {
    let mut world = World::new();
    let sealed = seal(world.header(), b"one change of one record", &world.key, &mut world.entropy).unwrap();
    for (at, bytes) in altered(&sealed.encode()) {
        let opened = Envelope::decode(&bytes).and_then(|envelope| open(&envelope, &world.key));
        assert!(opened.is_err(), "byte {at} altered and still opened");
    }
}

#[test]
fn cut_short_anywhere_is_named_so() {
    let mut world = World::new();
    let bytes = seal(world.header(), b"one change", &world.key, &mut world.entropy).unwrap().encode();
    for len in 0..bytes.len() {
        assert!(matches!(Envelope::decode(&bytes[..len]), Err(Refused::Truncated { .. })), "{len} bytes");
    }
}

#[test]
fn a_body_cut_short_within_a_whole_envelope_is_refused() {
    let mut world = World::new();
    let (header, body) =
        parts(&seal(world.header(), b"one change", &world.key, &mut world.entropy).unwrap().encode());
    for len in 0..body.len() {
        let envelope = Envelope::decode(&joined(&header, &body[..len])).unwrap();
        let refused = open(&envelope, &world.key).unwrap_err();
        assert!(
            matches!(refused, Refused::Truncated { .. } | Refused::Altered { .. }),
            "{len} bytes: {refused}"
        );
    }
}

#[test]
fn another_way_to_write_the_same_is_refused() {
    let mut world = World::new();
    let bytes = seal(world.header(), b"one change", &world.key, &mut world.entropy).unwrap().encode();
    let (header, body) = parts(&bytes);
    let longer_array = [&[0x98, 0x02], &bytes[1..]].concat();
    let endless_array = [&[0x9F], &bytes[1..], &[0xFF]].concat();
    let longer_number = joined(&[&[0x82, 0x18, 0x00], &header[2..]].concat(), &body);
    let (one_more, header_first) =
        ([&bytes[..], &[0]].concat(), joined(&[&header[..], &[0]].concat(), &body));
    for (what, bytes) in
        [("array", longer_array), ("endless array", endless_array), ("number", longer_number)]
    {
        assert!(matches!(Envelope::decode(&bytes), Err(Refused::NonCanonical { .. })), "{what}");
    }
    for (what, bytes) in [("envelope", one_more), ("header", header_first)] {
        assert!(matches!(Envelope::decode(&bytes), Err(Refused::Malformed { .. })), "byte after the {what}");
    }
}

#[test]
fn other_formats_are_named_and_unsealed_ones_refused() {
    let mut world = World::new();
    let (header, body) =
        parts(&seal(world.header(), b"one change", &world.key, &mut world.entropy).unwrap().encode());
    let with_format = |format: &[u8]| joined(&[&[0x82], format, &header[2..]].concat(), &body);
    let refused = Envelope::decode(&with_format(&[0x07])).unwrap_err();
    assert_eq!(refused, Refused::UnknownFormat { what: "envelope header", format: 7 });
    assert_eq!(Envelope::decode(&with_format(&[0x19, 0xFF, 0xFF])), Err(Refused::Unsealed));
}

#[test]
fn size_says_little_about_an_answer() {
    let mut world = World::new();
    let mut size = |payload: &[u8]| {
        seal(world.header(), payload, &world.key, &mut world.entropy).unwrap().encode().len()
    };
    assert_eq!(size(b"yes"), size(b"no, and I would rather not say"));
    assert_eq!(size(&noise(3000)), size(&noise(3010)));
}

#[test]
fn sealing_twice_gives_different_bytes() {
    let mut world = World::new();
    let once = seal(world.header(), b"same", &world.key, &mut world.entropy).unwrap();
    let twice = seal(world.header(), b"same", &world.key, &mut world.entropy).unwrap();
    assert_ne!(once.id(), twice.id());
}

#[test]
fn nothing_of_the_payload_is_readable() {
    let mut world = World::new();
    let canary = b"the canary sings at four in the morning";
    let bytes = seal(world.header(), canary, &world.key, &mut world.entropy).unwrap().encode();
    assert!(!bytes.windows(6).any(|window| canary.windows(6).any(|of| of == window)));
}

#[test]
fn bounds_are_said_before_anything_is_lost() {
    let mut world = World::new();
    let mut try_seal = |payload: &[u8]| seal(world.header(), payload, &world.key, &mut world.entropy);
    assert!(matches!(try_seal(&vec![0; MAX_PAYLOAD + 1]), Err(Refused::Oversize { what: "payload", .. })));
    assert!(matches!(try_seal(&noise(MAX_ENVELOPE)), Err(Refused::Oversize { what: "sealed envelope", .. })));
    let widest = try_seal(&vec![0; MAX_PAYLOAD]).unwrap();
    assert_eq!(open(&widest, &world.key).unwrap().len(), MAX_PAYLOAD);
    let refused = Envelope::decode(&vec![0; MAX_ENVELOPE + 1]).unwrap_err();
    assert_eq!(refused, Refused::Oversize { what: "envelope", have: MAX_ENVELOPE + 1, most: MAX_ENVELOPE });
}

#[test]
fn only_the_named_key_seals_and_opens() {
    let mut world = World::new();
    let other = RecordKey::generate(&mut world.entropy);
    let refused = seal(world.header(), b"one change", &other, &mut world.entropy).unwrap_err();
    assert_eq!(refused, Refused::WrongKey { wanted: world.key.id(), given: other.id() });
    let sealed = seal(world.header(), b"one change", &world.key, &mut world.entropy).unwrap();
    assert!(matches!(open(&sealed, &other), Err(Refused::WrongKey { .. })));
}

#[test]
fn a_header_that_contradicts_itself_is_refused() {
    let mut world = World::new();
    let mut entropy = entropy(3);
    let week = |year, week| Some(Period { week: IsoWeek { year, week }, part: PartOfDay::Night });
    let mine = Origin::new(world.tablet.tag(), None, &mut entropy);
    let anothers = Origin::new(world.evaluators[0].tag(), None, &mut entropy);
    let good = Header {
        period: week(2026, 53),
        record: mine.record(),
        origin: Some(mine.clone()),
        ..world.header()
    };
    assert!(seal(good.clone(), b"", &world.key, &mut entropy).is_ok());
    for bad in [
        Header { part: 0, ..good.clone() },
        Header { part: 2, ..good.clone() },
        Header { parts: 33, ..good.clone() },
        Header { period: week(2026, 0), ..good.clone() },
        Header { period: week(1969, 52), ..good.clone() },
        Header { record: RecordTag([0; 16]), ..good.clone() },
        Header { record: anothers.record(), origin: Some(anothers), ..good.clone() },
    ] {
        assert!(matches!(seal(bad, b"", &world.key, &mut world.entropy), Err(Refused::Malformed { .. })));
    }
}

#[test]
fn a_kind_of_a_later_version_is_kept_and_not_opened() {
    let mut world = World::new();
    let (header, body) =
        parts(&seal(world.header(), b"one change", &world.key, &mut world.entropy).unwrap().encode());
    // The kind is the first field of the header, after format and array.
    let bytes = joined(&[&header[..3], &[0x09], &header[4..]].concat(), &body);
    let kept = Envelope::decode(&bytes).unwrap();
    assert_eq!(kept.header().kind, Kind::Other(9));
    assert_eq!(kept.encode(), bytes);
    assert_eq!(open(&kept, &world.key), Err(Refused::WrongKind));
}

#[test]
fn secrets_do_not_show_in_debug() {
    let world = World::new();
    let shown =
        format!("{:?} {:?} {:?} {:?} {:?}", world.tablet, world.key, world.epoch, world.root, world.recovery);
    for secret in [
        world.tablet.to_bytes()[1..33].to_vec(),
        world.key.to_bytes().to_vec(),
        world.root.to_bytes().to_vec(),
    ] {
        assert!(!shown.contains(&data_encoding::HEXLOWER.encode(&secret[..4])));
        assert!(!shown.contains(&format!("{}, {}", secret[0], secret[1])));
    }
}

/// What a dictionary and the header hold is not in the body again; who has not the dictionary is told its name.
#[test]
fn a_dictionary_leaves_out_what_it_holds() {
    let mut world = World::new();
    let form = noise(300);
    let dictionary = Dictionary::new(form.clone()).unwrap();
    let payload = [&form[..], b"and a few words of somebody's own"].concat();
    let sealing = Sealing { dictionary: Some(&dictionary), ..Sealing::default() };
    let sealed = seal_with(world.header(), &payload, &world.key, sealing, &mut world.entropy).unwrap();
    let plain = seal(world.header(), &payload, &world.key, &mut world.entropy).unwrap();
    assert!(sealed.encode().len() < plain.encode().len());
    let sealed = Envelope::decode(&sealed.encode()).unwrap();
    let find = |id: &DictionaryId| (*id == dictionary.id()).then(|| dictionary.clone());
    assert_eq!(open_with(&sealed, &world.key, find).unwrap(), payload);
    assert_eq!(open(&sealed, &world.key), Err(Refused::UnknownDictionary { id: dictionary.id() }));
    let other = Dictionary::new(b"another".to_vec()).unwrap();
    let wrong = open_with(&sealed, &world.key, |_| Some(other.clone()));
    assert_eq!(wrong, Err(Refused::UnknownDictionary { id: dictionary.id() }));
    assert!(Dictionary::new(Vec::new()).is_err());
    assert!(Dictionary::new(vec![1; MAX_DICTIONARY]).is_ok());
    assert!(Dictionary::new(vec![1; MAX_DICTIONARY + 1]).is_err());
}
