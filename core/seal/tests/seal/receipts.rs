use nightjar_seal::{
    DeviceKeys, DeviceTag, Header, Holder, Receipt, Recipient, RecordKey, Refused, RosterHead, ScopeTag,
    Sealing, StudyTag, seal_with, unwrap,
};

use crate::fixture::entropy;

const TABLET: DeviceTag = DeviceTag([7; 16]);

#[test]
fn twelve_words_bring_every_key_back() {
    let receipt = Receipt::generate(&mut entropy(4));
    let words = receipt.words();
    assert_eq!(words.split(' ').count(), 12);
    let typed = format!("  {} ", words.to_uppercase().replace(' ', " \n "));
    for text in [words.to_string(), typed] {
        let again = Receipt::from_words(&text).unwrap();
        assert_eq!(
            (again.withdrawal(), again.origin(TABLET), again.reading()),
            (receipt.withdrawal(), receipt.origin(TABLET), receipt.reading())
        );
    }
}

#[test]
fn wrong_words_are_refused_without_being_repeated() {
    let words = Receipt::generate(&mut entropy(4)).words().to_string();
    let eleven = words.rsplit_once(' ').unwrap().0.to_owned();
    let unlisted = format!("{eleven} nightjar");
    let swapped = {
        let mut list: Vec<_> = words.split(' ').collect();
        list.swap(0, 1);
        list.join(" ")
    };
    for text in [String::new(), eleven, unlisted, swapped] {
        let refused = Receipt::from_words(&text).map(|_| ()).unwrap_err();
        let message = refused.to_string();
        assert!(matches!(refused, Refused::Malformed { .. }));
        assert!(!text.split(' ').any(|word| word.len() > 5 && message.contains(word)), "{message}");
    }
    assert!(matches!(Receipt::from_words(&"word ".repeat(200)), Err(Refused::Oversize { .. })));
}

#[test]
fn a_withdrawal_is_no_correction_and_only_its_holder_signs_it() {
    let (receipt, other) = (Receipt::generate(&mut entropy(4)), Receipt::generate(&mut entropy(5)));
    let withdrawal = receipt.sign_withdrawal(b"record");
    let (study, record) = (StudyTag([1; 16]), receipt.origin(TABLET).record());
    let correction = receipt.sign_correction(&study, &record, b"change");
    let verify = |receipt: &Receipt, study, record, change: &[u8]| {
        receipt.withdrawal().verify_correction(study, record, change, &correction)
    };
    assert_eq!(receipt.withdrawal().verify(b"record", &withdrawal), Ok(()));
    assert_eq!(verify(&receipt, &study, &record, b"change"), Ok(()));
    assert!(verify(&receipt, &study, &record, b"another").is_err());
    assert!(verify(&receipt, &StudyTag([2; 16]), &record, b"change").is_err());
    let another = other.origin(TABLET).record();
    assert!(verify(&receipt, &study, &another, b"change").is_err());
    assert!(verify(&other, &study, &record, b"change").is_err());
    assert!(receipt.withdrawal().verify(b"another", &withdrawal).is_err());
    let signed = [&study.0[..], &record.0, blake3::hash(b"change").as_bytes()].concat();
    assert!(receipt.withdrawal().verify(&signed, &correction).is_err(), "a correction takes nothing out");
    assert!(other.withdrawal().verify(b"record", &withdrawal).is_err());
}

#[test]
fn who_has_the_words_reads_and_nobody_else_with_other_words() {
    let mut random = entropy(6);
    let (receipt, other) = (Receipt::generate(&mut random), Receipt::generate(&mut random));
    let evaluator = DeviceKeys::generate(&mut random);
    let key = RecordKey::generate(&mut random);
    let origin = receipt.origin(TABLET);
    let (study, scope, head) = (StudyTag([1; 16]), ScopeTag([2; 16]), RosterHead([3; 32]));
    let mut header = Header::change(study, scope, origin.record(), TABLET, head, &key);
    header.origin = Some(origin);
    let (public, reading) = (evaluator.public(), receipt.reading());
    let recipients = [Recipient::Device(&public), Recipient::Receipt(&reading)];
    let sealing = Sealing { recipients: Some(&recipients), dictionary: None };
    let envelope = seal_with(header, b"said", &key, sealing, &mut random).unwrap();
    let holds = |receipt| unwrap(&envelope, &Holder { receipt: Some(receipt), ..Holder::default() }).unwrap();
    assert_eq!(holds(&receipt), Some(key));
    assert_eq!(holds(&other), None);
}

#[test]
fn words_do_not_show_in_debug() {
    assert_eq!(format!("{:?}", Receipt::generate(&mut entropy(4))), "Receipt");
}
