//! Giving jobs to a program that speaks the batch protocol: a line of JSON in, a line of JSON out.

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::step::Step;

/// A form and what is done to it.
#[derive(Debug, Clone, Serialize)]
pub struct Job {
    /// Names the outcome.
    pub id: String,
    /// An XForm as text; one of `xml` and `form` is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub xml: Option<String>,
    /// A form's file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub form: Option<PathBuf>,
    /// The steps, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub steps: Vec<Step>,
}

/// What became of a job.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Outcome {
    /// The job's name.
    pub id: String,
    /// The submission.
    #[serde(default)]
    pub xml: Option<String>,
    /// Why there is none.
    #[serde(default)]
    pub error: Option<String>,
    /// What became of each step, where the program tells.
    #[serde(default)]
    pub steps: Vec<StepOutcome>,
    /// The steps that had no effect, where the program tells them so.
    #[serde(default)]
    pub refused: Vec<RefusedStep>,
    /// What the engine took, where the program tells.
    #[serde(default)]
    pub ms: Option<Taken>,
}

impl Outcome {
    /// Whether a step, counted from 0, had no effect.
    #[must_use]
    pub fn refused_step(&self, at: usize) -> bool {
        let told = self.steps.get(at).is_some_and(|step| step.error.is_some());
        told || self.refused.iter().any(|refused| refused.step == at + 1)
    }
}

/// A step that had no effect, by its number from 1.
#[derive(Debug, Clone, Deserialize)]
pub struct RefusedStep {
    /// The number.
    pub step: usize,
    /// Why.
    pub why: String,
}

/// What became of a step.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct StepOutcome {
    /// Why it had no effect.
    #[serde(default)]
    pub error: Option<String>,
}

/// Milliseconds that the engine took.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Taken {
    /// From text to a form that can be answered.
    #[serde(default)]
    pub load: f64,
    /// Each step.
    #[serde(default)]
    pub steps: Vec<f64>,
}

/// Why a batch has no outcomes.
#[derive(Debug, thiserror::Error)]
pub enum Unanswered {
    /// It could not be started, or spoken with.
    #[error("`{program}` could not be spoken with: {source}")]
    Broken {
        /// The program.
        program: String,
        /// What the system said.
        source: io::Error,
    },
    /// It ended before it had answered everything.
    #[error("`{program}` answered {answered} of {asked} jobs: {said}")]
    TooFew {
        /// The program.
        program: String,
        /// Outcomes read.
        answered: usize,
        /// Jobs given.
        asked: usize,
        /// The end of what it printed on standard error.
        said: String,
    },
}

/// Gives the jobs to a program; outcomes by the job's name. Lines that are no JSON object are passed over.
pub fn run(command: &mut Command, jobs: &[Job]) -> Result<BTreeMap<String, Outcome>, Unanswered> {
    let outcomes: Vec<Outcome> = exchange(command, jobs)?;
    Ok(outcomes.into_iter().map(|outcome| (outcome.id.clone(), outcome)).collect())
}

/// The same for any protocol of lines: one outcome a job.
pub fn exchange<J: Serialize, O: DeserializeOwned>(
    command: &mut Command,
    jobs: &[J],
) -> Result<Vec<O>, Unanswered> {
    let program = command.get_program().to_string_lossy().into_owned();
    let broken = |source| Unanswered::Broken { program: program.clone(), source };
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(broken)?;
    let lines: Vec<String> =
        jobs.iter().map(|job| serde_json::to_string(job).unwrap_or_default() + "\n").collect();
    // A program that ends early closes its pipe; what it answered until then, and said, is worth more than that.
    let writer = child.stdin.take().map(|mut stdin| {
        thread::spawn(move || {
            for line in lines {
                if stdin.write_all(line.as_bytes()).is_err() {
                    break;
                }
            }
        })
    });
    let complaints = child.stderr.take().map(|stderr| thread::spawn(move || last_lines(stderr)));
    let mut outcomes = Vec::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines() {
            if let Ok(outcome) = serde_json::from_str(&line.map_err(broken)?) {
                outcomes.push(outcome);
            }
        }
    }
    child.wait().map_err(broken)?;
    let _ = writer.map(thread::JoinHandle::join);
    let said = complaints.and_then(|thread| thread.join().ok()).unwrap_or_default();
    if outcomes.len() < jobs.len() {
        return Err(Unanswered::TooFew { program, answered: outcomes.len(), asked: jobs.len(), said });
    }
    Ok(outcomes)
}

/// The last lines of a stream, which is read to its end so that its writer never waits.
fn last_lines(stream: impl io::Read) -> String {
    let mut kept = std::collections::VecDeque::new();
    for line in BufReader::new(stream).lines().map_while(Result::ok) {
        kept.push_back(line);
        if kept.len() > 5 {
            kept.pop_front();
        }
    }
    Vec::from(kept).join(" / ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn job(id: &str) -> Job {
        Job { id: id.into(), xml: Some("<a/>".into()), form: None, steps: Vec::new() }
    }

    #[test]
    fn every_job_has_its_outcome_and_other_lines_are_passed_over() {
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            r#"echo noise; read a; echo '{"id":"x","xml":"<b/>"}'; read b; echo '{"id":"y","error":"no"}'"#,
        ]);
        let outcomes = run(&mut shell, &[job("x"), job("y")]).unwrap();
        assert_eq!(outcomes["x"].xml.as_deref(), Some("<b/>"));
        assert_eq!(outcomes["y"].error.as_deref(), Some("no"));
    }

    #[test]
    fn a_program_that_ends_early_is_told_with_what_it_said() {
        let mut shell = Command::new("sh");
        shell.args(["-c", "echo out of memory >&2; exit 1"]);
        let problem = run(&mut shell, &[job("x")]).unwrap_err().to_string();
        assert!(problem.contains("0 of 1") && problem.contains("out of memory"), "{problem}");
    }
}
