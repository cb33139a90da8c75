use maud::{Markup, html};
use nightjar_record::study::Study;

use super::parts::table;
use crate::Received;
use crate::findings::{Findings, PublishedFindings};

/// What cannot be said, and how good the data are.
pub(super) fn section(study: &Study, findings: &Findings, received: &[Received]) -> Markup {
    html! {
        section aria-labelledby="quality" {
            h2 #quality { "What cannot be said, and how good the data are" }
            h3 { "What cannot be said" }
            ul {
                li { "Whether the change of practice caused any difference: wards were not chosen by chance, and other things changed too." }
                li { "Anything about people who were not asked, or could not answer: how many there were is not known." }
                li { "Rates of the published incidents or medicines: no bed days were published, so exposure is assumed equal." }
                li { "What people meant in their own words: no text has had its first reading." }
                li { "Whether protected sleep is safe for people it was not offered to: those on it were chosen because it was thought safer for them." }
            }
            h3 { "Checks on the published figures" }
            @if findings.published.warnings.is_empty() { p { "Nothing stood out." } }
            @else { ul { @for warning in &findings.published.warnings { li { (warning) } } } }
            (flags(&findings.published))
            (arrived(received))
            (wording(findings))
            h3 { "When are these figures final?" }
            p { "People can take their answers out until " (study.data_lock.strftime("%-d %B %Y")) ". Tables are final after that day." }
        }
    }
}

fn flags(published: &PublishedFindings) -> Markup {
    let mut flags: Vec<_> = published.sources.iter().flat_map(|set| &set.flags).collect();
    flags.sort_by_key(|flag| flag.number);
    html! {
        @if !flags.is_empty() {
            h4 { "Where the publication contradicts itself" }
            ol { @for flag in flags { li value=(flag.number) { (flag.text) } } }
        }
    }
}

fn arrived(received: &[Received]) -> Markup {
    let mut lines: Vec<&Received> = received.iter().collect();
    lines.sort_by(|a, b| a.tablet.cmp(&b.tablet));
    html! {
        h3 { "Has everything arrived?" }
        @if lines.is_empty() { p { "No tablet has sent anything yet." } } @else {
            (table(
                "Received from each tablet",
                "Sealed messages, not people. What a tablet has not sent yet is not counted here.",
                &[("Tablet", false), ("Received", true), ("Sent by its own count", true), ("Complete", false)],
                html! {
                    @for line in lines {
                        tr { th scope="row" { (line.tablet) } td.n { (line.received) }
                            td.n { @match line.expected { Some(n) => (n), None => "not known" } }
                            td { @match line.expected { Some(n) if n == line.received => "yes", Some(_) => "no", None => "not known" } } }
                    }
                },
            ))
        }
    }
}

fn wording(findings: &Findings) -> Markup {
    html! {
        h3 { "Who has been through the wording?" }
        (table(
            "Wording of the forms",
            "A form that nobody who would answer it has reviewed may not ask what it means to ask.",
            &[("Form", false), ("Versions", false), ("Wording", false)],
            html! {
                @for form in &findings.tables {
                    tr { th scope="row" { (form.title) }
                        td { @if form.versions.is_empty() { "none used" } @else {
                            (form.versions.iter().map(|v| v.name.as_str()).collect::<Vec<_>>().join(", ")) } }
                        td { (form.wording_status) } }
                }
            },
        ))
    }
}

/// The source of a published data set, its licence and what must be said beside it.
pub(super) fn source_of(found: &PublishedFindings, file: &str) -> Markup {
    html! {
        @match found.source(file) {
            Some(set) => {
                p { small { "Source: " (set.citation) " " (set.place) ". doi:" (set.doi) ". Licence: " (set.licence) } }
                @if !set.caveats.is_empty() { ul { @for caveat in &set.caveats { li { (caveat) } } } }
            }
            None => { p { small { "Source: not stated in the study document." } } }
        }
    }
}
