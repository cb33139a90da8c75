//! The XML of a form: names, attributes, and where things stand in the file.

use std::cell::OnceCell;

use crate::read::findings::{Findings, Place};

/// An element, text or other node of the form's XML.
pub(super) type Xml<'a> = roxmltree::Node<'a, 'a>;

/// Namespace of JavaRosa's own attributes (`jr:template`, `jr:count`, `jr:preload`).
pub(super) const JAVAROSA: &str = "http://openrosa.org/javarosa";
/// Namespace of XForms, which an instance inherits without meaning it.
pub(super) const XFORMS: &str = "http://www.w3.org/2002/xforms";

/// An attribute without a prefix.
pub(super) fn plain<'a>(node: Xml<'a>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.namespace().is_none() && a.name() == name).map(|a| a.value())
}

/// An attribute with the prefix `jr`.
pub(super) fn jr<'a>(node: Xml<'a>, name: &str) -> Option<&'a str> {
    node.attributes().find(|a| a.name() == name && a.namespace() == Some(JAVAROSA)).map(|a| a.value())
}

/// Element children.
pub(super) fn elements(node: Xml<'_>) -> impl Iterator<Item = Xml<'_>> {
    node.children().filter(Xml::is_element)
}

/// The first element child with a local name.
pub(super) fn child<'a>(node: Xml<'a>, name: &str) -> Option<Xml<'a>> {
    elements(node).find(|child| child.tag_name().name() == name)
}

/// All text directly in an element.
pub(super) fn text<'a>(node: Xml<'a>) -> std::borrow::Cow<'a, str> {
    let mut texts = node.children().filter(Xml::is_text).filter_map(|text| text.text());
    match (texts.next(), texts.next()) {
        (None, _) => "".into(),
        (Some(only), None) => only.into(),
        (Some(first), Some(second)) => {
            let mut whole = format!("{first}{second}");
            texts.for_each(|text| whole.push_str(text));
            whole.into()
        }
    }
}

/// The prefix that an element is written with; empty if it has none.
pub(super) fn prefix<'a>(node: Xml<'a>) -> &'a str {
    let source = node.document().input_text();
    let tag = source.get(node.range().start + 1..).unwrap_or_default();
    let end = tag.find([':', ' ', '\t', '\r', '\n', '/', '>']).unwrap_or(0);
    if tag[end..].starts_with(':') { &tag[..end] } else { "" }
}

/// The file's text, with its lines found when the first is asked for.
#[derive(Debug)]
pub(super) struct Source<'a> {
    text: &'a str,
    lines: OnceCell<Vec<usize>>,
}

impl<'a> Source<'a> {
    pub(super) fn new(text: &'a str) -> Source<'a> {
        Source { text, lines: OnceCell::new() }
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> u32 {
        u32::try_from(self.starts().partition_point(|start| *start <= at).max(1)).unwrap_or(u32::MAX)
    }

    fn starts(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            std::iter::once(0).chain(self.text.match_indices('\n').map(|(at, _)| at + 1)).collect()
        })
    }

    /// The place of a byte, with what stands there.
    pub(super) fn place(&self, at: usize, what: &str) -> Place {
        let row = self.line(at);
        let start = self.starts().get(row as usize - 1).copied().unwrap_or(0);
        let column = self.text.get(start..at).unwrap_or_default().chars().count() + 1;
        let separator = if what.is_empty() { "" } else { " " };
        Place { row, column: Some(format!("{column}{separator}{what}")) }
    }
}

/// Where faults of a form go.
#[derive(Debug)]
pub(super) struct Report<'a, 'f> {
    pub(super) source: &'a Source<'a>,
    pub(super) findings: &'f mut Findings,
}

impl Report<'_, '_> {
    pub(super) fn error(&mut self, at: Xml<'_>, what: &str, problem: impl Into<String>, remedy: &str) {
        let place = self.source.place(at.range().start, what);
        self.findings.error("", Some(place), problem, remedy);
    }

    pub(super) fn warning(&mut self, at: Xml<'_>, what: &str, problem: impl Into<String>, remedy: &str) {
        let place = self.source.place(at.range().start, what);
        self.findings.warning("", Some(place), problem, remedy);
    }
}

/// A name as written, for messages.
pub(super) fn written(node: Xml<'_>) -> String {
    match prefix(node) {
        "" => format!("<{}>", node.tag_name().name()),
        prefix => format!("<{prefix}:{}>", node.tag_name().name()),
    }
}
