//! Bundles: to other devices by a file on a stick, where there is no hub or none can be reached.

mod frames;
mod pack;
mod stick;
mod unpack;

use std::path::Path;

use nightjar_seal::{Invitation, Pass, Roster};
use nightjar_sync::bundle::{Header, Part};
use nightjar_sync::wire::Message;

use crate::device::Device;
use crate::failure::Failure;
use crate::study_pack::StudyPack;
use crate::sync::check_invited;
use crate::tablet::Tablet;
use crate::view::{BundleView, StickView};
use frames::Frames;

use pack::export;
pub(crate) use unpack::import;

/// What a bundle says of itself, without any vault: how much is in it and whether it is whole. Nothing of it is verified and
/// nothing of it can be opened.
///
/// # Errors
/// [`Failure::Invalid`] for a file that is no bundle or cannot be read.
pub fn inspect_bundle(file: &Path) -> Result<BundleView, Failure> {
    let mut frames = Frames::open(file)?;
    let mut view = BundleView::default();
    let mut end = nightjar_sync::bundle::Ending::default();
    loop {
        let frame = match frames.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => break,
            Err(failure) => {
                view.trouble = Some(failure.to_string());
                break;
            }
        };
        let part = match Part::decode(&frame) {
            Ok(part) => part,
            Err(failure) => {
                view.trouble = Some(frames.at(&failure));
                break;
            }
        };
        match &part {
            Part::Header(header) => view.made_by = name(header, None),
            Part::Entry(_) => view.roster_entries += 1,
            Part::Chain(chain) => view.envelopes += chain.bodies.len() as u64,
            Part::Publication(_) => view.published += 1,
            Part::Chunk(_) => view.chunks += 1,
            Part::Pass(_) | Part::End(_) => {}
        }
        view.whole = end.take(&part, &frame);
    }
    view.bytes = frames.bytes();
    if view.trouble.is_none() && !view.whole {
        view.trouble = Some(frames.cut_short());
    }
    Ok(view)
}

/// The maker's label where the roster names it, else the beginning of its tag.
fn name(header: &Header, roster: Option<&Roster>) -> String {
    let member = roster.and_then(|roster| roster.member(&header.by()));
    match member {
        Some(member) => member.label.clone(),
        None => header.by().to_string().chars().take(8).collect(),
    }
}

/// The roster in a bundle, checked against the invitation it was fetched for.
pub(crate) fn roster_of(file: &Path, invitation: &Invitation) -> Result<Roster, Failure> {
    let mut frames = Frames::open(file)?;
    let mut roster: Option<Roster> = None;
    while let Some(frame) = frames.next()? {
        match Part::decode(&frame).map_err(|failure| Failure::Invalid(frames.at(&failure)))? {
            Part::Header(_) => {}
            Part::Entry(entry) => {
                let entry = nightjar_seal::Entry::decode(&entry.0)?;
                match &mut roster {
                    None => roster = Some(Roster::begin(entry)?),
                    Some(roster) => roster.push(entry)?,
                }
            }
            // What lets nobody in is nobody's trouble.
            Part::Pass(pass) => {
                if let (Some(roster), Ok(pass)) = (&mut roster, Pass::decode(&pass.0)) {
                    let _ = roster.take(pass);
                }
            }
            Part::Publication(_) | Part::Chain(_) | Part::Chunk(_) | Part::End(_) => break,
        }
    }
    let roster = roster.ok_or_else(|| Failure::Rejected("the bundle holds no roster".into()))?;
    check_invited(&roster, invitation, "bundle")?;
    Ok(roster)
}

impl Tablet {
    /// Writes what this tablet holds and others need into a new file: its own answers and records, sealed, the ward's records of
    /// other tablets, the roster. What waits gets its place in the chain, as in a sync. With `answering`, a bundle of the device it
    /// is for, what that device says it holds is left out.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when there is such a file already, it cannot be written, or `answering` is no bundle of a device of this
    /// study; [`Failure::StorageFull`]. No file is left then.
    pub fn export_bundle(&self, file: &Path, answering: Option<&Path>) -> Result<BundleView, Failure> {
        export(&self.device, file, answering)
    }

    /// Takes in what is new to this tablet from somebody's bundle. The same one again, or several in any order, do no harm. A file
    /// that breaks off or is damaged is taken up to that place, and [`BundleView::trouble`] says where.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a file that is no bundle, or another study's; storage failures.
    pub fn import_bundle(&self, file: &Path) -> Result<BundleView, Failure> {
        import(&self.device, file)
    }

    /// [`Tablet::export_bundle`] into a folder, such as a stick, under a name that says nothing but when. Gives the name.
    ///
    /// # Errors
    /// As [`Tablet::export_bundle`].
    pub fn write_to_stick(&self, folder: &Path) -> Result<(String, BundleView), Failure> {
        stick::write(&self.device, folder)
    }

    /// [`Tablet::import_bundle`] of every bundle in a folder that another device made. What is wrong with one is told and holds up
    /// no other.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a folder that cannot be read; storage failures.
    pub fn read_from_stick(&self, folder: &Path) -> Result<StickView, Failure> {
        stick::read(&self.device, folder)
    }

    /// [`Tablet::join_with_bundle`], with whatever bundle in a folder holds the roster of the invitation.
    ///
    /// # Errors
    /// As [`Tablet::join_with_bundle`]; where none fits, what is wrong with the first.
    pub fn join_from_stick(
        &self,
        invitation: &str,
        pack: &StudyPack,
        folder: &Path,
    ) -> Result<BundleView, Failure> {
        stick::join(&self.device, invitation, pack, folder)
    }

    /// [`Tablet::join`] without a hub: with a bundle that the steward made after letting this device in.
    ///
    /// # Errors
    /// As [`Tablet::join`] and [`Tablet::import_bundle`].
    pub fn join_with_bundle(
        &self,
        invitation: &str,
        pack: &StudyPack,
        bundle: &Path,
    ) -> Result<BundleView, Failure> {
        self.device.join_with_bundle(invitation, pack, bundle)
    }
}

#[cfg(feature = "evaluate")]
impl crate::Evaluator {
    /// As [`Tablet::export_bundle`], with everything that this evaluator has received, for another evaluator or for tablets: they
    /// learn from it what arrived.
    ///
    /// # Errors
    /// As [`Tablet::export_bundle`].
    pub fn export_bundle(&self, file: &Path, answering: Option<&Path>) -> Result<BundleView, Failure> {
        export(&self.device, file, answering)
    }

    /// As [`Tablet::import_bundle`], responses and all.
    ///
    /// # Errors
    /// As [`Tablet::import_bundle`].
    pub fn import_bundle(&self, file: &Path) -> Result<BundleView, Failure> {
        import(&self.device, file)
    }

    /// As [`Tablet::join_with_bundle`].
    ///
    /// # Errors
    /// As [`Tablet::join_with_bundle`].
    pub fn join_with_bundle(
        &self,
        invitation: &str,
        pack: &StudyPack,
        bundle: &Path,
    ) -> Result<BundleView, Failure> {
        self.device.join_with_bundle(invitation, pack, bundle)
    }
}

impl Device {
    /// Waits until no sync and no other bundle is under way.
    fn alone(&self) -> Result<tokio::sync::MutexGuard<'_, ()>, Failure> {
        self.block_on(async { Ok(self.syncing.lock().await) })
    }
}
