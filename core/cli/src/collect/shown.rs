//! A question, a page and the check-your-answers page as text.

use nightjar::{InformationView, MoveView};
use nightjar_form::{ItemKind, Page, Question};

/// The information page.
pub(super) fn information(page: &InformationView) -> String {
    let mut text = format!("\n{}\n", page.title);
    for paragraph in &page.paragraphs {
        text.push_str(&format!("\n{paragraph}\n"));
    }
    if let Some(notice) = &page.draft_notice {
        text.push_str(&format!("\n({notice})\n"));
    }
    text
}

/// That the form has changed since, and what of the answers does not come along.
pub(super) fn moving(moved: &MoveView) -> String {
    let mut text = format!(
        "\nSome questions have changed since. {} of your answers come along to the new questions.",
        moved.carried
    );
    for stays in &moved.stays {
        let then = match stays.sealed {
            true => "it is kept with your answers",
            false => "you can answer again",
        };
        text.push_str(&format!("\n  Not \"{}\": {}; {then}.", stays.question, stays.reason));
    }
    if !moved.same_language {
        text.push_str("\nThe new questions are not there in the language you had.");
    }
    text
}

/// The line above a page: where the person is.
pub(super) fn place(page: &Page) -> String {
    let of = page.of.map(|of| format!(" of {of}")).unwrap_or_default();
    let heading = if page.heading.is_empty() { String::new() } else { format!("  {}", page.heading) };
    format!("\n[{}{of}]{heading}", page.number)
}

/// A question with its choices and how to answer it.
pub(super) fn question(question: &Question, above_free_text: &str) -> String {
    let mut text = question.label.clone();
    if !question.hint.is_empty() {
        text.push_str(&format!("\n({})", question.hint));
    }
    if question.kind == ItemKind::Text && !above_free_text.is_empty() {
        text.push_str(&format!("\n! {above_free_text}"));
    }
    for (at, choice) in question.choices.iter().enumerate() {
        text.push_str(&format!("\n  {}  {}", at + 1, choice.label));
    }
    if let Some(scale) = question.scale {
        text.push_str(&format!("\n  from {} to {}", scale.start, scale.end));
    }
    if !question.answer.is_empty() {
        text.push_str(&format!("\nYour answer: {} (Enter keeps it)", question.answer));
    }
    if let Some(problem) = &question.problem {
        text.push_str(&format!("\n! {problem}"));
    }
    text
}

/// All answers with a number before each.
pub(super) fn check(page: &Page) -> String {
    let mut text = "\nCheck your answers".to_owned();
    let asked = page.questions.iter().filter(|question| question.kind.is_asked());
    for (at, question) in asked.enumerate() {
        let answer = if question.answer.is_empty() { "no answer" } else { &question.answer };
        text.push_str(&format!("\n  {}  {}\n     {answer}", at + 1, question.label));
        if let Some(problem) = &question.problem {
            text.push_str(&format!("\n     ! {problem}"));
        }
    }
    text
}
