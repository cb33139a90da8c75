//! Where a hub keeps what it holds: one [`Store`], on SQLite or on PostgreSQL, asked through transactions.
//!
//! [`Tx`] is all that the rest of the hub knows of a database: what is asked many times in a push is asked for many at once, so that a
//! database on the other side of a connection is asked a dozen times, whatever the number of envelopes.

mod chunks;
mod group;
mod postgres;
mod sqlite;

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use nightjar_seal::{
    DeviceTag, EnvelopeId, LinkHash, Notice, PassId, PublicationId, RecordTag, ScopeTag, Strand, StudyTag,
};
use nightjar_sync::wire::{Incarnation, Reason, Refusal};

use crate::{Config, Failure, setup_code};

pub(crate) use chunks::ChunkTx;
pub(crate) use sqlite::{FILE, folder, lock, recognise};

/// What a step in a transaction gives.
pub(crate) type Done<T> = Result<T, Stop>;

/// One transaction: what it reads is one unchanging state, what it writes is kept whole or not at all.
pub(crate) trait Tx: ChunkTx {
    /// The hash of the setup code.
    fn setup_code(&mut self) -> Done<[u8; 32]>;
    /// The key that the hub signs its time with.
    fn clock(&mut self) -> Done<[u8; 32]>;
    /// All studies that were founded here.
    fn studies(&mut self) -> Done<Vec<StudyTag>>;
    /// Roster entries of a study from a place on.
    fn roster(&mut self, study: StudyTag, from: u64) -> Done<Vec<Vec<u8>>>;
    /// Keeps an entry at its place, if that is the next. Whether it was.
    fn keep_entry(&mut self, study: StudyTag, place: u64, entry: &[u8]) -> Done<bool>;
    /// Passes of a study that wait for their place in its roster, by id.
    fn passes(&mut self, study: StudyTag) -> Done<Vec<Vec<u8>>>;
    /// Keeps a pass. One that is there is harmless.
    fn keep_pass(&mut self, study: StudyTag, id: &PassId, pass: &[u8]) -> Done<()>;
    /// Forgets a pass, which has its place by now.
    fn forget_pass(&mut self, study: StudyTag, id: &PassId) -> Done<()>;

    /// What was published in a study, without what it says.
    fn publications(&mut self, study: StudyTag) -> Done<Vec<Notice>>;
    /// A publication.
    fn publication(&mut self, study: StudyTag, id: &PublicationId) -> Done<Option<Vec<u8>>>;
    /// Keeps a publication. One that is there is harmless.
    fn keep_publication(&mut self, study: StudyTag, notice: &Notice, publication: &[u8]) -> Done<()>;
    /// Forgets a publication, which was replaced.
    fn forget_publication(&mut self, study: StudyTag, id: &PublicationId) -> Done<()>;

    /// A scope, if anything was ever written to it.
    fn scope(&mut self, study: StudyTag, tag: ScopeTag) -> Done<Option<ScopeRow>>;
    /// All scopes of a study.
    fn scopes(&mut self, study: StudyTag) -> Done<Vec<ScopeRow>>;
    /// A scope to write to, made if there is none. Until this transaction ends nobody else gets it so.
    fn open_scope(&mut self, study: StudyTag, tag: ScopeTag) -> Done<ScopeRow>;
    /// Moves the head of a scope that was opened, and says how many bytes it has now.
    fn advance(&mut self, scope: i64, sequence: u64, hash: &[u8; 32], bytes: u64) -> Done<()>;
    /// What a person may want to know of a scope.
    fn story(&mut self, scope: i64) -> Done<Story>;

