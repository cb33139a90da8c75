//! What differs between two versions of a form, item by item, and what it means for the data of both together.

mod logic;
mod options;
mod order;
mod said;
mod types;
mod words;

use serde::Serialize;

use crate::node::{NodeId, NodeKind};
use crate::{Instrument, Item, ItemKey, ItemKind, Language, Scale};

/// What a change means for a table that holds the answers of both versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// The same columns, the same values, the same meaning.
    Safe,
    /// A column, a code or a blank more; what was there means what it meant.
    Widens,
    /// The values of one column are not comparable, or a column ends.
    Breaks,
}

/// Which words changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Wording {
    /// The question itself, or the heading of a repeat.
    Label,
    /// The hint.
    Hint,
    /// The guidance for the person who asks.
    Guidance,
    /// What is said when the constraint does not hold.
    ConstraintMessage,
    /// What is said when an answer is missing.
    RequiredMessage,
}

/// Which expression changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Logic {
    /// Who is asked.
    Relevant,
    /// Whether an answer is needed.
    Required,
    /// Which answers are taken.
    Constraint,
    /// Whether the answer can be changed.
    ReadOnly,
    /// What is computed.
    Calculation,
    /// What it starts with.
    Default,
    /// Which choices are offered.
    ChoiceFilter,
    /// How many instances the form asks for.
    RepeatCount,
    /// After which question it is computed.
    Trigger,
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
pub enum Change {
    /// The new version has it, the old one has not.
    Added,
    /// The old version has it, the new one has not.
    Removed,
    /// The same identity under another name: by `nightjar::renamed_from` or `nightjar::id`.
    Renamed {
        /// Its name in the old version.
        from: String,
    },
    /// It says that it was renamed from this one, which the old version has under another identity: the chain of former
    /// names in `nightjar::renamed_from` is not whole, so that it counts as a new item.
    ChainBroken {
        /// The name in the old version.
        from: String,
    },
    /// It comes earlier or later than what stands around it, or in another group.
    Moved {
        /// The groups around it in the old version, outermost first, joined by `/`; empty at the top.
        from: String,
        /// The groups around it now.
        to: String,
    },
    /// It is in another repeat, or no longer in one.
    OtherRepeat {
        /// The repeat it was in; `None` for none.
        from: Option<String>,
        /// The repeat it is in.
        to: Option<String>,
    },
    /// It asks for something of another type.
    Type {
        /// What it asked for.
        from: ItemKind,
        /// What it asks for.
        to: ItemKind,
    },
    /// The scale of a range differs.
    Scale {
        /// As it was.
        from: Option<Scale>,
        /// As it is.
        to: Option<Scale>,
    },
    /// A choice more.
    OptionAdded {
        /// Its code.
        code: String,
    },
    /// A choice less.
    OptionRemoved {
        /// Its code.
        code: String,
    },
    /// A choice in other words.
    OptionRelabelled {
        /// Its code.
        code: String,
        /// The languages in which it differs.
        languages: Vec<Language>,
    },
    /// A choice means "no answer" in one version and an answer in the other, or another reason.
    OptionMissing {
        /// Its code.
        code: String,
    },
    /// The same choices in another order.
    OptionsReordered,
    /// Other words.
    Wording {
        /// Which.
        what: Wording,
        /// The languages in which they differ.
        languages: Vec<Language>,
    },
    /// Another expression.
    Logic {
        /// Which.
        what: Logic,
        /// As it was written; `None` for none.
        from: Option<String>,
        /// As it is written.
        to: Option<String>,
    },
}

/// What a change is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// A question, note, calculation, hidden item or metadata.
    Item,
    /// A repeat.
    Repeat,
    /// A group. It has no identity: it is the same one where the names around it and its own are the same.
    Group,
}

/// A change of one item, repeat or group.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Changed {
    /// The identity, the same in both versions; `None` for a group.
    pub item: Option<ItemKey>,
    /// Where it stands, in the new version if it is in it; of a group, with the groups around it.
    pub path: String,
    /// What it is.
    pub part: Part,
    /// What changed.
    #[serde(flatten)]
    pub change: Change,
    /// What it means for the data.
    pub effect: Effect,
}

/// All that differs between two versions, in order of the new one, then what is gone.
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
pub struct Difference {
    /// The changes.
    pub changes: Vec<Changed>,
    /// Languages that only the new version has.
    pub languages_added: Vec<Language>,
    /// Languages that only the old version has.
    pub languages_removed: Vec<Language>,
}

