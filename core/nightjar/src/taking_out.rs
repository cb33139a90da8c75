//! A steward takes records out: for whoever lost their words, or because they must not be here. A few alone, more with a second steward.

use std::collections::BTreeMap;

use nightjar_record::Query;
use nightjar_seal::{
    Act, Consent, ConsentRequest, Erasure, Extent, MAX_ERASED, RecordTag, Refused, Roster, ScopeTag, Seat,
    Stamp,
};

use crate::device::Device;
use crate::enrol::{keep, members};
use crate::exports::exported;
use crate::failure::Failure;
use crate::membership::Joined;
use crate::steward::{found_by, root};
use crate::sync;
use crate::view::{ConsentView, MemberView, OfFormView, TakeOutRequest, TakeOutView, TakeOutWhat};

/// Names a device whose steward is asked where one alone may not.
pub(crate) fn name_steward(
    device: &Device,
    who: &str,
    lived_experience: bool,
) -> Result<MemberView, Failure> {
    let root = root(device)?;
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    let joined = device.joined()?;
    let tag = found_by(&joined, who, false)?;
    let mut roster = joined.roster().clone();
    let seat = lived_experience.then_some(Seat::LivedExperience);
    roster.append(Act::Steward { device: tag, seat }, &root).map_err(|refused| match refused {
        Refused::Unfit { problem, .. } => Failure::Invalid(problem.to_owned()),
        other => other.into(),
    })?;
    keep(device, &roster, joined.roster().entries().len())?;
    members(&*device.joined()?)
        .into_iter()
        .find(|member| member.tag == tag.to_string())
        .ok_or_else(|| Failure::internal("a steward is in no roster"))
}

/// Takes records out, or says what a second steward has to be asked.
pub(crate) fn take_out(device: &Device, request: &TakeOutRequest) -> Result<TakeOutView, Failure> {
    let root = root(device)?;
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    let joined = device.joined()?;
    let (scope, what) = named(device, &joined, &request.what)?;
    let mut consents =
        request.consents.iter().map(|text| Consent::from_text(text)).collect::<Result<Vec<_>, _>>()?;
    consents.sort_unstable();
    consents.dedup();
    // Who has two signatures needs no time.
    let stamp = if consents.is_empty() { stamp(device, joined.roster())? } else { None };
    let asked =
        ConsentRequest { study: joined.study_tag, head: joined.roster().head(), scope, what: what.clone() };
    let mut roster = joined.roster().clone();
    match roster.append(Act::Erase { erasure: Erasure { scope, what, stamp, consents } }, &root) {
        Ok(_) => {}
        Err(Refused::OneSteward { .. }) if joined.roster().stewards().next().is_some() => {
            let stewards = joined.roster().stewards().map(|member| member.label.clone()).collect();
            return Ok(TakeOutView::Asks { request: asked.to_text(), stewards });
        }
        Err(refused @ Refused::OneSteward { .. }) => {
            return Err(Failure::Rejected(format!(
                "{refused}, and this study named none before its first tablet was let in"
            )));
        }
        Err(Refused::Altered { .. }) => {
            return Err(Failure::Invalid(
                "this consent is not to these records, or the roster has grown since: ask for it anew".into(),
            ));
        }
        Err(Refused::Unfit { problem, .. }) => return Err(Failure::Invalid(problem.to_owned())),
        Err(refused) => return Err(refused.into()),
    }
    let gone = keep(device, &roster, joined.roster().entries().len())?;
    device.owe_confirmation(&joined)?;
    let exports = exported(device)?.into_iter().filter(|export| export.destroy).count() as u64;
    let lock = joined.study().data_lock;
    let counted = (device.now()?.date() >= lock).then(|| lock.to_string());
    Ok(TakeOutView::Done { here: gone.len() as u64, exports, counted })
}

