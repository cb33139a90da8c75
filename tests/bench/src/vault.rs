//! The vault beside bare SQLCipher and bare automerge, on the same disk and in the same run.
//!
//! The bare side is what nobody could do without: a row committed with the same settings, a file opened with its key, a plain
//! wide table asked the same, automerge loading the same changes and one row inserted for each.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use nightjar_form::{Attachments, Entry, Instrument, Opening, Session, Value};
use nightjar_record::Query;
use nightjar_seal::{DeviceKeys, Holder};
use nightjar_test_support::records::{Response, cell, draft, reading};
use nightjar_vault::{Readable, Vault, VaultError, VaultKey};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::figures::Times;
use crate::trouble::Trouble;

const KEY: [u8; 32] = [7; 32];
/// As the vault sets a connection up.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
     PRAGMA temp_store = MEMORY; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
const WARDS: [&str; 7] =
    ["acute-male", "acute-fem-1", "acute-fem-2", "rehab-long", "neuro", "dementia", "rehab-recov"];

/// How much is measured.
struct Effort {
    answers: usize,
    records: usize,
    merged: usize,
    asked: usize,
}

/// Measures everything.
pub(crate) fn run(quick: bool) -> Result<(), Trouble> {
    let effort = match quick {
        true => Effort { answers: 200, records: 5_000, merged: 1_000, asked: 50 },
        false => Effort { answers: 2_000, records: 100_000, merged: 10_000, asked: 200 },
    };
    let folder = tempfile::tempdir()?;
    answering(&effort, folder.path())?;
    merging(&effort, folder.path())?;
    let (small, large) = (folder.path().join("small.db"), folder.path().join("large.db"));
    filled(&small, 100)?;
    filled(&large, effort.records)?;
    opening(&effort, &small, &large)?;
    asking(&effort, &large)?;
    bytes_on_disk(folder.path())
}

/// Opens a vault and tells how much memory that took, in KiB: in a process of its own.
pub(crate) fn opened(path: &Path) -> Result<(), Trouble> {
    let before = resident()?;
    let vault = Vault::open(path, &VaultKey::new(KEY))?;
    black_box(vault.setting("device.label")?);
    println!("{}", resident()?.saturating_sub(before));
    Ok(())
}

fn answering(effort: &Effort, folder: &Path) -> Result<(), Trouble> {
    let form = "| survey |\n| | type | name | label |\n| | select_one yn | q | Did you sleep? |\n| | text | why | Why? |\n\
         | choices |\n| | list_name | name | label |\n| | yn | yes | Yes |\n| | yn | no | No |\n";
    let instrument = Instrument::read("f.md", form.as_bytes(), &Attachments::default());
    let instrument = Arc::new(instrument.map_err(|why| Trouble::refused("f.md", why))?);
    let now: jiff::Zoned =
        "2026-03-02T10:00[Europe/London]".parse().map_err(|why| Trouble::refused("now", why))?;
    let opening = Opening { language: None, now: now.clone(), seed: 1 };
    let mut session = Session::open(instrument, opening).map_err(|why| Trouble::refused("f.md", why))?;
    let vault = Vault::create(folder.join("answers.db"), &VaultKey::new(KEY))?;
    let draft = vault.begin(&draft())?;
    let mut bare = connect(&folder.join("bare.db"))?;
    bare.execute_batch(
        "CREATE TABLE entry (draft BLOB, n INTEGER, sealed BLOB, PRIMARY KEY (draft, n)) WITHOUT ROWID",
    )?;
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    for n in 0..effort.answers {
        let entry = Entry::Answer {
            path: "why".to_owned(),
            value: Some(Value::Text(format!(
                "I woke up {n} times and could not say why, it was the corridor"
            ))),
        };
        let start = Instant::now();
        session.apply(&entry, &now).map_err(|why| Trouble::refused("why", why))?;
        let bytes = serde_json::to_vec(&(&entry, &now)).map_err(|why| Trouble::refused("entry", why))?;
        vault.append(&draft, &bytes)?;
        black_box(session.page());
        ours.push(since(start));
        // What the journal stores: a nonce of 24 bytes and a tag of 16 beside the entry.
        let sealed = vec![7_u8; bytes.len() + 40];
        let start = Instant::now();
        let t = bare.transaction_with_behavior(TransactionBehavior::Immediate)?;
        t.prepare_cached("INSERT INTO entry (draft, n, sealed) VALUES (?1, ?2, ?3)")?
            .execute(params![draft.0, n as i64, sealed])?;
        t.commit()?;
        theirs.push(since(start));
    }
    print(
        "An answer: the session, one sealed entry on disk, the page after it",
        &Times::of(ours),
        "a bare row committed",
        &Times::of(theirs),
        1.5,
    );
    Ok(())
}

