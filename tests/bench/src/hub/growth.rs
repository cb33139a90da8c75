//! Whether a hub that holds a million envelopes of a scope serves as one that holds ten thousand: both run, and are asked in turn.

use std::sync::Arc;
use std::time::Instant;

use nightjar_seal::EnvelopeId;
use nightjar_sync::Request;
use nightjar_sync::wire::{
    Greeting, Mark, Message as _, Pull, Pulled, Shown, Welcome, Wish, greet_path, pull_path,
};
use nightjar_test_support::HubProcess;
use tokio::runtime::Runtime;

use super::fleet::{Client, Contents, Fleet, Writer, ids, prepare, push_all};
use super::ingest::all_there;
use super::{Log, Missed, taken};
use crate::figures::Times;
use crate::trouble::Trouble;
use crate::vault::since;

/// Most that it may cost, by the median.
pub(crate) const MOST: f64 = 1.5;
const TABLETS: usize = 8;
/// Envelopes that are made ready at a time by each tablet.
const CHUNK: usize = 2_500;

pub(crate) fn hub(quick: bool, runtime: &Runtime, missed: &mut Missed) -> Result<(), Trouble> {
    let sizes = if quick { [10_000, 100_000] } else { [10_000, 1_000_000] };
    for log in [Log::sqlite, Log::postgres] {
        let mut filled = Vec::new();
        for size in sizes {
            filled.push(Filled::new(log()?, size, runtime)?);
        }
        let [small, large] = &mut filled[..] else {
            return Err(Trouble::Unlike("two hubs are compared".into()));
        };
        compare(small, large, quick, runtime, missed)?;
        for one in &filled {
            let scope = one.fleet.scope("ward");
            let whole = runtime.block_on(all_there(&one.fleet, &one.hub.address, scope, &one.pushed))?;
            let (_, mib) = taken(one.hub.pid())?;
            println!(
                "  {} envelopes, each pulled again and compared: {}; the hub took {mib:.0} MiB at most",
                one.pushed.len(),
                missed.or_met(whole)
            );
        }
    }
    Ok(())
}

/// A hub with so many envelopes in one scope.
struct Filled {
    hub: HubProcess,
    fleet: Fleet,
    writers: Vec<Writer>,
    pushed: Vec<EnvelopeId>,
    log: Log,
}

impl Filled {
    /// By pushing.
    fn new(log: Log, size: usize, runtime: &Runtime) -> Result<Self, Trouble> {
        let (hub, fleet, contents) = (log.hub("hub"), Fleet::of(TABLETS)?, Contents::new()?);
        runtime.block_on(fleet.found_at(&hub.address, &hub.setup_code))?;
        let mut writers: Vec<_> =
            (0..TABLETS).map(|tablet| fleet.writer(tablet, "ward", &contents)).collect();
        let (mut pushed, mut seconds) = (Vec::new(), 0.0);
        let each = |left: usize| CHUNK.min(left / TABLETS);
        let mut ready = prepare(&mut writers, each(size), usize::MAX)?;
        while !ready.is_empty() {
            pushed.extend(ids(&ready));
            let (left, clients) = (each(size - pushed.len()), Writer::clients(&writers, &[&hub.address])?);
            // The next are sealed meanwhile.
            let next = std::thread::scope(|scope| {
                let sealing = scope.spawn(|| match left {
                    0 => Ok(Vec::new()),
                    left => prepare(&mut writers, left, usize::MAX),
                });
                seconds += runtime.block_on(push_all(clients, &ready))?;
                sealing
                    .join()
                    .unwrap_or_else(|_| Err(Trouble::Unlike("a thread that seals has ended".into())))
            });
            ready = next?;
        }
        println!("\n{} filled with {} envelopes by pushing, in {seconds:.0} s", log.name(), pushed.len());
        Ok(Self { hub, fleet, writers, pushed, log })
    }

    /// Pushes by a tablet; microseconds an envelope, and the head after it.
    async fn push(&mut self, by: &Client, tablet: usize, most: usize) -> Result<(f64, Mark), Trouble> {
        let ready = self.writers[tablet].push(most)?;
        let begun = Instant::now();
        let pushed = by.push(&ready).await?;
        let took = since(begun) / ready.envelopes.len() as f64;
        self.pushed.extend(ready.envelopes.iter().map(|(id, _)| *id));
        Ok((took, pushed.mark))
    }
}

