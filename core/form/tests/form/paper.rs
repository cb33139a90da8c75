//! A form on paper says in words what a tablet does by itself.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeMap;

use expect_test::{Expect, expect};
use nightjar_form::{Instrument, Language, Paper};
use proptest::prelude::*;

use crate::fixture::{form, read, workbook};

/// The sentences of a page that say its logic.
fn logic(page: &str) -> Vec<String> {
    let parts = page.split("<p class=\"logic\">").skip(1);
    parts
        .filter_map(|part| part.split_once("</p>"))
        .map(|(text, _)| text.replace("<code dir=\"ltr\">", "`").replace("</code>", "`"))
        .collect()
}

/// How the relevance of a last question is said.
fn only(relevant: &str) -> String {
    let survey = format!(
        "
| type | name | label | relevant | calculation | appearance |
| select_one l | slept | How did you **sleep**? | | | |
| select_multiple l | woke | What woke you? | | | |
| integer | n | How often? | | | |
| text | why | Why? | | | |
| calculate | total | | | ${{n}} + 1 | |
| text | last | Last | {relevant} | | |
"
    );
    let page = form(
        &survey,
        "
| list_name | name | label |
| l | well | Well |
| l | badly | Badly |
",
    )
    .paper(&Paper::default());
    let said = logic(&page).into_iter().find(|said| said.starts_with("Answer this only if"));
    said.unwrap_or_default().trim_start_matches("Answer this only if ").to_owned()
}

#[test]
fn the_common_shapes_are_said_in_words() {
    let check = |source: &str, expected: Expect| expected.assert_eq(&only(source));
    check("${slept} = 'badly'", expect!["“How did you sleep?” (question 1) is “Badly”."]);
    check("'badly' != ${slept}", expect!["“How did you sleep?” (question 1) is not “Badly”."]);
    check("${n} < 3", expect!["“How often?” (question 3) is less than 3."]);
    check(
        "3 <= ${n} and ${n} <= 7",
        expect!["“How often?” (question 3) is 3 or more and “How often?” (question 3) is 7 or less."],
    );
    check(
        "${n} = 1 or (${n} > 5 and ${slept} = 'well')",
        expect![
            "“How often?” (question 3) is 1 or (“How often?” (question 3) is more than 5 and “How did you sleep?” (question 1) is “Well”)."
        ],
    );
    check("selected(${woke}, 'badly')", expect!["“Badly” is ticked at “What woke you?” (question 2)."]);
    check(
        "not(selected(${woke}, 'badly') or ${n} > 2)",
        expect![
            "“Badly” is not ticked at “What woke you?” (question 2) and it is not so that (“How often?” (question 3) is more than 2)."
        ],
    );
    check(
        "${why} = '' or string-length(${why}) > 0",
        expect!["“Why?” (question 4) has no answer or “Why?” (question 4) has an answer."],
    );
    check(
        "count-selected(${woke}) >= 2",
        expect!["2 boxes or more are ticked at “What woke you?” (question 2)."],
    );
    check("${total} > 4", expect!["the value “total” is more than 4."]);
    check("${n} > ${total}", expect!["“How often?” (question 3) is more than the value “total”."]);
    check("true()", expect![[""]]);
}

#[test]
fn what_has_no_words_is_printed_with_the_numbers_of_its_questions() {
    expect!["this holds: `${n} * 2 &gt; 5 and regex(${why}, 'x')` (questions 3, 4)."]
        .assert_eq(&only("${n} * 2 > 5 and regex(${why}, 'x')"));
}

#[test]
fn a_rule_without_words_is_said_by_the_form() {
    let survey = "
| type | name | label | constraint | constraint_message |
| text | who | Who? | regex(., '[a-z]+') | Small letters only. |
";
    let page = form(survey, "").paper(&Paper::default());
    assert!(page.contains("Please mind: Small letters only."), "{page}");
}

