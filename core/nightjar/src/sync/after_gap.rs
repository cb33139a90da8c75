//! What came with a stretch of a chain of which the part before is missing. It counts: nothing says that the missing part ever comes. Where
//! that comes and leads to another end, what came with the stretch is set aside, as all is that stands on one.

use nightjar_seal::{EnvelopeId, Link, LinkHash, Safeguard, ScopeTag, SignedHead, Strand};

use super::intake::Intake;
use crate::failure::Failure;

/// Most envelopes of one chain that are remembered so, in any number of stretches: those beyond are not judged again.
const MOST: usize = 4096;

/// A stretch that could not be followed.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Apart {
    /// The hash of the place before it.
    prev: LinkHash,
    /// Its first place.
    first: u64,
    envelopes: Vec<EnvelopeId>,
}

/// What became of a stretch.
#[derive(PartialEq, Eq, Debug)]
enum Found {
    /// It is part of the chain that is followed.
    Followed,
    /// From this one of its envelopes on it is not.
    Forked(usize),
    /// That is not known yet.
    Open,
}

impl Apart {
    /// What became of it by the links of the chain that is followed, from the place before it on.
    fn found(&self, links: &[Link]) -> Found {
        let Some((before, links)) = links.split_first() else { return Found::Open };
        if before.hash() != self.prev {
            return Found::Forked(0);
        }
        let other = self.envelopes.iter().zip(links).position(|(id, link)| *id != link.envelope);
        match other {
            Some(at) => Found::Forked(at),
            None if links.len() < self.envelopes.len() => Found::Open,
            None => Found::Followed,
        }
    }
}

impl Intake<'_> {
    /// Remembers a stretch of another device's chain that could not be followed.
    pub(super) fn remember_apart(&self, links: &[Link], head: &SignedHead) -> Result<(), Failure> {
        let Some(first) = links.first().filter(|_| head.device != self.device.tag()) else { return Ok(()) };
        let envelopes: Vec<_> = links.iter().map(|link| link.envelope).collect();
        let new = Apart { prev: first.prev, first: first.seq, envelopes };
        let mut all = self.apart(&head.scope, &head.strand())?;
        all.retain(|known| {
            (known.prev, known.first) != (new.prev, new.first) || known.envelopes.len() > new.envelopes.len()
        });
        let held: usize = all.iter().map(|known| known.envelopes.len()).sum();
        if held + new.envelopes.len() > MOST || all.contains(&new) {
            return Ok(());
        }
        all.push(new);
        self.keep_apart(&head.scope, &head.strand(), &all)
    }

    /// Sets aside what came with a stretch that has turned out to be of another end than the chain that is followed by now.
    pub(super) fn judge_apart(&mut self, scope: &ScopeTag, strand: &Strand) -> Result<(), Failure> {
        let before = self.apart(scope, strand)?;
        if before.is_empty() || Safeguard::ForkCheck.is_off() {
            return Ok(());
        }
        let mut open = Vec::new();
        for apart in &before {
            let links = self.device.vault.links(
                strand,
                scope,
                apart.first.saturating_sub(2),
                apart.envelopes.len() + 1,
            )?;
            match apart.found(&links) {
                Found::Followed => {}
                Found::Forked(at) => self.set_apart(&apart.envelopes[at..])?,
                Found::Open => open.push(apart.clone()),
            }
        }
        match open == before {
            true => Ok(()),
            false => self.keep_apart(scope, strand, &open),
        }
    }

    /// Takes back what is here and stands on another end of a chain, in no other.
    pub(super) fn set_apart(&mut self, envelopes: &[EnvelopeId]) -> Result<(), Failure> {
        let set = self.joined.reading(|reading| self.device.vault.set_apart(envelopes, "forked", reading))?;
        self.view.set_aside.extend((0..set.envelopes).map(|_| "forked".to_owned()));
        self.view.records_changed += set.records.len() as u64;
        self.changed.extend(set.records.iter().map(ToString::to_string));
        Ok(())
    }

    fn apart(&self, scope: &ScopeTag, strand: &Strand) -> Result<Vec<Apart>, Failure> {
        Ok(read(&self.device.vault.cursor(scope, &name(strand))?.unwrap_or_default()))
    }

    fn keep_apart(&self, scope: &ScopeTag, strand: &Strand, all: &[Apart]) -> Result<(), Failure> {
        Ok(self.device.vault.keep_cursor(scope, &name(strand), &written(all))?)
    }
}

