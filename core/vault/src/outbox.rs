//! The outbox: own envelopes on their way to the hub. What was finished waits without a place; at the next sync the
//! caller draws an order and all that waits gets its places in the device's chain, so that the chain tells nothing about
//! the order in which answers were given.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_seal::{
    Chain, DeviceKeys, DeviceTag, EnvelopeId, Line, RecordTag, ScopeTag, SignedHead, Strand,
};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use crate::chains;
use crate::chunks;
use crate::envelopes::{AFTER, COLUMNS, number_of, read_envelope, read_id};
use crate::error::VaultError;
use crate::journal::fill;
use crate::lines;
use crate::numbers;
use crate::shared;
use crate::vault::Vault;

/// What waits in the outbox of a scope and what has left it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outbox {
    /// Finished, without a place in the chain yet.
    pub unchained: u64,
    /// All that the hub has not acknowledged, with the unchained.
    pub waiting: u64,
    /// Acknowledged by the hub.
    pub acknowledged: u64,
    /// Refused by the hub, with its reason. Kept; never blocks the others.
    pub refused: Vec<(EnvelopeId, String)>,
}

/// One envelope to push.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pending {
    /// On which line of the device it has its place.
    pub line: Line,
    /// Its place in the chain of that line.
    pub seq: u64,
    /// Its name.
    pub id: EnvelopeId,
    /// Its sealed bytes.
    pub bytes: Vec<u8>,
}

/// In which order what waits gets its places. Either tells nothing about the order in which answers were given.
#[derive(Clone, Copy, Debug)]
pub enum Order<'a> {
    /// A permutation of what waits, drawn for this. Every row is stored anew in that order, so that the pages of the file tell no other:
    /// for confidential responses.
    Drawn(&'a [EnvelopeId]),
    /// The order of the random numbers that they were given when they were finished. No row moves.
    Numbered,
}

impl Vault {
    /// What was finished and has no place in the chain yet, in the order of ids. The caller draws a permutation of it.
    ///
    /// # Errors
    /// Storage errors.
    pub fn unchained(&self, scope: &ScopeTag) -> Result<Vec<EnvelopeId>, VaultError> {
        self.read(|c| Ok(unchained(c, scope)?.into_iter().map(|(id, _)| id).collect()))
    }

    /// The same, each with its record, in no order that says anything.
    ///
    /// # Errors
    /// Storage errors.
    pub fn unchained_of_records(&self, scope: &ScopeTag) -> Result<Vec<(RecordTag, EnvelopeId)>, VaultError> {
        self.read(|c| {
            let Some(scope) = shared::known(c, scope.0)? else { return Ok(Vec::new()) };
            let sql = "SELECT envelope.begin, envelope.rest, envelope.record_begin, envelope.record_rest
                       FROM outbox JOIN envelope ON envelope.n = outbox.n
                       WHERE outbox.scope = ?1 AND outbox.chained = 0 AND outbox.state = 0";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query([scope])?;
            let mut unchained = Vec::new();
            while let Some(row) = rows.next()? {
                let record = numbers::join(row.get(2)?, row.get_ref(3)?.as_blob().unwrap_or_default());
                let record = record.ok_or(VaultError::Corrupt("the name of a record"))?;
                unchained.push((RecordTag(record), read_id(row, 0)?));
            }
            Ok(unchained)
        })
    }

    /// Gives everything unchained its place and signs the new end of the chain. `None` when nothing waited and nothing was ever chained.
    ///
    /// # Errors
    /// [`VaultError::WrongOrder`] when a drawn order is no permutation of [`unchained`](Self::unchained), for example because something was
    /// finished in between: ask again.
    pub fn chain_outbox(
        &self,
        scope: &ScopeTag,
        keys: &DeviceKeys,
        order: Order<'_>,
    ) -> Result<Option<SignedHead>, VaultError> {
        let path = self.path();
        self.write(|t| {
            let (waiting, moves) = in_order(t, scope, order)?;
            if waiting.is_empty() {
                return match self::last(t, &keys.tag(), scope)? {
                    Some(chain) => sign(t, &chain, keys),
                    None => Ok(None),
                };
            }
            let strand = Strand { device: keys.tag(), line: lines::own(t, path)? };
            let line = shared::number(t, strand.line.0)?;
            let mut chain = chains::end(t, &strand, scope)?;
            let number = chains::number_or_new(t, &strand, scope)?;
            let after_all = numbers::after_all(t)?;
            let mut place = t.prepare_cached("UPDATE envelope SET n = ?2 WHERE n = ?1")?;
            let mut chained = t.prepare_cached("UPDATE outbox SET chained = 1, line = ?2 WHERE n = ?1")?;
            for ((id, mut n), to) in waiting.into_iter().zip(after_all..) {
                chains::insert_into(t, number, &chain.next(id))?;
                if moves {
                    place.execute([n, to])?;
                    n = to;
                }
                chained.execute([n, line])?;
            }
            numbers::begin_band(t, scope)?;
            sign(t, &chain, keys)
        })
    }

