//! The hub's database: one writer, one reader, every commit on disk before it returns.

mod chunks;

use std::collections::{HashMap, HashSet};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use nightjar_seal::{
    DeviceTag, EnvelopeId, LinkHash, Notice, PassId, PublicationId, RecordTag, ScopeTag, Strand, StudyTag,
};
use nightjar_sync::wire::{Incarnation, Refusal};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, TransactionBehavior, params};

use super::group::Writer;
use super::{
    Done, Grown, LogRow, Logged, ScopeRow, Stop, Story, Stretch, Tx, fresh_code, read_names, written,
};
use crate::{Config, Failure, copies};

/// The database's file in the hub's folder.
pub(crate) const FILE: &str = "hub.sqlite3";
/// "NJHB", in SQLite's header.
const APPLICATION: i32 = 0x4e4a_4842;
const FORMAT: i32 = 3;
/// Pages of its write-ahead log that are brought into the database together: 32 MiB, so that a page that several pushes change is written once.
const CHECKPOINT: i32 = 8_192;
/// What the connection that writes keeps of the database in memory, in KiB.
const CACHE: i32 = 8_192;

/// The open database.
pub(crate) struct Database {
    file: PathBuf,
    writer: Writer,
    reader: Mutex<Connection>,
    incarnation: Incarnation,
    /// Whether the write-ahead log was to be emptied and could not be.
    unsettled: AtomicBool,
    /// Held as long as the hub runs.
    _lock: File,
}

impl Database {
    /// Opens or creates the database. Gives a new setup code as long as no study was founded.
    pub(crate) fn open(config: &Config) -> Result<(Self, Option<String>), Failure> {
        let lock = lock(&config.data)?;
        let file = config.data.join(FILE);
        let broken = |source| Failure::Database { file: file.clone(), source };
        let mut writer = Connection::open(&file).map_err(broken)?;
        prepare(&writer, config).map_err(broken)?;
        writer.pragma_update(None, "cache_size", -CACHE).map_err(broken)?;
        match is_empty(&writer).map_err(broken)? {
            true => create(&mut writer, &file)?,
            false => recognise(&writer, &file)?,
        }
        let code = renew_setup_code(&mut writer, &file)?;
        let incarnation = writer
            .query_row("SELECT incarnation FROM hub", [], |row| row.get(0))
            .map_err(|source| Failure::Database { file: file.clone(), source })?;
        let reader = Connection::open(&file).map_err(broken)?;
        prepare(&reader, config).map_err(broken)?;
        reader.pragma_update(None, "query_only", true).map_err(broken)?;
        let (writer, reader) = (Writer::new(writer), Mutex::new(reader));
        let (incarnation, unsettled) = (Incarnation(incarnation), AtomicBool::new(false));
        Ok((Self { file, writer, reader, incarnation, unsettled, _lock: lock }, code))
    }

    /// Which life of the database this is.
    pub(crate) fn incarnation(&self) -> Incarnation {
        self.incarnation
    }

    /// Runs `work` in a transaction of the one writer, which others who wait for it may share. Returns after the commit is on disk; with a
    /// refusal nothing is kept.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Done<T> {
        let done = self.writer.write(|connection| work(&mut Open(connection)))?;
        if self.unsettled.swap(false, Ordering::SeqCst) {
            // What was taken out before lies in the log yet. Where it cannot leave now either, the next write tries again.
            let _ = self.settle();
        }
        Ok(done)
    }

    /// Runs `work` on one unchanging view of the database.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Result<T, Refusal> {
        let mut reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let run = || work(&mut Open(&*reader.transaction()?));
        run().map_err(Stop::refusal)
    }

    /// Whether it answers and may be written: nobody who writes is held up for the question.
    pub(crate) fn is_ready(&self) -> bool {
        let reader = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let answers = reader.query_row("SELECT id FROM hub", [], |row| row.get::<_, i64>(0)).is_ok();
        answers && std::fs::metadata(&self.file).is_ok_and(|file| !file.permissions().readonly())
    }

    /// Brings the write-ahead log into the database, so that its file alone is whole.
    ///
    /// Nobody reads meanwhile by this hub. Where another process does, the log keeps what it holds until the next write, which tries again.
    pub(crate) fn settle(&self) -> Result<(), Failure> {
        let _nobody_reads = self.reader.lock().unwrap_or_else(PoisonError::into_inner);
        let busy = self.writer.alone(|connection| {
            connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, bool>(0))
        });
        self.unsettled.store(!matches!(busy, Ok(false)), Ordering::SeqCst);
        busy.map(drop).map_err(|source| Failure::Database { file: self.file.clone(), source })
    }
}

