//! A FHIR questionnaire holds to R4's rules, and what it cannot hold is named.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::collections::BTreeSet;

use expect_test::{Expect, expect};
use nightjar_form::Instrument;
use serde_json::Value as Json;

use crate::fixture::form;

const CHOICES: &str = "
| list_name | name | label::English (en) | label::Polski (pl) | nightjar::missing |
| l | well | Well | Dobrze | |
| l | badly | Badly | Źle | |
| l | unsure | Not sure | Nie wiem | dont_know |
";

fn json(form: &Instrument) -> Json {
    serde_json::to_value(form.fhir().questionnaire).unwrap()
}

fn items<'a>(at: &'a Json, found: &mut Vec<&'a Json>) {
    for item in at["item"].as_array().into_iter().flatten() {
        found.push(item);
        items(item, found);
    }
}

/// The invariants of R4's Questionnaire that a program can check, by their names.
fn valid(form: &Instrument) -> Json {
    let json = json(form);
    let mut all = Vec::new();
    items(&json, &mut all);
    assert_eq!(json["resourceType"], "Questionnaire");
    assert!(json["name"].as_str().unwrap().starts_with(|c: char| c.is_ascii_uppercase()), "que-0");
    assert_eq!(json["status"], "draft");
    no_empties(&json);
    let links: BTreeSet<&str> = all.iter().map(|item| item["linkId"].as_str().unwrap()).collect();
    assert_eq!(links.len(), all.len(), "que-2: linkIds are unique");
    let mut before = BTreeSet::new();
    for item in &all {
        let (link, kind) = (item["linkId"].as_str().unwrap(), item["type"].as_str().unwrap());
        let nested = item.get("item").is_some();
        assert!(kind != "group" || nested, "que-1: {link}");
        assert!(kind != "display" || !nested, "que-1: {link}");
        let (options, set) = (item.get("answerOption").is_some(), item.get("answerValueSet").is_some());
        assert!(!(options && set), "que-4: {link}");
        assert_eq!(options || set, kind == "choice", "que-5: {link}");
        if kind == "display" {
            for no in ["required", "repeats", "readOnly", "initial", "maxLength"] {
                assert!(item.get(no).is_none(), "que-6, que-8, que-9: {link}");
            }
        }
        let simple = ["boolean", "decimal", "integer", "string", "text", "url", "open-choice"];
        assert!(item.get("maxLength").is_none() || simple.contains(&kind), "que-10: {link}");
        assert!(!(options && item.get("initial").is_some()), "que-11: {link}");
        let initial = item["initial"].as_array().map_or(0, Vec::len);
        assert!(initial <= 1 || item["repeats"] == true, "que-13: {link}");
        let when = item["enableWhen"].as_array().cloned().unwrap_or_default();
        assert_eq!(when.len() > 1, item.get("enableBehavior").is_some(), "que-12: {link}");
        for rule in &when {
            let rule = rule.as_object().unwrap();
            let answers: Vec<&String> = rule.keys().filter(|key| key.starts_with("answer")).collect();
            assert_eq!(answers.len(), 1, "one answer[x]: {link}");
            let question = rule["question"].as_str().unwrap();
            assert!(before.contains(question), "{link} asks for {question} before it");
            let operator = rule["operator"].as_str().unwrap();
            assert!(["exists", "=", "!=", ">", "<", ">=", "<="].contains(&operator));
            assert!(operator != "exists" || answers[0] == "answerBoolean", "que-7: {link}");
            let asked = all.iter().find(|item| item["linkId"] == question).unwrap();
            let fits = match asked["type"].as_str().unwrap() {
                _ if operator == "exists" => "answerBoolean",
                "choice" => "answerCoding",
                "integer" => "answerInteger",
                "decimal" => "answerDecimal",
                "date" => "answerDate",
                "boolean" => "answerBoolean",
                "string" | "text" => "answerString",
                other => panic!("{link} hangs on a question of type {other}"),
            };
            assert_eq!(answers[0], fits, "{link}");
        }
        before.insert(link);
        if let Some(reference) = item["answerValueSet"].as_str() {
            let id = reference.strip_prefix('#').unwrap();
            let sets = json["contained"].as_array().unwrap();
            assert!(sets.iter().any(|set| set["id"] == id && id.len() <= 64), "{link}");
        }
    }
    json
}

