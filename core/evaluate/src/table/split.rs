use std::collections::BTreeMap;

use nightjar_record::study::{Phase, Study};

use crate::Row;

/// The ways people are divided in every table: each person stands in one line of each split.
#[derive(Debug, Clone)]
pub(crate) struct Splits {
    pub(crate) all: Vec<Split>,
    ward_groups: BTreeMap<String, usize>,
    roles: BTreeMap<String, usize>,
}

/// One way to divide.
#[derive(Debug, Clone)]
pub(crate) struct Split {
    /// "ward group", "role", "phase".
    pub(crate) name: &'static str,
    /// Short stable codes of the lines, for figure ids; the last is `not-known`.
    pub(crate) codes: Vec<String>,
    /// What the lines are called.
    pub(crate) labels: Vec<String>,
    /// Which lines are printed even when nobody stands in them.
    pub(crate) always: Vec<bool>,
}

impl Split {
    fn new(name: &'static str, lines: impl Iterator<Item = (String, String, bool)>) -> Split {
        let mut split = Split { name, codes: vec![], labels: vec![], always: vec![] };
        for (code, label, always) in lines.chain([("not-known".into(), "Not known".into(), false)]) {
            split.codes.push(code);
            split.labels.push(label);
            split.always.push(always);
        }
        split
    }

    fn not_known(&self) -> usize {
        self.codes.len() - 1
    }
}

pub(crate) const WARD_GROUP: usize = 0;
pub(crate) const ROLE: usize = 1;
pub(crate) const PHASE: usize = 2;

impl Splits {
    pub(crate) fn of(study: &Study) -> Splits {
        let groups = study.ward_groups.iter().map(|group| (group.code.clone(), group.label.clone(), true));
        let roles = study.roles.iter().map(|role| (role.code.clone(), role.label.clone(), false));
        let phases = Phase::ALL.iter().map(|phase| {
            let note = if phase.counts() { "" } else { " (left out of comparisons)" };
            let planned = study.wards.iter().any(|ward| ward.phase(*phase).is_some());
            (phase.code().to_owned(), format!("{}{note}", phase.label()), planned)
        });
        let place = |code: &String| study.ward_groups.iter().position(|group| group.code == *code);
        Splits {
            ward_groups: study
                .wards
                .iter()
                .filter_map(|ward| Some((ward.code.clone(), place(&ward.group)?)))
                .collect(),
            roles: study.roles.iter().enumerate().map(|(i, role)| (role.code.clone(), i)).collect(),
            all: vec![
                Split::new("ward group", groups),
                Split::new("role", roles),
                Split::new("phase", phases),
            ],
        }
    }

    /// The line of each split a record stands in.
    pub(crate) fn lines_of(&self, row: &Row) -> [usize; 3] {
        let ward_group = row.ward.as_ref().and_then(|code| self.ward_groups.get(code)).copied();
        let role = row.role.as_ref().and_then(|code| self.roles.get(code)).copied();
        let phase = row.phase.and_then(|phase| Phase::ALL.iter().position(|p| *p == phase));
        [
            ward_group.unwrap_or(self.all[WARD_GROUP].not_known()),
            role.unwrap_or(self.all[ROLE].not_known()),
            phase.unwrap_or(self.all[PHASE].not_known()),
        ]
    }

    /// A table of zeros for each split.
    pub(crate) fn zeros(&self, columns: usize) -> Vec<Vec<Vec<u64>>> {
        self.all.iter().map(|split| vec![vec![0; columns]; split.codes.len()]).collect()
    }
}
