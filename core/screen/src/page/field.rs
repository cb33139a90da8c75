//! One question and the fields for its answer.

use maud::{Markup, html};
use nightjar_form::{ChoiceView, ItemKind, Missing, Question, Value};

use super::frame::Frame;
use crate::answer;
use crate::hands::Typed;
use crate::texts::filled;

/// Most letters of a text that a form takes.
const LONGEST: usize = 4_000;

/// A question as it is drawn.
pub(crate) struct Shown<'a> {
    pub(crate) question: &'a Question,
    /// Its number on the page.
    pub(crate) at: usize,
    /// Whether it is the only one.
    pub(crate) alone: bool,
    /// What is wrong with what stands there.
    pub(crate) wrong: Option<String>,
    /// What was typed and is no answer.
    pub(crate) typed: Option<&'a Typed>,
    /// Whether people write freely here.
    pub(crate) free_text: bool,
    /// Whether somebody answers about themselves.
    pub(crate) response: bool,
}

/// The id of a question's first field.
pub(crate) fn first(at: &usize, question: &Question) -> String {
    match question.kind {
        ItemKind::SelectOne | ItemKind::SelectMultiple | ItemKind::Acknowledge => format!("q{at}-0"),
        ItemKind::Range if question.scale.is_some_and(|scale| answer::steps(&scale).is_some()) => {
            format!("q{at}-0")
        }
        ItemKind::Date | ItemKind::DateTime => format!("q{at}d"),
        ItemKind::Time => format!("q{at}h"),
        ItemKind::Rank => format!("q{at}r0"),
        _ => format!("q{at}"),
    }
}

pub(super) fn draw(frame: &Frame<'_>, shown: &Shown<'_>) -> Markup {
    let question = shown.question;
    let fields = match question.kind {
        ItemKind::Note => return note(shown),
        _ if question.read_only => {
            return html! {
                (note(shown))
                p { (question.answer) }
                p .nhsuk-hint { (frame.texts.only_read) }
            };
        }
        ItemKind::SelectOne => choices(shown, "radio"),
        ItemKind::SelectMultiple => choices(shown, "checkbox"),
        ItemKind::Acknowledge => tick(frame, shown),
        ItemKind::Range => match question.scale.and_then(|scale| answer::steps(&scale)) {
            Some(steps) => scale(shown, &steps),
            None => return single(frame, shown, "text", Some("decimal")),
        },
        ItemKind::Rank => ranked(frame, shown),
        ItemKind::Date => parts(frame, shown, true, false),
        ItemKind::Time => parts(frame, shown, false, true),
        ItemKind::DateTime => parts(frame, shown, true, true),
        ItemKind::Text => return single(frame, shown, "text", None),
        ItemKind::Integer => return single(frame, shown, "text", Some("numeric")),
        ItemKind::Decimal => return single(frame, shown, "text", Some("decimal")),
        _ => {
            return html! { (note(shown)) p { (frame.texts.not_here) } };
        }
    };
    grouped(frame, shown, fields)
}

/// A fieldset whose legend is the question.
fn grouped(frame: &Frame<'_>, shown: &Shown<'_>, fields: Markup) -> Markup {
    let at = shown.at;
    html! {
        div .nhsuk-form-group .nhsuk-form-group--error[shown.wrong.is_some()] {
            fieldset .nhsuk-fieldset aria-describedby=[described(shown)] {
                legend .nhsuk-fieldset__legend .nhsuk-fieldset__legend--l[shown.alone] .nhsuk-fieldset__legend--m[!shown.alone] {
                    @if shown.alone { h1 .nhsuk-fieldset__heading { (shown.question.label) } }
                    @else { (shown.question.label) }
                }
                (said(shown))
                // Says that the fields were on the page: empty boxes hand in nothing.
                input type="hidden" name=(format!("s{at}")) value="1";
                (fields)
                (instead(frame, shown))
                (clear(frame, shown))
            }
        }
    }
}

/// Takes an answer away that cannot be taken away where it is given.
fn clear(frame: &Frame<'_>, shown: &Shown<'_>) -> Markup {
    let question = shown.question;
    let clears = matches!(question.kind, ItemKind::SelectOne | ItemKind::Range) && question.value.is_some();
    html! {
        @if clears {
            p {
                button .bare name="do" value=(format!("clear:{}", shown.at)) {
                    (frame.texts.clear) @if !shown.alone { span .only-read { ": " (question.label) } }
                }
            }
        }
    }
}

