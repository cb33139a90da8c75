//! The floor: a log and a cursor with nothing that makes them safe. Sealed and padded changes go over a bare connection in batches of
//! a MiB; no TLS, signature, chain, roster or walk over hostile bytes. Whoever syncs like this pays at least so much.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::time::Instant;

use automerge::transaction::Transactable;
use automerge::{ActorId, AutoCommit, ROOT, ReadDoc};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};
use rusqlite::{Connection, params};

use crate::responses::comment_of;
use crate::trouble::Trouble;

const BATCH: usize = 1 << 20;
const KEY: [u8; 32] = [9; 32];
/// Bytes of an id of a document, and of the hash of a sealed change.
const DOCUMENT: usize = 16;
const HASH: usize = 32;
const HEAD: usize = 8 + DOCUMENT + HASH + 4;

/// How long the floor took, in seconds.
pub(crate) struct Floor {
    pub(crate) push: f64,
    pub(crate) pull: f64,
    /// Bytes of all pushes.
    pub(crate) bytes: usize,
}

/// Pushes so many records, each with two changes, and pulls them from elsewhere.
pub(crate) fn measure(folder: &Path, records: usize) -> Result<Floor, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let hub = listener.local_addr()?;
    let database = folder.join("floor-hub.db");
    std::thread::spawn(move || {
        if let Ok(log) = open(&database) {
            for stream in listener.incoming().flatten() {
                // A connection that ends is the end of a measurement.
                let _ = serve(stream, &log);
            }
        }
    });
    let tablet = open(&folder.join("floor-tablet.db"))?;
    fill(&tablet, records)?;
    let begun = Instant::now();
    let bytes = push(&tablet, hub)?;
    let push = begun.elapsed().as_secs_f64();
    let evaluator = open(&folder.join("floor-evaluator.db"))?;
    let begun = Instant::now();
    pull(&evaluator, hub)?;
    let whole = project(&evaluator)?;
    let pull = begun.elapsed().as_secs_f64();
    if whole != records {
        return Err(Trouble::Unlike(format!("of {records} records {whole} arrived at the floor")));
    }
    Ok(Floor { push, pull, bytes })
}

fn open(path: &Path) -> Result<Connection, Trouble> {
    let connection = Connection::open(path)?;
    connection.execute_batch(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
         CREATE TABLE IF NOT EXISTS chunk (seq INTEGER PRIMARY KEY, document BLOB NOT NULL, hash BLOB NOT NULL UNIQUE, body BLOB NOT NULL);
         CREATE TABLE IF NOT EXISTS outbox (seq INTEGER PRIMARY KEY);
         CREATE TABLE IF NOT EXISTS record (document BLOB PRIMARY KEY, status TEXT, comment TEXT);
         CREATE TABLE IF NOT EXISTS cursor (id INTEGER PRIMARY KEY, seq INTEGER);",
    )?;
    Ok(connection)
}

/// A record's three changes.
fn changes(number: usize) -> Result<Vec<Vec<u8>>, Trouble> {
    let wrong = |why| Trouble::refused("change", why);
    let mut document = AutoCommit::new().with_actor(ActorId::from([7; 16].as_slice()));
    for (name, value) in [("study", "bench"), ("ward", "maple"), ("instrument", "fact"), ("role", "nurse")] {
        document.put(ROOT, name, value).map_err(wrong)?;
    }
    document.put(ROOT, "number", number as i64).map_err(wrong)?;
    document.put(ROOT, "started_at", 1_790_000_000 + 61 * number as i64).map_err(wrong)?;
    for (at, name) in ["q1", "q2", "q3"].into_iter().enumerate() {
        document.put(ROOT, name, ((number >> at) % 5) as i64).map_err(wrong)?;
    }
    document.put(ROOT, "lang", "nb").map_err(wrong)?;
    document.put(ROOT, "status", "draft").map_err(wrong)?;
    document.put(ROOT, "comment", comment_of(number)).map_err(wrong)?;
    let mut made = Vec::new();
    for step in 0..3 {
        match step {
            0 => {}
            1 => document.put(ROOT, "q3", 9).map_err(wrong)?,
            _ => document.put(ROOT, "status", "submitted").map_err(wrong)?,
        }
        document.commit();
        made.extend(document.get_last_local_change().map(|change| change.raw_bytes().to_vec()));
    }
    Ok(made)
}

