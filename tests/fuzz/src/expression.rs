//! An expression over a small document.

use std::collections::BTreeMap;

use nightjar_form::xpath::{self, Request, Wanted};

use crate::now;

const DOCUMENT: &str = "<data><night><hours>7</hours><said>well</said></night><night><hours/><said/></night>\
    <night><hours>4</hours><said>badly</said></night><when>2024-03-01</when><many>a b c</many>\
    <group><a x='1'>1</a><b/><c>3.5</c></group></data>";

/// Evaluates the text as each type. It may be refused and it may fail, but it must end, with the same twice.
pub fn evaluate(text: &str) {
    let namespaces = BTreeMap::new();
    for wanted in [Wanted::Any, Wanted::Boolean, Wanted::Number, Wanted::String, Wanted::Nodes] {
        let request = Request {
            expression: text,
            xml: Some(DOCUMENT),
            context: Some("/*[1]/*[3]/*[1]"),
            root: None,
            namespaces: &namespaces,
            language: None,
            now: now(),
            wanted,
        };
        let once = format!("{:?}", xpath::evaluate(&request));
        assert_eq!(once, format!("{:?}", xpath::evaluate(&request)), "the same expression gives the same");
    }
}
