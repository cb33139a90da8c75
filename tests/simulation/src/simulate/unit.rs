//! A device of a schedule: a vault with the facade over it, and a second look into that vault by which it is judged.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Zoned;
use nightjar::{
    BundleView, Clock, ConflictView, Evaluator, Failure, Options, RecordView, RecordsRequest, SyncView,
    Tablet, VaultKey,
};
use nightjar_seal::{DeviceTag, EnvelopeId, LinkHash, RecordTag, Roster, ScopeTag, Strand};
use nightjar_sync::Carrier;
use nightjar_sync::wire::{Mark, Message};
use rusqlite::{Connection, Row, params};

use super::line::ADDRESS;

/// The key of every vault.
pub(super) const KEY: [u8; 32] = [7; 32];

pub(super) fn key() -> VaultKey {
    VaultKey::from_bytes(KEY)
}

/// Which face of the facade a vault was made for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Evaluator,
    Tablet,
}

/// An open device.
pub(super) enum Face {
    Evaluator(Evaluator),
    Tablet(Tablet),
}

impl Face {
    pub(super) fn sync(&self) -> Result<SyncView, Failure> {
        match self {
            Self::Evaluator(device) => device.sync(),
            Self::Tablet(device) => device.sync(),
        }
    }

    pub(super) fn export(&self, file: &Path) -> Result<BundleView, Failure> {
        match self {
            Self::Evaluator(device) => device.export_bundle(file, None),
            Self::Tablet(device) => device.export_bundle(file, None),
        }
    }

    pub(super) fn import(&self, file: &Path) -> Result<BundleView, Failure> {
        match self {
            Self::Evaluator(device) => device.import_bundle(file),
            Self::Tablet(device) => device.import_bundle(file),
        }
    }

    pub(super) fn records(&self, form: &str) -> Result<Vec<RecordView>, Failure> {
        let asked =
            RecordsRequest { form_id: Some(form.into()), limit: Some(1_000), ..RecordsRequest::default() };
        match self {
            Self::Evaluator(device) => device.records(asked),
            Self::Tablet(device) => device.records(asked),
        }
    }

    pub(super) fn conflicts(&self) -> Result<Vec<ConflictView>, Failure> {
        match self {
            Self::Evaluator(device) => device.conflicts(),
            Self::Tablet(device) => device.conflicts(),
        }
    }

    pub(super) fn backup(&self, to: &Path) -> Result<(), Failure> {
        match self {
            Self::Evaluator(device) => device.backup(to),
            Self::Tablet(device) => device.backup(to),
        }
    }

    pub(super) fn verify(&self) -> Result<nightjar::VerifiedView, Failure> {
        match self {
            Self::Evaluator(device) => device.verify(),
            Self::Tablet(device) => device.verify(),
        }
    }

    fn goes_by(&self, carrier: Arc<dyn Carrier>, now: u64) {
        match self {
            Self::Evaluator(device) => device.goes_by(ADDRESS, carrier, now),
            Self::Tablet(device) => device.goes_by(ADDRESS, carrier, now),
        }
        .expect("it is an address");
    }
}

/// An envelope in a vault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stored {
    pub(super) device: [u8; 16],
    pub(super) scope: [u8; 16],
    pub(super) record: [u8; 16],
    pub(super) kind: i64,
    /// As the vault's schema numbers states.
    pub(super) state: i64,
    pub(super) has_bytes: bool,
}

/// States of the vault's schema.
pub(super) mod state {
    pub(in super::super) const APPLIED: i64 = 1;
    pub(in super::super) const WAITS_FOR_CHANGE: i64 = 3;
    pub(in super::super) const KEPT: i64 = 4;
    pub(in super::super) const ERASED: i64 = 6;
    pub(in super::super) const RELEASED: i64 = 7;
    pub(in super::super) const QUARANTINED: i64 = 10;
}

/// A copy of a vault's files, and what was known of it then.
#[derive(Clone)]
pub(super) struct Copied {
    pub(super) file: PathBuf,
    pub(super) own: BTreeSet<EnvelopeId>,
}

/// A device.
pub(super) struct Unit {
    pub(super) number: usize,
    pub(super) kind: Kind,
    pub(super) label: String,
    pub(super) path: PathBuf,
    pub(super) tag: DeviceTag,
    pub(super) clock: Clock,
    face: Option<Face>,
    peek: Option<Connection>,
    carrier: Arc<dyn Carrier>,
    /// Own envelopes that are known to be durable.
    pub(super) own: BTreeSet<EnvelopeId>,
    pub(super) copies: Vec<Copied>,
    pub(super) has_joined: bool,
    pub(super) is_revoked: bool,
}

