//! The log of a scope: pushes are appended, pulls read on from a mark.

use std::borrow::Cow;
use std::collections::HashSet;

use nightjar_seal::{
    Envelope, EnvelopeId, Header, Kind, Line, Link, LinkHash, Member, Membership, ScopeTag, SignedHead,
    Strand, Stub, StudyTag, Withdrawal,
};
use nightjar_sync::bounds;
use nightjar_sync::wire::{
    Batch, Begin, Body, Glimpse, Incarnation, Judged, Mark, Message, Objection, Outcome, Pull, Pulled, Push,
    Pushed, Reason, Refusal, Segment,
};

use crate::erasure;
use crate::store::{Done, Grown, LogRow, ScopeRow, Stop, Store, Stretch, Tx, broken};

/// Name of the scope of confidential responses. Tablets push to it; only evaluator devices pull from it.
pub const RESPONSES: &str = "responses";

/// What a link takes in the database, as its study's quota counts it, with its part of what stands around many.
const LINK_BYTES: u64 = 128;

/// What a push did.
pub(crate) struct Appended {
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
    fn mark(&self, row: Option<&ScopeRow>) -> Mark {
        match row {
            Some(row) => Mark { incarnation: self.incarnation, sequence: row.sequence, hash: row.hash },
            None => Mark::start(self.incarnation),
        }
    }

    /// The head of the log, with the scope's row when it has one.
    pub(crate) fn head(&self, tx: &mut dyn Tx) -> Done<(Option<ScopeRow>, Mark)> {
        let row = tx.scope(self.study, self.scope)?;
        Ok((row, self.mark(row.as_ref())))
    }

    /// Whether the log, which ends in `row`, is unchanged up to a mark given earlier.
    pub(crate) fn holds(&self, tx: &mut dyn Tx, row: Option<&ScopeRow>, mark: &Mark) -> Done<bool> {
        if mark.sequence == 0 {
            return Ok(*mark == Mark::start(self.incarnation));
        }
        let Some(row) = row else { return Ok(false) };
        if mark.incarnation != self.incarnation || mark.sequence > row.sequence {
            return Ok(false);
        }
        if mark.sequence == row.sequence {
            return Ok(mark.hash == row.hash);
        }
        Ok(tx.log_hash(row.id, mark.sequence)? == Some(mark.hash))
    }

    /// The same of a mark of this life, of which a greeting shows less.
    pub(crate) fn glimpsed(&self, tx: &mut dyn Tx, row: Option<&ScopeRow>, glimpse: Glimpse) -> Done<bool> {
        let held = match row {
            _ if glimpse.sequence == 0 => Some([0; 32]),
            Some(row) if glimpse.sequence == row.sequence => Some(row.hash),
            Some(row) => tx.log_hash(row.id, glimpse.sequence)?,
            None => None,
        };
        Ok(held.is_some_and(|hash| Begin::of(&hash) == glimpse.hash))
    }

    /// Whether a member may pull here.
    pub(crate) fn may_pull(&self, member: &Member) -> bool {
        self.scope != ScopeTag::of(&self.study, RESPONSES) || member.membership == Membership::Evaluator
    }

