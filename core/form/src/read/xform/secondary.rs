//! Secondary instances: written in the form, or in XML, CSV and GeoJSON files beside it.

use std::collections::HashMap;

use super::bounds;
use super::markup::{Report, Xml, elements, plain, prefix};
use crate::Attachments;
use crate::document::{DocNode, Document, DocumentBuilder, QName};
use crate::instances::Instances;
use crate::read::external;

/// A row of choices: its columns by name.
pub(super) type Row<'s> = Vec<(&'s str, std::borrow::Cow<'s, str>)>;

/// A secondary instance.
#[derive(Debug)]
enum Secondary<'a> {
    /// Its element in the form.
    Inline(Xml<'a>),
    File(Document),
}

/// The secondary instances by id.
#[derive(Debug, Default)]
pub(super) struct Secondaries<'a> {
    by_id: HashMap<&'a str, Secondary<'a>>,
}

impl<'a> Secondaries<'a> {
    /// Reads one `<instance>`; a file is read at once, what is in the form only when it is asked for.
    pub(super) fn read(&mut self, node: Xml<'a>, attachments: &Attachments, report: &mut Report<'_, '_>) {
        let Some(id) = plain(node, "id").map(str::trim).filter(|id| !id.is_empty()) else {
            report.warning(
                node,
                "<instance>",
                "The instance has no id, so nothing can ask for it.",
                "Give it one.",
            );
            return;
        };
        let secondary = match plain(node, "src").map(str::trim) {
            // After a fault it is empty, so that what looks things up in it is not reported as well.
            Some(src) => Secondary::File(file(node, src, attachments, report).unwrap_or_else(empty)),
            None => Secondary::Inline(node),
        };
        if self.by_id.insert(id, secondary).is_some() {
            let problem = format!("There are two instances with the id `{id}`.");
            report.error(node, "@id", problem, "Give each an id of its own.");
        }
    }

    /// The rows at a path of names within an instance, as `root/item`; `None` if there is no such instance.
    pub(super) fn rows(&self, id: &str, path: &[&str], each: &mut dyn FnMut(Row<'_>)) -> Option<()> {
        match self.by_id.get(id)? {
            Secondary::Inline(node) => inline_rows(*node, path, each),
            Secondary::File(document) => document_rows(document, DocNode::DOCUMENT, path, each),
        }
        Some(())
    }

    /// The instances that expressions name, as they can look things up in.
    pub(super) fn into_instances(self, expressions: &[&str]) -> Instances {
        let asking: Vec<&&str> = expressions
            .iter()
            .filter(|text| text.contains("instance") || text.contains("pulldata"))
            .collect();
        let mut instances = Instances::default();
        for (id, secondary) in self.by_id {
            if !asking.iter().any(|text| text.contains(id)) {
                continue;
            }
            let document = match secondary {
                Secondary::File(document) => document,
                Secondary::Inline(node) => document(node),
            };
            instances.insert(id, document);
        }
        instances
    }
}

fn inline_rows(node: Xml<'_>, path: &[&str], each: &mut dyn FnMut(Row<'_>)) {
    let Some((name, rest)) = path.split_first() else {
        each(elements(node).map(|column| (column.tag_name().name(), all_text(column))).collect());
        return;
    };
    for found in elements(node).filter(|child| child.tag_name().name() == *name) {
        inline_rows(found, rest, each);
    }
}

fn document_rows(document: &Document, node: DocNode, path: &[&str], each: &mut dyn FnMut(Row<'_>)) {
    let Some((name, rest)) = path.split_first() else {
        let columns = document.elements(node);
        each(columns.map(|column| (&*document.name(column).local, document.text(column))).collect());
        return;
    };
    for found in document.elements(node).filter(|child| *document.name(*child).local == **name) {
        document_rows(document, found, rest, each);
    }
}

/// XPath's string-value.
fn all_text(node: Xml<'_>) -> std::borrow::Cow<'_, str> {
    if elements(node).next().is_none() {
        return super::markup::text(node);
    }
    let texts = node.descendants().filter(Xml::is_text).filter_map(|text| text.text());
    texts.collect::<String>().into()
}

/// A file that an instance names by `src`.
fn file(
    node: Xml<'_>,
    src: &str,
    attachments: &Attachments,
    report: &mut Report<'_, '_>,
) -> Option<Document> {
    let name = src.rsplit('/').next().unwrap_or(src);
    if src.starts_with("jr://instance/") {
        let remedy =
            "Take it out: a tablet goes from hand to hand, and must not show the last person's answers.";
        report.error(node, "@src", format!("`{src}`, the answers given last, is not supported."), remedy);
        return None;
    }
    if !src.starts_with("jr://file/") && !src.starts_with("jr://file-csv/") {
        let problem = format!("`{src}` cannot be read.");
        report.error(node, "@src", problem, "Write jr://file/NAME.xml or jr://file-csv/NAME.csv.");
        return None;
    }
    let Some(bytes) = attachments.get(name) else {
        let problem = format!("The file `{name}` is missing; it is read as empty.");
        report.warning(node, "@src", problem, "Give it with the form.");
        return None;
    };
    match external::document(name, bytes) {
        Ok(document) => Some(document),
        Err(why) => {
            report.error(
                node,
                "@src",
                format!("The file `{name}` cannot be read: {why}."),
                "Correct the file.",
            );
            None
        }
    }
}

fn empty() -> Document {
    let mut builder = DocumentBuilder::new();
    builder.leaf("root", "");
    builder.finish()
}

/// An XML file, bounded like a form.
pub(in crate::read) fn xml(bytes: &[u8]) -> Result<Document, String> {
    let excess = |excess: bounds::Excess| excess.problem.trim_end_matches('.').to_owned();
    let text = bounds::text(bytes).map_err(excess)?;
    bounds::check(&text).map_err(excess)?;
    let options = bounds::options();
    let parsed =
        roxmltree::Document::parse_with_options(&text, options).map_err(|fault| fault.to_string())?;
    Ok(document(parsed.root()))
}

/// What is in an element as a document of its own; space between elements is no text.
fn document(node: Xml<'_>) -> Document {
    let mut builder = DocumentBuilder::new();
    copy(node, &mut builder);
    builder.finish()
}

/// As deep as the XML, which is bounded.
fn copy(node: Xml<'_>, builder: &mut DocumentBuilder) {
    let mixed = elements(node).next().is_some();
    for child in node.children() {
        if child.is_element() {
            let namespace = child.tag_name().namespace().unwrap_or_default();
            // The namespace that an instance inherits from the form around it says nothing.
            let namespace = if namespace == super::markup::XFORMS { "" } else { namespace };
            builder.open(QName {
                prefix: prefix(child).into(),
                local: child.tag_name().name().into(),
                namespace: namespace.into(),
            });
            for attribute in child.attributes() {
                let namespace = attribute.namespace().unwrap_or_default().into();
                builder.attribute(
                    QName { prefix: "".into(), local: attribute.name().into(), namespace },
                    attribute.value(),
                );
            }
            copy(child, builder);
            builder.close();
        } else if let Some(text) = child.text().filter(|_| child.is_text())
            && (!mixed || !text.trim().is_empty())
        {
            builder.text(text);
        }
    }
}
