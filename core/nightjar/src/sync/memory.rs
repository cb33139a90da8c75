//! What a device remembers of a scope between syncs, as it stands in its vault.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_seal::{Chain, DeviceTag, LinkHash, PassId, Roster, ScopeTag, Strand};
use nightjar_sync::Memory;
use nightjar_sync::wire::{Begin, Mark, Message};

use crate::device::Device;
use crate::failure::Failure;
use crate::membership::Joined;

pub(super) const PULLED: &str = "pulled";
pub(super) const PUSHED: &str = "pushed";
/// Kept from when it was noticed that the hub lost data until somebody was told.
pub(super) const HUB_LOST: &str = "sync.hub-lost";
/// Which applied vectors the hub told last.
pub(super) const HEARD: &str = "heard";
/// What the hub was told last of what was applied here: device, line and place of each chain, in 32 bytes.
pub(crate) const TOLD: &str = "told";

/// Passes that the hub refused, and how long the roster was then.
const REFUSED: &str = "sync.passes-refused";

/// Passes that the hub refused. With a longer roster it may take them.
pub(super) fn refused_passes(device: &Device, roster: &Roster) -> Result<BTreeSet<PassId>, Failure> {
    let kept = device.vault.setting(REFUSED)?.unwrap_or_default();
    let Some((length, ids)) = kept.split_first_chunk::<8>() else { return Ok(BTreeSet::new()) };
    if u64::from_le_bytes(*length) != roster.entries().len() as u64 {
        return Ok(BTreeSet::new());
    }
    let (ids, _) = ids.as_chunks();
    Ok(ids.iter().copied().map(PassId).filter(|pass| roster.standing(pass).is_some()).collect())
}

/// Keeps which those are, as far as they are held.
pub(super) fn keep_refused_passes(
    device: &Device,
    roster: &Roster,
    passes: &BTreeSet<PassId>,
) -> Result<(), Failure> {
    let held = passes.iter().filter(|pass| roster.standing(pass).is_some());
    let ids: Vec<u8> = held.flat_map(|pass| pass.0).collect();
    let length = roster.entries().len() as u64;
    let kept = if ids.is_empty() { Vec::new() } else { [&length.to_le_bytes()[..], &ids].concat() };
    match device.vault.setting(REFUSED)?.unwrap_or_default() == kept {
        true => Ok(()),
        false => Ok(device.vault.keep_setting(REFUSED, &kept)?),
    }
}

/// What is remembered of a scope at the hub.
pub(super) fn remembered(device: &Device, joined: &Joined, scope: &ScopeTag) -> Result<Memory, Failure> {
    let mark = |name: &str| -> Result<Option<Mark>, Failure> {
        // A mark that does not read is as good as none: everything is asked for again.
        Ok(device.vault.cursor(scope, name)?.and_then(|bytes| Mark::decode(&bytes).ok()))
    };
    let heard = device.vault.cursor(scope, HEARD)?.and_then(|bytes| bytes.try_into().ok());
    let heard = heard.map_or(Begin::default(), Begin);
    let chains = known_chains(device, joined, scope)?;
    Ok(Memory { pulled: mark(PULLED)?, pushed: mark(PUSHED)?, heard, chains })
}

/// The furthest signed ends of all chains in a scope.
pub(crate) fn known_chains(
    device: &Device,
    joined: &Joined,
    scope: &ScopeTag,
) -> Result<BTreeMap<Strand, Chain>, Failure> {
    let mut chains = BTreeMap::new();
    for tag in joined.roster().members().keys() {
        for (strand, seq, hash) in seen_of(device, tag, scope)? {
            let Strand { device, line } = strand;
            chains.insert(strand, Chain { device, line, scope: *scope, seq, hash });
        }
    }
    Ok(chains)
}

/// The name under which the furthest signed end of a chain is kept.
pub(super) fn seen(strand: &Strand) -> String {
    format!("{}{}", seen_by(&strand.device), strand.line)
}

/// The name under which the last place of a stretch is kept that stands on another end of a chain than the one that is followed here.
pub(super) fn fork(strand: &Strand) -> String {
    format!("fork/{}/{}", strand.device, strand.line)
}

/// Forgets which chains were asked for again: the hub's log is another one, or was compared with, and links may be passed over anew.
pub(super) fn forget_gaps(device: &Device, scope: &ScopeTag) -> Result<(), Failure> {
    for (chain, asked) in device.vault.cursors(scope, GAP)? {
        if !asked.is_empty() {
            device.vault.keep_cursor(scope, &format!("{GAP}{chain}"), &[])?;
        }
    }
    Ok(())
}

const GAP: &str = "gap/";

/// The name under which is kept from which place on a chain was asked for again, because links were missing.
pub(super) fn gap(strand: &Strand) -> String {
    format!("{GAP}{}/{}", strand.device, strand.line)
}

/// What the names of all lines of a device begin with.
fn seen_by(device: &DeviceTag) -> String {
    format!("seen/{device}/")
}

/// The furthest signed ends of a device's lines in a scope: place and hash.
pub(crate) fn seen_of(
    device: &Device,
    of: &DeviceTag,
    scope: &ScopeTag,
) -> Result<Vec<(Strand, u64, LinkHash)>, Failure> {
    let mut found = Vec::new();
    for (line, reach) in device.vault.cursors(scope, &seen_by(of))? {
        // An end that does not read is as good as none: the hub's next answer brings it again.
        if let (Ok(line), Some((seq, hash))) = (line.parse(), read_seen(&reach)) {
            found.push((Strand { device: *of, line }, seq, hash));
        }
    }
    Ok(found)
}

/// Place and hash of the furthest signed end.
pub(super) fn read_seen(bytes: &[u8]) -> Option<(u64, LinkHash)> {
    let (seq, hash) = bytes.split_first_chunk::<8>()?;
    Some((u64::from_le_bytes(*seq), LinkHash(hash.try_into().ok()?)))
}