    /// How many lines of a device are held.
    fn lines(&mut self, scope: i64, device: &DeviceTag) -> Done<u64>;
    /// How a chain stands that is about to grow: asked at once, since the log of its scope waits meanwhile.
    fn strand(&mut self, scope: i64, strand: &Strand) -> Done<Grown>;
    /// The stretches of a chain in which places lie from one to another, both among them, in order and as far as they are held.
    fn stretches(&mut self, scope: i64, strand: &Strand, from: u64, to: u64) -> Done<Vec<Stretch>>;
    /// Keeps a stretch that follows what is held of a chain, with the hash of its last link.
    fn extend(&mut self, scope: i64, strand: &Strand, stretch: &Stretch, hash: &LinkHash) -> Done<()>;

    /// Keeps a push as its segment. Its number.
    fn add_push(&mut self, scope: i64, strand: &Strand, last: u64, segment: &[u8]) -> Done<i64>;
    /// The segment of a push.
    fn segment(&mut self, push: i64) -> Done<Vec<u8>>;

    /// Which of these envelopes, each with its record, are in the log.
    fn known(&mut self, scope: i64, envelopes: &[(RecordTag, EnvelopeId)]) -> Done<HashSet<EnvelopeId>>;
    /// Appends to the log of a scope that was opened. [`Stop::Doubled`] where one of them is in it already.
    fn append(&mut self, scope: i64, push: i64, rows: &[LogRow<'_>]) -> Done<()>;
    /// The hash of the log up to a place.
    fn log_hash(&mut self, scope: i64, sequence: u64) -> Done<Option<[u8; 32]>>;
    /// Of up to `most` rows of the log after a place, in order: which envelope, and of which device.
    fn log_names(&mut self, scope: i64, sequence: u64, most: u64) -> Done<Vec<(EnvelopeId, DeviceTag)>>;
    /// Up to `most` rows of the log after a place, in order, of at most so many bytes together, but at least one if there is any.
    fn log_after(&mut self, scope: i64, sequence: u64, most: u64, bytes: u64) -> Done<Vec<Logged>>;

    /// Which of these records were taken out.
    fn erased(&mut self, scope: i64, records: &[RecordTag]) -> Done<HashSet<RecordTag>>;
    /// Notes that a scope was taken out as a whole.
    fn note_scope_erased(&mut self, scope: i64) -> Done<()>;
    /// Notes that a record was taken out. Whether that is new.
    fn note_erased(&mut self, scope: i64, record: &RecordTag) -> Done<bool>;
    /// What the log holds of a record, in order, at most so many: place and bytes.
    fn of_record(&mut self, scope: i64, record: &RecordTag, most: u64) -> Done<Vec<(u64, Vec<u8>)>>;
    /// Overwrites the bytes at a place.
    fn overwrite(&mut self, scope: i64, sequence: u64, bytes: &[u8]) -> Done<()>;

    /// Keeps the newest applied vector of a device.
    fn keep_applied(&mut self, scope: i64, device: &DeviceTag, vector: &[u8]) -> Done<()>;
    /// Keeps the newest confirmation of a device.
    fn keep_confirmation(&mut self, scope: i64, device: &DeviceTag, confirmation: &[u8]) -> Done<()>;
    /// What a device has confirmed.
    fn confirmation(&mut self, scope: i64, device: &DeviceTag) -> Done<Option<Vec<u8>>>;
    /// Notes a day on which a device spoke, in days since 1970.
    fn note_contact(&mut self, study: StudyTag, device: &DeviceTag, day: u64) -> Done<()>;
    /// The last day on which each device of a study spoke.
    fn contacts(&mut self, study: StudyTag) -> Done<HashMap<DeviceTag, u64>>;

    /// The applied vectors of a scope, at most so many.
    fn applied(&mut self, scope: i64, most: u64) -> Done<Vec<Vec<u8>>>;
}

/// The head of a scope's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ScopeRow {
    pub(crate) id: i64,
    pub(crate) tag: ScopeTag,
    pub(crate) sequence: u64,
    pub(crate) hash: [u8; 32],
    /// Of envelopes, links and chunks, as the study's quota counts them.
    pub(crate) bytes: u64,
    /// Whether it was taken out as a whole.
    pub(crate) taken_out: bool,
}

/// What a person may want to know of a scope.
pub(crate) struct Story {
    /// Bytes of what is held.
    pub(crate) bytes: u64,
    /// Records that were taken out.
    pub(crate) taken_out: u64,
    /// When the last envelope came, in seconds since 1970.
    pub(crate) last: Option<u64>,
}

/// How far a chain has grown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Grown {
    /// The last place that is held, and the hash of its link.
    pub(crate) end: Option<(u64, LinkHash)>,
    /// The place that the last push led to of which something was kept; 0 if there was none.
    pub(crate) pushed: u64,
    /// Whether another line of the device is held.
    pub(crate) has_other_line: bool,
}

