//! Sync beside PouchDB and beside the floor, in one run: ours with TLS, signatures, chains and checks on, every role a process of its own.

mod floor;
mod parts;
mod study;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use nightjar_test_support::{Device, Weather};
use serde::Deserialize;
use serde_json::json;
use study::Ward;

use crate::figures::met;
use crate::trouble::Trouble;

/// Most MiB that a role may take.
const MIB: f64 = 40.0;
/// Most requests each way.
const REQUESTS: u64 = 12;
/// Most bytes of a record on the wire, its key for three recipients among them.
const BYTES: f64 = 1_200.0;

/// What one side says of a run.
#[derive(Debug, Deserialize)]
struct Way {
    seconds: f64,
    mib: f64,
    requests: u64,
    bytes: u64,
}

/// What a peer says.
#[derive(Debug, Deserialize)]
struct Peer {
    push: Way,
    pull: Way,
    server_mib: f64,
}

/// Measures everything; whether everything was as wanted is in what it prints.
pub(crate) fn run(quick: bool, peers: Option<&Path>) -> Result<(), Trouble> {
    let records = if quick { 500 } else { 5_000 };
    let folder = tempfile::tempdir()?;
    let peer = peers.map(|peers| pouchdb(peers, records)).transpose()?;
    let floor = floor::measure(folder.path(), records)?;
    println!(
        "\n{records} records of twelve fields, made offline and changed twice, three changes in an envelope: {records} envelopes"
    );
    let mut ward = Ward::found(true)?;
    let vault = ward.filled_tablet("tablet-1", records)?;
    let mut tablet = Ward::tablet_process(&vault);
    let push = way(&ward, &mut tablet, |said| said["pushed"].as_u64() == Some(records as u64))?;
    let hub_mib = peak(ward.hub.pid())?;
    tablet.close();
    ward.restart_hub(true);
    let mut evaluator = ward.fresh_evaluator();
    let pull = way(&ward, &mut evaluator, |said| said["pulled"].as_u64() == Some(records as u64))?;
    let hub_mib = hub_mib.max(peak(ward.hub.pid())?);
    all_there(&mut evaluator, records)?;

    let line = |who: &str, push: &Way, pull: &Way, hub: f64| {
        println!(
            "  {who:<10} push {:>6.2} s {:>4} requests {:>9} B   pull {:>6.2} s {:>4} requests {:>9} B   MiB {:.0} / {:.0} / {:.0}",
            push.seconds,
            push.requests,
            push.bytes,
            pull.seconds,
            pull.requests,
            pull.bytes,
            push.mib,
            hub,
            pull.mib
        );
    };
    println!("  (MiB: tablet / hub / evaluator)");
    line("Nightjar", &push, &pull, hub_mib);
    println!(
        "  the floor  push {:>6.2} s              {:>9} B   pull {:>6.2} s",
        floor.push, floor.bytes, floor.pull
    );
    match &peer {
        Some(peer) => {
            line("PouchDB", &peer.push, &peer.pull, peer.server_mib);
            let faster = peer.push.seconds / push.seconds;
            println!("  push {faster:.1}× as fast as PouchDB; wanted 10×: {}", met(faster >= 10.0));
            let faster = peer.pull.seconds / pull.seconds;
            println!(
                "  first pull with projection {faster:.1}× as fast as PouchDB; wanted 2×: {}",
                met(faster >= 2.0)
            );
        }
        None => println!("  PouchDB is not installed here, so there is no ratio"),
    }
    let slower = pull.seconds / floor.pull;
    println!("  first pull {slower:.2}× the floor; wanted at most 1.5×: {}", met(slower <= 1.5));
    println!("  push {:.2}× the floor", push.seconds / floor.push);
    let most = push.mib.max(hub_mib).max(pull.mib);
    println!("  {most:.0} MiB at most in a role; wanted {MIB}: {}", met(most <= MIB));
    let most = push.requests.max(pull.requests);
    println!("  {most} requests at most each way; wanted {REQUESTS}: {}", met(most <= REQUESTS));
    let each = push.bytes as f64 / records as f64;
    println!("  {each:.0} B a record on the wire; wanted at most {BYTES}: {}", met(each <= BYTES));

    let parts = parts::of(&ward.folder.path().join("hub"))?;
    let share = |bytes: usize| bytes as f64 / records as f64;
    let sealed = share(parts.bodies + parts.keys + parts.headers + parts.frames);
    println!(
        "    sealed changes {:.0}, keys for four {:.0}, headers in clear {:.0}, frames {:.0}; links, requests, answers and TLS less compression {:.0}",
        share(parts.bodies),
        share(parts.keys),
        share(parts.headers),
        share(parts.frames),
        each - sealed
    );

    nothing_new(&ward, &mut evaluator, records)?;
    drop(evaluator);
    drop(ward);
    sent_in_turn(records, floor.pull)?;
    slow_line(quick)?;
    Ok(())
}

/// The same records, but corrected after they were sent: every change is an envelope of its own.
fn sent_in_turn(records: usize, floor: f64) -> Result<(), Trouble> {
    let mut ward = Ward::found(true)?;
    let _before = ward.line.take();
    ward.sent_in_turn("tablet-1", records)?;
    let sent = ward.line.take();
    ward.restart_hub(true);
    let mut evaluator = ward.fresh_evaluator();
    let pull = way(&ward, &mut evaluator, |said| said["pulled"].as_u64() == Some(3 * records as u64))?;
    println!(
        "\nCorrected after they were sent, {} envelopes: {:.0} B a record on the way up in three syncs; first pull {:.2} s in {} requests, {:.2}× the floor",
        3 * records,
        (sent.up + sent.down) as f64 / records as f64,
        pull.seconds,
        pull.requests,
        pull.seconds / floor
    );
    Ok(())
}

