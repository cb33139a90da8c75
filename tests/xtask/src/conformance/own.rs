//! Our own forms and expression cases through the program, without any peer.

use std::process::Command;

use nightjar_conformance::batch::{self, Job};
use nightjar_conformance::expressions::{self, Answer, Expected, Question};
use nightjar_conformance::own_forms;

use super::unanswered;
use crate::checkout::Checkout;
use crate::failure::{At, Failure};
use crate::tally::Tally;

/// How many forms give a submission, and how many expressions what they must.
pub(super) fn run(checkout: &Checkout) -> Result<Tally, Failure> {
    Ok(forms(checkout)? + expressions(checkout)?)
}

fn forms(checkout: &Checkout) -> Result<Tally, Failure> {
    let forms = own_forms::all().at("reading", own_forms::folder())?;
    let jobs: Vec<Job> = forms
        .iter()
        .map(|form| Job {
            id: form.name.clone(),
            xml: None,
            form: Some(form.path.clone()),
            steps: Vec::new(),
        })
        .collect();
    let outcomes = batch::run(&mut super::program(checkout), &jobs).map_err(unanswered)?;
    let faulty: Vec<_> = outcomes.values().filter(|outcome| outcome.xml.is_none()).collect();
    for outcome in &faulty {
        println!("    {}: {}", outcome.id, outcome.error.as_deref().unwrap_or("no submission"));
    }
    println!("own forms: {} of {} can be answered", outcomes.len() - faulty.len(), forms.len());
    Ok(tally(outcomes.len() - faulty.len(), forms.len()))
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
