//! Study packs: the one built in, or a folder.

use std::collections::BTreeMap;
use std::path::Path;

use include_dir::{Dir, include_dir};
use nightjar::StudyPack;

use crate::trouble::Trouble;

static SLEEPWELL: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../studies/sleepwell");

/// The pack in the folder; the one built in if none is named.
pub(crate) fn load(folder: Option<&Path>) -> Result<StudyPack, Trouble> {
    Ok(match folder {
        Some(folder) => StudyPack::from_dir(folder)?,
        None => StudyPack::from_files(built_in())?,
    })
}

fn built_in() -> BTreeMap<String, Vec<u8>> {
    let mut files = BTreeMap::new();
    gather(&SLEEPWELL, &mut files);
    files
}

fn gather(folder: &Dir<'_>, files: &mut BTreeMap<String, Vec<u8>>) {
    for file in folder.files() {
        files.insert(file.path().to_string_lossy().replace('\\', "/"), file.contents().to_vec());
    }
    for folder in folder.dirs() {
        gather(folder, files);
    }
}