/// A label, and one field.
fn single(frame: &Frame<'_>, shown: &Shown<'_>, kind: &str, mode: Option<&str>) -> Markup {
    let (question, at) = (shown.question, shown.at);
    let id = format!("q{at}");
    let tall =
        kind == "text" && mode.is_none() && (shown.free_text || question.appearance.contains("multiline"));
    let value = typed(shown, "").unwrap_or_else(|| written(question));
    let scale = question.scale.filter(|_| question.kind == ItemKind::Range).map(|scale| answer::ends(&scale));
    html! {
        div .nhsuk-form-group .nhsuk-form-group--error[shown.wrong.is_some()] {
            @if shown.alone {
                h1 .nhsuk-label-wrapper { label .nhsuk-label.nhsuk-label--l for=(id) { (question.label) } }
            } @else {
                label .nhsuk-label.nhsuk-label--m for=(id) { (question.label) }
            }
            (said(shown))
            @if let Some((from, to)) = &scale {
                p #(format!("r{at}")) .nhsuk-hint { (filled(&frame.texts.from_to, &[("from", from), ("to", to)])) }
            }
            @if shown.free_text && shown.response {
                div #(format!("f{at}")) .nhsuk-inset-text { p { (frame.wording.free_text_notice) } }
            }
            @if tall {
                textarea #(id) .nhsuk-textarea.textarea-tall name=(id) rows="5" maxlength=(LONGEST) aria-describedby=[described(shown)] {
                    // The first line end of a textarea is not part of it.
                    "\n" (value)
                }
            } @else {
                input #(id) .nhsuk-input type=(kind) name=(id) value=(value) inputmode=[mode] maxlength=(LONGEST)
                    .nhsuk-input--width-5[mode.is_some()] aria-describedby=[described(shown)];
            }
            (instead(frame, shown))
        }
    }
}

/// "I don't know" and "I would rather not say", where the form does not offer them among its choices.
fn instead(frame: &Frame<'_>, shown: &Shown<'_>) -> Markup {
    let (question, at) = (shown.question, shown.at);
    let is_typed = !question.kind.has_choices() && question.kind != ItemKind::Acknowledge;
    if !shown.response || question.required || !is_typed {
        return html! {};
    }
    let reasons = [(Missing::DontKnow, &frame.texts.dont_know), (Missing::Declined, &frame.texts.declined)];
    html! {
        fieldset .nhsuk-fieldset.apart {
            legend .nhsuk-fieldset__legend { (frame.texts.or_instead) }
            div .nhsuk-checkboxes data-one {
                @for (n, (reason, words)) in reasons.iter().enumerate() {
                    @let id = format!("x{at}-{n}");
                    div .nhsuk-checkboxes__item {
                        input #(id) .nhsuk-checkboxes__input type="checkbox" name=(format!("x{at}")) value=(reason.code())
                            checked[question.value == Some(Value::Missing(*reason))];
                        label .nhsuk-label.nhsuk-checkboxes__label for=(id) { (words) }
                    }
                }
            }
        }
    }
}

fn choices(shown: &Shown<'_>, kind: &str) -> Markup {
    let question = shown.question;
    let chosen = |code: &str| match &question.value {
        Some(Value::One(one)) => one == code,
        Some(Value::Many(many)) => many.iter().any(|one| one == code),
        Some(Value::Missing(missing)) => {
            question.choices.iter().any(|choice| choice.code == code && choice.missing == Some(*missing))
        }
        _ => false,
    };
    let group = |missing: bool| {
        let all = question.choices.iter().enumerate();
        all.filter(move |(_, choice)| choice.missing.is_some() == missing).collect::<Vec<_>>()
    };
    let item = |(n, choice): &(usize, &ChoiceView)| {
        let id = format!("q{}-{n}", shown.at);
        boxed(
            kind,
            &id,
            &format!("q{}", shown.at),
            &choice.code,
            chosen(&choice.code),
            &html! {
                @if let Some(image) = &choice.image { img src=(format!("m/{image}")) alt="" width="56" height="56"; }
                span { (choice.label) }
            },
        )
    };
    let (given, none) = (group(false), group(true));
    html! {
        div class=(format!("nhsuk-{}", family(kind))) { @for choice in &given { (item(choice)) } }
        @if !none.is_empty() {
            div class=(format!("nhsuk-{} apart", family(kind))) { @for choice in &none { (item(choice)) } }
        }
    }
}

fn family(kind: &str) -> &'static str {
    if kind == "radio" { "radios" } else { "checkboxes" }
}

fn boxed(kind: &str, id: &str, name: &str, value: &str, checked: bool, label: &Markup) -> Markup {
    let family = family(kind);
    html! {
        div class=(format!("nhsuk-{family}__item")) {
            input #(id) class=(format!("nhsuk-{family}__input")) type=(kind) name=(name) value=(value) checked[checked];
            label class=(format!("nhsuk-label nhsuk-{family}__label")) for=(id) { (label) }
        }
    }
}

fn tick(frame: &Frame<'_>, shown: &Shown<'_>) -> Markup {
    let at = shown.at;
    let label = html! { (frame.texts.tick) };
    let ticked = shown.question.value.is_some();
    html! {
        div .nhsuk-checkboxes { (boxed("checkbox", &format!("q{at}-0"), &format!("q{at}"), "OK", ticked, &label)) }
    }
}

fn scale(shown: &Shown<'_>, steps: &[f64]) -> Markup {
    let at = shown.at;
    let chosen = match shown.question.value {
        Some(Value::Integer(n)) => Some(n as f64),
        Some(Value::Decimal(n)) => Some(n),
        _ => None,
    };
    html! {
        div .nhsuk-radios {
            @for (n, step) in steps.iter().enumerate() {
                (boxed("radio", &format!("q{at}-{n}"), &format!("q{at}"), &step.to_string(), chosen == Some(*step), &html! { (step) }))
            }
        }
    }
}

