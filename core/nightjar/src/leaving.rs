//! Who walks off leaves nothing behind: the tablet is handed over, or an unfinished form was left alone too long.
//!
//! A draft of a response belongs to its respondent. Its key is destroyed at hand-over and after the study's idle time, and it counts as
//! stopped; who took words can open it again with them, and nobody else can.

use jiff::{SignedDuration, Zoned};
use nightjar_record::study::{InstrumentKind, Study, Voice};
use nightjar_seal::{Refused, ResumeWords};
use nightjar_vault::{DraftId, DraftMeta, DraftSummary};

use crate::asking;
use crate::device::Device;
use crate::failure::Failure;
use crate::key::OsEntropy;
use crate::own;
use crate::sitting::Line;
use crate::view::HandedOverView;

/// Ends every form that a respondent has open on the device. What staff have begun to write about the ward stays theirs.
pub(crate) fn hand_over(device: &Device) -> Result<HandedOverView, Failure> {
    let mut view = HandedOverView { stopped: 0, kept: 0 };
    let joined = device.maybe_joined()?;
    let study = joined.as_ref().map(|joined| joined.study());
    for draft in device.vault.drafts()?.into_iter().filter(|draft| !draft.locked) {
        if study.is_none_or(|study| is_respondents(study, &draft.meta)) {
            leave(device, &draft.id, &draft.meta, &mut view)?;
        }
    }
    Ok(view)
}

/// Whether a form is about whoever fills it in: a response of anybody, and anything that a patient or carer says.
pub(crate) fn is_respondents(study: &Study, meta: &DraftMeta) -> bool {
    let of_the_ward =
        study.instrument(&meta.instrument).is_some_and(|entry| entry.kind != InstrumentKind::Response);
    let by_staff =
        study.role(&meta.role).is_some_and(|role| matches!(role.voice, Voice::Staff | Voice::Other));
    !(of_the_ward && by_staff)
}

/// Ends what was left alone longer than the study announces.
pub(crate) fn end_idle(device: &Device) -> Result<HandedOverView, Failure> {
    let mut view = HandedOverView { stopped: 0, kept: 0 };
    let Some(joined) = device.maybe_joined()? else { return Ok(view) };
    asking::wipe_ended(device)?;
    let longest = SignedDuration::from_hours(i64::from(joined.study().idle.discard_after_hours));
    let now = device.now()?;
    // What staff have begun to write about the ward waits for them as long as it takes.
    let left = |draft: &DraftSummary| !draft.locked && is_respondents(joined.study(), &draft.meta);
    for draft in device.vault.drafts()?.into_iter().filter(left) {
        let Some(last) = last_act(device, &draft.id, &draft.meta)? else { continue };
        if now.duration_since(&last) > longest {
            leave(device, &draft.id, &draft.meta, &mut view)?;
        }
    }
    Ok(view)
}

/// Ends one form without looking into it.
pub(crate) fn throw_away(device: &Device, draft: &str) -> Result<(), Failure> {
    let drafts = device.vault.drafts()?.into_iter();
    let Some(draft) = drafts.into_iter().find(|known| known.id.to_string() == draft && !known.locked) else {
        return Err(Failure::Invalid("there is no such unfinished form, or words lock it".into()));
    };
    let study = device.maybe_joined()?;
    if study.is_some_and(|joined| !is_respondents(joined.study(), &draft.meta)) {
        return device.sittings.end(&draft.id, || Ok(device.vault.discard(&draft.id)?));
    }
    leave(device, &draft.id, &draft.meta, &mut HandedOverView { stopped: 0, kept: 0 })
}

/// Words for a draft; those taken before open nothing any more.
pub(crate) fn words_for(device: &Device, draft: &DraftId) -> Result<String, Failure> {
    let words = ResumeWords::generate(&mut OsEntropy);
    device.vault.seal_under(words.secret(), draft)?;
    Ok(words.words().to_string())
}

/// The draft that words open.
pub(crate) fn unlock(device: &Device, words: &str) -> Result<DraftId, Failure> {
    let words = ResumeWords::from_words(words).map_err(|refused| match refused {
        Refused::Malformed { problem, .. } => Failure::Invalid(format!(
            "these are not eight of our words: {problem}. Type them all again; nothing is lost"
        )),
        _ => {
            Failure::Invalid("these are not eight of our words. Type them all again; nothing is lost".into())
        }
    })?;
    let draft = device.vault.unlock(words.secret())?;
    draft.ok_or_else(|| Failure::Invalid("these words open nothing on this tablet".into()))
}

/// The phase a draft's ward is in now; empty for none.
pub(crate) fn phase(device: &Device, ward: &str) -> Result<String, Failure> {
    let joined = device.joined()?;
    let study = joined.study();
    let phase = study.phase_at(ward, study.night_of(&device.now()?));
    Ok(phase.map(|phase| phase.code().to_owned()).unwrap_or_default())
}

/// Destroys a draft's key, and what is open of it.
fn leave(
    device: &Device,
    draft: &DraftId,
    meta: &DraftMeta,
    view: &mut HandedOverView,
) -> Result<(), Failure> {
    device.sittings.end(draft, || {
        if device.vault.lock(draft)? {
            view.kept += 1;
        } else if own::corrects(meta) {
            // What they had handed in before stands as it was.
            device.vault.discard(draft)?;
        } else {
            device.vault.stop(draft, &phase(device, &meta.ward)?)?;
            view.stopped += 1;
        }
        Ok(())
    })
}

/// When somebody last did something; `None` when that cannot be read, and then nothing is ended for it.
fn last_act(device: &Device, draft: &DraftId, meta: &DraftMeta) -> Result<Option<Zoned>, Failure> {
    let act =
        device.vault.last_entry(draft).ok().flatten().and_then(|bytes| serde_json::from_slice(&bytes).ok());
    Ok(match act {
        Some(Line::Act(act)) => Some(act.at),
        _ => meta.opened.parse().ok(),
    })
}