    /// Judges a push before anything is asked of the database, so that nobody waits for it there.
    pub(crate) fn judge<'p>(&self, push: &'p Push, member: &Member) -> Result<Offered<'p>, Refusal> {
        let segment = &push.segment;
        let (links, head) = segment.chain();
        if segment.scope() != self.scope || head.verify(&member.public).is_err() {
            return Err(Refusal::new(Reason::Forged, "the signed head of the chain does not verify"));
        }
        // The place was checked to lie inside the segment when the push was read.
        let linked =
            push.bodies.iter().filter_map(|body| links.get(body.place as usize).map(|link| (link, body)));
        let judged = linked.map(|(link, body)| (link.envelope, body, self.judge_one(link, &body.bytes)));
        let bodies = judged.collect();
        Ok(Offered { segment, links, head, bodies })
    }

    /// Keeps what is new of a push, which was judged.
    pub(crate) fn push(
        &self,
        store: &Store,
        offered: &Offered<'_>,
        now: u64,
        quota: Option<u64>,
    ) -> Result<Appended, Refusal> {
        let append = |looking| store.attempt(|tx| self.append(tx, offered, now, quota, looking));
        match append(Looking::WhereItMayBe) {
            // A device that gives one envelope two places in its chain: it is told which of them is known.
            Err(Stop::Doubled) => append(Looking::Everywhere),
            done => done,
        }
        .map_err(Stop::refusal)
    }

    fn append(
        &self,
        tx: &mut dyn Tx,
        offered: &Offered<'_>,
        now: u64,
        quota: Option<u64>,
        looking: Looking,
    ) -> Done<Appended> {
        let row = tx.open_scope(self.study, self.scope)?;
        let grown = tx.strand(row.id, &offered.head.strand())?;
        let new = extend_chain(tx, row.id, offered, &grown)?;
        let linked = LINK_BYTES * new;
        let sound = || offered.bodies.iter().filter_map(|(_, _, judged)| judged.as_ref().ok());
        let ids: Vec<_> = sound().map(|sound| (sound.header.record, sound.id)).collect();
        let records: HashSet<_> = sound().map(|sound| sound.header.record).collect();
        let records: Vec<_> = records.into_iter().collect();
        // An envelope comes in a chain of its own device. What stands behind links that are all new cannot be in the log by an earlier push,
        // unless the device has another line, or has linked it twice, which the log itself refuses.
        let fresh =
            new == offered.links.len() as u64 && looking == Looking::WhereItMayBe && !grown.has_other_line;
        let mut keeping = Keeping {
            known: if fresh { HashSet::new() } else { tx.known(row.id, &ids)? },
            taken_out: tx.erased(row.id, &records)?,
            all_out: row.taken_out,
            room: match quota {
                Some(most) => most.saturating_sub(held(tx, self.study)?),
                None => u64::MAX,
            },
            freed: 0,
            scope: row.id,
            pushed: grown.pushed,
            push: None,
            mark: self.mark(Some(&row)),
            rows: Vec::new(),
            bytes: linked,
            erased: 0,
        };
        // Links alone fill a database, too. With a withdrawal among them they are taken in any case: it makes room.
        if linked > keeping.room && !sound().any(|sound| sound.header.kind == Kind::Withdrawal) {
            let text = "this study holds as much as this hub allows; nothing of this was kept";
            return Err(Refusal::new(Reason::QuotaReached, text).into());
        }
        let mut outcomes = Vec::with_capacity(offered.bodies.len());
        for (envelope, body, judged) in &offered.bodies {
            let outcome = match judged {
                Err(objection) => Outcome::Refused(*objection),
                Ok(sound) => keeping.keep(tx, offered, sound, body, now)?,
            };
            outcomes.push(Judged { envelope: *envelope, outcome });
        }
        keeping.flush(tx)?;
        let Keeping { mark, bytes, freed, erased, .. } = keeping;
        let now_held = (row.bytes + bytes).saturating_sub(freed);
        tx.advance(row.id, mark.sequence, &mark.hash, now_held)?;
        Ok(Appended { pushed: Pushed::new(mark, &outcomes), erased })
    }

    fn judge_one(&self, link: &Link, bytes: &[u8]) -> Result<Sound, Objection> {
        if bytes.len() > bounds::ENVELOPE_BYTES {
            return Err(Objection::TooLarge);
        }
        // A stub is what a device has left of its own envelope, whose record was taken out before it came here.
        let (sound, withdraws) = match Envelope::decode(bytes) {
            Ok(envelope) => {
                let withdraws = Withdrawal::of(&envelope).is_ok();
                (Sound { id: envelope.id(), header: envelope.header().clone(), whole: true }, withdraws)
            }
            Err(_) => {
                let stub = Stub::decode(bytes).map_err(|_| Objection::Malformed)?;
                (Sound { id: stub.id(), header: stub.header().clone(), whole: false }, false)
            }
        };
        if sound.id != link.envelope {
            return Err(Objection::Altered);
        }
        let header = &sound.header;
        if (header.study, header.scope, header.device) != (self.study, self.scope, link.device) {
            return Err(Objection::Foreign);
        }
        // A withdrawal that its receipt has not signed takes nothing out, and is not passed on.
        if header.kind == Kind::Withdrawal && !withdraws {
            return Err(Objection::Malformed);
        }
        Ok(sound)
    }

    /// The whole pushes after the cursor that fit one reply.
    pub(crate) fn pull(&self, tx: &mut dyn Tx, pull: &Pull, member: &Member) -> Done<Pulled> {
        if !self.may_pull(member) {
            return Err(Refusal::new(Reason::NotGranted, "only evaluator devices pull responses").into());
        }
        let (row, head) = self.head(tx)?;
        if let Some(mark) = &pull.after
            && !self.holds(tx, row.as_ref(), mark)?
        {
            return Err(
                Refusal::new(Reason::CursorUnknown, "the hub does not hold its log up to this mark").into()
            );
        }
        let Some(row) = row else { return Ok(Pulled { after: pull.after, head, batches: Vec::new() }) };
        let after = pull.after.map_or(0, |mark| mark.sequence);
        let batches = self.batches(tx, &row, after, pull.without, member, bounds::PUSH_BYTES)?;
        Ok(Pulled { after: pull.after, head, batches })
    }

    /// The whole pushes after a place that fit into so many bytes, at least one, for a member who does not want the bytes of its own line.
    pub(crate) fn batches(
        &self,
        tx: &mut dyn Tx,
        row: &ScopeRow,
        after: u64,
        without: Option<Line>,
        member: &Member,
        most: usize,
    ) -> Done<Vec<Batch>> {
        read_batches(tx, row, after, most, |segment| {
            segment.device() == member.public.tag() && without == Some(segment.line())
        })
    }
}