/// Consecutive links of one chain, kept as what they follow from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stretch {
    pub(crate) first: u64,
    /// Hash of the link before the first.
    pub(crate) prev: LinkHash,
    /// At least one.
    pub(crate) envelopes: Vec<EnvelopeId>,
}

impl Stretch {
    /// The place of its last link.
    pub(crate) fn last(&self) -> u64 {
        self.first + (self.envelopes.len() as u64).saturating_sub(1)
    }

    /// The ids one after another, as they are kept.
    fn packed(&self) -> Vec<u8> {
        self.envelopes.iter().flat_map(|envelope| envelope.0).collect()
    }

    fn read(first: u64, prev: [u8; 32], packed: &[u8]) -> Done<Self> {
        let (ids, rest) = packed.as_chunks::<{ EnvelopeId::LEN }>();
        match (ids.is_empty(), rest) {
            (false, []) => Ok(Self {
                first,
                prev: LinkHash(prev),
                envelopes: ids.iter().copied().map(EnvelopeId).collect(),
            }),
            _ => Err(Stop::Broken),
        }
    }
}

/// An envelope that is appended.
pub(crate) struct LogRow<'a> {
    pub(crate) sequence: u64,
    /// Its place in the segment of its push.
    pub(crate) place: u64,
    pub(crate) envelope: EnvelopeId,
    /// Of the log up to here.
    pub(crate) hash: [u8; 32],
    /// Seconds since 1970-01-01 UTC.
    pub(crate) received: u64,
    pub(crate) record: RecordTag,
    pub(crate) bytes: std::borrow::Cow<'a, [u8]>,
}

/// An envelope as the log gives it.
pub(crate) struct Logged {
    pub(crate) push: i64,
    pub(crate) place: u64,
    pub(crate) bytes: Vec<u8>,
}

/// The open database.
pub(crate) enum Store {
    Sqlite(sqlite::Database),
    Postgres(postgres::Database),
}

/// What is cached of the database at most so long as nobody else can change it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sharing {
    /// This hub alone writes.
    Alone,
    /// Other hubs write, too: what may have changed is looked up.
    Shared,
}

impl Store {
    /// Opens or creates the database. Gives a new setup code as long as no study was founded.
    pub(crate) fn open(config: &Config) -> Result<(Self, Option<String>), Failure> {
        match &config.database {
            None => sqlite::Database::open(config).map(|(database, code)| (Self::Sqlite(database), code)),
            Some(url) => {
                postgres::Database::open(url).map(|(database, code)| (Self::Postgres(database), code))
            }
        }
    }

    pub(crate) fn sharing(&self) -> Sharing {
        match self {
            Self::Sqlite(_) => Sharing::Alone,
            Self::Postgres(_) => Sharing::Shared,
        }
    }

    /// Which life of the database this is.
    pub(crate) fn incarnation(&self) -> Incarnation {
        match self {
            Self::Sqlite(database) => database.incarnation(),
            Self::Postgres(database) => database.incarnation(),
        }
    }

    /// Runs `work` in a transaction that writes. Returns after the commit is on disk; with a refusal nothing is kept.
    pub(crate) fn write<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Result<T, Refusal> {
        self.attempt(work).map_err(Stop::refusal)
    }

