//! The envelope store: sealed bytes, kept whether or not this device can read them, and what became of each.

use minicbor::{Decode, Encode};
use nightjar_seal::{
    DeviceTag, Envelope, EnvelopeId, Header, KeyId, Kind, Origin, Parts, Period, RecordTag, RosterHead,
    ScopeTag, Signature, Stub, StudyTag, WithdrawalPublic,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::error::VaultError;
use crate::numbers::{self, Table};
use crate::shared::{Given, Numbers};
use crate::vault::Vault;

/// What became of an envelope on this device. Every envelope is in exactly one state, and which one depends on the
/// set of envelopes, the keys and the roster, never on the order in which they came.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum State {
    /// Its device is not in the roster this device knows.
    WaitsForDevice,
    /// Opened, verified, and it counts.
    Applied,
    /// The key to it has not arrived.
    WaitsForKey,
    /// A change it rests on has not arrived, or other parts of the same finish.
    WaitsForChange,
    /// It was sealed with the dictionary of a form that this device was not given.
    WaitsForForm,
    /// Not for this device to read: a confidential response of its own, keys for others, a kind of a later version.
    Kept,
    /// It cannot be used; the text says why. The bytes are kept.
    SetAside(String),
    /// Its record was withdrawn: the bytes are gone, the name stays.
    Erased,
    /// A response that this device could not read, long in custody of hub and evaluator: the bytes are gone, the name stays.
    Released,
    /// The hub says that its record was withdrawn, and no withdrawal has come: only its name is known.
    SaidErased,
    /// Its device was put out, and its place in the chain lies beyond the last good one, or is not known. A person decides.
    Quarantined,
}

impl State {
    pub(crate) fn number(&self) -> i64 {
        match self {
            Self::WaitsForDevice => 0,
            Self::Applied => 1,
            Self::WaitsForKey => 2,
            Self::WaitsForChange => 3,
            Self::Kept => 4,
            Self::SetAside(_) => 5,
            Self::Erased => 6,
            Self::Released => 7,
            Self::WaitsForForm => 8,
            Self::SaidErased => 9,
            Self::Quarantined => 10,
        }
    }

    pub(crate) fn read(number: i64, reason: Option<String>) -> Result<Self, VaultError> {
        Ok(match number {
            0 => Self::WaitsForDevice,
            1 => Self::Applied,
            2 => Self::WaitsForKey,
            3 => Self::WaitsForChange,
            4 => Self::Kept,
            5 => Self::SetAside(reason.unwrap_or_default()),
            6 => Self::Erased,
            7 => Self::Released,
            8 => Self::WaitsForForm,
            9 => Self::SaidErased,
            10 => Self::Quarantined,
            _ => return Err(VaultError::Corrupt("an envelope's state")),
        })
    }
}

/// An envelope in the store.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    /// Its name.
    pub id: EnvelopeId,
    /// The device that sealed it.
    pub device: DeviceTag,
    /// The record it changes.
    pub record: RecordTag,
    /// What became of it.
    pub state: State,
}

/// How many envelopes are in which state.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Held {
    /// All of them.
    pub all: u64,
    /// Applied.
    pub applied: u64,
    /// Waiting for a device, key, change or form.
    pub waiting: u64,
    /// Of those: sealed with the dictionary of a form that this device was not given.
    pub waiting_for_form: u64,
    /// Kept without being for this device.
    pub kept: u64,
    /// Set aside, with those that are no envelope at all.
    pub set_aside: u64,
    /// Withdrawn: counted by name, without bytes.
    pub erased: u64,
    /// In custody elsewhere: counted by name, without bytes.
    pub released: u64,
    /// Of those that wait: their device was put out, and they lie beyond its last good place.
    pub quarantined: u64,
    /// Of those that wait: a hub says that they were withdrawn, and no withdrawal has come.
    pub said_erased: u64,
}

