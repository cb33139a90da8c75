//! "N of N received": what an evaluator holds of what each tablet's signed chains name.

use nightjar_seal::{DeviceTag, Membership};

use crate::device::Device;
use crate::failure::Failure;
use crate::membership::Joined;
use crate::sync;
use crate::view::ReceivedView;

impl Device {
    pub(crate) fn received(&self) -> Result<Vec<ReceivedView>, Failure> {
        let joined = self.joined()?;
        let chains = self.vault.received()?;
        let roster = joined.roster();
        let mut members: Vec<_> =
            roster.members().iter().filter(|(_, member)| member.membership == Membership::Tablet).collect();
        members.sort_by_key(|(_, member)| member.since.unwrap_or(u64::MAX));
        members
            .into_iter()
            .map(|(tag, member)| {
                let of = chains.iter().filter(|chain| chain.device == *tag);
                let received = of.clone().map(|chain| chain.applied).sum();
                let linked: u64 = of.map(|chain| chain.expected).sum();
                let signed = self.signed_places(&joined, tag)?;
                Ok(ReceivedView { tablet: member.label.clone(), received, expected: linked.max(signed) })
            })
            .collect()
    }

    /// How many envelopes a device's signed heads name, over both scopes.
    fn signed_places(&self, joined: &Joined, device: &DeviceTag) -> Result<u64, Failure> {
        let mut places = 0;
        for scope in [joined.scopes.responses, joined.scopes.ward] {
            places += sync::seen_of(self, device, &scope)?.iter().map(|(_, seq, _)| seq).sum::<u64>();
        }
        Ok(places)
    }
}
