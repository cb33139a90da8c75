//! Instance, binds and body together: the nodes of the tree, its items, and what is to be compiled.

use std::sync::Arc;

use hashbrown::HashMap;

use super::actions;
use super::beginning;
use super::body::{Body, Control, Part};
use super::choices::Lists;
use super::markup::{JAVAROSA, Report, child, jr, plain};
use super::pages::{Pages, Step};
use super::places::Spot;
use super::questions;
use super::secondary::Secondaries;
use super::skeleton::{Index, ROOT, Skeleton};
use super::words::{Translations, Wording, displayed};
use crate::item::{Stamp, Translated};
use crate::node::{Node, NodeId, NodeKind};
use crate::read::arrange::{NO_KEY, node};
use crate::read::row::{SurveyRow, WrittenAction};
use crate::{Item, ItemKind};

/// Deepest nesting of groups and repeats.
const MAX_DEPTH: usize = 20;

/// What a form is made of, as far as it is read.
pub(super) struct Parts<'a, 'r> {
    pub(super) skeleton: &'r Skeleton<'a>,
    pub(super) body: &'r Body<'a>,
    pub(super) pages: &'r Pages,
    pub(super) words: &'r Translations<'a>,
    pub(super) secondaries: &'r Secondaries<'a>,
}

/// The nodes in document order.
#[derive(Debug, Default)]
pub(super) struct Built {
    pub(super) nodes: Vec<Node>,
    pub(super) items: Vec<Item>,
    pub(super) rows: Vec<Option<SurveyRow>>,
    pub(super) spots: Vec<Spot>,
    /// By element: its node.
    pub(super) of: Vec<Option<NodeId>>,
    pub(super) actions: Vec<WrittenAction>,
}

/// Builds the tree.
pub(super) fn build<'a>(parts: &Parts<'a, '_>, report: &mut Report<'_, '_>) -> Built {
    // Nodes are large: they are not moved while their number grows.
    let count = parts.skeleton.elements.len() + parts.body.parts.len();
    let mut built = Built {
        nodes: Vec::with_capacity(count),
        items: Vec::with_capacity(count),
        rows: Vec::with_capacity(count),
        spots: Vec::with_capacity(count),
        of: vec![None; parts.skeleton.elements.len()],
        ..Built::default()
    };
    built.nodes.push(node(Arc::default(), NodeKind::Root, NodeId::ROOT));
    built.rows.push(None);
    built.of[ROOT as usize] = Some(NodeId::ROOT);
    let mut builder = Builder { parts, report, built, lists: Lists::default() };
    builder.inside(ROOT, NodeId::ROOT, 0);
    builder.built.nodes[0].end = builder.next();
    builder.identities();
    builder.built
}

struct Builder<'a, 'r, 's, 'f> {
    parts: &'r Parts<'a, 'r>,
    report: &'r mut Report<'s, 'f>,
    built: Built,
    lists: Lists<'a>,
}

