//! What must hold between the tables of a document that each are well formed.

use std::collections::BTreeSet;

use jiff::civil::Date;
use toml::de::{DeTable, DeValue};

use crate::study::Study;
use crate::study::disclosure::DisclosurePolicy;
use crate::study::governance::GovernanceClass;
use crate::study::place::{Phase, Ward};
use crate::study::problem::Problem;
use crate::study::reader::Notes;

/// Weeks between two go-live dates that tell a ward's change from the season's.
const GO_LIVE_APART_DAYS: i64 = 28;

/// Finds the lines of what is checked here, and notes problems and warnings there.
struct Check<'a> {
    root: &'a DeTable<'a>,
    notes: &'a Notes<'a>,
    warnings: &'a Notes<'a>,
}

pub(super) fn check<'a>(study: &Study, root: &'a DeTable<'a>, notes: &'a Notes<'a>, warnings: &'a Notes<'a>) {
    let check = Check { root, notes, warnings };
    check.head(study);
    check.codes(study);
    check.references(study);
    for (index, ward) in study.wards.iter().enumerate() {
        check.ward(index, ward);
    }
    check.instruments(study);
    check.go_live(study);
    check.promises(study);
}

impl Check<'_> {
    fn at(&self, table: &str, index: Option<usize>, key: &str) -> Option<usize> {
        let table = self.root.get(table)?;
        let table = match index {
            Some(index) => table.get_ref().as_array()?.get(index)?,
            None => table,
        };
        let inside = table.get_ref().as_table().and_then(|table| table.get(key));
        Some(inside.unwrap_or(table).span().start)
    }

    fn place(table: &str, index: Option<usize>, key: &str) -> String {
        let index = index.map(|index| format!("[{}]", index + 1)).unwrap_or_default();
        if key.is_empty() { format!("{table}{index}") } else { format!("{table}{index}.{key}") }
    }

    fn note(&self, table: &str, index: Option<usize>, key: &str, problem: Problem) {
        self.notes.note(self.at(table, index, key), &Self::place(table, index, key), problem);
    }

    fn warn(&self, table: &str, index: Option<usize>, key: &str, problem: Problem) {
        self.warnings.note(self.at(table, index, key), &Self::place(table, index, key), problem);
    }

    fn head(&self, study: &Study) {
        let unregistered =
            ["none", "not registered", "n/a", "-"].contains(&study.registration.to_lowercase().as_str());
        if study.governance_class == GovernanceClass::Research && unregistered {
            self.note("study", None, "registration", Problem::ResearchUnregistered);
        }
        let disclosure = &study.disclosure;
        let least = disclosure.policy.least_threshold();
        if disclosure.threshold < least {
            self.note("disclosure", None, "threshold", Problem::ThresholdTooLow { least });
        }
        if (disclosure.policy == DisclosurePolicy::RawInternal) != disclosure.authorised_role.is_some() {
            self.note("disclosure", None, "authorised_role", Problem::RawNeedsRole);
        }
        if let Some(code) = disclosure.authorised_role.as_ref().filter(|code| study.role(code).is_none()) {
            let problem = Problem::UnknownReference { what: "role", code: code.clone() };
            self.note("disclosure", None, "authorised_role", problem);
        }
        let last = study.wards.iter().flat_map(|ward| &ward.phases).map(|dates| dates.last).max();
        if let Some(last) = last.filter(|last| *last >= study.data_lock) {
            self.note("study", None, "data_lock", Problem::LockTooEarly(last.to_string()));
        }
    }

    fn codes(&self, study: &Study) {
        self.distinct("site", "code", study.sites.iter().map(|site| site.code.as_str()));
        self.distinct("ward_group", "code", study.ward_groups.iter().map(|group| group.code.as_str()));
        self.distinct("ward", "code", study.wards.iter().map(|ward| ward.code.as_str()));
        self.distinct("role", "code", study.roles.iter().map(|role| role.code.as_str()));
        self.distinct("instrument", "id", study.instruments.iter().map(|instrument| instrument.id.as_str()));
        self.distinct(
            "instrument",
            "file",
            study.instruments.iter().map(|instrument| instrument.file.as_str()),
        );
        self.distinct(
            "risk_disclosure_plan",
            "name",
            study.risk_disclosure_plans.iter().map(|plan| plan.name.as_str()),
        );
        self.distinct("language", "code", study.wordings.iter().map(|wording| wording.language.as_str()));
        self.distinct("measure", "id", study.measures.iter().map(|measure| measure.id.as_str()));
        self.distinct("published", "id", study.published.iter().map(|set| set.id.as_str()));
    }

    fn distinct<'s>(&self, table: &str, key: &str, codes: impl Iterator<Item = &'s str>) {
        let mut seen = BTreeSet::new();
        for (index, code) in codes.enumerate() {
            if !seen.insert(code) {
                self.note(table, Some(index), key, Problem::Duplicate(code.to_owned()));
            }
        }
    }

    fn references(&self, study: &Study) {
        let unknown = |what, code: &str| Problem::UnknownReference { what, code: code.to_owned() };
        for (index, ward) in study.wards.iter().enumerate() {
            if !study.ward_groups.iter().any(|group| group.code == ward.group) {
                self.note("ward", Some(index), "group", unknown("ward group", &ward.group));
            }
            if !study.sites.iter().any(|site| site.code == ward.site) {
                self.note("ward", Some(index), "site", unknown("site", &ward.site));
            }
        }
        for (index, role) in study.roles.iter().enumerate() {
            for id in role.may.iter().filter(|id| study.instrument(id).is_none()) {
                self.note("role", Some(index), "may", unknown("instrument", id));
            }
        }
        for (index, measure) in study.measures.iter().enumerate() {
            for id in measure.instruments.iter().filter(|id| study.instrument(id).is_none()) {
                self.note("measure", Some(index), "instruments", unknown("instrument", id));
            }
        }
    }

    fn ward(&self, index: usize, ward: &Ward) {
        let index = Some(index);
        for pair in ward.beds.windows(2) {
            if pair[0].days.last.is_none_or(|last| last >= pair[1].days.first) {
                self.note("ward", index, "beds", Problem::BedsOverlap);
            }
        }
        for phase in [Phase::Baseline, Phase::Live] {
            if ward.phase(phase).is_none() {
                self.note("ward", index, "phases", Problem::PhaseMissing(phase.code()));
            }
        }
        for pair in ward.phases.windows(2) {
            if pair[0].last >= pair[1].first {
                let (earlier, later) = (pair[0].phase.code(), pair[1].phase.code());
                self.note("ward", index, "phases", Problem::PhaseOrder { earlier, later });
            }
        }
        if let Some(day) =
            ward.phases.iter().find_map(|dates| first_without_beds(ward, dates.first, dates.last))
        {
            self.note("ward", index, "beds", Problem::NoBeds(day.to_string()));
        }
    }

    fn instruments(&self, study: &Study) {
        for (index, instrument) in study.instruments.iter().enumerate() {
            if instrument.kind.has_natural_key() == instrument.natural_key.is_empty() {
                self.note("instrument", Some(index), "natural_key", Problem::NaturalKey);
            }
            let mut seen = BTreeSet::new();
            for item in instrument.natural_key.iter().filter(|item| !seen.insert(item.as_str())) {
                self.note("instrument", Some(index), "natural_key", Problem::Duplicate(item.clone()));
            }
            if !study.roles.iter().any(|role| role.may.contains(&instrument.id)) {
                self.warn("instrument", Some(index), "id", Problem::NobodyMay);
            }
        }
    }

    fn go_live(&self, study: &Study) {
        let mut dates: Vec<(Date, usize)> = study
            .wards
            .iter()
            .enumerate()
            .filter_map(|(index, ward)| Some((ward.go_live()?, index)))
            .collect();
        dates.sort_unstable();
        for pair in dates.windows(2) {
            let days = pair[0].0.until(pair[1].0).map_or(0, |span| i64::from(span.get_days()));
            if days < GO_LIVE_APART_DAYS {
                let problem = Problem::GoLiveTooClose { days, other: study.wards[pair[0].1].code.clone() };
                self.warn("ward", Some(pair[1].1), "phases", problem);
            }
        }
    }

    /// No text shown to a respondent promises anonymity.
    fn promises(&self, study: &Study) {
        let Some(DeValue::Array(languages)) = self.root.get("language").map(|languages| languages.get_ref())
        else {
            return;
        };
        for (index, language) in languages.iter().enumerate().take(study.wordings.len()) {
            for (at, text) in texts(language.get_ref(), language.span().start) {
                let text = text.to_lowercase();
                if text.contains("anonym") || text.contains("anonim") {
                    let place = Self::place("language", Some(index), "");
                    self.notes.note(Some(at), &place, Problem::PromisesAnonymity);
                }
            }
        }
    }
}

/// All texts below a value; the parser bounds the depth.
fn texts<'t>(value: &'t DeValue<'_>, at: usize) -> Vec<(usize, &'t str)> {
    match value {
        DeValue::String(text) => vec![(at, text.as_ref())],
        DeValue::Array(array) => {
            array.iter().flat_map(|value| texts(value.get_ref(), value.span().start)).collect()
        }
        DeValue::Table(table) => {
            table.values().flat_map(|value| texts(value.get_ref(), value.span().start)).collect()
        }
        _ => Vec::new(),
    }
}

/// The first day from `first` to `last` no bed count covers; bed counts are in order.
fn first_without_beds(ward: &Ward, first: Date, last: Date) -> Option<Date> {
    let mut day = first;
    while day <= last {
        let beds = ward.beds.iter().find(|beds| beds.days.contains(day));
        match beds {
            None => return Some(day),
            Some(beds) => day = beds.days.last?.tomorrow().ok()?,
        }
    }
    None
}