/// Envelopes of so many responses, two each, and their changes in clear.
fn responses(count: usize, evaluator: &DeviceKeys) -> (Vec<Vec<u8>>, Vec<Vec<u8>>) {
    let mut n = 0_u64;
    // Not secret: the same in every run.
    let mut entropy = move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(32) {
            n += 1;
            chunk.copy_from_slice(&blake3::hash(&n.to_le_bytes()).as_bytes()[..chunk.len()]);
        }
    };
    let tablet = DeviceKeys::generate(&mut entropy);
    let (mut envelopes, mut changes) = (Vec::new(), Vec::new());
    for at in 0..count {
        let (change, keys, written) =
            one(at, &tablet, &mut entropy).sealed(&tablet, &[evaluator], &mut entropy);
        envelopes.extend([change.encode(), keys.encode()]);
        changes.push(written.bytes);
    }
    (envelopes, changes)
}

/// A response of twelve items, one of them a comment of 300 characters.
fn one(at: usize, tablet: &DeviceKeys, entropy: &mut dyn nightjar_seal::Entropy) -> Response {
    let mut cells: Vec<_> = (0..11)
        .map(|n| (cell(&format!("q{n}")), Value::One(["yes", "no", "dk"][(at + n) % 3].to_owned())))
        .collect();
    let words =
        ["door", "light", "corridor", "quiet", "woke", "three", "again", "staff", "kind", "torch", "window"];
    let mut text = String::new();
    for n in 0.. {
        text.push_str(words[(at * 7 + n * n) % words.len()]);
        text.push(' ');
        if text.len() >= 300 {
            break;
        }
    }
    text.truncate(300);
    cells.push((cell("comment"), Value::Text(text)));
    Response::new(tablet, WARDS[at % WARDS.len()], cells, entropy)
}

