use maud::{Markup, html};
use nightjar_record::study::InstrumentKind;

use super::parts::{count, origin, origin_label, table, value_and_interval};
use crate::chart::{Axis, IntervalChart, Mark};
use crate::disclose::Shown;
use crate::figure::FigureOrigin;
use crate::findings::{AnswerLine, AnswerTable, FormFindings, NumberTable, StudyFindings};

/// What people answered and what was counted, form by form.
pub(super) fn section(found: &StudyFindings) -> Markup {
    let id = format!("{}-answers", found.origin.code());
    let first_response = found.forms.iter().position(|form| form.kind == Some(InstrumentKind::Response));
    html! {
        section aria-labelledby=(id) {
            h2 id=(id) { "What did people say, and what was counted?" }
            p { (origin(found.origin)) }
            p { "Answers by ward group, by role and by phase. The number of people asked the question stands in the column \
                “asked”; that is the denominator. How many people could have been asked is not known unless a table says so." }
            @for (place, form) in found.forms.iter().enumerate() {
                (one_form(form, found.origin, Some(place) == first_response))
            }
        }
    }
}

fn one_form(form: &FormFindings, of: FigureOrigin, with_chart: bool) -> Markup {
    let n = form.records.lines.first().map_or("not known".to_owned(), |line| count(line.base.numerator));
    // Positions are told in the section on decisions, where their own rule holds.
    let is_position = matches!(form.kind, Some(InstrumentKind::Position | InstrumentKind::Outcome));
    html! {
        h3 { (form.title) }
        p { (n) " records. Wording status: " (form.wording_status) "." }
        @if is_position {
            p { "See “Decisions and disagreement”: what one voice said on one decision could show who it was." }
        } @else {
            @if with_chart && let Some(question) = form.questions.first() { (chart(form, question, of)) }
            @for question in &form.questions {
                @let open = with_chart && question.name == form.questions[0].name;
                details open[open] { summary { (question.question) } (answers(question, of)) }
            }
            @for number in &form.numbers { details { summary { (number.question) } (sums(number, of)) } }
            @if form.questions.is_empty() && form.numbers.is_empty() { (records(&form.records, of)) }
        }
        @if let Some(unsettled) = form.unsettled {
            p.note.warn { "On " (shown_plural(unsettled, "item", "items")) " tablets differ and nobody has settled it yet. \
                These values are counted under “No answer” or left out of sums; neither is picked." }
        }
    }
}

/// The share of the first answer, for everybody and by phase.
fn chart(form: &FormFindings, question: &AnswerTable, of: FigureOrigin) -> Markup {
    let Some(answer) = question.columns.first() else { return html! {} };
    let lines = question.lines.iter().filter(|line| line.split.is_none_or(|split| split == "phase"));
    let marks = lines.filter_map(|line| {
        let figure = line.cells.first()?;
        let label = format!("{} (asked: {})", line.label, count(line.base.numerator));
        Some(Mark { label, figure, total: line.split.is_none() })
    });
    let id = format!("chart-{}-{}", of.code(), form.form_id);
    let title = format!("{} Share who said “{answer}”, by phase", question.question);
    let source = format!("{}. Bars: 95 % interval (Wilson).", origin_label(of));
    let chart = IntervalChart {
        id: &id,
        title: &title,
        axis_label: "% of people asked the question",
        source: &source,
        axis: Axis::PerCent,
        marks: marks.collect(),
    };
    html! { figure { figcaption { (title) } (chart.render()) } }
}

fn answers(question: &AnswerTable, of: FigureOrigin) -> Markup {
    let mut head: Vec<(&str, bool)> = vec![("Group", false), ("Asked", true)];
    head.extend(question.columns.iter().map(|column| (column.as_str(), true)));
    let many = if question.many {
        " Any number of answers could be ticked, so lines can add up to more than those asked."
    } else {
        ""
    };
    let below =
        format!("{}. Count, per cent of those asked, 95 % interval (Wilson).{many}", origin_label(of));
    table(
        &question.question,
        &below,
        &head,
        lines(&question.lines, head.len(), |line| {
            html! {
                td.n { (count(line.base.numerator)) }
                @for cell in &line.cells { td.n { (count(cell.numerator)) @if cell.value.is_some() { small { (value_and_interval(cell)) } } } }
            }
        }),
    )
}

fn sums(number: &NumberTable, of: FigureOrigin) -> Markup {
    let mut below = format!(
        "{}. Sum over {} with a number",
        origin_label(of),
        shown_plural(number.given, "record", "records")
    );
    // A count kept back is said to be, even if it is zero: leaving it out would tell that it is.
    if number.without.number() != Some(0) {
        below.push_str(&format!("; {} without one or not settled", count(number.without)));
    }
    if number.refused.number() != Some(0) {
        below.push_str(&format!("; {} left out as no possible count", count(number.refused)));
    }
    below.push('.');
    if number.lines.iter().any(|line| line.base.is_suppressed()) {
        below.push_str(" Where the records of a group are kept back, so are the sums beside it.");
    }
    let head = [("Group", false), ("Sum", true), ("Records added up", true)];
    table(
        &number.question,
        &below,
        &head,
        lines(&number.lines, head.len(), |line| {
            html! {
                td.n { (count(line.base.numerator)) }
                @for records in &line.cells { td.n { (count(records.numerator)) } }
            }
        }),
    )
}

/// "1 record" only under `raw-internal`; "10 records", "* records".
fn shown_plural(n: Shown, one: &str, many: &str) -> String {
    n.number().map_or_else(|| format!("{n} {many}"), |n| super::parts::plural(n, one, many))
}

fn records(records: &AnswerTable, of: FigureOrigin) -> Markup {
    let head = [("Group", false), ("Records", true)];
    table(
        &records.question,
        origin_label(of),
        &head,
        lines(&records.lines, 2, |line| html! { td.n { (count(line.base.numerator)) } }),
    )
}

/// Everybody first, then each split under its own heading.
fn lines(lines: &[AnswerLine], columns: usize, cells: impl Fn(&AnswerLine) -> Markup) -> Markup {
    html! {
        @for (place, line) in lines.iter().enumerate() {
            @if let Some(name) = line.split && (place == 0 || lines[place - 1].split != line.split) {
                tr.group { th colspan=(columns) scope="colgroup" { "By " (name) } }
            }
            tr.total[line.split.is_none()] { th scope="row" { (line.label) } (cells(line)) }
        }
    }
}
