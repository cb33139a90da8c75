//! An unfinished answer moves to another version of its form: checked first, and what does not come along is kept.

use std::sync::Arc;

use nightjar_form::{Instrument, Language, LeftBehind, Migration};
use nightjar_vault::{DraftId, DraftMeta};
use zeroize::Zeroizing;

use crate::device::Device;
use crate::failure::Failure;
use crate::own;
use crate::sitting::{self, Act, Kept, Line, Open};
use crate::view::{MoveView, StaysView};

/// A move as it would be.
struct Checked {
    meta: DraftMeta,
    old: Open,
    new: Arc<Instrument>,
    migration: Migration,
    /// The information page that is shown now.
    information: String,
}

/// Where a draft says which information page the person has read.
pub(crate) const INFORMATION: &str = "information";

/// What moving a draft does.
pub(crate) fn check(device: &Device, draft: DraftId) -> Result<MoveView, Failure> {
    checked(device, &draft)?.view(device)
}

/// Moves a draft as it was checked: its journal is replaced whole or not at all.
pub(crate) fn commit(device: &Device, draft: DraftId, agreed: &MoveView) -> Result<(), Failure> {
    device.sittings.exchange(&draft, || {
        let checked = checked(device, &draft)?;
        if checked.view(device)? != *agreed {
            return Err(Failure::Invalid(
                "something was answered, or another version came, since this move was checked; check again"
                    .into(),
            ));
        }
        let kept = checked.kept();
        let Checked { meta, new, migration, information, .. } = checked;
        let language = migration.opening().language.as_ref().unwrap_or_else(|| new.default_language());
        let mut moved = DraftMeta { version: new.hash(), language: language.name().to_owned(), ..meta };
        moved.extra.insert(INFORMATION.to_owned(), information);
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

impl Checked {
    /// What stays behind: of earlier moves what still does, and of this one.
    fn kept(&self) -> Vec<Kept> {
        let earlier = self.old.kept.iter().zip(self.migration.earlier());
        let earlier =
            earlier.filter_map(|(kept, left)| left.clone().map(|left| Kept { version: kept.version, left }));
        let version = self.meta.version;
        let now = self.migration.left_behind().iter().map(|left| Kept { version, left: left.clone() });
        earlier.chain(now).collect()
    }

    fn view(&self, device: &Device) -> Result<MoveView, Failure> {
        let open = Open { session: self.migration.clone().session(), kept: self.kept() };
        let language = self.old.session.language();
        Ok(MoveView {
            version: data_encoding::HEXLOWER.encode(&self.new.hash()),
            carried: self.migration.carried() as u64,
            stays: stays_in(device, &self.meta.instrument, language, &open)?,
            same_language: self.migration.same_language(),
            new_information: self.meta.extra.get(INFORMATION).is_some_and(|told| *told != self.information),
        })
    }
}

/// What an open draft keeps of earlier versions.
pub(crate) fn stays(device: &Device, form_id: &str, open: &Open) -> Result<Vec<StaysView>, Failure> {
    stays_in(device, form_id, open.session.language(), open)
}

fn stays_in(
    device: &Device,
    form_id: &str,
    language: &Language,
    open: &Open,
) -> Result<Vec<StaysView>, Failure> {
    let joined = device.joined()?;
    let sealed = open.sealed();
    let of = |kept: &Kept| {
        let LeftBehind { cell, path, reason, .. } = &kept.left;
        let form = joined.version_of(device, form_id, &kept.version)?.ok_or_else(never_given)?;
        let question = form.item(&cell.item).map_or(path.as_str(), |item| item.label(language)).to_owned();
        let sealed = sealed.get(cell).is_some_and(|last| std::ptr::eq(*last, kept));
        Ok(StaysView { path: path.clone(), question, reason: reason.to_string(), sealed })
    };
    open.kept.iter().map(of).collect()
}

fn checked(device: &Device, draft: &DraftId) -> Result<Checked, Failure> {
    let (meta, old) = sitting::replay(device, draft)?;
    if own::corrects(&meta) {
        return Err(Failure::Invalid("a correction stays in the version that was answered".into()));
    }
    let joined = device.joined()?;
    let new = joined.pack.instrument(&meta.instrument).cloned().ok_or_else(|| {
        Failure::Incompatible(format!("the study has no form \"{}\" (any more)", meta.instrument))
    })?;
    if new.hash() == meta.version {
        return Err(Failure::Invalid("these answers are in the newest version of the form already".into()));
    }
    let earlier: Vec<LeftBehind> = old.kept.iter().map(|kept| kept.left.clone()).collect();
    let opening = sitting::opening(&meta)?;
    let migration = Migration::check(&old.session, opening, Arc::clone(&new), &earlier);
    let migration = migration.map_err(Failure::invalid)?;
    let information = joined.study().information_version.clone();
    Ok(Checked { meta, old, new, migration, information })
}

pub(crate) fn never_given() -> Failure {
    Failure::Incompatible(
        "this device was never given a version of the form that answers were given in".into(),
    )
}