impl Unit {
    pub(super) fn new(
        number: usize,
        kind: Kind,
        label: &str,
        path: &Path,
        tag: DeviceTag,
        now: Zoned,
        carrier: Arc<dyn Carrier>,
    ) -> Self {
        Self {
            number,
            kind,
            label: label.to_owned(),
            path: path.to_owned(),
            tag,
            clock: Clock::simulated(now),
            face: None,
            peek: None,
            carrier,
            own: BTreeSet::new(),
            copies: Vec::new(),
            has_joined: true,
            is_revoked: false,
        }
    }

    /// The device, opened if it is not.
    pub(super) fn face(&mut self) -> &Face {
        if self.face.is_none() {
            let options = Options { clock: self.clock.clone() };
            let face = match self.kind {
                Kind::Evaluator => Evaluator::open(&self.path, &key(), options).map(Face::Evaluator),
                Kind::Tablet => Tablet::open(&self.path, &key(), options).map(Face::Tablet),
            };
            self.face = Some(face.expect("a vault opens again"));
            self.believe();
        }
        self.face.as_ref().expect("it is open")
    }

    pub(super) fn tablet(&mut self) -> Tablet {
        match self.face() {
            Face::Tablet(tablet) => tablet.clone(),
            Face::Evaluator(_) => unreachable!("only tablets write"),
        }
    }

    pub(super) fn evaluator(&mut self) -> Evaluator {
        match self.face() {
            Face::Evaluator(evaluator) => evaluator.clone(),
            Face::Tablet(_) => unreachable!("only evaluators let in"),
        }
    }

    /// The device takes the time of its clock for the hub's until it hears better.
    pub(super) fn believe(&mut self) {
        let now = self.clock.now().timestamp().as_second().max(0).cast_unsigned();
        if let Some(face) = &self.face {
            face.goes_by(Arc::clone(&self.carrier), now);
        }
    }

    /// The process ends without warning: the log of the vault stays as it is.
    pub(super) fn crash(&mut self) {
        self.peek();
        self.face = None;
    }

    /// Ends it, so that its files are its own.
    pub(super) fn close(&mut self) {
        self.face = None;
        self.peek = None;
    }

    fn peek(&mut self) -> &Connection {
        if self.peek.is_none() {
            let peek = Connection::open(&self.path).expect("a vault is there");
            let hex = data_encoding::HEXLOWER.encode(&KEY);
            peek.execute_batch(&format!(
                "PRAGMA cipher_log_level = NONE; PRAGMA key = \"x'{hex}'\"; PRAGMA query_only = ON; PRAGMA busy_timeout = 2000;"
            ))
            .expect("the key is right");
            self.peek = Some(peek);
        }
        self.peek.as_ref().expect("it is open")
    }