impl Vault {
    /// How many envelopes are in which state.
    ///
    /// # Errors
    /// Storage errors.
    pub fn held(&self) -> Result<Held, VaultError> {
        self.read(|c| {
            let mut held = Held::default();
            let mut statement = c.prepare_cached("SELECT state, count(*) FROM envelope GROUP BY state")?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (state, count) = (row.get::<_, i64>(0)?, row.get::<_, i64>(1)? as u64);
                held.all += count;
                match state {
                    1 => held.applied += count,
                    4 => held.kept += count,
                    5 => held.set_aside += count,
                    6 => held.erased += count,
                    7 => held.released += count,
                    10 => {
                        held.waiting += count;
                        held.quarantined += count;
                    }
                    9 => {
                        held.waiting += count;
                        held.said_erased += count;
                    }
                    8 => {
                        held.waiting += count;
                        held.waiting_for_form += count;
                    }
                    _ => held.waiting += count,
                }
            }
            let broken: i64 = c.query_row("SELECT count(*) FROM unreadable", [], |row| row.get(0))?;
            held.set_aside += broken as u64;
            held.all += broken as u64;
            Ok(held)
        })
    }

    /// Of those that wait: for a form, in quarantine, said to be erased. Costs what waits, however much is held.
    ///
    /// # Errors
    /// Storage errors.
    pub fn unread(&self) -> Result<Held, VaultError> {
        self.read(|c| {
            let mut held = Held::default();
            let sql = "SELECT state, count(*) FROM envelope WHERE state NOT IN (1, 4, 6, 7) GROUP BY state";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let count = row.get::<_, i64>(1)?.cast_unsigned();
                match State::read(row.get(0)?, None)? {
                    State::WaitsForForm => held.waiting_for_form = count,
                    State::Quarantined => held.quarantined = count,
                    State::SaidErased => held.said_erased = count,
                    _ => {}
                }
            }
            Ok(held)
        })
    }

    /// Envelopes that wait or were set aside, with the reason, at most `limit`.
    ///
    /// # Errors
    /// Storage errors.
    pub fn open_envelopes(&self, limit: usize) -> Result<Vec<Stored>, VaultError> {
        self.read(|c| {
            let sql = "SELECT begin, rest, (SELECT value FROM shared WHERE shared.n = device), record_begin, record_rest, state, reason
                       FROM envelope WHERE state NOT IN (1, 4, 6, 7) ORDER BY +begin, rest LIMIT ?1";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query([limit.min(i64::MAX as usize) as i64])?;
            let mut out = Vec::new();
            while let Some(row) = rows.next()? {
                let record = row.get_ref(4)?.as_blob().ok().zip(row.get(3).ok());
                let record = record.and_then(|(rest, begin)| numbers::join(begin, rest));
                out.push(Stored {
                    id: read_id(row, 0)?,
                    device: DeviceTag(row.get(2)?),
                    record: RecordTag(record.ok_or(VaultError::Corrupt("the name of a record"))?),
                    state: State::read(row.get(5)?, row.get(6)?)?,
                });
            }
            Ok(out)
        })
    }

    /// What became of an envelope; `None` when it is not here.
    ///
    /// # Errors
    /// Storage errors.
    pub fn state(&self, id: &EnvelopeId) -> Result<Option<State>, VaultError> {
        self.read(|c| {
            let Some(n) = number_of(c, id)? else { return Ok(None) };
            let mut statement = c.prepare_cached("SELECT state, reason FROM envelope WHERE n = ?1")?;
            let row = statement.query_row([n], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
            row.map(|(number, reason)| State::read(number, reason)).transpose()
        })
    }

    /// The sealed bytes of an envelope; empty where they have left.
    ///
    /// # Errors
    /// Storage errors; [`VaultError::Corrupt`] when they are damaged.
    pub fn envelope(&self, id: &EnvelopeId) -> Result<Option<Vec<u8>>, VaultError> {
        self.read(|c| {
            let Some(n) = number_of(c, id)? else { return Ok(None) };
            let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} FROM envelope WHERE n = ?1"))?;
            let mut rows = statement.query([n])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            match row.get_ref(BODY)?.as_blob().is_ok_and(<[u8]>::is_empty) {
                true => Ok(Some(Vec::new())),
                false => Ok(Some(read_envelope(row)?.encode())),
            }
        })
    }
}