    /// Chained envelopes that the hub has not acknowledged, in chain order and of one line: at least one if any waits, and no
    /// more than fit into `most` bytes. Of what was withdrawn, what is left of it. `after`: only what follows a place of this vault's
    /// own chain, since what lies up to there is on its way.
    ///
    /// # Errors
    /// Storage errors.
    pub fn pending(
        &self,
        scope: &ScopeTag,
        after: Option<(Line, u64)>,
        most: usize,
    ) -> Result<Vec<Pending>, VaultError> {
        self.read(|c| {
            let tag = scope;
            let Some(scope) = shared::known(c, scope.0)? else { return Ok(Vec::new()) };
            let after = match after {
                Some((line, seq)) => row_at(c, tag, line, seq)?,
                None => Some(i64::MIN),
            };
            let Some(after) = after else { return Ok(Vec::new()) };
            // Numbers were given in the order of the chain (`chain_outbox`), so that nothing is sorted and no more is read than is sent.
            let sql = format!(
                "SELECT {COLUMNS}, link.seq, chain.line, stub.bytes FROM outbox
                 CROSS JOIN envelope ON envelope.n = outbox.n
                 CROSS JOIN link ON link.begin = envelope.begin AND link.rest = envelope.rest
                 CROSS JOIN chain ON chain.n = link.chain AND chain.device = (SELECT value FROM shared WHERE shared.n = envelope.device)
                           AND chain.line = (SELECT value FROM shared WHERE shared.n = outbox.line)
                 LEFT JOIN stub ON stub.n = outbox.n
                 WHERE outbox.scope = ?1 AND outbox.chained = 1 AND outbox.state = 0 AND outbox.n > ?2 ORDER BY outbox.n"
            );
            let mut statement = c.prepare_cached(&sql)?;
            let mut rows = statement.query([scope, after])?;
            let (mut out, mut bytes): (Vec<Pending>, usize) = (Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let (seq, line) = (row.get::<_, i64>(AFTER)? as u64, Line(row.get(AFTER + 1)?));
                let (id, sealed) = match row.get::<_, Option<Vec<u8>>>(AFTER + 2)? {
                    Some(stub) => (read_id(row, 0)?, stub),
                    None => {
                        let envelope = read_envelope(row)?;
                        (envelope.id(), envelope.encode())
                    }
                };
                if out.first().is_some_and(|first| first.line != line) {
                    break;
                }
                bytes += sealed.len();
                if bytes > most && !out.is_empty() {
                    break;
                }
                out.push(Pending { line, seq, id, bytes: sealed });
            }
            Ok(out)
        })
    }

    /// The hub has stored these. Others than own envelopes are passed over.
    ///
    /// # Errors
    /// Storage errors.
    pub fn acknowledge(&self, ids: &[EnvelopeId]) -> Result<(), VaultError> {
        self.write(|t| {
            let sql = "UPDATE outbox SET state = 1, reason = NULL
                       WHERE n = (SELECT n FROM envelope WHERE begin = ?1 AND rest = ?2)";
            let mut statement = t.prepare_cached(sql)?;
            for id in ids {
                let (begin, rest) = numbers::split(&id.0);
                statement.execute(params![begin, rest])?;
            }
            Ok(())
        })
    }

    /// The hub refused this one, with its reason. It is kept and shown.
    ///
    /// # Errors
    /// Storage errors.
    pub fn refuse(&self, id: &EnvelopeId, reason: &str) -> Result<(), VaultError> {
        let reason: String = reason.chars().take(300).collect();
        self.write(|t| {
            if let Some(n) = number_of(t, id)? {
                let sql = "UPDATE outbox SET state = 2, reason = ?2 WHERE n = ?1 AND state = 0";
                t.execute(sql, params![n, reason])?;
            }
            Ok(())
        })
    }