/// That this is a hub's database of this version.
pub(crate) fn recognise(connection: &Connection, file: &Path) -> Result<(), Failure> {
    let broken = |source| Failure::Database { file: file.to_owned(), source };
    let mark =
        |pragma| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0)).map_err(broken);
    let problem = match (mark("application_id")?, mark("user_version")?) {
        (APPLICATION, FORMAT) => return Ok(()),
        (APPLICATION, _) => "the hub's database is of another version",
        _ => "this is not a hub's database",
    };
    Err(Failure::NotAHub { file: file.to_owned(), problem })
}

/// The hub's folder, made for its owner alone where there is none.
pub(crate) fn folder(folder: &Path) -> Result<(), Failure> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(|source| Failure::Folder { folder: folder.to_owned(), source })
}

pub(crate) fn lock(folder: &Path) -> Result<File, Failure> {
    let unusable = |source| Failure::Folder { folder: folder.to_owned(), source };
    self::folder(folder)?;
    let file = File::create(folder.join("hub.lock")).map_err(unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Failure::InUse { folder: folder.to_owned() }),
        Err(TryLockError::Error(source)) => Err(unusable(source)),
    }
}

fn prepare(connection: &Connection, config: &Config) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "wal")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // What is erased is overwritten, not only unlinked.
    connection.execute_batch("PRAGMA secure_delete = ON;")?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT)?;
    // What a savepoint may have to put back.
    connection.pragma_update(None, "temp_store", "memory")?;
    connection.set_prepared_statement_cache_capacity(64);
    if let Some(bytes) = config.limits.database {
        let page: u64 = connection.pragma_query_value(None, "page_size", |row| row.get(0))?;
        let pages = (bytes / page.max(1)).max(1);
        connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(()))?;
    }
    Ok(())
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}

fn create(writer: &mut Connection, file: &Path) -> Result<(), Failure> {
    let (mut incarnation, mut clock) = ([0; 16], [0; 32]);
    getrandom::fill(&mut incarnation)?;
    getrandom::fill(&mut clock)?;
    let mut run = || {
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(include_str!("sqlite.sql"))?;
        // Replaced before the hub is open; nobody knows a code with this hash.
        transaction.execute(
            "INSERT INTO hub (id, incarnation, setup_code, clock) VALUES (1, ?1, zeroblob(32), ?2)",
            params![incarnation, clock],
        )?;
        transaction.pragma_update(None, "application_id", APPLICATION)?;
        transaction.pragma_update(None, "user_version", FORMAT)?;
        transaction.commit()
    };
    run().map_err(|source| Failure::Database { file: file.to_owned(), source })
}

/// A code that was shown once may be lost before it was used, and its hash does not bring it back.
fn renew_setup_code(writer: &mut Connection, file: &Path) -> Result<Option<String>, Failure> {
    let broken = |source| Failure::Database { file: file.to_owned(), source };
    let founded: Option<i64> =
        writer.query_row("SELECT 1 FROM roster LIMIT 1", [], |row| row.get(0)).optional().map_err(broken)?;
    let Some((code, hash)) = fresh_code(founded.is_some())? else { return Ok(None) };
    writer.execute("UPDATE hub SET setup_code = ?1", [hash]).map_err(broken)?;
    Ok(Some(code))
}