fn seal(document: &[u8], change: &[u8]) -> Result<Vec<u8>, Trouble> {
    let mut packed = zstd::bulk::compress(change, 3)?;
    let length = u32::try_from(packed.len()).unwrap_or(u32::MAX).to_le_bytes();
    let padded = (packed.len() + length.len()).div_ceil(64) * 64 - length.len();
    packed.resize(padded, 0);
    let clear = [&length[..], &packed].concat();
    let hash = blake3::keyed_hash(&KEY, &clear);
    let nonce = &hash.as_bytes()[..24];
    let sealed = cipher()
        .encrypt(&nonce_of(nonce)?, Payload { msg: &clear, aad: document })
        .map_err(|why| Trouble::refused("sealing", why))?;
    Ok([nonce, &sealed].concat())
}

fn unseal(document: &[u8], body: &[u8]) -> Result<Vec<u8>, Trouble> {
    let clear = cipher()
        .decrypt(&nonce_of(&body[..24])?, Payload { msg: &body[24..], aad: document })
        .map_err(|why| Trouble::refused("opening", why))?;
    let length = u32::from_le_bytes(array(&clear)?) as usize;
    Ok(zstd::bulk::decompress(&clear[4..4 + length], BATCH)?)
}

fn cipher() -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(KEY))
}

fn nonce_of(bytes: &[u8]) -> Result<XNonce, Trouble> {
    Ok(XNonce::from(array::<24>(bytes)?))
}

/// The first bytes of some.
fn array<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Trouble> {
    let first = bytes.get(..N).and_then(|first| first.try_into().ok());
    first.ok_or_else(|| Trouble::Unlike("a frame is cut off".into()))
}

fn fill(tablet: &Connection, records: usize) -> Result<(), Trouble> {
    tablet.execute_batch("BEGIN")?;
    for number in 0..records {
        let id = blake3::hash(&number.to_le_bytes());
        let document = &id.as_bytes()[..DOCUMENT];
        for change in changes(number)? {
            let body = seal(document, &change)?;
            keep(tablet, document, blake3::hash(&body).as_bytes(), &body)?;
            tablet.execute("INSERT INTO outbox VALUES (last_insert_rowid())", [])?;
        }
    }
    tablet.execute_batch("COMMIT")?;
    Ok(())
}

fn keep(log: &Connection, document: &[u8], hash: &[u8], body: &[u8]) -> Result<(), Trouble> {
    log.prepare_cached("INSERT OR IGNORE INTO chunk (document, hash, body) VALUES (?1, ?2, ?3)")?
        .execute(params![document, hash, body])?;
    Ok(())
}

/// The frames of what follows `after`, as many as one message takes, with the number of the last.
fn frames(log: &Connection, sql: &str, after: i64) -> Result<(Vec<u8>, i64), Trouble> {
    let (mut out, mut last) = (Vec::new(), after);
    let mut statement = log.prepare_cached(sql)?;
    let mut rows = statement.query([after])?;
    while let Some(row) = rows.next()? {
        last = row.get(0)?;
        let [document, hash, body] = [1, 2, 3].map(|at| row.get::<_, Vec<u8>>(at));
        let body = body?;
        out.extend(last.to_le_bytes());
        out.extend(document?);
        out.extend(hash?);
        out.extend(u32::try_from(body.len()).unwrap_or(u32::MAX).to_le_bytes());
        out.extend(body);
        if out.len() > BATCH {
            break;
        }
    }
    Ok((out, last))
}

fn keep_all(log: &Connection, mut frames: &[u8]) -> Result<i64, Trouble> {
    let mut last = 0;
    while frames.len() >= HEAD {
        last = i64::from_le_bytes(array(frames)?);
        let (document, hash) = (&frames[8..8 + DOCUMENT], &frames[8 + DOCUMENT..HEAD - 4]);
        let length = u32::from_le_bytes(array(&frames[HEAD - 4..])?) as usize;
        let body = &frames[HEAD..HEAD + length];
        if blake3::hash(body).as_bytes() == hash {
            keep(log, document, hash, body)?;
        }
        frames = &frames[HEAD + length..];
    }
    Ok(last)
}

const FROM_OUTBOX: &str = "SELECT seq, document, hash, body FROM outbox JOIN chunk USING (seq) WHERE seq > ?1 ORDER BY seq LIMIT 2000";
const FROM_LOG: &str = "SELECT seq, document, hash, body FROM chunk WHERE seq > ?1 ORDER BY seq LIMIT 2000";