/// One sync of a device, by the clock and by what passed the line.
fn way(ward: &Ward, device: &mut Device, whole: impl Fn(&serde_json::Value) -> bool) -> Result<Way, Trouble> {
    let _before = ward.line.take();
    let begun = Instant::now();
    let said = device.must("sync", json!({}));
    let seconds = begun.elapsed().as_secs_f64();
    let passed = ward.line.take();
    if !whole(&said) {
        return Err(Trouble::Unlike(format!("not everything was sent: {said}")));
    }
    let mib = peak(device.pid().ok_or_else(|| Trouble::Unlike("the device has ended".into()))?)?;
    Ok(Way {
        seconds,
        mib,
        requests: said["requests"].as_u64().unwrap_or(u64::MAX),
        bytes: passed.up + passed.down,
    })
}

/// That the evaluator has every record as it was last.
fn all_there(evaluator: &mut Device, records: usize) -> Result<(), Trouble> {
    let received = evaluator.must("received", json!({}));
    let whole = received.as_array().is_some_and(|tablets| {
        tablets.iter().any(|one| one["received"] == one["expected"] && one["received"] == json!(records))
    });
    let first = evaluator.must("records", json!({ "form_id": "fact", "limit": 1_000 }));
    let submitted = first.as_array().is_some_and(|rows| {
        let wanted = records.min(1_000);
        rows.iter().filter(|row| row.to_string().contains("Handed in")).count() == wanted
    });
    match (whole, submitted) {
        (true, true) => Ok(()),
        _ => Err(Trouble::Unlike(format!("the evaluator lacks something: {received}"))),
    }
}

/// A second sync of who has everything, and one of a single change.
fn nothing_new(ward: &Ward, evaluator: &mut Device, records: usize) -> Result<(), Trouble> {
    println!("\nNothing new, beside {records} records");
    // The sync before has told the hub what was applied: that is news, and said once.
    evaluator.must("sync", json!({}));
    let _before = ward.line.take();
    let said = evaluator.must("sync", json!({}));
    let (requests, passed) = (said["requests"].as_u64().unwrap_or(u64::MAX), ward.line.take());
    let bytes =
        said["bytes_sent"].as_u64().unwrap_or(u64::MAX) + said["bytes_received"].as_u64().unwrap_or(u64::MAX);
    println!(
        "  {requests} request, {bytes} B of application bytes both ways ({} with TLS); wanted 1 and at most 500: {}",
        passed.up + passed.down,
        met(requests == 1 && bytes <= 500)
    );
    // After a pause the connection is gone.
    let (tablet, _) = ward.tablet("tablet-2")?;
    tablet.sync()?;
    study::write(&tablet, records)?;
    evaluator.must("sync", json!({}));
    tablet.sync()?;
    let _before = ward.line.take();
    let said = evaluator.must("sync", json!({}));
    let requests = said["requests"].as_u64().unwrap_or(u64::MAX);
    let bytes =
        said["bytes_sent"].as_u64().unwrap_or(u64::MAX) + said["bytes_received"].as_u64().unwrap_or(u64::MAX);
    println!("  a new record of three changes: {requests} requests, {bytes} B");
    Ok(())
}

/// A line of 200 ms there and back and 1 Mbit/s, beside what the bytes alone need.
fn slow_line(quick: bool) -> Result<(), Trouble> {
    let records = if quick { 200 } else { 1_000 };
    let ward = Ward::found(true)?;
    let vault = ward.filled_tablet("tablet-1", records)?;
    let rate = 125_000;
    ward.line.weather(Weather { delay: Duration::from_millis(100), rate: Some(rate), ..Weather::default() });
    let mut tablet = Ward::tablet_process(&vault);
    let push = way(&ward, &mut tablet, |said| said["waiting"] == 0)?;
    let alone = push.bytes as f64 / rate as f64;
    let longer = push.seconds / alone;
    println!("\n{records} records over 1 Mbit/s with 200 ms there and back");
    println!(
        "  {:.2} s for {} B, which alone take {alone:.2} s: {longer:.2}×; wanted at most 1.3×: {}",
        push.seconds,
        push.bytes,
        met(longer <= 1.3)
    );
    Ok(())
}

/// The most MiB that a process has had in memory.
pub(crate) fn peak(pid: u32) -> Result<f64, Trouble> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()).and_then(|kib| kib.parse::<f64>().ok());
    kib.map(|kib| kib / 1_024.0)
        .ok_or_else(|| Trouble::Unlike("the system does not tell what a process takes".into()))
}

fn pouchdb(peers: &Path, records: usize) -> Result<Peer, Trouble> {
    let out = Command::new("node").arg("pouchdb.mjs").arg(records.to_string()).current_dir(peers).output()?;
    let said = String::from_utf8_lossy(&out.stdout);
    let last = said.lines().last().unwrap_or_default();
    serde_json::from_str(last).map_err(|why| {
        Trouble::Unlike(format!("PouchDB did not end ({why}): {}", String::from_utf8_lossy(&out.stderr)))
    })
}