fn merging(effort: &Effort, folder: &Path) -> Result<(), Trouble> {
    let evaluator = evaluator();
    let (envelopes, changes) = responses(effort.merged, &evaluator);
    let holder = Holder { device: Some(&evaluator), ..Holder::default() };
    let mut seconds = Vec::new();
    for (name, share) in [("half", effort.merged), ("all", effort.merged * 2)] {
        let vault = Vault::create(folder.join(format!("merge-{name}.db")), &VaultKey::new(KEY))?;
        let before = resident()?;
        let start = Instant::now();
        for batch in envelopes[..share].chunks(512) {
            vault.import(batch.iter().map(Vec::as_slice), &holder, reading())?;
        }
        seconds.push((start.elapsed().as_secs_f64(), resident()?.saturating_sub(before)));
    }
    let mut bare = connect(&folder.join("merge-bare.db"))?;
    bare.execute_batch("CREATE TABLE envelope (id BLOB PRIMARY KEY, bytes BLOB, packed BLOB) WITHOUT ROWID")?;
    let start = Instant::now();
    for (batch, of) in changes.chunks(256).zip(envelopes.chunks(512)) {
        let t = bare.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (change, pair) in batch.iter().zip(of.chunks(2)) {
            let mut document = automerge::Automerge::new();
            let read = automerge::Change::from_bytes(change.clone());
            let read = read.map_err(|why| Trouble::refused("change", why))?;
            document.apply_changes([read]).map_err(|why| Trouble::refused("change", why))?;
            black_box(&document);
            let sql = "INSERT INTO envelope (id, bytes, packed) VALUES (?1, ?2, ?3)";
            for bytes in pair {
                t.prepare_cached(sql)?.execute(params![blake3::hash(bytes).as_bytes(), bytes, change])?;
            }
        }
        t.commit()?;
    }
    let bare = start.elapsed().as_secs_f64();
    let [(half, _), (all, memory)] = seconds[..] else { return Ok(()) };
    let speed = bare / all;
    println!(
        "\nMerging {} changes of as many records, with the envelopes that hand out their keys",
        effort.merged
    );
    println!(
        "  ours {:.2} s ({:.0} µs a record); bare automerge and bare rows {bare:.2} s",
        all,
        all * 1e6 / effort.merged as f64
    );
    println!("  {:.0} % of the bare speed; wanted at least 50 %: {}", speed * 100.0, met(speed >= 0.5));
    println!("  twice as many took {:.2}× as long; {memory} KiB more memory than before", all / half);
    Ok(())
}

fn opening(effort: &Effort, small: &Path, large: &Path) -> Result<(), Trouble> {
    let (mut few, mut many, mut bare) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..effort.asked {
        for (path, times) in [(small, &mut few), (large, &mut many)] {
            let start = Instant::now();
            let vault = Vault::open(path, &VaultKey::new(KEY))?;
            black_box(vault.setting("device.label")?);
            times.push(since(start));
        }
        let start = Instant::now();
        let connection = connect(large)?;
        let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_master", [], |row| row.get(0))?;
        black_box(tables);
        bare.push(since(start));
    }
    let (few, many, bare) = (Times::of(few), Times::of(many), Times::of(bare));
    print(&format!("Opening a vault of {} records", effort.records), &many, "one of 100", &few, 2.0);
    print(&format!("Opening a vault of {} records", effort.records), &many, "a bare open of it", &bare, 3.0);
    let memory = |path: &Path| -> Result<i64, Trouble> {
        let out = Command::new(std::env::current_exe()?).arg("opened").arg(path).output()?;
        String::from_utf8_lossy(&out.stdout).trim().parse().map_err(|why| Trouble::refused("memory", why))
    };
    let more = memory(large)? - memory(small)?;
    println!(
        "  {more} KiB more memory after opening it than after opening the small one; wanted at most 8192: {}",
        met(more <= 8192)
    );
    Ok(())
}

