//! Comparing by ranges what the hub and a device hold of a scope. Which envelopes a log holds never changes up to a place, so that it is read once
//! and kept in memory, and only what came since is read for the next who asks.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use nightjar_seal::{DeviceTag, EnvelopeId, Member};
use nightjar_sync::bounds::RANGES_ENVELOPES;
use nightjar_sync::ranges::IdSet;
use nightjar_sync::wire::{Begin, Mark, Ranged, Ranges, RangesAsked, RangesTold, Reason, Refusal};

use crate::log::Place;
use crate::store::{Store, broken};

/// Envelopes that are read at once: others who read do not wait for long.
const ROWS: u64 = 8_192;
/// Most envelopes of all logs and sets that are kept in memory: about 80 MiB.
const KEPT: u64 = 2 * RANGES_ENVELOPES;

/// What is kept of logs, each used last at the end.
#[derive(Default)]
pub(crate) struct Known {
    /// Also a gate: whoever has to read or sort waits for the one before.
    logs: Mutex<Vec<(i64, Log)>>,
    sets: Mutex<Vec<(Compared, Arc<IdSet>)>>,
}

/// Which envelopes a log holds, in its order.
#[derive(Default)]
struct Log {
    envelopes: Vec<(EnvelopeId, u32)>,
    /// Whose they are, by that number.
    devices: Vec<DeviceTag>,
}

/// What is compared: a scope's log up to a place, of one device or of all.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Compared {
    scope: i64,
    up_to: u64,
    of: Option<DeviceTag>,
}

impl Place {
    /// Answers a question about ranges.
    pub(crate) fn ranges(
        &self,
        known: &Known,
        store: &Store,
        (question, asked): (&Ranges, &[u8]),
        member: &Member,
    ) -> Result<Ranged, Refusal> {
        if !question.own && !self.may_pull(member) {
            return Err(Refusal::new(Reason::NotGranted, "only evaluator devices compare responses"));
        }
        let (row, up_to) = store.read(|tx| {
            let (row, head) = self.head(tx)?;
            match &question.up_to {
                Some(mark) if !self.holds(tx, row.as_ref(), mark)? => {
                    Err(Refusal::new(Reason::CursorUnknown, "the hub does not hold its log up to this mark")
                        .into())
                }
                mark => Ok((row, mark.unwrap_or(head))),
            }
        })?;
        if up_to.sequence > RANGES_ENVELOPES {
            return Err(Refusal::new(Reason::TooLarge, "this scope holds more than is compared"));
        }
        let scope = row.map_or(0, |row| row.id);
        let of = question.own.then(|| member.public.tag());
        let compared = Compared { scope, up_to: up_to.sequence, of };
        let set = known.set(store, compared)?;
        let told = match &question.asked {
            RangesAsked::Message(message) => RangesTold::Message(
                set.answer(message)
                    .map_err(|_| Refusal::new(Reason::Malformed, "this is no question about ranges"))?,
            ),
            RangesAsked::Place(lacking) => {
                let before = known.before_first(store, compared, lacking)?;
                RangesTold::Before(self.at(store, scope, before, up_to)?)
            }
        };
        Ok(Ranged { asked: Begin::of_all([asked]), up_to, count: set.len(), told })
    }

    /// The mark at a place of the log that is not beyond another.
    fn at(&self, store: &Store, scope: i64, sequence: u64, up_to: Mark) -> Result<Mark, Refusal> {
        if sequence == 0 {
            return Ok(Mark::start(self.incarnation));
        }
        if sequence >= up_to.sequence {
            return Ok(up_to);
        }
        let hash = store.read(|tx| tx.log_hash(scope, sequence))?.ok_or_else(broken)?;
        Ok(Mark { incarnation: self.incarnation, sequence, hash })
    }
}