/// Where what a push brings is looked for in the log.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Looking {
    WhereItMayBe,
    Everywhere,
}

/// A push that was judged.
pub(crate) struct Offered<'p> {
    segment: &'p Segment,
    links: Vec<Link>,
    head: SignedHead,
    /// Each with the id that stands in the chain.
    bodies: Vec<(EnvelopeId, &'p Body, Result<Sound, Objection>)>,
}

/// What a push holds at a place, once it was judged.
struct Sound {
    id: EnvelopeId,
    header: Header,
    /// Not a stub.
    whole: bool,
}

/// A push while its envelopes are kept.
struct Keeping<'a> {
    scope: i64,
    known: HashSet<EnvelopeId>,
    taken_out: HashSet<nightjar_seal::RecordTag>,
    /// Whether the whole scope was.
    all_out: bool,
    /// Bytes that may still be stored of this study.
    room: u64,
    /// The place that the push of this chain before it led to.
    pushed: u64,
    /// The push's number, once it has added something, and by how much places in its segment are shifted.
    push: Option<(i64, u64)>,
    mark: Mark,
    /// What is appended with the next flush.
    rows: Vec<LogRow<'a>>,
    bytes: u64,
    /// Bytes that withdrawals in it took out.
    freed: u64,
    erased: u64,
}

impl<'a> Keeping<'a> {
    fn keep(
        &mut self,
        tx: &mut dyn Tx,
        offered: &Offered<'_>,
        sound: &Sound,
        body: &'a Body,
        now: u64,
    ) -> Done<Outcome> {
        let Sound { id, header, whole } = sound;
        let id = *id;
        if self.known.contains(&id) {
            return Ok(Outcome::Known);
        }
        let withdraws = header.kind == Kind::Withdrawal;
        // What was taken out is kept as its stub, so that chains add up. The withdrawals themselves stay: others may still have to hear
        // of them.
        let bytes: Cow<'a, [u8]> = match *whole && !withdraws && self.is_out(&header.record) {
            true => Stub::of(&Envelope::decode(&body.bytes).map_err(|_| broken())?).encode().into(),
            false => Cow::Borrowed(&body.bytes),
        };
        // A withdrawal is taken in any case: it makes room.
        if self.bytes + bytes.len() as u64 > self.room && !withdraws {
            return Ok(Outcome::NoRoom);
        }
        self.bytes += bytes.len() as u64;
        let (push, shift) = match self.push {
            Some(push) => push,
            None => *self.push.insert(add_push(tx, self.scope, offered, self.pushed)?),
        };
        self.mark = self.mark.after(id);
        self.known.insert(id);
        self.rows.push(LogRow {
            sequence: self.mark.sequence,
            place: body.place + shift,
            envelope: id,
            hash: self.mark.hash,
            received: now,
            record: header.record,
            bytes,
        });
        if withdraws {
            // What came before it in this push is taken out with the rest.
            tx.append(self.scope, push, &std::mem::take(&mut self.rows))?;
            let taken_out = erasure::obey(tx, self.scope, &header.record)?;
            self.erased += taken_out.envelopes;
            self.freed += taken_out.bytes;
            self.taken_out.insert(header.record);
        }
        Ok(Outcome::Stored)
    }

    fn is_out(&self, record: &nightjar_seal::RecordTag) -> bool {
        self.all_out || self.taken_out.contains(record)
    }

    fn flush(&mut self, tx: &mut dyn Tx) -> Done<()> {
        match self.push {
            Some((push, _)) if !self.rows.is_empty() => {
                tx.append(self.scope, push, &std::mem::take(&mut self.rows))
            }
            _ => Ok(()),
        }
    }
}

/// Bytes of all that is stored of a study.
pub(crate) fn held(tx: &mut dyn Tx, study: StudyTag) -> Done<u64> {
    Ok(tx.scopes(study)?.iter().map(|row| row.bytes).sum())
}

