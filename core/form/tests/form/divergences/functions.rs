//! Rows of functions and operators.

use nightjar_form::{Entry, Language, Value};

use super::{check, over};
use crate::fixture::{Act, form, open, read};

const SURVEY: &str = "
| type | name | label | calculation | relevant | bind::type |
| integer | n | N | | | |
| text | t | T | | | |
| select_one s | one | One | | | |
| select_multiple s | many | Many | | | |
";
const CHOICES: &str = "
| list_name | name | label::English (en) | label::Français (fr) |
| s | a | Apple | Pomme |
| s | b | Pear | Poire |
";

/// What a calculation stores once some answers are given: `name=answer; …`.
fn stored(answers: &str, calculation: &str) -> String {
    let mut session = open(&form(&format!("{SURVEY}| calculate | c | | {calculation} | | |"), CHOICES));
    for (name, answer) in answers.split(';').filter_map(|pair| pair.trim().split_once('=')) {
        session.type_in(name, answer);
    }
    session.text("c")
}

#[test]
fn if_is_lazy() {
    check(&[
        ("if(true(), 1, explode())", "1"),
        ("if('false', 'yes', 'no')", "'yes'"),
        ("false() and explode()", "false"),
        ("true() or explode()", "true"),
        ("if(false(), 1, explode())", "There is no function explode()."),
    ]);
}

#[test]
fn selected_matches_whole_tokens() {
    check(&[
        ("selected('ab a', 'a')", "true"),
        ("selected('ab b', ' b ')", "true"),
        ("selected('ab', 'a')", "false"),
        ("selected('', 'a')", "false"),
    ]);
}

#[test]
fn selected_at_counts_from_zero() {
    check(&[
        ("selected-at('a b', 0)", "'a'"),
        ("selected-at('a b', 2)", "''"),
        ("selected-at('a b', -1)", "''"),
    ]);
}

#[test]
fn count_selected_counts_duplicates() {
    check(&[("count-selected('')", "0"), ("count-selected(' a  b ')", "2"), ("count-selected('a a')", "2")]);
}

#[test]
fn choice_name_follows_the_language() {
    let survey = format!("{SURVEY}| calculate | c | | jr:choice-name(${{one}}, '${{one}}') | | |");
    let mut session = open(&form(&survey, CHOICES));
    assert_eq!(session.text("c"), "");
    session.one("one", "a");
    assert_eq!(session.text("c"), "Apple");
    session.act(Entry::Language(Language::new("Français (fr)")));
    assert_eq!(session.text("c"), "Pomme");
}

#[test]
fn itext_is_in_the_active_language() {
    let xml = "<model xmlns='http://www.w3.org/2002/xforms'><itext>\
        <translation lang='en'><text id='a'><value>Yes</value></text></translation>\
        <translation lang='fr'><text id='a'><value>Oui</value></text></translation></itext></model>";
    assert_eq!(over(xml, "jr:itext('a')"), "Oui");
    assert_eq!(over(xml, "itext('a')"), "There is no function itext().");
}

#[test]
fn coalesce_takes_two() {
    check(&[
        ("coalesce('', 'b')", "'b'"),
        ("coalesce(/r/none, 'b')", "'b'"),
        ("coalesce('a')", "coalesce() takes 2 arguments, not 1."),
        ("coalesce('a', 'b', 'c')", "coalesce() takes 2 arguments, not 3."),
    ]);
}

#[test]
fn once_keeps_what_it_gave() {
    let survey = format!("{SURVEY}| calculate | c | | once(concat('v', ${{n}})) | | |");
    let mut session = open(&form(&survey, CHOICES));
    assert_eq!(session.text("c"), "v", "blank inputs stick too");
    session.type_in("n", "3");
    assert_eq!(session.text("c"), "v");
}

#[test]
fn booleans_are_stored_as_words() {
    assert_eq!(stored("n=2", "${n} > 1"), "true");
    assert_eq!(stored("n=0", "${n} > 1"), "false");
    check(&[("boolean('false')", "true"), ("true() + 1", "2")]);
}

#[test]
fn boolean_from_string_knows_true_and_1() {
    check(&[
        ("boolean-from-string('true')", "true"),
        ("boolean-from-string('1')", "true"),
        ("boolean-from-string('TRUE')", "false"),
        ("boolean-from-string('yes')", "false"),
    ]);
}

