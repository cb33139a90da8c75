//! Random answers on our own forms, in our program and in JavaRosa.

use nightjar_conformance::compare::{self, Draw, Findings, Subject};
use nightjar_conformance::own_forms::{self, OwnForm};
use nightjar_conformance::peers::{Conversion, Peers};
use nightjar_conformance::traces;

use super::unanswered;
use crate::checkout::Checkout;
use crate::command_line::{ConformanceArguments, Engine};
use crate::failure::{At, Failure};
use crate::peers;

/// Steps from one comparison to the next. After each, since a peer that shows an earlier value has to be recognised.
const EVERY: usize = 1;

/// Steps of a form that is answered alone.
const PER_FORM: usize = 37;

/// Whether every difference is explained by a rule.
pub(super) fn run(checkout: &Checkout, arguments: &ConformanceArguments) -> Result<bool, Failure> {
    let peers = peers::find_or_install(checkout)?;
    let mut forms = own_forms::all().at("reading", own_forms::folder())?;
    forms.retain(|form| arguments.form.as_ref().is_none_or(|only| *only == form.name));
    let subjects = convert(&peers, &forms)?;
    let mut ours = match arguments.engine {
        Engine::Nightjar => super::program(checkout),
        Engine::WebForms => peers.web_forms(),
    };
    // One form is given as many steps as it would be given among all of them.
    let steps = arguments.form.as_ref().map_or(arguments.steps, |_| PER_FORM);
    let draw = Draw { steps, seed: arguments.seed, every: EVERY };
    let found = compare::run(&subjects, draw, &mut ours, &mut peers.javarosa()).map_err(unanswered)?;
    if arguments.form.is_some() {
        found.told.iter().for_each(|step| println!("    {step}"));
    }
    report(&found, arguments.seed);
    Ok(found.unexplained.is_empty())
}

/// Writes a trace of each form anew.
pub(super) fn record(checkout: &Checkout, seed: u64) -> Result<bool, Failure> {
    let peers = peers::find_or_install(checkout)?;
    let forms = own_forms::all().at("reading", own_forms::folder())?;
    let subjects = convert(&peers, &forms)?;
    let mut program = super::program(checkout);
    let both = [&mut peers.javarosa(), &mut peers.web_forms()];
    let traces = traces::record(&subjects, seed, &mut program, both).map_err(unanswered)?;
    for (name, trace) in &traces {
        trace.save(name).at("writing the trace of", name)?;
    }
    println!("recorded {} traces of {} forms", traces.len(), forms.len());
    Ok(traces.len() == forms.len())
}

/// The forms as pyxform converts them, so that both engines are given the same.
fn convert(peers: &Peers, forms: &[OwnForm]) -> Result<Vec<Subject>, Failure> {
    let conversions: Vec<_> = forms
        .iter()
        .map(|form| Conversion { id: form.name.clone(), form: form.path.clone(), times: 1 })
        .collect();
    let converted = peers.convert(&conversions).map_err(unanswered)?;
    let subject = |one: nightjar_conformance::peers::Converted| match one.xml {
        Some(xml) => Ok(Subject { name: one.id, xml }),
        None => Err(unanswered(format!("pyxform refuses {}: {}", one.id, one.error.unwrap_or_default()))),
    };
    converted.into_iter().map(subject).collect()
}

fn report(found: &Findings, seed: u64) {
    println!(
        "random answers: {} forms, {} steps of seed {seed}, of which JavaRosa took {}; {} submissions compared, \
         {} the same in every value",
        found.forms, found.steps, found.taken, found.compared, found.same
    );
    for rule in &nightjar_conformance::rules::RULES {
        println!("    {:>5}  {}", found.hits.get(rule.name).copied().unwrap_or(0), rule.name);
    }
    for difference in &found.unexplained {
        println!("    {difference}");
    }
    println!("random answers: {} differences that no rule explains", found.unexplained.len());
}
