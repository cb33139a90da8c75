//! Notes: texts that several people write at once and that are joined letter by letter instead of being put beside each other.
//!
//! A note's register holds whole texts, each with the operations that its writer had seen. From them every device works out the same
//! sequence of letters, a replicated growable array (Roh et al. 2011, "Replicated abstract data types"): a text is compared with what
//! its writer had before them; letters that are new stand after the one that they were put behind, the later operation's first; a
//! letter that anybody took out is out. So nobody's words are lost, nothing is a conflict, and the order of arrival does not matter.

use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::bounds::TEXT_BYTES;

/// Most letters that a note may ever have had. What had more is a conflict like any other.
const LETTERS: usize = 4 * TEXT_BYTES;
/// Most texts that a note may ever have been. What had more is a conflict like any other.
const PUTS: usize = 64;
/// Most pairs of letters that one comparison looks at. Beyond it what lies between the common beginning and end counts as
/// written anew.
const PAIRS: usize = 1_000_000;
/// Fewest equal letters between two differences that keep them apart: words that were replaced stay words.
const APART: usize = 3;

/// One text that was written into a note.
pub(crate) struct Put<'a> {
    /// The puts that its writer had seen last, by their places among all, which are before its own.
    pub(crate) after: Vec<usize>,
    /// The whole text.
    pub(crate) text: &'a str,
}

/// A letter that was ever in the note.
struct Letter {
    letter: char,
    /// The put that put it in.
    by: usize,
    /// The puts that took it out, a bit each.
    out: u64,
    /// What was put in behind it, the latest first.
    behind: Vec<usize>,
}

/// What a put did to the text before it.
struct Edits {
    /// Of each letter: whether it is out.
    out: Vec<bool>,
    /// Before each letter, and at the end: what was put in.
    put: Vec<Vec<char>>,
}

/// Whether so many texts with so many letters can be joined.
pub(crate) fn fits(texts: usize, bytes: usize) -> bool {
    texts <= PUTS && bytes <= LETTERS
}

