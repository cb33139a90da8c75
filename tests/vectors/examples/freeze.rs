//! Writes what `formats::look` reads, once for a version of the formats and never again:
//! `cargo run -p nightjar-vectors --example freeze -- tests/vectors/formats/v1`. Build the program before.

use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use nightjar::form::Value;
use nightjar::{
    AmendRequest, PageRequest, PublishRequest, ReceiptKind, RecordsRequest, Tablet, ThemeRequest, ThemeState,
    VaultKey,
};
use nightjar_e2e::study::{Founded, begin, night};
use nightjar_seal::{CHUNK_CONTENT, ChunkKey, RecoveryKeys, Whole, seal_chunk};
use nightjar_test_support::program;
use nightjar_vectors::formats::{KEY, look};
use rusqlite::Connection;
use serde_json::json;

const CHUNK_KEY: [u8; 32] = [9; 32];

type Done<T> = Result<T, Box<dyn Error>>;

fn main() -> Done<()> {
    let folder = PathBuf::from(std::env::args().nth(1).ok_or("name the folder to write")?);
    // What was frozen stays.
    fs::create_dir(&folder).map_err(|why| format!("{}: {why}; what was frozen stays", folder.display()))?;
    write(&folder)?;
    let read = serde_json::to_string_pretty(&look(&folder, &program()))?;
    fs::write(folder.join("expected.json"), read + "\n")?;
    Ok(())
}

/// A small study in which something of everything happens.
fn write(folder: &Path) -> Done<()> {
    let study = Founded::at_a_hub();
    let tablets = [study.tablet("One"), study.tablet("Two"), study.tablet("Three")];
    let [one, two, three] = &tablets;
    let (second, to_second) = &study.second;
    second.join(to_second, study.pack.clone())?;

    // A ward record, corrected before it was sent and after; the same night from elsewhere.
    night(one, "2026-02-26", 14);
    let record = one.records(RecordsRequest::default())?.remove(0).id;
    let amend = |in_bed: i64| {
        let changes = vec![("in_bed".to_owned(), Value::Integer(in_bed))];
        one.amend(AmendRequest { record: record.clone(), role: "nurse".into(), changes })
    };
    amend(15)?;
    one.sync()?;
    amend(16)?;
    night(two, "2026-02-26", 12);
    night(three, "2026-02-27", 9);

    // What people say: to be read and corrected by its receipt, to be taken out, and without one.
    let (_, words) = respond(one, "badly")?.finish_with(ReceiptKind::Read)?;
    let (_, taken_out) = respond(one, "well")?.finish_with(ReceiptKind::TakeOut)?;
    respond(two, "well")?.finish()?;
    for (role, stance) in [("nurse", "against"), ("doctor", "for")] {
        let position = begin(two, "position", role);
        position.answer("case_label", Some(Value::Text("Owl 3".into())))?;
        position.answer("voice", Some(Value::One(role.into())))?;
        position.answer("stance", Some(Value::One(stance.into())))?;
        position.answer("why", Some(Value::Text("The corridor is loud.".into())))?;
        position.finish()?;
    }
    for tablet in [one, two, three, one] {
        tablet.sync()?;
    }
    study.steward.sync()?;
    let correction = one.correct_own(&words, "en")?;
    correction.answer("slept", Some(Value::One("well".into())))?;
    correction.finish_correction(&words)?;
    one.take_out(&taken_out)?;
    one.sync()?;
    study.steward.sync()?;
    study.steward.put_out("Three")?;
    for tablet in [two, one] {
        tablet.sync()?;
    }
    study.steward.publish(&published())?;
    study.steward.sync()?;
    one.sync()?;
    // Half of somebody's answers, which only their words open.
    let draft = begin(one, "patient-core", "patient");
    draft.answer("slept", Some(Value::One("badly".into())))?;
    draft.take_words()?;
    drop(draft);

    one.export_bundle(&folder.join("ward.bundle"), None)?;
    let key = VaultKey::from_bytes(KEY);
    let mut at = 0_u8;
    let mut entropy = |bytes: &mut [u8]| {
        for byte in bytes {
            at = at.wrapping_mul(5).wrapping_add(1);
            *byte = at ^ (at >> 3);
        }
    };
    let papers = RecoveryKeys::generate(&mut entropy).split(3, 2, &mut entropy)?;
    let papers: Vec<String> = papers.iter().take(2).map(|share| share.to_text().to_string()).collect();
    // An attachment of two chunks, the second not full.
    let attached: Vec<u8> = (0..CHUNK_CONTENT + 1_000).map(|at| (at % 251) as u8).collect();
    let (whole, key_of_it) = (Whole::of(&attached)?, ChunkKey::from_bytes(CHUNK_KEY));
    fs::create_dir(folder.join("chunks"))?;
    for (index, content) in (0..).zip(attached.chunks(CHUNK_CONTENT)) {
        let sealed = seal_chunk(&key_of_it, &whole, index, content, &mut entropy)?;
        fs::write(folder.join(format!("chunks/{index:02}")), sealed)?;
    }
    let newcomer = Tablet::create(&study.folder.path().join("newcomer"), &key, "Newcomer", study.options())?;
    fs::write(
        folder.join("texts.json"),
        serde_json::to_string_pretty(&json!({
            "receipt": *words,
            "shares": papers,
            "request": newcomer.enrolment_request()?,
            "invitation": to_second,
            "chunk_key": HEXLOWER.encode(&CHUNK_KEY),
            "attached": attached.len(),
            "attached_hash": HEXLOWER.encode(blake3::hash(&attached).as_bytes()),
        }))? + "\n",
    )?;
    one.rekey(&key)?;
    one.backup(&folder.join("tablet.vault"))?;
    study.steward.rekey(&key)?;
    study.steward.backup(&folder.join("evaluator.vault"))?;
    second.rekey(&key)?;
    second.backup(&folder.join("second.vault"))?;

    // A copy of the hub's database as a backup makes it.
    let held = Connection::open(study.folder.path().join("hub/hub.sqlite3"))?;
    held.execute("VACUUM INTO ?1", [folder.join("hub.sqlite3").display().to_string()])?;
    each(&held, "SELECT bytes FROM log ORDER BY at", &folder.join("envelopes"))?;
    each(&held, "SELECT entry FROM roster ORDER BY place", &folder.join("roster"))?;
    Ok(())
}

