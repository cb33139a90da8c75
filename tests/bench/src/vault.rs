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
use nightjar_test_support::records::{draft, reading};
use nightjar_vault::{Readable, Vault, VaultError, VaultKey};
use rusqlite::{Connection, TransactionBehavior, params};

use crate::figures::{Times, met};
use crate::responses::{Study, WARDS, entropy};
use crate::trouble::Trouble;

const KEY: [u8; 32] = [7; 32];
/// As the vault sets a connection up.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON;
     PRAGMA temp_store = MEMORY; PRAGMA cache_size = -4096; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;";
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

/// Bytes of many things.
type Many = Vec<Vec<u8>>;

/// Envelopes of so many responses, and their changes in clear.
fn responses(count: usize, evaluator: &DeviceKeys) -> Result<(Many, Many), Trouble> {
    let study = Study::new()?;
    let mut entropy = entropy(0);
    let tablet = DeviceKeys::generate(&mut entropy);
    let made = (0..count).map(|at| {
        let response = study.one(at, &tablet, &mut entropy);
        let (change, written) = study.sealed(&response, &tablet, evaluator, &mut entropy);
        (change.encode(), written.bytes)
    });
    Ok(made.unzip())
}

/// A vault that was given the form.
pub(crate) fn reader(path: &Path) -> Result<Vault, Trouble> {
    let vault = Vault::create(path, &VaultKey::new(KEY))?;
    vault.keep_dictionaries(&[Study::new()?.dictionary])?;
    Ok(vault)
}

/// Envelopes of one transaction.
const BATCH: usize = 256;

