//! Changes of the choices of an item.

use super::{Change, Effect, Finder};
use crate::node::NodeId;
use crate::{Choice, Item};

impl Finder<'_> {
    pub(super) fn options(&mut self, id: NodeId, was: &Item, is: &Item) {
        if !was.kind.has_choices() || !is.kind.has_choices() {
            return;
        }
        for choice in is.choices() {
            let code = choice.code.clone();
            let Some(before) = was.choice(&code) else {
                self.change(id, Change::OptionAdded { code }, Effect::Widens);
                continue;
            };
            if before.missing != choice.missing {
                self.change(id, Change::OptionMissing { code: code.clone() }, Effect::Breaks);
            }
            let languages = super::words::differing(&before.label, &choice.label, self.new);
            if !languages.is_empty() {
                self.change(id, Change::OptionRelabelled { code, languages }, Effect::Safe);
            }
        }
        for choice in was.choices().iter().filter(|choice| is.choice(&choice.code).is_none()) {
            self.change(id, Change::OptionRemoved { code: choice.code.clone() }, Effect::Breaks);
        }
        let common = |these: &Item, those: &Item| -> Vec<String> {
            let codes = these.choices.iter().map(Choice::code);
            codes.filter(|code| those.choice(code).is_some()).map(str::to_owned).collect()
        };
        if common(was, is) != common(is, was) {
            self.change(id, Change::OptionsReordered, Effect::Safe);
        }
    }
}
