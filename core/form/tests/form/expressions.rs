//! Expressions give what the ODK specification says, in a real form: answer, calculate, read.

use expect_test::{Expect, expect};

use crate::fixture::{Act, form, open, read};

const NAMES: &str = "
| type | name | label | calculation | relevant |
| text | t | T | | |
| integer | n | N | | |
| decimal | d | D | | |
| date | day | Day | | |
| select_multiple s | many | Many | | |
| select_one s | one | One | | |
| text | hidden | H | | false() |
";
const CHOICES: &str = "
| list_name | name | label |
| s | a | Apple |
| s | b | Pear |
| s | c | Plum |
";

/// Calculates expressions with some answers given: `name=answer; …`, then one line for each expression.
fn check(answers: &str, expressions: &[&str], expect: Expect) {
    let mut survey = NAMES.to_owned();
    for (i, expression) in expressions.iter().enumerate() {
        survey += &format!("| calculate | c{i} | | {expression} | |\n");
    }
    let mut session = open(&form(&survey, CHOICES));
    for (name, answer) in answers.split(';').filter_map(|pair| pair.trim().split_once('=')) {
        session.type_in(name, answer);
    }
    let lines =
        expressions.iter().enumerate().map(|(i, e)| format!("{e} -> {}", session.text(&format!("c{i}"))));
    expect.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn arithmetic_follows_xpath() {
    check(
        "n=7; d=2.5",
        &[
            "1 + 2 * 3",
            "${n} div 2",
            "-5 mod 3",
            "${n} - -1",
            "1 div 0",
            "0.1 + 0.2",
            "round(2.5) + round(-2.5)",
            "round(1.005, 2)",
            "int(-3.7)",
            "floor(-1.5)",
            "ceiling(1.2)",
            "${d} * 2 = 5",
            "pow(2, 10)",
            "10000000 * 10000000000000",
            "7.0",
        ],
        expect![[r#"
            1 + 2 * 3 -> 7
            ${n} div 2 -> 3.5
            -5 mod 3 -> -2
            ${n} - -1 -> 8
            1 div 0 -> Infinity
            0.1 + 0.2 -> 0.30000000000000004
            round(2.5) + round(-2.5) -> 1
            round(1.005, 2) -> 1.01
            int(-3.7) -> -3
            floor(-1.5) -> -2
            ceiling(1.2) -> 2
            ${d} * 2 = 5 -> true
            pow(2, 10) -> 1024
            10000000 * 10000000000000 -> 100000000000000000000
            7.0 -> 7"#]],
    );
}

#[test]
fn blank_is_empty_text_and_not_a_number() {
    check(
        "",
        &[
            "${n} + 1",
            "${n} = ''",
            "${n} = 0",
            "${n} < 5",
            "${n} > 5",
            "not(${n})",
            "${t} = ''",
            "coalesce(${t}, 'none')",
            "string-length(${t})",
            "sum(${n})",
            "max(${n}, 3, 'x')",
            "count-selected(${many})",
            "selected(${many}, 'a')",
            "if(${n} > 1, 'big', 'not')",
            "format-date(${day}, '%Y')",
            "concat(${n} + 1, 'x')",
        ],
        expect![[r#"
            ${n} + 1 -> 
            ${n} = '' -> true
            ${n} = 0 -> false
            ${n} < 5 -> false
            ${n} > 5 -> false
            not(${n}) -> true
            ${t} = '' -> true
            coalesce(${t}, 'none') -> none
            string-length(${t}) -> 0
            sum(${n}) -> 0
            max(${n}, 3, 'x') -> 3
            count-selected(${many}) -> 0
            selected(${many}, 'a') -> false
            if(${n} > 1, 'big', 'not') -> not
            format-date(${day}, '%Y') -> 
            concat(${n} + 1, 'x') -> NaNx"#]],
    );
}

#[test]
fn choices_are_told_apart_as_whole_codes() {
    check(
        "many=c a; one=b",
        &[
            "${many}",
            "selected(${many}, 'a')",
            "selected(${many}, 'ap')",
            "selected('ab  abc', ' ab ')",
            "count-selected(${many})",
            "selected-at(${many}, 1)",
            "selected-at(${many}, 9)",
            "jr:choice-name(${one}, '${one}')",
            "jr:choice-name('zzz', '${one}')",
            "${one} = 'b'",
        ],
        expect![[r#"
            ${many} -> a c
            selected(${many}, 'a') -> true
            selected(${many}, 'ap') -> false
            selected('ab  abc', ' ab ') -> true
            count-selected(${many}) -> 2
            selected-at(${many}, 1) -> c
            selected-at(${many}, 9) -> 
            jr:choice-name(${one}, '${one}') -> Pear
            jr:choice-name('zzz', '${one}') -> 
            ${one} = 'b' -> true"#]],
    );
}

#[test]
fn texts_count_in_utf16_and_patterns_match_the_whole() {
    check(
        "t=a1 😀",
        &[
            "string-length(${t})",
            "regex(${t}, '[0-9]')",
            "regex('a1', '[a-z][0-9]')",
            "substr('hello', 1, 3)",
            "substr('hello', -3)",
            "substring-before('a-b-c', '-')",
            "substring-after('a-b-c', '-')",
            "normalize-space('  a   b ')",
            "translate('bar', 'abc', 'AB')",
            "contains(${t}, '1')",
            "starts-with(${t}, 'b')",
            "ends-with('abc', 'bc')",
            "concat('a', 1, true())",
            "join('-', 'a', 'b')",
            "string(1 = 1)",
        ],
        expect![[r#"
            string-length(${t}) -> 5
            regex(${t}, '[0-9]') -> false
            regex('a1', '[a-z][0-9]') -> true
            substr('hello', 1, 3) -> el
            substr('hello', -3) -> llo
            substring-before('a-b-c', '-') -> a
            substring-after('a-b-c', '-') -> b-c
            normalize-space('  a   b ') -> a b
            translate('bar', 'abc', 'AB') -> BAr
            contains(${t}, '1') -> true
            starts-with(${t}, 'b') -> false
            ends-with('abc', 'bc') -> true
            concat('a', 1, true()) -> a1true
            join('-', 'a', 'b') -> a-b
            string(1 = 1) -> true"#]],
    );
}

#[test]
fn dates_are_text_and_days() {
    check(
        "day=2024-02-29",
        &[
            "${day}",
            "number(${day})",
            "number('2024-01-01')",
            "'2024-01-01' < '2024-01-02'",
            "${day} < today()",
            "today()",
            "now()",
            "int((today() - ${day}) div 365.25)",
            "date(19723)",
            "date('2023-02-30')",
            "format-date(${day}, '%d %b %Y (%a), %e.%n.%y')",
            "format-date-time(now(), '%H:%M:%S.%3 %h')",
            "decimal-date-time('1970-01-02T12:00:00Z')",
            "decimal-time('06:00')",
        ],
        expect![[r#"
            ${day} -> 2024-02-29
            number(${day}) -> 19782
            number('2024-01-01') -> 19723
            '2024-01-01' < '2024-01-02' -> true
            ${day} < today() -> true
            today() -> 2026-01-15
            now() -> 2026-01-15T02:30:00.000+00:00
            int((today() - ${day}) div 365.25) -> 1
            date(19723) -> 2024-01-01
            date('2023-02-30') -> 
            format-date(${day}, '%d %b %Y (%a), %e.%n.%y') -> 29 Feb 2024 (Thu), 29.2.24
            format-date-time(now(), '%H:%M:%S.%3 %h') -> 02:30:00.000 2
            decimal-date-time('1970-01-02T12:00:00Z') -> 1.5
            decimal-time('06:00') -> 0.25"#]],
    );
}

#[test]
fn logic_is_lazy_and_random_is_replayable() {
    check(
        "n=0",
        &[
            "if('false', 1, 2)",
            "true() or 1 div 0",
            "checklist(1, 1, 'yes', '')",
            "weighted-checklist(5, 10, 'yes', 6, '', 3)",
            "boolean-from-string('TRUE')",
            "once(random()) < 1 and once(random()) >= 0",
            "string-length(uuid())",
            "${hidden} = ''",
            "../n + 1",
            "/data/n + 1",
        ],
        expect![[r#"
            if('false', 1, 2) -> 1
            true() or 1 div 0 -> true
            checklist(1, 1, 'yes', '') -> true
            weighted-checklist(5, 10, 'yes', 6, '', 3) -> true
            boolean-from-string('TRUE') -> false
            once(random()) < 1 and once(random()) >= 0 -> true
            string-length(uuid()) -> 36
            ${hidden} = '' -> true
            ../n + 1 -> 1
            /data/n + 1 -> 1"#]],
    );
}

#[test]
fn once_keeps_its_first_value() {
    let survey = "
    | type | name | label | calculation |
    | integer | n | N | |
    | calculate | first | | once(${n}) |
    | calculate | last | | ${n} |";
    let mut session = open(&form(survey, ""));
    session.type_in("n", "1");
    session.type_in("n", "2");
    assert_eq!((session.text("first"), session.text("last")), ("1".to_owned(), "2".to_owned()));
}

#[test]
fn what_cannot_run_is_refused_by_name() {
    let survey = "
    | type | name | label | calculation |
    | integer | n | N | |
    | begin_repeat | r | R | |
    | integer | x | X | |
    | end_repeat | | | |
    | calculate | c1 | | foo(1) |
    | calculate | c2 | | string_length('a') |
    | calculate | c3 | | pulldata('a', 'b', 'c', 'd') |
    | calculate | c4 | | ${N} + 1 |
    | calculate | c5 | | ${x} + 1 |
    | calculate | c6 | | n + 1 |
    | calculate | c7 | | if(1, 2) |
    | calculate | c8 | | ${r} |
    | calculate | c9 | | regex('a', '(?=a)') |
    | calculate | c10 | | ../n[. > 1] |
    | calculate | c11 | | instance('b')/root/item |
    | calculate | c12 | | sum(${x}) + |";
    expect![[r#"
        test.xlsx, sheet survey, row 6, column D "calculation": error: There is no function foo(). Check the spelling.
        test.xlsx, sheet survey, row 7, column D "calculation": error: There is no function string_length(). Did you mean string-length()?
        test.xlsx, sheet survey, row 8, column D "calculation": warning: The file `a.csv` is missing; it is read as empty. Give it with the form.
        test.xlsx, sheet survey, row 9, column D "calculation": error: There is no question named `N`. Did you mean ${n}?
        test.xlsx, sheet survey, row 10, column D "calculation": error: `x` is in the repeat `r` and may have many values here. Use sum(), count(), max(), min(), join() or indexed-repeat().
        test.xlsx, sheet survey, row 11, column D "calculation": error: There is nothing named `n` there. Write ${n} for a question of that name, or quotes around a text.
        test.xlsx, sheet survey, row 12, column D "calculation": error: if() takes 3 arguments, not 2. Check commas and brackets.
        test.xlsx, sheet survey, row 13, column D "calculation": error: `r` is a group or repeat, which has no value. Refer to a question in it, or use count().
        test.xlsx, sheet survey, row 14, column D "calculation": error: The regular expression cannot be used: it is not understood (look-ahead and back-references are not). Write a simpler one.
        test.xlsx, sheet survey, row 16, column D "calculation": error: The form has no list or file named `b`. Add it, or correct the name.
        test.xlsx, sheet survey, row 17, column D "calculation": error: The expression cannot be read at its end. Check brackets, quotes, commas and operators there."#]]
    .assert_eq(&read(survey, "").unwrap_err());
}

#[test]
fn cycles_are_refused_with_their_path() {
    let survey = "
    | type | name | label | calculation | relevant |
    | calculate | a | | ${b} + 1 | |
    | calculate | b | | ${c} + 1 | |
    | calculate | c | | ${a} + 1 | |
    | begin_group | g | G | | ${q} = 'x' |
    | text | q | Q | | |
    | end_group | | | | |
    | calculate | me | | . + 1 | |
    | calculate | fine | | ${me} | |";
    expect![[r#"
        test.xlsx, sheet survey, row 2, column D "calculation": error: The value depends on itself: `a` (calculation) → `b` (calculation) → `c` (calculation) → `a` (calculation). Take one of these references out.
        test.xlsx, sheet survey, row 5, column E "relevant": error: The value depends on itself: `g` (relevant) → `q` (relevant) → `g` (relevant). Take one of these references out.
        test.xlsx, sheet survey, row 8, column D "calculation": error: The value depends on itself: `me` (calculation) → `me` (calculation). Take one of these references out."#]]
    .assert_eq(&read(survey, "").unwrap_err());
}
