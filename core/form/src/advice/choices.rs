//! Choices: a way to say nothing, and one order.

use std::collections::{HashMap, HashSet};

use super::{Findings, Topic};
use crate::{Choice, Item};

pub(super) fn check(found: &mut Findings<'_>) {
    ways_out(found);
    orders(found);
}

/// A required choice without "don't know", "rather not say" or "does not apply" makes people lie or stop.
fn ways_out(found: &mut Findings<'_>) {
    let required = |id| found.form.tree[id].source.required.as_deref().is_some_and(|source| !is_no(source));
    let stuck: Vec<&Item> = found
        .shown()
        .filter(|(id, item)| item.kind.has_choices() && required(*id))
        .map(|(_, item)| item)
        .filter(|item| !item.choices.is_empty() && item.choices.iter().all(|choice| choice.missing.is_none()))
        .collect();
    for item in stuck {
        found.item(
            Topic::NoWayOut,
            item,
            "required",
            "An answer is required, and no choice says \"I don't know\" or \"I would rather not say\"."
                .to_owned(),
            "Add such a choice with its reason in the column nightjar::missing, or do not require an answer.",
        );
    }
}

fn is_no(source: &str) -> bool {
    matches!(source.trim().to_lowercase().as_str(), "no" | "false" | "false()" | "0")
}

/// The same codes in another order look like other choices, and the first of a list is taken more often.
fn orders(found: &mut Findings<'_>) {
    let mut first: HashMap<Vec<&str>, &Item> = HashMap::new();
    // A list that several questions use is looked at once.
    let mut known: HashSet<*const Choice> = HashSet::new();
    let mut turned: Vec<(&Item, &Item)> = Vec::new();
    for (_, item) in found.shown().filter(|(_, item)| item.choices.len() > 1) {
        if !known.insert(item.choices.as_ptr()) {
            continue;
        }
        let codes = item.choices.iter().map(Choice::code);
        let mut sorted: Vec<&str> = codes.clone().collect();
        sorted.sort_unstable();
        match first.get(&sorted) {
            Some(before) if !before.choices.iter().map(Choice::code).eq(codes) => turned.push((before, item)),
            Some(_) => {}
            None => {
                first.insert(sorted, item);
            }
        }
    }
    for (before, item) in turned {
        found.item(
            Topic::OptionOrder,
            item,
            "type",
            format!("The choices are those of `{}` in another order.", before.name),
            "Use one order, so that the same place means the same answer.",
        );
    }
}
