//! The formats that are stored and sent, as a release wrote them: vaults, a hub's database, a bundle, envelopes, the roster, and what people
//! write down. [`look`] says what this version reads in them. `formats/v1` holds what version 1 wrote and what was read in it
//! then, and must read the same for ever.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use data_encoding::HEXLOWER;
use nightjar::{Clock, Evaluator, Options, RecordsRequest, Tablet, VaultKey, inspect_bundle};
use nightjar_seal::{
    ChunkKey, ChunkName, EnrolmentRequest, Entry, Envelope, Invitation, Receipt, RecoveryKeys, RecoveryShare,
    Roster, Stub, Whole, open_chunk,
};
use serde::Serialize;
use serde_json::{Value as Json, json};

/// What opens the vaults: they hold nothing that is anybody's.
pub const KEY: [u8; 32] = [7; 32];
/// The moment at which they are opened: not long after they were written, so that nothing has run out.
pub const NOW: &str = "2026-03-02T12:00[Europe/London]";

/// The folder of what version 1 wrote.
#[must_use]
pub fn v1() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("formats/v1")
}

/// Everything that this version reads in a folder of written formats, looked at in copies. `program` is the built `nightjar`.
///
/// # Panics
/// When something cannot be read at all.
#[must_use]
pub fn look(folder: &Path, program: &Path) -> Json {
    let copies = tempfile::tempdir().expect("a folder");
    let copy = |name: &str| {
        let path = copies.path().join(name);
        fs::copy(folder.join(name), &path).expect("a copy");
        path
    };
    let texts = texts(folder);
    let words = texts["receipt"].as_str().expect("words of a receipt");
    json!({
        "tablet": tablet(&copy("tablet.vault"), words),
        "evaluator": evaluator(&copy("evaluator.vault")),
        "bundle": bundle(&copy("second.vault"), &folder.join("ward.bundle")),
        "hub": hub(folder, copies.path(), program),
        "envelopes": files(folder, "envelopes").iter().map(|bytes| envelope(bytes)).collect::<Vec<_>>(),
        "roster": roster(folder),
        "chunks": chunks(folder, &texts),
        "texts": what_texts_say(&texts),
    })
}

fn options() -> Options {
    Options { clock: Clock::simulated(NOW.parse().expect("a time")) }
}

fn key() -> VaultKey {
    VaultKey::from_bytes(KEY)
}

fn say(what: impl Serialize) -> Json {
    serde_json::to_value(what).expect("a view can be told")
}

fn tablet(vault: &Path, words: &str) -> Json {
    let tablet = Tablet::open(vault, &key(), options()).expect("a tablet's vault opens");
    let records = tablet.records(RecordsRequest::default()).expect("its records");
    let history: Vec<_> =
        records.iter().map(|record| say(tablet.history(&record.id).expect("its steps"))).collect();
    json!({
        "status": say(tablet.status().expect("its status")),
        "records": say(&records),
        "history": history,
        "conflicts": say(tablet.conflicts().expect("its conflicts")),
        "dissensus": say(tablet.dissensus().expect("its positions")),
        "publications": say(tablet.publications().expect("what came of it")),
        "drafts": say(tablet.drafts().expect("its drafts")),
        "tallies": say(tablet.tallies().expect("its counts")),
        "own": say(tablet.own_answers(words, "en").expect("what a receipt reads")),
        "verified": say(tablet.verify().expect("it is computed again")),
    })
}

fn evaluator(vault: &Path) -> Json {
    let evaluator = Evaluator::open(vault, &key(), options()).expect("an evaluator's vault opens");
    json!({
        "status": say(evaluator.status().expect("its status")),
        "records": say(evaluator.records(RecordsRequest::default()).expect("its records")),
        "conflicts": say(evaluator.conflicts().expect("its conflicts")),
        "dissensus": say(evaluator.dissensus().expect("its positions")),
        "received": say(evaluator.received().expect("what came")),
        "erased": say(evaluator.erased().expect("what was taken out")),
        "members": say(evaluator.members().expect("who is in")),
        "verified": say(evaluator.verify().expect("it is computed again")),
    })
}

/// What a bundle brings to an evaluator that had joined and received nothing.
fn bundle(vault: &Path, file: &Path) -> Json {
    let evaluator = Evaluator::open(vault, &key(), options()).expect("an evaluator's vault opens");
    json!({
        "inspected": say(inspect_bundle(file).expect("it is a bundle")),
        "imported": say(evaluator.import_bundle(file).expect("it is taken in")),
        "again": say(evaluator.import_bundle(file).expect("it is taken in again")),
        "records": say(evaluator.records(RecordsRequest::default()).expect("its records")),
        "received": say(evaluator.received().expect("what came")),
    })
}

