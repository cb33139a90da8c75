//! One test for each row where the specification, its documentation and the engines differ; each is named after its row
//! in `DECISIONS.md`.

mod functions;
mod session;

use std::collections::BTreeMap;

use nightjar_form::xpath::{Answer, Request, Wanted, evaluate};

use crate::fixture::now;

/// What an expression gives over a document, in words.
fn over(xml: &str, expression: &str) -> String {
    let request = Request {
        expression,
        xml: Some(xml),
        context: None,
        root: None,
        namespaces: &BTreeMap::new(),
        language: Some("fr"),
        now: &now(),
        wanted: Wanted::Any,
    };
    match evaluate(&request) {
        Ok(Answer::Boolean(yes)) => yes.to_string(),
        Ok(Answer::Number(n)) => n.to_string(),
        Ok(Answer::String(text)) => format!("'{text}'"),
        Ok(Answer::Nodes(nodes)) => nodes.into_iter().map(|node| node.text).collect::<Vec<_>>().join(" "),
        Err(problem) => problem,
    }
}

/// Checks expressions over an empty document.
fn check(rows: &[(&str, &str)]) {
    for (expression, answer) in rows {
        assert_eq!(over("<root/>", expression), *answer, "{expression}");
    }
}
