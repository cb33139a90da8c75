//! What a reviewer would ask about is found in forms that have it, and not cried in forms that do not.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use expect_test::{Expect, expect};
use nightjar_form::{Bounds, Instrument, Topic};

use crate::fixture::{form, workbook};

fn check(survey: &str, choices: &str, topic: Topic, expected: Expect) {
    let form = form(survey, choices);
    let found = form.advice("test.xlsx", &Bounds::default());
    let lines = found.iter().filter(|advice| advice.topic == topic).map(ToString::to_string);
    expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

/// The forms that ship, by name.
fn sleepwell() -> Vec<(String, Instrument)> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../studies/sleepwell/forms");
    let mut forms: Vec<(String, Instrument)> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "xlsx"))
        .map(|path| {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let form = Instrument::from_workbook(&name, &std::fs::read(&path).unwrap()).unwrap();
            (name, form)
        })
        .collect();
    forms.sort_by(|a, b| a.0.cmp(&b.0));
    forms
}

#[test]
fn items_that_tell_who_answered_are_named() {
    check(
        "
| type | name | label |
| start | begun | |
| text | q1 | What is your full name? |
| date | dob | When is your birthday? |
| text | nhsNumber | Number |
| text | contact | Your e-mail, please |
| text | drug_name | Which medicine? |
| select_one l | phone | Do you have a telephone? |
| integer | beds | How many beds? |
| note | n | We do not ask your name. |
| text | initials_of_nurse | Who? |
",
        "
| list_name | name | label |
| l | y | Yes |
",
        Topic::Identifying,
        expect![[r#"
            test.xlsx, sheet survey, row 2, column "type": warning: It keeps when the form was opened or closed, which on a small ward tells who answered. Leave it out, or make the form one that is not confidential. [identifying]
            test.xlsx, sheet survey, row 3, column "label": warning: The item `q1` seems to ask for a name, which tells who answered. Leave it out, or keep it in a form of its own that is sealed to those who need it. [identifying]
            test.xlsx, sheet survey, row 4, column "name": warning: The item `dob` seems to ask for a date of birth, which tells who answered. Leave it out, or keep it in a form of its own that is sealed to those who need it. [identifying]
            test.xlsx, sheet survey, row 5, column "name": warning: The item `nhsNumber` seems to ask for an NHS number, which tells who answered. Leave it out, or keep it in a form of its own that is sealed to those who need it. [identifying]
            test.xlsx, sheet survey, row 6, column "label": warning: The item `contact` seems to ask for an email address, which tells who answered. Leave it out, or keep it in a form of its own that is sealed to those who need it. [identifying]
            test.xlsx, sheet survey, row 11, column "name": warning: The item `initials_of_nurse` seems to ask for initials, which tells who answered. Leave it out, or keep it in a form of its own that is sealed to those who need it. [identifying]"#]],
    );
}

#[test]
fn a_required_choice_needs_a_way_out() {
    check(
        "
| type | name | label | required |
| select_one l | a | Is it quiet? | yes |
| select_one m | b | Is it warm? | yes |
| select_one l | c | Is it dark? | |
| select_one l | d | Is it cold? | ${a} = 'y' |
",
        "
| list_name | name | label | nightjar::missing |
| l | y | Yes | |
| l | n | No | |
| m | y | Yes | |
| m | k | I don't know | dont_know |
",
        Topic::NoWayOut,
        expect![[r#"
            test.xlsx, sheet survey, row 2, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
            test.xlsx, sheet survey, row 5, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]"#]],
    );
}

#[test]
fn one_order_for_the_same_choices() {
    check(
        "
| type | name | label |
| select_one l | a | Is it quiet? |
| select_one m | b | Is it warm? |
| select_one l | c | Is it dark? |
",
        "
| list_name | name | label |
| l | y | Yes |
| l | n | No |
| m | n | No |
| m | y | Yes |
",
        Topic::OptionOrder,
        expect![[
            r#"test.xlsx, sheet survey, row 3, column "type": warning: The choices are those of `a` in another order. Use one order, so that the same place means the same answer. [option_order]"#
        ]],
    );
}

#[test]
fn hard_words_are_measured() {
    check(
        "
| type | name | label |
| text | a | To what extent did environmental disturbances occurring during the night negatively influence the subjective quality of your recuperation? |
| text | b | How did you sleep? |
",
        "",
        Topic::ReadingAge,
        expect![[r#"test.xlsx, sheet survey, row 2, column "label": warning: The words need a reading age over 20 (Flesch–Kincaid); 11 was asked for. Use shorter sentences and shorter words. [reading_age]"#]],
    );
}

#[test]
fn easy_read_is_short_and_pictured() {
    check(
        "
| type | name | label::English (en) | label::Easy read (en-x-easyread) | media::image::Easy read (en-x-easyread) |
| select_one l | a | How did you sleep? | How did you sleep last night, here on the ward, in your bed? | bed.svg |
| select_one l | b | Was it quiet? | Was it quiet? | |
| text | c | Why? | | why.svg |
",
        "
| list_name | name | label::English (en) | label::Easy read (en-x-easyread) | media::image::Easy read (en-x-easyread) |
| l | y | Yes | Yes | yes.svg |
| l | n | No | No | |
",
        Topic::EasyRead,
        expect![[r#"
            test.xlsx, sheet survey, row 2, column "label::Easy read (en-x-easyread)": warning: The easy-read label has 13 words; 10 is the most. Say one thing in fewer words. [easy_read]
            test.xlsx, sheet survey, row 2, column "type": warning: Easy-read choices have no picture: n. Add one to each. [easy_read]
            test.xlsx, sheet survey, row 3, column "media::image::Easy read (en-x-easyread)": warning: The easy-read label has no picture. Add one. [easy_read]
            test.xlsx, sheet survey, row 3, column "type": warning: Easy-read choices have no picture: n. Add one to each. [easy_read]
            test.xlsx, sheet survey, row 4, column "label::Easy read (en-x-easyread)": warning: The label has no easy-read words; the other language's are shown. Write them. [easy_read]"#]],
    );
}

#[test]
fn free_text_has_a_plan_and_a_translation_a_status() {
    let survey = "
| type | name | label::English (en) | label::Polski (pl) | nightjar::risk_disclosure_plan |
| text | a | Why? | Dlaczego? | patient-text |
| text | b | What else? | Co jeszcze? | |
";
    check(
        survey,
        "",
        Topic::FreeText,
        expect![[
            r#"test.xlsx, sheet survey, row 3, column "nightjar::risk_disclosure_plan": warning: Free text may say that somebody is in danger, and no plan says who reads it and when. Name one of the study's plans, or ask with choices. A study refuses the form without. [free_text]"#
        ]],
    );
    check(
        survey,
        "",
        Topic::TranslationStatus,
        expect![[
            r#"test.xlsx, sheet settings: warning: Nothing says who has been through the words in "Polski (pl)". Write it in the column nightjar::translation_status, as `Polski (pl): reviewed by …`. [translation_status]"#
        ]],
    );
    let bytes = workbook(&[
        ("survey", survey),
        (
            "settings",
            "| form_id | nightjar::translation_status |\n| f | Polski (pl): read by two. Other: none |",
        ),
    ]);
    let form = Instrument::from_workbook("f.xlsx", &bytes).unwrap();
    let polish = form.language("pl").unwrap();
    assert_eq!(form.translation_status(polish), Some("read by two. Other: none"));
    assert!(form.advice("f.xlsx", &Bounds::default()).iter().all(|a| a.topic != Topic::TranslationStatus));
}

#[test]
fn variants_offer_the_same_codes_or_say_what_theirs_stand_for() {
    let survey = "| type | name | label | nightjar::mapping |\n| select_one l | a | A | |";
    let with = |codes: &[&str], mapping: &str| {
        let rows: String = codes.iter().map(|code| format!("| l | {code} | {code} |\n")).collect();
        form(
            &survey.replace("| A | |", &format!("| A | {mapping} |")),
            &format!("| list_name | name | label |\n{rows}"),
        )
    };
    let standard = with(&["well", "so_so", "badly"], "");
    let said = |variant: &Instrument| {
        let found = variant.variant_advice("easy.xlsx", &standard);
        found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    };
    assert_eq!(said(&with(&["well", "so_so", "badly"], "")), "");
    assert_eq!(said(&with(&["good", "so_so", "bad"], "good=well bad=badly")), "");
    expect![[r#"easy.xlsx, sheet survey, row 2, column "type": warning: `a` offers its choices in another order than test . Use one order: the first of a list is taken more often. [option_order]"#]].assert_eq(&said(&with(&["badly", "so_so", "well"], "")));
    expect![[r#"easy.xlsx, sheet survey, row 2, column "type": error: `a` offers 2 choices here and 3 in test  (not so_so), so that answers cannot be pooled. Offer the same codes, or declare what each stands for in the column nightjar::mapping. [variant_codes]"#]].assert_eq(&said(&with(&["well", "badly"], "")));
    expect![[r#"easy.xlsx, sheet survey, row 2, column "nightjar::mapping": error: The mapping of `a` does not hold: `bad=nowhere` names a code that is not there. Map each own code onto one of the standard form. [variant_codes]"#]].assert_eq(&said(&with(&["good", "so_so", "bad"], "good=well bad=nowhere")));
}

#[test]
fn the_biggest_response_is_counted() {
    let small = form("| type | name | label |\n| integer | n | N |", "");
    expect![[r#"
        WorstCase {
            bytes: 69,
            cells: 1,
            instances: 0,
            attachments: false,
        }
    "#]]
    .assert_debug_eq(&small.worst_case());
    let text = |constraint: &str| {
        let survey = format!("| type | name | label | constraint |\n| text | t | T | {constraint} |");
        form(&survey, "").worst_case().bytes
    };
    assert_eq!(text("string-length(.) <= 20 and regex(., '.*x')") + 4 * (4_000 - 20), text(""));
    let repeated = form(
        "| type | name | label |\n| begin_repeat | r | R |\n| integer | n | N |\n| end_repeat | | |",
        "",
    );
    expect![[r#"
        WorstCase {
            bytes: 266000,
            cells: 2000,
            instances: 2000,
            attachments: false,
        }
    "#]]
    .assert_debug_eq(&repeated.worst_case());
}

#[test]
fn long_forms_are_called_long() {
    let rows: String = (0..41).map(|i| format!("| integer | n{i} | How many? |\n")).collect();
    check(
        &format!("| type | name | label |\n{rows}"),
        "",
        Topic::Length,
        expect![
            "test.xlsx, sheet survey: warning: The form has 41 questions, 41 of them for everybody; 40 was asked for as the most. Leave out what nobody will use, or let people choose a longer form. [length]"
        ],
    );
}

/// Everything that the checks say of the forms that ship, so that a change of a check is seen by what it says of them.
#[test]
fn the_forms_that_ship_are_advised_sparingly() {
    let mut lines = Vec::new();
    for (name, form) in sleepwell() {
        lines.extend(form.advice(&name, &Bounds::default()).iter().map(ToString::to_string));
        let worst = form.worst_case();
        lines.push(format!("{name}: {} bytes, {} values at most", worst.bytes, worst.cells));
    }
    expect![[r#"
        carer.xlsx: 64759 bytes, 13 values at most
        decision.xlsx, sheet survey, row 9, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        decision.xlsx, sheet survey, row 11, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        decision.xlsx: 16477 bytes, 6 values at most
        encounter.xlsx, sheet survey, row 3, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        encounter.xlsx, sheet survey, row 4, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        encounter.xlsx: 308 bytes, 5 values at most
        hypnotics.xlsx, sheet survey, row 3, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        hypnotics.xlsx, sheet survey, row 4, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        hypnotics.xlsx, sheet survey: warning: All words in "English (en)" together need a reading age of about 13 (Flesch–Kincaid); 11 was asked for. Use shorter sentences and shorter words, and ask people on the ward to read it. [reading_age]
        hypnotics.xlsx: 485 bytes, 7 values at most
        incident-month.xlsx: 257 bytes, 4 values at most
        incidents.xlsx, sheet survey, row 4, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        incidents.xlsx, sheet survey, row 5, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        incidents.xlsx: 403 bytes, 6 values at most
        patient-core.xlsx: 64887 bytes, 15 values at most
        position.xlsx, sheet survey, row 9, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        position.xlsx, sheet survey, row 10, column "required": warning: An answer is required, and no choice says "I don't know" or "I would rather not say". Add such a choice with its reason in the column nightjar::missing, or do not require an answer. [no_way_out]
        position.xlsx: 32597 bytes, 9 values at most
        staff.xlsx: 65110 bytes, 17 values at most
        ward-night.xlsx: 201477 bytes, 22 values at most"#]].assert_eq(&lines.join("\n"));
}
