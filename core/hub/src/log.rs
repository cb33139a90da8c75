//! The log of a scope: pushes are appended, pulls read on from a mark.

use nightjar_seal::{
    Envelope, EnvelopeId, Kind, Link, LinkHash, Member, Membership, ScopeTag, StudyTag, Withdrawal,
};
use nightjar_sync::bounds;
use nightjar_sync::wire::{
    Batch, Body, Incarnation, Judged, Mark, Message, Objection, Outcome, Pull, Pulled, Push, Pushed, Reason,
    Refusal, Segment,
};
use rusqlite::{OptionalExtension, Transaction, params};

use crate::database::{Stop, broken};
use crate::erasure;

/// Name of the scope of confidential responses. Tablets push to it; only evaluator devices pull from it.
pub const RESPONSES: &str = "responses";

/// What a push did.
pub(crate) struct Done {
    pub(crate) pushed: Pushed,
    /// How many envelopes it erased.
    pub(crate) erased: u64,
}

/// One scope of one study, in one life of the database.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) study: StudyTag,
    pub(crate) scope: ScopeTag,
    pub(crate) incarnation: Incarnation,
}

impl Place {
    /// The head of the log, with the scope's row when it has one.
    pub(crate) fn head(&self, tx: &Transaction<'_>) -> Result<(Option<i64>, Mark), Stop> {
        let row = tx
            .prepare_cached("SELECT id, sequence, hash FROM scope WHERE study = ?1 AND tag = ?2")?
            .query_row(params![self.study.0, self.scope.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        Ok(match row {
            Some((id, sequence, hash)) => (Some(id), Mark { incarnation: self.incarnation, sequence, hash }),
            None => (None, Mark::start(self.incarnation)),
        })
    }

    /// Whether the log is unchanged up to a mark given earlier.
    pub(crate) fn holds(&self, tx: &Transaction<'_>, mark: &Mark) -> Result<bool, Stop> {
        if mark.sequence == 0 {
            return Ok(*mark == Mark::start(self.incarnation));
        }
        let (Some(id), head) = self.head(tx)? else { return Ok(false) };
        if mark.incarnation != self.incarnation || mark.sequence > head.sequence {
            return Ok(false);
        }
        let hash: [u8; 32] = tx
            .prepare_cached("SELECT hash FROM log WHERE scope = ?1 AND sequence = ?2")?
            .query_row(params![id, mark.sequence], |row| row.get(0))?;
        Ok(hash == mark.hash)
    }

    /// Appends what is new of a push. Judges every envelope by itself.
    pub(crate) fn push(
        &self,
        tx: &Transaction<'_>,
        push: &Push,
        member: &Member,
        now: u64,
        quota: Option<u64>,
    ) -> Result<Done, Stop> {
        let segment = &push.segment;
        let (links, head) = (segment.links(), segment.head());
        if segment.scope() != self.scope || head.verify(&member.public).is_err() {
            return Err(Refusal::new(Reason::Forged, "the signed head of the chain does not verify").into());
        }
        let scope = scope_id(tx, self.study, self.scope)?;
        extend_chain(tx, scope, &links)?;
        let (_, mut mark) = self.head(tx)?;
        let mut stored_as = None;
        let mut outcomes = Vec::with_capacity(push.bodies.len());
        let (mut erased, mut bytes) = (0, 0);
        let room = match quota {
            Some(most) => most.saturating_sub(held(tx, self.study)?),
            None => u64::MAX,
        };
        for body in &push.bodies {
            // The place was checked to lie inside the segment when the push was read.
            let Some(link) = links.get(body.place as usize) else { continue };
            let outcome = match self.judge(link, &body.bytes) {
                Err(objection) => Outcome::Refused(objection),
                Ok(_) if is_known(tx, scope, link.envelope)? => Outcome::Known,
                Ok(envelope) => {
                    let (push_id, shift) = match stored_as {
                        Some(stored) => stored,
                        None => *stored_as.insert(insert_push(tx, scope, segment)?),
                    };
                    let kept = erasure::kept(tx, scope, &envelope, &body.bytes)?;
                    bytes += kept.len() as u64;
                    // A withdrawal is taken in any case: it makes room.
                    if bytes > room && envelope.header().kind != Kind::Withdrawal {
                        let text = "this study holds as much as this hub allows; nothing of this was kept";
                        return Err(Refusal::new(Reason::QuotaReached, text).into());
                    }
                    let body = &Body { place: body.place + shift, bytes: kept };
                    mark = mark.after(link.envelope);
                    append(tx, scope, push_id, body, &envelope, &mark, now)?;
                    erased += erasure::obey(tx, scope, &envelope)?;
                    Outcome::Stored
                }
            };
            outcomes.push(Judged { envelope: link.envelope, outcome });
        }
        tx.prepare_cached("UPDATE scope SET sequence = ?2, hash = ?3, bytes = bytes + ?4 WHERE id = ?1")?
            .execute(params![scope, mark.sequence, mark.hash, bytes])?;
        Ok(Done { pushed: Pushed { mark, outcomes }, erased })
    }

    fn judge(&self, link: &Link, bytes: &[u8]) -> Result<Envelope, Objection> {
        if bytes.len() > bounds::ENVELOPE_BYTES {
            return Err(Objection::TooLarge);
        }
        let envelope = Envelope::decode(bytes).map_err(|_| Objection::Malformed)?;
        if envelope.id() != link.envelope {
            return Err(Objection::Altered);
        }
        let header = envelope.header();
        if (header.study, header.scope, header.device) != (self.study, self.scope, link.device) {
            return Err(Objection::Foreign);
        }
        // A withdrawal that its receipt has not signed takes nothing out, and is not passed on.
        if header.kind == Kind::Withdrawal && Withdrawal::of(&envelope).is_err() {
            return Err(Objection::Malformed);
        }
        Ok(envelope)
    }

    /// The whole pushes after the cursor that fit one reply.
    pub(crate) fn pull(&self, tx: &Transaction<'_>, pull: &Pull, member: &Member) -> Result<Pulled, Stop> {
        if self.scope == ScopeTag::of(&self.study, RESPONSES) && member.membership != Membership::Evaluator {
            return Err(Refusal::new(Reason::NotGranted, "only evaluator devices pull responses").into());
        }
        if let Some(mark) = &pull.after
            && !self.holds(tx, mark)?
        {
            return Err(
                Refusal::new(Reason::CursorUnknown, "the hub does not hold its log up to this mark").into()
            );
        }
        let (Some(id), head) = self.head(tx)? else {
            return Ok(Pulled {
                after: pull.after,
                head: Mark::start(self.incarnation),
                batches: Vec::new(),
            });
        };
        let after = pull.after.map_or(0, |mark| mark.sequence);
        let batches = read_batches(tx, id, after, |segment| {
            segment.device() == member.public.tag() && pull.without == Some(segment.line())
        })?;
        Ok(Pulled { after: pull.after, head, batches })
    }
}

/// Bytes of all envelopes that were stored of a study.
fn held(tx: &Transaction<'_>, study: StudyTag) -> Result<u64, Stop> {
    let mut sum = tx.prepare_cached("SELECT coalesce(sum(bytes), 0) FROM scope WHERE study = ?1")?;
    Ok(sum.query_row([study.0], |row| row.get(0))?)
}

/// The row of a scope, made when it is first written to.
pub(crate) fn scope_id(tx: &Transaction<'_>, study: StudyTag, scope: ScopeTag) -> Result<i64, Stop> {
    tx.prepare_cached(
        "INSERT OR IGNORE INTO scope (study, tag, sequence, hash, bytes) VALUES (?1, ?2, 0, zeroblob(32), 0)",
    )?
    .execute(params![study.0, scope.0])?;
    let id = tx
        .prepare_cached("SELECT id FROM scope WHERE study = ?1 AND tag = ?2")?
        .query_row(params![study.0, scope.0], |row| row.get(0))?;
    Ok(id)
}

/// Adds the links that are new, after checking that they follow those held.
fn extend_chain(tx: &Transaction<'_>, scope: i64, links: &[Link]) -> Result<(), Stop> {
    let (Some(first), Some(last)) = (links.first(), links.last()) else { return Err(broken().into()) };
    let held = tx
        .prepare_cached(
            "SELECT seq FROM link WHERE scope = ?1 AND device = ?2 AND line = ?3 ORDER BY seq DESC LIMIT 1",
        )?
        .query_row(params![scope, first.device.0, first.line.0], |row| row.get::<_, u64>(0))
        .optional()?
        .unwrap_or(0);
    if first.seq > held + 1 {
        return Err(Refusal::new(Reason::ChainGap, "links before these are missing here").into());
    }
    let hash_at = |seq: u64| -> Result<LinkHash, Stop> {
        if seq == 0 {
            return Ok(LinkHash::START);
        }
        let hash = tx
            .prepare_cached(
                "SELECT hash FROM link WHERE scope = ?1 AND device = ?2 AND line = ?3 AND seq = ?4",
            )?
            .query_row(params![scope, first.device.0, first.line.0, seq], |row| row.get(0))?;
        Ok(LinkHash(hash))
    };
    // A link's hash covers everything before it, so one place decides for all: the last that both sides know.
    let common = held.min(last.seq);
    let offered = match links.get((common + 1 - first.seq) as usize) {
        Some(next) => next.prev,
        None => last.hash(),
    };
    if offered != hash_at(common)? {
        return Err(Refusal::new(
            Reason::ChainForked,
            "the hub holds another chain of this line of the device",
        )
        .into());
    }
    let mut insert = tx.prepare_cached(
        "INSERT INTO link (scope, device, line, seq, hash, envelope) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for link in links.iter().filter(|link| link.seq > held) {
        insert.execute(params![
            scope,
            link.device.0,
            link.line.0,
            link.seq,
            link.hash().0,
            link.envelope.0
        ])?;
    }
    Ok(())
}

fn is_known(tx: &Transaction<'_>, scope: i64, envelope: EnvelopeId) -> Result<bool, Stop> {
    let mut known = tx.prepare_cached("SELECT 1 FROM log WHERE scope = ?1 AND envelope = ?2")?;
    Ok(known.exists(params![scope, envelope.0])?)
}

/// Keeps a push that added something, and by how much places in its segment are shifted: its segment begins where that of the
/// push before it ended, so that whoever pulls can follow the chain over what was known already or refused, and so in no push.
fn insert_push(tx: &Transaction<'_>, scope: i64, segment: &Segment) -> Result<(i64, u64), Stop> {
    let (device, line) = (segment.device(), segment.line());
    let before: u64 = tx
        .prepare_cached(
            "SELECT coalesce(max(last), 0) FROM push WHERE scope = ?1 AND device = ?2 AND line = ?3",
        )?
        .query_row(params![scope, device.0, line.0], |row| row.get(0))?;
    let head = segment.head();
    let missing = segment.first().saturating_sub(before + 1);
    let whole = match usize::try_from(missing) {
        Ok(1..) if missing + segment.envelopes().len() as u64 <= bounds::PUSH_LINKS as u64 => {
            let links = links_between(tx, scope, segment, before)?;
            Some(Segment::new(&links, &head).map_err(|_| broken())?)
        }
        _ => None,
    };
    let shift = if whole.is_some() { missing } else { 0 };
    let segment = whole.as_ref().unwrap_or(segment);
    tx.prepare_cached("INSERT INTO push (scope, device, line, last, segment) VALUES (?1, ?2, ?3, ?4, ?5)")?
        .execute(params![scope, device.0, line.0, head.seq, segment.encode()])?;
    Ok((tx.last_insert_rowid(), shift))
}

/// The links after a place, up to the end of a segment that was just added.
fn links_between(
    tx: &Transaction<'_>,
    scope: i64,
    segment: &Segment,
    before: u64,
) -> Result<Vec<Link>, Stop> {
    let (device, line) = (segment.device(), segment.line());
    let mut statement = tx.prepare_cached(
        "SELECT seq, hash, envelope FROM link
         WHERE scope = ?1 AND device = ?2 AND line = ?3 AND seq >= ?4 AND seq <= ?5 ORDER BY seq",
    )?;
    let mut rows = statement.query(params![scope, device.0, line.0, before, segment.head().seq])?;
    let (mut links, mut prev) = (Vec::new(), LinkHash::START);
    while let Some(row) = rows.next()? {
        let seq: u64 = row.get(0)?;
        if seq > before {
            let envelope = EnvelopeId(row.get(2)?);
            links.push(Link { device, line, scope: segment.scope(), seq, prev, envelope });
        }
        prev = LinkHash(row.get(1)?);
    }
    Ok(links)
}

fn append(
    tx: &Transaction<'_>,
    scope: i64,
    push: i64,
    body: &Body,
    envelope: &Envelope,
    mark: &Mark,
    now: u64,
) -> Result<(), Stop> {
    tx.prepare_cached(
        "INSERT INTO log (scope, sequence, push, place, envelope, hash, received, record, bytes)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?
    .execute(params![
        scope,
        mark.sequence,
        push,
        body.place,
        envelope.id().0,
        mark.hash,
        now,
        envelope.header().record.0,
        body.bytes
    ])?;
    Ok(())
}

/// Whole pushes, until the next would not fit; at least one, if there is any. `without` says whose bytes are left out.
fn read_batches(
    tx: &Transaction<'_>,
    scope: i64,
    after: u64,
    without: impl Fn(&Segment) -> bool,
) -> Result<Vec<Batch>, Stop> {
    let mut statement = tx.prepare_cached(
        "SELECT log.push, log.place, log.bytes FROM log WHERE scope = ?1 AND sequence > ?2 ORDER BY sequence",
    )?;
    let mut segment_of = tx.prepare_cached("SELECT segment FROM push WHERE id = ?1")?;
    let mut rows = statement.query(params![scope, after])?;
    let mut batches: Vec<Batch> = Vec::new();
    let (mut current, mut leave_out) = (None, false);
    // Bytes of the whole batches, and of the one being read.
    let (mut whole, mut open) = (0, 0);
    while let Some(row) = rows.next()? {
        let push: i64 = row.get(0)?;
        if current != Some(push) {
            if batches.len() == bounds::PULL_BATCHES {
                break;
            }
            let segment: Vec<u8> = segment_of.query_row([push], |row| row.get(0))?;
            (whole, open) = (whole + open, segment.len());
            let segment = Segment::decode(&segment).map_err(|_| broken())?;
            leave_out = without(&segment);
            batches.push(Batch { segment, bodies: Vec::new() });
            current = Some(push);
        }
        let bytes =
            if leave_out { Vec::new() } else { row.get_ref(2)?.as_blob().map_err(|_| broken())?.to_vec() };
        open += bytes.len() + 16;
        if whole > 0 && whole + open > bounds::PUSH_BYTES {
            batches.pop();
            break;
        }
        if let Some(batch) = batches.last_mut() {
            batch.bodies.push(Body { place: row.get(1)?, bytes });
        }
    }
    Ok(batches)
}