fn merging(effort: &Effort, folder: &Path) -> Result<(), Trouble> {
    let evaluator = evaluator();
    let (envelopes, changes) = responses(effort.merged, &evaluator)?;
    let holder = Holder { device: Some(&evaluator), ..Holder::default() };
    let vault = reader(&folder.join("merge.db"))?;
    let (mut ours, mut bares, mut memory) = (Vec::new(), Vec::new(), 0);
    let mut bare = connect(&folder.join("merge-bare.db"))?;
    bare.execute_batch("CREATE TABLE envelope (id BLOB PRIMARY KEY, bytes BLOB, packed BLOB) WITHOUT ROWID")?;
    // Batch by batch in turn, so that a pause of the disk does not fall on one of them alone.
    for (batch, of) in changes.chunks(BATCH).zip(envelopes.chunks(BATCH)) {
        let before = resident()?;
        let start = Instant::now();
        vault.import(of.iter().map(Vec::as_slice), &holder, reading())?;
        ours.push(since(start) / of.len() as f64);
        memory += resident()?.cast_signed() - before.cast_signed();
        let start = Instant::now();
        let t = bare.transaction_with_behavior(TransactionBehavior::Immediate)?;
        for (change, bytes) in batch.iter().zip(of) {
            let mut document = automerge::Automerge::new();
            let read = automerge::Change::from_bytes(change.clone());
            let read = read.map_err(|why| Trouble::refused("change", why))?;
            document.apply_changes([read]).map_err(|why| Trouble::refused("change", why))?;
            black_box(&document);
            let sql = "INSERT INTO envelope (id, bytes, packed) VALUES (?1, ?2, ?3)";
            t.prepare_cached(sql)?.execute(params![blake3::hash(bytes).as_bytes(), bytes, change])?;
        }
        t.commit()?;
        bares.push(since(start) / of.len() as f64);
    }
    let sum = |each: &[f64]| -> f64 {
        each.iter().zip(changes.chunks(BATCH)).map(|(one, of)| one * of.len() as f64).sum()
    };
    let (all, bare) = (sum(&ours), sum(&bares));
    let speed = bare / all;
    println!("\nMerging {} changes of as many records, each with its key", effort.merged);
    println!(
        "  ours {:.2} s ({:.0} µs a record); bare automerge and bare rows {:.2} s",
        all / 1e6,
        all / effort.merged as f64,
        bare / 1e6
    );
    println!("  {:.0} % of the bare speed; wanted at least 50 %: {}", speed * 100.0, met(speed >= 0.5));
    // By the median of batches, beside the bare one's: a pause of the machine says nothing of how the cost grows.
    let grown = |each: &[f64]| {
        let quarter = each.len().div_ceil(4);
        let [first, last] =
            [&each[..quarter], &each[each.len() - quarter..]].map(|part| Times::of(part.to_vec()));
        last.median() / first.median()
    };
    let (by_us, by_bare) = (grown(&ours), grown(&bares));
    println!(
        "  a record of the last quarter took {by_us:.2}× one of the first, a bare one {by_bare:.2}×; \
         wanted at most 1.25× as much: {}",
        met(by_us <= 1.25 * by_bare.max(1.0))
    );
    println!("  {memory} KiB more memory than before, of it 4096 that the page cache may take");
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

/// Columns of the wide table before its items: its number, the id, and what is known of the record.
const BESIDE: usize = 10;

/// A row of the wide table: its id, and every text in it.
fn wide_row(row: &rusqlite::Row<'_>, items: usize) -> rusqlite::Result<([u8; 16], Vec<Option<String>>)> {
    let texts = (2..BESIDE + items).map(|at| row.get::<_, Option<String>>(at));
    Ok((row.get(1)?, texts.collect::<Result<_, _>>()?))
}

fn asking(effort: &Effort, path: &Path) -> Result<(), Trouble> {
    let vault = Vault::open(path, &VaultKey::new(KEY))?;
    let wide = path.with_file_name("wide.db");
    let mut bare = connect(&wide)?;
    let study = Study::new()?;
    let items: Vec<_> = study.items().collect();
    let names: Vec<&str> = items.iter().map(|(name, _)| *name).collect();
    // As it would be built for these very questions: an index for each, and one of words. A row holds what ours holds of it
    // (not who wrote each value, nor by which key it may be taken out), and whoever asks is given all of it.
    bare.execute_batch(&format!(
        "CREATE TABLE wide (n INTEGER PRIMARY KEY, id BLOB UNIQUE, instrument TEXT, ward TEXT, role TEXT, phase TEXT,
                            kind TEXT, week TEXT, part_of_day TEXT, language TEXT, {});
         CREATE INDEX wide_group ON wide (instrument, ward, role, phase);
         CREATE INDEX wide_page ON wide (instrument, ward, id);
         CREATE VIRTUAL TABLE said USING fts5 (words, content = '', tokenize = 'unicode61 remove_diacritics 2');",
        names.join(" TEXT, ") + " TEXT"
    ))?;
    let mut query = Query { limit: 10_000, ..Query::default() };
    let t = bare.transaction()?;
    loop {
        let batch = vault.query(&query)?;
        for row in &batch.rows {
            let marks = vec!["?"; BESIDE + items.len()].join(", ");
            let mut values: Vec<Box<dyn rusqlite::ToSql>> = vec![
                Box::new(None::<i64>),
                Box::new(row.record.0),
                Box::new(row.meta.instrument.clone()),
                Box::new(row.meta.ward.clone()),
                Box::new(row.meta.role.clone()),
                Box::new(row.meta.phase.clone()),
                Box::new(row.meta.kind.clone()),
                Box::new(row.meta.week.clone()),
                Box::new(row.meta.part_of_day.clone()),
                Box::new(row.meta.language.clone()),
            ];
            let mut comment = String::new();
            for (_, key) in &items {
                let held = row.cells.iter().find(|cell| cell.key == *key);
                let text = held.and_then(|cell| cell.values().first().map(|value| value.to_text()));
                comment = text.as_deref().unwrap_or_default().to_owned();
                values.push(Box::new(text));
            }
            t.prepare_cached(&format!("INSERT INTO wide VALUES ({marks})"))?
                .execute(rusqlite::params_from_iter(values.iter()))?;
            let sql = "INSERT INTO said (rowid, words) VALUES (last_insert_rowid(), ?1)";
            t.prepare_cached(sql)?.execute([comment])?;
        }
        match batch.next {
            Some(next) => query.after = Some(next),
            None => break,
        }
    }
    t.commit()?;
    let (mut page, mut bare_page, mut counts, mut bare_counts) = (vec![], vec![], vec![], vec![]);
    let (mut search, mut bare_search) = (vec![], vec![]);
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
        let rows = statement.query_map(params!["patient-core", ward], |row| wide_row(row, items.len()))?;
        black_box(rows.collect::<Result<Vec<_>, _>>()?.len());
        bare_page.push(since(start));
    }
    // A word in a quarter of all comments, then one that begins two others.
    for word in ["torch", "curtain", "sis", "weekend breakfast"].iter().cycle().take(effort.asked) {
        let start = Instant::now();
        let query = Query { text: Some((*word).to_owned()), limit: 100, ..Query::default() };
        black_box(vault.query(&query)?.rows.len());
        search.push(since(start));
        let asked: Vec<_> = word.split(' ').map(|word| format!("\"{word}\"*")).collect();
        let start = Instant::now();
        let sql = "SELECT wide.* FROM said CROSS JOIN wide ON wide.n = said.rowid WHERE said MATCH ?1
                   ORDER BY said.rowid LIMIT 100";
        let mut statement = bare.prepare_cached(sql)?;
        let rows = statement.query_map([asked.join(" ")], |row| wide_row(row, items.len()))?;
        black_box(rows.collect::<Result<Vec<_>, _>>()?.len());
        bare_search.push(since(start));
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
    print(
        &format!("A page of 100 that hold a word {of}"),
        &Times::of(search),
        "the same index",
        &Times::of(bare_search),
        2.0,
    );
    Ok(())
}

