//! Reads XML into a [`Document`], and finds nodes by their positions.

use roxmltree::{NodeType, ParsingOptions};

use crate::document::{DocKind, DocNode, Document, DocumentBuilder, QName};

/// Largest document, in bytes.
const MAX_XML: usize = 8 << 20;
/// Most nodes of a document.
const MAX_NODES: u32 = 500_000;
/// Deepest nesting.
const MAX_DEPTH: usize = 200;

/// Reads a document, bounded.
pub(crate) fn parse(xml: &str) -> Result<Document, String> {
    if xml.len() > MAX_XML {
        return Err("The document is too big.".to_owned());
    }
    let options = ParsingOptions { allow_dtd: true, nodes_limit: MAX_NODES, ..ParsingOptions::default() };
    let tree = roxmltree::Document::parse_with_options(xml, options).map_err(|fault| fault.to_string())?;
    let mut builder = DocumentBuilder::new();
    let mut depth = 0;
    let mut open = vec![tree.root()];
    // Children are visited without recursion: `open` holds the elements that are not closed yet.
    let mut next = tree.root().first_child();
    loop {
        let Some(node) = next else {
            let Some(done) = open.pop() else { break };
            if done.is_element() {
                builder.close();
                depth -= 1;
            }
            next = done.next_sibling();
            if open.is_empty() {
                break;
            }
            continue;
        };
        match node.node_type() {
            NodeType::Element => {
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err("The document is nested too deeply.".to_owned());
                }
                builder.open(name(&node, node.tag_name().namespace(), node.tag_name().name()));
                for attribute in node.attributes() {
                    builder
                        .attribute(name(&node, attribute.namespace(), attribute.name()), attribute.value());
                }
                open.push(node);
                next = node.first_child();
                continue;
            }
            NodeType::Text => builder.text(node.text().unwrap_or_default()),
            NodeType::Comment => builder.comment(node.text().unwrap_or_default()),
            NodeType::PI => {
                if let Some(pi) = node.pi() {
                    builder.instruction(pi.target, pi.value.unwrap_or_default());
                }
            }
            NodeType::Root => {}
        }
        next = node.next_sibling();
    }
    Ok(builder.finish())
}

/// A name with the prefix its element has for the namespace; the default namespace has none.
fn name(node: &roxmltree::Node<'_, '_>, namespace: Option<&str>, local: &str) -> QName {
    let Some(uri) = namespace else { return QName::local(local) };
    let prefix = match node.default_namespace() {
        Some(default) if default == uri => "",
        _ => node.lookup_prefix(uri).unwrap_or_default(),
    };
    QName { prefix: prefix.into(), local: local.into(), namespace: uri.into() }
}

/// The node at a positional path.
pub(crate) fn at(document: &Document, path: &str) -> Option<DocNode> {
    let mut node = DocNode::DOCUMENT;
    for step in path.split('/').filter(|step| !step.is_empty()) {
        if let Some(name) = step.strip_prefix('@') {
            let local = name.rsplit(':').next().unwrap_or(name);
            node = document.attributes(node).find(|attribute| *document.name(*attribute).local == *local)?;
            continue;
        }
        let (test, number) = step.strip_suffix(']')?.split_once('[')?;
        let kind = match test {
            "*" => DocKind::Element,
            "text()" => DocKind::Text,
            "comment()" => DocKind::Comment,
            "processing-instruction()" => DocKind::Instruction,
            _ => return None,
        };
        let place = number.parse::<usize>().ok()?.checked_sub(1)?;
        node = document.children(node).filter(|child| document.kind(*child) == kind).nth(place)?;
    }
    Some(node)
}

/// The positional path of a node.
pub(crate) fn path(document: &Document, node: DocNode) -> String {
    let mut steps = Vec::new();
    let mut at = node;
    while let Some(parent) = document.parent(at) {
        let kind = document.kind(at);
        if kind == DocKind::Attribute {
            let name = document.name(at);
            let colon = if name.prefix.is_empty() { "" } else { ":" };
            steps.push(format!("@{}{colon}{}", name.prefix, name.local));
        } else {
            let mut place = 1;
            let mut before = document.previous_sibling(at);
            while let Some(sibling) = before {
                place += usize::from(document.kind(sibling) == kind);
                before = document.previous_sibling(sibling);
            }
            let test = match kind {
                DocKind::Text => "text()",
                DocKind::Comment => "comment()",
                DocKind::Instruction => "processing-instruction()",
                _ => "*",
            };
            steps.push(format!("{test}[{place}]"));
        }
        at = parent;
    }
    steps.reverse();
    format!("/{}", steps.join("/"))
}