/// The number of an envelope's row.
pub(crate) fn number_of(c: &Connection, id: &EnvelopeId) -> Result<Option<i64>, VaultError> {
    numbers::of(c, Table::Envelope, &id.0)
}

/// The id in the columns `begin` and `rest`, beginning at one.
pub(crate) fn read_id(row: &Row<'_>, at: usize) -> Result<EnvelopeId, VaultError> {
    let rest = row.get_ref(at + 1)?.as_blob().unwrap_or_default();
    numbers::join(row.get(at)?, rest).map(EnvelopeId).ok_or(VaultError::Corrupt("the name of an envelope"))
}

/// What few headers have: parts of a finish, the time of a response and where its id comes from.
#[derive(Encode, Decode)]
struct More {
    #[n(0)]
    part: u8,
    #[n(1)]
    parts: u8,
    #[n(2)]
    period: Option<Period>,
    #[n(3)]
    withdrawal: Option<WithdrawalPublic>,
    /// Of an origin, whose creator is the device.
    #[cbor(n(4), with = "minicbor::bytes")]
    salt: Option<[u8; 16]>,
    #[n(5)]
    proof: Option<Signature>,
}

impl More {
    fn of(header: &Header) -> Result<Option<Vec<u8>>, VaultError> {
        let Header { part, parts, period, ref origin, proof, .. } = *header;
        if (part, parts, period, origin, proof) == (1, 1, None, &None, None) {
            return Ok(None);
        }
        let withdrawal = origin.as_ref().and_then(|origin| origin.withdrawal);
        let salt = origin.as_ref().map(|origin| origin.salt);
        let more = Self { part, parts, period, withdrawal, salt, proof };
        minicbor::to_vec(&more).map(Some).map_err(|_| VaultError::Corrupt("an envelope's header"))
    }

    fn read(bytes: Option<&[u8]>) -> Option<Self> {
        match bytes {
            None => Some(Self { part: 1, parts: 1, period: None, withdrawal: None, salt: None, proof: None }),
            Some(bytes) => minicbor::decode(bytes).ok(),
        }
    }
}

/// The states of a few of the envelopes of a record.
pub(crate) fn of_record(c: &Connection, record: &RecordTag) -> Result<Vec<i64>, VaultError> {
    let (begin, rest) = numbers::split(&record.0);
    let sql = "SELECT state FROM envelope WHERE record_begin = ?1 AND record_rest = ?2 LIMIT 2";
    let mut statement = c.prepare_cached(sql)?;
    let states = statement.query_map(params![begin, rest], |row| row.get(0))?;
    Ok(states.collect::<Result<_, _>>()?)
}

/// Stores an envelope that is not here yet, by its name.
pub(crate) fn insert_new(
    given: &mut Given<'_, '_>,
    id: EnvelopeId,
    envelope: &Envelope,
    state: &State,
) -> Result<(), VaultError> {
    let n = numbers::next(given.transaction(), Table::Envelope)?;
    put_whole(given, n, id, envelope, state)
}

/// Stores an envelope of this device, which waits for its place in the chain; gives its number.
pub(crate) fn insert_own(t: &Transaction<'_>, envelope: &Envelope, state: &State) -> Result<i64, VaultError> {
    let n = numbers::drawn(t, envelope.header())?;
    put_whole(&mut Given::new(t), n, envelope.id(), envelope, state)?;
    Ok(n)
}

/// What an envelope is called.
struct Named<'a> {
    id: EnvelopeId,
    format: u16,
    header: &'a Header,
}