    /// The hub lost or rewrote what it held: everything that it had acknowledged or refused is offered again, but for what is no
    /// longer here. Nothing of it is in custody until the hub has it again.
    ///
    /// # Errors
    /// Storage errors.
    pub fn offer_again(&self, scope: &ScopeTag) -> Result<u64, VaultError> {
        self.write(|t| {
            let sql = "UPDATE outbox SET state = 0, reason = NULL, custody = NULL WHERE scope = ?1 AND state IN (1, 2)
                       AND n NOT IN (SELECT n FROM envelope WHERE length(body) = 0 AND n NOT IN (SELECT n FROM stub))";
            match shared::known(t, scope.0)? {
                Some(scope) => {
                    chunks::offer_again(t, scope)?;
                    Ok(t.execute(sql, [scope])? as u64)
                }
                None => Ok(0),
            }
        })
    }

    /// What was held of a scope was compared with what the hub holds: of these envelopes, those that it lacks are offered again as far as they
    /// are still here, and those that it holds are acknowledged. How many it had acknowledged and lacks.
    ///
    /// # Errors
    /// Storage errors, and then nothing has changed.
    pub fn compared(
        &self,
        scope: &ScopeTag,
        held: &BTreeSet<EnvelopeId>,
        lacking: &BTreeSet<EnvelopeId>,
    ) -> Result<u64, VaultError> {
        self.write(|t| {
            let Some(scope) = shared::known(t, scope.0)? else { return Ok(0) };
            let sql = "SELECT envelope.begin, envelope.rest, outbox.n, outbox.state, length(body) = 0 AND stub.n IS NULL
                       FROM outbox JOIN envelope ON envelope.n = outbox.n LEFT JOIN stub ON stub.n = outbox.n
                       WHERE outbox.scope = ?1 AND chained = 1 AND outbox.state IN (0, 1, 4)";
            let mut statement = t.prepare_cached(sql)?;
            let mut rows = statement.query([scope])?;
            let (mut there, mut missing, mut lost) = (Vec::new(), Vec::new(), 0);
            while let Some(row) = rows.next()? {
                let (id, n): (_, i64) = (read_id(row, 0)?, row.get(2)?);
                let (state, is_gone): (i64, bool) = (row.get(3)?, row.get(4)?);
                match (lacking.contains(&id), state) {
                    (true, 1) if !is_gone => missing.push(n),
                    // Its bytes have left this device: it can be told of and not offered.
                    (true, 4) => lost += 1,
                    (false, 0) if held.contains(&id) => there.push(n),
                    _ => {}
                }
            }
            let mut again = t.prepare_cached("UPDATE outbox SET state = 0, custody = NULL WHERE n = ?1")?;
            missing.iter().try_for_each(|n| again.execute([n]).map(drop))?;
            let mut acknowledge = t.prepare_cached("UPDATE outbox SET state = 1 WHERE n = ?1")?;
            there.iter().try_for_each(|n| acknowledge.execute([n]).map(drop))?;
            if !missing.is_empty() {
                // A hub that lost envelopes may have lost what was attached to them; it is asked before anything is sent.
                chunks::offer_again(t, scope)?;
            }
            Ok(missing.len() as u64 + lost)
        })
    }

    /// What waits and what has left.
    ///
    /// # Errors
    /// Storage errors.
    pub fn outbox(&self) -> Result<Outbox, VaultError> {
        self.read(|c| {
            let mut outbox = Outbox::default();
            let sql = "SELECT state, chained, count(*) FROM outbox GROUP BY state, chained";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let count = row.get::<_, i64>(2)? as u64;
                match (row.get::<_, i64>(0)?, row.get::<_, i64>(1)?) {
                    (0, 0) => {
                        outbox.unchained += count;
                        outbox.waiting += count;
                    }
                    (0, _) => outbox.waiting += count,
                    (1 | 4, _) => outbox.acknowledged += count,
                    _ => {}
                }
            }
            let sql = "SELECT envelope.begin, envelope.rest, coalesce(outbox.reason, '') FROM outbox
                       JOIN envelope ON envelope.n = outbox.n WHERE outbox.state = 2 ORDER BY 1, 2";
            let mut statement = c.prepare_cached(sql)?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                outbox.refused.push((read_id(row, 0)?, row.get(2)?));
            }
            Ok(outbox)
        })
    }
}

