//! What the judge knows of chains: which places are good of a device that was put out, and who follows another end of one.

use std::collections::{BTreeMap, BTreeSet};

use nightjar_seal::{DeviceTag, EnvelopeId, Line, LinkHash, ScopeTag, Strand};
use rusqlite::Connection;

use super::world::World;

impl World {
    /// The last good places of devices that were put out, by the roster known to a device.
    fn good_places(&mut self, unit: usize) -> Vec<(Strand, ScopeTag, u64, LinkHash)> {
        let roster = self.units[unit].roster();
        let mut good = Vec::new();
        for (tag, member) in roster.iter().flat_map(|roster| roster.members()) {
            for ((scope, line), places) in member.revoked.iter().flatten() {
                let strand = Strand { device: *tag, line: *line };
                good.extend(places.iter().map(|(seq, hash)| (strand, *scope, *seq, *hash)));
            }
        }
        good
    }

    /// How far each chain reaches in the log of the hub.
    fn ends_at_hub(&self) -> BTreeMap<(Strand, ScopeTag), u64> {
        let database = Connection::open(self.line.inner().faces[0].file()).expect("the hub's database");
        let sql = "SELECT chain.device, chain.line, scope.tag, max(chain.last)
                   FROM chain JOIN scope ON scope.id = chain.scope GROUP BY 1, 2, 3";
        let mut statement = database.prepare(sql).expect("the schema is known");
        let ends = statement.query_map([], |row| {
            let strand = Strand { device: DeviceTag(row.get(0)?), line: Line(row.get(1)?) };
            Ok(((strand, ScopeTag(row.get(2)?)), row.get(3)?))
        });
        ends.expect("it can be asked").collect::<Result<_, _>>().expect("it reads")
    }

    /// Whether the hub lost a chain by which what a device wrote before it was put out is told from what it wrote afterwards, and somebody
    /// here knows it: only the device itself could offer it again, and its envelopes may be there by the chain of a copy.
    pub(super) fn lacks_good_chain(&mut self, living: &[usize]) -> bool {
        let at_hub = self.ends_at_hub();
        for (strand, scope, seq, hash) in self.good_places(0) {
            if at_hub.get(&(strand, scope)).is_some_and(|end| seq <= *end) {
                continue;
            }
            if living.iter().any(|unit| self.units[*unit].link_hash(&strand, &scope, seq) == Some(hash)) {
                return true;
            }
        }
        false
    }

    /// Whether an envelope of a device lies before its last good place, as far as a device knows.
    pub(super) fn good_by(&mut self, unit: usize) -> impl Fn(&EnvelopeId, &DeviceTag) -> bool + use<> {
        let roster = self.units[unit].roster();
        let put_out = roster.iter().flat_map(|roster| roster.members());
        let put_out = put_out.filter(|(_, member)| member.revoked.is_some());
        let mut out: BTreeMap<DeviceTag, BTreeSet<(Strand, ScopeTag, u64)>> =
            put_out.map(|(tag, _)| (*tag, BTreeSet::new())).collect();
        for (strand, scope, seq, hash) in self.good_places(unit) {
            // The furthest place that is known to be on the chain that is followed here makes all before it good.
            if self.units[unit].link_hash(&strand, &scope, seq) == Some(hash) {
                out.entry(strand.device).or_default().insert((strand, scope, seq));
            }
        }
        let places = self.units[unit].places();
        move |id, device| match out.get(device) {
            None => true,
            Some(good) => places.get(id).into_iter().flatten().any(|(strand, scope, seq)| {
                good.iter().any(|(of, in_scope, last)| of == strand && in_scope == scope && seq <= last)
            }),
        }
    }

    /// Whether a device follows another chain than the one on which others have an envelope, and none that names it.
    pub(super) fn stands_on_other_end(&mut self, unit: usize, id: &EnvelopeId, living: &[usize]) -> bool {
        if self.units[unit].places().contains_key(id) {
            return false;
        }
        for other in living {
            for (strand, scope, seq) in self.units[*other].places().remove(id).unwrap_or_default() {
                for place in 1..=seq {
                    let there = self.units[*other].link_hash(&strand, &scope, place);
                    let here = self.units[unit].link_hash(&strand, &scope, place);
                    if here.is_some() && there.is_some() && here != there {
                        return true;
                    }
                }
            }
        }
        false
    }

    /// The same, or nobody has a chain any more that names it: then what the device says of it is believed.
    pub(super) fn may_stand_apart(&mut self, unit: usize, id: &EnvelopeId, living: &[usize]) -> bool {
        let mut named = false;
        for other in living {
            named |= self.units[*other].places().contains_key(id);
        }
        !named || self.stands_on_other_end(unit, id, living)
    }
}