/// The name under which stretches of a chain are kept that could not be followed.
fn name(strand: &Strand) -> String {
    format!("apart/{}/{}", strand.device, strand.line)
}

/// Each as the hash before it, its first place and how many envelopes it has, in 32, 8 and 4 bytes, and their names.
fn written(all: &[Apart]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for Apart { prev, first, envelopes } in all {
        bytes.extend(prev.0);
        bytes.extend(first.to_le_bytes());
        bytes.extend(u32::try_from(envelopes.len()).unwrap_or_default().to_le_bytes());
        envelopes.iter().for_each(|id| bytes.extend(id.0));
    }
    bytes
}

/// The other way round. What does not read is as good as nothing.
fn read(mut bytes: &[u8]) -> Vec<Apart> {
    let mut all = Vec::new();
    while let Some((apart, rest)) = read_one(bytes) {
        all.push(apart);
        bytes = rest;
    }
    all
}

fn read_one(bytes: &[u8]) -> Option<(Apart, &[u8])> {
    let (prev, bytes) = bytes.split_first_chunk()?;
    let (first, bytes) = bytes.split_first_chunk()?;
    let (count, bytes) = bytes.split_first_chunk()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let (ids, rest) = bytes.split_at_checked(count.checked_mul(32)?)?;
    let envelopes = ids.as_chunks().0.iter().copied().map(EnvelopeId).collect();
    Some((Apart { prev: LinkHash(*prev), first: u64::from_le_bytes(*first), envelopes }, rest))
}

#[cfg(test)]
mod tests {
    use nightjar_seal::{DeviceTag, Line};

    use super::*;

    /// A chain with these envelopes, from the place after a hash on.
    fn chain(mut prev: LinkHash, first: u64, envelopes: &[u8]) -> Vec<Link> {
        let mut links = Vec::new();
        for (seq, of) in (first..).zip(envelopes) {
            let link = Link {
                device: DeviceTag([1; 16]),
                line: Line([2; 8]),
                scope: ScopeTag([3; 16]),
                seq,
                prev,
                envelope: EnvelopeId([*of; 32]),
            };
            prev = link.hash();
            links.push(link);
        }
        links
    }

    fn apart(links: &[Link]) -> Apart {
        let envelopes = links.iter().map(|link| link.envelope).collect();
        Apart { prev: links[0].prev, first: links[0].seq, envelopes }
    }

    #[test]
    fn a_stretch_is_judged_by_the_chain_that_closes_the_gap() {
        let links = chain(LinkHash([0; 32]), 1, &[1, 2, 3, 4, 5]);
        let stretch = apart(&links[2..]);
        assert_eq!(stretch.found(&[]), Found::Open, "nothing is known of what is before it");
        assert_eq!(stretch.found(&links[1..2]), Found::Open);
        assert_eq!(stretch.found(&links[1..4]), Found::Open);
        assert_eq!(stretch.found(&links[1..]), Found::Followed);
        // Another end from before it on, with the same envelopes behind that.
        let other = chain(LinkHash([0; 32]), 1, &[1, 9, 3, 4, 5]);
        assert_eq!(stretch.found(&other[1..2]), Found::Forked(0));
        let other = chain(links[2].hash(), 4, &[4, 9]);
        assert_eq!(stretch.found(&[&links[1..3], &other].concat()), Found::Forked(2));
    }

    #[test]
    fn stretches_are_kept_as_they_were() {
        let links = chain(LinkHash([7; 32]), 4, &[1, 2, 3]);
        let all = [apart(&links), apart(&links[1..])];
        assert_eq!(read(&written(&all)), all);
        let bytes = written(&all);
        assert_eq!(read(&bytes[..bytes.len() - 1]), all[..1]);
        assert_eq!(read(&[255; 48]), [], "a length beyond what is there");
    }
}