/// Adds the links that are new, after checking that they follow those held. How many.
fn extend_chain(tx: &mut dyn Tx, scope: i64, offered: &Offered<'_>, grown: &Grown) -> Done<u64> {
    let Offered { links, head, .. } = offered;
    let Some(first) = links.first() else { return Err(broken().into()) };
    let strand = head.strand();
    let (held, hash) = grown.end.unwrap_or((0, LinkHash::START));
    if first.seq > held + 1 {
        return Err(Refusal::new(Reason::ChainGap, "links before these are missing here").into());
    }
    if held == 0 && tx.lines(scope, &strand.device)? >= bounds::LINES {
        let text = "this device has begun more copies of its vault than a device may";
        return Err(Refusal::new(Reason::TooManyLines, text).into());
    }
    // A link's hash covers everything before it, so one place decides for all: the last that both sides know.
    let common = held.min(head.seq);
    let new = links.get((common + 1 - first.seq) as usize..).unwrap_or_default();
    let follows = new.first().map_or(head.hash, |next| next.prev);
    let known = match common == held {
        true => hash,
        false => {
            held_links(tx, scope, &strand, first.scope, common, common)?.first().ok_or(Stop::Broken)?.hash()
        }
    };
    if follows != known {
        return Err(Refusal::new(
            Reason::ChainForked,
            "the hub holds another chain of this line of the device",
        )
        .into());
    }
    if let Some(first) = new.first() {
        let envelopes = new.iter().map(|link| link.envelope).collect();
        tx.extend(scope, &strand, &Stretch { first: first.seq, prev: first.prev, envelopes }, &head.hash)?;
    }
    Ok(new.len() as u64)
}

/// The links of a chain from a place to another, both among them, as far as they are held.
fn held_links(
    tx: &mut dyn Tx,
    scope: i64,
    strand: &Strand,
    tag: ScopeTag,
    from: u64,
    to: u64,
) -> Done<Vec<Link>> {
    let mut links: Vec<Link> = Vec::new();
    for Stretch { first, prev, envelopes } in tx.stretches(scope, strand, from, to)? {
        let mut before = prev;
        for (seq, envelope) in (first..=to).zip(envelopes) {
            let Strand { device, line } = *strand;
            let link = Link { device, line, scope: tag, seq, prev: before, envelope };
            before = link.hash();
            links.push(link);
        }
    }
    links.retain(|link| link.seq >= from);
    Ok(links)
}

/// Keeps a push that added something, and by how much places in its segment are shifted: its segment begins where that of the
/// push before it ended, so that whoever pulls can follow the chain over what was known already or refused, and so in no push.
fn add_push(tx: &mut dyn Tx, scope: i64, offered: &Offered<'_>, before: u64) -> Done<(i64, u64)> {
    let Offered { segment, head, .. } = offered;
    let strand = head.strand();
    let missing = segment.first().saturating_sub(before + 1);
    let whole = match usize::try_from(missing) {
        Ok(1..) if missing + segment.envelopes().len() as u64 <= bounds::PUSH_LINKS as u64 => {
            let links = held_links(tx, scope, &strand, segment.scope(), before + 1, head.seq)?;
            Some(Segment::new(&links, head).map_err(|_| broken())?)
        }
        _ => None,
    };
    let shift = if whole.is_some() { missing } else { 0 };
    let segment = whole.as_ref().unwrap_or(segment);
    Ok((tx.add_push(scope, &strand, head.seq, &segment.encode())?, shift))
}

/// Whole pushes, until the next would not fit; at least one, if there is any. `without` says whose bytes are left out.
fn read_batches(
    tx: &mut dyn Tx,
    scope: &ScopeRow,
    mut after: u64,
    most: usize,
    without: impl Fn(&Segment) -> bool,
) -> Done<Vec<Batch>> {
    let mut batches: Vec<Batch> = Vec::new();
    let (mut current, mut leave_out) = (None, false);
    // Bytes of the whole batches, and of the one being read.
    let (mut whole, mut open) = (0, 0);
    while after < scope.sequence {
        let rows = tx.log_after(scope.id, after, bounds::PUSH_LINKS as u64, most as u64)?;
        if rows.is_empty() {
            return Err(Stop::Broken);
        }
        for row in rows {
            after += 1;
            if current != Some(row.push) {
                if batches.len() == bounds::PULL_BATCHES {
                    return Ok(batches);
                }
                let segment = tx.segment(row.push)?;
                (whole, open) = (whole + open, segment.len());
                let segment = Segment::decode(&segment).map_err(|_| broken())?;
                leave_out = without(&segment);
                batches.push(Batch { segment, bodies: Vec::new() });
                current = Some(row.push);
            }
            let bytes = if leave_out { Vec::new() } else { row.bytes };
            open += bytes.len() + 16;
            if whole > 0 && whole + open > most {
                batches.pop();
                return Ok(batches);
            }
            if let Some(batch) = batches.last_mut() {
                batch.bodies.push(Body { place: row.place, bytes });
            }
        }
    }
    Ok(batches)
}