/// FHIR allows no empty text, list or object, and no null.
fn no_empties(json: &Json) {
    match json {
        Json::Null => panic!("a null"),
        Json::String(text) => assert!(!text.is_empty(), "an empty text"),
        Json::Array(list) => {
            assert!(!list.is_empty(), "an empty list");
            list.iter().for_each(no_empties);
        }
        Json::Object(object) => {
            assert!(!object.is_empty(), "an empty object");
            object.values().for_each(no_empties);
        }
        _ => {}
    }
}

fn check(survey: &str, expected: Expect) {
    let json = valid(&form(survey, CHOICES));
    let mut all = Vec::new();
    items(&json, &mut all);
    // Each item on a line, without the items in it.
    let lines = all.into_iter().map(|item| {
        let mut item = item.clone();
        item.as_object_mut().unwrap().remove("item");
        item.to_string()
    });
    expected.assert_eq(&lines.collect::<Vec<_>>().join("\n"));
}

#[test]
fn questions_groups_and_repeats_become_items() {
    check(
        "
| type | name | label::English (en) | label::Polski (pl) | hint::English (en) | required | default | constraint | parameters | appearance |
| select_one l | slept | How did you **sleep**? | Jak się spało? | Last night. | yes | well | | | |
| begin_group | g | More | Więcej | | | | | | |
| integer | n | How often? | Ile razy? | | | | . >= 0 and . < 10 | | |
| end_group | | | | | | | | | |
| begin_repeat | r | Visit | Wizyta | | | | | | |
| text | who | Who? | Kto? | | | | string-length(.) <= 20 | | multiline |
| end_repeat | | | | | | | | | |
| range | mark | Mark | Ocena | | | | | start=0 end=10 step=2 | |
",
        expect![[r#"
            {"_text":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/rendering-markdown","valueMarkdown":"How did you **sleep**?"},{"extension":[{"url":"lang","valueCode":"pl"},{"url":"content","valueString":"Jak się spało?"}],"url":"http://hl7.org/fhir/StructureDefinition/translation"}]},"answerOption":[{"initialSelected":true,"valueCoding":{"_display":{"extension":[{"extension":[{"url":"lang","valueCode":"pl"},{"url":"content","valueString":"Dobrze"}],"url":"http://hl7.org/fhir/StructureDefinition/translation"}]},"code":"well","display":"Well"}},{"valueCoding":{"_display":{"extension":[{"extension":[{"url":"lang","valueCode":"pl"},{"url":"content","valueString":"Źle"}],"url":"http://hl7.org/fhir/StructureDefinition/translation"}]},"code":"badly","display":"Badly"}},{"extension":[{"url":"urn:nightjar:questionnaire:missing","valueCode":"dont_know"}],"valueCoding":{"_display":{"extension":[{"extension":[{"url":"lang","valueCode":"pl"},{"url":"content","valueString":"Nie wiem"}],"url":"http://hl7.org/fhir/StructureDefinition/translation"}]},"code":"unsure","display":"Not sure"}}],"linkId":"slept","required":true,"text":"How did you sleep?","type":"choice"}
            {"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-itemControl","valueCodeableConcept":{"coding":[{"code":"help","system":"http://hl7.org/fhir/questionnaire-item-control"}]}}],"linkId":"hint:slept","text":"Last night.","type":"display"}
            {"_text":{"extension":[{"extension":[{"url":"lang","valueCode":"pl"},{"url":"content","valueString":"Więcej"}],"url":"http://hl7.org/fhir/StructureDefinition/translation"}]},"linkId":"group:g","text":"More","type":"group"}
            {"_text":{"extension":[{"extension":[{"url":"lang","valueCode":"pl"},{"url":"content","valueString":"Ile razy?"}],"url":"http://hl7.org/fhir/StructureDefinition/translation"}]},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueInteger":0},{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":9}],"linkId":"n","text":"How often?","type":"integer"}
            {"_text":{"extension":[{"extension":[{"url":"lang","valueCode":"pl"},{"url":"content","valueString":"Wizyta"}],"url":"http://hl7.org/fhir/StructureDefinition/translation"}]},"linkId":"r","repeats":true,"text":"Visit","type":"group"}
            {"_text":{"extension":[{"extension":[{"url":"lang","valueCode":"pl"},{"url":"content","valueString":"Kto?"}],"url":"http://hl7.org/fhir/StructureDefinition/translation"}]},"linkId":"r/who","maxLength":20,"text":"Who?","type":"text"}
            {"_text":{"extension":[{"extension":[{"url":"lang","valueCode":"pl"},{"url":"content","valueString":"Ocena"}],"url":"http://hl7.org/fhir/StructureDefinition/translation"}]},"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/minValue","valueInteger":0},{"url":"http://hl7.org/fhir/StructureDefinition/maxValue","valueInteger":10},{"url":"http://hl7.org/fhir/StructureDefinition/questionnaire-sliderStepValue","valueInteger":2}],"linkId":"mark","text":"Mark","type":"integer"}"#]],
    );
}

