//! One answer at a time in two shapes: a chain of relevance and a chain of calculations.

use std::path::Path;
use std::process::Command;

use nightjar_conformance::batch::{Job, Outcome};
use nightjar_conformance::peers::Peers;
use nightjar_conformance::step::Step;

use super::{Converted, Effort, convert, run_peer};
use crate::figures::{Peer, Times, print};
use crate::ours;
use crate::shape::{self, Shape};
use crate::trouble::Trouble;

/// Questions of the chain of relevance, calculations of the other.
const QUESTIONS: usize = 1_000;
const CALCULATIONS: usize = 200;

pub(super) fn run(effort: Effort, peers: &Peers, folder: &Path) -> Result<(), Trouble> {
    // Down the chain, then its first link broken and mended: everything below goes and comes back.
    let down = (1..=effort.answers).map(|at| (format!("q{at}"), 1));
    let ends = (0..effort.answers / 10).flat_map(|_| [("q1".to_owned(), 0), ("q1".to_owned(), 1)]);
    measure(&shape::chain(QUESTIONS), &down.chain(ends).collect::<Vec<_>>(), effort, peers, folder)?;
    let values: Vec<_> = (1..).map(|value| ("q".to_owned(), value)).take(effort.answers).collect();
    measure(&shape::sums(CALCULATIONS), &values, effort, peers, folder)
}

/// Path and whole number of each answer.
type Answers = [(String, i64)];

fn measure(
    shape: &Shape,
    answers: &Answers,
    effort: Effort,
    peers: &Peers,
    folder: &Path,
) -> Result<(), Trouble> {
    let form = convert(peers, std::slice::from_ref(shape), folder)?.remove(0);
    // Before, between and after theirs, which take long: see `loading`.
    let mut mine = ours(&form, answers, effort)?;
    let javarosa = theirs(&mut peers.javarosa(), &form, answers, effort)?;
    mine = mine.and(ours(&form, answers, effort)?);
    let web_forms = theirs(&mut peers.web_forms(), &form, answers, effort)?;
    mine = mine.and(ours(&form, answers, effort)?);
    let of = |choose: fn(&Taken) -> &Times, target: f64| {
        // The target is against the faster of the two; the other is shown beside it.
        [("JavaRosa", &javarosa), ("Web Forms", &web_forms)].map(|(name, taken)| Peer {
            name,
            times: choose(taken).clone(),
            target,
            p95: false,
        })
    };
    let name = &shape.name;
    let rounds = effort.rounds;
    print(&format!("Loading {name}, {rounds} warm runs"), &mine.loads, &of(|taken| &taken.loads, 50.0));
    let what = format!("Answering {name}, {} answers; ours with the page after it", answers.len());
    print(&what, &mine.answers, &of(|taken| &taken.answers, 100.0));
    Ok(())
}

struct Taken {
    loads: Times,
    answers: Times,
}

impl Taken {
    fn and(self, more: Taken) -> Taken {
        Taken { loads: self.loads.and(more.loads), answers: self.answers.and(more.answers) }
    }
}

fn ours(form: &Converted, answers: &Answers, effort: Effort) -> Result<Taken, Trouble> {
    let file = format!("{}.xml", form.name);
    let load = |_| ours::load(&file, form.xml.as_bytes());
    let loads: Result<Vec<f64>, Trouble> = (0..effort.warm + effort.rounds).map(load).collect();
    let mut taken = Vec::new();
    let now = ours::now();
    for _ in 0..effort.rounds {
        let mut session = ours::open(&file, ours::read(&file, form.xml.as_bytes())?)?;
        for (path, value) in answers {
            taken.push(ours::answer(&mut session, path, *value, &now)?.with_page);
        }
    }
    Ok(Taken { loads: Times::of(loads?.split_off(effort.warm)), answers: Times::of(taken) })
}

/// The last rounds of one process; those before only warm it.
fn theirs(
    command: &mut Command,
    form: &Converted,
    answers: &Answers,
    effort: Effort,
) -> Result<Taken, Trouble> {
    let steps: Vec<Step> = answers
        .iter()
        .map(|(path, value)| Step::Set { set: format!("/data/{path}"), value: value.to_string() })
        .collect();
    let job =
        |_| Job { id: form.name.clone(), xml: Some(form.xml.clone()), form: None, steps: steps.clone() };
    // An engine of seconds a form is warm after one.
    let (warm, rounds) = (1, effort.rounds.min(3));
    let outcomes = run_peer(command, &(0..warm + rounds).map(job).collect::<Vec<_>>())?;
    let counted: Vec<&Outcome> = outcomes.iter().skip(warm).collect();
    let ms = || counted.iter().filter_map(|outcome| outcome.ms.as_ref());
    Ok(Taken {
        loads: Times::of_milliseconds(ms().map(|ms| ms.load)),
        answers: Times::of_milliseconds(ms().flat_map(|ms| ms.steps.iter().copied())),
    })
}