/// What each kind of request took, in microseconds.
#[derive(Default)]
struct Took {
    greeting: Vec<f64>,
    pull: Vec<f64>,
    one: Vec<f64>,
    many: Vec<f64>,
    full: Vec<f64>,
}

fn compare(
    small: &mut Filled,
    large: &mut Filled,
    quick: bool,
    runtime: &Runtime,
    missed: &mut Missed,
) -> Result<(), Trouble> {
    let (times, fulls) = if quick { (60, 8) } else { (200, 16) };
    let (few, many) = (small.pushed.len(), large.pushed.len());
    let mut took = [Took::default(), Took::default()];
    for time in 0..times {
        for (hub, took) in [&mut *small, &mut *large].into_iter().zip(&mut took) {
            runtime.block_on(round(hub, took, time, fulls))?;
        }
    }
    println!("\nBeside {many} envelopes on {} what it takes beside {few}, in µs", large.log.name());
    let [small, large] = took;
    for (what, few, many) in [
        ("a greeting with nothing new", small.greeting, large.greeting),
        ("a pull of one near the head", small.pull, large.pull),
        ("a push of one", small.one, large.one),
        ("an envelope in a push of 100", small.many, large.many),
        ("an envelope in a full push", small.full, large.full),
    ] {
        compared(what, &Times::of(few), &Times::of(many), missed);
    }
    Ok(())
}

pub(crate) fn compared(what: &str, few: &Times, many: &Times, missed: &mut Missed) {
    let ratio = many.median() / few.median();
    println!(
        "  {what:<30} {:>8.1} → {:>8.1} by the median ({:>8.1} → {:>8.1} by p95): {ratio:.2}×; wanted at most {MOST}×: {}",
        few.median(),
        many.median(),
        few.p95(),
        many.p95(),
        missed.or_met(ratio <= MOST)
    );
}

async fn round(hub: &mut Filled, took: &mut Took, time: usize, fulls: usize) -> Result<(), Trouble> {
    let (study, scope) = (hub.fleet.study(), hub.fleet.scope("ward"));
    let tablet = time % TABLETS;
    let by = Client::new(&hub.hub.address, hub.writers[tablet].keys.clone())?;
    let evaluator = Client::new(&hub.hub.address, Arc::clone(&hub.fleet.evaluator))?;
    for client in [&by, &evaluator] {
        client.greet(study).await?;
    }
    if time.is_multiple_of(5) {
        took.many.push(hub.push(&by, tablet, 100).await?.0);
    }
    if time < fulls {
        took.full.push(hub.push(&by, tablet, usize::MAX).await?.0);
    }
    let before = hub.push(&by, tablet, 1).await?.1;
    let (one, head) = hub.push(&by, tablet, 1).await?;
    took.one.push(one);

    let wish = Some(Wish { without: None });
    let scopes = vec![Shown { scope, pulled: Some(head.into()), pushed: None, heard: None, wish }];
    let roster = hub.fleet.roster.entries().len() as u64;
    let (beside, incarnation) = (Greeting::beside(&hub.fleet.roster, &[]), Some(head.incarnation));
    let body = Greeting { roster, beside, incarnation, scopes }.encode();
    let greeting = Request { path: greet_path(study), body, signed: true };
    let begun = Instant::now();
    let response = evaluator.send(&greeting).await?;
    took.greeting.push(since(begun));
    if Welcome::decode(&response.body)? != Welcome::Unchanged {
        return Err(Trouble::Unlike("the hub does not stand where it said".into()));
    }

    let body = Pull { after: Some(before), without: None }.encode();
    let pull = Request { path: pull_path(study, scope), body, signed: true };
    let begun = Instant::now();
    let response = evaluator.send(&pull).await?;
    took.pull.push(since(begun));
    match Pulled::decode(&response.body)?.batches.as_slice() {
        [batch] if batch.bodies.len() == 1 => Ok(()),
        _ => Err(Trouble::Unlike("not the one that was new came back".into())),
    }
}
