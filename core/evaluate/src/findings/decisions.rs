use std::collections::{BTreeMap, BTreeSet};

use nightjar_record::study::{Study, Voice};

use crate::disclose::{Block, Family, Policy, Shown, protect};
use crate::figure::{Figure, FigureOrigin};
use crate::findings::published::slug;
use crate::table::Table;
use crate::{Case, FactConflict};

/// Decisions with every position kept, and facts on which tablets differed.
#[derive(Debug)]
pub(crate) struct Decisions {
    /// Positions: a line for each voice, a column for each stance.
    pub(crate) stances: Vec<String>,
    pub(crate) voices: Vec<(String, Vec<Figure>)>,
    /// Everything above, and the counts of decisions and conflicts.
    pub(crate) figures: Vec<Figure>,
    pub(crate) cases: u64,
    /// Told case by case only for simulated answers or under `raw-internal`: on a small ward a position is a person.
    pub(crate) told: Vec<CaseInWords>,
    pub(crate) told_is_withheld: bool,
    pub(crate) open_conflicts: u64,
    pub(crate) settled_conflicts: u64,
    pub(crate) conflicts: Vec<ConflictInWords>,
}

/// One decision in words, by role, without the ward's label for it.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct CaseInWords {
    pub(crate) outcome: String,
    /// Role and stance.
    pub(crate) positions: Vec<(String, String)>,
}

/// One conflict in words.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConflictInWords {
    pub(crate) what: String,
    /// Who (role and tablet) and what they said.
    pub(crate) claims: Vec<(String, String)>,
    pub(crate) settled: Option<(String, String)>,
}

const POSITIONS: &str = "What did each voice think of the decision?";
const VOICES: [(Voice, &str); 4] = [
    (Voice::Patient, "Patients"),
    (Voice::Carer, "Carers"),
    (Voice::Staff, "Staff"),
    (Voice::Other, "Others"),
];

impl Decisions {
    pub(crate) fn of(
        study: &Study,
        policy: Policy,
        tables: &[Table],
        cases: &[Case],
        conflicts: &[FactConflict],
        origin: FigureOrigin,
    ) -> Decisions {
        let cases: Vec<&Case> = cases.iter().filter(|c| FigureOrigin::from(c.provenance) == origin).collect();
        let conflicts: Vec<&FactConflict> =
            conflicts.iter().filter(|c| FigureOrigin::from(c.provenance) == origin).collect();
        let (stances, voices) = positions(policy, &cases, origin);
        let may_tell = origin == FigureOrigin::Simulated || policy.is_raw();
        let mut told: Vec<CaseInWords> =
            if may_tell { cases.iter().map(|case| CaseInWords::of(case)).collect() } else { vec![] };
        told.sort();
        // What tablets wrote about a ward night is about the ward; a reader of a published report does not need it.
        let mut in_words: Vec<ConflictInWords> = if may_tell {
            conflicts.iter().map(|conflict| ConflictInWords::of(study, tables, conflict)).collect()
        } else {
            vec![]
        };
        in_words.sort();
        let settled = conflicts.iter().filter(|c| c.settled.is_some()).count() as u64;
        let open = conflicts.len() as u64 - settled;
        let id = |what: &str| format!("{}.{what}", origin.code());
        let mut figures: Vec<Figure> = voices.iter().flat_map(|(_, cells)| cells.clone()).collect();
        let all = Shown::of_things(conflicts.len() as u64);
        let question = "On which facts did tablets differ?";
        for (what, n) in [("conflicts.open", open), ("conflicts.settled", settled)] {
            let group = format!("Conflicts: {}", what.rsplit('.').next().unwrap_or_default());
            figures.push(Figure::count(id(what), question, group, Shown::of_things(n), all, origin));
        }
        Decisions {
            stances,
            voices,
            figures,
            cases: cases.len() as u64,
            told_is_withheld: !may_tell && !cases.is_empty(),
            told,
            open_conflicts: open,
            settled_conflicts: settled,
            conflicts: in_words,
        }
    }
}

/// Positions by voice and stance, rolled up over all decisions, through the policy.
fn positions(
    policy: Policy,
    cases: &[&Case],
    origin: FigureOrigin,
) -> (Vec<String>, Vec<(String, Vec<Figure>)>) {
    let mut counts: BTreeMap<(Voice, String), u64> = BTreeMap::new();
    for position in cases.iter().flat_map(|case| &case.positions) {
        *counts.entry((position.voice, stance(&position.stances))).or_default() += 1;
    }
    let stances: Vec<String> =
        counts.keys().map(|(_, stance)| stance.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let lines: Vec<Vec<u64>> = VOICES
        .iter()
        .map(|(voice, _)| {
            stances.iter().map(|stance| counts.get(&(*voice, stance.clone())).copied().unwrap_or(0)).collect()
        })
        .collect();
    let family = Family { blocks: vec![Block { columns: stances.len(), splits: vec![lines] }], staff: false };
    let shown = protect(policy, &family);
    let lines = shown.first().and_then(|block| block.splits.first());
    let voices = VOICES.iter().zip(lines.into_iter().flatten()).map(|((voice, label), line)| {
        let cells = stances.iter().zip(&line.cells).map(|(stance, count)| {
            let id = format!("{}.positions.{}.{}", origin.code(), voice.code(), slug(stance));
            Figure::count(id, POSITIONS, format!("{label}: {stance}"), *count, line.base, origin)
        });
        ((*label).to_owned(), cells.collect())
    });
    let voices = voices.collect();
    (stances, voices)
}

/// A voice that was recorded two ways at once is shown as both.
fn stance(stances: &[String]) -> String {
    if stances.is_empty() { "No stance recorded".to_owned() } else { stances.join(" / ") }
}

impl CaseInWords {
    fn of(case: &Case) -> CaseInWords {
        let mut positions: Vec<(String, String)> =
            case.positions.iter().map(|p| (p.role.clone(), stance(&p.stances))).collect();
        positions.sort();
        let outcome = if case.outcomes.is_empty() {
            "No outcome recorded yet".to_owned()
        } else {
            case.outcomes.join(" / ")
        };
        CaseInWords { outcome, positions }
    }
}

impl ConflictInWords {
    fn of(study: &Study, tables: &[Table], conflict: &FactConflict) -> ConflictInWords {
        let table = tables.iter().find(|table| table.form_id == conflict.form_id);
        let column = table.and_then(|table| table.column(&conflict.cell.item));
        let form = table.map_or(conflict.form_id.as_str(), |table| table.title.as_str());
        let item = column.map_or("an item", |column| column.label.as_str());
        let group =
            conflict.ward.as_ref().and_then(|ward| study.ward_group(ward)).map(|group| group.label.as_str());
        let words = |claim: &crate::Claim| {
            let value = match claim.value.missing() {
                Some(missing) => missing.code().replace('_', " "),
                None => {
                    let text = claim.value.to_text();
                    let choice = column.and_then(|c| c.choices.iter().find(|choice| choice.code == text));
                    choice.map_or(text, |choice| choice.label.clone())
                }
            };
            (format!("{}, {}", claim.role, claim.device), value)
        };
        let mut claims: Vec<(String, String)> = conflict.claims.iter().map(words).collect();
        claims.sort();
        ConflictInWords {
            what: format!("{form}: {item} ({})", group.unwrap_or("ward group not known")),
            claims,
            settled: conflict.settled.as_ref().map(words),
        }
    }
}
