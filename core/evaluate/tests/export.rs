//! The files an evaluator takes away.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod common;

use std::collections::BTreeSet;

use common::{CANARY, Memory, PROTECTED, published, source};
use nightjar_evaluate::{FreeText, Options, Published, Row, Source, SourceFailure, Stop, export};

fn files(options: &Options) -> Memory {
    let mut out = Memory::default();
    export(&source(), &published(PROTECTED), options, &mut out).unwrap();
    out
}

fn records(text: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(text.as_bytes()).records().map(Result::unwrap).collect()
}

fn column(text: &str, name: &str) -> usize {
    csv::Reader::from_reader(text.as_bytes()).headers().unwrap().iter().position(|h| h == name).unwrap()
}

#[test]
fn figures_do_not_depend_on_record_ids_or_order() {
    let mut other = source();
    other.rows.reverse();
    for (number, row) in other.rows.iter_mut().enumerate() {
        row.trace = format!("other-{number}");
    }
    other.cases[0].label = "another".into();
    let mut out = Memory::default();
    export(&other, &published(PROTECTED), &Options::default(), &mut out).unwrap();
    assert_eq!(out.text("export/figures.csv"), files(&Options::default()).text("export/figures.csv"));
}

#[test]
fn row_level_lines_are_in_the_order_of_their_content() {
    let mut other = source();
    other.rows.reverse();
    let mut out = Memory::default();
    export(&other, &published(PROTECTED), &Options::default(), &mut out).unwrap();
    let name = "export/patient-core.internal.csv";
    assert_eq!(out.text(name), files(&Options::default()).text(name));
}

#[test]
fn figure_ids_are_unique_and_every_line_says_where_it_comes_from() {
    let out = files(&Options::default());
    let text = out.text("export/figures.csv");
    let (id, source, suppressed) = (column(text, "id"), column(text, "source"), column(text, "suppressed"));
    let lines = records(text);
    let ids: BTreeSet<&str> = lines.iter().map(|line| &line[id]).collect();
    assert_eq!(ids.len(), lines.len());
    assert!(lines.iter().all(|line| matches!(&line[source], "published" | "simulated")));
    assert!(lines.iter().any(|line| &line[suppressed] == "yes"));
    assert!(lines.iter().all(|line| line[id].starts_with(&line[source])));
}

#[test]
fn a_suppressed_figure_has_no_value_and_no_interval() {
    let out = files(&Options::default());
    let text = out.text("export/figures.csv");
    for line in records(text).iter().filter(|line| &line[column(text, "suppressed")] == "yes") {
        for name in ["value", "lower", "upper", "interval"] {
            assert_eq!(&line[column(text, name)], "", "{line:?}");
        }
    }
}

#[test]
fn no_count_of_people_below_the_rule_is_printed_in_any_figure() {
    let out = files(&Options::default());
    let text = out.text("export/figures.csv");
    for line in records(text).iter().filter(|line| &line[column(text, "source")] == "simulated") {
        // Conflicts are counts of facts, not of people.
        if line[0].contains(".conflicts.") {
            continue;
        }
        for name in ["numerator", "denominator"] {
            if let Ok(n) = line[column(text, name)].parse::<u64>() {
                assert!(n >= 5 && n % 5 == 0, "{line:?}");
            }
        }
    }
}

#[test]
fn the_acceptance_figures_are_in_figures_csv() {
    let out = files(&Options::default());
    let text = out.text("export/figures.csv");
    let value = |wanted: &str| {
        let lines = records(text);
        let line = lines.iter().find(|line| &line[0] == wanted).unwrap_or_else(|| panic!("{wanted}"));
        line[column(text, "value")].to_owned()
    };
    assert_eq!(value("published.protected-sleep.pooled"), "46.4");
    assert_eq!(value("published.protected-sleep.mean-of-wards"), "49.8");
    assert_eq!(value("published.hypnotics.all-together.tablets"), "-24.3");
    assert_eq!(value("published.hypnotics.all-together.defined-daily-doses"), "-23.7");
}

#[test]
fn what_people_wrote_is_held_back_until_its_first_reading() {
    let out = files(&Options::default());
    assert!(out.0.iter().all(|(_, bytes)| !String::from_utf8_lossy(bytes).contains(CANARY)));
    assert!(out.text("export/patient-core.internal.csv").contains("held_back"));
    let out = files(&Options { free_text: FreeText::ForFirstReader, ..Options::default() });
    let holding: Vec<&str> = out
        .0
        .iter()
        .filter(|(_, bytes)| String::from_utf8_lossy(bytes).contains(CANARY))
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(holding, ["export/first-reading.internal.csv"]);
    let text = out.text("export/first-reading.internal.csv");
    assert!(text.contains("'=canary"), "a text never runs as a formula");
    assert!(source().rows.iter().all(|row| !text.contains(&row.trace)), "no way back to the other answers");
}