#[test]
fn a_page_has_boxes_scales_copies_and_its_rules() {
    let survey = "
| type | name | label | hint | relevant | required | constraint | constraint_message | parameters | repeat_count | appearance |
| note | hello | Welcome | | | | | | | | |
| begin_group | g | Nights | | ${a} = 'badly' | | | | | | |
| range | mark | From 0 to 3? | | | | | | start=0 end=3 step=1 | | |
| date | day | Which day? | | | | . <= today() | | | | |
| end_group | | | | | | | | | | |
| select_one l | a | How did you sleep? | Think of ${mark}. | | yes | | | | | |
| begin_repeat | r | Visit | | | | | | | 2 | |
| text | who | Who? | | | | string-length(.) < 200 | At most 200 letters. | | | multiline |
| end_repeat | | | | | | | | | | |
| begin_repeat | s | Dose | | | | | | | ${n} | |
| integer | dose | How much? | | | ${dose} = '' | | | | | |
| end_repeat | | | | | | | | | | |
| integer | n | How many? | | | | | | | | |
";
    let choices = "
| list_name | name | label | nightjar::missing |
| l | well | Well | |
| l | badly | Badly | |
| l | unsure | I am not sure | dont_know |
";
    let page = form(survey, choices).paper(&Paper::default());
    expect![[r#"
        Answer questions 1 to 2 only if “How did you sleep?” (question 3) is “Badly”.
        The answer counts if it is today or before.
        This question needs an answer.
        The answer counts if it has fewer than 200 characters.
        The answer counts if it has fewer than 200 characters.
        Fill in as many as this gives: `${n}` (question 6)
        This question needs an answer if this question has no answer.
        This question needs an answer if this question has no answer.
        This question needs an answer if this question has no answer.
        Use another sheet if you need more."#]]
    .assert_eq(&logic(&page).join("\n"));
    assert_eq!(page.matches("<section class=\"copy\">").count(), 2 + 3);
    assert!(page.contains("Visit 2") && page.contains("Dose 3"), "copies are numbered");
    assert!(page.contains("Think of [answer to question 1]."), "references are said");
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|part| part.split('"').next()).collect();
    let distinct: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), distinct.len(), "each id once");
    assert!(page.contains("I am not sure") && page.contains("I would rather not say"));
}

#[test]
fn a_page_speaks_the_language_and_direction_asked_for() {
    let survey = "
| type | name | label::English (en) | label::Polski (pl) | label::العربية (ar) | relevant |
| select_one l | a | How did you sleep? | Jak się spało? | كيف نمت؟ | |
| text | why | Why? | Dlaczego? | لماذا؟ | ${a} = 'badly' |
";
    let choices = "
| list_name | name | label::English (en) | label::Polski (pl) | label::العربية (ar) |
| l | badly | Badly | Źle | بشكل سيئ |
";
    let form = form(survey, choices);
    let page = |code: &str| form.paper(&Paper { language: form.language(code).cloned(), ..Paper::default() });
    let polish = page("pl");
    assert!(polish.contains("<html lang=\"pl\" dir=\"ltr\">"));
    expect!["Proszę odpowiedzieć tylko wtedy, gdy „Jak się spało?” (pytanie 1): odpowiedź to „Źle”."]
        .assert_eq(&logic(&polish).join("\n"));
    let arabic = page("ar");
    assert!(arabic.contains("<html lang=\"ar\" dir=\"rtl\">") && arabic.contains("كيف نمت؟"));
}

#[test]
fn a_page_needs_nothing_but_itself() {
    let survey = "
| type | name | label | image |
| text | a | See [this](https://example.org) <script>alert(1)</script> | bed.svg |
";
    let pictures =
        BTreeMap::from([("bed.svg".to_owned(), b"<svg/>".to_vec()), ("x.exe".to_owned(), vec![1])]);
    let page = form(survey, "").paper(&Paper { pictures, ..Paper::default() });
    assert!(page.contains("data:image/svg+xml;base64,PHN2Zy8+"));
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
    for outside in ["src=\"http", "url(", "@import", "<link", "<iframe"] {
        assert!(!page.contains(outside), "{outside}");
    }
}

#[test]
fn the_forms_that_ship_have_no_rule_without_words_but_arithmetic() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../studies/sleepwell/forms");
    let mut unsaid = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|ending| ending != "xlsx") {
            continue;
        }
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let form = Instrument::from_workbook(&name, &std::fs::read(&path).unwrap()).unwrap();
        let page = form.paper(&Paper::default());
        unsaid.extend(
            logic(&page).into_iter().filter(|said| said.contains('`')).map(|said| format!("{name}: {said}")),
        );
    }
    unsaid.sort();
    expect![[""]].assert_eq(&unsaid.join("\n"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Whatever a label holds, the page has the tags of the printer and no others.
    #[test]
    fn labels_cannot_write_markup(label in "[a-z<>&\"'*_#\\[\\]()/: ]{1,40}") {
        let bytes = workbook(&[("survey", &format!("| type | name | label |\n| text | a | {label} |"))]);
        if let Ok(form) = Instrument::from_workbook("t.xlsx", &bytes) {
            let page = form.paper(&Paper { language: Some(Language::new("nowhere")), ..Paper::default() });
            let plain = read("| type | name | label |\n| text | a | Plain |", "").unwrap();
            let tags = |page: &str| page.match_indices('<').count();
            let known = ["<strong", "</strong", "<em>", "</em", "<a ", "</a>", "<br>"];
            let own: usize = known.iter().map(|tag| page.matches(tag).count()).sum();
            prop_assert_eq!(tags(&page) - own, tags(&plain.paper(&Paper::default())));
        }
    }
}