fn put_whole(
    given: &mut Given<'_, '_>,
    n: i64,
    id: EnvelopeId,
    envelope: &Envelope,
    state: &State,
) -> Result<(), VaultError> {
    let Parts { format, header, body, keys } = envelope.clone().into_parts();
    put(given, n, Named { id, format, header: &header }, Some((body, keys)), state)
}

fn put(
    given: &mut Given<'_, '_>,
    n: i64,
    named: Named<'_>,
    whole: Option<(Vec<u8>, Option<Vec<u8>>)>,
    state: &State,
) -> Result<(), VaultError> {
    let Named { id, format, header } = named;
    let kind: i64 = match header.kind {
        Kind::Change => 0,
        Kind::Keys => 1,
        Kind::Withdrawal => 2,
        Kind::Other(number) => number.into(),
    };
    let lead = [&format.to_be_bytes()[..], &header.study.0, &header.roster_head.0].concat();
    let device = given.of(header.device.0[..].into())?;
    let scope = given.of(header.scope.0[..].into())?;
    let lead = given.of(lead[..].into())?;
    // Of what was withdrawn nothing is kept but whose it was.
    let (key, more, keys, body) = match whole {
        Some((body, keys)) => (&header.key.0[..], More::of(header)?, keys, body),
        None => (&[][..], None, None, Vec::new()),
    };
    let ((begin, rest), (record_begin, record_rest)) =
        (numbers::split(&id.0), numbers::split(&header.record.0));
    let sql = "INSERT INTO envelope (n, begin, rest, record_begin, record_rest, key, device, scope, lead, kind, state, more,
                                     keys, body)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    given.transaction().prepare_cached(sql)?.execute(params![
        n,
        begin,
        rest,
        record_begin,
        record_rest,
        key,
        device,
        scope,
        lead,
        kind,
        state.number(),
        more,
        keys,
        body,
    ])?;
    Ok(())
}

/// Notes the name of an envelope whose record was withdrawn, or is said to be; false when it was there already.
pub(crate) fn insert_stub(t: &Transaction<'_>, stub: &Stub, state: &State) -> Result<bool, VaultError> {
    if number_of(t, &stub.id())?.is_some() {
        return Ok(false);
    }
    let n = numbers::next(t, Table::Envelope)?;
    let named = Named { id: stub.id(), format: stub.format(), header: stub.header() };
    put(&mut Given::new(t), n, named, None, state)?;
    Ok(true)
}

/// Puts the sealed bytes of an envelope back that is in the state `from`, without bytes; false when it is not.
pub(crate) fn bring_back(
    t: &Transaction<'_>,
    envelope: &Envelope,
    state: &State,
    from: &State,
) -> Result<bool, VaultError> {
    let Some(n) = number_of(t, &envelope.id())? else { return Ok(false) };
    let sql = "UPDATE envelope SET key = ?2, more = ?3, keys = ?4, body = ?5, state = ?6 WHERE n = ?1 AND state = ?7";
    let Parts { header, body, keys, .. } = envelope.clone().into_parts();
    let more = More::of(&header)?;
    let (back, left) = (state.number(), from.number());
    let is_back =
        t.prepare_cached(sql)?.execute(params![n, header.key.0, more, keys, body, back, left])? == 1;
    if is_back {
        // It leaves with the rest of its response, some time after an evaluator says again that it has it.
        let sql = "UPDATE outbox SET state = 1, offered = NULL, custody = NULL WHERE n = ?1 AND state = 4";
        t.prepare_cached(sql)?.execute([n])?;
    }
    Ok(is_back)
}

/// Says what became of an envelope; does not write when nothing changed.
pub(crate) fn set_state(c: &Connection, id: &EnvelopeId, state: &State) -> Result<(), VaultError> {
    let Some(n) = number_of(c, id)? else { return Ok(()) };
    let reason = match state {
        State::SetAside(reason) => Some(reason.as_str()),
        _ => None,
    };
    let sql = "UPDATE envelope SET state = ?2, reason = ?3
               WHERE n = ?1 AND (state <> ?2 OR reason IS NOT ?3)";
    c.prepare_cached(sql)?.execute(params![n, state.number(), reason])?;
    Ok(())
}

