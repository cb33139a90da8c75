//! Bundles in a folder, such as a stick: names for them, and all that others have put there.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use nightjar_sync::bundle::Part;
use nightjar_sync::wire::Message;

use super::frames::Frames;
use super::{export, import};
use crate::device::Device;
use crate::failure::Failure;
use crate::key::random;
use crate::study_pack::StudyPack;
use crate::view::{BundleView, StickView};

/// What the name of a bundle ends with.
const ENDING: &str = ".bundle";

/// Most bundles read from one folder at a time; the others are counted.
const MOST: usize = 200;

/// Writes a bundle into a folder under a name that says nothing but when.
pub(super) fn write(device: &Device, folder: &Path) -> Result<(String, BundleView), Failure> {
    let when = device.now()?.strftime("%Y-%m-%d-%H%M").to_string();
    let name = format!("nightjar-{when}-{}{ENDING}", data_encoding::HEXLOWER.encode(&random::<3>()?));
    let view = export(device, &folder.join(&name), None)?;
    Ok((name, view))
}

/// Joins with the first bundle of the folder whose roster is the one of the invitation.
pub(super) fn join(
    device: &Device,
    invitation: &str,
    pack: &StudyPack,
    folder: &Path,
) -> Result<BundleView, Failure> {
    let mut first = None;
    for name in named(folder)?.into_iter().take(MOST) {
        match device.join_with_bundle(invitation, pack, &folder.join(&name)) {
            Err(failure @ (Failure::Invalid(_) | Failure::Rejected(_)))
                if device.maybe_joined()?.is_none() =>
            {
                first = first.or(Some(failure));
            }
            done => return done,
        }
    }
    Err(first.unwrap_or_else(|| Failure::Invalid("there is no bundle of the steward's on this stick".into())))
}

/// Names of the bundles in a folder, sorted.
fn named(folder: &Path) -> Result<Vec<OsString>, Failure> {
    let unreadable =
        |error: std::io::Error| Failure::Invalid(format!("{}: cannot be read: {error}", folder.display()));
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if name.to_str().is_some_and(|name| name.ends_with(ENDING) && !name.starts_with('.')) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Takes in every bundle of the folder that another device made. One that cannot be read holds up no other.
pub(super) fn read(device: &Device, folder: &Path) -> Result<StickView, Failure> {
    let names = named(folder)?;
    let mut view = StickView { left: names.len().saturating_sub(MOST) as u64, ..StickView::default() };
    for name in names.into_iter().take(MOST) {
        let file = folder.join(&name);
        if is_own(device, &file) {
            continue;
        }
        match import(device, &file) {
            Ok(taken) => {
                view.bundles += 1;
                view.new += taken.new;
                view.known += taken.known;
                view.of_strangers += taken.of_strangers;
                view.missing_before += taken.missing_before;
                view.troubles.extend(taken.trouble);
                view.set_aside.extend(taken.set_aside);
            }
            Err(Failure::Invalid(why) | Failure::Rejected(why)) => view.troubles.push(why),
            Err(failure) => return Err(failure),
        }
    }
    // Said once for all of them.
    view.set_aside.sort();
    view.set_aside.dedup();
    Ok(view)
}

/// Whether this device made it: then there is nothing in it that it has not.
fn is_own(device: &Device, file: &Path) -> bool {
    let header = || match Part::decode(&Frames::open(file).ok()?.next().ok()??) {
        Ok(Part::Header(header)) => Some(header.by()),
        _ => None,
    };
    header() == Some(device.tag())
}