#[test]
fn regex_matches_the_whole_text() {
    check(&[("regex('a1', '[0-9]')", "false"), ("regex('a1', '[a-z][0-9]')", "true")]);
    let refused = read(&format!("{SURVEY}| calculate | c | | regex(${{t}}, '(?=a)') | | |"), CHOICES);
    assert!(refused.unwrap_err().contains("look-ahead"));
}

#[test]
fn number_knows_dates_and_no_exponents() {
    check(&[
        ("number('')", "NaN"),
        ("number('  ')", "NaN"),
        ("number('2024-01-01')", "19723"),
        ("number('1.1e6')", "NaN"),
        ("number('Infinity')", "NaN"),
        ("number('4,6')", "NaN"),
        ("number(' 7 ')", "7"),
    ]);
}

#[test]
fn int_cuts_off() {
    check(&[("int(-3.7)", "-3"), ("int('x')", "NaN")]);
}

#[test]
fn round_is_decimal_and_half_up() {
    check(&[
        ("round(-2.5)", "-2"),
        ("round(1.005, 2)", "1.01"),
        ("round(-12345.15, 1)", "-12345.1"),
        ("round(1234, -2)", "1200"),
    ]);
}

#[test]
fn floor_and_ceiling_are_there() {
    check(&[("floor(-1.5)", "-2"), ("ceiling(1.2)", "2")]);
}

#[test]
fn operators_make_blanks_nan_and_nan_is_stored_blank() {
    assert_eq!(stored("", "${n} + 1"), "");
    assert_eq!(stored("n=1", "${n} div 0"), "Infinity");
    check(&[("-5 mod 3", "-2"), ("6.1 - 7.8 = -1.7", "false")]);
}

#[test]
fn comparisons_make_dates_days() {
    check(&[
        ("'' = 0", "false"),
        ("'' < 5", "false"),
        ("true() = 'true'", "true"),
        ("'2024-01-01' < '2024-01-02'", "true"),
        ("'b' > 'a'", "false"),
    ]);
    let list = "<r><a>1</a><a>5</a></r>";
    assert_eq!(over(list, "/r/a = 5"), "true");
    assert_eq!(over(list, "/r/a != 5"), "true");
    assert_eq!(over(list, "/r/a > 5"), "false");
}

const BLANKS: &str = "<r><a>1</a><a/><a>x</a><a>5</a></r>";

#[test]
fn sum_skips_blanks() {
    assert_eq!(over("<r><a>1</a><a/><a>5</a></r>", "sum(/r/a)"), "6");
    assert_eq!(over(BLANKS, "sum(/r/none)"), "0");
    assert_eq!(over(BLANKS, "sum(/r/a)"), "NaN", "a text is no number");
}

#[test]
fn max_and_min_skip_what_is_no_number() {
    assert_eq!(over(BLANKS, "max(/r/a)"), "5");
    assert_eq!(over(BLANKS, "min(/r/a)"), "1");
    check(&[("max(3, 'x')", "3"), ("max(/r/none)", "''"), ("min(/r/none)", "''")]);
}

#[test]
fn count_leaves_out_what_is_not_relevant() {
    assert_eq!(over(BLANKS, "count(/r/a)"), "4");
    let mut session = open(&form(
        "| type | name | label | calculation | relevant |
         | begin_repeat | r | R | | |
         | integer | x | X | | |
         | text | y | Y | | ${x} > 1 |
         | end_repeat | | | | |
         | calculate | c | | count(${y}) | |",
        "",
    ));
    session.act(Entry::AddRepeat { path: "r".to_owned() });
    session.type_in("r[2]/x", "2");
    assert_eq!(session.text("c"), "1");
}

#[test]
fn count_non_empty_counts_what_has_a_text() {
    assert_eq!(over(BLANKS, "count-non-empty(/r/a)"), "3");
    check(&[("count-non-empty(2)", "A path to questions is needed here, not a value.")]);
}