/// Reads a hub's database beside the hub.
pub(crate) fn look<T>(data: &Path, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Result<T, Failure> {
    let file = data.join(FILE);
    let mut connection = copies::read(&file)?;
    let unusable = |source| Failure::Database { file: file.clone(), source };
    let transaction = connection.transaction().map_err(unusable)?;
    work(&mut Open(&transaction)).map_err(|_| Failure::NotAHub {
        file: file.clone(),
        problem: "what the database holds makes no sense",
    })
}

impl From<rusqlite::Error> for Stop {
    fn from(error: rusqlite::Error) -> Self {
        match (error.sqlite_error_code(), error.sqlite_error().map(|error| error.extended_code)) {
            (Some(ErrorCode::DiskFull), _) => Self::Full,
            (_, Some(rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE)) => Self::Doubled,
            _ => Self::Broken,
        }
    }
}

/// Sequences that a scope has room for in the numbers of the log's rows: no scope comes near.
const SEQUENCES: u64 = 1 << 40;

/// The number of the row in the log of a scope.
fn at(scope: i64, sequence: u64) -> Done<i64> {
    let first = scope.checked_mul(SEQUENCES as i64).ok_or(Stop::Broken)?;
    let sequence = i64::try_from(sequence).ok().filter(|sequence| *sequence < SEQUENCES as i64);
    first.checked_add(sequence.ok_or(Stop::Broken)?).ok_or(Stop::Broken)
}

/// A transaction that is open on a connection.
struct Open<'a>(&'a Connection);

fn scope_row(row: &Row<'_>) -> rusqlite::Result<ScopeRow> {
    Ok(ScopeRow {
        id: row.get(0)?,
        tag: ScopeTag(row.get(1)?),
        sequence: row.get(2)?,
        hash: row.get(3)?,
        bytes: row.get(4)?,
        taken_out: row.get(5)?,
    })
}

