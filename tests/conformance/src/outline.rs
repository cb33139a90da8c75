//! What a form asks, as far as random answers and the rules about differences need to know it.

use std::collections::{BTreeMap, BTreeSet};

/// Why a text has no outline.
#[derive(Debug, thiserror::Error)]
pub enum NoOutline {
    /// It is not XML.
    #[error("the XForm is not XML: {0}")]
    NotXml(#[from] roxmltree::Error),
    /// It has no primary instance.
    #[error("the XForm has no primary instance")]
    NoInstance,
}

/// A form, read from its XForm. Paths are without positions: `/data/night/hours`.
#[derive(Debug, Default)]
pub struct Outline {
    /// What can be answered, in the order of the form.
    pub questions: Vec<Question>,
    /// The repeats, outer ones first.
    pub repeats: Vec<Repeat>,
    /// Every node of the primary instance.
    pub nodes: BTreeMap<String, Node>,
    /// The languages by name.
    pub languages: Vec<String>,
}

/// Something that a person answers.
#[derive(Debug, Clone)]
pub struct Question {
    /// Where its answer stands.
    pub path: String,
    /// What may be answered.
    pub kind: Kind,
}

/// What a question takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Any text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Decimal,
    /// A day.
    Date,
    /// A time of day.
    Time,
    /// Both.
    DateTime,
    /// One of these codes.
    One(Vec<String>),
    /// Any of these codes.
    Many(Vec<String>),
    /// These codes in an order.
    Rank(Vec<String>),
    /// A number on a scale.
    Range {
        /// The lowest.
        start: f64,
        /// The highest.
        end: f64,
        /// From one to the next.
        step: f64,
    },
    /// A tick.
    Acknowledge,
}

/// Something asked any number of times.
#[derive(Debug, Clone)]
pub struct Repeat {
    /// The path of its instances.
    pub path: String,
    /// Whether the form says how many there are.
    pub counted: bool,
}

/// What is known about a node of the primary instance.
#[derive(Debug, Clone, Default)]
pub struct Node {
    /// The type of its bind, `string` where none is stated.
    pub data_type: String,
    /// Whether its value is computed: by a calculation, a trigger or a dynamic default.
    pub calculated: bool,
    /// Whether its value differs from run to run: the clock, chance, the device.
    pub volatile: bool,
    /// Whether its calculation reads the words of a choice.
    pub names_choice: bool,
    /// Whether its calculation, inside a repeat, looks at other instances of it.
    pub other_instances: bool,
    /// Whether its calculation takes the largest of several values.
    pub takes_largest: bool,
    /// Whether its calculation reads a time of day.
    pub reads_time: bool,
    /// Whether it has answers of several codes (`select_multiple`).
    pub many: bool,
    /// Whether the choices on offer depend on answers.
    pub filtered: bool,
    /// Whether it is a repeat's instance.
    pub repeat: bool,
    /// Whether it is a repeat's instance, or in one, whose number the form says.
    pub counted: bool,
    /// Whether it has no children.
    pub leaf: bool,
    /// The names that its value, its relevance, its number or its choices refer to.
    pub names: BTreeSet<String>,
}

impl Outline {
    /// Reads it from an XForm.
    pub fn read(xform: &str) -> Result<Outline, NoOutline> {
        crate::outline_reader::read(xform)
    }

    /// What is known about a node, by its path with or without positions.
    #[must_use]
    pub fn node(&self, path: &str) -> Option<&Node> {
        self.nodes.get(&without_positions(path))
    }

    /// The names that decide about a node: its own and those of all it is in.
    #[must_use]
    pub fn decided_by(&self, path: &str) -> BTreeSet<&str> {
        let path = without_positions(path);
        let ends = path.match_indices('/').map(|(at, _)| at).skip(1).chain([path.len()]);
        ends.filter_map(|end| self.nodes.get(&path[..end]))
            .flat_map(|node| node.names.iter().map(String::as_str))
            .collect()
    }
}

/// `/data/night[2]/hours` → `/data/night/hours`
#[must_use]
pub fn without_positions(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for character in path.chars() {
        match character {
            '[' => inside = true,
            ']' => inside = false,
            _ if !inside => out.push(character),
            _ => {}
        }
    }
    out
}
