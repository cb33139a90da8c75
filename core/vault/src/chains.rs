//! The chains of all devices: which envelopes each has sent in a scope, and what of it is here. From them comes
//! "N of N received".

use nightjar_seal::{Chain, DevicePublic, DeviceTag, Line, Link, Refused, ScopeTag, SignedHead, Strand};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::VaultError;
use crate::vault::Vault;

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

    /// Follows another device's chain from where it is known to a signed head, and keeps the links. Links that are known
    /// already may come again.
    ///
    /// # Errors
    /// [`VaultError::Seal`] when a link does not fit, the chain forks or the signature is not the device's; nothing is
    /// kept then.
    pub fn follow(&self, links: &[Link], head: &SignedHead, device: &DevicePublic) -> Result<(), VaultError> {
        self.write(|t| {
            let known = end(t, &head.strand(), &head.scope)?;
            for link in links.iter().filter(|link| link.seq <= known.seq) {
                let sql =
                    "SELECT bytes FROM link WHERE device = ?1 AND line = ?2 AND scope = ?3 AND seq = ?4";
                let bytes: Option<Vec<u8>> = t
                    .prepare_cached(sql)?
                    .query_row(params![head.device.0, head.line.0, head.scope.0, place(link.seq)], |row| {
                        row.get(0)
                    })
                    .optional()?;
                if bytes != Some(encode(link)?) {
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
            for link in &new {
                insert(t, link)?;
            }
            keep_head(t, head)
        })
    }

    /// How much of every known chain is here.
    ///
    /// # Errors
    /// Storage errors.
    pub fn received(&self) -> Result<Vec<Received>, VaultError> {
        self.read(|c| {
            // Applied, withdrawn, or keys for others that are rightly kept. A change that is only kept was for somebody else: this device
            // must not sign for it.
            let sql = "SELECT link.device, link.line, link.scope, max(link.seq), count(envelope.id),
                              count(CASE WHEN envelope.state IN (1, 6, 7) OR (envelope.state = 4 AND envelope.kind <> 0) THEN 1 END),
                              min(CASE WHEN envelope.state IN (1, 6, 7) OR (envelope.state = 4 AND envelope.kind <> 0) THEN NULL
                                       ELSE link.seq END)
                       FROM link LEFT JOIN envelope ON envelope.id = link.envelope
                       GROUP BY link.device, link.line, link.scope ORDER BY link.device, link.line, link.scope";
            let mut statement = c.prepare_cached(sql)?;
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

/// Links of a chain after a place, in order.
pub(crate) fn links_after(
    c: &Connection,
    strand: &Strand,
    scope: &ScopeTag,
    after: u64,
    limit: i64,
) -> Result<Vec<Link>, VaultError> {
    let sql = "SELECT bytes FROM link WHERE device = ?1 AND line = ?2 AND scope = ?3 AND seq > ?4
               ORDER BY seq LIMIT ?5";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query(params![strand.device.0, strand.line.0, scope.0, place(after), limit])?;
    let mut out = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        out.push(minicbor::decode(&bytes).map_err(|_| VaultError::Corrupt("a stored link"))?);
    }
    Ok(out)
}

/// The last signed head of a chain.
pub(crate) fn head_of(
    c: &Connection,
    strand: &Strand,
    scope: &ScopeTag,
) -> Result<Option<SignedHead>, VaultError> {
    let mut statement =
        c.prepare_cached("SELECT bytes FROM head WHERE device = ?1 AND line = ?2 AND scope = ?3")?;
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
    let sql = "SELECT line FROM head WHERE device = ?1 AND scope = ?2 ORDER BY line";
    let mut statement = c.prepare_cached(sql)?;
    let lines = statement.query_map(params![device.0, scope.0], |row| row.get(0).map(Line))?;
    lines.map(|line| Ok(Strand { device: *device, line: line? })).collect()
}

fn encode(link: &Link) -> Result<Vec<u8>, VaultError> {
    minicbor::to_vec(link).map_err(|_| VaultError::Corrupt("a link"))
}

/// A place as SQLite stores it; places beyond its range do not exist.
fn place(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

/// The end of a chain as stored.
pub(crate) fn end(c: &Connection, strand: &Strand, scope: &ScopeTag) -> Result<Chain, VaultError> {
    let sql =
        "SELECT bytes FROM link WHERE device = ?1 AND line = ?2 AND scope = ?3 ORDER BY seq DESC LIMIT 1";
    let bytes: Option<Vec<u8>> = c
        .prepare_cached(sql)?
        .query_row(params![strand.device.0, strand.line.0, scope.0], |row| row.get(0))
        .optional()?;
    let mut chain = Chain::new(*strand, *scope);
    if let Some(bytes) = bytes {
        let link: Link = minicbor::decode(&bytes).map_err(|_| VaultError::Corrupt("a stored link"))?;
        chain.seq = link.seq;
        chain.hash = link.hash();
    }
    Ok(chain)
}

pub(crate) fn insert(c: &Connection, link: &Link) -> Result<(), VaultError> {
    let sql = "INSERT INTO link (device, line, scope, seq, envelope, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
    let row =
        params![link.device.0, link.line.0, link.scope.0, place(link.seq), link.envelope.0, encode(link)?];
    c.prepare_cached(sql)?.execute(row)?;
    Ok(())
}

pub(crate) fn keep_head(c: &Connection, head: &SignedHead) -> Result<(), VaultError> {
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
