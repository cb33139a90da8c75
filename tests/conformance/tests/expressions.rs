//! Every expression case in `expressions/` comes to what the specification, or a decision of ours, says.

use std::collections::BTreeMap;

use nightjar_conformance::expressions::{self, Case, Expected, Group};
use nightjar_form::xpath::{self, Answer, Request, Wanted};

#[test]
fn expressions_come_to_what_the_specification_says() {
    let mut wrong = Vec::new();
    for (file, group) in expressions::all().unwrap() {
        for (number, case) in group.cases.iter().enumerate() {
            let answer = evaluate(&group, case);
            if !is(&answer, &case.expected) {
                let Case { expression, expected, source, .. } = case;
                wrong.push(format!(
                    "{file} {}: {expression} is {answer:?}, not {expected:?} ({source})",
                    number + 1
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

fn evaluate(group: &Group, case: &Case) -> Result<Answer, String> {
    let now = case.now.as_deref().unwrap_or(expressions::NOW).parse().expect("a case's clock");
    let wanted = match case.expected {
        Expected::Boolean(_) => Wanted::Boolean,
        Expected::Number(_) => Wanted::Number,
        Expected::String(_) => Wanted::String,
        Expected::Nodes(_) => Wanted::Nodes,
        Expected::Error(_) => Wanted::Any,
    };
    xpath::evaluate(&Request {
        expression: &case.expression,
        xml: case.document(group).expect("a case's document"),
        context: case.context_by_number(group).expect("a case's context").as_deref(),
        root: case.root_by_number(group).expect("a case's root").as_deref(),
        namespaces: &BTreeMap::new(),
        language: case.language.as_deref(),
        now: &now,
        wanted,
    })
}

fn is(answer: &Result<Answer, String>, expected: &Expected) -> bool {
    match (answer, expected) {
        (Ok(Answer::Boolean(value)), Expected::Boolean(wanted)) => value == wanted,
        (Ok(Answer::Number(value)), Expected::Number(wanted)) => wanted.is(*value),
        (Ok(Answer::String(value)), Expected::String(wanted)) => value == wanted,
        (Ok(Answer::Nodes(found)), Expected::Nodes(wanted)) => found.iter().map(|node| &node.text).eq(wanted),
        (Err(why), Expected::Error(wanted)) => why.contains(wanted),
        _ => false,
    }
}