#[test]
fn a_table_spans_all_versions_and_marks_what_a_version_did_not_ask() {
    let out = files(&Options::default());
    let text = out.text("export/patient-core.internal.csv");
    let lines = records(text);
    assert_eq!(lines.len(), 90);
    let (version, woke) = (column(text, "version"), column(text, "woke"));
    assert!(lines.iter().all(|line| (&line[version] == "1") == line[woke].is_empty()));
    let slept = column(text, "slept");
    assert_eq!(lines.iter().filter(|line| &line[slept] == "declined").count(), 9);
}

#[test]
fn an_unsettled_conflict_is_marked_and_both_claims_are_kept() {
    let out = files(&Options::default());
    let text = out.text("export/ward-night.internal.csv");
    let (value, missing) = (column(text, "in_bed"), column(text, "in_bed__missing"));
    let unsettled: Vec<_> = records(text).into_iter().filter(|line| &line[missing] == "unsettled").collect();
    assert_eq!(unsettled.len(), 1);
    assert_eq!(&unsettled[0][value], "");
    let claims = records(out.text("export/conflicts.internal.csv"));
    assert_eq!(claims.len(), 3, "two claims and the settlement");
    assert_eq!(records(out.text("export/positions.internal.csv")).len(), 3);
}

#[test]
fn the_codebook_knows_every_column_of_every_file() {
    let out = files(&Options::default());
    let codebook = out.text("export/codebook.csv");
    let known: BTreeSet<(String, String)> =
        records(codebook).iter().map(|line| (line[0].to_owned(), line[1].to_owned())).collect();
    for form in ["encounter", "patient-core", "staff", "ward-night"] {
        let text = out.text(&format!("export/{form}.internal.csv"));
        for header in csv::Reader::from_reader(text.as_bytes()).headers().unwrap() {
            assert!(known.contains(&(form.to_owned(), header.to_owned())), "{form}: {header}");
        }
    }
    assert!(codebook.contains("Rather not say,declined"));
    assert!(codebook.contains("Draft: nobody has reviewed it"));
}

/// Makes rows as they are asked for, so that only the export can hold many.
struct Endless {
    inner: common::InMemory,
    rows: usize,
}

impl Source for Endless {
    fn study(&self) -> &nightjar_record::study::Study {
        self.inner.study()
    }

    fn instruments(&self) -> &[std::sync::Arc<nightjar_form::Instrument>] {
        self.inner.instruments()
    }

    fn rows(&self, form: &str, each: &mut dyn FnMut(Row) -> Result<(), Stop>) -> Result<(), SourceFailure> {
        let model: Vec<&Row> = self.inner.rows.iter().filter(|row| row.form_id == form).collect();
        for number in 0..if form == "patient-core" { self.rows } else { 0 } {
            let mut row = model[number % model.len()].clone();
            row.trace = format!("{number:032}");
            each(row)?;
        }
        Ok(())
    }

    fn cases(&self) -> Result<Vec<nightjar_evaluate::Case>, SourceFailure> {
        Ok(vec![])
    }

    fn conflicts(&self) -> Result<Vec<nightjar_evaluate::FactConflict>, SourceFailure> {
        Ok(vec![])
    }

    fn received(&self) -> Vec<nightjar_evaluate::Received> {
        vec![]
    }
}

/// Counts the lines of one file and keeps nothing.
struct Counting {
    lines: usize,
}

impl nightjar_evaluate::Output for Counting {
    fn file(
        &mut self,
        name: &str,
        fill: &mut dyn FnMut(&mut dyn std::io::Write) -> Result<(), nightjar_evaluate::Refused>,
    ) -> Result<(), nightjar_evaluate::Refused> {
        struct Lines(usize);
        impl std::io::Write for Lines {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.0 += bytes.iter().filter(|&&b| b == b'\n').count();
                Ok(bytes.len())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let mut lines = Lines(0);
        fill(&mut lines)?;
        if name.ends_with("patient-core.internal.csv") {
            self.lines = lines.0;
        }
        Ok(())
    }
}

#[test]
fn more_records_than_a_run_are_all_written() {
    let source = Endless { inner: source(), rows: 120_000 };
    let mut out = Counting { lines: 0 };
    let summary = export(&source, &Published::default(), &Options::default(), &mut out).unwrap();
    assert_eq!((out.lines, summary.records), (120_001, 120_000));
}
