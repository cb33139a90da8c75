//! What somebody answered in each of our forms, and what the submission then says: the values on which JavaRosa and Web
//! Forms agree. `cargo xtask conformance --peers --record` writes them, so that the forms can be held to them without
//! the peers.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::batch::{self, Job, Outcome};
use crate::compare::{Incomparable, Subject};
use crate::difference::Difference;
use crate::outline::{Node, Outline, without_positions};
use crate::step::Step;
use crate::submission::{self, Submission};
use crate::{own_forms, random_answers};

/// Steps of a trace.
const STEPS: usize = 15;

/// A sitting that is recorded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trace {
    /// What was done.
    pub steps: Vec<Step>,
    /// Which nodes are repeats, so that instances are told apart.
    pub repeats: Vec<String>,
    /// What must stand at a path afterwards; `null` where nothing must, because it is not relevant.
    pub submission: BTreeMap<String, Option<String>>,
}

/// Every trace, by the form's name.
pub fn all() -> io::Result<BTreeMap<String, Trace>> {
    let mut traces = BTreeMap::new();
    for entry in fs::read_dir(own_forms::folder().join("traces"))? {
        let path = entry?.path();
        let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
        let trace = serde_json::from_str(&fs::read_to_string(&path)?)
            .map_err(|problem| io::Error::other(format!("{}: {problem}", path.display())))?;
        traces.insert(name, trace);
    }
    Ok(traces)
}

impl Trace {
    /// Writes it beside the others.
    pub fn save(&self, name: &str) -> io::Result<()> {
        let path = own_forms::folder().join("traces").join(format!("{name}.json"));
        fs::write(path, self.text()?)
    }

    /// A step and a value a line, so that a change of either is a line of a difference.
    fn text(&self) -> serde_json::Result<String> {
        let lines = |lines: serde_json::Result<Vec<String>>| Ok(lines?.join(",\n    "));
        let steps = lines(self.steps.iter().map(serde_json::to_string).collect())?;
        let value = |(path, text): (&String, &Option<String>)| {
            Ok(format!("{}: {}", serde_json::to_string(path)?, serde_json::to_string(text)?))
        };
        let values = lines(self.submission.iter().map(value).collect())?;
        let repeats = serde_json::to_string(&self.repeats)?;
        Ok(format!(
            "{{\n  \"steps\": [\n    {steps}\n  ],\n  \"repeats\": {repeats},\n  \"submission\": {{\n    {values}\n  }}\n}}\n"
        ))
    }

    /// Where a submission is not what was recorded.
    pub fn differences(&self, xml: &str) -> Result<Vec<Difference>, roxmltree::Error> {
        let repeat = |path: &String| (path.clone(), Node { repeat: true, ..Node::default() });
        let nodes = self.repeats.iter().map(repeat).collect();
        let ours = submission::read(xml, &Outline { nodes, ..Outline::default() })?;
        let wrong = self.submission.iter().filter(|(path, text)| ours.get(*path) != text.as_ref());
        Ok(wrong
            .map(|(path, text)| Difference {
                path: path.clone(),
                ours: ours.get(path).cloned(),
                theirs: text.clone(),
            })
            .collect())
    }
}

/// Answers each form once in all three, and keeps what the two peers agree on. Where our program says otherwise nothing is
/// kept: what that means is for the comparison of random answers to say.
pub fn record(
    subjects: &[Subject],
    seed: u64,
    ours: &mut Command,
    peers: [&mut Command; 2],
) -> Result<BTreeMap<String, Trace>, Incomparable> {
    let mut jobs = Vec::new();
    let mut outlines = Vec::new();
    for subject in subjects {
        let outline = Outline::read(&subject.xml)
            .map_err(|source| Incomparable::NoOutline { form: subject.name.clone(), source })?;
        let mut steps = random_answers::draw(&outline, &subject.name, seed, STEPS * 2);
        steps.truncate(STEPS);
        jobs.push(Job { id: subject.name.clone(), xml: Some(subject.xml.clone()), form: None, steps });
        outlines.push(outline);
    }
    let ours = batch::run(ours, &jobs)?;
    let [first, second] = peers;
    let (first, second) = (batch::run(first, &jobs)?, batch::run(second, &jobs)?);
    let mut traces = BTreeMap::new();
    for (job, outline) in jobs.into_iter().zip(&outlines) {
        let table = |outcomes: &BTreeMap<String, Outcome>| {
            let xml = outcomes.get(&job.id)?.xml.clone()?;
            submission::read(&xml, outline).ok()
        };
        let tables = table(&ours).zip(table(&first)).zip(table(&second));
        if let Some(((ours, first), second)) = tables {
            let submission = agreed(outline, &ours, [&first, &second]);
            let repeats = outline.repeats.iter().map(|repeat| repeat.path.clone()).collect();
            traces.insert(job.id.clone(), Trace { steps: job.steps, repeats, submission });
        }
    }
    Ok(traces)
}

fn agreed(
    outline: &Outline,
    ours: &Submission,
    [first, second]: [&Submission; 2],
) -> BTreeMap<String, Option<String>> {
    let same = |path: &str| first.get(path) == second.get(path) && first.get(path) == ours.get(path);
    let steady = |path: &str| outline.node(path).is_some_and(|node| node.leaf && !node.volatile);
    // What pyxform adds for itself is not in the form that somebody wrote.
    let count_of = |path: &str| outline.repeats.iter().any(|repeat| path == format!("{}_count", repeat.path));
    let added = |path: &str| {
        count_of(&without_positions(path))
            || ["/generated_", "/reserved_name_"].iter().any(|name| path.contains(name))
    };
    // A node outside of repeats that nobody has is not relevant; inside of them there may be no instance.
    let single = |path: &&String| !outline.repeats.iter().any(|repeat| path.starts_with(&repeat.path));
    let paths = first.keys().chain(outline.nodes.keys().filter(single));
    let paths = paths.filter(|path| steady(path) && same(path) && !added(path) && !path.contains("/meta/"));
    paths.map(|path| (path.clone(), first.get(path).cloned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_submission_is_held_to_what_was_recorded_and_to_nothing_else() {
        let wanted = [("/d/r[1]/q", Some("1")), ("/d/gone", None), ("/d/a", Some("x"))];
        let wanted = wanted.map(|(path, text)| (path.to_owned(), text.map(str::to_owned))).into();
        let trace = Trace { steps: Vec::new(), repeats: vec!["/d/r".into()], submission: wanted };
        assert_eq!(serde_json::from_str::<Trace>(&trace.text().unwrap()).unwrap(), trace);
        assert_eq!(trace.differences("<d><r><q>1</q></r><a>x</a><new>y</new></d>").unwrap(), []);
        let wrong = trace.differences("<d><r><q>2</q></r><gone/><a>x</a></d>").unwrap();
        let paths: Vec<_> = wrong.iter().map(|one| one.path.as_str()).collect();
        assert_eq!(paths, ["/d/gone", "/d/r[1]/q"]);
    }
}
