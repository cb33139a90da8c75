//! Changes of wording, language by language.

use super::{Change, Effect, Finder, Wording};
use crate::item::Translated;
use crate::node::{Node, NodeId, Words};
use crate::{Instrument, Language};

/// Words of a node.
type Part = fn(&Node) -> &Words;

impl Finder<'_> {
    pub(super) fn words(&mut self, before: NodeId, after: NodeId) {
        let (old, new) = (&self.old.tree[before], &self.new.tree[after]);
        let parts: [(Wording, Part); 5] = [
            (Wording::Label, |node| &node.label),
            (Wording::Hint, |node| &node.hint),
            (Wording::Guidance, |node| &node.guidance),
            (Wording::ConstraintMessage, |node| &node.constraint_message),
            (Wording::RequiredMessage, |node| &node.required_message),
        ];
        let found: Vec<(Wording, Vec<Language>)> = parts
            .into_iter()
            .map(|(what, of)| (what, differing(&of(old).source, &of(new).source, self.new)))
            .filter(|(_, languages)| !languages.is_empty())
            .collect();
        for (what, languages) in found {
            self.change(after, Change::Wording { what, languages }, Effect::Safe);
        }
    }
}

/// The languages of a form in which words differ; one that only one of the versions speaks is no change of these words.
pub(super) fn differing(old: &Translated, new: &Translated, form: &Instrument) -> Vec<Language> {
    let differ = |language: &&Language| match (old.exact(language), new.exact(language)) {
        (Some(old), Some(new)) => old != new,
        (None, Some(_)) => old.is_empty(),
        (Some(_), None) => new.is_empty(),
        (None, None) => false,
    };
    form.languages.iter().filter(differ).cloned().collect()
}
