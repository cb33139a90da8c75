//! An unfinished answer moves to another version of its form: checked first, and what does not come along is kept.

use std::sync::Arc;

use nightjar_form::{Instrument, Language, LeftBehind, Migration, Reason};
use nightjar_vault::{DraftId, DraftMeta};
use zeroize::Zeroizing;

use crate::device::Device;
use crate::failure::Failure;
use crate::sitting::{self, Act, Kept, Line, Open};
use crate::view::{MoveView, StaysView};

/// A move as it would be.
struct Checked {
    meta: DraftMeta,
    old: Open,
    new: Arc<Instrument>,
    migration: Migration,
}

/// What moving a draft does.
pub(crate) fn check(device: &Device, draft: DraftId) -> Result<MoveView, Failure> {
    let Checked { old, new, migration, .. } = checked(device, &draft)?;
    let (form, language) = (old.session.instrument(), old.session.language());
    let stays = migration.left_behind().iter().map(|left| stays_behind(form, language, left, &new)).collect();
    Ok(MoveView { carried: migration.carried() as u64, stays, same_language: migration.same_language() })
}

/// Moves a draft: its journal is replaced whole or not at all.
pub(crate) fn commit(device: &Device, draft: DraftId) -> Result<(), Failure> {
    device.sittings.exchange(&draft, || {
        let Checked { meta, old, new, migration } = checked(device, &draft)?;
        let mut kept = old.kept;
        let version = meta.version;
        kept.extend(migration.left_behind().iter().map(|left| Kept { version, left: left.clone() }));
        let language = migration.opening().language.as_ref().unwrap_or_else(|| new.default_language());
        let moved = DraftMeta { version: new.hash(), language: language.name().to_owned(), ..meta };
        let act = |entry: &nightjar_form::Entry| {
            Line::Act(Box::new(Act { entry: entry.clone(), at: migration.at().clone() }))
        };
        let lines = kept
            .iter()
            .map(|kept| Line::Kept { kept: Box::new(kept.clone()) })
            .chain(migration.entries().iter().map(act));
        let lines = lines
            .map(|line| serde_json::to_vec(&line).map(Zeroizing::new))
            .collect::<Result<Vec<_>, _>>()
            .map_err(Failure::internal)?;
        device.vault.replace(&draft, &moved, &lines)?;
        Ok((Open { session: migration.session(), kept }, ()))
    })
}

/// What an open draft keeps of earlier versions.
pub(crate) fn stays(device: &Device, form_id: &str, open: &Open) -> Result<Vec<StaysView>, Failure> {
    let joined = device.joined()?;
    let (now, language) = (open.session.instrument(), open.session.language());
    let of = |kept: &Kept| {
        let form = joined.version_of(device, form_id, &kept.version)?.ok_or_else(never_given)?;
        Ok(stays_behind(&form, language, &kept.left, now))
    };
    open.kept.iter().map(of).collect()
}

fn stays_behind(form: &Instrument, language: &Language, left: &LeftBehind, now: &Instrument) -> StaysView {
    let item = form.item(&left.cell.item);
    StaysView {
        path: left.path.clone(),
        question: item.map_or(left.path.as_str(), |item| item.label(language)).to_owned(),
        reason: left.reason.to_string(),
        sealed: left.reason == Reason::Removed && now.item(&left.cell.item).is_none(),
    }
}

fn checked(device: &Device, draft: &DraftId) -> Result<Checked, Failure> {
    let (meta, old) = sitting::replay(device, draft)?;
    let joined = device.joined()?;
    let new = joined.pack.instrument(&meta.instrument).cloned().ok_or_else(|| {
        Failure::Incompatible(format!("the study has no form \"{}\" (any more)", meta.instrument))
    })?;
    if new.hash() == meta.version {
        return Err(Failure::Invalid("these answers are in the newest version of the form already".into()));
    }
    let migration = Migration::check(&old.session, sitting::opening(&meta)?, Arc::clone(&new));
    let migration = migration.map_err(Failure::invalid)?;
    Ok(Checked { meta, old, new, migration })
}

fn never_given() -> Failure {
    Failure::Incompatible(
        "this device was never given a version of the form that answers were given in".into(),
    )
}
