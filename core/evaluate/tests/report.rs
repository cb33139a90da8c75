//! The report says what it must, in a page that stands by itself.

#![allow(clippy::unwrap_used, reason = "a test may fail anywhere")]

mod common;

use common::{CANARY, Memory, PROTECTED, published, source, study};
use nightjar_evaluate::{Options, Refused, report};
use nightjar_record::study::DataOrigin;

fn html_of(source: &common::InMemory, protected: &str, options: &Options) -> String {
    let mut out = Memory::default();
    report(source, &published(protected), options, &mut out).unwrap();
    out.text("report.html").to_owned()
}

fn html() -> String {
    html_of(&source(), PROTECTED, &Options::default())
}

/// The words a reader sees, one block a line.
fn words(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    let body = html.split_once("</head>").unwrap().1;
    for c in body.chars() {
        match c {
            '<' => {
                inside = true;
                text.push('\n');
            }
            '>' => inside = false,
            _ if !inside => text.push(c),
            _ => {}
        }
    }
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    lines.join("\n")
}

#[test]
fn the_acceptance_figures_are_there_in_both_minus_signs() {
    let html = html();
    for figure in
        ["46.4", "40.3–52.6", "49.8", "\u{2212}24.3", "-24.3", "116", "250", "1.40", "8.00", "1.07–355"]
    {
        assert!(html.contains(figure), "{figure} is missing");
    }
    assert!(html.contains("1.62") && html.contains("1.44–1.82"));
    assert!(html.contains("+88.5"), "temazepam by milligram");
}

#[test]
fn another_published_count_gives_another_figure() {
    let html = html_of(&source(), &PROTECTED.replace("125,56", "125,66"), &Options::default());
    assert!(html.contains("50.4") && html.contains("51.4"));
    assert!(!html.contains("46.4") && !html.contains("49.8"));
}

#[test]
fn what_must_stand_beside_the_figures_stands_there() {
    let text = words(&html()).to_lowercase();
    for label in [
        "assumes equal exposure; no bed days were published; smoking ban in the after period; seven categories, no correction",
        "temazepam rose by milligram",
        "simulated answers",
        "not known",
        "no quotes are printed",
        "none of these texts has been marked as read",
        "draft: nobody has reviewed it",
        "only the night count fell (4 to 3); the count for all day did not (173 to 174)",
        "acute adult female 1 had 20 people and acute adult female 2 had 125",
        "the published table lists 5 wards; the study has 2",
        "the abstract says 50 %.",
        "balanced, disagreement held",
        "settled by nurse, evaluator",
    ] {
        assert!(text.contains(label), "missing: {label}");
    }
}

#[test]
fn no_answer_in_words_no_case_label_and_no_record_id_is_printed() {
    let (html, source) = (html(), source());
    assert!(!html.contains(CANARY));
    assert!(!html.contains("blue-folder"));
    assert!(source.rows.iter().all(|row| !html.contains(&row.trace)));
}

#[test]
fn peoples_own_decisions_are_rolled_up_and_never_told() {
    let mut source = source();
    source.rows.iter_mut().for_each(|row| row.provenance = DataOrigin::Own);
    source.cases.iter_mut().for_each(|case| case.provenance = DataOrigin::Own);
    source.conflicts.iter_mut().for_each(|conflict| conflict.provenance = DataOrigin::Own);
    let html = html_of(&source, PROTECTED, &Options::default());
    assert!(!html.contains("Balanced, disagreement held"));
    assert!(html.contains("on a small ward a role is a person"));
    assert!(!html.contains("Simulated answers."));
}

#[test]
fn a_small_group_of_staff_is_starred_and_small_counts_never_show() {
    let html = html();
    let staff =
        html.split("Nights, by staff").nth(2).or_else(|| html.split("Nights, by staff").nth(1)).unwrap();
    // Nine nurses answered: below the minimum of ten.
    assert!(staff.contains("*"));
    for attribute in html.split("data-value=\"").skip(1) {
        assert!(!attribute.starts_with('*'), "a suppressed value has no number to show");
    }
}

