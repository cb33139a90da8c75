//! Whatever stands in a workbook, reading it ends in an instrument or a list of faults, and what runs does not panic.

use std::sync::Arc;

use nightjar_form::{Attachments, Entry, Instrument};
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

/// Cells that forms in Markdown are made of.
fn cell() -> impl Strategy<Value = String> {
    let known = prop::sample::select(vec![
        "",
        "type",
        "name",
        "label",
        "label::en",
        "parameters",
        "choice_filter",
        "repeat_count",
        "trigger",
        "save_to",
        "calculation",
        "default",
        "appearance",
        "list_name",
        "entity_id",
        "create_if",
        "text",
        "integer",
        "range",
        "begin_group",
        "end_group",
        "begin_repeat",
        "end_repeat",
        "begin_loop over l",
        "end_loop",
        "select_one l",
        "select_multiple l or_other",
        "select_one ${a}",
        "select_one_from_file l.csv",
        "select_one_external l",
        "rank l",
        "csv-external",
        "xml-external",
        "geopoint",
        "audit",
        "calculate",
        "note",
        "background-geopoint",
        "set form id",
        "a",
        "b",
        "l",
        "data",
        "meta",
        "${a}",
        "${b}, ${a}",
        "${last-saved#a}",
        "a#b",
        "#",
        "start=1 end=5 step=0.1",
        "tick_labelset=l",
        "reference-geometry=${a}",
        "seed=1",
        "randomize=true",
        "=",
        "search('l', 'contains', 'a', ${b})",
        "table-list",
        "field-list",
        "instance('l')/root/item[name=${a}]/b",
        "pulldata('l', 'a', 'b', ${a})",
        "%(label)s",
        "position(..)",
        "1",
        "-0.5",
        "yes",
        "\\|",
        "ä",
        "😀",
        "--",
        "survey",
        "choices",
        "external_choices",
        "entities",
        "settings",
        "osm",
    ]);
    prop_oneof![20 => known.prop_map(str::to_owned), 1 => "[ -{}~]{0,6}"]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn any_tables_are_refused_or_run(
        sheets in prop::collection::vec(
            (prop::sample::select(vec!["survey", "choices", "entities", "settings", "external_choices", "x"]),
             prop::collection::vec(prop::collection::vec(cell(), 0..6), 0..9)), 0..4),
        headed in any::<bool>(),
        comma in any::<bool>(),
    ) {
        let mut text = String::new();
        let row = |cells: &[String]| if comma { format!(",{}\n", cells.join(",")) } else { format!("| | {} |\n", cells.join(" | ")) };
        for (name, rows) in &sheets {
            text += &if comma { format!("{name}\n") } else { format!("| {name} |\n") };
            let headings: &[&str] = match (*name, headed) {
                ("survey", true) => &["type", "name", "label", "parameters", "calculation", "save_to"],
                ("choices" | "external_choices", true) => &["list_name", "name", "label", "b"],
                ("entities", true) => &["list_name", "label", "entity_id", "create_if"],
                _ => &[],
            };
            text += &row(&headings.iter().map(|h| (*h).to_owned()).collect::<Vec<_>>());
            for cells in rows {
                text += &row(cells);
            }
        }
        let mut files = Attachments::new();
        files.insert("l.csv", b"name,label,a\nx,X,1\ny,Y,2\n".to_vec());
        files.insert("l.xml", b"<root><item><name>x</name></item></root>".to_vec());
        match Instrument::read("x", text.as_bytes(), &files) {
            Ok(instrument) => {
                let mut session = open(&Arc::new(instrument));
                for _ in 0..20 {
                    session.apply(&Entry::Next, &now()).unwrap();
                }
                prop_assert!(session.stop().cells.len() < 10_000);
            }
            Err(found) => prop_assert!(found.errors().count() > 0),
        }
    }
}

/// Loops within loops multiply; what they make is bounded.
#[test]
fn loops_cannot_make_a_form_without_end() {
    let mut form = "| survey |\n| | type | name | label |\n".to_owned();
    for depth in 0..5 {
        form += &format!("| | begin_loop over l | loop{depth} | L |\n");
    }
    form += &format!("| | text | a | {} |\n", "%(label)s ".repeat(90));
    form += &"| | end_loop | | |\n".repeat(5);
    form += "| choices |\n| | list_name | name | label |\n";
    for i in 0..60 {
        form += &format!("| | l | c{i} | {} |\n", "long ".repeat(20));
    }
    let found = Instrument::read("x", form.as_bytes(), &Attachments::new()).unwrap_err();
    let found = found.to_string();
    assert!(
        found.contains("Loops make the form too big") || found.contains("more than 50,000 rows"),
        "{found}"
    );
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
