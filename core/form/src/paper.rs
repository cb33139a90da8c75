//! A form on paper: one HTML page that needs nothing but itself, with its logic in words.
//!
//! What a tablet does by itself, a person does by reading: "Answer this only if …". Expressions of the common shapes are
//! said in words with the question's own words and its number; any other is printed as it is written, with the numbers of
//! the questions it reads. Nothing of the page runs, loads or links to anything but what a label links to.

mod answer;
mod condition;
mod phrases;

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};

use data_encoding::{BASE64, HEXLOWER};
use maud::{DOCTYPE, Markup as Html, PreEscaped, html};

use crate::item::Translated;
use crate::logic::{Condition, question};
use crate::node::{NodeId, NodeKind, Words};
use crate::references::said;
use crate::{Instrument, Item, ItemKind, Language, Markup};
use phrases::Phrases;

/// How often a repeat is printed when nothing says how often.
const COPIES: usize = 3;
/// Most copies of a repeat.
const MAX_COPIES: usize = 20;
/// Deepest repeats that are printed in several copies; what is deeper is printed once a copy.
const MAX_COPIED: usize = 2;
/// Most bytes of all pictures together; also of all their places on the page.
const MAX_PICTURES: usize = 16 << 20;
/// Most questions and choices on a page, copies counted.
const MAX_PRINTED: usize = 100_000;

const STYLE: &str = include_str!("paper/paper.css");

/// How a form is printed.
#[derive(Debug, Clone, Default)]
pub struct Paper {
    /// The language; `None` for the form's default.
    pub language: Option<Language>,
    /// How often a repeat is printed whose count is not fixed; 3 when 0, 20 at most.
    pub copies: usize,
    /// The pictures that labels and choices show, by file name: SVG, PNG, JPEG, GIF or WebP. They are put into the page,
    /// up to 16 MiB in all their places; one that is not here is left out.
    pub pictures: BTreeMap<String, Vec<u8>>,
}

impl Instrument {
    /// The form as a page of HTML to print: accessible, without scripts, loading nothing.
    #[must_use]
    pub fn paper(&self, paper: &Paper) -> String {
        let language = paper.language.as_ref().unwrap_or_else(|| self.default_language());
        let mut numbers = HashMap::new();
        for item in self.items.iter().filter(|item| item.kind.is_asked()) {
            numbers.extend(self.node_of(item).map(|id| (id, numbers.len() + 1)));
        }
        let copies = if paper.copies == 0 { COPIES } else { paper.copies.min(MAX_COPIES) };
        let printed: usize = paper.pictures.values().map(Vec::len).sum();
        let pictures = (printed <= MAX_PICTURES).then_some(&paper.pictures);
        let (phrases, headings) = (Phrases::of(language), Cell::new(0));
        let (room, picture_room) = (Cell::new(MAX_PRINTED), Cell::new(MAX_PICTURES));
        Printer { form: self, language, phrases, numbers, copies, pictures, headings, room, picture_room }
            .document()
            .into_string()
    }
}

struct Printer<'a> {
    form: &'a Instrument,
    language: &'a Language,
    phrases: &'static Phrases,
    /// The numbers of the questions.
    numbers: HashMap<NodeId, usize>,
    copies: usize,
    pictures: Option<&'a BTreeMap<String, Vec<u8>>>,
    /// How many headings have an id so far: a question is printed once for each copy of its repeat.
    headings: Cell<usize>,
    /// How many questions and choices, and how many bytes of pictures, may still be printed.
    room: Cell<usize>,
    picture_room: Cell<usize>,
}

/// Takes from what is left; whether there was enough.
fn take(room: &Cell<usize>, wanted: usize) -> bool {
    let left = room.get().checked_sub(wanted);
    room.set(left.unwrap_or(0));
    left.is_some()
}

