//! A tablet killed in the middle of a form, and what is there when it starts again.

use nightjar_form::Value;
use rand::{Rng, RngExt};
use serde_json::json;

use super::heard::Draft;
use super::station::{OpenForm, Station};
use crate::simulate::{Habits, Manner, Page, Sitting, Visit, Walked, numbers, walk};
use crate::trouble::Trouble;

/// What came of it.
pub(super) struct Killed {
    /// The whole form.
    pub(super) walked: Walked,
    /// How many acknowledged answers were compared and found; none when the form was over too soon to be killed.
    pub(super) there: Option<usize>,
}

/// Kills the tablet's process with SIGKILL part of the way through a form, while one more answer is under way; starts
/// it again, compares every acknowledged answer and lets the person go on to the end.
pub(super) fn run(
    tablet: &mut Station,
    visit: &Visit,
    habits: &Habits,
    seed: u64,
    answers: &mut impl Rng,
) -> Result<Killed, Trouble> {
    let mut chance = numbers(seed, visit.stream);
    let form = tablet.begin(visit)?;
    let mut recorded = Recorded { form, acknowledged: Vec::new(), left: chance.random_range(3..8) };
    match walk(&mut recorded, visit, habits, answers) {
        Err(trouble) if recorded.left > 0 => return Err(trouble),
        // The form was shorter than the patience; it ended as it should.
        Ok(walked) => return Ok(Killed { walked, there: None }),
        Err(_) => {}
    }
    let acknowledged = recorded.acknowledged;
    tablet.kill();
    tablet.start()?;

    let device = tablet.device()?;
    device.tell("set_time", json!({ "now": visit.at.to_string() }))?;
    let drafts: Vec<Draft> = device.ask("drafts", json!({}))?;
    let [draft] = drafts.as_slice() else {
        return Err(Trouble::NotHeld(format!("one draft is there after the kill, not {}", drafts.len())));
    };
    let mut form = tablet.resume(&draft.id)?;
    let mut there = 0;
    for (path, value) in &acknowledged {
        let page = form.go_to(path)?;
        let held =
            page.questions.iter().find(|question| question.path == *path).and_then(|q| q.value.as_ref());
        there += usize::from(held == Some(value));
    }
    let of = acknowledged.len();
    if there != of {
        return Err(Trouble::NotHeld(format!(
            "{there} of {of} acknowledged answers were there after the kill"
        )));
    }
    let walked = walk(&mut form, visit, habits, answers)?;
    let walked = Walked { answers: walked.answers + of as u64, record: walked.record };
    Ok(Killed { walked, there: Some(there) })
}

/// A form that notes what was acknowledged, and after some answers is given up while one more is under way.
struct Recorded<'a> {
    form: OpenForm<'a>,
    acknowledged: Vec<(String, Value)>,
    left: u32,
}

impl Sitting for Recorded<'_> {
    fn page(&mut self) -> Result<Page, Trouble> {
        self.form.page()
    }

    fn answer(&mut self, path: &str, value: Option<&Value>) -> Result<Vec<String>, Trouble> {
        if self.left == 0 {
            self.form.device.begin_asking(
                "answer",
                json!({ "sitting": self.form.sitting, "path": path, "value": value }),
            )?;
            return Err(Trouble::Gone { device: "tablet 2".into(), why: "it is about to be killed".into() });
        }
        let problems = self.form.answer(path, value)?;
        self.acknowledged.retain(|(earlier, _)| earlier != path);
        if let Some(value) = value {
            self.acknowledged.push((path.to_owned(), value.clone()));
            self.left -= 1;
        }
        Ok(problems)
    }

    fn next(&mut self) -> Result<Page, Trouble> {
        self.form.next()
    }

    fn end(&mut self, how: Manner) -> Result<Option<String>, Trouble> {
        self.form.end(how)
    }
}
