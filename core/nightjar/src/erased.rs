//! "Erased on 7 of 8; tablet 3 not seen since …": what was taken out of a study, and which devices have signed that they did so.

use nightjar_seal::{DeviceTag, Extent, Member, Membership};

use crate::confirming::{Heard, erasures};
use crate::device::Device;
use crate::failure::Failure;
use crate::view::{ErasedOnView, ErasedView};

impl Device {
    /// What was taken out of the study as far as this device knows, and which devices have confirmed it. Asks the hub, where it can be
    /// reached.
    pub(crate) fn erased(&self) -> Result<ErasedView, Failure> {
        let hub = self.hub()?;
        let mut asked = false;
        if !hub.is_empty() {
            let transport = self.transport(&hub)?;
            match self.block_on(self.ask_confirmed(&transport)) {
                Ok(()) => asked = true,
                Err(Failure::Offline(_)) => {}
                Err(failure) => return Err(failure),
            }
        }
        let joined = self.joined()?;
        let mut by_receipt = self.vault.withdrawn_in(&joined.scopes.ward)?;
        by_receipt.retain(|record, _| !joined.roster().is_taken_out(&joined.scopes.responses, record));
        let by_stewards: Vec<(u64, u64)> = erasures(joined.roster())
            .map(|(place, erasure)| match &erasure.what {
                Extent::Records(records) => (place, records.len() as u64),
                Extent::Scope => (place, 1),
            })
            .collect();
        let heard = self.heard(&joined)?;
        let own = Heard { day: 0, said: self.own_confirmation(&joined)? };
        let on = |tag: &DeviceTag, member: &Member| {
            let said = if *tag == self.tag() { Some(&own) } else { heard.get(tag) };
            let mut confirmed = 0;
            if let Some(said) = said {
                confirmed += by_receipt.values().filter(|places| said.took_out(places)).count() as u64;
                let obeyed = by_stewards.iter().filter(|(place, _)| said.roster() > *place);
                confirmed += obeyed.map(|(_, count)| count).sum::<u64>();
            }
            ErasedOnView {
                label: member.label.clone(),
                kind: match member.membership {
                    Membership::Evaluator => "evaluator".to_owned(),
                    _ => "tablet".to_owned(),
                },
                put_out: member.revoked.is_some(),
                confirmed,
                seen: said.and_then(|said| date(said.day)),
                here: *tag == self.tag(),
            }
        };
        let mut members: Vec<_> = joined.roster().members().iter().collect();
        members.sort_by_key(|(_, member)| member.since);
        let whole = erasures(joined.roster()).filter(|(_, erasure)| erasure.what == Extent::Scope);
        Ok(ErasedView {
            taken_out: by_receipt.len() as u64 + by_stewards.iter().map(|(_, count)| count).sum::<u64>(),
            scopes: whole.count() as u64,
            asked,
            devices: members.into_iter().map(|(tag, member)| on(tag, member)).collect(),
        })
    }
}

/// `2026-03-02`, of a day since 1970.
fn date(day: u64) -> Option<String> {
    let days = i64::try_from(day).ok().filter(|day| *day > 0)?;
    let begin = jiff::civil::Date::constant(1970, 1, 1);
    let span = jiff::Span::new().try_days(days).ok()?;
    Some(begin.checked_add(span).ok()?.to_string())
}
