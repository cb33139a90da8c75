//! What differs between two versions is found by identity, and said with what it means for the data of both.

use expect_test::{Expect, expect};
use nightjar_form::{Change, Difference, Effect, Instrument};
use proptest::prelude::*;

use crate::fixture::{form, read};

const SURVEY: &str = "
| type | name | label::English (en) | label::Polski (pl) | relevant | constraint | calculation |
| select_one l | slept | How did you sleep? | Jak się spało? | | | |
| integer | n | How often? | Ile razy? | ${slept} = 'badly' | . < 9 | |
| begin_group | g | More | Więcej | | | |
| text | why | Why? | Dlaczego? | | | |
| end_group | | | | | | |
| begin_repeat | visits | Visits | Wizyty | | | |
| text | who | Who? | Kto? | | | |
| end_repeat | | | | | | |
| calculate | double | | | | | ${n} * 2 |
";
const CHOICES: &str = "
| list_name | name | label::English (en) | label::Polski (pl) |
| l | well | Well | Dobrze |
| l | badly | Badly | Źle |
";

fn check(survey: &str, choices: &str, expected: Expect) {
    let difference = Difference::between(&form(SURVEY, CHOICES), &form(survey, choices));
    let lines: Vec<String> = difference.changes.iter().map(ToString::to_string).collect();
    expected.assert_eq(&lines.join("\n"));
}

#[test]
fn a_version_does_not_differ_from_itself() {
    let difference = Difference::between(&form(SURVEY, CHOICES), &form(SURVEY, CHOICES));
    assert!(difference.is_empty());
    assert_eq!(difference.effect(), Effect::Safe);
}

#[test]
fn every_kind_of_change_is_named_with_what_it_means() {
    let survey = "
| type | name | label::English (en) | label::Polski (pl) | relevant | constraint | calculation | nightjar::renamed_from |
| select_one l | slept | How did you sleep last night? | Jak się spało? | | | | |
| begin_group | g | More | Więcej | ${slept} = 'badly' | | | |
| decimal | often | How often? | Ile razy? | ${slept} = 'badly' | . < 5 | | n |
| end_group | | | | | | | |
| begin_repeat | visits | Visits | Wizyty | | | | |
| text | who | Who? | Kto? | | | | |
| end_repeat | | | | | | | |
| calculate | double | | | | | ${often} * 3 | |
| text | more | What else? | Co jeszcze? | | | | |
";
    let choices = "
| list_name | name | label::English (en) | label::Polski (pl) | nightjar::missing |
| l | badly | Not well | Źle | |
| l | unsure | Not sure | Nie wiem | dont_know |
";
    check(
        survey,
        choices,
        expect![[r#"
            safe    slept: choice `badly` in other words in English (en)
            widens  slept: choice `unsure` added; nobody could choose it in the old version
            BREAKS  slept: choice `well` removed; old answers keep it
            safe    slept: label in other words in English (en)
            widens  g: relevant was nothing, is `${slept} = 'badly'`
            safe    often: renamed, was `n`; the same item, under its new name in tables
            safe    often: moved from the top to `g`
            widens  often: type was integer, is decimal
            widens  often: constraint was `. < 9`, is `. < 5`
            BREAKS  double: calculation was `${n} * 2`, is `${often} * 3`
            widens  more: added; blank in answers to the old version
            BREAKS  why: removed; answers to the old version keep it, the new ones have none"#]],
    );
}

#[test]
fn a_rename_needs_its_whole_chain_and_an_identity_of_its_own() {
    let first = form("| type | name | label |\n| text | a | A |", "");
    let renamed = |name: &str, former: &str| {
        format!("| type | name | label | nightjar::renamed_from |\n| text | {name} | A | {former} |")
    };
    let second = form(&renamed("b", "a"), "");
    let third = form(&renamed("c", "b a"), "");
    for (old, new) in [(&first, &second), (&second, &third), (&first, &third)] {
        assert_eq!(Difference::between(old, new).effect(), Effect::Safe, "the same item under three names");
    }
    let broken = Difference::between(&second, &form(&renamed("c", "b"), ""));
    expect![[r#"
        BREAKS  c: renamed from `b`, which is older itself; write its former names behind it
        widens  c: added; blank in answers to the old version
        BREAKS  b: removed; answers to the old version keep it, the new ones have none"#]]
    .assert_eq(&broken.changes.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));

    let twice = format!("{}\n| text | a | Again |  |", renamed("b", "a"));
    expect![[r#"test.xlsx, sheet survey, row 3, column B "name": error: Two rows are `a`, so their answers could not be told apart. Rename one, or give each an identity of its own in a column nightjar::id."#]]
        .assert_eq(&read(&twice, "").unwrap_err());
    let both = "| type | name | label | nightjar::renamed_from | nightjar::id |\n| text | b | A | a | x |";
    assert!(read(both, "").unwrap_err().contains("by its former name"));
    assert!(read(&renamed("c", "a a"), "").unwrap_err().contains("names an identity twice"));
}

/// A form of some of eight questions in some order.
fn shuffled() -> impl Strategy<Value = Vec<usize>> {
    Just((0..8).collect::<Vec<usize>>())
        .prop_shuffle()
        .prop_flat_map(|order| (1..=8_usize).prop_map(move |n| order[..n].to_vec()))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// What is added one way is removed the other, and taking out what moved leaves one order.
    #[test]
    fn a_difference_turned_round_is_its_opposite(old in shuffled(), new in shuffled()) {
        let version = |questions: &[usize]| {
            let rows: String = questions.iter().map(|n| format!("| text | q{n} | Question {n} |\n")).collect();
            form(&format!("| type | name | label |\n{rows}"), "")
        };
        let (before, after) = (version(&old), version(&new));
        let paths = |difference: &Difference, wanted: fn(&Change) -> bool| {
            let changes = difference.changes.iter().filter(|changed| wanted(&changed.change));
            let mut paths: Vec<String> = changes.map(|changed| changed.path.clone()).collect();
            paths.sort();
            paths
        };
        let (there, back) = (Difference::between(&before, &after), Difference::between(&after, &before));
        let added = |c: &Change| matches!(c, Change::Added);
        let removed = |c: &Change| matches!(c, Change::Removed);
        prop_assert_eq!(paths(&there, added), paths(&back, removed));
        prop_assert_eq!(paths(&there, removed), paths(&back, added));
        let moved = paths(&there, |c| matches!(c, Change::Moved { .. }));
        let stay = |these: &[usize], those: &[usize]| -> Vec<usize> {
            these.iter().copied().filter(|n| those.contains(n) && !moved.contains(&format!("q{n}"))).collect()
        };
        prop_assert_eq!(stay(&old, &new), stay(&new, &old));
    }
}

#[test]
fn words_that_stood_for_another_code_break_the_answers() {
    let with = |one: &str, two: &str| {
        form(
            "| type | name | label |\n| select_one s | q | Q |",
            &format!("| list_name | name | label |\n| s | 1 | {one} |\n| s | 2 | {two} |"),
        )
    };
    let effects = |old: &Instrument, new: &Instrument| -> Vec<Effect> {
        Difference::between(old, new).changes.iter().map(|changed| changed.effect).collect()
    };
    let old = with("Never", "Always");
    assert_eq!(effects(&old, &with("Always", "Never")), [Effect::Breaks; 2]);
    assert_eq!(effects(&old, &with("Not once", "Always")), [Effect::Safe]);
}