#[test]
fn position_counts_namesakes_from_one() {
    assert_eq!(over("<r><b/><a/><b/></r>", "position(/r/b[2])"), "2");
    let mut session = open(&form(
        "| type | name | label | calculation |
         | begin_repeat | r | R | |
         | integer | x | X | |
         | calculate | p | | position(..) |
         | end_repeat | | | |",
        "",
    ));
    session.act(Entry::AddRepeat { path: "r".to_owned() });
    assert_eq!(session.text("r[2]/p"), "2");
    session.act(Entry::RemoveRepeat { path: "r[1]".to_owned() });
    assert_eq!(session.text("r[1]/p"), "1");
}

#[test]
fn indexed_repeat_without_an_index_is_the_first() {
    let mut session = open(&form(
        "| type | name | label | calculation |
         | integer | i | I | |
         | begin_repeat | r | R | |
         | integer | x | X | |
         | end_repeat | | | |
         | calculate | c | | indexed-repeat(${x}, ${r}, ${i}) |",
        "",
    ));
    session.act(Entry::AddRepeat { path: "r".to_owned() });
    session.type_in("r[1]/x", "10");
    session.type_in("r[2]/x", "20");
    let mut with = |i: &str| {
        session.type_in("i", i);
        session.text("c")
    };
    assert_eq!([with(""), with("0"), with("2"), with("3"), with("-1")], ["10", "10", "20", "", ""]);
}

#[test]
fn absolute_paths_in_a_predicate_mean_the_primary_instance() {
    let xml = "<h xmlns='http://www.w3.org/2002/xforms'><instance><d><k>b</k></d></instance>\
        <instance id='l'><root><item><name>a</name></item><item><name>b</name><v>7</v></item></root></instance></h>";
    assert_eq!(over(xml, "instance('l')/root/item[name = /h/instance/d/k]/v"), "7");
    assert_eq!(over(xml, "instance('none')/root/item"), "");
}

#[test]
fn current_is_the_node_of_the_expression() {
    let mut session = open(&form(
        "| type | name | label | calculation |
         | integer | least | Least | |
         | begin_repeat | r | R | |
         | integer | x | X | |
         | end_repeat | | | |
         | calculate | c | | count(${r}[x >= current()/../least]) |",
        "",
    ));
    session.act(Entry::AddRepeat { path: "r".to_owned() });
    session.type_in("least", "2");
    session.type_in("r[1]/x", "1");
    session.type_in("r[2]/x", "3");
    assert_eq!(session.text("c"), "1");
}

#[test]
fn randomize_is_park_and_miller() {
    let list = "<r><a>1</a><a>2</a><a>3</a><a>4</a><a>5</a></r>";
    let shuffled = over(list, "randomize(/r/a, 42)");
    assert_eq!(shuffled, over(list, "randomize(/r/a, 42)"), "the same seed gives the same order");
    assert_eq!(shuffled, over(list, "randomize(/r/a, '42.9')"), "the fraction of a seed does not count");
    assert_ne!(over(list, "randomize(/r/a, 1)"), over(list, "randomize(/r/a, 'ward')"));
    let mut sorted: Vec<&str> = shuffled.split(' ').collect();
    sorted.sort_unstable();
    assert_eq!(sorted, ["1", "2", "3", "4", "5"]);
}

#[test]
fn random_and_uuid_are_drawn_at_every_recompute() {
    let survey = format!(
        "{SURVEY}| calculate | c | | concat(uuid(), ${{n}}) | | |\n| calculate | k | | once(uuid()) | | |"
    );
    let mut session = open(&form(&survey, CHOICES));
    let (first, kept) = (session.text("c"), session.text("k"));
    session.type_in("n", "1");
    assert_ne!(session.text("c")[..36], first[..36]);
    assert_eq!(session.text("k"), kept);
    check(&[("string-length(uuid())", "36"), ("string-length(uuid(5))", "5")]);
}

#[test]
fn numbers_become_text_without_exponent() {
    check(&[
        ("string(1 div 10000000)", "'0.0000001'"),
        ("string(100000000000000000000)", "'100000000000000000000'"),
        ("string(number('x'))", "'NaN'"),
        ("concat(1, 2.50, '')", "'12.5'"),
    ]);
    assert_eq!(over(BLANKS, "join('-', /r/a)"), "'1--x-5'");
    assert_eq!(over(BLANKS, "concat(/r/a)"), "'1x5'");
}