fn serve(mut stream: TcpStream, log: &Connection) -> Result<(), Trouble> {
    stream.set_nodelay(true)?;
    loop {
        let mut kind = [0];
        stream.read_exact(&mut kind)?;
        let asked = take(&mut stream)?;
        match kind {
            [0] => {
                log.execute_batch("BEGIN IMMEDIATE")?;
                keep_all(log, &asked)?;
                log.execute_batch("COMMIT")?;
                give(&mut stream, &[])?;
            }
            _ => {
                let (out, _) = frames(log, FROM_LOG, i64::from_le_bytes(array(&asked)?))?;
                give(&mut stream, &zstd::bulk::compress(&out, 3)?)?;
            }
        }
    }
}

fn give(stream: &mut TcpStream, bytes: &[u8]) -> Result<(), Trouble> {
    stream.write_all(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_le_bytes())?;
    Ok(stream.write_all(bytes)?)
}

fn take(stream: &mut TcpStream) -> Result<Vec<u8>, Trouble> {
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let mut bytes = vec![0; u32::from_le_bytes(length) as usize];
    stream.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn push(tablet: &Connection, hub: SocketAddr) -> Result<usize, Trouble> {
    let mut stream = TcpStream::connect(hub)?;
    stream.set_nodelay(true)?;
    let mut bytes = 0;
    loop {
        let (out, last) = frames(tablet, FROM_OUTBOX, 0)?;
        if out.is_empty() {
            return Ok(bytes);
        }
        bytes += out.len();
        stream.write_all(&[0])?;
        give(&mut stream, &out)?;
        take(&mut stream)?;
        tablet.execute("DELETE FROM outbox WHERE seq <= ?1", [last])?;
    }
}

fn pull(evaluator: &Connection, hub: SocketAddr) -> Result<(), Trouble> {
    let mut stream = TcpStream::connect(hub)?;
    stream.set_nodelay(true)?;
    let mut cursor: i64 = 0;
    loop {
        stream.write_all(&[1])?;
        give(&mut stream, &cursor.to_le_bytes())?;
        let out = zstd::bulk::decompress(&take(&mut stream)?, 4 * BATCH)?;
        if out.is_empty() {
            return Ok(());
        }
        evaluator.execute_batch("BEGIN IMMEDIATE")?;
        cursor = keep_all(evaluator, &out)?;
        evaluator.execute("INSERT OR REPLACE INTO cursor VALUES (1, ?1)", [cursor])?;
        evaluator.execute_batch("COMMIT")?;
    }
}

/// One row a record, from all its changes. How many are whole.
fn project(evaluator: &Connection) -> Result<usize, Trouble> {
    let wrong = |why| Trouble::refused("change", why);
    evaluator.execute_batch("BEGIN IMMEDIATE")?;
    let mut whole = 0;
    let mut finish = |document: &[u8], record: &AutoCommit| -> Result<(), Trouble> {
        let text = |name| -> Result<String, Trouble> {
            let held = record.get(ROOT, name).map_err(wrong)?;
            Ok(held.and_then(|(value, _)| value.into_string().ok()).unwrap_or_default())
        };
        let (status, comment) = (text("status")?, text("comment")?);
        whole += usize::from(status == "submitted" && comment.len() == 300);
        evaluator
            .prepare_cached("INSERT OR REPLACE INTO record VALUES (?1, ?2, ?3)")?
            .execute(params![document, status, comment])?;
        Ok(())
    };
    let mut open: Option<(Vec<u8>, AutoCommit)> = None;
    let mut statement = evaluator.prepare("SELECT document, body FROM chunk ORDER BY document, seq")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let (document, body): (Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?);
        if open.as_ref().is_none_or(|(of, _)| *of != document) {
            if let Some((document, record)) = open.take() {
                finish(&document, &record)?;
            }
            open = Some((document.clone(), AutoCommit::new()));
        }
        if let Some((_, record)) = &mut open {
            record.load_incremental(&unseal(&document, &body)?).map_err(wrong)?;
        }
    }
    if let Some((document, record)) = open {
        finish(&document, &record)?;
    }
    drop(rows);
    evaluator.execute_batch("COMMIT")?;
    Ok(whole)
}
