//! Two thousand tablets, each of which syncs once a minute: the state machine and the transport of a real one, over a TLS connection that is new
//! each time, as after a minute it is.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use nightjar_seal::{Chain, EnvelopeId, Link, ScopeTag};
use nightjar_sync::wire::Outcome;
use nightjar_sync::{Event, Exchange, Memory, Outbox, Patience, ScopePlan, Step, Transport};
use tokio::runtime::Runtime;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::fleet::{Contents, Fleet, LINE, Writer, random};
use super::ingest::all_there;
use super::{Log, Missed, taken};
use crate::figures::Times;
use crate::trouble::Trouble;

/// Tablets of a study: a hospital's.
const OF_A_STUDY: usize = 50;
const SCOPES: [&str; 2] = ["ward", "responses"];
const MINUTE: f64 = 60.0;
/// How far a sync may be from its minute, each way, in seconds.
const JITTER: f64 = 5.0;

/// Lets them sync for some minutes, and pulls everything afterwards.
pub(crate) fn tablets(quick: bool, runtime: &Runtime, missed: &mut Missed) -> Result<(), Trouble> {
    let (studies, minutes) = if quick { (8, 1) } else { (40, 3) };
    for log in [Log::sqlite()?, Log::postgres()?] {
        one_log(&log, studies, minutes, runtime, missed)?;
    }
    Ok(())
}

fn one_log(
    log: &Log,
    studies: usize,
    minutes: usize,
    runtime: &Runtime,
    missed: &mut Missed,
) -> Result<(), Trouble> {
    let (hub, contents) = (log.hub("hub"), Contents::new()?);
    let mut fleets = Vec::new();
    for _ in 0..studies {
        let fleet = Arc::new(Fleet::of(OF_A_STUDY)?);
        runtime.block_on(fleet.found_at(&hub.address, &hub.setup_code))?;
        fleets.push(fleet);
    }
    let mut tablets = Vec::new();
    for fleet in &fleets {
        for number in 0..OF_A_STUDY {
            tablets.push(Tablet::new(fleet, number, minutes, &contents)?);
        }
    }
    let count = tablets.len();
    let address: Arc<str> = hub.address.as_str().into();
    let before = taken(hub.pid())?.0;
    let done = runtime.block_on(async move {
        let (mut running, mut done) = (JoinSet::new(), Vec::new());
        let begun = Instant::now();
        for tablet in tablets {
            running.spawn(tablet.run(address.clone(), begun, minutes));
        }
        while let Some(one) = running.join_next().await {
            done.push(one.map_err(|why| Trouble::refused("a tablet", why))??);
        }
        Ok::<_, Trouble>(done)
    })?;
    let (cpu, mib) = taken(hub.pid())?;
    let times = Times::of(done.iter().flat_map(|tablet| tablet.times.iter().copied()).collect());
    let failed: usize = done.iter().map(|tablet| tablet.failed).sum();
    println!(
        "\n{count} tablets in {studies} studies at one hub on {}, each syncing once a minute for {minutes} min with {JITTER} s of jitter",
        log.name()
    );
    println!(
        "  a sync: TLS anew, a greeting, an envelope to each of two scopes, a pull of what others wrote to one"
    );
    println!(
        "  from when it was due to its end: p50 {:.1} ms, p95 {:.1} ms, p99 {:.1} ms; {failed} failed and were tried again",
        times.median() / 1e3,
        times.p95() / 1e3,
        times.p99() / 1e3
    );
    println!(
        "  the hub took {:.0} % of one processor, and {mib:.0} MiB at most",
        (cpu - before) / (minutes as f64 * MINUTE) * 100.0
    );
    let (mut all, mut whole) = (0, true);
    for fleet in &fleets {
        for (at, name) in SCOPES.into_iter().enumerate() {
            let scope = fleet.scope(name);
            let of = done.iter().filter(|tablet| tablet.fleet.study() == fleet.study());
            let made: Vec<_> = of.flat_map(|tablet| tablet.outboxes[at].made.iter().copied()).collect();
            whole &= runtime.block_on(all_there(fleet, &hub.address, scope, &made))?;
            all += made.len();
        }
    }
    // What a ward wrote its tablets have as well, but for what came after their last sync.
    let pulled: usize = done.iter().map(|tablet| tablet.pulled.len()).sum();
    println!(
        "  {all} envelopes, each pulled again and compared ({pulled} more reached other tablets meanwhile): {}",
        missed.or_met(whole && all == count * SCOPES.len() * minutes)
    );
    Ok(())
}

struct Tablet {
    fleet: Arc<Fleet>,
    number: usize,
    outboxes: Vec<Waiting>,
    pulled: HashSet<EnvelopeId>,
    /// Of each sync, in microseconds.
    times: Vec<f64>,
    failed: usize,
}

/// What one scope has to send.
struct Waiting {
    scope: ScopeTag,
    chain: Chain,
    /// Sealed, and not yet written.
    sealed: Vec<(EnvelopeId, Vec<u8>)>,
    open: Vec<(Link, Option<Vec<u8>>)>,
    made: Vec<EnvelopeId>,
    memory: Memory,
}