impl Printer<'_> {
    fn document(&self) -> Html {
        let form = self.form;
        let title = form.title(self.language);
        let direction = if self.language.is_right_to_left() { "rtl" } else { "ltr" };
        let hash = HEXLOWER.encode(&form.hash()[..4]);
        html! {
            (DOCTYPE)
            html lang=(self.language.tag().unwrap_or("und")) dir=(direction) {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width, initial-scale=1";
                    meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; img-src data:";
                    title { (title) }
                    style { (PreEscaped(STYLE)) }
                }
                body {
                    header {
                        h1 { (title) }
                        @if let Some(status) = form.setting("nightjar::wording_status") {
                            p.status { (self.phrases.wording) ": " (status) }
                        }
                        p { (self.phrases.how) @if self.is_all_optional() { " " (self.phrases.optional) } }
                    }
                    main {
                        (self.children(NodeId::ROOT, 0))
                        @if self.room.get() == 0 { p.logic { (self.phrases.too_long) } }
                    }
                    (self.worked_out())
                    footer {
                        (form.form_id()) " · " (form.version()) " · " (self.language.words()) " · "
                        bdi { (hash) }
                    }
                }
            }
        }
    }

    fn children(&self, id: NodeId, copied: usize) -> Html {
        html! {
            @for child in self.form.tree.children(id) {
                @match self.form.tree[child].kind {
                    NodeKind::Group | NodeKind::Root => (self.group(child, copied)),
                    NodeKind::Repeat => (self.repeat(child, copied)),
                    NodeKind::Item(_) => @if let Some(item) = self.form.item_at(child) { (self.item(child, item)) },
                }
            }
        }
    }

    /// Whether anything at or below a node is printed.
    fn is_printed(&self, id: NodeId) -> bool {
        let shown = |id: NodeId| self.form.item_at(id).is_some_and(|item| item.kind.is_shown());
        (id.0..self.form.tree[id].end.0).any(|id| shown(NodeId(id)))
    }

    fn group(&self, id: NodeId, copied: usize) -> Html {
        let label = self.words(id, &self.form.tree[id].label);
        html! {
            @if self.is_printed(id) {
                section.group {
                    @if let Some(label) = label { h2 { (label) } }
                    (self.only_if(id))
                    (self.children(id, copied))
                }
            }
        }
    }

    fn repeat(&self, id: NodeId, copied: usize) -> Html {
        let node = &self.form.tree[id];
        let count = node.source.repeat_count.as_deref();
        let fixed = count.and_then(|count| count.trim().parse::<usize>().ok());
        let copies = if copied >= MAX_COPIED { 1 } else { fixed.unwrap_or(self.copies).min(MAX_COPIES) };
        let label = self.words(id, &node.label).unwrap_or_else(|| html! { (node.name) });
        html! {
            @if self.is_printed(id) {
                section.repeat {
                    (self.only_if(id))
                    @if let (Some(count), None) = (count, fixed) {
                        p.logic { (self.phrases.as_many) " " (self.expression(id, count)) }
                    }
                    @for copy in 1..=copies {
                        section.copy { h2 { (label) " " (copy) } (self.children(id, copied + 1)) }
                    }
                    @if fixed.is_none() { p.logic { (self.phrases.more_sheets) } }
                }
            }
        }
    }

    fn item(&self, id: NodeId, item: &Item) -> Html {
        if !item.kind.is_shown() || !take(&self.room, 1) {
            return html! {};
        }
        let node = &self.form.tree[id];
        let label = self.words(id, &node.label);
        if item.kind == ItemKind::Note {
            return html! {
                div.note { (self.only_if(id)) (self.picture(&item.image)) @if let Some(label) = label { p { (label) } } }
            };
        }
        let number = self.numbers.get(&id).copied().unwrap_or_default();
        self.headings.set(self.headings.get() + 1);
        let heading = format!("q{}", self.headings.get());
        html! {
            section.question aria-labelledby=(heading) {
                (self.only_if(id))
                (self.picture(&item.image))
                h3 id=(heading) {
                    span.number { (number) "." } " "
                    @match label { Some(label) => (label), None => (item.name) }
                }
                @if let Some(hint) = self.words(id, &node.hint) { p.hint { (hint) } }
                @if let Some(guidance) = self.words(id, &node.guidance) {
                    p.guidance { (self.phrases.guidance) ": " (guidance) }
                }
                (self.needed(id))
                (self.bounds(id))
                (self.answer(id, item))
            }
        }
    }

    /// The sentence before what is asked only of some.
    fn only_if(&self, id: NodeId) -> Html {
        let Some(source) = self.form.tree[id].source.relevant.as_deref() else { return html! {} };
        match Condition::of(&self.form.tree, id, source) {
            Condition::Constant(true) => html! {},
            Condition::Constant(false) => html! { p.logic { (self.phrases.never) } },
            condition => {
                let several = !matches!(self.form.tree[id].kind, NodeKind::Item(_));
                let begin = match self.range(id).filter(|_| several) {
                    Some((first, last)) if first == last => {
                        self.phrases.only_one.replace("{a}", &first.to_string())
                    }
                    Some((first, last)) => {
                        let text = self.phrases.only_these.replace("{a}", &first.to_string());
                        text.replace("{b}", &last.to_string())
                    }
                    None => self.phrases.only_this.to_owned(),
                };
                html! { p.logic { (begin) " " (self.condition(id, &condition)) "." } }
            }
        }
    }

    /// The numbers of the first and last question below a node.
    fn range(&self, id: NodeId) -> Option<(usize, usize)> {
        let below = (id.0..self.form.tree[id].end.0).filter_map(|id| self.numbers.get(&NodeId(id)).copied());
        Some((below.clone().min()?, below.max()?))
    }

    fn needed(&self, id: NodeId) -> Html {
        let Some(source) = self.form.tree[id].source.required.as_deref() else { return html! {} };
        match Condition::of(&self.form.tree, id, source) {
            Condition::Constant(false) => html! {},
            Condition::Constant(true) => html! { p.logic { (self.phrases.needed) } },
            condition => {
                html! { p.logic { (self.phrases.needed_if) " " (self.condition(id, &condition)) "." } }
            }
        }
    }

    fn is_all_optional(&self) -> bool {
        self.numbers.keys().all(|id| self.form.tree[*id].source.required.is_none())
    }

    /// What the answer must be like: in words; else the form's own message, which is written for an answer that is not.
    fn bounds(&self, id: NodeId) -> Html {
        let node = &self.form.tree[id];
        let Some(source) = node.source.constraint.as_deref() else { return html! {} };
        let condition = Condition::of(&self.form.tree, id, source);
        match (condition, self.words(id, &node.constraint_message)) {
            (Condition::Constant(_), _) => html! {},
            (Condition::Other(_), Some(message)) => html! { p.hint { (self.phrases.mind) " " (message) } },
            (condition, _) => {
                html! { p.logic { (self.phrases.answer_if) " " (self.condition(id, &condition)) "." } }
            }
        }
    }

    /// What a clerk works out afterwards, because a paper cannot.
    fn worked_out(&self) -> Html {
        let calculations: Vec<(NodeId, &str, &str)> = self
            .form
            .items
            .iter()
            .filter_map(|item| {
                let id = self.form.node_of(item)?;
                let source = self.form.tree[id].source.calculation.as_deref()?;
                Some((id, &*item.name, source))
            })
            .collect();
        html! {
            @if !calculations.is_empty() {
                section.worked-out {
                    h2 { (self.phrases.worked_out) }
                    dl {
                        @for (id, name, source) in calculations {
                            dt { bdi { (name) } }
                            dd { (self.expression(id, source)) }
                        }
                    }
                }
            }
        }
    }

    /// Words in the language asked for, `${name}` said as the question it means; `None` where there are none.
    fn words(&self, id: NodeId, words: &Words) -> Option<Html> {
        let text = words.source.get(self.language);
        (!text.is_empty()).then(|| Markup::of(&self.references(id, text)).rendered())
    }

    /// References said in words: the number of the question, or what the author called the value.
    fn references(&self, id: NodeId, text: &str) -> String {
        said(text, |inside| {
            let tree = &self.form.tree;
            let found = question(tree, id, &format!("${{{inside}}}")).or_else(|| question(tree, id, inside));
            match found.and_then(|found| self.numbers.get(&found)) {
                Some(number) => format!("[{}]", self.phrases.answer_to.replace("{a}", &number.to_string())),
                None => format!("[{inside}]"),
            }
        })
    }

    fn picture(&self, images: &Translated) -> Html {
        let name = images.get(self.language);
        let Some(bytes) = self.pictures.and_then(|pictures| pictures.get(name)) else { return html! {} };
        if !take(&self.picture_room, bytes.len()) {
            return html! {};
        }
        let kind = match name.rsplit('.').next().unwrap_or_default().to_lowercase().as_str() {
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "jpg" | "jpeg" => "image/jpeg",
            "gif" => "image/gif",
            "webp" => "image/webp",
            _ => return html! {},
        };
        // The words beside it say the same.
        html! { img alt="" src=(format!("data:{kind};base64,{}", BASE64.encode(bytes))); }
    }
}
