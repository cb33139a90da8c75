//! Handing responses on to an evaluator that came late, or that takes the place of this one.

use nightjar_seal::{DevicePublic, Header, Membership, Recipient, RecordTag, wrap};

use crate::device::Device;
use crate::failure::Failure;
use crate::key::OsEntropy;
use crate::membership::Joined;
use crate::steward;
use crate::view::HandedView;

/// Keys looked at in one go.
const STRETCH: usize = 200;

/// Wraps the key of every response that this device reads and `who` was not given. It goes up with the next sync.
pub(crate) fn hand_over(device: &Device, who: &str) -> Result<HandedView, Failure> {
    let joined = device.joined()?;
    let (label, to) = evaluator(device, &joined, who)?;
    let (scope, mut after, mut responses) = (joined.scopes.responses, None, 0);
    loop {
        let stretch = device.vault.unhanded(&scope, &to, after.as_ref(), STRETCH)?;
        let sealed = stretch.keys.iter().map(|(record, key)| {
            let (study, head) = (joined.roster().study(), joined.roster().head());
            let header = Header::change(study, scope, *record, device.tag(), head, key).keys();
            wrap(header, key, &[Recipient::Device(&to)], &mut OsEntropy)
        });
        let sealed = sealed.collect::<Result<Vec<_>, _>>()?;
        device.vault.hand_on(&sealed)?;
        responses += sealed.len() as u64;
        match stretch.last {
            Some(last) => after = Some(last),
            None => return Ok(HandedView { to: label, responses }),
        }
    }
}

/// That `who` was given everything that this device reads, and that all of it has reached the hub.
pub(crate) fn check_handed_over(device: &Device, who: &str) -> Result<(), Failure> {
    if steward::is_steward(device)? {
        let why =
            "this device founded the study: without its keys nobody could be let in or put out any more";
        return Err(Failure::Rejected(why.into()));
    }
    let joined = device.joined()?;
    let (label, to) = evaluator(device, &joined, who)?;
    let mut after: Option<RecordTag> = None;
    loop {
        let stretch = device.vault.unhanded(&joined.scopes.responses, &to, after.as_ref(), STRETCH)?;
        if !stretch.keys.is_empty() {
            let why = format!("\"{label}\" was not given everything yet: hand it over, then sync");
            return Err(Failure::Invalid(why));
        }
        match stretch.last {
            Some(last) => after = Some(last),
            None => break,
        }
    }
    let outbox = device.vault.outbox()?;
    match outbox.waiting + outbox.refused.len() as u64 {
        0 => Ok(()),
        waiting => {
            Err(Failure::Invalid(format!("{waiting} are on this device and not at the hub: sync first")))
        }
    }
}

/// Another evaluator of the study that was not put out.
fn evaluator(device: &Device, joined: &Joined, who: &str) -> Result<(String, DevicePublic), Failure> {
    let tag = steward::found_by(joined, who, false)?;
    let member = joined.roster().member(&tag).filter(|member| member.membership == Membership::Evaluator);
    match member {
        Some(member) if tag != device.tag() => Ok((member.label.clone(), member.public)),
        _ => Err(Failure::Invalid(format!("\"{who}\" is not another evaluator of the study"))),
    }
}