#[test]
fn substr_counts_from_zero_and_from_the_end() {
    check(&[
        ("substr('hello', 1, 3)", "'el'"),
        ("substr('hello', -2)", "'lo'"),
        ("substring-before('a-b', '-')", "'a'"),
        ("substring-after('a-b', '-')", "'b'"),
        ("translate('aabb', 'ab', 'x')", "'xx'"),
    ]);
}

#[test]
fn normalize_space_takes_single_newlines_too() {
    check(&[("normalize-space(' a\n b ')", "'a b'")]);
    assert_eq!(over("<r> x  y </r>", "normalize-space(/r)"), "'x y'");
}

#[test]
fn string_length_counts_utf16() {
    check(&[("string-length('😀')", "2"), ("string-length('é')", "1")]);
}

#[test]
fn today_and_now_come_from_the_clock_given() {
    check(&[
        ("today()", "'2026-01-15'"),
        ("now()", "'2026-01-15T02:30:00.000+00:00'"),
        ("now() > today()", "true"),
    ]);
}

#[test]
fn a_date_that_is_none_is_blank() {
    check(&[
        ("date('2023-02-30')", "''"),
        ("date('nonsense')", "''"),
        ("date(0)", "'1970-01-01'"),
        ("date('2024-02-29') + 1", "19783"),
    ]);
    // A calculation without a type keeps text; with `bind::type` it is a date.
    let survey = format!("{SURVEY}| calculate | c | | date(${{n}}) | | date |");
    let mut session = open(&form(&survey, CHOICES));
    session.type_in("n", "19782");
    assert_eq!(session.value("c"), Some(&Value::Date(jiff::civil::date(2024, 2, 29))));
}

#[test]
fn format_date_knows_the_letters_of_the_specification() {
    check(&[
        ("format-date('2026-01-05', '%Y %y %m %n %b %d %e %a')", "'2026 26 01 1 Jan 05 5 Mon'"),
        ("format-date-time('2026-01-05T07:08:09.010', '%H %h %M %S %3')", "'07 7 08 09 010'"),
        ("format-date('', '%Y')", "''"),
        ("format-date('2026-01-05', '%W')", "'%W'"),
    ]);
}

#[test]
fn decimal_date_time_counts_utc_from_local_midnight() {
    check(&[
        ("decimal-date-time('1970-01-02')", "0.9583333333333334"),
        ("decimal-date-time('1970-01-01T12:00:00Z')", "0.5"),
        ("decimal-time('06:00:00')", "0.25"),
        ("int((date('2026-01-15') - date('1990-02-01')) div 365.25)", "35"),
    ]);
}

#[test]
fn checklists_count_what_is_not_blank() {
    check(&[
        ("checklist(1, 1, 'yes', 'no')", "false"),
        ("checklist(1, 1, 'yes', '')", "true"),
        ("checklist(1, 1, true(), false())", "true"),
        ("weighted-checklist(3, -1, 'a', 1, 'b', 2, '', 4)", "true"),
    ]);
}

#[test]
fn digests_and_mathematics_are_there() {
    check(&[
        ("digest('abc', 'MD5', 'hex')", "'900150983cd24fb0d6963f7d28e17f72'"),
        ("digest('abc', 'SHA-1', 'hex')", "'a9993e364706816aba3e25717850c26c9cd0d89d'"),
        ("digest('abc', 'SHA-256')", "'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0='"),
        ("base64-decode('w6nDqMOx')", "'éèñ'"),
        ("pow(2, 10)", "1024"),
        ("sqrt(9)", "3"),
        ("exp10(2)", "100"),
    ]);
}

#[test]
fn distances_are_not_rounded() {
    let metres: f64 = over("<r/>", "distance('51.5 0 0 0; 51.6 0 0 0')").parse().unwrap();
    assert!((metres - 11_131.884).abs() < 0.01, "{metres}");
    check(&[("geofence('0.5 0.5 0 0', '0 0 0 0; 0 1 0 0; 1 1 0 0; 1 0 0 0; 0 0 0 0')", "true")]);
}

#[test]
fn other_functions_are_refused_by_name() {
    for name in ["extract-signed", "property", "version"] {
        let refused = read(&format!("{SURVEY}| calculate | c | | {name}('a') | | |"), CHOICES).unwrap_err();
        assert!(refused.contains(&format!("The function {name}() is not supported.")), "{refused}");
    }
}
