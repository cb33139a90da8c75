//! A small study with real workbooks, and a source that holds its rows in memory.

#![allow(dead_code, reason = "each test program uses its own part")]

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use nightjar_evaluate::{
    Case, Claim, FactConflict, Output, Position, Published, PublishedFiles, Received, Refused, Row, Source,
    SourceFailure, Stop,
};
use nightjar_form::{CellKey, Instrument, ItemKey, Missing, Value};
use nightjar_record::study::{DataOrigin, Phase, Study, Voice};
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

pub(crate) const STUDY: &str = include_str!("../fixtures/study.toml");
pub(crate) const PROTECTED: &str = include_str!("../fixtures/protected_sleep.csv");
pub(crate) const INCIDENTS: &str = include_str!("../fixtures/incidents.csv");
pub(crate) const HYPNOTICS: &str = include_str!("../fixtures/hypnotics.csv");
/// Stands in every text, so that a test can look for it.
pub(crate) const CANARY: &str = "canary in the coal mine";

pub(crate) fn published(protected: &str) -> Published {
    Published::read(PublishedFiles {
        protected_sleep: Some(protected.as_bytes()),
        incidents: Some(INCIDENTS.as_bytes()),
        hypnotics: Some(HYPNOTICS.as_bytes()),
    })
    .unwrap()
}

/// Files by name.
#[derive(Debug, Default)]
pub(crate) struct Memory(pub(crate) BTreeMap<String, Vec<u8>>);

impl Memory {
    pub(crate) fn text(&self, name: &str) -> &str {
        std::str::from_utf8(&self.0[name]).unwrap()
    }
}

impl Output for Memory {
    fn file(
        &mut self,
        name: &str,
        fill: &mut dyn FnMut(&mut dyn Write) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let mut bytes = Vec::new();
        fill(&mut bytes)?;
        assert!(self.0.insert(name.to_owned(), bytes).is_none(), "{name} is written twice");
        Ok(())
    }
}

pub(crate) struct InMemory {
    pub(crate) study: Study,
    pub(crate) instruments: Vec<Arc<Instrument>>,
    pub(crate) rows: Vec<Row>,
    pub(crate) cases: Vec<Case>,
    pub(crate) conflicts: Vec<FactConflict>,
}

impl Source for InMemory {
    fn study(&self) -> &Study {
        &self.study
    }

    fn instruments(&self) -> &[Arc<Instrument>] {
        &self.instruments
    }

    fn rows(
        &self,
        form_id: &str,
        each: &mut dyn FnMut(Row) -> Result<(), Stop>,
    ) -> Result<(), SourceFailure> {
        for row in self.rows.iter().filter(|row| row.form_id == form_id) {
            each(row.clone())?;
        }
        Ok(())
    }

    fn cases(&self) -> Result<Vec<Case>, SourceFailure> {
        Ok(self.cases.clone())
    }

    fn conflicts(&self) -> Result<Vec<FactConflict>, SourceFailure> {
        Ok(self.conflicts.clone())
    }

    fn received(&self) -> Vec<Received> {
        vec![
            Received { tablet: "Tablet 2".into(), received: 7, expected: Some(8) },
            Received { tablet: "Tablet 1".into(), received: 31, expected: Some(31) },
        ]
    }
}

pub(crate) fn study(change: impl Fn(String) -> String) -> Study {
    Study::from_toml("study.toml", &change(STUDY.to_owned())).unwrap()
}

type Sheet<'a> = &'a [&'a [&'a str]];

