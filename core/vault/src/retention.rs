//! Custody and retention. The sealed bytes of a response that this device cannot read itself stay until others have them for
//! certain: the hub has acknowledged them, an evaluator has signed that it applied them, and some days have passed since both
//! were known. Only then do they leave; before that neither a rule nor a full disk takes them.

use nightjar_seal::{ScopeTag, Strand};
use rusqlite::params;

use crate::chains;
use crate::envelopes::State;
use crate::error::VaultError;
use crate::shared;
use crate::vault::Vault;

/// Fewest days between custody and the bytes leaving.
pub const KEEP_DAYS: u32 = 30;

/// Days of a week.
const WEEK: i32 = 7;

/// Where the sealed bytes that this device made are.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Custody {
    /// The hub has not acknowledged them.
    pub unsent: u64,
    /// The hub has them, and no evaluator has signed that it applied them.
    pub unapplied: u64,
    /// The hub has them and an evaluator applied them.
    pub in_custody: u64,
    /// Of those, responses that this device could not read, whose bytes have left.
    pub released: u64,
    /// Of those not in custody: how many have waited longer than the days asked for, since they were first offered.
    pub late: u64,
}

impl Vault {
    /// Notes what is in custody from a day on: an evaluator of the study has signed that it applied everything that a line of this
    /// device sent in a scope, up to a place in its chain (0 for nothing). The caller verified that. `today` is counted in days
    /// since 1970; only its week is kept, so that it tells no more of when an answer was given than the answer itself does.
    ///
    /// # Errors
    /// Storage errors.
    pub fn note_custody(
        &self,
        strand: &Strand,
        scope: &ScopeTag,
        applied: u64,
        today: i32,
    ) -> Result<(), VaultError> {
        let applied = i64::try_from(applied).unwrap_or(i64::MAX);
        // The last day of the week: later than it was, so that nothing leaves or is late too early.
        let today = today.div_euclid(WEEK).saturating_add(1).saturating_mul(WEEK);
        self.write(|t| {
            let Some(of_scope) = shared::known(t, scope.0)? else { return Ok(()) };
            let sql = "UPDATE outbox SET offered = ?2 WHERE scope = ?1 AND chained = 1 AND offered IS NULL";
            t.execute(sql, params![of_scope, today])?;
            let (Some(line), Some(chain)) = (shared::known(t, strand.line.0)?, chains::number(t, strand, scope)?)
            else {
                return Ok(());
            };
            let sql = "UPDATE outbox SET custody = ?4 WHERE custody IS NULL AND scope = ?2 AND state = 1 AND line = ?5
                       AND EXISTS (SELECT 1 FROM envelope JOIN link ON link.begin = envelope.begin AND link.rest = envelope.rest
                                   WHERE envelope.n = outbox.n AND link.chain = ?1 AND link.seq <= ?3)";
            t.execute(sql, params![chain, of_scope, applied, today, line])?;
            Ok(())
        })
    }

    /// Lets the sealed bytes of responses that this device cannot read leave, `days` days after they were in custody, never
    /// earlier than [`KEEP_DAYS`]. Their names stay, so that chains still add up. How many left.
    ///
    /// # Errors
    /// Storage errors, and then nothing left.
    pub fn release(&self, today: i32, days: u32) -> Result<u64, VaultError> {
        let days = i64::from(days.max(KEEP_DAYS));
        let left = self.write(|t| {
            // A response leaves as a whole: with a part of it its receipt would open something else than was said last.
            let sql = "UPDATE envelope SET body = x'', keys = NULL, more = NULL, state = ?3
                       WHERE state = ?4 AND n IN (SELECT n FROM outbox WHERE state = 1 AND custody <= ?1 - ?2)
                       AND NOT EXISTS (SELECT 1 FROM envelope part JOIN outbox ON outbox.n = part.n
                                       WHERE part.record_begin = envelope.record_begin AND part.record_rest = envelope.record_rest
                                       AND outbox.state <> 3 AND (custody IS NULL OR custody > ?1 - ?2))";
            let states = (State::Released.number(), State::Kept.number());
            let left = t.execute(sql, params![today, days, states.0, states.1])?;
            if left > 0 {
                let sql = "UPDATE outbox SET state = 4 WHERE state = 1 AND custody <= ?1 - ?2
                           AND n IN (SELECT n FROM envelope WHERE state = ?3)";
                t.execute(sql, params![today, days, states.0])?;
            }
            Ok(left)
        })?;
        if left > 0 {
            self.truncate_log();
        }
        Ok(left as u64)
    }

    /// Where the sealed bytes are that this device made. `late` counts what is not in custody more than `days` days after it was
    /// first offered.
    ///
    /// # Errors
    /// Storage errors.
    pub fn custody(&self, today: i32, days: u32) -> Result<Custody, VaultError> {
        self.read(|c| {
            let sql = "SELECT count(CASE WHEN outbox.state NOT IN (1, 4) THEN 1 END),
                              count(CASE WHEN outbox.state = 1 AND custody IS NULL THEN 1 END),
                              count(custody),
                              count(CASE WHEN envelope.state = ?3 THEN 1 END),
                              count(CASE WHEN custody IS NULL AND offered + ?2 < ?1 THEN 1 END)
                       FROM outbox JOIN envelope ON envelope.n = outbox.n WHERE outbox.state <> 3";
            let mut statement = c.prepare_cached(sql)?;
            let row = params![today, days, State::Released.number()];
            Ok(statement.query_row(row, |row| {
                let count = |at| row.get::<_, i64>(at).map(|count| count as u64);
                Ok(Custody {
                    unsent: count(0)?,
                    unapplied: count(1)?,
                    in_custody: count(2)?,
                    released: count(3)?,
                    late: count(4)?,
                })
            })?)
        })
    }
}