fn asking(effort: &Effort, path: &Path) -> Result<(), Trouble> {
    let vault = Vault::open(path, &VaultKey::new(KEY))?;
    let wide = path.with_file_name("wide.db");
    let mut bare = connect(&wide)?;
    let items: Vec<String> = (0..11).map(|n| format!("q{n}")).chain(["comment".to_owned()]).collect();
    bare.execute_batch(&format!(
        "CREATE TABLE wide (id BLOB PRIMARY KEY, instrument TEXT, ward TEXT, role TEXT, phase TEXT, {}) WITHOUT ROWID;
         CREATE INDEX wide_group ON wide (instrument, ward, role, phase);",
        items.join(" TEXT, ") + " TEXT"
    ))?;
    let mut query = Query { limit: 10_000, ..Query::default() };
    let t = bare.transaction()?;
    loop {
        let batch = vault.query(&query)?;
        for row in &batch.rows {
            let marks = vec!["?"; 5 + items.len()].join(", ");
            let mut values: Vec<Box<dyn rusqlite::ToSql>> = vec![
                Box::new(row.record.0),
                Box::new(row.meta.instrument.clone()),
                Box::new(row.meta.ward.clone()),
                Box::new(row.meta.role.clone()),
                Box::new(row.meta.phase.clone()),
            ];
            for item in &items {
                let key = cell(item);
                let held = row.cells.iter().find(|cell| cell.key == key);
                values
                    .push(Box::new(held.and_then(|cell| cell.values().first().map(|value| value.to_text()))));
            }
            t.prepare_cached(&format!("INSERT INTO wide VALUES ({marks})"))?
                .execute(rusqlite::params_from_iter(values.iter()))?;
        }
        match batch.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    t.commit()?;
    let (mut page, mut bare_page, mut counts, mut bare_counts) = (vec![], vec![], vec![], vec![]);
    for n in 0..effort.asked {
        let ward = WARDS[n % WARDS.len()];
        let start = Instant::now();
        let query = Query {
            instruments: vec!["patient-core".to_owned()],
            wards: vec![ward.to_owned()],
            limit: 100,
            ..Query::default()
        };
        black_box(vault.query(&query)?.rows.len());
        page.push(since(start));
        let start = Instant::now();
        let mut statement = bare
            .prepare_cached("SELECT * FROM wide WHERE instrument = ?1 AND ward = ?2 ORDER BY id LIMIT 100")?;
        let rows = statement.query_map(params!["patient-core", ward], |row| {
            (5..5 + items.len()).map(|at| row.get::<_, Option<String>>(at)).collect::<Result<Vec<_>, _>>()
        })?;
        black_box(rows.collect::<Result<Vec<_>, _>>()?.len());
        bare_page.push(since(start));
    }
    for _ in 0..(effort.asked / 10).max(5) {
        let start = Instant::now();
        black_box(vault.counts()?.len());
        counts.push(since(start));
        let start = Instant::now();
        let sql = "SELECT instrument, ward, role, phase, count(*) FROM wide GROUP BY 1, 2, 3, 4";
        let mut statement = bare.prepare_cached(sql)?;
        let rows = statement.query_map([], |row| row.get::<_, i64>(4))?;
        black_box(rows.collect::<Result<Vec<_>, _>>()?.len());
        bare_counts.push(since(start));
    }
    let of = format!("among {} records", effort.records);
    print(
        &format!("A page of 100 of one ward {of}"),
        &Times::of(page),
        "a wide table",
        &Times::of(bare_page),
        2.0,
    );
    print(
        &format!("Counts by ward and role {of}"),
        &Times::of(counts),
        "a wide table",
        &Times::of(bare_counts),
        2.0,
    );
    println!("  (searching text is not built)");
    Ok(())
}

fn bytes_on_disk(folder: &Path) -> Result<(), Trouble> {
    const RESPONSES: usize = 1_000;
    let evaluator = evaluator();
    let mut n = 1_u64 << 40;
    let mut entropy = move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(32) {
            n += 1;
            chunk.copy_from_slice(&blake3::hash(&n.to_le_bytes()).as_bytes()[..chunk.len()]);
        }
    };
    let tablet_keys = DeviceKeys::generate(&mut entropy);
    let (on_tablet, at_evaluator) = (folder.join("tablet.db"), folder.join("evaluator.db"));
    let tablet = Vault::create(&on_tablet, &VaultKey::new(KEY))?;
    let reader = Vault::create(&at_evaluator, &VaultKey::new(KEY))?;
    let empty = size(&tablet, &on_tablet)?;
    let mut json = 0;
    let holder = Holder { device: Some(&evaluator), ..Holder::default() };
    let mut sealed = (0, 0);
    for at in 0..RESPONSES {
        let response = one(at, &tablet_keys, &mut entropy);
        let plain = serde_json::to_vec(&response.cells).map_err(|why| Trouble::refused("json", why))?;
        json += zstd::bulk::compress(&plain, 3)?.len();
        let (change, keys, written) = response.sealed(&tablet_keys, &[&evaluator], &mut entropy);
        let (change_bytes, key_bytes) = (change.encode(), keys.encode());
        sealed = (sealed.0 + change_bytes.len(), sealed.1 + key_bytes.len());
        reader.import([change_bytes.as_slice(), key_bytes.as_slice()], &holder, reading())?;
        let draft = tablet.begin(&draft())?;
        let checked = nightjar_vault::Checked::open(&written, change, Some(keys), response.key, reading())?;
        tablet.finish(&draft, checked, Readable::Elsewhere, reading())?;
    }
    let each = |bytes: u64| (bytes - empty) as f64 / RESPONSES as f64;
    let (mine, theirs) = (each(size(&tablet, &on_tablet)?), each(size(&reader, &at_evaluator)?));
    let json = json as f64 / RESPONSES as f64;
    println!("\nBytes on disk for a response of 12 items with a comment of 300 characters");
    println!(
        "  its JSON after zstd {json:.0}; the sealed change {}, the key handed to one reader {}",
        sealed.0 / RESPONSES,
        sealed.1 / RESPONSES
    );
    println!(
        "  on the tablet after a confidential finish {mine:.0}: {:.1}×; wanted at most 3×: {}",
        mine / json,
        met(mine <= 3.0 * json)
    );
    println!(
        "  at an evaluator {theirs:.0}: {:.1}×; wanted at most 6×: {}",
        theirs / json,
        met(theirs <= 6.0 * json)
    );
    Ok(())
}