fn workbook(survey: Sheet<'_>, choices: Sheet<'_>, settings: Sheet<'_>) -> Instrument {
    let mut book = Workbook::new();
    // The time it was made at would make each a version of its own.
    let made = ExcelDateTime::from_ymd(2026, 1, 1).unwrap();
    book.set_properties(&DocProperties::new().set_creation_datetime(&made));
    for (name, lines) in [("survey", survey), ("choices", choices), ("settings", settings)] {
        let sheet = book.add_worksheet().set_name(name).unwrap();
        for (row, line) in lines.iter().enumerate() {
            for (column, text) in line.iter().enumerate() {
                sheet.write_string(row as u32, column as u16, *text).unwrap();
            }
        }
    }
    Instrument::from_workbook("test.xlsx", &book.save_to_buffer().unwrap()).unwrap()
}

fn settings(form: &'static str, version: &'static str) -> [[&'static str; 4]; 2] {
    [
        ["form_title", "form_id", "version", "nightjar::wording_status"],
        ["A form", form, version, "Draft: nobody has reviewed it"],
    ]
}

const SLEPT: Sheet<'static> = &[
    &["list_name", "name", "label::English (en)", "nightjar::missing"],
    &["slept", "well", "Well", ""],
    &["slept", "so_so", "So-so", ""],
    &["slept", "badly", "Badly", ""],
    &["slept", "declined", "Rather not say", "declined"],
    &["woke", "noise", "Noise", ""],
    &["woke", "light", "Light", ""],
    &["outcome", "yes", "Yes", ""],
    &["outcome", "no", "No", ""],
    &["outcome", "not_today", "Not today", ""],
    &["calm", "calmer", "Calmer", ""],
    &["calm", "same", "The same", ""],
];

pub(crate) fn instruments() -> Vec<Arc<Instrument>> {
    let head: &[&str] = &["type", "name", "label::English (en)", "nightjar::risk_disclosure_plan"];
    let form = |id, version, survey: &[&[&str]]| {
        let settings = settings(id, version);
        let settings: Vec<&[&str]> = settings.iter().map(|line| line.as_slice()).collect();
        Arc::new(workbook(survey, SLEPT, &settings))
    };
    let slept = ["select_one slept", "slept", "How did you sleep here last night?", ""];
    let better = ["text", "better", "What would make nights better?", "first-reader"];
    vec![
        form("encounter", "1", &[head, &["select_one outcome", "outcome", "What came of it?", ""]]),
        form("patient-core", "1", &[head, &slept, &better]),
        form(
            "patient-core",
            "2",
            &[head, &slept, &["select_multiple woke", "woke", "What woke you?", ""], &better],
        ),
        form("staff", "1", &[head, &["select_one calm", "calm", "Nights are", ""]]),
        form(
            "ward-night",
            "1",
            &[
                head,
                &["date", "night", "Evening of the night", ""],
                &["integer", "in_bed", "In bed at midnight", ""],
            ],
        ),
    ]
}

/// Offers that say whom they were made to.
pub(crate) fn encounter_with_respondent() -> Arc<Instrument> {
    let settings = settings("encounter", "2");
    let settings: Vec<&[&str]> = settings.iter().map(|line| line.as_slice()).collect();
    let survey: Sheet<'_> = &[
        &["type", "name", "label::English (en)"],
        &["select_one respondent", "respondent", "Who was it about?"],
    ];
    let choices: Sheet<'_> = &[
        &["list_name", "name", "label::English (en)"],
        &["respondent", "patient", "Somebody staying on the ward"],
        &["respondent", "carer", "A family member or friend"],
        &["respondent", "staff", "Somebody working on the ward"],
    ];
    Arc::new(workbook(survey, choices, &settings))
}

pub(crate) fn cell(item: &str, value: Value) -> (CellKey, Vec<Value>) {
    (CellKey::from(ItemKey::of(item)), vec![value])
}

pub(crate) fn one(item: &str, code: &str) -> (CellKey, Vec<Value>) {
    cell(item, Value::One(code.into()))
}

