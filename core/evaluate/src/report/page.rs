use maud::{DOCTYPE, Markup, PreEscaped, html};
use nightjar_record::study::{GovernanceClass, Study};

use super::parts::origin;
use super::{answers, decisions, incidents, medicines, participation, protected_sleep, quality, texts};
use crate::Received;
use crate::figure::FigureOrigin;
use crate::findings::{Findings, StudyFindings};

const STYLE: &str = include_str!("style.css");

/// The whole page.
pub(super) fn page(study: &Study, findings: &Findings, received: &[Received]) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en-GB" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="referrer" content="no-referrer";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { (study.title) ": report" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                a.skip href="#main" { "Skip to the report" }
                header { (opening(study, findings)) }
                nav aria-label="Contents" { (contents(findings)) }
                main #main tabindex="-1" {
                    (how_to_read(study, findings))
                    @for found in &findings.studies { (one_origin(study, findings, found)) }
                    @if findings.studies.is_empty() {
                        h2 #study { "Answers from this study" }
                        p { "No records have arrived yet. Denominators: not known." }
                    }
                    (published(findings))
                    (quality::section(study, findings, received))
                }
                footer {
                    p { "Study “" (study.id) "”, version " (study.version) ". Every figure on this page, with its \
                        numerator, denominator and method, is in " code { "export/figures.csv" } "." }
                    @if findings.policy.is_raw() { (stamp()) }
                }
            }
        }
    }
}

fn stamp() -> Markup {
    html! { p.stamp { "Internal: counts are not suppressed. Do not share, copy or publish." } }
}

fn opening(study: &Study, findings: &Findings) -> Markup {
    let class = match study.governance_class {
        GovernanceClass::ServiceEvaluation => "Service evaluation",
        GovernanceClass::Audit => "Audit",
        GovernanceClass::Research => "Research",
    };
    let has = |wanted: FigureOrigin| findings.studies.iter().any(|found| found.origin == wanted);
    html! {
        @if findings.policy.is_raw() { (stamp()) }
        p { (class) " · registration: " (study.registration) }
        h1 { (study.title) }
        p { "What people on the wards, their families and staff said about nights, and what was counted; beside it, \
            what has been published before. For the people who run, use and work on the wards." }
        @if has(FigureOrigin::Simulated) {
            p.simulated role="note" {
                strong { "Simulated answers." } " The answers in this report come from a computer simulation that \
                shows how the report works. Nobody gave them. They say nothing about any ward."
            }
        }
        @if has(FigureOrigin::Simulated) && has(FigureOrigin::Own) {
            p.note { "Answers from people and simulated answers are kept apart: no table or chart holds both." }
        }
    }
}

fn contents(findings: &Findings) -> Markup {
    html! {
        h2 { "Contents" }
        ol {
            li { a href="#how" { "How to read this" } }
            @for found in &findings.studies {
                @let code = found.origin.code();
                @let name = super::parts::origin_label(found.origin);
                li { a href={ "#" (code) "-participation" } { (name) ": who was asked" } }
                li { a href={ "#" (code) "-answers" } { (name) ": what they said" } }
                li { a href={ "#" (code) "-texts" } { (name) ": what they wrote" } }
                li { a href={ "#" (code) "-decisions" } { (name) ": decisions and disagreement" } }
            }
            li { a href="#published" { "Published figures" } }
            li { a href="#quality" { "What cannot be said, and how good the data are" } }
        }
    }
}

fn how_to_read(study: &Study, findings: &Findings) -> Markup {
    html! {
        section aria-labelledby="how" {
            h2 #how { "How to read this" }
            ul {
                li { "Each figure says out of how many. Where nobody counted, it says “not known”." }
                li { "The numbers in brackets or below a figure are a 95 % interval: how far the figure could be off by \
                    chance alone. A wide interval means: we cannot tell." }
                li { strong { "*" } " means that a number is kept back so that nobody can be recognised. " (findings.policy.in_words())
                    " Further numbers are kept back where a subtraction would give them away." }
                li { "Percentages of answers are worked out from the printed counts, so they can be off by a little." }
                li { "Three kinds of figures never share a table or a chart: published figures, answers from people in this \
                    study, and simulated answers. Each section says which it is." }
                li { "Night is " (study.night_window.from.strftime("%H:%M")) " to " (study.night_window.until.strftime("%H:%M"))
                    ", local time." }
            }
            p { "Disclosure policy: " code { (findings.policy.rule().code()) } ", version " (study.disclosure.version) "." }
        }
    }
}

fn one_origin(study: &Study, findings: &Findings, found: &StudyFindings) -> Markup {
    html! {
        (participation::section(findings, found))
        (answers::section(found))
        (texts::section(study, found))
        (decisions::section(found))
    }
}

fn published(findings: &Findings) -> Markup {
    html! {
        section aria-labelledby="published" {
            h2 #published { "Published figures" }
            p.published { (origin(FigureOrigin::Published)) " Restated from a publication, which is named with each table. They \
                are not answers collected in this study, and they are printed as published." }
            (protected_sleep::section(&findings.published))
            (incidents::section(&findings.published))
            (medicines::section(&findings.published))
        }
    }
}