/// The database and its log, after the log was emptied into it.
fn size(vault: &Vault, path: &Path) -> Result<u64, Trouble> {
    vault.pause();
    let bytes = std::fs::metadata(path)?.len();
    vault.resume()?;
    Ok(bytes)
}

fn evaluator() -> DeviceKeys {
    DeviceKeys::generate(&mut |bytes: &mut [u8]| bytes.fill(3))
}

fn filled(path: &Path, records: usize) -> Result<(), Trouble> {
    let evaluator = evaluator();
    let (envelopes, _) = responses(records, &evaluator);
    let holder = Holder { device: Some(&evaluator), ..Holder::default() };
    let vault = Vault::create(path, &VaultKey::new(KEY))?;
    for batch in envelopes.chunks(2_000) {
        vault.import(batch.iter().map(Vec::as_slice), &holder, reading())?;
    }
    Ok(())
}

fn connect(path: &Path) -> Result<Connection, Trouble> {
    let connection = Connection::open(path)?;
    connection.execute_batch(&format!("PRAGMA key = \"x'{}'\"; {SETTINGS}", "07".repeat(32)))?;
    Ok(connection)
}

/// Resident memory of this process in KiB.
fn resident() -> Result<u64, Trouble> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    Ok(line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0))
}

#[expect(clippy::cast_precision_loss, reason = "microseconds")]
fn since(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64 / 1_000.0
}

fn met(yes: bool) -> &'static str {
    if yes { "met" } else { "MISSED" }
}

/// Prints ours, the bare side, and how many times as long ours takes.
fn print(what: &str, ours: &Times, name: &str, bare: &Times, most: f64) {
    println!("\n{what}");
    println!("  {:<24} {:>10.1} µs p50 {:>10.1} µs p99", "Nightjar", ours.median(), ours.p99());
    println!("  {:<24} {:>10.1} µs p50 {:>10.1} µs p99", name, bare.median(), bare.p99());
    let (median, high) = (ours.median() / bare.median(), ours.p99() / bare.p99());
    println!(
        "  {median:.2}× by p50, {high:.2}× by p99; wanted at most {most}×: {}",
        met(median <= most && high <= most)
    );
}

impl From<VaultError> for Trouble {
    fn from(error: VaultError) -> Self {
        Trouble::refused("vault", error)
    }
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Trouble::refused("SQLite", error)
    }
}
