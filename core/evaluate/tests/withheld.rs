//! What the report adds up or divides by is counted as carefully as what it counts.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use common::{Memory, PROTECTED, cell, encounter_with_respondent, one, published, row, source};
use nightjar_evaluate::{Options, export, report};
use nightjar_form::Value;
use nightjar_record::study::Phase;

/// Only ward nights: so many of each ward, each with 37 in bed.
fn nights(maple: usize, oak: usize) -> common::InMemory {
    let mut source = source();
    (source.rows, source.cases, source.conflicts) = (vec![], vec![], vec![]);
    let night = Arc::clone(&source.instruments[4]);
    for n in 0..maple + oak {
        let mut row = row(&night, n, if n < maple { "maple" } else { "oak" }, Phase::Live, "nurse");
        row.cells.push(cell("in_bed", Value::Integer(37)));
        source.rows.push(row);
    }
    source
}

fn html(source: &common::InMemory) -> String {
    let mut out = Memory::default();
    report(source, &published(PROTECTED), &Options::default(), &mut out).unwrap();
    out.text("report.html").to_owned()
}

/// Numerator and denominator by id, as `figures.csv` has them.
fn figures(source: &common::InMemory) -> BTreeMap<String, (String, String)> {
    let mut out = Memory::default();
    export(source, &published(PROTECTED), &Options::default(), &mut out).unwrap();
    let name = out.0.keys().find(|name| name.ends_with("figures.csv")).unwrap().clone();
    let mut csv = csv::Reader::from_reader(out.0[&name].as_slice());
    csv.records()
        .map(|line| line.unwrap())
        .map(|line| (line[0].to_owned(), (line[3].to_owned(), line[4].to_owned())))
        .collect()
}

#[test]
fn the_sum_over_one_ward_night_is_not_printed() {
    let study = nights(1, 0);
    let html = html(&study);
    let own = html.split_once("In bed at midnight").unwrap().1.split_once("</table>").unwrap().0;
    assert!(own.contains(">*<") && !own.contains(">37<") && !own.contains(">35<"), "the sum over one night");
    assert!(!html.contains("1 record"), "the number of records added up");
    assert!(html.contains("Sum over * records with a number"));
    let sums: Vec<_> = figures(&study).into_iter().filter(|(id, _)| id.contains(".in_bed.")).collect();
    assert!(!sums.is_empty());
    assert!(sums.iter().all(|(_, (n, _))| n == "*"), "{sums:?}");
}

#[test]
fn no_printed_sum_stands_beside_a_suppressed_count() {
    let mut printed = 0;
    for maple in 0..9 {
        for oak in (0..9).filter(|oak| maple + oak > 0) {
            let figures = figures(&nights(maple, oak));
            let part = |line: &str, what: &str| {
                figures.get(&format!("simulated.ward-night.in_bed.{line}.{what}")).map(|(n, _)| n.as_str())
            };
            let lines = ["ward-group.acute", "ward-group.other"];
            for line in lines.iter().chain(&["all"]) {
                let (sum, records) = (part(line, "n").unwrap(), part(line, "records").unwrap());
                assert!(sum == "*" || records != "*", "{line} of {maple} and {oak}: {sum} over {records}");
                printed += usize::from(sum != "*");
            }
            let all_or_none = lines.map(|line| part(line, "n").unwrap() == "*");
            assert_eq!(all_or_none[0], all_or_none[1], "one of {maple} and {oak} follows from the other");
        }
    }
    assert!(printed > 20, "sums over enough records are printed");
}

#[test]
fn responses_are_out_of_the_offers_to_those_who_may_answer() {
    let without = figures(&source());
    let denominator = |of: &BTreeMap<String, (String, String)>, form: &str| {
        of[&format!("simulated.participation.responses.{form}")].1.clone()
    };
    assert_eq!(denominator(&without, "patient-core"), "not known", "offers do not say to whom");
    let mut source = source();
    source.instruments[0] = encounter_with_respondent();
    let version = source.instruments[0].hash();
    // 100 offers: 60 to patients, 10 to carers, 30 to staff.
    for (n, row) in source.rows.iter_mut().filter(|row| row.form_id == "encounter").enumerate() {
        let group = [
            "patient", "patient", "patient", "staff", "patient", "patient", "patient", "staff", "staff",
            "carer",
        ];
        row.version = version;
        row.cells = vec![one("respondent", group[n % 10])];
    }
    let with = figures(&source);
    assert_eq!(denominator(&with, "patient-core"), "60");
    assert_eq!(denominator(&with, "staff"), "30");
    assert_eq!(with["simulated.participation.offers"].0, "100");
    assert!(html(&source).contains("offers logged: Somebody staying on the ward"));
}
