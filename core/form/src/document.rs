//! A read-only XML tree: a secondary instance, a CSV attachment, a list of choices, or the document of an expression case.

use std::collections::HashMap;

/// Index of a node in a [`Document`]; 0 is the document itself, whose one element child is the root element.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct DocNode(pub(crate) u32);

impl DocNode {
    pub(crate) const DOCUMENT: DocNode = DocNode(0);
    const NONE: u32 = u32::MAX;

    fn index(self) -> usize {
        self.0 as usize
    }

    fn some(index: u32) -> Option<DocNode> {
        (index != DocNode::NONE).then_some(DocNode(index))
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum DocKind {
    Document,
    Element,
    Attribute,
    Text,
    Comment,
    /// A processing instruction; its target is its name.
    Instruction,
}

/// A node's name, interned in its document.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct NameId(u32);

#[derive(Debug)]
struct Entry {
    kind: DocKind,
    name: NameId,
    parent: u32,
    next: u32,
    previous: u32,
    first_child: u32,
    first_attribute: u32,
    /// One past the last node below this one, in document order.
    end: u32,
    text: Box<str>,
}

/// A name as written, and the namespace it is in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(crate) struct QName {
    pub(crate) prefix: Box<str>,
    pub(crate) local: Box<str>,
    pub(crate) namespace: Box<str>,
}

/// Nodes in document order; attributes come before the children of their element.
#[derive(Debug)]
pub(crate) struct Document {
    nodes: Vec<Entry>,
    names: Vec<QName>,
}

impl Document {
    pub(crate) fn len(&self) -> usize {
        self.nodes.len()
    }

    pub(crate) fn kind(&self, node: DocNode) -> DocKind {
        self.nodes[node.index()].kind
    }

    pub(crate) fn name(&self, node: DocNode) -> &QName {
        &self.names[self.nodes[node.index()].name.0 as usize]
    }

    pub(crate) fn parent(&self, node: DocNode) -> Option<DocNode> {
        DocNode::some(self.nodes[node.index()].parent)
    }

    pub(crate) fn next_sibling(&self, node: DocNode) -> Option<DocNode> {
        DocNode::some(self.nodes[node.index()].next)
    }

    pub(crate) fn previous_sibling(&self, node: DocNode) -> Option<DocNode> {
        DocNode::some(self.nodes[node.index()].previous)
    }

    /// Elements and texts, in order.
    pub(crate) fn children(&self, node: DocNode) -> impl Iterator<Item = DocNode> + '_ {
        let mut next = DocNode::some(self.nodes[node.index()].first_child);
        std::iter::from_fn(move || {
            let found = next?;
            next = self.next_sibling(found);
            Some(found)
        })
    }

    pub(crate) fn elements(&self, node: DocNode) -> impl Iterator<Item = DocNode> + '_ {
        self.children(node).filter(|child| self.kind(*child) == DocKind::Element)
    }

    pub(crate) fn attributes(&self, node: DocNode) -> impl Iterator<Item = DocNode> + '_ {
        let mut next = DocNode::some(self.nodes[node.index()].first_attribute);
        std::iter::from_fn(move || {
            let found = next?;
            next = self.next_sibling(found);
            Some(found)
        })
    }

    /// The first element child with a local name.
    pub(crate) fn child(&self, node: DocNode, local: &str) -> Option<DocNode> {
        self.elements(node).find(|child| &*self.name(*child).local == local)
    }

    /// One past the last node at or below a node.
    pub(crate) fn end(&self, node: DocNode) -> DocNode {
        DocNode(self.nodes[node.index()].end)
    }

    pub(crate) fn root_element(&self) -> Option<DocNode> {
        self.elements(DocNode::DOCUMENT).next()
    }

    /// XPath's string-value: of an element, all text below it.
    pub(crate) fn text(&self, node: DocNode) -> std::borrow::Cow<'_, str> {
        let entry = &self.nodes[node.index()];
        match entry.kind {
            DocKind::Attribute | DocKind::Text | DocKind::Comment | DocKind::Instruction => {
                (&*entry.text).into()
            }
            DocKind::Document | DocKind::Element => {
                let below = &self.nodes[node.index() + 1..entry.end as usize];
                let mut texts = below.iter().filter(|e| e.kind == DocKind::Text);
                match (texts.next(), texts.next()) {
                    (None, _) => "".into(),
                    (Some(only), None) => (&*only.text).into(),
                    (Some(first), Some(second)) => {
                        let mut whole = format!("{}{}", first.text, second.text);
                        texts.for_each(|e| whole.push_str(&e.text));
                        whole.into()
                    }
                }
            }
        }
    }
}