#[test]
fn unsuppressed_figures_are_only_for_the_role_the_study_names() {
    let (mut out, raw) =
        (Memory::default(), Options { raw_for_role: Some("nurse".into()), ..Options::default() });
    let refused = report(&source(), &published(PROTECTED), &raw, &mut out);
    assert!(matches!(refused, Err(Refused::NotAuthorised)));
    let mut named = source();
    named.study = study(|s| {
        s.replace("policy = \"nhs-mhsds\"", "policy = \"raw-internal\"\nauthorised_role = \"nurse\"")
    });
    let unasked = report(&named, &published(PROTECTED), &Options::default(), &mut out);
    assert!(matches!(unasked, Err(Refused::NotAuthorised)));
    assert!(out.0.is_empty(), "a refused report writes nothing");
    let html = html_of(&named, PROTECTED, &raw);
    assert!(html.matches("Internal: counts are not suppressed").count() >= 2, "stamped");
}

#[test]
fn the_page_stands_by_itself() {
    let html = html();
    for outside in ["<script", "<link", "<img", "src=", "@import", "url(", "<iframe"] {
        assert!(!html.contains(outside), "{outside}");
    }
    // XML name space and prefix are names, not addresses; nothing else may look like one.
    let addresses: Vec<&str> =
        html.match_indices("://").map(|(at, _)| &html[at.saturating_sub(5)..at + 13]).collect();
    assert!(addresses.iter().all(|a| a.contains("http://www.w3.org")), "{addresses:?}");
}

/// Elements that have no end tag.
const VOID: [&str; 4] = ["meta", "br", "hr", "!DOCTYPE"];

#[test]
fn every_element_is_closed_where_it_was_opened() {
    let html = html();
    let body = html.split_once("<style>").unwrap();
    let rest = format!(
        "{}<style>{}",
        body.0,
        body.1.split_once("</style>").map(|(_, r)| format!("</style>{r}")).unwrap()
    );
    let mut open: Vec<&str> = Vec::new();
    for tag in rest.split('<').skip(1) {
        let tag = tag.split_once('>').expect("a tag ends").0;
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap();
        if tag.starts_with('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !VOID.contains(&name) && !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn landmarks_ids_captions_and_text_alternatives_are_there() {
    let html = html();
    for part in [
        "lang=\"en-GB\"",
        "<main id=\"main\"",
        "<header",
        "<nav aria-label",
        "<footer",
        "href=\"#main\"",
        "name=\"viewport\"",
    ] {
        assert!(html.contains(part), "{part}");
    }
    assert_eq!(html.matches("<h1").count(), 1);
    let ids: Vec<&str> = html.split(" id=\"").skip(1).map(|rest| rest.split('"').next().unwrap()).collect();
    let unique: std::collections::BTreeSet<&&str> = ids.iter().collect();
    assert_eq!(ids.len(), unique.len(), "an id is there twice");
    for target in html.split("href=\"#").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(ids.contains(&target), "#{target} leads nowhere");
    }
    for label in html.split("aria-labelledby=\"").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(label.split(' ').all(|id| ids.contains(&id)), "{label}");
    }
    assert_eq!(html.matches("<table").count(), html.matches("<caption").count());
    let charts = html.matches("<svg").count();
    assert!(charts >= 3, "{charts} charts");
    assert_eq!(html.matches("<desc").count(), charts);
    assert_eq!(html.matches("role=\"img\"").count(), charts);
    assert!(html.matches("scope=\"col\"").count() > 10 && html.matches("scope=\"row\"").count() > 10);
}

#[test]
fn published_and_simulated_figures_never_share_a_table_or_chart() {
    let html = html();
    for part in ["<table", "<svg"] {
        let end = part.replace('<', "</");
        for piece in html.split(part).skip(1).map(|rest| rest.split(&end).next().unwrap()) {
            let piece = piece.to_lowercase();
            assert!(!(piece.contains("published") && piece.contains("simulated")), "{piece}");
        }
    }
}

#[test]
fn an_empty_study_still_has_a_report() {
    let mut empty = source();
    (empty.rows, empty.cases, empty.conflicts) = (vec![], vec![], vec![]);
    let html = html_of(&empty, PROTECTED, &Options::default());
    assert!(html.contains("No records have arrived yet"));
    assert!(html.contains("46.4"));
}

#[test]
fn the_report_of_the_small_study_in_words() {
    expect_test::expect_file!["fixtures/report.txt"].assert_eq(&format!("{}\n", words(&html())));
}
