//! Expressions over an XML document: what conformance cases ask, and a way to try an expression out.
//!
//! ```
//! use std::collections::BTreeMap;
//! use nightjar_form::xpath::{Answer, Request, Wanted, evaluate};
//!
//! let now = "2026-01-15T08:30:00+00:00[Europe/London]".parse()?;
//! let request = Request {
//!     expression: "sum(/night/check) div count(/night/check)",
//!     xml: Some("<night><check>2</check><check>3</check></night>"),
//!     context: None,
//!     root: None,
//!     namespaces: &BTreeMap::new(),
//!     language: None,
//!     now: &now,
//!     wanted: Wanted::Any,
//! };
//! assert_eq!(evaluate(&request)?, Answer::Number(2.5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub(crate) mod document;
mod scene;

use std::collections::BTreeMap;

use jiff::Zoned;

use crate::expr::eval::eval;
use crate::expr::resolve::compile_for_document;
use crate::expr::val::Val;
use crate::expr::world::Node;
use scene::DocumentScene;

/// An expression and what it is about.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The expression.
    pub expression: &'a str,
    /// The document; `<root/>` if none is given. At most 8 MiB.
    pub xml: Option<&'a str>,
    /// Positional path of the node that the expression belongs to, as `/*[1]/*[2]/@id`; the root if none is given.
    pub context: Option<&'a str>,
    /// Positional path of the element that absolute paths start in, as an `instance`; the document if none is given.
    pub root: Option<&'a str>,
    /// Prefixes beside those that the document's elements declare.
    pub namespaces: &'a BTreeMap<String, String>,
    /// The language of `jr:itext()`: the `lang` of a translation.
    pub language: Option<&'a str>,
    /// The clock.
    pub now: &'a Zoned,
    /// The type to convert to.
    pub wanted: Wanted,
}

/// The type that an answer is converted to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// As it comes.
    Any,
    /// XPath's `boolean()`.
    Boolean,
    /// XPath's `number()`.
    Number,
    /// XPath's `string()`.
    String,
    /// Nodes.
    Nodes,
}

/// What an expression computed.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// True or false.
    Boolean(bool),
    /// A number, perhaps NaN or infinite.
    Number(f64),
    /// A text.
    String(String),
    /// Nodes in document order.
    Nodes(Vec<Found>),
}

/// A node that an expression found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Its positional path: `/*[1]/*[2]`, `/*[1]/@id`, `/*[1]/text()[1]`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// Evaluates an expression over a document. The error says what is wrong with the expression, the document or a path.
pub fn evaluate(request: &Request<'_>) -> Result<Answer, String> {
    let scene = DocumentScene::new(request)?;
    let code = compile_for_document(request.expression, &scene.prefixes).map_err(|fault| fault.problem)?;
    let value = eval(&code, &scene);
    let answer = match (request.wanted, value) {
        (Wanted::Boolean, value) => Answer::Boolean(value.to_boolean(&scene)),
        (Wanted::Number, value) => Answer::Number(value.to_number(&scene)),
        (Wanted::String, value) => Answer::String(value.into_text(&scene).into_owned()),
        (Wanted::Any | Wanted::Nodes, Val::Nodes(nodes)) => {
            let found = |node: &Node| scene.found(*node);
            Answer::Nodes(nodes.iter().filter_map(found).collect())
        }
        (Wanted::Nodes, _) => return Err("The expression gives a value, not nodes.".to_owned()),
        (Wanted::Any, Val::Boolean(yes)) => Answer::Boolean(yes),
        (Wanted::Any, Val::Number(number)) => Answer::Number(number),
        (Wanted::Any, Val::Text(text)) => Answer::String(text.into_owned()),
    };
    match scene.fault.take() {
        Some(fault) => Err(fault),
        None => Ok(answer),
    }
}
