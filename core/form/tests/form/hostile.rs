//! Whatever stands in a workbook, reading it ends in an instrument or a list of faults, and what runs does not panic.

use std::sync::Arc;

use nightjar_form::{Entry, Instrument};
use proptest::prelude::*;

use crate::fixture::{form, now, open, read, workbook};

/// Words that forms are made of, in any order.
fn words(most: usize) -> impl Strategy<Value = String> {
    let word = prop_oneof![
        3 => prop::sample::select(vec![
            "${a}", "${b}", "${x}", "${r}", ".", "..", "/", "(", ")", "[", "]", ",", "+", "-", "*", "div", "mod", "and", "or",
            "=", "!=", "<", ">=", "1", "0.5", "'x'", "\"\"", "if(", "sum(", "count(", "position(..)", "selected(",
            "substr('abc',", "round(", "concat(", "once(", "join(", "indexed-repeat(${x},${r},", "date(", "regex('a',", "today()",
            "jr:choice-name(", "'${b}'", "coalesce(", "max(", "-1)", "1e400", "99999999999999999999", ")", ")", ",",
        ]).prop_map(str::to_owned),
        1 => "[ -{}~äß😀]{0,4}",
    ];
    prop::collection::vec(word, 0..most).prop_map(|words| words.join(" ").replace('|', " "))
}

fn kind() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "text",
        "integer",
        "begin group",
        "end group",
        "begin repeat",
        "end repeat",
        "select_one l",
        "select_multiple l",
        "range",
        "calculate",
        "note",
        "date",
        "rank l",
        "select_one nowhere",
        "geopoint",
        "hidden",
        "end",
        "",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_expression_is_refused_or_runs(expression in words(9)) {
        let survey = format!(
            "| type | name | label | calculation | relevant | constraint | default |
             | integer | a | A | | | | |
             | select_one l | b | B | | | | |
             | begin repeat | r | R | | | | |
             | integer | x | X | | | | |
             | calculate | in | | {expression} | | | |
             | end repeat | | | | | | |
             | text | c | C | | {expression} | {expression} | |
             | text | d | ${{a}} | | | | {expression} |
             | calculate | out | | {expression} | | | |"
        );
        // Each column by itself, so that one refusal does not hide the others.
        for keep in 3..7 {
            let kept: Vec<String> = survey.lines().map(|line| {
                let cells: Vec<&str> = line.trim().trim_matches('|').split('|').collect();
                let cells = cells.iter().enumerate().map(|(i, c)| if i < 3 || i == keep { *c } else { "" });
                cells.collect::<Vec<_>>().join("|")
            }).collect();
            if let Ok(instrument) = read(&kept.join("\n"), "| list_name | name | label |\n| l | x | X |") {
                let mut session = open(&Arc::new(instrument));
                for text in ["r[1]/x", "a"] {
                    let value = Some(nightjar_form::Value::Integer(3));
                    session.apply(&Entry::Answer { path: text.to_owned(), value }, &now()).unwrap();
                }
                prop_assert!(!session.page().check || !session.stop().cells.is_empty());
            }
        }
    }

    #[test]
    fn any_order_of_rows_is_refused_or_runs(rows in prop::collection::vec((kind(), "[a-d]?", words(3), words(3)), 0..12)) {
        let mut survey = "| type | name | label | relevant | repeat_count |\n".to_owned();
        for (kind, name, label, count) in &rows {
            survey += &format!("| {kind} | {name} | {label} | | {count} |\n");
        }
        if let Ok(instrument) = read(&survey, "| list_name | name | label |\n| l | x | X |") {
            let mut session = open(&Arc::new(instrument));
            for _ in 0..30 {
                session.apply(&Entry::Next, &now()).unwrap();
                prop_assert!(session.page().number > 0);
            }
            prop_assert!(session.stop().cells.len() < 10_000);
        }
    }

    #[test]
    fn any_damage_to_a_workbook_is_refused_or_harmless(at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<prop::sample::Index>()) {
        let whole = workbook(&[("survey", "| type | name | label |\n| text | a | A |"), ("choices", "| list_name | name |")]);
        let mut damaged = whole.clone();
        *at.get_mut(&mut damaged) = byte;
        let _ = Instrument::from_workbook("x.xlsx", &damaged);
        prop_assert!(Instrument::from_workbook("x.xlsx", &whole[..cut.index(whole.len())]).is_err());
    }
}

/// Reading long forms and walking long expressions takes no more than a form is worth.
#[test]
fn a_long_form_is_read_and_opened() {
    let mut survey = "| type | name | label | relevant |\n".to_owned();
    for i in 0..3_000 {
        let relevant = if i == 0 { String::new() } else { format!("${{q{}}} != ''", i - 1) };
        survey += &format!("| text | q{i} | Q | {relevant} |\n");
    }
    let session = open(&form(&survey, ""));
    assert_eq!(session.page().of, None, "how many there are depends on the answers");
}