/// The rule that a relevance becomes, or `lost`.
fn enabled(relevant: &str) -> String {
    let survey = format!(
        "
| type | name | label | relevant | calculation |
| select_one l | one | One | | |
| select_multiple l | many | Many | | |
| integer | n | N | | |
| date | day | Day | | |
| text | words | Words | | |
| acknowledge | ok | Ok | | |
| calculate | total | | | ${{n}} + 1 |
| begin_repeat | r | R | | |
| integer | inner | Inner | | |
| end_repeat | | | | |
| text | last | Last | {relevant} | |
| integer | after | After | | |
"
    );
    let form = form(&survey, "| list_name | name | label |\n| l | well | Well |\n| l | badly | Badly |");
    let json = valid(&form);
    let mut all = Vec::new();
    items(&json, &mut all);
    let last = all.iter().find(|item| item["linkId"] == "last").unwrap();
    let Some(when) = last.get("enableWhen") else {
        let losses = form.fhir().losses;
        let lost: Vec<String> = losses
            .iter()
            .filter(|loss| loss.item.as_deref() == Some("last"))
            .map(ToString::to_string)
            .collect();
        let kept =
            last["extension"][0]["valueExpression"]["expression"].as_str().unwrap_or_default().to_owned();
        assert_eq!(kept, relevant, "the expression is kept");
        return lost.join("; ");
    };
    let rules = when.as_array().unwrap().iter().map(|rule| {
        let answer = rule.as_object().unwrap().iter().find(|(key, _)| key.starts_with("answer")).unwrap();
        let value = answer.1.get("code").unwrap_or(answer.1);
        format!("{} {} {value}", rule["question"].as_str().unwrap(), rule["operator"].as_str().unwrap())
    });
    let behavior = last["enableBehavior"].as_str().unwrap_or_default();
    format!("{} {behavior}", rules.collect::<Vec<_>>().join(", ")).trim_end().to_owned()
}

