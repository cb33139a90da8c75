//! A form as an HL7 FHIR R4 (4.0.1) `Questionnaire`, and the list of what that format cannot hold.
//!
//! Sources: the R4 resource `Questionnaire` with its invariants que-0 to que-13, and the standard extensions
//! `translation`, `rendering-markdown`, `minValue`, `maxValue`, `questionnaire-hidden`, `questionnaire-itemControl`,
//! `questionnaire-sliderStepValue` and `designNote`. An expression becomes `enableWhen` only when both say the same of every
//! answer, blanks included; any other is kept as its author wrote it, in an extension under [`EXTENSION`], and named as
//! lost: no FHIR program will run it.

mod enable;
mod item;
mod options;
mod resource;
mod text;

use std::collections::{HashMap, HashSet};
use std::fmt;

use data_encoding::HEXLOWER;
use serde::Serialize;

use crate::Instrument;
use crate::node::{NodeId, NodeKind};
use resource::Identifier;

/// What the URLs of Nightjar's own extensions begin with: `relevant`, `constraint`, `missing`, … follow.
pub const EXTENSION: &str = "urn:nightjar:questionnaire:";

/// What a questionnaire does not hold of the form it was made from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// When it is asked: the condition is no `enableWhen`.
    Relevant,
    /// When an answer is needed: `required` is only yes or no.
    Required,
    /// Which answers are taken, beyond a least and a greatest value and a greatest length.
    Constraint,
    /// What is said when an answer is not taken or missing.
    Message,
    /// When it cannot be changed: `readOnly` is only yes or no.
    ReadOnly,
    /// What is computed.
    Calculation,
    /// What it starts with, where that is computed or set by an event.
    Default,
    /// Which choices are offered: all are.
    ChoiceFilter,
    /// How many instances a repeat has.
    RepeatCount,
    /// The choices themselves, where they come from other answers or from data: the answer is then a text.
    Choices,
    /// The order in which a person puts choices.
    Rank,
    /// The kind of answer: a place, a tick.
    Type,
    /// Answers within words: `${name}` stays as it is written.
    Reference,
    /// A picture or recording beside the words.
    Media,
    /// The words of a language without a code.
    Language,
}

impl LossKind {
    fn words(self) -> &'static str {
        match self {
            LossKind::Relevant => "when it is asked",
            LossKind::Required => "when it needs an answer",
            LossKind::Constraint => "which answers are taken",
            LossKind::Message => "what is said of an answer that is not taken",
            LossKind::ReadOnly => "when it cannot be changed",
            LossKind::Calculation => "what is computed",
            LossKind::Default => "what it starts with",
            LossKind::ChoiceFilter => "which choices are offered",
            LossKind::RepeatCount => "how many there are",
            LossKind::Choices => "the choices, which are computed",
            LossKind::Rank => "the order of the choices taken",
            LossKind::Type => "its type",
            LossKind::Reference => "answers within its words",
            LossKind::Media => "its pictures and recordings",
            LossKind::Language => "words in a language without a code",
        }
    }
}

/// One thing lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Loss {
    /// `linkId` of the item; `None` for the form.
    pub item: Option<String>,
    /// What.
    pub kind: LossKind,
    /// The expression or word that is lost, as it is written; may be empty.
    pub detail: String,
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: lost {}", self.item.as_deref().unwrap_or("the form"), self.kind.words())?;
        if self.detail.is_empty() { Ok(()) } else { write!(f, ": {}", self.detail) }
    }
}

/// A questionnaire, and what it lost.
#[derive(Debug, Clone)]
pub struct Fhir {
    /// The resource; it serialises as FHIR's JSON.
    pub questionnaire: Questionnaire,
    /// What the form says and the resource does not, in order of the form.
    pub losses: Vec<Loss>,
}

/// The resource `Questionnaire`.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Questionnaire(resource::Questionnaire);

impl Instrument {
    /// The form as a FHIR R4 `Questionnaire` of status `draft`.
    #[must_use]
    pub fn fhir(&self) -> Fhir {
        let mut writer = Writer::new(self);
        let title = writer.title();
        let items = writer.items(NodeId::ROOT);
        let own = |value: &str| value.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        let resource = resource::Questionnaire {
            resource_type: "Questionnaire",
            language: self.default_language().tag().map(str::to_owned),
            contained: std::mem::take(&mut writer.contained),
            url: own(&self.form_id).then(|| format!("urn:nightjar:form:{}", self.form_id)),
            identifier: vec![
                Identifier { system: "urn:nightjar:form", value: self.form_id.clone() },
                Identifier { system: "urn:nightjar:form:blake3", value: HEXLOWER.encode(&self.hash) },
            ],
            version: Some(self.version.clone()).filter(|version| !version.is_empty()),
            name: name(&self.form_id),
            title: title.0,
            title_element: title.1,
            status: "draft",
            item: items,
        };
        Fhir { questionnaire: Questionnaire(resource), losses: writer.losses }
    }
}

/// A name for programs (que-0): begins with a capital, has letters, digits and `_`.
fn name(form_id: &str) -> String {
    let mut name = String::from("Form_");
    name.extend(form_id.chars().take(200).map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }));
    name
}

struct Writer<'a> {
    form: &'a Instrument,
    /// By node: its `linkId`.
    links: HashMap<NodeId, String>,
    contained: Vec<resource::ValueSet>,
    losses: Vec<Loss>,
}

impl<'a> Writer<'a> {
    fn new(form: &'a Instrument) -> Writer<'a> {
        let mut taken: HashSet<String> = HashSet::new();
        let mut links = HashMap::new();
        for id in form.tree.ids().skip(1) {
            let node = &form.tree[id];
            let mut link = match node.kind {
                NodeKind::Item(_) | NodeKind::Repeat => node.path.to_string(),
                NodeKind::Root | NodeKind::Group => format!("group:{}", group_path(form, id)),
            };
            while !taken.insert(link.clone()) {
                link.push('\'');
            }
            links.insert(id, link);
        }
        let mut writer = Writer { form, links, contained: Vec::new(), losses: Vec::new() };
        for language in form.languages.iter().filter(|language| language.tag().is_none()) {
            if form.languages.len() > 1 {
                writer.losses.push(Loss {
                    item: None,
                    kind: LossKind::Language,
                    detail: language.to_string(),
                });
            }
        }
        writer
    }

    fn lose(&mut self, id: NodeId, kind: LossKind, detail: &str) {
        let item = self.links.get(&id).cloned();
        let loss = Loss { item, kind, detail: detail.to_owned() };
        if !self.losses.contains(&loss) {
            self.losses.push(loss);
        }
    }
}

fn group_path(form: &Instrument, id: NodeId) -> String {
    let mut names = Vec::new();
    let mut up = id;
    while up != NodeId::ROOT {
        names.push(&*form.tree[up].name);
        up = form.tree[up].parent;
    }
    names.reverse();
    names.join("/")
}