/// Signs what another steward asks for, as this device's own steward.
pub(crate) fn consent(device: &Device, text: &str) -> Result<ConsentView, Failure> {
    let joined = device.joined()?;
    let request = ConsentRequest::from_text(text)?;
    if request.study != joined.study_tag {
        return Err(Failure::Invalid("this is asked in another study".into()));
    }
    if request.head != joined.roster().head() {
        let text = "the roster is another one here than where this was asked: sync both devices and ask anew";
        return Err(Failure::Invalid(text.into()));
    }
    if !joined.roster().member(&device.tag()).is_some_and(nightjar_seal::Member::is_steward) {
        return Err(Failure::Rejected("this device is no second steward's".into()));
    }
    let (records, found) = match &request.what {
        Extent::Scope => (None, of_scope(device, &joined, &request.scope)?),
        Extent::Records(records) => (Some(records.len() as u64), of_records(device, records)?),
    };
    let here = found.values().sum();
    let forms = found.into_iter().map(|((form_id, ward), count)| OfFormView { form_id, ward, count });
    Ok(ConsentView {
        responses: request.scope == joined.scopes.responses,
        records,
        here,
        forms: forms.collect(),
        consent: request.consent(&device.keys).to_text(),
    })
}

/// Records by form and ward.
type Found = BTreeMap<(String, String), u64>;

fn of_records(device: &Device, records: &[RecordTag]) -> Result<Found, Failure> {
    let mut found = Found::new();
    for record in device.vault.readable(records)? {
        let query = Query { records: vec![record], ..Query::default() };
        for row in device.vault.query(&query)?.rows {
            *found.entry((row.meta.instrument, row.meta.ward)).or_default() += 1;
        }
    }
    Ok(found)
}

fn of_scope(device: &Device, joined: &Joined, scope: &ScopeTag) -> Result<Found, Failure> {
    let mut found = Found::new();
    let mut query = Query::default();
    loop {
        let batch = device.vault.query(&query)?;
        for row in batch.rows {
            let confidential = joined.entry(&row.meta.instrument).is_ok_and(|entry| entry.confidential);
            let of = if confidential { joined.scopes.responses } else { joined.scopes.ward };
            if of == *scope {
                *found.entry((row.meta.instrument, row.meta.ward)).or_default() += 1;
            }
        }
        match batch.next {
            Some(next) => query.after = Some(next),
            None => return Ok(found),
        }
    }
}

/// What is asked for, as the roster names it.
fn named(device: &Device, joined: &Joined, what: &TakeOutWhat) -> Result<(ScopeTag, Extent), Failure> {
    let records = match what {
        TakeOutWhat::Responses => return Ok((joined.scopes.responses, Extent::Scope)),
        TakeOutWhat::Ward => return Ok((joined.scopes.ward, Extent::Scope)),
        TakeOutWhat::Records(records) => records,
    };
    if records.is_empty() || records.len() > MAX_ERASED {
        return Err(Failure::Invalid(format!("name 1 to {MAX_ERASED} records at once")));
    }
    let mut scope = None;
    let mut tags = Vec::with_capacity(records.len());
    for record in records {
        let id = device.record_id(record)?;
        let (tag, of) = device.vault.whereabouts(&id)?.ok_or_else(|| {
            Failure::Invalid("one of these records is not here, or cannot be read here".into())
        })?;
        if *scope.get_or_insert(of) != of {
            let text =
                "take what people said about themselves and what the ward wrote out one after the other";
            return Err(Failure::Invalid(text.into()));
        }
        tags.push(tag);
    }
    let scope = scope.ok_or_else(|| Failure::internal("no records"))?;
    Ok((scope, Extent::records(tags)))
}

/// The hub's time, where there is a hub whose time counts and it can be reached. Without it what was taken out before is not forgotten.
fn stamp(device: &Device, roster: &Roster) -> Result<Option<Stamp>, Failure> {
    let (Some(clock), hub) = (roster.clock(), device.hub()?) else { return Ok(None) };
    if hub.is_empty() {
        return Ok(None);
    }
    let told = device.block_on(async {
        sync::publish_roster(device, roster, roster.entries().len() - 1).await?;
        sync::time_of(device, &hub, roster).await
    });
    match told {
        Ok((told, stamp)) if told == *clock => Ok(Some(stamp)),
        // Another hub than the one whose time counts.
        Ok(_) => Ok(None),
        Err(Failure::Offline(_)) => Ok(None),
        Err(failure) => Err(failure),
    }
}