    /// The same for whoever can do something about why it was not kept.
    pub(crate) fn attempt<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Done<T> {
        match self {
            Self::Sqlite(database) => database.write(work),
            Self::Postgres(database) => database.write(work),
        }
    }

    /// Runs `work` on one unchanging view of the database.
    pub(crate) fn read<T>(&self, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Result<T, Refusal> {
        match self {
            Self::Sqlite(database) => database.read(work),
            Self::Postgres(database) => database.read(work),
        }
    }

    /// Whether a request with this nonce is the first: asked only where other hubs share the database, which then remembers it until a
    /// time in seconds since 1970.
    pub(crate) fn first(
        &self,
        device: &DeviceTag,
        nonce: &[u8; 16],
        until: u64,
        now: u64,
    ) -> Result<bool, Refusal> {
        match self {
            Self::Sqlite(_) => Ok(true),
            Self::Postgres(database) => database.first(device, nonce, until, now),
        }
    }

    /// Whether something could be written now.
    pub(crate) fn is_ready(&self) -> bool {
        match self {
            Self::Sqlite(database) => database.is_ready(),
            Self::Postgres(database) => database.is_ready(),
        }
    }

    /// Makes what was overwritten unreachable, where the database keeps it in a log of its own: brings that into the database's file.
    pub(crate) fn settle(&self) -> Result<(), Failure> {
        match self {
            Self::Sqlite(database) => database.settle(),
            // Old versions of a row go with PostgreSQL's vacuum, which is said in what this hub promises.
            Self::Postgres(_) => Ok(()),
        }
    }
}

/// A database opened to be looked at, beside a hub that may be running.
pub(crate) fn look<T>(at: &At, work: impl FnOnce(&mut dyn Tx) -> Done<T>) -> Result<T, Failure> {
    match at {
        At::Folder(data) => sqlite::look(data, work),
        At::Url(url) => postgres::look(url, work),
    }
}

/// Mints a new life for a database that was put back from a backup by the means of the database itself.
pub(crate) fn renew(url: &str) -> Result<(), Failure> {
    postgres::renew(url)
}

/// Where a database is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum At {
    /// A hub's folder, with SQLite.
    Folder(PathBuf),
    /// A PostgreSQL database, such as `postgresql://hub@127.0.0.1/hub`.
    Url(String),
}

/// Why a transaction ends without a commit.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The request is refused.
    Refused(Refusal),
    /// The database fails, or what it holds makes no sense.
    Broken,
    /// It has no room left.
    Full,
    /// What was to be new is there already.
    Doubled,
}

impl From<Refusal> for Stop {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

impl Stop {
    pub(crate) fn refusal(self) -> Refusal {
        match self {
            Self::Refused(refusal) => refusal,
            Self::Full => {
                Refusal::new(Reason::StorageFull, "the hub has no room left; nothing of this was kept")
            }
            Self::Broken | Self::Doubled => broken(),
        }
    }
}

/// What the hub says when its database fails or what it reads there makes no sense.
pub(crate) fn broken() -> Refusal {
    Refusal::new(Reason::StorageBroken, "the hub's database fails; nothing of this was kept")
}

/// A setup code for a hub where no study was founded, and its hash.
fn fresh_code(founded: bool) -> Result<Option<(String, [u8; 32])>, Failure> {
    if founded { Ok(None) } else { setup_code::mint().map(Some) }
}

/// Names of publications, one after the other.
fn read_names(packed: &[u8]) -> Done<Vec<PublicationId>> {
    match packed.as_chunks::<{ PublicationId::LEN }>() {
        (ids, []) => Ok(ids.iter().copied().map(PublicationId).collect()),
        _ => Err(Stop::Broken),
    }
}

fn written(names: &[PublicationId]) -> Vec<u8> {
    names.iter().flat_map(|id| id.0).collect()
}