/// The text after these puts, of all puts in an order in which each follows what it had seen. `None` when it does not fit, or when
/// nothing is left.
pub(crate) fn join(puts: &[Put<'_>], ends: &[usize]) -> Option<String> {
    if !fits(puts.len(), puts.iter().map(|put| put.text.len()).sum()) {
        return None;
    }
    // What each had seen before it, a bit for each put.
    let mut seen: Vec<u64> = Vec::with_capacity(puts.len());
    let mut note = Note { letters: Vec::new(), first: Vec::new() };
    for (place, put) in puts.iter().enumerate() {
        let before = union(&seen, &put.after);
        note.write(place, before, put.text.chars().collect());
        seen.push(before);
    }
    let all = note.letters_of(union(&seen, ends));
    let text: String = all.into_iter().map(|at| note.letters[at].letter).collect();
    let text = text.trim_end();
    (!text.is_empty()).then(|| text.to_owned())
}

/// What had been seen by those who wrote these puts, and the puts themselves.
fn union(seen: &[u64], puts: &[usize]) -> u64 {
    puts.iter().fold(0, |all, put| all | seen[*put] | 1 << put)
}

struct Note {
    letters: Vec<Letter>,
    /// What stands behind nothing.
    first: Vec<usize>,
}

impl Note {
    /// The letters that whoever has seen these puts reads, in order.
    fn letters_of(&self, seen: u64) -> Vec<usize> {
        let mut out = Vec::new();
        let mut next: Vec<usize> = self.first.iter().rev().copied().collect();
        while let Some(at) = next.pop() {
            let letter = &self.letters[at];
            if seen & (1 << letter.by) != 0 && letter.out & seen == 0 {
                out.push(at);
            }
            next.extend(letter.behind.iter().rev());
        }
        out
    }

    fn write(&mut self, by: usize, seen: u64, mut text: Vec<char>) {
        let mut before = self.letters_of(seen);
        // Nobody is shown the end of the last line.
        while before.last().is_some_and(|at| self.letters[*at].letter.is_whitespace()) {
            before.pop();
        }
        // What is begun apart stands on lines of its own.
        if before.is_empty() && !text.is_empty() {
            text.push('\n');
        }
        let letters: Vec<char> = before.iter().map(|at| self.letters[*at].letter).collect();
        let Edits { out, put } = compare(&letters, &text);
        for (at, _) in before.iter().zip(out).filter(|(_, out)| *out) {
            self.letters[*at].out |= 1 << by;
        }
        for (at, put) in put.into_iter().enumerate() {
            let mut behind = at.checked_sub(1).map(|at| before[at]);
            for letter in put {
                let new = self.letters.len();
                self.letters.push(Letter { letter, by, out: 0, behind: Vec::new() });
                match behind {
                    Some(behind) => self.letters[behind].behind.insert(0, new),
                    None => self.first.insert(0, new),
                }
                behind = Some(new);
            }
        }
    }
}

fn compare(base: &[char], text: &[char]) -> Edits {
    let before = base.iter().zip(text).take_while(|(a, b)| a == b).count();
    let after =
        base[before..].iter().rev().zip(text[before..].iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&base[before..base.len() - after], &text[before..text.len() - after]);
    let mut edits = Edits { out: vec![false; base.len()], put: vec![Vec::new(); base.len() + 1] };
    let mut floor = 0;
    for (from, to, put) in differences(old, new) {
        edits.out[before + from..before + to].fill(true);
        let (at, put) = match from == to {
            true => at_a_word(base, floor, before + from, put),
            false => (before + from, put.to_vec()),
        };
        edits.put[at].extend(put);
        floor = before + to;
    }
    edits
}

/// What was put in somewhere can often be said to have been put in a little earlier, with the same text as a result: "alarm " before
/// "alone" also reads as "arm al" after "al". Where one of these begins with a word, that one was meant. Not further than the difference before it.
fn at_a_word(base: &[char], floor: usize, at: usize, put: &[char]) -> (usize, Vec<char>) {
    let mut earlier: std::collections::VecDeque<char> = put.iter().copied().collect();
    let begins = |at: usize, first: Option<&char>| {
        let after_word = at.checked_sub(1).and_then(|at| base.get(at)).is_some_and(|c| c.is_alphanumeric());
        !after_word && first.is_some_and(|c| c.is_alphanumeric())
    };
    for from in (floor..=at).rev() {
        if begins(from, earlier.front()) {
            return (from, earlier.into());
        }
        match (from.checked_sub(1).and_then(|at| base.get(at)), earlier.back()) {
            (Some(letter), Some(last)) if letter == last => earlier.rotate_right(1),
            _ => break,
        }
    }
    (at, put.to_vec())
}

/// Which letters of `old` give way to which of `new`: from, to, what instead.
fn differences<'n>(old: &[char], new: &'n [char]) -> Vec<(usize, usize, &'n [char])> {
    if old.len().saturating_mul(new.len()) > PAIRS {
        return vec![(0, old.len(), new)];
    }
    // What is equal, in both; what lies between gives way.
    let equal = capture_diff_slices(Algorithm::Myers, old, new).into_iter().filter_map(|op| match op {
        DiffOp::Equal { old_index, new_index, len } => Some((old_index, new_index, len)),
        _ => None,
    });
    let mut found = Vec::new();
    let (mut from, mut new_from) = (0, 0);
    for (old_index, new_index, len) in
        equal.filter(|(.., len)| *len >= APART).chain([(old.len(), new.len(), 0)])
    {
        if (old_index, new_index) != (from, new_from) {
            found.push((from, old_index, &new[new_from..new_index]));
        }
        (from, new_from) = (old_index + len, new_index + len);
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A text, and what two people made of it at once.
    fn joined(base: &str, texts: [&str; 2]) -> String {
        let [one, two] = texts.map(|text| Put { after: vec![0], text });
        join(&[Put { after: Vec::new(), text: base }, one, two], &[1, 2]).unwrap_or_default()
    }

    #[test]
    fn what_each_put_in_is_in_and_what_any_took_out_is_out() {
        let base = "A quiet night. One alarm.";
        assert_eq!(
            joined(base, ["A quiet night, mostly. One alarm.", "A quiet night. One alarm at three."]),
            "A quiet night, mostly. One alarm at three."
        );
        assert_eq!(joined(base, ["A quiet night.", "A very quiet night. One alarm."]), "A very quiet night.");
        assert_eq!(
            joined(base, ["A noisy night. One alarm.", "A calm night. One alarm."]),
            "A calmnoisy night. One alarm."
        );
        assert_eq!(joined(base, [base, "A quiet night. No alarm."]), "A quiet night. No alarm.");
        assert_eq!(joined(base, ["", "A quiet night. One alarm. A fall."]), " A fall.");
    }

    #[test]
    fn notes_begun_apart_stand_below_each_other() {
        let [one, two] = ["One alarm.", "Two falls."].map(|text| Put { after: Vec::new(), text });
        let third = Put { after: vec![0, 1], text: "Two falls.\nOne alarm.\nQuiet." };
        let puts = [one, two, third];
        assert_eq!(join(&puts[..2], &[0, 1]).unwrap(), "Two falls.\nOne alarm.");
        assert_eq!(join(&puts, &[2]).unwrap(), "Two falls.\nOne alarm.\nQuiet.");
    }

    #[test]
    fn long_texts_are_bounded() {
        let (a, b) = ("a".repeat(TEXT_BYTES), "b".repeat(TEXT_BYTES));
        assert_eq!(joined(&a, [&b, &a]), b);
        let apart = |count: usize, text: &str| {
            let puts: Vec<Put<'_>> = (0..count).map(|_| Put { after: Vec::new(), text }).collect();
            join(&puts, &(0..count).collect::<Vec<_>>())
        };
        assert!(apart(4, &a).is_some());
        assert_eq!(apart(5, &a), None);
        assert!(apart(64, "x").is_some());
        assert_eq!(apart(65, "x"), None);
    }

    #[test]
    fn texts_after_a_cleared_note_stand_below_each_other() {
        let put = |after: Vec<usize>, text| Put { after, text };
        let puts =
            [put(vec![], "gone"), put(vec![0], ""), put(vec![1], "Two falls."), put(vec![1], "One alarm.")];
        assert_eq!(join(&puts, &[2, 3]).unwrap(), "One alarm.\nTwo falls.");
        assert_eq!(join(&puts, &[1]), None);
    }

    proptest! {
        /// Letters that repeat can be compared in many ways; what was typed is what is read.
        #[test]
        fn repeated_letters_come_out_as_they_were_typed(base in "[a-c=\\- ]{1,30}", text in "[a-c=\\- ]{0,30}x") {
            prop_assert_eq!(joined(&format!("{base}y"), [&format!("{base}y"), &text]), text);
        }

        #[test]
        fn one_writer_is_taken_at_their_word(base in "[a-c \u{e9}\u{1f319}]{0,40}", text in "[a-c \u{e9}\u{1f319}]{0,40}") {
            prop_assert_eq!(joined(&base, [&base, &text]), text.trim_end());
        }

        /// What two people put into different lines is both there, whatever else they did.
        #[test]
        fn edits_of_different_lines_do_not_touch_each_other(a in "[a-z ]{0,30}", b in "[a-z ]{0,30}", c in "[a-z ]{0,30}") {
            let base = format!("{a}\n-----\n{b}.");
            let (one, two) = (format!("{c}\n-----\n{b}."), format!("{a}\n-----\n{c}."));
            prop_assert_eq!(joined(&base, [&one, &two]), format!("{c}\n-----\n{c}."));
        }
    }
}