impl Known {
    /// The set that is compared.
    fn set(&self, store: &Store, compared: Compared) -> Result<Arc<IdSet>, Refusal> {
        if let Some(set) = self.made(&compared) {
            return Ok(set);
        }
        self.with_log(store, compared, |log| {
            // Somebody else may have made it meanwhile.
            if let Some(set) = self.made(&compared) {
                return Ok(set);
            }
            let ids: Vec<_> = log.of(&compared).map(|(_, id)| id).collect();
            let set = Arc::new(IdSet::new(ids.into_iter()).map_err(|_| broken())?);
            let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
            sets.push((compared, set.clone()));
            let mut kept: u64 = sets.iter().map(|(_, set)| set.len()).sum();
            // What is small counts, too, so that there are not many.
            while sets.len() > 1 && (kept > KEPT || sets.len() > 64) {
                kept -= sets.remove(0).1.len();
            }
            Ok(set)
        })
    }

    /// The set that is compared, where it was made before.
    fn made(&self, compared: &Compared) -> Option<Arc<IdSet>> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        let at = sets.iter().position(|(of, _)| of == compared)?;
        let (of, set) = sets.remove(at);
        sets.push((of, set.clone()));
        Some(set)
    }

    /// How many envelopes stand in the log before the first of these. None where it does not hold all of them: then what the device found
    /// was altered on the way, and what it lacks may stand anywhere.
    fn before_first(
        &self,
        store: &Store,
        compared: Compared,
        lacking: &[EnvelopeId],
    ) -> Result<u64, Refusal> {
        let lacking: HashSet<_> = lacking.iter().copied().collect();
        self.with_log(store, compared, |log| {
            let mut held = log.of(&compared).filter(|(_, id)| lacking.contains(id));
            let first = held.next().map(|(before, _)| before);
            let all = held.count() + usize::from(first.is_some()) == lacking.len();
            Ok(first.filter(|_| all).unwrap_or_default())
        })
    }

    /// Does something with the log of a scope, at least as far as is compared.
    fn with_log<T>(
        &self,
        store: &Store,
        Compared { scope, up_to, .. }: Compared,
        work: impl FnOnce(&Log) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        let mut log = match logs.iter().position(|(of, _)| *of == scope) {
            Some(at) => logs.remove(at).1,
            None => Log::default(),
        };
        let read = log.read_to(store, scope, up_to);
        let done = read.and_then(|()| work(&log));
        logs.push((scope, log));
        let mut kept: u64 = logs.iter().map(|(_, log)| log.envelopes.len() as u64).sum();
        while logs.len() > 1 && kept > KEPT {
            kept -= logs.remove(0).1.envelopes.len() as u64;
        }
        done
    }
}

impl Log {
    fn read_to(&mut self, store: &Store, scope: i64, up_to: u64) -> Result<(), Refusal> {
        while (self.envelopes.len() as u64) < up_to {
            let after = self.envelopes.len() as u64;
            let rows = store.read(|tx| tx.log_names(scope, after, ROWS.min(up_to - after)))?;
            if rows.is_empty() {
                return Err(broken());
            }
            for (envelope, device) in rows {
                // Neighbours are mostly of one device.
                let known = self.devices.iter().rposition(|known| *known == device);
                let number = known.unwrap_or_else(|| {
                    self.devices.push(device);
                    self.devices.len() - 1
                });
                self.envelopes.push((envelope, u32::try_from(number).map_err(|_| broken())?));
            }
        }
        Ok(())
    }

    /// Its envelopes that are compared, each with how many stand before it.
    fn of(&self, compared: &Compared) -> impl Iterator<Item = (u64, EnvelopeId)> {
        let number = compared.of.map(|device| self.devices.iter().position(|known| *known == device));
        let within = (0..compared.up_to).zip(&self.envelopes);
        let wanted = move |device: u32| match number {
            None => true,
            Some(number) => number == Some(device as usize),
        };
        within.filter(move |(_, (_, device))| wanted(*device)).map(|(before, (id, _))| (before, *id))
    }
}