    fn rows<T>(
        &mut self,
        sql: &str,
        values: impl rusqlite::Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Vec<T> {
        let mut statement = self.peek().prepare_cached(sql).expect("the schema is known");
        let rows = statement.query_map(values, read).expect("it can be asked");
        rows.collect::<Result<_, _>>().expect("it reads")
    }

    /// Changes the vault from outside, while it is closed: how a safeguard in it is taken away.
    pub(super) fn tamper(path: &Path, sql: &str) {
        let vault = Connection::open(path).expect("a vault is there");
        let hex = data_encoding::HEXLOWER.encode(&KEY);
        vault.execute_batch(&format!("PRAGMA key = \"x'{hex}'\"; {sql}")).expect("the schema is known");
    }

    /// Own envelopes, and whether the hub has acknowledged them.
    pub(super) fn outbox(&mut self) -> BTreeMap<EnvelopeId, bool> {
        let sql = "SELECT e.begin, e.rest, o.state FROM outbox o JOIN envelope e ON e.n = o.n";
        let row = |row: &Row<'_>| Ok((id(row, 0)?, matches!(row.get(2)?, 1 | 4)));
        self.rows(sql, [], row).into_iter().collect()
    }

    /// Own envelopes that wait to be sent, and those that the hub refused.
    pub(super) fn waiting(&mut self) -> (u64, u64) {
        let sql = "SELECT coalesce(sum(state = 0), 0), coalesce(sum(state = 2), 0) FROM outbox";
        self.rows(sql, [], |row| Ok((row.get(0)?, row.get(1)?))).remove(0)
    }

    /// Own acknowledged envelopes that are not in custody, with line, scope and place.
    pub(super) fn unheard(&mut self) -> Vec<(Strand, ScopeTag, u64)> {
        let sql = "SELECT chain.line, chain.scope, link.seq FROM outbox JOIN envelope ON envelope.n = outbox.n
                   JOIN link ON link.begin = envelope.begin AND link.rest = envelope.rest
                   JOIN chain ON chain.n = link.chain AND chain.line = (SELECT value FROM shared WHERE shared.n = outbox.line)
                   WHERE outbox.state = 1 AND outbox.custody IS NULL AND chain.device = ?1";
        let device = self.tag;
        self.rows(sql, [device.0], |row| {
            let strand = Strand { device, line: nightjar_seal::Line(row.get(0)?) };
            Ok((strand, ScopeTag(row.get(1)?), row.get(2)?))
        })
    }

    /// Every envelope in the vault.
    pub(super) fn envelopes(&mut self) -> BTreeMap<EnvelopeId, Stored> {
        let sql = "SELECT begin, rest, (SELECT value FROM shared WHERE shared.n = device),
                          (SELECT value FROM shared WHERE shared.n = scope), record_begin, record_rest, kind, state,
                          length(body) > 0 FROM envelope";
        let row = |row: &Row<'_>| {
            let record = joined(row, 4)?;
            let stored = Stored {
                device: row.get(2)?,
                scope: row.get(3)?,
                record,
                kind: row.get(6)?,
                state: row.get(7)?,
                has_bytes: row.get(8)?,
            };
            Ok((id(row, 0)?, stored))
        };
        self.rows(sql, [], row).into_iter().collect()
    }

    /// How many rows there are of envelopes.
    pub(super) fn count(&mut self) -> usize {
        self.rows("SELECT count(*) FROM envelope", [], |row| row.get::<_, u64>(0))[0] as usize
    }

    /// Hashes of what was kept without being anybody's.
    pub(super) fn unproven(&mut self) -> BTreeSet<[u8; 32]> {
        self.rows("SELECT hash FROM unreadable", [], |row| row.get(0)).into_iter().collect()
    }

    /// Envelopes that were kept without being anybody's since they stand on another end of a chain than the one followed here.
    pub(super) fn forked(&mut self) -> BTreeSet<EnvelopeId> {
        let sql = "SELECT bytes FROM unreadable WHERE reason = 'forked'";
        let kept: Vec<Vec<u8>> = self.rows(sql, [], |row| row.get(0));
        kept.iter().filter_map(|bytes| Some(nightjar_seal::Envelope::decode(bytes).ok()?.id())).collect()
    }

    /// Where each envelope stands in the chains that are followed here.
    pub(super) fn places(&mut self) -> BTreeMap<EnvelopeId, Vec<(Strand, ScopeTag, u64)>> {
        let sql = "SELECT link.begin, link.rest, chain.device, chain.line, chain.scope, link.seq
                   FROM link JOIN chain ON chain.n = link.chain";
        let mut places: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for (id, place) in self.rows(sql, [], |row| {
            let strand = Strand { device: DeviceTag(row.get(2)?), line: nightjar_seal::Line(row.get(3)?) };
            Ok((id(row, 0)?, (strand, ScopeTag(row.get(4)?), row.get(5)?)))
        }) {
            places.entry(id).or_default().push(place);
        }
        places
    }

    /// The hash of a chain at a place.
    pub(super) fn link_hash(&mut self, strand: &Strand, scope: &ScopeTag, seq: u64) -> Option<LinkHash> {
        let sql = "SELECT link.begin, link.rest, link.prev FROM link JOIN chain ON chain.n = link.chain
                   WHERE chain.device = ?1 AND chain.line = ?2 AND chain.scope = ?3 AND link.seq = ?4";
        let (device, line) = (strand.device, strand.line);
        let links = self.rows(sql, params![device.0, line.0, scope.0, seq], |row| {
            let (envelope, prev) = (id(row, 0)?, LinkHash(row.get(2)?));
            Ok(nightjar_seal::Link { device, line, scope: *scope, seq, prev, envelope }.hash())
        });
        links.first().copied()
    }

