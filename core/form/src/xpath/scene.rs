//! A document as the surroundings of an expression.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::cmp::Ordering;
use std::collections::BTreeMap;

use jiff::Zoned;

use super::document;
use super::{Found, Request};
use crate::document::{DocKind, DocNode, Document};
use crate::expr::code::Ref;
use crate::expr::val::Val;
use crate::expr::world::{MAX_VISITS, Node, World};
use crate::node::NodeId;

/// The namespace of XForms.
const XFORMS: &str = "http://www.w3.org/2002/xforms";

pub(super) struct DocumentScene<'a> {
    document: Document,
    context: DocNode,
    root: DocNode,
    pub(super) prefixes: BTreeMap<String, String>,
    language: Option<&'a str>,
    now: &'a Zoned,
    seed: u128,
    budget: Cell<u32>,
    /// Why the expression cannot be computed.
    pub(super) fault: RefCell<Option<String>>,
}

impl<'a> DocumentScene<'a> {
    pub(super) fn new(request: &Request<'a>) -> Result<DocumentScene<'a>, String> {
        let document = document::parse(request.xml.unwrap_or("<root/>"))?;
        let node = |path: Option<&str>, otherwise| match path {
            None => Ok(otherwise),
            Some(path) => document::at(&document, path).ok_or(format!("There is no node at {path}.")),
        };
        let root = node(request.root, DocNode::DOCUMENT)?;
        let context = node(request.context, root)?;
        let mut prefixes = BTreeMap::new();
        for index in 0..document.len() {
            let name = document.name(DocNode(u32::try_from(index).unwrap_or(u32::MAX)));
            if !name.prefix.is_empty() {
                prefixes.entry(name.prefix.to_string()).or_insert_with(|| name.namespace.to_string());
            }
        }
        prefixes.extend(request.namespaces.iter().map(|(prefix, uri)| (prefix.clone(), uri.clone())));
        let mut bits = [0; 16];
        let seed = blake3::hash(request.now.to_string().as_bytes());
        bits.copy_from_slice(&seed.as_bytes()[..16]);
        Ok(DocumentScene {
            document,
            context,
            root,
            prefixes,
            language: request.language,
            now: request.now,
            seed: u128::from_le_bytes(bits),
            budget: Cell::new(MAX_VISITS),
            fault: RefCell::new(None),
        })
    }

    /// Path and text of a node.
    pub(super) fn found(&self, node: Node) -> Option<Found> {
        let Node::Doc(0, node) = node else { return None };
        Some(Found {
            path: document::path(&self.document, node),
            text: self.document.text(node).into_owned(),
        })
    }

    fn elements(&self) -> impl Iterator<Item = DocNode> + '_ {
        let all = (0..self.document.len()).map(|index| DocNode(u32::try_from(index).unwrap_or(u32::MAX)));
        all.filter(|node| self.document.kind(*node) == DocKind::Element)
    }

    fn is(&self, node: DocNode, local: &str) -> bool {
        let name = self.document.name(node);
        *name.local == *local && *name.namespace == *XFORMS
    }

    fn attribute(&self, node: DocNode, local: &str) -> Option<Cow<'_, str>> {
        let mut attributes = self.document.attributes(node);
        attributes.find(|a| *self.document.name(*a).local == *local).map(|a| self.document.text(a))
    }
}

impl World for DocumentScene<'_> {
    fn own(&self) -> Node {
        Node::Doc(0, self.context)
    }

    fn own_value(&self) -> Val<'_> {
        match self.document.kind(self.context) {
            DocKind::Document => Val::BLANK,
            _ => Val::Text(self.document.text(self.context)),
        }
    }

    fn read(&self, _: Ref) -> Val<'_> {
        Val::BLANK
    }

    fn each(&self, _: Ref, _: &mut dyn FnMut(Node)) {}

    fn position(&self, _: Ref) -> usize {
        1
    }

    fn read_at(&self, _: Ref, _: &[Option<usize>]) -> Val<'_> {
        Val::BLANK
    }

    fn document_root(&self) -> Node {
        Node::Doc(0, self.root)
    }

    fn document(&self, index: u32) -> Option<&Document> {
        (index == 0).then_some(&self.document)
    }

    fn instance(&self, name: &str) -> Option<Node> {
        let found = self
            .elements()
            .find(|node| self.is(*node, "instance") && self.attribute(*node, "id").as_deref() == Some(name));
        found.map(|node| Node::Doc(0, node))
    }

    fn parent(&self, _: Node) -> Option<Node> {
        None
    }

    fn children(&self, _: Node, _: &mut dyn FnMut(Node)) {}

    fn attributes(&self, _: Node, _: &mut dyn FnMut(Node)) {}

    fn name(&self, _: Node) -> (&str, &str) {
        ("", "")
    }

    fn value(&self, _: Node) -> Val<'_> {
        Val::BLANK
    }

    fn order(&self, _: Node, _: Node) -> Ordering {
        Ordering::Equal
    }

    fn column(&self, _: &str) -> &str {
        ""
    }

    fn choice_label(&self, _: NodeId, _: &str) -> Cow<'_, str> {
        "".into()
    }

    fn words(&self, id: &str) -> Val<'_> {
        let wanted = |node: &DocNode| match self.language {
            Some(language) => self.attribute(*node, "lang").as_deref() == Some(language),
            None => true,
        };
        let translation = self.elements().filter(|node| self.is(*node, "translation")).find(wanted);
        let texts = translation.into_iter().flat_map(|node| self.document.elements(node));
        let mut of_id = texts.filter(|text| self.attribute(*text, "id").as_deref() == Some(id));
        let values = of_id.next().into_iter().flat_map(|text| self.document.elements(text));
        Val::Nodes(values.filter(|value| self.is(*value, "value")).map(|value| Node::Doc(0, value)).collect())
    }

    fn look_up(&self, _: u32, _: &str, _: &str, _: &str) -> Cow<'_, str> {
        "".into()
    }

    fn now(&self) -> &Zoned {
        self.now
    }

    fn dice(&self) -> u128 {
        self.seed
    }

    fn spend(&self, nodes: usize) -> bool {
        let spent = u32::try_from(nodes).unwrap_or(u32::MAX);
        let left = self.budget.get().checked_sub(spent);
        self.budget.set(left.unwrap_or(0));
        left.is_some()
    }

    fn fail(&self, problem: &str) {
        self.fault.borrow_mut().get_or_insert_with(|| problem.to_owned());
    }

    fn counts_by_value(&self) -> bool {
        false
    }
}
