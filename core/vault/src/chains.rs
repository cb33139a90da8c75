//! The chains of all devices: which envelopes each has sent in a scope, and what of it is here. From them comes
//! "N of N received".

use std::collections::BTreeMap;

use nightjar_seal::{
    Chain, DevicePublic, DeviceTag, EnvelopeId, Line, Link, LinkHash, Refused, ScopeTag, SignedHead, Strand,
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use crate::envelopes::read_id;
use crate::error::VaultError;
use crate::keep;
use crate::numbers;
use crate::vault::Vault;

/// How far apart the signed heads of a chain that are kept may be, in links: as many as a hub takes at once.
pub const HEADS_APART: u64 = 2_000;

/// How much of what a device sent in a scope is here.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Received {
    /// The device.
    pub device: DeviceTag,
    /// Which line of it.
    pub line: Line,
    /// The scope.
    pub scope: ScopeTag,
    /// How many envelopes its signed chain names.
    pub expected: u64,
    /// How many of them are here, readable or not.
    pub received: u64,
    /// How many of them were opened, verified and count, or are rightly kept for somebody else.
    pub applied: u64,
    /// Up to this place without a gap every envelope is applied; what a signed applied-vector says.
    pub applied_to: u64,
}

/// What an evaluator may sign for: applied, withdrawn, or keys for others that are rightly kept. A change that is only kept was for somebody
/// else.
const COUNTS: &str = "envelope.state IN (1, 6, 7) OR (envelope.state = 4 AND envelope.kind <> 0)";

impl Vault {
    /// The end of a chain as known here; empty when nothing is known.
    ///
    /// # Errors
    /// Storage errors.
    pub fn chain(&self, strand: &Strand, scope: &ScopeTag) -> Result<Chain, VaultError> {
        self.read(|c| end(c, strand, scope))
    }

    /// Links of a chain after a place, in order, at most `limit`.
    ///
    /// # Errors
    /// Storage errors.
    pub fn links(
        &self,
        strand: &Strand,
        scope: &ScopeTag,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Link>, VaultError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        self.read(|c| links_after(c, strand, scope, after, limit))
    }

    /// The last signed head of a chain.
    ///
    /// # Errors
    /// Storage errors.
    pub fn head(&self, strand: &Strand, scope: &ScopeTag) -> Result<Option<SignedHead>, VaultError> {
        self.read(|c| head_of(c, strand, scope))
    }

    /// Signed heads of a chain after a place, in order: from one to the next are at most [`HEADS_APART`] links, where the chain came
    /// in such stretches.
    ///
    /// # Errors
    /// Storage errors.
    pub fn heads(
        &self,
        strand: &Strand,
        scope: &ScopeTag,
        after: u64,
    ) -> Result<Vec<SignedHead>, VaultError> {
        self.read(|c| {
            let sql = "SELECT bytes FROM head WHERE device = ?1 AND line = ?2 AND scope = ?3 AND seq > ?4 ORDER BY seq";
            let mut statement = c.prepare_cached(sql)?;
            let row = params![strand.device.0, strand.line.0, scope.0, place(after)];
            let heads = statement.query_map(row, |row| row.get::<_, Vec<u8>>(0))?;
            heads
                .map(|bytes| minicbor::decode(&bytes?).map_err(|_| VaultError::Corrupt("a stored head")))
                .collect()
        })
    }

    /// Follows another device's chain from where it is known to a signed head, and keeps the links. Links that are known
    /// already may come again.
    ///
    /// # Errors
    /// [`VaultError::Seal`] when a link does not fit, the chain forks or the signature is not the device's; nothing is
    /// kept then.
    pub fn follow(&self, links: &[Link], head: &SignedHead, device: &DevicePublic) -> Result<(), VaultError> {
        self.write(|t| follow(t, links, head, device))
    }

