//! What the instance holds when the form is opened: values, and how many entries its repeats have.

use std::borrow::Cow;
use std::collections::HashMap;

use super::markup::{self, JAVAROSA, Report, Xml, elements};
use super::skeleton::{Element, Index, ROOT, Skeleton};
use crate::node::{Beginning, Node, NodeId, NodeKind};
use crate::reading::coerced;
use crate::{Item, ItemKind, Value};

/// Most entries that an instance may begin with.
const MAX: usize = 2_000;

/// The text of an element or attribute where it stands in one place.
pub(super) fn text<'a>(node: Xml<'a>, element: &Element<'_>) -> Cow<'a, str> {
    if element.attribute {
        let namespace = element.prefix.map(|(_, namespace)| namespace);
        let found = node.attributes().find(|a| a.name() == element.name && a.namespace() == namespace);
        return found.map(|a| a.value()).unwrap_or_default().into();
    }
    markup::text(node)
}

/// A text as a value of an item's type; blank and a word about it where it is none.
pub(super) fn value(item: &Item, kind: ItemKind, text: &str, mut warn: impl FnMut(String)) -> Option<Value> {
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    // Programs write a date as a moment of the day.
    let text = if kind == ItemKind::Date { text.split('T').next().unwrap_or(text) } else { text };
    let value = coerced(item, kind, text);
    if value.is_none() {
        warn(format!("The value in the instance is not of the type {kind}."));
    }
    value
}

/// Reads what is in the instance beyond what a new one starts with, and tells repeats what their templates bring.
pub(super) fn read(
    skeleton: &Skeleton<'_>,
    of: &[Option<NodeId>],
    nodes: &mut [Node],
    items: &[Item],
    report: &mut Report<'_, '_>,
) -> Beginning {
    if !skeleton.elements.iter().any(|element| element.repeat) {
        return Beginning::default();
    }
    // Where there is a repeat at or below.
    let mut holds = vec![false; skeleton.elements.len()];
    for index in (ROOT..).take(holds.len()).filter(|index| skeleton[*index].repeat) {
        skeleton.around(index).for_each(|at| holds[at as usize] = true);
    }
    let mut reader = Reader { skeleton, of, nodes, items, holds, count: 0, usually: 1 };
    let mut beginning = Beginning::default();
    let root = skeleton[ROOT].found.first().copied();
    reader.inside(ROOT, root, false, &mut beginning);
    if let (true, Some(root)) = (reader.count > MAX, root) {
        report.error(root, "", "The instance begins with more than 2,000 entries.", "Begin with fewer.");
    }
    // A new entry comes without entries of inner repeats, unless its template has some.
    reader.usually = 0;
    let mut brings = Vec::new();
    for index in (ROOT..).take(skeleton.elements.len()).filter(|index| skeleton[*index].repeat) {
        let element = &skeleton[index];
        let template = element.found.first().filter(|_| element.template);
        let (Some(template), Some(id)) = (template, of[index as usize]) else { continue };
        let mut new = Beginning::default();
        reader.count = 0;
        reader.inside(index, Some(*template), true, &mut new);
        brings.push((id, new.repeats));
    }
    for (id, inner) in brings {
        nodes[id.index()].brings = inner;
    }
    beginning
}

struct Reader<'a, 'r> {
    skeleton: &'r Skeleton<'a>,
    of: &'r [Option<NodeId>],
    nodes: &'r [Node],
    items: &'r [Item],
    holds: Vec<bool>,
    count: usize,
    /// How many entries a repeat has of which nothing is said.
    usually: usize,
}

impl<'a> Reader<'a, '_> {
    /// `entry`: within an entry of a repeat, where values may differ from the template's.
    fn inside(&mut self, index: Index, node: Option<Xml<'a>>, entry: bool, beginning: &mut Beginning) {
        let mut found: HashMap<Index, Vec<Xml<'a>>> = HashMap::new();
        for child in node.into_iter().flat_map(elements) {
            if let Some(at) = self.skeleton.resolve(index, child.tag_name().name()) {
                found.entry(at).or_default().push(child);
            }
        }
        for child in &self.skeleton[index].children {
            let child = *child;
            if !entry && !self.holds[child as usize] {
                continue;
            }
            let element = &self.skeleton[child];
            let Some(id) = self.of[child as usize] else { continue };
            let here = found.remove(&child).unwrap_or_default();
            if element.repeat {
                self.entries(child, id, &here, beginning);
            } else if element.attribute {
                let has = node.filter(|node| node.attributes().any(|a| a.name() == element.name));
                if entry {
                    self.compare(id, has, element, beginning);
                }
            } else {
                let first = here.first().copied();
                if entry && !self.skeleton.is_group(child) {
                    self.compare(id, first, element, beginning);
                }
                self.inside(child, first, entry, beginning);
            }
        }
    }

    fn compare(&self, id: NodeId, node: Option<Xml<'a>>, element: &Element<'a>, beginning: &mut Beginning) {
        let NodeKind::Item(item) = self.nodes[id.index()].kind else { return };
        let Some(item) = self.items.get(item) else { return };
        let known = &self.nodes[id.index()];
        // What an entry leaves out is blank there.
        let text = node.map(|node| text(node, element)).unwrap_or_default();
        let value = value(item, known.stored_as, &text, |_| {});
        if value != known.preset {
            beginning.values.push((id, value));
        }
    }

    fn entries(&mut self, index: Index, id: NodeId, here: &[Xml<'a>], beginning: &mut Beginning) {
        let mut entries = Vec::new();
        for node in here.iter().filter(|node| !node.has_attribute((JAVAROSA, "template"))) {
            self.count += 1;
            if self.count > MAX {
                return;
            }
            let mut entry = Beginning::default();
            self.inside(index, Some(*node), true, &mut entry);
            entries.push(entry);
        }
        // What a form counts it makes itself, but for entries that hold something.
        let plain = entries.iter().all(|entry| entry.values.is_empty() && entry.repeats.is_empty());
        let usual = plain && (self.skeleton[index].counted || entries.len() == self.usually);
        if !usual {
            beginning.repeats.push((id, entries));
        }
    }
}