/// What the program says of the hub's database.
fn hub(folder: &Path, copies: &Path, program: &Path) -> Json {
    let data = copies.join("hub");
    fs::create_dir(&data).expect("a folder");
    fs::copy(folder.join("hub.sqlite3"), data.join("hub.sqlite3")).expect("a copy");
    let said =
        Command::new(program).args(["hub", "admin", "--data"]).arg(&data).output().expect("the program runs");
    assert!(said.status.success(), "{}", String::from_utf8_lossy(&said.stderr));
    String::from_utf8_lossy(&said.stdout).lines().map(str::to_owned).collect()
}

/// The files of a folder, in the order of their names.
fn files(folder: &Path, name: &str) -> Vec<Vec<u8>> {
    let entries = fs::read_dir(folder.join(name)).expect("a folder");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths.iter().map(|path| fs::read(path).expect("a file")).collect()
}

fn envelope(bytes: &[u8]) -> Json {
    let Ok(envelope) = Envelope::decode(bytes) else {
        let stub = Stub::decode(bytes).expect("it is an envelope or what is left of one");
        assert_eq!(stub.encode(), bytes, "the same bytes are made of it");
        return json!({ "left_of": HEXLOWER.encode(&stub.id().0), "record": HEXLOWER.encode(&stub.header().record.0) });
    };
    assert_eq!(envelope.encode(), bytes, "the same bytes are made of it");
    let header = envelope.header();
    json!({
        "id": HEXLOWER.encode(&envelope.id().0),
        "kind": format!("{:?}", header.kind),
        "study": HEXLOWER.encode(&header.study.0),
        "scope": HEXLOWER.encode(&header.scope.0),
        "record": HEXLOWER.encode(&header.record.0),
        "device": HEXLOWER.encode(&header.device.0),
        "key": HEXLOWER.encode(&header.key.0),
        "period": header.period.map(|period| format!("{period:?}")),
        "origin": header.origin.as_ref().map(|origin| HEXLOWER.encode(&origin.record().0)),
        "proof": header.proof.is_some(),
        "hands_out": envelope.hands_out(),
    })
}

fn roster(folder: &Path) -> Json {
    let log = files(folder, "roster");
    for bytes in &log {
        assert_eq!(Entry::decode(bytes).expect("an entry").encode(), *bytes, "the same bytes are made of it");
    }
    let roster = Roster::read(log.iter().map(Vec::as_slice)).expect("the roster verifies");
    let members = roster.members().iter().map(|(tag, member)| {
        json!({
            "tag": HEXLOWER.encode(&tag.0),
            "label": member.label,
            "membership": format!("{:?}", member.membership),
            "put_out": member.revoked.is_some(),
        })
    });
    json!({
        "study": HEXLOWER.encode(&roster.study().0),
        "head": HEXLOWER.encode(&roster.head().0),
        "title": roster.title(),
        "recovery": roster.recovery().is_some(),
        "members": members.collect::<Vec<_>>(),
    })
}

/// What the sealed chunks of an attachment hold, with the key that its record would give.
fn chunks(folder: &Path, texts: &Json) -> Json {
    let hexadecimal =
        |name: &str| HEXLOWER.decode(texts[name].as_str().expect("a text").as_bytes()).expect("digits");
    let fixed = |name: &str| hexadecimal(name).try_into().expect("32 bytes");
    let key = ChunkKey::from_bytes(fixed("chunk_key"));
    let sealed = files(folder, "chunks");
    let size = texts["attached"].as_u64().expect("a size");
    let whole = Whole { hash: fixed("attached_hash"), size };
    let opened = sealed.iter().zip(0..).map(|(sealed, index)| {
        let content = open_chunk(&key, &whole, index, &ChunkName::of(sealed), sealed).expect("it opens");
        json!({ "bytes": content.len(), "hash": HEXLOWER.encode(blake3::hash(&content).as_bytes()) })
    });
    opened.collect()
}

fn texts(folder: &Path) -> Json {
    let bytes = fs::read(folder.join("texts.json")).expect("what people write down");
    serde_json::from_slice(&bytes).expect("it is JSON")
}

/// What words, papers and codes come to.
fn what_texts_say(texts: &Json) -> Json {
    let text = |name: &str| texts[name].as_str().expect("a text");
    let receipt = Receipt::from_words(text("receipt")).expect("words of a receipt");
    let request = EnrolmentRequest::from_text(text("request")).expect("a request to be let in");
    let invitation = Invitation::from_text(text("invitation")).expect("an invitation");
    let shares: Vec<_> = texts["shares"].as_array().expect("papers").iter().collect();
    let shares: Vec<_> = shares
        .iter()
        .map(|share| {
            RecoveryShare::from_text(share.as_str().expect("a text")).expect("a share of the recovery key")
        })
        .collect();
    let recovery = RecoveryKeys::put_together(&shares).expect("the recovery key");
    json!({
        "withdrawal": HEXLOWER.encode(&receipt.withdrawal().0),
        "reading": format!("{:?}", receipt.reading()),
        "request": request.to_text() == text("request"),
        "invitation": invitation.to_text() == text("invitation"),
        "recovery": format!("{:?}", recovery.public()),
    })
}
