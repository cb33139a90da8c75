//! How fast a hub takes in what tablets push.

use nightjar_seal::{EnvelopeId, ScopeTag};
use tokio::runtime::Runtime;

use super::fleet::{Contents, Fleet, Writer, ids, prepare, push_all};
use super::{Log, Missed, taken};
use crate::trouble::Trouble;

/// Envelopes a second of the hub, at least, beside those of bare inserting.
const SHARE: f64 = 0.5;
/// Envelopes a second of two hubs, at least, beside those of one.
const TWO: f64 = 0.8;
/// Tablets that push at once.
const TABLETS: usize = 8;
/// Studies of two scopes each, for two hubs.
const STUDIES: usize = 8;
const SCOPES: [&str; 2] = ["ward", "responses"];
/// Envelopes of a push where tablets come back after a day.
const DAY: usize = 20;

/// A hub on SQLite.
pub(crate) fn sqlite(quick: bool, runtime: &Runtime, missed: &mut Missed) -> Result<(), Trouble> {
    beside_bare(&Log::sqlite()?, quick, runtime, missed)
}

/// A hub on PostgreSQL.
pub(crate) fn postgres(quick: bool, runtime: &Runtime, missed: &mut Missed) -> Result<(), Trouble> {
    beside_bare(&Log::postgres()?, quick, runtime, missed)
}

fn beside_bare(log: &Log, quick: bool, runtime: &Runtime, missed: &mut Missed) -> Result<(), Trouble> {
    let (rounds, each) = if quick { (3, 1_500) } else { (5, 4_500) };
    let (hub, mut bare) = (log.hub("hub"), log.bare()?);
    let (fleet, contents) = (Fleet::of(TABLETS)?, Contents::new()?);
    runtime.block_on(fleet.found_at(&hub.address, &hub.setup_code))?;
    let mut writers: Vec<_> = (0..TABLETS).map(|tablet| fleet.writer(tablet, "ward", &contents)).collect();
    let mut pushed = Vec::new();
    println!("\nIngest on {}: {TABLETS} tablets at once, one scope", log.name());
    for (what, most, wanted) in [("full pushes", usize::MAX, true), ("a day's pushes", DAY, false)] {
        let each = if wanted { each } else { each / 10 };
        let (mut ours, mut theirs, mut shares) = (Vec::new(), Vec::new(), Vec::new());
        let (mut cpu, mut count) = (0.0, 0);
        for _ in 0..rounds {
            let ready = prepare(&mut writers, each, most)?;
            // In turn, so that each batch of the bare side holds what one push holds.
            let batches = ready.iter().flat_map(|ready| ready.iter()).map(|ready| ready.envelopes.as_slice());
            let envelopes: usize = batches.clone().map(<[_]>::len).sum();
            let bare_rate = envelopes as f64 / bare.insert(batches)?;
            let before = taken(hub.pid())?.0;
            let seconds = runtime.block_on(push_all(Writer::clients(&writers, &[&hub.address])?, &ready))?;
            cpu += taken(hub.pid())?.0 - before;
            let rate = envelopes as f64 / seconds;
            ours.push(rate);
            theirs.push(bare_rate);
            shares.push(rate / bare_rate);
            count += envelopes;
            pushed.extend(ids(&ready));
        }
        let (ours, theirs, share) = (median(ours), median(theirs), median(shares));
        print!("  {what:<15} {ours:>7.0} envelopes/s, bare inserting {theirs:>7.0}: {:.0} %", share * 100.0);
        match wanted {
            true => println!("; wanted {:.0} %: {}", SHARE * 100.0, missed.or_met(share >= SHARE)),
            false => println!(" (in pushes of {DAY}, no target)"),
        }
        println!("  {:<15} {:>7.1} µs of the hub's processor an envelope", "", cpu * 1e6 / count as f64);
    }
    let scope = fleet.scope("ward");
    let whole = runtime.block_on(all_there(&fleet, &hub.address, scope, &pushed))?;
    println!("  {} envelopes, each pulled again and compared: {}", pushed.len(), missed.or_met(whole));
    println!("  the hub took {:.0} MiB at most", taken(hub.pid())?.1);
    Ok(())
}

/// Two hubs over one PostgreSQL database beside one of them.
pub(crate) fn two_hubs(quick: bool, runtime: &Runtime, missed: &mut Missed) -> Result<(), Trouble> {
    let (rounds, each) = if quick { (2, 500) } else { (5, 1_500) };
    let log = Log::postgres()?;
    let (first, second) = (log.hub("first"), log.hub("second"));
    let contents = Contents::new()?;
    let fleets = (0..STUDIES).map(|_| Fleet::of(SCOPES.len())).collect::<Result<Vec<_>, _>>()?;
    let mut writers = Vec::new();
    for fleet in &fleets {
        // The code that was shown last is the one that counts, at whichever hub.
        runtime.block_on(fleet.found_at(&first.address, &second.setup_code))?;
        writers
            .extend(SCOPES.iter().enumerate().map(|(tablet, scope)| fleet.writer(tablet, scope, &contents)));
    }
    let studies: Vec<_> = fleets.iter().flat_map(|fleet| [fleet, fleet]).collect();
    let mut pushed: Vec<Vec<EnvelopeId>> = vec![Vec::new(); writers.len()];
    let (mut one, mut two, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        let mut rates = Vec::new();
        for hubs in [&[first.address.as_str()][..], &[first.address.as_str(), second.address.as_str()]] {
            let ready = prepare(&mut writers, each, usize::MAX)?;
            let seconds = runtime.block_on(push_all(Writer::clients(&writers, hubs)?, &ready))?;
            rates.push(ids(&ready).count() as f64 / seconds);
            for (pushed, ready) in pushed.iter_mut().zip(&ready) {
                pushed.extend(ids(std::slice::from_ref(ready)));
            }
        }
        one.push(rates[0]);
        two.push(rates[1]);
        ratios.push(rates[1] / rates[0]);
    }
    let (one, two, ratio) = (median(one), median(two), median(ratios));
    println!("\nTwo hubs over one PostgreSQL: {STUDIES} studies of two scopes, a tablet for each");
    println!(
        "  one hub {one:.0} envelopes/s, two hubs {two:.0}: {ratio:.2}×; wanted at least {TWO}×: {}",
        missed.or_met(ratio >= TWO)
    );
    let mut whole = true;
    for (at, (fleet, writer)) in studies.iter().zip(&writers).enumerate() {
        // What was pushed at one hub is pulled at the other, too.
        let address = if at % 2 == 0 { &second.address } else { &first.address };
        whole &= runtime.block_on(all_there(fleet, address, writer.scope(), &pushed[at]))?;
    }
    let all: usize = pushed.iter().map(Vec::len).sum();
    println!("  {all} envelopes, each pulled again and compared: {}", missed.or_met(whole));
    Ok(())
}

/// Whether a scope holds exactly these.
pub(crate) async fn all_there(
    fleet: &Fleet,
    address: &str,
    scope: ScopeTag,
    pushed: &[EnvelopeId],
) -> Result<bool, Trouble> {
    let held = fleet.pull_all(address, scope).await?;
    Ok(held.len() == pushed.len() && pushed.iter().all(|id| held.contains(id)))
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}
