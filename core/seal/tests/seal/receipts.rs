use nightjar_seal::{Receipt, Refused};

use crate::fixture::entropy;

#[test]
fn twelve_words_bring_every_key_back() {
    let receipt = Receipt::generate(&mut entropy(4));
    let words = receipt.words();
    assert_eq!(words.split(' ').count(), 12);
    let typed = format!("  {} ", words.to_uppercase().replace(' ', " \n "));
    for text in [words.to_string(), typed] {
        let again = Receipt::from_words(&text).unwrap();
        assert_eq!(
            (again.withdrawal(), again.correction(), again.reading()),
            (receipt.withdrawal(), receipt.correction(), receipt.reading())
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
    let correction = receipt.sign_correction(b"record");
    assert_eq!(receipt.withdrawal().verify(b"record", &withdrawal), Ok(()));
    assert_eq!(receipt.correction().verify(b"record", &correction), Ok(()));
    assert!(receipt.withdrawal().verify(b"another", &withdrawal).is_err());
    assert!(receipt.withdrawal().verify(b"record", &correction).is_err());
    assert!(other.withdrawal().verify(b"record", &withdrawal).is_err());
    assert_ne!(receipt.withdrawal().0, receipt.correction().0);
}

#[test]
fn words_do_not_show_in_debug() {
    assert_eq!(format!("{:?}", Receipt::generate(&mut entropy(4))), "Receipt");
}