pub(crate) fn row(instrument: &Instrument, number: usize, ward: &str, phase: Phase, role: &str) -> Row {
    Row {
        trace: format!("{:032x}", (number as u128).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        form_id: instrument.form_id().to_owned(),
        version: instrument.hash(),
        ward: Some(ward.to_owned()),
        role: Some(role.to_owned()),
        phase: Some(phase),
        week: Some(format!("2026-W{:02}", number % 20 + 1)),
        part_of_day: Some("morning".into()),
        language: Some("en".into()),
        cells: vec![],
        provenance: DataOrigin::Simulated,
    }
}

/// 90 answers of patients, 100 offers, 9 nurses and 14 doctors, ward nights, one decision and one settled conflict.
pub(crate) fn source() -> InMemory {
    let instruments = instruments();
    let [encounter, old, new, staff, night] = [0, 1, 2, 3, 4].map(|i: usize| Arc::clone(&instruments[i]));
    let mut rows = Vec::new();
    for n in 0..100 {
        let mut row = row(&encounter, n, if n % 3 == 0 { "oak" } else { "maple" }, phase(n), "nurse");
        row.cells.push(one("outcome", ["yes", "yes", "yes", "no", "not_today"][n % 5]));
        rows.push(row);
    }
    for n in 0..90 {
        let version = if n % 4 == 0 { &old } else { &new };
        let mut row = row(version, 1000 + n, if n % 3 == 0 { "oak" } else { "maple" }, phase(n), "patient");
        let slept = match n % 10 {
            0..=4 => one("slept", "well"),
            5..=7 => one("slept", "so_so"),
            8 => one("slept", "badly"),
            _ => cell("slept", Value::Missing(Missing::Declined)),
        };
        row.cells.push(slept);
        if n % 4 != 0 {
            let woke = if n % 2 == 0 { vec!["noise".into()] } else { vec!["noise".into(), "light".into()] };
            row.cells.push(cell("woke", Value::Many(woke)));
        }
        row.cells.push(match n % 6 {
            0 => cell("better", Value::Text(format!("={CANARY} {n}"))),
            _ => cell("better", Value::Missing(Missing::NotAnswered)),
        });
        rows.push(row);
    }
    for n in 0..23 {
        let mut row = row(&staff, 2000 + n, "maple", phase(n), if n < 9 { "nurse" } else { "doctor" });
        row.cells.push(one("calm", if n % 3 == 0 { "same" } else { "calmer" }));
        rows.push(row);
    }
    for n in 0..10 {
        let mut row = row(&night, 3000 + n, "maple", phase(n), "nurse");
        row.cells.push(cell("in_bed", Value::Integer(12 + n as i64)));
        if n == 4 {
            row.cells[0].1.push(Value::Integer(15));
        }
        rows.push(row);
    }
    let position =
        |role: &str, voice, stance: &str| Position { role: role.into(), voice, stances: vec![stance.into()] };
    let cases = vec![Case {
        label: "case-under-the-blue-folder".into(),
        ward: Some("maple".into()),
        phase: Some(Phase::Live),
        outcomes: vec!["Balanced, disagreement held".into()],
        positions: vec![
            position("Patient", Voice::Patient, "For"),
            position("Nurse", Voice::Staff, "Against"),
            position("Doctor", Voice::Staff, "For"),
        ],
        provenance: DataOrigin::Simulated,
    }];
    let claim = |value, device: &str| Claim {
        value: Value::Integer(value),
        device: device.into(),
        role: "Nurse".into(),
    };
    let conflicts = vec![FactConflict {
        form_id: "ward-night".into(),
        cell: CellKey::from(ItemKey::of("in_bed")),
        ward: Some("maple".into()),
        claims: vec![claim(14, "Tablet 1"), claim(15, "Tablet 2")],
        settled: Some(claim(15, "Evaluator")),
        provenance: DataOrigin::Simulated,
    }];
    InMemory { study: study(|s| s), instruments, rows, cases, conflicts }
}

fn phase(n: usize) -> Phase {
    if n.is_multiple_of(2) { Phase::Baseline } else { Phase::Live }
}