impl Tx for Open<'_> {
    fn setup_code(&mut self) -> Done<[u8; 32]> {
        Ok(self.0.query_row("SELECT setup_code FROM hub", [], |row| row.get(0))?)
    }

    fn clock(&mut self) -> Done<[u8; 32]> {
        Ok(self.0.query_row("SELECT clock FROM hub", [], |row| row.get(0))?)
    }

    fn studies(&mut self) -> Done<Vec<StudyTag>> {
        let mut tags = self.0.prepare("SELECT study FROM roster WHERE place = 0 ORDER BY study")?;
        Ok(tags.query_map([], |row| row.get(0).map(StudyTag))?.collect::<Result<_, _>>()?)
    }

    fn roster(&mut self, study: StudyTag, from: u64) -> Done<Vec<Vec<u8>>> {
        let sql = "SELECT entry FROM roster WHERE study = ?1 AND place >= ?2 ORDER BY place";
        let mut rows = self.0.prepare_cached(sql)?;
        Ok(rows.query_map(params![study.0, from], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    fn keep_entry(&mut self, study: StudyTag, place: u64, entry: &[u8]) -> Done<bool> {
        let sql = "INSERT INTO roster (study, place, entry)
                   SELECT ?1, ?2, ?3 WHERE (SELECT count(*) FROM roster WHERE study = ?1) = ?2";
        Ok(self.0.execute(sql, params![study.0, place, entry])? == 1)
    }

    fn passes(&mut self, study: StudyTag) -> Done<Vec<Vec<u8>>> {
        let mut rows = self.0.prepare_cached("SELECT pass FROM pass WHERE study = ?1 ORDER BY id")?;
        Ok(rows.query_map(params![study.0], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }

    fn keep_pass(&mut self, study: StudyTag, id: &PassId, pass: &[u8]) -> Done<()> {
        let sql = "INSERT OR IGNORE INTO pass (study, id, pass) VALUES (?1, ?2, ?3)";
        self.0.execute(sql, params![study.0, id.0, pass])?;
        Ok(())
    }

    fn forget_pass(&mut self, study: StudyTag, id: &PassId) -> Done<()> {
        self.0.execute("DELETE FROM pass WHERE study = ?1 AND id = ?2", params![study.0, id.0])?;
        Ok(())
    }

    fn publications(&mut self, study: StudyTag) -> Done<Vec<Notice>> {
        let sql = "SELECT id, device, replaces FROM publication WHERE study = ?1 ORDER BY id";
        let mut rows = self.0.prepare_cached(sql)?;
        let mut rows = rows.query([study.0])?;
        let mut notices = Vec::new();
        while let Some(row) = rows.next()? {
            let (id, by) = (PublicationId(row.get(0)?), DeviceTag(row.get(1)?));
            notices.push(Notice {
                id,
                by,
                replaces: read_names(row.get_ref(2)?.as_blob().map_err(|_| Stop::Broken)?)?,
            });
        }
        Ok(notices)
    }

    fn publication(&mut self, study: StudyTag, id: &PublicationId) -> Done<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM publication WHERE study = ?1 AND id = ?2";
        let mut row = self.0.prepare_cached(sql)?;
        Ok(row.query_row(params![study.0, id.0], |row| row.get(0)).optional()?)
    }

    fn keep_publication(&mut self, study: StudyTag, notice: &Notice, publication: &[u8]) -> Done<()> {
        let sql = "INSERT INTO publication (study, id, device, replaces, bytes) VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT DO NOTHING";
        let replaces = written(&notice.replaces);
        self.0.prepare_cached(sql)?.execute(params![
            study.0,
            notice.id.0,
            notice.by.0,
            replaces,
            publication
        ])?;
        Ok(())
    }

    fn forget_publication(&mut self, study: StudyTag, id: &PublicationId) -> Done<()> {
        let sql = "DELETE FROM publication WHERE study = ?1 AND id = ?2";
        self.0.prepare_cached(sql)?.execute(params![study.0, id.0])?;
        Ok(())
    }

    fn scope(&mut self, study: StudyTag, tag: ScopeTag) -> Done<Option<ScopeRow>> {
        let sql = "SELECT id, tag, sequence, hash, bytes, taken_out FROM scope WHERE study = ?1 AND tag = ?2";
        Ok(self.0.prepare_cached(sql)?.query_row(params![study.0, tag.0], scope_row).optional()?)
    }

    fn scopes(&mut self, study: StudyTag) -> Done<Vec<ScopeRow>> {
        let sql = "SELECT id, tag, sequence, hash, bytes, taken_out FROM scope WHERE study = ?1 ORDER BY tag";
        let mut rows = self.0.prepare_cached(sql)?;
        Ok(rows.query_map(params![study.0], scope_row)?.collect::<Result<_, _>>()?)
    }

    fn open_scope(&mut self, study: StudyTag, tag: ScopeTag) -> Done<ScopeRow> {
        // The transaction has the only writer there is.
        self.0
            .prepare_cached(
                "INSERT OR IGNORE INTO scope (study, tag, sequence, hash, bytes) VALUES (?1, ?2, 0, zeroblob(32), 0)",
            )?
            .execute(params![study.0, tag.0])?;
        self.scope(study, tag)?.ok_or(Stop::Broken)
    }

    fn advance(&mut self, scope: i64, sequence: u64, hash: &[u8; 32], bytes: u64) -> Done<()> {
        let sql = "UPDATE scope SET sequence = ?2, hash = ?3, bytes = ?4 WHERE id = ?1";
        self.0.prepare_cached(sql)?.execute(params![scope, sequence, hash, bytes])?;
        Ok(())
    }

    fn story(&mut self, scope: i64) -> Done<Story> {
        let sql = "SELECT (SELECT coalesce(sum(length(bytes)), 0) FROM log WHERE at > ?2 AND at < ?3)
                          + (SELECT coalesce(sum(size), 0) FROM chunk WHERE scope = ?1),
                          (SELECT count(*) FROM erased WHERE scope = ?1),
                          (SELECT received FROM log WHERE at > ?2 AND at < ?3 ORDER BY at DESC LIMIT 1)";
        let story =
            |row: &Row<'_>| Ok(Story { bytes: row.get(0)?, taken_out: row.get(1)?, last: row.get(2)? });
        Ok(self.0.query_row(sql, [scope, at(scope, 0)?, at(scope + 1, 0)?], story)?)
    }

    fn lines(&mut self, scope: i64, device: &DeviceTag) -> Done<u64> {
        // Each line begins with its first link.
        let sql = "SELECT count(*) FROM chain WHERE scope = ?1 AND device = ?2 AND first = 1";
        Ok(self.0.prepare_cached(sql)?.query_row(params![scope, device.0], |row| row.get(0))?)
    }

    fn strand(&mut self, scope: i64, strand: &Strand) -> Done<Grown> {
        let (device, line) = (strand.device.0, strand.line.0);
        let sql = "SELECT last, hash FROM chain WHERE scope = ?1 AND device = ?2 AND line = ?3 ORDER BY last DESC LIMIT 1";
        let end = |row: &Row<'_>| Ok((row.get(0)?, LinkHash(row.get(1)?)));
        let end = self.0.prepare_cached(sql)?.query_row(params![scope, device, line], end).optional()?;
        let sql =
            "SELECT (SELECT coalesce(max(last), 0) FROM push WHERE scope = ?1 AND device = ?2 AND line = ?3),
                          EXISTS (SELECT 1 FROM chain WHERE scope = ?1 AND device = ?2 AND line < ?3)
                          OR EXISTS (SELECT 1 FROM chain WHERE scope = ?1 AND device = ?2 AND line > ?3)";
        let grown = |row: &Row<'_>| Ok(Grown { end, pushed: row.get(0)?, has_other_line: row.get(1)? });
        Ok(self.0.prepare_cached(sql)?.query_row(params![scope, device, line], grown)?)
    }

    fn stretches(&mut self, scope: i64, strand: &Strand, from: u64, to: u64) -> Done<Vec<Stretch>> {
        let mut stretches = self.0.prepare_cached(
            "SELECT first, prev, envelopes, last FROM chain
             WHERE scope = ?1 AND device = ?2 AND line = ?3 AND last >= ?4 ORDER BY last",
        )?;
        let mut rows = stretches.query(params![scope, strand.device.0, strand.line.0, from])?;
        let mut held = Vec::new();
        while let Some(row) = rows.next()? {
            let (first, last): (u64, u64) = (row.get(0)?, row.get(3)?);
            if first > to {
                break;
            }
            held.push(Stretch::read(
                first,
                row.get(1)?,
                row.get_ref(2)?.as_blob().map_err(|_| Stop::Broken)?,
            )?);
            if last >= to {
                break;
            }
        }
        Ok(held)
    }

    fn extend(&mut self, scope: i64, strand: &Strand, stretch: &Stretch, hash: &LinkHash) -> Done<()> {
        let sql = "INSERT INTO chain (scope, device, line, last, hash, first, prev, envelopes)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
        let (device, line) = (strand.device.0, strand.line.0);
        let (last, first, prev) = (stretch.last(), stretch.first, stretch.prev.0);
        let values = params![scope, device, line, last, hash.0, first, prev, stretch.packed()];
        self.0.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    fn add_push(&mut self, scope: i64, strand: &Strand, last: u64, segment: &[u8]) -> Done<i64> {
        let sql = "INSERT INTO push (scope, device, line, last, segment) VALUES (?1, ?2, ?3, ?4, ?5)";
        let (device, line) = (strand.device.0, strand.line.0);
        self.0.prepare_cached(sql)?.execute(params![scope, device, line, last, segment])?;
        Ok(self.0.last_insert_rowid())
    }

    fn segment(&mut self, push: i64) -> Done<Vec<u8>> {
        let mut segment = self.0.prepare_cached("SELECT segment FROM push WHERE id = ?1")?;
        Ok(segment.query_row([push], |row| row.get(0))?)
    }

    fn known(&mut self, scope: i64, envelopes: &[(RecordTag, EnvelopeId)]) -> Done<HashSet<EnvelopeId>> {
        let sql = "SELECT 1 FROM log WHERE record = ?2 AND scope = ?1 AND envelope = ?3";
        let mut known = self.0.prepare_cached(sql)?;
        let mut found = HashSet::new();
        for (record, envelope) in envelopes {
            if known.exists(params![scope, record.0, envelope.0])? {
                found.insert(*envelope);
            }
        }
        Ok(found)
    }

    fn append(&mut self, scope: i64, push: i64, rows: &[LogRow<'_>]) -> Done<()> {
        let mut insert = self.0.prepare_cached(
            "INSERT INTO log (at, scope, push, place, received, record, envelope, hash, bytes)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
        )?;
        for row in rows {
            let (at, bytes) = (at(scope, row.sequence)?, &*row.bytes);
            let (record, envelope) = (row.record.0, row.envelope.0);
            let values = params![at, scope, push, row.place, row.received, record, envelope, row.hash, bytes];
            insert.execute(values)?;
        }
        Ok(())
    }

    fn log_hash(&mut self, scope: i64, sequence: u64) -> Done<Option<[u8; 32]>> {
        let mut hash = self.0.prepare_cached("SELECT hash FROM log WHERE at = ?1")?;
        Ok(hash.query_row([at(scope, sequence)?], |row| row.get(0)).optional()?)
    }

    fn log_names(&mut self, scope: i64, sequence: u64, most: u64) -> Done<Vec<(EnvelopeId, DeviceTag)>> {
        let mut after = self.0.prepare_cached(
            "SELECT log.envelope, push.device FROM log CROSS JOIN push ON push.id = log.push
             WHERE log.at > ?1 AND log.at < ?2 ORDER BY log.at LIMIT ?3",
        )?;
        let rows = params![at(scope, sequence)?, at(scope + 1, 0)?, most];
        let names = after.query_map(rows, |row| Ok((EnvelopeId(row.get(0)?), DeviceTag(row.get(1)?))))?;
        Ok(names.collect::<Result<_, _>>()?)
    }

    fn log_after(&mut self, scope: i64, sequence: u64, most: u64, bytes: u64) -> Done<Vec<Logged>> {
        let mut after = self.0.prepare_cached(
            "SELECT push, place, bytes FROM log WHERE at > ?1 AND at < ?2 ORDER BY at LIMIT ?3",
        )?;
        let mut rows = after.query(params![at(scope, sequence)?, at(scope + 1, 0)?, most])?;
        let (mut logged, mut together) = (Vec::new(), 0);
        while let Some(row) = rows.next()? {
            let one = Logged { push: row.get(0)?, place: row.get(1)?, bytes: row.get(2)? };
            together += one.bytes.len() as u64;
            if together > bytes && !logged.is_empty() {
                break;
            }
            logged.push(one);
        }
        Ok(logged)
    }

    fn erased(&mut self, scope: i64, records: &[RecordTag]) -> Done<HashSet<RecordTag>> {
        let mut known = self.0.prepare_cached("SELECT 1 FROM erased WHERE scope = ?1 AND record = ?2")?;
        let mut found = HashSet::new();
        for record in records {
            if known.exists(params![scope, record.0])? {
                found.insert(*record);
            }
        }
        Ok(found)
    }

    fn note_scope_erased(&mut self, scope: i64) -> Done<()> {
        self.0.execute("UPDATE scope SET taken_out = 1 WHERE id = ?1", [scope])?;
        Ok(())
    }

    fn note_erased(&mut self, scope: i64, record: &RecordTag) -> Done<bool> {
        let sql = "INSERT OR IGNORE INTO erased (scope, record) VALUES (?1, ?2)";
        Ok(self.0.prepare_cached(sql)?.execute(params![scope, record.0])? == 1)
    }

    fn of_record(&mut self, scope: i64, record: &RecordTag, most: u64) -> Done<Vec<(u64, Vec<u8>)>> {
        let sql = "SELECT at, bytes FROM log WHERE at IN
                     (SELECT at FROM log WHERE scope = ?1 AND record = ?2 ORDER BY at LIMIT ?3) ORDER BY at";
        let mut rows = self.0.prepare_cached(sql)?;
        let rows = rows.query_map(params![scope, record.0, most], |row| {
            Ok((row.get::<_, u64>(0)? % SEQUENCES, row.get(1)?))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn overwrite(&mut self, scope: i64, sequence: u64, bytes: &[u8]) -> Done<()> {
        let mut overwrite = self.0.prepare_cached("UPDATE log SET bytes = ?2 WHERE at = ?1")?;
        overwrite.execute(params![at(scope, sequence)?, bytes])?;
        Ok(())
    }

    fn keep_applied(&mut self, scope: i64, device: &DeviceTag, vector: &[u8]) -> Done<()> {
        self.0.execute(
            "INSERT INTO applied (scope, device, vector) VALUES (?1, ?2, ?3)
             ON CONFLICT (scope, device) DO UPDATE SET vector = excluded.vector",
            params![scope, device.0, vector],
        )?;
        Ok(())
    }

    fn keep_confirmation(&mut self, scope: i64, device: &DeviceTag, confirmation: &[u8]) -> Done<()> {
        self.0.execute(
            "INSERT INTO confirmation (scope, device, bytes) VALUES (?1, ?2, ?3)
             ON CONFLICT (scope, device) DO UPDATE SET bytes = excluded.bytes",
            params![scope, device.0, confirmation],
        )?;
        Ok(())
    }

    fn confirmation(&mut self, scope: i64, device: &DeviceTag) -> Done<Option<Vec<u8>>> {
        let sql = "SELECT bytes FROM confirmation WHERE scope = ?1 AND device = ?2";
        let mut kept = self.0.prepare_cached(sql)?;
        Ok(kept.query_row(params![scope, device.0], |row| row.get(0)).optional()?)
    }

    fn note_contact(&mut self, study: StudyTag, device: &DeviceTag, day: u64) -> Done<()> {
        self.0.execute(
            "INSERT INTO contact (study, device, day) VALUES (?1, ?2, ?3)
             ON CONFLICT (study, device) DO UPDATE SET day = max(day, excluded.day)",
            params![study.0, device.0, day],
        )?;
        Ok(())
    }

    fn contacts(&mut self, study: StudyTag) -> Done<HashMap<DeviceTag, u64>> {
        let mut rows = self.0.prepare_cached("SELECT device, day FROM contact WHERE study = ?1")?;
        let rows = rows.query_map([study.0], |row| Ok((DeviceTag(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn applied(&mut self, scope: i64, most: u64) -> Done<Vec<Vec<u8>>> {
        let sql = "SELECT vector FROM applied WHERE scope = ?1 ORDER BY device LIMIT ?2";
        let mut rows = self.0.prepare_cached(sql)?;
        Ok(rows.query_map(params![scope, most], |row| row.get(0))?.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_whether_it_is_ready_waits_for_nobody_who_writes() {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, _) = Database::open(&Config::new(folder.path())).expect("it opens");
        let written = database.write(|tx| {
            // The connection that writes is in use until this returns.
            assert!(database.is_ready());
            tx.studies()
        });
        assert_eq!(written.expect("it writes"), []);
    }
}