    /// Follows several stretches in one transaction, in the order given, and keeps a value beside each that could be followed, or that
    /// `anyway` says so: by which the caller knows how far a chain reaches. Which could be followed.
    ///
    /// # Errors
    /// Storage errors, and then nothing was kept.
    pub fn follow_all(&self, stretches: &[Stretch<'_>], anyway: bool) -> Result<Vec<bool>, VaultError> {
        self.write(|t| {
            let mut done = Vec::with_capacity(stretches.len());
            for stretch in stretches {
                let followed = match follow(t, stretch.links, stretch.head, stretch.device) {
                    Ok(()) => true,
                    Err(VaultError::Seal(_)) => false,
                    Err(error) => return Err(error),
                };
                if let Some((name, value)) = &stretch.beside
                    && (followed || anyway)
                {
                    keep::keep_cursor(t, &stretch.head.scope, name, value)?;
                }
                done.push(followed);
            }
            Ok(done)
        })
    }

    /// Which of the envelopes that a stretch of a chain names stand on another end of it than the one that is followed here: from the first
    /// link on that is not the one known at its place, or does not rest on the one before it. `beyond` is the end of a stretch that was found
    /// to be such before: what rests on it is, too. Envelopes that a chain followed here names are not among them.
    ///
    /// # Errors
    /// Storage errors.
    pub fn forked(
        &self,
        links: &[Link],
        head: &SignedHead,
        beyond: Option<&[u8]>,
    ) -> Result<Vec<EnvelopeId>, VaultError> {
        let Some(first) = links.first() else { return Ok(Vec::new()) };
        self.read(|c| {
            let unnamed = |link: &Link| Ok((!is_named(c, &link.envelope)?).then_some(link.envelope));
            let all = |links: &[Link]| {
                links
                    .iter()
                    .filter_map(|link| unnamed(link).transpose())
                    .collect::<Result<Vec<_>, VaultError>>()
            };
            if beyond == Some(&first.prev.0) {
                return all(links);
            }
            let (strand, end) = (head.strand(), end(c, &head.strand(), &head.scope)?);
            if end.seq == 0 || first.seq > end.seq + 1 {
                return Ok(Vec::new());
            }
            let limit = i64::try_from(links.len()).unwrap_or(i64::MAX);
            let known = match first.seq <= end.seq {
                true => links_after(c, &strand, &head.scope, first.seq.saturating_sub(1), limit)?,
                false => Vec::new(),
            };
            let fits = |(at, link): (usize, &Link)| match known.get(at) {
                Some(known) => known == link,
                None => link.seq != end.seq + 1 || link.prev == end.hash,
            };
            let fork = links.iter().enumerate().position(|it| !fits(it)).unwrap_or(links.len());
            all(&links[fork..])
        })
    }

    /// The envelopes of a scope that are here, with or without their bytes, and have their place in a chain; of one device or of all.
    ///
    /// # Errors
    /// Storage errors.
    pub fn placed(&self, scope: &ScopeTag, of: Option<&DeviceTag>) -> Result<Vec<EnvelopeId>, VaultError> {
        self.read(|c| {
            let sql = "SELECT link.begin, link.rest FROM chain CROSS JOIN link ON link.chain = chain.n
                       WHERE chain.scope = ?1 AND (?2 IS NULL OR chain.device = ?2)
                       AND EXISTS (SELECT 1 FROM envelope WHERE envelope.begin = link.begin AND envelope.rest = link.rest)";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query(params![scope.0, of.map(|of| of.0)])?;
            let mut placed = Vec::new();
            while let Some(row) = rows.next()? {
                placed.push(read_id(row, 0)?);
            }
            Ok(placed)
        })
    }

    /// How far this device has applied each chain of a scope without a gap, in the order of devices and lines. `from`: how far it had before;
    /// only what comes after that is looked at.
    ///
    /// # Errors
    /// Storage errors.
    pub fn applied_to(
        &self,
        scope: &ScopeTag,
        from: &BTreeMap<Strand, u64>,
    ) -> Result<BTreeMap<Strand, u64>, VaultError> {
        self.read(|c| {
            let mut chains = c.prepare_cached("SELECT n, device, line FROM chain WHERE scope = ?1")?;
            let sql = format!(
                "SELECT link.seq FROM link
                 LEFT JOIN envelope ON envelope.begin = link.begin AND envelope.rest = link.rest
                 WHERE link.chain = ?1 AND link.seq > ?2 AND ({COUNTS}) IS NOT TRUE ORDER BY link.seq LIMIT 1"
            );
            let mut gap = c.prepare_cached(&sql)?;
            let mut end = c.prepare_cached("SELECT max(seq) FROM link WHERE chain = ?1")?;
            let mut rows = chains.query([scope.0])?;
            let mut applied = BTreeMap::new();
            while let Some(row) = rows.next()? {
                let (n, device, line): (i64, _, _) = (row.get(0)?, DeviceTag(row.get(1)?), Line(row.get(2)?));
                let strand = Strand { device, line };
                let before = from.get(&strand).copied().unwrap_or_default();
                let gap: Option<i64> =
                    gap.query_row(params![n, before.cast_signed()], |row| row.get(0)).optional()?;
                let to = match gap {
                    Some(gap) => Some(gap.saturating_sub(1)),
                    None => end.query_row([n], |row| row.get::<_, Option<i64>>(0))?,
                };
                applied.extend(to.map(|to| (strand, to.cast_unsigned())));
            }
            Ok(applied)
        })
    }

    /// How much of every known chain is here.
    ///
    /// # Errors
    /// Storage errors.
    pub fn received(&self) -> Result<Vec<Received>, VaultError> {
        self.read(|c| {
            let sql = format!(
                "SELECT chain.device, chain.line, chain.scope, max(link.seq), count(envelope.n),
                        count(CASE WHEN {COUNTS} THEN 1 END), min(CASE WHEN {COUNTS} THEN NULL ELSE link.seq END)
                 FROM link JOIN chain ON chain.n = link.chain
                 LEFT JOIN envelope ON envelope.begin = link.begin AND envelope.rest = link.rest
                 GROUP BY link.chain ORDER BY chain.device, chain.line, chain.scope"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let rows = statement.query_map([], |row| {
                let expected = row.get::<_, i64>(3)? as u64;
                let gap = row.get::<_, Option<i64>>(6)?;
                Ok(Received {
                    device: DeviceTag(row.get(0)?),
                    line: Line(row.get(1)?),
                    scope: ScopeTag(row.get(2)?),
                    expected,
                    received: row.get::<_, i64>(4)? as u64,
                    applied: row.get::<_, i64>(5)? as u64,
                    applied_to: gap.map_or(expected, |seq| seq as u64 - 1),
                })
            })?;
            Ok(rows.collect::<Result<_, _>>()?)
        })
    }
}

