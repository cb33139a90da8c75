//! The recovery key on several papers.

use nightjar_seal::{MAX_SHARES, RecoveryKeys, RecoveryShare, Refused};

use crate::fixture::entropy;

fn key(seed: u64) -> RecoveryKeys {
    RecoveryKeys::generate(&mut entropy(seed))
}

/// Every choice of so many of these.
fn chosen(from: &[RecoveryShare], count: usize) -> Vec<Vec<RecoveryShare>> {
    (0_u32..1 << from.len())
        .filter(|set| set.count_ones() as usize == count)
        .map(|set| (0..from.len()).filter(|at| set & (1 << at) != 0).map(|at| from[at].clone()).collect())
        .collect()
}

#[test]
fn any_so_many_give_the_key_and_fewer_do_not() {
    let key = key(1);
    for (count, needed) in [(2, 2), (3, 2), (5, 3), (6, 6)] {
        let shares = key.split(count, needed, &mut entropy(2)).unwrap();
        assert_eq!(shares.len(), usize::from(count));
        for have in 0..=usize::from(count) {
            for mut some in chosen(&shares, have) {
                some.reverse();
                match RecoveryKeys::put_together(&some) {
                    Ok(found) => {
                        assert!(have >= usize::from(needed));
                        assert_eq!(found.to_bytes(), key.to_bytes());
                    }
                    Err(refused) => {
                        let need = if have == 0 { 2 } else { usize::from(needed) };
                        assert!(have < usize::from(needed));
                        assert_eq!(refused, Refused::TooFewShares { have, need });
                    }
                }
            }
        }
        let twice: Vec<_> = vec![shares[0].clone(); usize::from(needed)];
        let refused = RecoveryKeys::put_together(&twice).map(|_| ()).unwrap_err();
        assert_eq!(refused, Refused::TooFewShares { have: 1, need: needed.into() }, "one paper twice is one");
    }
}

/// With one share fewer than are needed every key is as likely as any other: whatever the key, the shares at the same places take every
/// value, equally often.
#[test]
fn fewer_say_nothing_about_the_key() {
    let bytes = |fill: u8| RecoveryKeys::from_bytes(&[fill; 32]).unwrap();
    for key in [bytes(0), bytes(0xff)] {
        let mut seen = [0_u32; 256];
        for round in 0..400 {
            let share = key.split(2, 2, &mut entropy(round)).unwrap().remove(0);
            // What stands after format, numbers and name: the share itself.
            let text: String = share.to_text().chars().filter(|c| *c != '-').collect();
            let bytes = data_encoding::BASE32_NOPAD.decode(text.as_bytes()).unwrap();
            bytes[8..40].iter().for_each(|byte| seen[usize::from(*byte)] += 1);
        }
        // 12,800 bytes over 256 values: 50 each, with a standard deviation of 7. Six of these either way are wide enough for a fixed seed,
        // and far from a key that shows through (12,800 of one value).
        assert!(seen.iter().all(|count| (8..=92).contains(count)), "{seen:?}");
    }
}

#[test]
fn a_paper_reads_back_and_a_changed_or_cut_one_does_not() {
    let shares = key(1).split(3, 2, &mut entropy(2)).unwrap();
    let text = shares[1].to_text();
    let read = |text: &str| RecoveryShare::from_text(text);
    assert_eq!(read(&text).unwrap(), shares[1]);
    assert_eq!(read(&format!(" {} \n", text.to_lowercase().replace('-', " "))).unwrap(), shares[1]);
    assert_eq!((shares[1].needed(), shares[1].place()), (2, 2));
    assert!(text.split('-').all(|group| group.len() <= 4) && text.len() < 100, "for paper: {}", text.len());
    for at in 0..text.len() {
        assert!(read(&text[..at]).is_err(), "cut at {at}");
        for other in ["A", "7", "1", "é"] {
            if &text[at..=at] != other && &text[at..=at] != "-" {
                let changed = format!("{}{other}{}", &text[..at], &text[at + 1..]);
                assert!(read(&changed).is_err(), "{other} at {at}");
            }
        }
    }
    for wrong in ["", "A", &"A".repeat(71), &"A".repeat(100_000)] {
        assert!(read(wrong).is_err());
    }
    assert_eq!(format!("{:?}", shares[1]), "RecoveryShare");
}

#[test]
fn papers_of_different_keys_do_not_go_together() {
    let (one, other) =
        (key(1).split(3, 2, &mut entropy(2)).unwrap(), key(3).split(3, 2, &mut entropy(2)).unwrap());
    let again = key(1).split(3, 2, &mut entropy(5)).unwrap();
    let needs_more = key(1).split(3, 3, &mut entropy(2)).unwrap();
    let together = |shares: &[&RecoveryShare]| {
        let shares: Vec<_> = shares.iter().map(|share| (*share).clone()).collect();
        RecoveryKeys::put_together(&shares).map(|_| ())
    };
    let altered = Err(Refused::Altered { what: "recovery share" });
    assert_eq!(together(&[&one[0], &other[1]]), altered);
    assert_eq!(together(&[&one[0], &again[1]]), altered, "of another time that the same key was split");
    assert_eq!(together(&[&one[0], &again[0], &one[1]]), altered, "two that say they are the first");
    assert_eq!(together(&[&one[0], &needs_more[1], &one[1]]), altered);
    assert_eq!(together(&[&one[0], &one[1]]), Ok(()));
}

#[test]
fn numbers_that_make_no_sense_are_refused() {
    for (shares, needed) in [(0, 0), (1, 1), (3, 1), (2, 3), (MAX_SHARES + 1, 2), (255, 255)] {
        let refused = key(1).split(shares, needed, &mut entropy(2)).unwrap_err();
        assert!(matches!(refused, Refused::Malformed { .. }), "{shares}, {needed}");
    }
}
