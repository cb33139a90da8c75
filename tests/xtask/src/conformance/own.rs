//! Our own forms, as they were answered once, and expression cases through the program, without any peer.

use std::process::Command;

use nightjar_conformance::batch::{self, Job, Outcome};
use nightjar_conformance::expressions::{self, Answer, Expected, Question};
use nightjar_conformance::own_forms::{self, OwnForm};
use nightjar_conformance::traces::{self, Trace};

use super::unanswered;
use crate::checkout::Checkout;
use crate::failure::{At, Failure};
use crate::tally::Tally;

/// How many forms and expressions come to what they must.
pub(super) fn run(checkout: &Checkout) -> Result<Tally, Failure> {
    Ok(forms(checkout)? + expressions(checkout)?)
}

/// Each form, read from its Markdown, answered as its trace says.
fn forms(checkout: &Checkout) -> Result<Tally, Failure> {
    let forms = own_forms::all().at("reading", own_forms::folder())?;
    let traces = traces::all().at("reading", own_forms::folder().join("traces"))?;
    let job = |form: &OwnForm| Job {
        id: form.name.clone(),
        xml: None,
        form: Some(form.path.clone()),
        steps: traces.get(&form.name).map(|trace| trace.steps.clone()).unwrap_or_default(),
    };
    let jobs: Vec<Job> = forms.iter().map(job).collect();
    let outcomes = batch::run(&mut super::program(checkout), &jobs).map_err(unanswered)?;
    let (mut passed, mut values) = (0, 0);
    for job in &jobs {
        match compared(&outcomes[&job.id], traces.get(&job.id)) {
            Ok(count) => (passed, values) = (passed + 1, values + count),
            Err(why) => println!("    {}: {why}", job.id),
        }
    }
    println!("own forms: {passed} of {} come to what they must, in {values} values", forms.len());
    Ok(tally(passed, forms.len()))
}

/// How many values are as they were recorded, or which is not.
fn compared(outcome: &Outcome, trace: Option<&Trace>) -> Result<usize, String> {
    let trace = trace.ok_or("has no trace; `cargo xtask conformance --peers --record` writes it")?;
    let no_submission = || outcome.error.clone().unwrap_or_else(|| "no submission".to_owned());
    let xml = outcome.xml.as_deref().ok_or_else(no_submission)?;
    let wrong = trace.differences(xml).map_err(|problem| problem.to_string())?;
    match wrong.first() {
        None => Ok(trace.submission.len()),
        Some(first) => Err(format!("{} values are not as recorded, such as {first:?}", wrong.len())),
    }
}

fn expressions(checkout: &Checkout) -> Result<Tally, Failure> {
    let groups = expressions::all().at("reading", own_forms::folder().join("expressions"))?;
    let mut wanted = Vec::new();
    let mut questions = Vec::new();
    for (file, group) in &groups {
        for (number, case) in group.cases.iter().enumerate() {
            // The protocol answers nodes with places, the cases with texts; those are for the library's test.
            if matches!(case.expected, Expected::Nodes(_)) {
                continue;
            }
            let id = format!("{file} {}", number + 1);
            questions.push(Question::of(group, case, id).map_err(unanswered)?);
            wanted.push(case);
        }
    }
    let mut program = Command::new(checkout.program());
    program.args(["form", "xpath", "--batch"]).env("TZ", "UTC");
    let answers: Vec<Answer> = batch::exchange(&mut program, &questions).map_err(unanswered)?;
    let mut passed = 0;
    for (case, question) in wanted.iter().zip(&questions) {
        let answer = answers.iter().find(|answer| answer.id == question.id);
        match answer {
            Some(answer) if answer.is(&case.expected) => passed += 1,
            other => {
                println!("    {}: {} is {other:?}, not {:?}", question.id, case.expression, case.expected)
            }
        }
    }
    println!("own expressions: {passed} of {} come to what they must", wanted.len());
    Ok(tally(passed, wanted.len()))
}

fn tally(passed: usize, of: usize) -> Tally {
    Tally { passed: passed as u64, failed: (of - passed) as u64, skipped: 0 }
}