/// A stretch of another device's chain, up to a signed head.
pub struct Stretch<'a> {
    /// The links.
    pub links: &'a [Link],
    /// The head they lead to.
    pub head: &'a SignedHead,
    /// Who signed it.
    pub device: &'a DevicePublic,
    /// The name and value of what is kept of the scope beside it.
    pub beside: Option<(String, Vec<u8>)>,
}

fn follow(
    t: &Transaction<'_>,
    links: &[Link],
    head: &SignedHead,
    device: &DevicePublic,
) -> Result<(), VaultError> {
    let known = end(t, &head.strand(), &head.scope)?;
    for link in links.iter().filter(|link| link.seq <= known.seq) {
        let known = links_after(t, &head.strand(), &head.scope, link.seq.saturating_sub(1), 1)?;
        if known != [*link] {
            return Err(Refused::Fork { device: head.device, seq: link.seq }.into());
        }
    }
    let new: Vec<Link> = links.iter().filter(|link| link.seq > known.seq).copied().collect();
    if head.seq < known.seq {
        // An older head of the same chain: true, and nothing new.
        head.verify(device)?;
        return Ok(());
    }
    let mut chain = known;
    chain.follow(&new, head, device)?;
    if !new.is_empty() {
        let number = number_or_new(t, &head.strand(), &head.scope)?;
        for link in &new {
            insert_into(t, number, link)?;
        }
    }
    keep_head(t, head)
}

/// Whether a chain that is followed here names an envelope.
pub(crate) fn is_named(c: &Connection, envelope: &EnvelopeId) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM link WHERE begin = ?1 AND rest = ?2)";
    let (begin, rest) = numbers::split(&envelope.0);
    Ok(c.prepare_cached(sql)?.query_row(params![begin, rest], |row| row.get(0))?)
}

/// Links of a chain after a place, in order.
pub(crate) fn links_after(
    c: &Connection,
    strand: &Strand,
    scope: &ScopeTag,
    after: u64,
    limit: i64,
) -> Result<Vec<Link>, VaultError> {
    let Some(chain) = number(c, strand, scope)? else { return Ok(Vec::new()) };
    let sql = "SELECT begin, rest, seq, prev FROM link WHERE chain = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(params![chain, place(after), limit])?;
    let mut links = Vec::new();
    while let Some(row) = rows.next()? {
        links.push(read(strand, scope, row)?);
    }
    Ok(links)
}

/// The link in the columns begin, rest, place, hash before.
fn read(strand: &Strand, scope: &ScopeTag, row: &Row<'_>) -> Result<Link, VaultError> {
    Ok(Link {
        device: strand.device,
        line: strand.line,
        scope: *scope,
        seq: row.get::<_, i64>(2)? as u64,
        prev: LinkHash(row.get(3)?),
        envelope: read_id(row, 0)?,
    })
}

/// The number of a chain in this vault, if anything of it is here.
pub(crate) fn number(c: &Connection, strand: &Strand, scope: &ScopeTag) -> Result<Option<i64>, VaultError> {
    let sql = "SELECT n FROM chain WHERE device = ?1 AND line = ?2 AND scope = ?3";
    let mut statement = c.prepare_cached(sql)?;
    let row = params![strand.device.0, strand.line.0, scope.0];
    Ok(statement.query_row(row, |row| row.get(0)).optional()?)
}