impl Difference {
    /// Compares an old version with a new one, by item identity: order, names and places do not make two items one.
    ///
    /// ```
    /// use nightjar_form::{Difference, Effect, Instrument};
    ///
    /// let old = b"| survey | | | |\n| | type | name | label |\n| | integer | n | How often? |";
    /// let new = b"| survey | | | |\n| | type | name | label |\n| | text | n | How often? |";
    /// let (old, new) = (Instrument::from_workbook("1.md", old)?, Instrument::from_workbook("2.md", new)?);
    /// let difference = Difference::between(&old, &new);
    /// assert_eq!(difference.effect(), Effect::Breaks);
    /// assert_eq!(difference.changes[0].to_string(), "BREAKS  n: type was integer, is text");
    /// # Ok::<(), nightjar_form::Diagnostics>(())
    /// ```
    #[must_use]
    pub fn between(old: &Instrument, new: &Instrument) -> Difference {
        let mut found = Finder { old, new, changes: Vec::new() };
        let moved = order::moved(old, new);
        let (before, after) = (order::places(old), order::places(new));
        // A note has no column.
        let or_note = |form: &Instrument, id, effect| match form.item_at(id).map(Item::kind) {
            Some(ItemKind::Note) => Effect::Safe,
            _ => effect,
        };
        for id in new.tree.ids().skip(1) {
            match before.get(&order::place(new, id)) {
                Some(was) => found.common(*was, id, moved.contains(&order::place(new, id))),
                None if is_addressed(new, id) => {
                    found.chain(id);
                    found.add(new, id, Change::Added, or_note(new, id, Effect::Widens));
                }
                None => {}
            }
        }
        for id in old.tree.ids().skip(1).filter(|id| is_addressed(old, *id)) {
            if !after.contains_key(&order::place(old, id)) {
                found.add(old, id, Change::Removed, or_note(old, id, Effect::Breaks));
            }
        }
        let only = |these: &Instrument, those: &Instrument| {
            these.languages.iter().filter(|language| !those.languages.contains(language)).cloned().collect()
        };
        Difference {
            changes: found.changes,
            languages_added: only(new, old),
            languages_removed: only(old, new),
        }
    }

    /// Whether both versions ask the same in the same words.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.languages_added.is_empty() && self.languages_removed.is_empty()
    }

    /// The worst of what the changes mean; [`Effect::Safe`] when nothing changed.
    #[must_use]
    pub fn effect(&self) -> Effect {
        self.changes.iter().map(|changed| changed.effect).max().unwrap_or(Effect::Safe)
    }

    /// The changes of one item.
    pub fn of(&self, item: ItemKey) -> impl Iterator<Item = &Changed> {
        self.changes.iter().filter(move |changed| changed.item == Some(item))
    }
}

fn is_addressed(form: &Instrument, id: NodeId) -> bool {
    matches!(form.tree[id].kind, NodeKind::Repeat | NodeKind::Item(_))
}

fn key(form: &Instrument, id: NodeId) -> ItemKey {
    form.item_at(id).map_or(form.tree[id].key, Item::key)
}

/// The path of the nearest repeat around a node.
fn repeat_around(form: &Instrument, id: NodeId) -> Option<NodeId> {
    let scope = form.tree[form.tree[id].parent].scope;
    (scope != NodeId::ROOT).then_some(scope)
}

struct Finder<'a> {
    old: &'a Instrument,
    new: &'a Instrument,
    changes: Vec<Changed>,
}

impl Finder<'_> {
    fn add(&mut self, form: &Instrument, id: NodeId, change: Change, effect: Effect) {
        let (part, item, path) = match form.tree[id].kind {
            NodeKind::Root | NodeKind::Group => (Part::Group, None, order::names(form, id)),
            NodeKind::Repeat => (Part::Repeat, Some(key(form, id)), form.tree[id].path.to_string()),
            NodeKind::Item(_) => (Part::Item, Some(key(form, id)), form.tree[id].path.to_string()),
        };
        self.changes.push(Changed { item, path, part, change, effect });
    }

    fn change(&mut self, id: NodeId, change: Change, effect: Effect) {
        self.add(self.new, id, change, effect);
    }

    /// An item that is new only because its former name is itself a new name of something older.
    fn chain(&mut self, id: NodeId) {
        let former = self.new.item_at(id).and_then(|item| item.extra("nightjar::renamed_from"));
        let Some(from) = former.and_then(|former| former.split([',', ' ', '\n']).next()) else { return };
        if self.old.items.iter().any(|item| *item.path == *from) {
            self.change(id, Change::ChainBroken { from: from.to_owned() }, Effect::Breaks);
        }
    }

    /// What changed of what both versions have.
    fn common(&mut self, before: NodeId, after: NodeId, moved: bool) {
        if is_addressed(self.new, after) {
            self.place(before, after, moved);
        }
        if let (Some(was), Some(is)) = (self.old.item_at(before), self.new.item_at(after)) {
            self.types(after, was, is);
            self.options(after, was, is);
        }
        self.words(before, after);
        self.logic(before, after);
    }

    fn place(&mut self, before: NodeId, after: NodeId, moved: bool) {
        let (old, new) = (&self.old.tree[before], &self.new.tree[after]);
        if old.name != new.name {
            self.change(after, Change::Renamed { from: old.name.to_string() }, Effect::Safe);
        }
        let around = |form: &Instrument, id| repeat_around(form, id).map(|repeat| form.tree[repeat].key);
        if around(self.old, before) == around(self.new, after) {
            let (from, to) = (order::groups(self.old, before), order::groups(self.new, after));
            if moved || from != to {
                self.change(after, Change::Moved { from, to }, Effect::Safe);
            }
        } else {
            let path =
                |form: &Instrument, id| repeat_around(form, id).map(|id| form.tree[id].path.to_string());
            let (from, to) = (path(self.old, before), path(self.new, after));
            self.change(after, Change::OtherRepeat { from, to }, Effect::Breaks);
        }
    }
}