impl<'a> Builder<'a, '_, '_, '_> {
    fn next(&self) -> NodeId {
        NodeId(u32::try_from(self.built.nodes.len()).unwrap_or(u32::MAX))
    }

    /// What is in an element; as deep as the XML, which is bounded.
    fn inside(&mut self, index: Index, parent: NodeId, depth: usize) {
        let (skeleton, body) = (self.parts.skeleton, self.parts.body);
        let mut open = vec![parent];
        for step in self.parts.pages.order(skeleton, body, index) {
            let around = open.last().copied().unwrap_or(parent);
            match step {
                Step::Element(child) => self.element(child, around, depth + open.len() - 1),
                Step::Begin(place) => open.push(self.heading(place, around)),
                Step::End => {
                    if let Some(id) = open.pop() {
                        self.built.nodes[id.index()].end = self.next();
                    }
                }
            }
        }
    }

    /// A group that the instance knows nothing of.
    fn heading(&mut self, place: u32, parent: NodeId) -> NodeId {
        let part = &self.parts.body.parts[place as usize];
        // No name can be spelled like this, so nothing refers to it.
        let mut new = node(format!("(group {})", place + 1).into(), NodeKind::Group, parent);
        new.written.unwritten = true;
        new.field_list = is_field_list(part);
        let row = SurveyRow { label: self.label(part).text, is_xform: true, ..SurveyRow::default() };
        let at = part.node.range().start;
        self.push(new, row, Spot { index: None, element: at, bind: at, part: at })
    }

    fn push(&mut self, node: Node, mut row: SurveyRow, spot: Spot) -> NodeId {
        let id = self.next();
        self.built.spots.push(spot);
        row.spot = u32::try_from(self.built.spots.len()).unwrap_or(u32::MAX);
        row.number = self.report.source.line(spot.part);
        self.built.nodes.push(node);
        self.built.rows.push(Some(row));
        id
    }

    fn label(&mut self, part: &Part<'a>) -> Wording {
        self.parts.words.of_child(part.node, "label", self.report)
    }

    fn element(&mut self, index: Index, parent: NodeId, depth: usize) {
        let skeleton = self.parts.skeleton;
        let element = &skeleton[index];
        let Some(first) = element.found.first().copied() else { return };
        if element.found.len() > 1
            && !element.attribute
            && !skeleton.around(index).any(|at| skeleton[at].repeat)
        {
            let problem = format!("`{}` is in the instance more than once.", skeleton.path(index));
            self.report.error(element.found[1], "", problem, "Repeat it in the body, or rename one.");
        }
        let part = element.part.and_then(|place| self.parts.body.parts.get(place as usize));
        let group = skeleton.is_group(index);
        if group && depth >= MAX_DEPTH {
            self.report.error(first, "", "Groups are nested too deeply.", "Nest at most 20 levels.");
            return;
        }
        let kind = match (element.repeat, group) {
            (true, _) => NodeKind::Repeat,
            (false, true) => NodeKind::Group,
            (false, false) => NodeKind::Item(self.built.items.len()),
        };
        let mut new = node(element.name.into(), kind, parent);
        new.written.attribute = element.attribute;
        new.written.prefix = element.prefix.map(|(prefix, namespace)| (prefix.into(), namespace.into()));
        let siblings = &skeleton[element.parent].children;
        let order = siblings.binary_search(&index).unwrap_or(0);
        new.written.order = u32::try_from(order).unwrap_or(u32::MAX);
        let mut row = self.bound(index);
        let spot = Spot {
            index: Some(index),
            element: first.range().start,
            bind: element.bind.node.unwrap_or(first).range().start,
            part: part.map_or(first, |part| part.node).range().start,
        };
        if matches!(kind, NodeKind::Item(_)) {
            let mut item = self.item(index, part, &new.name, &mut row);
            new.stored_as = questions::stored_as(&item, element.bind.kind());
            new.preset =
                beginning::value(&item, new.stored_as, &beginning::text(first, element), |problem| {
                    self.report.warning(
                        first,
                        "",
                        problem,
                        "Correct it; the question begins without an answer.",
                    );
                });
            item.stamp = self.preload(index);
            self.built.items.push(item);
        } else {
            self.section(index, part, &mut new, &mut row);
        }
        let id = self.push(new, row, spot);
        self.built.of[index as usize] = Some(id);
        if !skeleton[index].children.is_empty() || self.parts.pages.are_in(index) {
            self.inside(index, id, depth + 1);
        }
        self.built.nodes[id.index()].end = self.next();
        if element.bind.preload.is_some_and(|(kind, _)| kind.trim() == "uid") {
            let action = actions::unique(index, skeleton, &self.built.of);
            self.built.actions.push(action);
        }
    }

    /// What the bind says, under the names of the columns it corresponds to.
    fn bound(&mut self, index: Index) -> SurveyRow {
        let bind = &self.parts.skeleton[index].bind;
        let cells = [
            ("relevant", bind.relevant),
            ("required", bind.required),
            ("constraint", bind.constraint),
            ("calculation", bind.calculate),
            ("read_only", bind.read_only),
        ];
        let mut row = SurveyRow { is_xform: true, ..SurveyRow::default() };
        for (column, expression) in cells {
            let expression = expression.map(str::trim).filter(|expression| !expression.is_empty());
            if let Some(expression) = expression {
                row.cells.insert(column, expression);
            }
        }
        if let Some(node) = bind.node {
            row.constraint_message = self.parts.words.message(node, bind.constraint_message, self.report);
            row.required_message = self.parts.words.message(node, bind.required_message, self.report);
        }
        row
    }

    /// A group or repeat.
    fn section(&mut self, index: Index, part: Option<&Part<'a>>, new: &mut Node, row: &mut SurveyRow) {
        let Some(part) = part else { return };
        new.field_list = is_field_list(part);
        row.label = self.label(part).text;
        if part.control != Control::Repeat {
            return;
        }
        // The words of a repeat are those of the group around it.
        let place = self.parts.skeleton[index].part.unwrap_or_default();
        let mut around = self.parts.body.parts[..place as usize].iter().rev();
        if let Some(around) = around.find(|around| around.wraps && around.target == Some(index)) {
            new.field_list |= is_field_list(around);
            if row.label.is_empty() {
                row.label = self.label(around).text;
            }
        }
        if let Some(count) = jr(part.node, "count").map(str::trim).filter(|count| !count.is_empty()) {
            row.cells.insert("repeat_count", count);
        } else if jr(part.node, "noAddRemove")
            .is_some_and(|fixed| ["true()", "true", "1"].contains(&fixed.trim()))
        {
            self.fixed(index, part, row);
        }
    }

    /// A repeat to which a person adds nothing has as many entries as the instance, at least one.
    fn fixed(&mut self, index: Index, part: &Part<'a>, row: &mut SurveyRow) {
        let skeleton = self.parts.skeleton;
        let element = &skeleton[index];
        if skeleton.around(element.parent).any(|around| skeleton[around].repeat) {
            let problem = "jr:noAddRemove in another repeat is not kept to: entries can be added.";
            self.report.warning(part.node, "@jr:noAddRemove", problem, "Give the repeat a jr:count.");
            return;
        }
        let entries = element.found.len() - usize::from(element.template);
        row.cells.insert("repeat_count", entries.max(1).to_string());
    }

    fn item(&mut self, index: Index, part: Option<&Part<'a>>, name: &Arc<str>, row: &mut SurveyRow) -> Item {
        let element = &self.parts.skeleton[index];
        let part = part.filter(|part| !part.control.is_section());
        let kind = questions::kind(part, index, self.parts.skeleton, self.report);
        let mut item = Item {
            key: *NO_KEY,
            name: name.clone(),
            path: Arc::default(),
            kind,
            choices: Arc::default(),
            label: Translated::default(),
            hint: Translated::default(),
            guidance: Translated::default(),
            image: Translated::default(),
            audio: Translated::default(),
            appearance: String::new(),
            scale: None,
            repeat_depth: 0,
            stamp: None,
            extras: element
                .bind
                .extras
                .iter()
                .map(|(name, value)| (name.clone(), (*value).to_owned()))
                .collect(),
        };
        let Some(part) = part else { return item };
        let label = self.label(part);
        let hint = self.parts.words.of_child(part.node, "hint", self.report);
        (row.label, row.hint, row.guidance) = (label.text, hint.text, hint.guidance);
        item.label = shown(&row.label);
        item.hint = shown(&row.hint);
        item.guidance = shown(&row.guidance);
        (item.image, item.audio) = (label.image, label.audio);
        item.appearance = plain(part.node, "appearance").unwrap_or_default().trim().to_owned();
        if item.appearance.starts_with("search(") || item.appearance.contains(" search(") {
            let remedy = "Put the choices into an instance and use <itemset>.";
            self.report.error(part.node, "@appearance", "search() is not supported.", remedy);
        }
        for attribute in part.node.attributes() {
            if let Some(namespace) = attribute.namespace().filter(|namespace| *namespace != JAVAROSA) {
                let source = part.node.document().input_text();
                let name = source.get(attribute.range_qname()).unwrap_or(namespace);
                item.extras.insert(name.to_lowercase(), attribute.value().to_owned());
            }
        }
        if kind == ItemKind::Range {
            item.scale = questions::scale(part.node, self.report);
        }
        if kind.has_choices() {
            let Parts { secondaries, words, .. } = self.parts;
            let chosen = self.lists.of(part.node, kind, secondaries, words, self.report);
            if chosen.choices.is_empty() && chosen.dynamic.is_none() && child(part.node, "itemset").is_none()
            {
                self.report.warning(part.node, "", "The question has no choices.", "Give it some.");
            }
            item.choices = chosen.choices;
            row.choice_columns = Some(chosen.columns);
            if let Some(filter) = chosen.filter {
                row.cells.insert("choice_filter", filter);
            }
            row.dynamic_choices = chosen.dynamic;
            row.randomize = chosen.randomize;
        }
        item
    }

    /// What a program fills in by itself.
    fn preload(&mut self, index: Index) -> Option<Stamp> {
        let bind = &self.parts.skeleton[index].bind;
        let (kind, params) = bind.preload?;
        match (kind.trim(), params.trim()) {
            ("timestamp", "start") => Some(Stamp::Start),
            ("timestamp", "end") => Some(Stamp::End),
            ("date", "today") => Some(Stamp::Today),
            ("uid", _) => None,
            (kind, params) => {
                let problem = format!("`{kind} {params}` is not filled in; it stays blank.");
                let at = bind.node?;
                let remedy = "Take it out: what names a person or device does not belong with answers.";
                self.report.warning(at, "@jr:preload", problem, remedy);
                None
            }
        }
    }

    /// An identity of its own for each of several elements of one name, which an XForm may have in different groups.
    fn identities(&mut self) {
        let skeleton = self.parts.skeleton;
        let mut of_name: HashMap<(Option<Index>, &str), u32> =
            HashMap::with_capacity(skeleton.elements.len());
        let mut named = Vec::with_capacity(skeleton.elements.len());
        for (index, element) in (ROOT..).zip(&skeleton.elements).skip(1) {
            if self.built.of[index as usize].is_some() && (element.repeat || !skeleton.is_group(index)) {
                let repeat = skeleton.around(element.parent).find(|at| skeleton[*at].repeat);
                *of_name.entry((repeat, element.name)).or_default() += 1;
                named.push((index, (repeat, element.name)));
            }
        }
        for (index, _) in named.into_iter().filter(|(_, name)| of_name[name] > 1) {
            let path = skeleton.path(index);
            let identity = path.splitn(3, '/').nth(2).unwrap_or_default().to_owned();
            let row = self.built.of[index as usize].and_then(|id| self.built.rows[id.index()].as_mut());
            if let Some(row) = row {
                row.cells.insert("nightjar::id", identity);
            }
        }
    }
}

fn is_field_list(part: &Part<'_>) -> bool {
    let appearance = plain(part.node, "appearance").unwrap_or_default();
    appearance.split_whitespace().any(|word| matches!(word, "field-list" | "table-list"))
}

fn shown(words: &Translated) -> Translated {
    Translated(words.0.iter().map(|(language, text)| (language.clone(), displayed(text))).collect())
}