/// What has no place in the chain yet in the order in which it gets one, each with its number, and whether it is numbered anew.
fn in_order(
    t: &Transaction<'_>,
    scope: &ScopeTag,
    order: Order<'_>,
) -> Result<(Vec<(EnvelopeId, i64)>, bool), VaultError> {
    let mut waiting = unchained(t, scope)?;
    let order = match order {
        Order::Drawn(order) => order,
        Order::Numbered => {
            waiting.sort_unstable_by_key(|(_, n)| *n);
            // What had a place and lost it, with its line, is mixed with the rest.
            let moves = !numbers::are_in_band(t, scope, waiting.iter().map(|(_, n)| *n))?;
            if moves {
                let mut record = t.prepare_cached("SELECT record_begin FROM envelope WHERE n = ?1")?;
                let mut records = BTreeMap::new();
                let mut drawn = Vec::with_capacity(waiting.len());
                for place in waiting {
                    let mut random = [[0; 16]; 2];
                    fill(random.as_flattened_mut())?;
                    let record: i64 = record.query_row([place.1], |row| row.get(0))?;
                    drawn.push((*records.entry(record).or_insert(random[0]), random[1], place));
                }
                drawn.sort_unstable();
                waiting = drawn.into_iter().map(|(_, _, place)| place).collect();
            }
            return Ok((waiting, moves));
        }
    };
    let mut sorted = order.to_vec();
    sorted.sort();
    if !sorted.iter().eq(waiting.iter().map(|(id, _)| id)) {
        return Err(VaultError::WrongOrder);
    }
    // One name may wait twice; each row gets a place.
    let mut numbers: BTreeMap<EnvelopeId, Vec<i64>> = BTreeMap::new();
    for (id, n) in waiting {
        numbers.entry(id).or_default().push(n);
    }
    let mut number = |id: &EnvelopeId| Some((*id, numbers.get_mut(id)?.pop()?));
    let ordered: Option<Vec<_>> = order.iter().map(&mut number).collect();
    Ok((ordered.ok_or(VaultError::WrongOrder)?, true))
}

/// What has no place in the chain yet, in the order of ids, each with its number.
fn unchained(c: &Connection, scope: &ScopeTag) -> Result<Vec<(EnvelopeId, i64)>, VaultError> {
    let Some(scope) = shared::known(c, scope.0)? else { return Ok(Vec::new()) };
    let sql =
        "SELECT envelope.begin, envelope.rest, envelope.n FROM outbox JOIN envelope ON envelope.n = outbox.n
               WHERE outbox.scope = ?1 AND outbox.chained = 0 AND outbox.state = 0 ORDER BY 1, 2";
    let mut statement = c.prepare_cached(sql)?;
    let mut rows = statement.query([scope])?;
    let mut ids = Vec::new();
    while let Some(row) = rows.next()? {
        ids.push((read_id(row, 0)?, row.get(2)?));
    }
    Ok(ids)
}

/// The row of what has a place in an own chain.
fn row_at(c: &Connection, scope: &ScopeTag, line: Line, seq: u64) -> Result<Option<i64>, VaultError> {
    // In this order: from the one link to its row.
    let sql = "SELECT outbox.n FROM chain
               CROSS JOIN link ON link.chain = chain.n
               CROSS JOIN envelope ON envelope.begin = link.begin AND envelope.rest = link.rest
                          AND (SELECT value FROM shared WHERE shared.n = envelope.device) = chain.device
               CROSS JOIN outbox ON outbox.n = envelope.n
                          AND (SELECT value FROM shared WHERE shared.n = outbox.line) = chain.line
               WHERE chain.line = ?1 AND chain.scope = ?2 AND link.seq = ?3";
    let row = params![line.0, scope.0, seq.cast_signed()];
    Ok(c.prepare_cached(sql)?.query_row(row, |row| row.get(0)).optional()?)
}

/// The end of the chain on which this vault last gave places, if it ever did in this scope.
fn last(c: &Connection, device: &DeviceTag, scope: &ScopeTag) -> Result<Option<Chain>, VaultError> {
    let Some(line) = lines::stored(c)? else { return Ok(None) };
    let chain = chains::end(c, &Strand { device: *device, line }, scope)?;
    Ok((chain.seq > 0).then_some(chain))
}

fn sign(c: &Connection, chain: &Chain, keys: &DeviceKeys) -> Result<Option<SignedHead>, VaultError> {
    if chain.seq == 0 {
        return Ok(None);
    }
    let head = chain.sign(keys)?;
    chains::keep_head(c, &head)?;
    Ok(Some(head))
}