fn ranked(frame: &Frame<'_>, shown: &Shown<'_>) -> Markup {
    let at = shown.at;
    let place = |code: &str| match &shown.question.value {
        Some(Value::Many(order)) => {
            order.iter().position(|one| one == code).map(|place| (place + 1).to_string())
        }
        _ => None,
    };
    html! {
        p #(format!("r{at}")) .nhsuk-hint { (frame.texts.rank_hint) }
        @for (n, choice) in shown.question.choices.iter().enumerate() {
            @let part = format!("r{n}");
            @let id = format!("q{at}{part}");
            div .nhsuk-form-group {
                label .nhsuk-label for=(id) { (choice.label) }
                input #(id) .nhsuk-input.nhsuk-input--width-2 type="text" inputmode="numeric" name=(id)
                    value=(typed(shown, &part).or_else(|| place(&choice.code)).unwrap_or_default());
            }
        }
    }
}

/// Day, month and year; hour and minute.
fn parts(frame: &Frame<'_>, shown: &Shown<'_>, day: bool, hour: bool) -> Markup {
    let (texts, at) = (frame.texts, shown.at);
    let (date, time) = match &shown.question.value {
        Some(Value::Date(date)) => (Some(*date), None),
        Some(Value::Time(time)) => (None, Some(*time)),
        Some(Value::DateTime(both)) => (Some(both.date()), Some(both.time())),
        _ => (None, None),
    };
    let of_date = |part: fn(jiff::civil::Date) -> i16| date.map(|date| part(date).to_string());
    let of_time = |part: fn(jiff::civil::Time) -> i8| time.map(|time| format!("{:02}", part(time)));
    let mut fields: Vec<(&str, &str, Option<String>)> = Vec::new();
    if day {
        fields.push(("d", &texts.day, of_date(|date| i16::from(date.day()))));
        fields.push(("m", &texts.month, of_date(|date| i16::from(date.month()))));
        fields.push(("y", &texts.year, of_date(jiff::civil::Date::year)));
    }
    if hour {
        fields.push(("h", &texts.hour, of_time(jiff::civil::Time::hour)));
        fields.push(("i", &texts.minute, of_time(jiff::civil::Time::minute)));
    }
    html! {
        div .nhsuk-date-input {
            @for (part, words, value) in fields {
                @let id = format!("q{at}{part}");
                div .nhsuk-date-input__item {
                    div .nhsuk-form-group {
                        label .nhsuk-label.nhsuk-date-input__label for=(id) { (words) }
                        input #(id) .nhsuk-input.nhsuk-date-input__input .nhsuk-input--width-4[part == "y"]
                            .nhsuk-input--width-2[part != "y"] type="text" inputmode="numeric" name=(id)
                            value=(typed(shown, part).or(value).unwrap_or_default());
                    }
                }
            }
        }
    }
}

fn note(shown: &Shown<'_>) -> Markup {
    html! {
        @if shown.alone { h1 .words-of-note { (shown.question.label) } } @else { p { (shown.question.label) } }
        @if !shown.question.hint.is_empty() { p .nhsuk-hint { (shown.question.hint) } }
    }
}

/// Hint, guidance and what is wrong.
fn said(shown: &Shown<'_>) -> Markup {
    let at = shown.at;
    html! {
        @if !shown.question.hint.is_empty() { div #(format!("h{at}")) .nhsuk-hint { (shown.question.hint) } }
        @if let Some(image) = &shown.question.image { img .of-question src=(format!("m/{image}")) alt=""; }
        @if let Some(wrong) = &shown.wrong { span #(format!("e{at}")) .nhsuk-error-message { (wrong) } }
    }
}

/// Ids of what describes a field.
fn described(shown: &Shown<'_>) -> Option<String> {
    let at = shown.at;
    let mut ids = Vec::new();
    if !shown.question.hint.is_empty() {
        ids.push(format!("h{at}"));
    }
    if shown.free_text && shown.response && shown.question.kind == ItemKind::Text {
        ids.push(format!("f{at}"));
    }
    let scale = shown.question.scale.is_some_and(|scale| answer::steps(&scale).is_none());
    if shown.question.kind == ItemKind::Rank || (shown.question.kind == ItemKind::Range && scale) {
        ids.push(format!("r{at}"));
    }
    if shown.wrong.is_some() {
        ids.push(format!("e{at}"));
    }
    (!ids.is_empty()).then(|| ids.join(" "))
}

fn typed(shown: &Shown<'_>, part: &str) -> Option<String> {
    shown.typed.and_then(|typed| typed.fields.get(part)).cloned()
}

/// An answer as somebody types it.
fn written(question: &Question) -> String {
    match &question.value {
        None | Some(Value::Missing(_)) => String::new(),
        Some(value) => value.to_text(),
    }
}