/// A page on what came of it.
fn published() -> PublishRequest {
    let theme = ThemeRequest {
        name: "Doors".into(),
        said: "Doors bang at night.".into(),
        state: ThemeState::Planned,
        change: Some("The doors will close softly.".into()),
        who: Some("The people who look after the building".into()),
        when: Some("By the end of June".into()),
        why: None,
    };
    let page = PageRequest {
        language: "en".into(),
        easy_read: true,
        title: "What you told us".into(),
        text: "# Thank you\nWe read all of it.\n\n- Nobody can see who said what.".into(),
        themes: vec![theme],
    };
    PublishRequest { replaces: Vec::new(), pages: vec![page] }
}

fn respond(tablet: &Tablet, slept: &str) -> Done<nightjar::Sitting> {
    let sitting = begin(tablet, "patient-core", "patient");
    sitting.answer("slept", Some(Value::One(slept.into())))?;
    sitting.answer("better", Some(Value::Text("A darker curtain.".into())))?;
    Ok(sitting)
}

/// Every row of a statement as a file, numbered.
fn each(held: &Connection, sql: &str, folder: &Path) -> Done<()> {
    fs::create_dir(folder)?;
    let mut statement = held.prepare(sql)?;
    let rows = statement.query_map([], |row| row.get::<_, Vec<u8>>(0))?;
    for (number, bytes) in rows.enumerate() {
        fs::write(folder.join(format!("{number:02}.cbor")), bytes?)?;
    }
    Ok(())
}
