//! Collecting: three tablets side by side, each walking the forms page by page in its own process.

use std::collections::BTreeMap;
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread;

use indicatif::{ProgressBar, ProgressStyle};
use nightjar_form::Value;
use rand::RngExt;

use super::bed_count::BedCount;
use super::killed::{self, Killed};
use super::station::Station;
use super::{Chance, Demo};
use crate::simulate::{CANARY, Manner, Visit, Visits, Walked, walk};
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// What the tablets acknowledged, counted by the demonstration itself.
#[derive(Default)]
pub(super) struct Tally {
    /// Forms that left a record, by form id.
    pub(super) records: BTreeMap<String, u64>,
    /// Forms kept although the person stopped.
    pub(super) stopped: u64,
    /// Forms thrown away on request.
    pub(super) thrown_away: u64,
    /// Answers acknowledged.
    pub(super) answers: u64,
    /// How many acknowledged answers were there after the kill; none where the simulation was too short for one.
    pub(super) killed: Option<usize>,
    /// Whether somebody said what must be found with the evaluator only.
    pub(super) canary: bool,
    /// Bytes sent and received in all syncs.
    pub(super) wire: u64,
}

impl Tally {
    /// Counts records.
    pub(super) fn add(&mut self, form_id: &str, count: u64) {
        *self.records.entry(form_id.to_owned()).or_default() += count;
    }

    /// Records in all.
    pub(super) fn total(&self) -> u64 {
        self.records.values().sum()
    }

    fn count(&mut self, done: &Done) {
        self.answers += done.answers;
        match done.manner {
            Manner::ThrowAway => self.thrown_away += 1,
            Manner::StopKeeping => self.stopped += 1,
            Manner::Finish => {}
        }
        if done.left_record {
            self.add(&done.form_id, 1);
        }
    }
}

/// What a tablet's thread reports.
enum News {
    Done(Done),
    /// The second tablet was killed and has so many acknowledged answers.
    Killed(usize),
    /// The tablet cannot go on.
    Failed(Trouble),
}

struct Done {
    form_id: String,
    manner: Manner,
    answers: u64,
    left_record: bool,
}

pub(super) fn run(demo: &mut Demo, bed_count: &BedCount, screen: &mut Screen) -> Result<(), Trouble> {
    screen.heading("3. Collecting")?;
    let plan = || Visits::plan(&demo.pack, demo.seed, demo.forms, super::TABLETS);
    let (mut count, mut killable, mut canary) = (0, 0, false);
    for visit in plan()?.filter(|visit| !bed_count.is_same_thing(visit)) {
        count += 1;
        killable += u64::from(is_killable(&visit));
        canary |= visit.given.values().any(|value| matches!(value, Value::Text(text) if text == CANARY));
    }
    // In the middle third of what the second tablet does.
    let kill_at = killable / 3 + demo.chance(Chance::Kill).random_range(0..=killable / 3);
    let (seed, mut plans) = (demo.seed, Vec::new());
    for _ in 0..super::TABLETS {
        plans.push(plan()?);
    }
    let (news, heard) = mpsc::channel();
    let tally = thread::scope(|scope| {
        let mut threads = Vec::new();
        for (number, (tablet, plan)) in demo.tablets.iter_mut().zip(plans).enumerate() {
            let news = news.clone();
            let kill = (number == 1).then_some(kill_at);
            threads.push(scope.spawn(move || {
                if let Err(trouble) = collect(number, tablet, plan, bed_count, kill, seed, &news) {
                    drop(news.send(News::Failed(trouble)));
                }
            }));
        }
        drop(news);
        let shown = show(&heard, count, screen);
        // After a failure nobody listens any more, and the tablets stop at their next piece of news.
        drop(heard);
        for thread in threads {
            let panicked = |_| Trouble::Gone { device: "a tablet".into(), why: "its thread panicked".into() };
            thread.join().map_err(panicked)?;
        }
        shown
    })?;
    screen.line(format_args!(
        "{} forms are sealed on the tablets, {} answers acknowledged one by one.",
        tally.total(),
        tally.answers
    ))?;
    screen.line(format_args!(
        "Who stopped on the way: {} let what they had said be kept, {} had it thrown away.",
        tally.stopped, tally.thrown_away
    ))?;
    let before = std::mem::replace(&mut demo.tally, Tally { canary, ..tally });
    for (form_id, count) in before.records {
        demo.tally.add(&form_id, count);
    }
    Ok(())
}

/// Everything one tablet does.
fn collect(
    number: usize,
    tablet: &mut Station,
    plan: Visits,
    bed_count: &BedCount,
    mut kill: Option<u64>,
    seed: u64,
    news: &Sender<News>,
) -> Result<(), Trouble> {
    let mut plan = plan;
    let mut killable = 0;
    while let Some(visit) = plan.next() {
        if visit.tablet != number || bed_count.is_same_thing(&visit) {
            continue;
        }
        let (habits, mut numbers) = (plan.habits(), plan.answers_of(&visit));
        let due = is_killable(&visit) && kill.is_some_and(|at| killable >= at);
        killable += u64::from(is_killable(&visit));
        let walked = if due {
            let Killed { walked, there } = killed::run(tablet, &visit, habits, seed, &mut numbers)?;
            if let Some(there) = there {
                kill = None;
                drop(news.send(News::Killed(there)));
            }
            walked
        } else {
            let mut form = tablet.begin(&visit)?;
            walk(&mut form, &visit, habits, &mut numbers)?
        };
        let Walked { answers, record } = walked;
        let done =
            Done { form_id: visit.form_id, manner: visit.manner, answers, left_record: record.is_some() };
        if news.send(News::Done(done)).is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// A respondent on the second tablet who goes through to the end.
fn is_killable(visit: &Visit) -> bool {
    visit.tablet == 1 && visit.manner == Manner::Finish && !visit.diligent
}

/// Counts, and shows a bar on a terminal or a line now and then elsewhere.
fn show(heard: &Receiver<News>, count: u64, screen: &mut Screen) -> Result<Tally, Trouble> {
    let bar = if screen.is_interactive() { ProgressBar::new(count) } else { ProgressBar::hidden() };
    if let Ok(style) = ProgressStyle::with_template("{bar:40} {pos} of {len} forms, {eta} to go") {
        bar.set_style(style);
    }
    let mut tally = Tally::default();
    let mut done = 0;
    let step = count.div_ceil(5).max(1);
    while let Ok(news) = heard.recv() {
        match news {
            News::Failed(trouble) => return Err(trouble),
            News::Killed(there) => {
                tally.killed = Some(there);
                bar.suspend(|| {
                    screen.line(format_args!(
                        "tablet 2 was killed (SIGKILL) in the middle of a form and started again: {there} of {there} \
                         acknowledged answers there. The person went on and finished."
                    ))
                })?;
            }
            News::Done(one) => {
                tally.count(&one);
                done += 1;
                bar.inc(1);
                if !screen.is_interactive() && (done % step == 0 || done == count) {
                    screen.line(format_args!("{done} of {count} forms"))?;
                }
            }
        }
    }
    bar.finish_and_clear();
    Ok(tally)
}