    /// Envelopes that came with stretches of chains before which something is missing still.
    pub(super) fn came_after_gap(&mut self) -> BTreeSet<EnvelopeId> {
        let sql = "SELECT cursor.value,
                     (SELECT max(seq) FROM link JOIN chain ON chain.n = link.chain WHERE chain.scope = cursor.scope
                      AND 'apart/' || lower(hex(chain.device)) || '/' || lower(hex(chain.line)) = cursor.name)
                   FROM cursor WHERE name LIKE 'apart/%'";
        let kept = self.rows(sql, [], |row| Ok((row.get::<_, Vec<u8>>(0)?, row.get::<_, Option<u64>>(1)?)));
        let mut after_gap = BTreeSet::new();
        for (bytes, end) in kept {
            let mut rest = &bytes[..];
            while let Some((head, ids)) = rest.split_at_checked(44) {
                let first = u64::from_le_bytes(head[32..40].try_into().expect("eight"));
                let count = u32::from_le_bytes(head[40..].try_into().expect("four")) as usize;
                let (ids, more) = ids.split_at(count * 32);
                let ids = (first..).zip(ids.as_chunks().0);
                after_gap.extend(ids.filter(|(seq, _)| Some(*seq) > end).map(|(_, id)| EnvelopeId(*id)));
                rest = more;
            }
        }
        after_gap
    }

    /// Records whose withdrawal is in the vault, by their envelopes.
    pub(super) fn heard_withdrawn(&mut self) -> BTreeSet<RecordTag> {
        let sql = "SELECT record_begin, record_rest FROM envelope WHERE kind = 2 AND state = 1";
        self.rows(sql, [], |row| joined(row, 0).map(RecordTag)).into_iter().collect()
    }

    /// What is left of records: bytes, keys and rows.
    pub(super) fn remains(&mut self, of: &BTreeSet<RecordTag>) -> u64 {
        if of.is_empty() {
            return 0;
        }
        let bytes = "SELECT record_begin, record_rest FROM envelope WHERE kind <> 2 AND (length(body) > 0 OR keys IS NOT NULL)
                     UNION ALL SELECT begin, rest FROM record WHERE tag IS NULL";
        let held = self.rows(bytes, [], |row| joined(row, 0).map(RecordTag));
        let keys = self.rows("SELECT record FROM record_key", [], |row| row.get(0).map(RecordTag));
        held.iter().chain(&keys).filter(|record| of.contains(*record)).count() as u64
    }

    /// The mark of the last pull of a scope.
    pub(super) fn pulled(&mut self, scope: &ScopeTag) -> Option<Mark> {
        let sql = "SELECT value FROM cursor WHERE scope = ?1 AND name = 'pulled'";
        let marks = self.rows(sql, [scope.0], |row| row.get::<_, Vec<u8>>(0));
        Mark::decode(marks.first()?).ok()
    }

    /// The roster as this device knows it.
    pub(super) fn roster(&mut self) -> Option<Roster> {
        let entries =
            self.rows("SELECT bytes FROM roster_entry ORDER BY seq", [], |row| row.get::<_, Vec<u8>>(0));
        Roster::read(entries.iter().map(Vec::as_slice)).ok()
    }

    /// How many roster entries it holds.
    pub(super) fn roster_length(&mut self) -> u64 {
        self.rows("SELECT count(*) FROM roster_entry", [], |row| row.get(0))[0]
    }

    /// Copies the vault's files as they are, and what is known of them.
    pub(super) fn copy_to(&mut self, file: &Path) -> Copied {
        self.close();
        copy_whole(&self.path, file);
        Copied { file: file.to_owned(), own: self.own.clone() }
    }
}

/// Copies a vault with its log.
pub(super) fn copy_whole(from: &Path, to: &Path) {
    for ending in ["", "-wal"] {
        let (from, to) = (with(from, ending), with(to, ending));
        if from.exists() {
            fs::copy(from, to).expect("there is room");
        }
    }
}

/// A file beside a vault.
pub(super) fn with(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

fn joined<const N: usize>(row: &Row<'_>, at: usize) -> rusqlite::Result<[u8; N]> {
    let begin = (row.get::<_, i64>(at)?.cast_unsigned() ^ (1 << 63)).to_be_bytes();
    let rest: Vec<u8> = row.get(at + 1)?;
    Ok([&begin[..], &rest].concat().try_into().expect("an id"))
}

fn id(row: &Row<'_>, at: usize) -> rusqlite::Result<EnvelopeId> {
    joined(row, at).map(EnvelopeId)
}
