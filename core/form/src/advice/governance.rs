//! What a study must have settled about a form: who reads free text, and who has read the translation.

use super::{Findings, Topic};
use crate::{Instrument, Item, ItemKind, Language};

/// The column in which a free-text item names its plan.
const PLAN: &str = "nightjar::risk_disclosure_plan";
/// The settings column in which a workbook says who has been through its translations.
const STATUS: &str = "nightjar::translation_status";

impl Item {
    /// Whether a person can write or say in it what they like, so that it may tell of somebody in danger.
    #[must_use]
    pub fn is_free_text(&self) -> bool {
        matches!(self.kind, ItemKind::Text | ItemKind::Audio | ItemKind::Video)
    }

    /// The plan for what it may tell: column `nightjar::risk_disclosure_plan`.
    #[must_use]
    pub fn risk_disclosure_plan(&self) -> Option<&str> {
        self.extra(PLAN).map(str::trim).filter(|plan| !plan.is_empty())
    }
}

impl Instrument {
    /// Who has been through the words of a language other than the default: settings column
    /// `nightjar::translation_status`, in which each language is named before its status (`Polski (pl): …`), or a
    /// column of its own, `nightjar::translation_status::Polski (pl)`.
    #[must_use]
    pub fn translation_status(&self, language: &Language) -> Option<&str> {
        let own = |name: &str| format!("{STATUS}::{}", name.to_lowercase());
        let headings = [own(language.name()), own(&language.name().replace(' ', "_")), own(language.code())];
        if let Some(status) = headings.iter().find_map(|heading| self.setting(heading)) {
            return Some(status);
        }
        let all = self.setting(STATUS)?;
        let (_, status) = all.split_once(&format!("{}:", language.name()))?;
        // Up to where the next language begins.
        let next = self.languages.iter().filter_map(|other| status.find(&format!("{}:", other.name()))).min();
        Some(status[..next.unwrap_or(status.len())].trim())
    }
}

pub(super) fn check(found: &mut Findings<'_>) {
    let form = found.form;
    for (id, item) in found.shown().collect::<Vec<_>>() {
        let writable = form.tree[id].source.read_only.is_none();
        if item.is_free_text() && writable && item.risk_disclosure_plan().is_none() {
            found.item(
                Topic::FreeText,
                item,
                PLAN,
                "Free text may say that somebody is in danger, and no plan says who reads it and when."
                    .to_owned(),
                "Name one of the study's plans, or ask with choices. A study refuses the form without.",
            );
        }
    }
    for language in form.languages.iter().skip(1) {
        if form.translation_status(language).is_none_or(str::is_empty) {
            found.form(
                Topic::TranslationStatus,
                "settings",
                format!("Nothing says who has been through the words in \"{language}\"."),
                "Write it in the column nightjar::translation_status, as `Polski (pl): reviewed by …`.",
            );
        }
    }
}