#[test]
fn conditions_become_rules_only_where_both_say_the_same() {
    let check = |source: &str, expected: Expect| expected.assert_eq(&enabled(source));
    check("${one} = 'badly'", expect![[r#"one = "badly""#]]);
    check("${one} != 'badly' and ${n} > 2", expect![[r#"one != "badly", n > 2 all"#]]);
    check(
        "selected(${many}, 'well') or ${words} = ''",
        expect![[r#"many = "well", words exists false any"#]],
    );
    check("not(selected(${many}, 'well'))", expect![[r#"many != "well""#]]);
    check("not(${one} = 'well' or ${n} = 2)", expect![[r#"one != "well", n != 2 all"#]]);
    check("string-length(${words}) > 0", expect!["words exists true"]);
    check("${day} >= '2026-01-31'", expect![[r#"day >= "2026-01-31""#]]);
    check("${ok} = 'OK'", expect!["ok = true"]);
    // FHIR's `=` means any answer; ours means all of them together.
    check("${many} = 'well'", expect!["last: lost when it is asked: ${many} = 'well'"]);
    // Of a blank, ours holds and FHIR's does not.
    check("not(${n} > 2)", expect!["last: lost when it is asked: not(${n} > 2)"]);
    check(
        "${one} = 'well' and (${n} > 2 or ${n} < 1)",
        expect!["last: lost when it is asked: ${one} = 'well' and (${n} > 2 or ${n} < 1)"],
    );
    check("${n} + 1 > 2", expect!["last: lost when it is asked: ${n} + 1 > 2"]);
    check("${total} > 2", expect!["last: lost when it is asked: ${total} > 2"]);
    check("count-selected(${many}) > 1", expect!["last: lost when it is asked: count-selected(${many}) > 1"]);
    check("${one} = 'nowhere'", expect!["last: lost when it is asked: ${one} = 'nowhere'"]);
    check("${after} > 2", expect!["last: lost when it is asked: ${after} > 2"]);
}

#[test]
fn what_is_lost_is_named() {
    let form = form(
        "
| type | name | label::English (en) | label::Polski | required | constraint | constraint_message | calculation | choice_filter | default | repeat_count | image |
| select_one l | a | A ${n} | Ą | ${n} > 2 | | | | name != ${n} | | | bed.svg |
| integer | n | N | N | | . mod 2 = 0 | Even | | | 1 + 1 | | |
| rank l | order | Order | Kolejność | | | | | | | | |
| begin_repeat | r | R | R | | | | | | | ${n} | |
| text | t | T | T | | | | | | | | |
| end_repeat | | | | | | | | | | | |
| calculate | c | | | | | | ${n} * 2 | | | | |
",
        CHOICES,
    );
    valid(&form);
    expect![[r#"
        the form: lost words in a language without a code: default
        the form: lost words in a language without a code: Polski
        a: lost answers within its words: A ${n}
        a: lost its pictures and recordings
        a: lost when it needs an answer: ${n} > 2
        a: lost which choices are offered: name != ${n}
        n: lost what is said of an answer that is not taken
        n: lost which answers are taken: . mod 2 = 0
        n: lost what it starts with: 1 + 1
        order: lost the order of the choices taken
        r: lost how many there are: ${n}
        c: lost what is computed: ${n} * 2"#]]
    .assert_eq(&form.fhir().losses.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
}

#[test]
fn a_long_list_used_twice_is_contained_once() {
    let rows: String = (0..30).map(|i| format!("| m | c{i} | Choice {i} |\n")).collect();
    let form = form(
        "| type | name | label | relevant |\n| select_one m | a | A | |\n| select_one m | b | B | ${a} = 'c3' |",
        &format!("| list_name | name | label |\n{rows}"),
    );
    let json = valid(&form);
    assert_eq!(json["contained"].as_array().unwrap().len(), 1);
    let system = &json["contained"][0]["compose"]["include"][0]["system"];
    assert_eq!(&json["item"][1]["enableWhen"][0]["answerCoding"]["system"], system);
}

#[test]
fn the_forms_that_ship_are_valid() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../studies/sleepwell/forms");
    let mut losses = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "xlsx") {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let form = Instrument::from_workbook(&name, &std::fs::read(&path).unwrap()).unwrap();
            valid(&form);
            losses.extend(
                form.fhir().losses.into_iter().filter(|loss| loss.kind == nightjar_form::LossKind::Relevant),
            );
        }
    }
    let mut lines: Vec<String> = losses.iter().map(ToString::to_string).collect();
    lines.sort();
    expect![[r#"
        ask_again: lost when it is asked: ${outcome} = 'not_today' or (${outcome} = 'not_asked' and ${reason} != 'do_not_ask_again' and ${reason} != 'left_first')
        group:why_broken: lost when it is asked: ${broken} > 0"#]].assert_eq(&lines.join("\n"));
}