impl Tablet {
    fn new(
        fleet: &Arc<Fleet>,
        number: usize,
        minutes: usize,
        contents: &Arc<Contents>,
    ) -> Result<Self, Trouble> {
        let outboxes = SCOPES.into_iter().map(|name| {
            let mut writer: Writer = fleet.writer(number, name, contents);
            let (scope, chain) = (writer.scope(), Chain::new(writer.strand(), writer.scope()));
            let sealed = (0..minutes).map(|_| writer.envelope()).collect::<Result<_, _>>()?;
            Ok(Waiting {
                scope,
                chain,
                sealed,
                open: Vec::new(),
                made: Vec::new(),
                memory: Memory::default(),
            })
        });
        Ok(Self {
            fleet: fleet.clone(),
            number,
            outboxes: outboxes.collect::<Result<_, Trouble>>()?,
            pulled: HashSet::new(),
            times: Vec::new(),
            failed: 0,
        })
    }

    async fn run(mut self, hub: Arc<str>, begun: Instant, minutes: usize) -> Result<Self, Trouble> {
        let transport = Transport::new(&hub, Patience::default())?;
        let phase = MINUTE * drawn();
        for minute in 0..minutes {
            let at = minute as f64 * MINUTE + phase + JITTER * (2.0 * drawn() - 1.0);
            let due = begun + Duration::from_secs_f64(at.max(0.0));
            for waiting in &mut self.outboxes {
                if let Some((id, bytes)) = waiting.sealed.pop() {
                    waiting.open.push((waiting.chain.next(id), Some(bytes)));
                    waiting.made.push(id);
                }
            }
            sleep_until(due).await;
            match self.sync(&transport).await {
                Ok(()) => self.times.push(due.elapsed().as_secs_f64() * 1e6),
                Err(Trouble::Sync(_)) => self.failed += 1,
                Err(trouble) => return Err(trouble),
            }
        }
        if self.outboxes.iter().any(|waiting| !waiting.open.is_empty()) {
            self.sync(&transport).await?;
        }
        Ok(self)
    }

    async fn sync(&mut self, transport: &Transport) -> Result<(), Trouble> {
        let keys = self.fleet.tablets[self.number].clone();
        let plans = self.outboxes.iter().enumerate().map(|(at, waiting)| ScopePlan {
            scope: waiting.scope,
            push: true,
            // Only evaluators pull what is confidential.
            pull: at == 0,
            without: Some(LINE),
            publish: false,
            learn: true,
            memory: waiting.memory.clone(),
        });
        let mut exchange = Exchange::new(self.fleet.roster.clone(), keys.tag(), plans.collect())?;
        let mut entropy = random;
        loop {
            match exchange.step() {
                Step::Done => return Ok(()),
                Step::NeedApplied { .. } => exchange.supply_applied(None)?,
                Step::NeedPublication { .. } => exchange.supply_publication(None)?,
                Step::NeedOutbox { scope, .. } => {
                    let waiting = self.outboxes.iter().find(|waiting| waiting.scope == scope);
                    let links = waiting.map(|waiting| waiting.open.clone()).unwrap_or_default();
                    let outbox = match links.last() {
                        None => None,
                        Some((Link { device, line, scope, seq, .. }, _)) => {
                            let hash = links[links.len() - 1].0.hash();
                            let end = Chain { device: *device, line: *line, scope: *scope, seq: *seq, hash };
                            let head = end.sign(&keys).map_err(|why| Trouble::refused("chain", why))?;
                            Some(Outbox { links, head })
                        }
                    };
                    exchange.supply_outbox(outbox)?;
                }
                Step::Send(request) => {
                    let response = transport.send(&request, &keys, &mut entropy).await?;
                    for event in exchange.on_response(&response)? {
                        self.keep(event)?;
                    }
                    for waiting in &mut self.outboxes {
                        waiting.memory = exchange.memory(waiting.scope).cloned().unwrap_or_default();
                    }
                }
            }
        }
    }

    fn keep(&mut self, event: Event) -> Result<(), Trouble> {
        match event {
            Event::Acknowledged { scope, outcomes, through, .. } => {
                // Known, where the answer before it was lost.
                let kept = outcomes.iter().all(|one| matches!(one.outcome, Outcome::Stored | Outcome::Known));
                for waiting in self.outboxes.iter_mut().filter(|waiting| kept && waiting.scope == scope) {
                    waiting.open.retain(|(link, _)| link.seq > through);
                }
                Ok(())
            }
            Event::Received { link, .. } if self.pulled.insert(link.envelope) => Ok(()),
            Event::ChainSeen { .. } | Event::Pulled { .. } => Ok(()),
            _ => Err(Trouble::Unlike("a tablet heard what it should not have".into())),
        }
    }
}

/// A number from 0 up to 1.
fn drawn() -> f64 {
    let mut bytes = [0; 4];
    random(&mut bytes);
    f64::from(u32::from_le_bytes(bytes)) / (f64::from(u32::MAX) + 1.0)
}
