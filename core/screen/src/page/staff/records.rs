//! Records of the ward to read, and positions beside what was decided.

use maud::{Markup, html};
use nightjar::{CellView, Failure, RecordView, RecordsRequest};

use super::Drawn;

/// Records on one page.
pub(crate) const PAGE: u32 = 20;

pub(super) fn draw(drawn: &Drawn<'_>, form_id: &str, after: Option<&str>) -> Result<Markup, Failure> {
    let texts = drawn.texts;
    let request = RecordsRequest {
        form_id: Some(form_id.to_owned()),
        ward: Some(drawn.place.ward.clone()),
        limit: Some(PAGE),
        after: after.map(str::to_owned),
        ..RecordsRequest::default()
    };
    let records = drawn.tablet.records(request)?;
    let forms = drawn.tablet.forms()?;
    let form = forms.iter().find(|form| form.form_id == form_id);
    let next = records.last().filter(|_| records.len() == PAGE as usize).map(|record| &record.id);
    Ok(html! {
        h1 { (form.map_or(form_id, |form| &form.title)) }
        p { (drawn.frame.wording.not_the_care_record) }
        @if records.is_empty() { p { (texts.none_yet) } }
        @for record in &records { (told(drawn, record)) }
        @if let Some(next) = next {
            p { button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("go:records:{form_id}:{next}")) { (texts.more) } }
        }
    })
}

fn told(drawn: &Drawn<'_>, record: &RecordView) -> Markup {
    html! {
        section .record {
            @if let Some(natural) = &record.natural_key { h2 { (named(drawn, natural)) } }
            dl .nhsuk-summary-list {
                @for cell in record.cells.iter().filter(|cell| !cell.label.is_empty()) { (line(drawn, cell)) }
            }
            p {
                button .bare name="do" value=(format!("correct:{}", record.id)) {
                    (drawn.texts.correct) @if let Some(natural) = &record.natural_key { span .only-read { ": " (named(drawn, natural)) } }
                }
            }
        }
    }
}

/// One record, line by line, with a field for what should stand there instead.
pub(super) fn correct(drawn: &Drawn<'_>, record: &RecordView) -> Markup {
    let texts = drawn.texts;
    html! {
        h1 { (texts.correct_title) }
        @if let Some(natural) = &record.natural_key { h2 { (named(drawn, natural)) } }
        p { (texts.correct_lead) }
        @for (at, cell) in record.cells.iter().enumerate() {
            @if correctable(cell) {
                section .record {
                    p { strong { (cell.label) } }
                    @for value in &cell.values { p { (drawn.frame.day(&value.text)) } }
                    div .nhsuk-form-group {
                        label .nhsuk-label for=(format!("new{at}")) { (texts.correct_to) span .only-read { ": " (cell.label) } }
                        input .nhsuk-input.nhsuk-input--width-10 #(format!("new{at}")) type="text" name=(format!("new{at}")) maxlength="4000" autocomplete="off";
                    }
                    button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("amend:{at}")) {
                        (texts.correct_now) span .only-read { ": " (cell.label) }
                    }
                }
            }
        }
        p { button .bare name="do" value=(format!("go:records:{}", record.form_id)) { (texts.back_to_records) } }
    }
}

/// What one value stands in, and nobody disputes.
pub(crate) fn correctable(cell: &CellView) -> bool {
    !cell.label.is_empty() && !cell.in_conflict && cell.values.len() == 1
}

/// What makes a record the only one, as people say it: the ward's name, days as they are written.
pub(super) fn named(drawn: &Drawn<'_>, natural: &str) -> String {
    let said = natural.split(" / ").map(|part| match part == drawn.place.ward {
        true => drawn.place.name.clone(),
        false => drawn.frame.day(part),
    });
    said.collect::<Vec<_>>().join(", ")
}

fn line(drawn: &Drawn<'_>, cell: &CellView) -> Markup {
    html! {
        div .nhsuk-summary-list__row {
            dt .nhsuk-summary-list__key { (cell.label) }
            dd .nhsuk-summary-list__value {
                @for value in &cell.values { p { (drawn.frame.day(&value.text)) } }
                @if cell.in_conflict { span .nhsuk-error-message { (drawn.texts.in_conflict) } }
            }
        }
    }
}

/// Positions beside what was decided, case by case.
pub(super) fn voices(drawn: &Drawn<'_>) -> Result<Markup, Failure> {
    let texts = drawn.texts;
    // Of this ward alone: every tablet holds the records of all of them, and two wards may use the same label.
    let mut cases = drawn.tablet.dissensus()?;
    cases.retain(|case| case.ward == drawn.place.ward);
    Ok(html! {
        h1 { (texts.voices_title) }
        p { (texts.voices_lead) }
        @if cases.is_empty() { p { (texts.none_yet) } }
        @for case in &cases {
            section .record {
                h2 { (case.case) }
                p {
                    strong {
                        @if case.differs { (texts.voices_differ) }
                        @else if case.positions.len() < 2 { (texts.voices_one) }
                        @else { (texts.voices_agree) }
                    }
                }
                h3 { (texts.voices_outcome) }
                @if let Some(outcome) = &case.outcome { (cells(drawn, outcome)) } @else { p { (texts.voices_open) } }
                @for position in &case.positions {
                    h3 { (texts.voices_position) }
                    (cells(drawn, position))
                }
            }
        }
    })
}

fn cells(drawn: &Drawn<'_>, record: &RecordView) -> Markup {
    html! {
        dl .nhsuk-summary-list {
            @for cell in record.cells.iter().filter(|cell| !cell.label.is_empty()) { (line(drawn, cell)) }
        }
    }
}
