//! One person going through one form, page by page, as the tablet shows it.

use std::collections::BTreeSet;

use nightjar_form::Value;
use rand::Rng;

use super::answer;
use super::habits::Habits;
use super::question::Page;
use super::visit::{Manner, Visit};
use crate::trouble::Trouble;

/// Most pages and most attempts at one: a form that leads in circles ends here.
const MOST_STEPS: usize = 2_000;
const MOST_ATTEMPTS: u32 = 24;

/// What a person can do with an open form.
pub(crate) trait Sitting {
    /// What is on display.
    fn page(&mut self) -> Result<Page, Trouble>;
    /// Gives an answer; the paths that now have a problem.
    fn answer(&mut self, path: &str, value: Option<&Value>) -> Result<Vec<String>, Trouble>;
    /// Goes on; the page then on display.
    fn next(&mut self) -> Result<Page, Trouble>;
    /// Ends the form; the id of its record, if it left one.
    fn end(&mut self, how: Manner) -> Result<Option<String>, Trouble>;
}

/// What came of it.
pub(crate) struct Walked {
    /// Answers the tablet acknowledged.
    pub(crate) answers: u64,
    /// The record's id; none if it was thrown away.
    pub(crate) record: Option<String>,
}

/// Walks the form to its end, or to where the person stops.
pub(crate) fn walk(
    sitting: &mut impl Sitting,
    visit: &Visit,
    habits: &Habits,
    numbers: &mut impl Rng,
) -> Result<Walked, Trouble> {
    let mut answers = 0;
    let mut page = sitting.page()?;
    let mut attempt = 0;
    for _ in 0..MOST_STEPS {
        if page.check {
            return Ok(Walked { answers, record: sitting.end(Manner::Finish)? });
        }
        if visit.stops_at.is_some_and(|at| page.number >= at) {
            return Ok(Walked { answers, record: sitting.end(visit.manner)? });
        }
        answers += fill(sitting, &page, visit, habits, attempt, numbers)?;
        let next = sitting.next()?;
        attempt = if next.is_same_as(&page) { attempt + 1 } else { 0 };
        if attempt > MOST_ATTEMPTS {
            break;
        }
        page = next;
    }
    let stuck = page.questions.iter().find(|question| question.problem.is_some()).or(page.questions.first());
    Err(Trouble::Given(format!(
        "the simulation does not find an answer that form {} takes at {}; look at its constraint",
        visit.form_id,
        stuck.map_or("its page", |question| question.path.as_str())
    )))
}

/// Answers what is open on a page, also what its own answers add to it; at a further attempt, only what blocked.
fn fill(
    sitting: &mut impl Sitting,
    page: &Page,
    visit: &Visit,
    habits: &Habits,
    attempt: u32,
    numbers: &mut impl Rng,
) -> Result<u64, Trouble> {
    let mut answers = 0;
    let again = attempt > 0;
    let mut seen = BTreeSet::new();
    let mut page = page.clone();
    while let Some(question) = page.questions.iter().find(|question| !seen.contains(&question.path)) {
        seen.insert(question.path.clone());
        if !question.is_open() {
            continue;
        }
        let blocks = question.problem.is_some() || (question.required && question.value.is_none());
        if again && !blocks {
            continue;
        }
        let mut changed = false;
        for more in 0..=MOST_ATTEMPTS {
            let Some(value) = answer::draw(question, visit, habits, attempt + more, numbers) else {
                // Passed by: what stood there before, as after a resumed draft, does not stay.
                if question.value.is_some() {
                    sitting.answer(&question.path, None)?;
                    changed = true;
                }
                break;
            };
            let problems = sitting.answer(&question.path, Some(&value))?;
            answers += 1;
            changed = true;
            if !problems.contains(&question.path) {
                break;
            }
        }
        if changed {
            let now = sitting.page()?;
            if now.check || !now.questions.iter().any(|question| seen.contains(&question.path)) {
                break;
            }
            page = now;
        }
    }
    Ok(answers)
}