/// What became of an envelope that is here.
pub(crate) fn stored_state(c: &Connection, id: &EnvelopeId) -> Result<State, VaultError> {
    let n = number_of(c, id)?.ok_or(VaultError::Corrupt("a stored envelope"))?;
    let mut statement = c.prepare_cached("SELECT state, reason FROM envelope WHERE n = ?1")?;
    let (number, reason) = statement.query_row([n], |row| Ok((row.get(0)?, row.get(1)?)))?;
    State::read(number, reason)
}

/// The changes of one record, sealed, in the order of their ids.
pub(crate) fn changes(c: &Connection, record: &RecordTag) -> Result<Vec<Envelope>, VaultError> {
    let sql = format!(
        "SELECT {COLUMNS} FROM envelope WHERE record_begin = ?1 AND record_rest = ?2 AND kind = 0 AND state NOT IN (6, 7, 9)
         ORDER BY begin, rest"
    );
    let mut statement = c.prepare_cached(&sql)?;
    let (begin, rest) = numbers::split(&record.0);
    let mut rows = statement.query(params![begin, rest])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        out.push(read_envelope(row)?);
    }
    Ok(out)
}

/// What an envelope is made of, as the first columns of a statement.
pub(crate) const COLUMNS: &str = "envelope.begin, envelope.rest, envelope.record_begin, envelope.record_rest, envelope.key,
     (SELECT value FROM shared WHERE shared.n = envelope.device), (SELECT value FROM shared WHERE shared.n = envelope.scope),
     (SELECT value FROM shared WHERE shared.n = envelope.lead), envelope.kind, envelope.more, envelope.keys, envelope.body";
/// Where the body stands among them, and the first column after them.
pub(crate) const BODY: usize = 11;
pub(crate) const AFTER: usize = 12;

/// The envelope in the first columns, checked against its name.
pub(crate) fn read_envelope(row: &Row<'_>) -> Result<Envelope, VaultError> {
    let damaged = || VaultError::Corrupt("a stored envelope");
    let read = || -> Option<(EnvelopeId, Parts)> {
        let blob = |at| row.get_ref(at).ok()?.as_blob().ok();
        let number = |at| row.get_ref(at).ok()?.as_i64().ok();
        let maybe = |at| row.get_ref(at).ok()?.as_blob_or_null().ok();
        let lead = blob(7)?;
        let (format, lead) = lead.split_first_chunk()?;
        let (study, head) = lead.split_first_chunk()?;
        let More { part, parts, period, withdrawal, salt, proof } = More::read(maybe(9)?)?;
        let device = DeviceTag(blob(5)?.try_into().ok()?);
        let header = Header {
            kind: match row.get_ref(8).ok()?.as_i64().ok()? {
                0 => Kind::Change,
                1 => Kind::Keys,
                2 => Kind::Withdrawal,
                number => Kind::Other(number.try_into().ok()?),
            },
            study: StudyTag(*study),
            scope: ScopeTag(blob(6)?.try_into().ok()?),
            record: RecordTag(numbers::join(number(2)?, blob(3)?)?),
            device,
            roster_head: RosterHead(head.try_into().ok()?),
            key: KeyId(blob(4)?.try_into().ok()?),
            part,
            parts,
            period,
            origin: salt.map(|salt| Origin { withdrawal, creator: device, salt }),
            proof,
        };
        let (keys, body) = (maybe(10)?.map(<[u8]>::to_vec), blob(BODY)?.to_vec());
        let id = EnvelopeId(numbers::join(number(0)?, blob(1)?)?);
        Some((id, Parts { format: u16::from_be_bytes(*format), header, body, keys }))
    };
    let (id, parts) = read().ok_or_else(damaged)?;
    let envelope = Envelope::of(parts).map_err(|_| damaged())?;
    if envelope.id() == id { Ok(envelope) } else { Err(damaged()) }
}
