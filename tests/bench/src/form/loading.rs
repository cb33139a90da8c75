//! From the text of an XForm to its first page, over many forms.

use std::path::Path;
use std::process::Command;

use nightjar_conformance::batch::Job;
use nightjar_conformance::peers::Peers;

use super::{Converted, Effort, convert, run_peer};
use crate::figures::{Peer, Times, print};
use crate::trouble::Trouble;
use crate::{ours, shape};

pub(super) fn run(effort: Effort, peers: &Peers, folder: &Path) -> Result<(), Trouble> {
    let mut shapes = shape::own()?;
    let own = shapes.len().min(effort.forms / 2 + 1);
    shapes.truncate(own);
    shapes.extend((0..effort.forms - own).map(|at| shape::varied(at, 5 + at * 4)));
    let forms = convert(peers, &shapes, folder)?;
    // Ours takes a moment, theirs minutes: it is measured before, between and after, so that a moment in which the machine
    // does something else is not all there is of it.
    let mut taken = vec![Vec::new(); forms.len()];
    ours(&forms, effort, &mut taken)?;
    let javarosa = theirs(&mut peers.javarosa(), &forms, effort)?;
    ours(&forms, effort, &mut taken)?;
    let web_forms = theirs(&mut peers.web_forms(), &forms, effort)?;
    ours(&forms, effort, &mut taken)?;
    let mine = Times::of(taken.into_iter().map(|of_form| Times::of(of_form).median()).collect());
    let what = format!(
        "Loading an XForm to its first page: {} forms ({own} own, {} made of 5 to {} questions), each the median of {} \
         warm runs",
        forms.len(),
        forms.len() - own,
        5 + (forms.len() - own).saturating_sub(1) * 4,
        effort.rounds
    );
    let peers = [
        Peer { name: "JavaRosa", times: javarosa, target: 5.0, p95: true },
        Peer { name: "Web Forms", times: web_forms, target: 20.0, p95: true },
    ];
    print(&what, &mine, &peers);
    Ok(())
}

fn ours(forms: &[Converted], effort: Effort, taken: &mut [Vec<f64>]) -> Result<(), Trouble> {
    for (form, taken) in forms.iter().zip(taken) {
        let file = format!("{}.xml", form.name);
        for round in 0..effort.warm + effort.rounds {
            let microseconds = ours::load(&file, form.xml.as_bytes())?;
            if round >= effort.warm {
                taken.push(microseconds);
            }
        }
    }
    Ok(())
}

/// All forms in turn, as often as it takes to be warm, then as often as counts.
fn theirs(command: &mut Command, forms: &[Converted], effort: Effort) -> Result<Times, Trouble> {
    let round = |_| {
        forms.iter().map(|form| Job {
            id: form.name.clone(),
            xml: Some(form.xml.clone()),
            form: None,
            steps: Vec::new(),
        })
    };
    let jobs: Vec<Job> = (0..effort.warm + effort.rounds).flat_map(round).collect();
    let outcomes = run_peer(command, &jobs)?;
    let loads: Vec<f64> =
        outcomes.iter().map(|outcome| outcome.ms.as_ref().map_or(0.0, |ms| ms.load)).collect();
    let counted = &loads[effort.warm * forms.len()..];
    let of_form = |at: usize| Times::of_milliseconds(counted.iter().skip(at).step_by(forms.len()).copied());
    Ok(Times::of((0..forms.len()).map(|at| of_form(at).median()).collect()))
}