fn bytes_on_disk(folder: &Path) -> Result<(), Trouble> {
    const RESPONSES: usize = 1_000;
    let (study, evaluator) = (Study::new()?, evaluator());
    let mut entropy = entropy(1 << 40);
    let keys = DeviceKeys::generate(&mut entropy);
    let (on_tablet, at_evaluator) = (folder.join("tablet.db"), folder.join("evaluator.db"));
    let (tablet, reader) = (reader(&on_tablet)?, reader(&at_evaluator)?);
    let (empty_tablet, empty_reader) = (size(&tablet, &on_tablet)?, size(&reader, &at_evaluator)?);
    let (mut json, mut sealed, mut plain) = (0, 0, 0);
    let holder = Holder { device: Some(&evaluator), ..Holder::default() };
    for at in 0..RESPONSES {
        let response = study.one(at, &keys, &mut entropy);
        json += zstd::bulk::compress(&study.json(&response)?, 3)?.len();
        let (change, written) = study.sealed(&response, &keys, &evaluator, &mut entropy);
        plain += written.bytes.len();
        let bytes = change.encode();
        sealed += bytes.len();
        reader.import([bytes.as_slice()], &holder, reading())?;
        let draft = tablet.begin(&draft())?;
        let dictionary = Some(study.dictionary.clone());
        let checked = nightjar_vault::Checked::open(&written, change, dictionary, response.key, reading())?;
        tablet.finish(&draft, checked, Readable::Elsewhere, reading())?;
    }
    let each = |bytes: u64| bytes as f64 / RESPONSES as f64;
    let mine = each(size(&tablet, &on_tablet)? - empty_tablet);
    let theirs = each(size(&reader, &at_evaluator)? - empty_reader);
    let json = json as f64 / RESPONSES as f64;
    println!("\nBytes on disk for a response of 12 items with a comment of 300 characters");
    println!(
        "  its JSON after zstd {json:.0}; the change {}, sealed with its key for one reader {}",
        plain / RESPONSES,
        sealed / RESPONSES
    );
    let ratio = |bytes: f64, most: f64| {
        format!("{:.1}×; wanted at most {most}×: {}", bytes / json, met(bytes <= most * json))
    };
    println!("  on the tablet after a confidential finish {mine:.0}: {}", ratio(mine, 3.0));
    parts(&on_tablet, RESPONSES)?;
    println!("  at an evaluator {theirs:.0}: {}", ratio(theirs, 6.0));
    parts(&at_evaluator, RESPONSES)
}

/// Bytes of each table and index, per response, and how full their pages are; what takes less than a byte is left out.
fn parts(path: &Path, responses: usize) -> Result<(), Trouble> {
    let database = connect(path)?;
    let sql = "SELECT name, sum(pgsize), sum(payload), sum(unused) FROM dbstat GROUP BY name ORDER BY 2 DESC";
    let mut statement = database.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (name, pages, payload, unused): (String, i64, i64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        if pages as usize >= 8 * responses {
            let of = |bytes: i64| bytes as f64 / responses as f64;
            println!(
                "    {name:<28} {:>7.1}, of it unused {:>6.1}, content {:>7.1}",
                of(pages),
                of(unused),
                of(payload)
            );
        }
    }
    let free: i64 = database.query_row("PRAGMA freelist_count", [], |row| row.get(0))?;
    println!("    free pages                   {:>7.1}", (free * 4096) as f64 / responses as f64);
    Ok(())
}

/// The database and its log, after the log was emptied into it.
fn size(vault: &Vault, path: &Path) -> Result<u64, Trouble> {
    vault.pause();
    let bytes = std::fs::metadata(path)?.len();
    vault.resume()?;
    Ok(bytes)
}

pub(crate) fn evaluator() -> DeviceKeys {
    DeviceKeys::generate(&mut |bytes: &mut [u8]| bytes.fill(3))
}

fn filled(path: &Path, records: usize) -> Result<(), Trouble> {
    let evaluator = evaluator();
    let (envelopes, _) = responses(records, &evaluator)?;
    let holder = Holder { device: Some(&evaluator), ..Holder::default() };
    let vault = reader(path)?;
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
pub(crate) fn since(start: Instant) -> f64 {
    start.elapsed().as_nanos() as f64 / 1_000.0
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
