//! Whether two forms whose answers are to be pooled offer the same answers.

use std::collections::{BTreeMap, BTreeSet};

use super::{Findings, Topic};
use crate::{Choice, Instrument, Item};

/// The column in which a row declares what its codes stand for in the standard form.
const MAPPING: &str = "nightjar::mapping";

impl Item {
    /// What its codes stand for in the standard form, by its own code: column `nightjar::mapping`, as `good=well poor=badly`.
    #[must_use]
    pub fn mapping(&self) -> Option<BTreeMap<&str, &str>> {
        let cell = self.extra(MAPPING)?;
        Some(cell.split_whitespace().filter_map(|pair| pair.split_once('=')).collect())
    }
}

pub(super) fn check(found: &mut Findings<'_>, standard: &Instrument) {
    let form = found.form;
    for item in form.items.iter().filter(|item| item.kind.has_choices()) {
        let Some(other) = standard.item(&item.key).filter(|other| other.kind.has_choices()) else { continue };
        if let Some(mapping) = item.mapping() {
            mapped(found, item, other, &mapping);
            continue;
        }
        let codes = |item: &Item| item.choices.iter().map(|choice| choice.code.clone()).collect::<Vec<_>>();
        let (these, those) = (codes(item), codes(other));
        let only = |these: &[String], those: &[String]| {
            these.iter().filter(|code| !those.contains(code)).cloned().collect::<Vec<_>>().join(", ")
        };
        let (more, fewer) = (only(&these, &those), only(&those, &these));
        if !more.is_empty() || !fewer.is_empty() || these.len() != those.len() {
            let said = [("more", more), ("not", fewer)];
            let said: Vec<String> = said
                .into_iter()
                .filter(|(_, codes)| !codes.is_empty())
                .map(|(which, codes)| format!("{which} {codes}"))
                .collect();
            found.item(
                Topic::VariantCodes,
                item,
                "type",
                format!(
                    "`{}` offers {} choices here and {} in {} {} ({}), so that answers cannot be pooled.",
                    item.name,
                    these.len(),
                    those.len(),
                    standard.form_id,
                    standard.version,
                    said.join("; ")
                ),
                "Offer the same codes, or declare what each stands for in the column nightjar::mapping.",
            );
        } else if these != those {
            found.item(
                Topic::OptionOrder,
                item,
                "type",
                format!(
                    "`{}` offers its choices in another order than {} {}.",
                    item.name, standard.form_id, standard.version
                ),
                "Use one order: the first of a list is taken more often.",
            );
        }
    }
}

/// Every own code is mapped, and onto a code of the standard.
fn mapped(found: &mut Findings<'_>, item: &Item, other: &Item, mapping: &BTreeMap<&str, &str>) {
    let own: BTreeSet<&str> = item.choices.iter().map(Choice::code).collect();
    let unmapped = own.iter().filter(|code| !mapping.contains_key(**code) && other.choice(code).is_none());
    let nowhere = mapping.iter().filter(|(code, to)| !own.contains(*code) || other.choice(to).is_none());
    let wrong: Vec<String> = unmapped
        .map(|code| format!("`{code}` stands for nothing"))
        .chain(nowhere.map(|(code, to)| format!("`{code}={to}` names a code that is not there")))
        .collect();
    if !wrong.is_empty() {
        let problem = format!("The mapping of `{}` does not hold: {}.", item.name, wrong.join("; "));
        found.item(
            Topic::VariantCodes,
            item,
            MAPPING,
            problem,
            "Map each own code onto one of the standard form.",
        );
    }
}