/// Builds a document from its beginning to its end.
pub(crate) struct DocumentBuilder {
    document: Document,
    known: HashMap<QName, NameId>,
    open: Vec<DocNode>,
    /// By open element: its last child so far.
    last: Vec<u32>,
}

impl DocumentBuilder {
    pub(crate) fn new() -> DocumentBuilder {
        let mut builder = DocumentBuilder {
            document: Document { nodes: Vec::new(), names: Vec::new() },
            known: HashMap::new(),
            open: Vec::new(),
            last: Vec::new(),
        };
        let name = builder.intern(QName::default());
        builder.document.nodes.push(Entry {
            kind: DocKind::Document,
            name,
            parent: DocNode::NONE,
            next: DocNode::NONE,
            previous: DocNode::NONE,
            first_child: DocNode::NONE,
            first_attribute: DocNode::NONE,
            end: 1,
            text: "".into(),
        });
        builder.open.push(DocNode::DOCUMENT);
        builder.last.push(DocNode::NONE);
        builder
    }

    fn intern(&mut self, name: QName) -> NameId {
        // Most documents have few names, and looking through them is faster than hashing.
        let few = &self.document.names[..self.document.names.len().min(8)];
        if let Some(at) = few.iter().position(|known| *known == name) {
            return NameId(u32::try_from(at).unwrap_or(u32::MAX));
        }
        if let Some(id) = self.known.get(&name) {
            return *id;
        }
        let id = NameId(u32::try_from(self.document.names.len()).unwrap_or(u32::MAX));
        self.document.names.push(name.clone());
        self.known.insert(name, id);
        id
    }

    fn push(&mut self, kind: DocKind, name: QName, text: &str) -> DocNode {
        let name = self.intern(name);
        let id = u32::try_from(self.document.nodes.len()).unwrap_or(u32::MAX);
        let parent = self.open.last().map_or(DocNode::NONE, |open| open.0);
        self.document.nodes.push(Entry {
            kind,
            name,
            parent,
            next: DocNode::NONE,
            previous: DocNode::NONE,
            first_child: DocNode::NONE,
            first_attribute: DocNode::NONE,
            end: id + 1,
            text: text.into(),
        });
        DocNode(id)
    }

    fn append(&mut self, kind: DocKind, name: QName, text: &str) -> DocNode {
        let node = self.push(kind, name, text);
        if let (Some(last), Some(parent)) = (self.last.last_mut(), self.open.last()) {
            if *last == DocNode::NONE {
                self.document.nodes[parent.index()].first_child = node.0;
            } else {
                self.document.nodes[*last as usize].next = node.0;
                self.document.nodes[node.index()].previous = *last;
            }
            *last = node.0;
        }
        node
    }

    /// Opens an element.
    pub(crate) fn open(&mut self, name: QName) -> DocNode {
        let node = self.append(DocKind::Element, name, "");
        self.open.push(node);
        self.last.push(DocNode::NONE);
        node
    }

    /// Gives the open element an attribute; before its first child.
    pub(crate) fn attribute(&mut self, name: QName, value: &str) {
        let Some(parent) = self.open.last().copied() else { return };
        let node = self.push(DocKind::Attribute, name, value);
        let first = self.document.nodes[parent.index()].first_attribute;
        match DocNode::some(first) {
            None => self.document.nodes[parent.index()].first_attribute = node.0,
            Some(mut last) => {
                while let Some(next) = self.document.next_sibling(last) {
                    last = next;
                }
                self.document.nodes[last.index()].next = node.0;
            }
        }
    }

    pub(crate) fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.append(DocKind::Text, QName::default(), text);
        }
    }

    pub(crate) fn comment(&mut self, text: &str) {
        self.append(DocKind::Comment, QName::default(), text);
    }

    pub(crate) fn instruction(&mut self, target: &str, text: &str) {
        self.append(DocKind::Instruction, QName::local(target), text);
    }

    /// Closes the open element.
    pub(crate) fn close(&mut self) {
        if self.open.len() > 1 {
            let end = u32::try_from(self.document.nodes.len()).unwrap_or(u32::MAX);
            if let Some(node) = self.open.pop() {
                self.document.nodes[node.index()].end = end;
            }
            self.last.pop();
        }
    }

    /// An element that holds only a text.
    pub(crate) fn leaf(&mut self, local: &str, text: &str) {
        self.open(QName::local(local));
        self.text(text);
        self.close();
    }

    pub(crate) fn finish(mut self) -> Document {
        while self.open.len() > 1 {
            self.close();
        }
        let end = u32::try_from(self.document.nodes.len()).unwrap_or(u32::MAX);
        self.document.nodes[0].end = end;
        self.document
    }
}

impl QName {
    /// A name in no namespace.
    pub(crate) fn local(local: &str) -> QName {
        QName { prefix: "".into(), local: local.into(), namespace: "".into() }
    }
}
