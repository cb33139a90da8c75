//! Our program and a peer on the same forms with the same random answers.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use crate::batch::{self, Job, Outcome, Unanswered};
use crate::difference::{self, Difference};
use crate::outline::{NoOutline, Outline, without_positions};
use crate::rules::{Earlier, History, Refused};
use crate::step::Step;
use crate::{random_answers, rules, submission};

/// A form that both sides answer.
#[derive(Debug, Clone)]
pub struct Subject {
    /// Names it in what is printed.
    pub name: String,
    /// The XForm.
    pub xml: String,
}

/// How the answers are drawn.
#[derive(Debug, Clone, Copy)]
pub struct Draw {
    /// Steps over all forms, at least.
    pub steps: usize,
    /// Draws them.
    pub seed: u64,
    /// Steps from one comparison to the next.
    pub every: usize,
}

/// What a comparison found.
#[derive(Debug, Default)]
pub struct Findings {
    /// Forms that were answered.
    pub forms: usize,
    /// Steps in all, and those of them that the peer took.
    pub steps: usize,
    /// Steps that had an effect in the peer.
    pub taken: usize,
    /// Pairs of submissions that were compared.
    pub compared: usize,
    /// Pairs without any difference.
    pub same: usize,
    /// Rule → values it explained, each counted once.
    pub hits: BTreeMap<&'static str, usize>,
    /// Every step with what became of it on both sides, form after form.
    pub told: Vec<String>,
    /// What no rule explains, in words.
    pub unexplained: Vec<String>,
}

/// Why there was nothing to compare.
#[derive(Debug, thiserror::Error)]
pub enum Incomparable {
    /// A form could not be read by the comparison itself.
    #[error("{form}: {source}")]
    NoOutline {
        /// The form.
        form: String,
        /// Why.
        source: NoOutline,
    },
    /// A side did not answer.
    #[error(transparent)]
    Unanswered(#[from] Unanswered),
}

/// A form, what it asks and what is answered.
struct Sitting<'a> {
    subject: &'a Subject,
    outline: Outline,
    steps: Vec<Step>,
    /// After how many steps the submissions are compared.
    stops: Vec<usize>,
}

/// Answers all subjects on both sides.
pub fn run(
    subjects: &[Subject],
    draw: Draw,
    ours: &mut Command,
    theirs: &mut Command,
) -> Result<Findings, Incomparable> {
    let sittings = sittings(subjects, draw)?;
    let jobs: Vec<Job> = sittings.iter().flat_map(Sitting::jobs).collect();
    let theirs = batch::run(theirs, &jobs)?;
    let ours = batch::run(ours, &jobs)?;
    let mut findings = Findings { forms: sittings.len(), ..Findings::default() };
    for sitting in &sittings {
        compare(sitting, &ours, &theirs, &mut findings);
    }
    Ok(findings)
}

fn sittings(subjects: &[Subject], draw: Draw) -> Result<Vec<Sitting<'_>>, Incomparable> {
    let each = draw.steps.div_ceil(subjects.len().max(1));
    let read = |subject: &Subject| {
        Outline::read(&subject.xml)
            .map_err(|source| Incomparable::NoOutline { form: subject.name.clone(), source })
    };
    let mut sittings = Vec::new();
    for subject in subjects {
        let outline = read(subject)?;
        // Some draws come to nothing: there is no instance to take out, or enough of them.
        let mut steps = random_answers::draw(&outline, &subject.name, draw.seed, each * 2);
        steps.truncate(each);
        let stops = (0..=steps.len()).filter(|at| at % draw.every == 0 || *at == steps.len()).collect();
        sittings.push(Sitting { subject, outline, steps, stops });
    }
    Ok(sittings)
}

impl Sitting<'_> {
    /// One job for each stop: the submission after that many steps. The protocol has one submission a job.
    fn jobs(&self) -> impl Iterator<Item = Job> {
        self.stops.iter().map(|stop| Job {
            id: self.id(*stop),
            xml: Some(self.subject.xml.clone()),
            form: None,
            steps: self.steps[..*stop].to_vec(),
        })
    }

    fn id(&self, stop: usize) -> String {
        format!("{} after {stop} steps", self.subject.name)
    }
}

fn compare(
    sitting: &Sitting<'_>,
    ours: &BTreeMap<String, Outcome>,
    theirs: &BTreeMap<String, Outcome>,
    findings: &mut Findings,
) {
    findings.steps += sitting.steps.len();
    let id = sitting.id(sitting.steps.len());
    let refused = tell(sitting, &ours[&id], &theirs[&id], findings);
    let mut seen: BTreeSet<Difference> = BTreeSet::new();
    let mut earlier = Earlier::new();
    for stop in &sitting.stops {
        let id = sitting.id(*stop);
        findings.compared += 1;
        let pair = (submitted(&ours[&id], "ours"), submitted(&theirs[&id], "theirs"));
        let (our_xml, their_xml) = match pair {
            (Ok(ours), Ok(theirs)) => (ours, theirs),
            (Err(why), _) | (_, Err(why)) => {
                findings.unexplained.push(format!("{id}: {why}"));
                return;
            }
        };
        let tables =
            (submission::read(our_xml, &sitting.outline), submission::read(their_xml, &sitting.outline));
        let (Ok(our_table), Ok(their_table)) = tables else {
            findings.unexplained.push(format!("{id}: a submission is not XML"));
            return;
        };
        let differences = difference::between(&our_table, &their_table);
        findings.same += usize::from(differences.is_empty());
        let history = History { earlier: &earlier, refused: &refused[..*stop] };
        let explained = rules::explain(&sitting.outline, &differences, &history);
        for (path, text) in our_table {
            earlier.entry(without_positions(&path)).or_default().insert(text);
        }
        for (difference, rule) in differences.into_iter().zip(explained) {
            if !seen.insert(difference.clone()) {
                continue;
            }
            match rule {
                Some(rule) => *findings.hits.entry(rule).or_default() += 1,
                None => findings.unexplained.push(describe(&id, &difference)),
            }
        }
    }
}

/// Tells each step, and what only one of the sides refused, step by step.
fn tell(
    sitting: &Sitting<'_>,
    ours: &Outcome,
    theirs: &Outcome,
    findings: &mut Findings,
) -> Vec<Option<Refused>> {
    let mut refused = Vec::new();
    for (at, step) in sitting.steps.iter().enumerate() {
        let (here, there) = (ours.refused_step(at), theirs.refused_step(at));
        findings.taken += usize::from(!there);
        let said = |refused: bool| if refused { "refused" } else { "taken" };
        let text = serde_json::to_string(step).unwrap_or_default();
        findings.told.push(format!("{:>3} ours {}, theirs {}: {text}", at + 1, said(here), said(there)));
        refused.push((here != there).then(|| Refused { path: step.place().to_owned(), by_us: here }));
    }
    refused
}

fn submitted<'a>(outcome: &'a Outcome, side: &str) -> Result<&'a str, String> {
    outcome.xml.as_deref().ok_or_else(|| {
        format!("no submission of {side}: {}", outcome.error.as_deref().unwrap_or("no reason given"))
    })
}

fn describe(id: &str, difference: &Difference) -> String {
    let show =
        |value: &Option<String>| value.as_ref().map_or("absent".to_owned(), |text| format!("{text:?}"));
    format!("{id}: {} ours {}, theirs {}", difference.path, show(&difference.ours), show(&difference.theirs))
}