/// The last signed head of a chain.
pub(crate) fn head_of(
    c: &Connection,
    strand: &Strand,
    scope: &ScopeTag,
) -> Result<Option<SignedHead>, VaultError> {
    let mut statement = c.prepare_cached(
        "SELECT bytes FROM head WHERE device = ?1 AND line = ?2 AND scope = ?3 ORDER BY seq DESC LIMIT 1",
    )?;
    let bytes: Option<Vec<u8>> =
        statement.query_row(params![strand.device.0, strand.line.0, scope.0], |row| row.get(0)).optional()?;
    let head = bytes.map(|bytes| minicbor::decode(&bytes));
    head.transpose().map_err(|_| VaultError::Corrupt("a stored head"))
}

/// The lines of a device of which there is a signed head in a scope.
pub(crate) fn strands(
    c: &Connection,
    device: &DeviceTag,
    scope: &ScopeTag,
) -> Result<Vec<Strand>, VaultError> {
    let sql = "SELECT DISTINCT line FROM head WHERE device = ?1 AND scope = ?2 ORDER BY line";
    let mut statement = c.prepare_cached(sql)?;
    let lines = statement.query_map(params![device.0, scope.0], |row| row.get(0).map(Line))?;
    lines.map(|line| Ok(Strand { device: *device, line: line? })).collect()
}

/// A place as SQLite stores it; places beyond its range do not exist.
fn place(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// The end of a chain as stored.
pub(crate) fn end(c: &Connection, strand: &Strand, scope: &ScopeTag) -> Result<Chain, VaultError> {
    let mut end = Chain::new(*strand, *scope);
    let Some(chain) = number(c, strand, scope)? else { return Ok(end) };
    let sql = "SELECT begin, rest, seq, prev FROM link WHERE chain = ?1 ORDER BY seq DESC LIMIT 1";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query([chain])?;
    if let Some(row) = rows.next()? {
        let link = read(strand, scope, row)?;
        (end.seq, end.hash) = (link.seq, link.hash());
    }
    Ok(end)
}

/// The number of a chain in this vault, which may be its first.
pub(crate) fn number_or_new(c: &Connection, strand: &Strand, scope: &ScopeTag) -> Result<i64, VaultError> {
    if let Some(chain) = number(c, strand, scope)? {
        return Ok(chain);
    }
    let sql = "INSERT INTO chain (device, line, scope) VALUES (?1, ?2, ?3)";
    c.prepare_cached(sql)?.execute(params![strand.device.0, strand.line.0, scope.0])?;
    Ok(c.last_insert_rowid())
}

/// Keeps a link of the chain of a number.
pub(crate) fn insert_into(c: &Connection, chain: i64, link: &Link) -> Result<(), VaultError> {
    let sql = "INSERT INTO link (chain, seq, begin, rest, prev) VALUES (?1, ?2, ?3, ?4, ?5)";
    let (begin, rest) = numbers::split(&link.envelope.0);
    c.prepare_cached(sql)?.execute(params![chain, place(link.seq), begin, rest, link.prev.0])?;
    Ok(())
}

/// Keeps a signed head. The last one before it goes where the one before that is near enough to do without it.
pub(crate) fn keep_head(c: &Connection, head: &SignedHead) -> Result<(), VaultError> {
    let of = params![head.device.0, head.line.0, head.scope.0];
    let sql = "SELECT seq FROM head WHERE device = ?1 AND line = ?2 AND scope = ?3 ORDER BY seq DESC LIMIT 2";
    let mut statement = c.prepare_cached(sql)?;
    let before = statement.query_map(of, |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    if let Some(last) = before.first().copied().filter(|last| *last < place(head.seq)) {
        let anchor = before.get(1).copied().unwrap_or(0);
        if place(head.seq) - anchor <= place(HEADS_APART) {
            let sql = "DELETE FROM head WHERE device = ?1 AND line = ?2 AND scope = ?3 AND seq = ?4";
            c.prepare_cached(sql)?.execute(params![head.device.0, head.line.0, head.scope.0, last])?;
        }
    }
    let sql = "INSERT OR REPLACE INTO head (device, line, scope, seq, bytes) VALUES (?1, ?2, ?3, ?4, ?5)";
    let bytes = minicbor::to_vec(head).map_err(|_| VaultError::Corrupt("a head"))?;
    c.prepare_cached(sql)?.execute(params![
        head.device.0,
        head.line.0,
        head.scope.0,
        place(head.seq),
        bytes
    ])?;
    Ok(())
}
