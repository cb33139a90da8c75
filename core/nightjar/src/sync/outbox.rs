//! This device's own envelopes on their way: places in the chain, and the next stretch of it.

use std::collections::BTreeMap;

use nightjar_seal::{Chain, Line, ScopeTag, Strand};
use nightjar_sync::Outbox;
use nightjar_vault::{Order, VaultError};

use crate::device::Device;
use crate::failure::Failure;
use crate::key::random;

/// How often an order is drawn anew because something was finished meanwhile; after that the next sync goes on.
const DRAWS: u32 = 64;

/// Gives everything finished since the last sync its place in the chain, in random order: the place of a confidential
/// response says nothing about when it was given. What changes one record stays together, as its name in clear says anyway: whoever
/// receives it puts the record together once.
///
/// Responses are drawn and stored anew in that order. Ward records go by the random numbers that they were finished with: their places tell
/// as little, and who looks into the file reads them anyway.
pub(crate) fn chain(device: &Device, scope: &ScopeTag) -> Result<(), Failure> {
    let (vault, keys) = (&device.vault, &device.keys);
    if *scope == device.joined()?.scopes.ward {
        return Ok(vault.chain_outbox(scope, keys, Order::Numbered).map(drop)?);
    }
    for draw in 1.. {
        let mut records = BTreeMap::new();
        let mut drawn = Vec::new();
        for (record, id) in vault.unchained_of_records(scope)? {
            let place = match records.get(&record) {
                Some(place) => *place,
                None => *records.entry(record).or_insert(random::<16>()?),
            };
            drawn.push((place, random::<16>()?, id));
        }
        if drawn.is_empty() {
            return Ok(());
        }
        drawn.sort_unstable();
        let order: Vec<_> = drawn.into_iter().map(|(_, _, id)| id).collect();
        match vault.chain_outbox(scope, keys, Order::Drawn(&order)) {
            // Something was finished in between: draw again.
            Err(VaultError::WrongOrder) if draw < DRAWS => {}
            done => return Ok(done.map(drop)?),
        }
    }
    Ok(())
}

/// The next stretch of this device's chain that the hub has not acknowledged, of what lies after a place: that of a stretch on its way.
pub(crate) fn next(
    device: &Device,
    scope: &ScopeTag,
    after: Option<(Line, u64)>,
    most: usize,
    bytes: usize,
) -> Result<Option<Outbox>, Failure> {
    let mut pending = device.vault.pending(scope, after, bytes)?;
    let Some(line) = pending.first().map(|envelope| envelope.line) else { return Ok(None) };
    // Rows are numbered in the order of the chain; what a damaged vault says of that is not relied on.
    pending.sort_by_key(|envelope| envelope.seq);
    let missing = || Failure::Corrupt("a place in this device's own chain is missing".into());
    let before = pending.first().and_then(|first| first.seq.checked_sub(1)).ok_or_else(missing)?;
    let end = before.saturating_add(most as u64);
    pending.retain(|envelope| envelope.seq <= end);
    let last = pending.last().ok_or_else(missing)?.seq;
    let span = usize::try_from(last.saturating_sub(before)).map_err(Failure::internal)?;
    let strand = Strand { device: device.tag(), line };
    let links = device.vault.links(&strand, scope, before, span)?;
    let end = links
        .last()
        .ok_or_else(|| Failure::Corrupt("a link of this device's own chain is missing".into()))?;
    let end = Chain { device: device.tag(), line, scope: *scope, seq: end.seq, hash: end.hash() };
    let head = end.sign(&device.keys)?;
    let mut bodies: BTreeMap<u64, Vec<u8>> =
        pending.into_iter().map(|envelope| (envelope.seq, envelope.bytes)).collect();
    let links = links.into_iter().map(|link| (link, bodies.remove(&link.seq))).collect();
    Ok(Some(Outbox { links, head }))
}
