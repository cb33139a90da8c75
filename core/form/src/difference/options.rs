//! Changes of the choices of an item.

use std::collections::HashMap;

use super::{Change, Effect, Finder};
use crate::node::NodeId;
use crate::{Choice, Item};

impl Finder<'_> {
    pub(super) fn options(&mut self, id: NodeId, was: &Item, is: &Item) {
        if !was.kind.has_choices() || !is.kind.has_choices() {
            return;
        }
        // Of a code that is there twice, the first counts, as everywhere.
        let by_code = |item: &Item| -> HashMap<String, usize> {
            item.choices.iter().enumerate().rev().map(|(at, choice)| (choice.code.clone(), at)).collect()
        };
        let (before, after) = (by_code(was), by_code(is));
        for (at, choice) in is.choices().iter().enumerate() {
            if after.get(&choice.code) != Some(&at) {
                continue;
            }
            let code = choice.code.clone();
            let Some(before) = before.get(&code).map(|at| &was.choices[*at]) else {
                self.change(id, Change::OptionAdded { code }, Effect::Widens);
                continue;
            };
            if before.missing != choice.missing {
                self.change(id, Change::OptionMissing { code: code.clone() }, Effect::Breaks);
            }
            let languages = super::words::differing(&before.label, &choice.label, self.new);
            if !languages.is_empty() {
                // Words that stood for another code before: answers to both versions would mean opposite things.
                let swapped = was.choices.iter().any(|other| {
                    other.code != code
                        && languages.iter().any(|language| {
                            let (old, new) = (other.label.exact(language), choice.label.exact(language));
                            old.is_some() && old.map(str::trim) == new.map(str::trim)
                        })
                });
                let effect = if swapped { Effect::Breaks } else { Effect::Safe };
                self.change(id, Change::OptionRelabelled { code, languages }, effect);
            }
        }
        for choice in was.choices().iter().filter(|choice| !after.contains_key(&choice.code)) {
            self.change(id, Change::OptionRemoved { code: choice.code.clone() }, Effect::Breaks);
        }
        let common = |these: &Item, those: &HashMap<String, usize>| -> Vec<String> {
            let codes = these.choices.iter().map(Choice::code);
            codes.filter(|code| those.contains_key(*code)).map(str::to_owned).collect()
        };
        if common(was, &after) != common(is, &before) {
            self.change(id, Change::OptionsReordered, Effect::Safe);
        }
    }
}
