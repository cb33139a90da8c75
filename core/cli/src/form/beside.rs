//! The files beside a form that it may name: in its folder, in `media`, and in `NAME-media` as ODK Collect keeps them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use nightjar_form::Attachments;

use super::read;
use crate::trouble::Trouble;

/// Endings of the files that a form may look things up in.
const DATA: [&str; 3] = ["csv", "xml", "geojson"];
/// Endings of pictures that paper shows.
const PICTURES: [&str; 6] = ["svg", "png", "jpg", "jpeg", "gif", "webp"];
/// Most files of a folder that are looked at.
const MOST: usize = 500;

/// The data beside a form. What is too big to be an attachment is left out: a form that names it says so.
pub(super) fn attachments(form: &Path) -> Result<Attachments, Trouble> {
    let mut attachments = Attachments::new();
    for (name, path) in files(form, &DATA)? {
        attachments.insert(&name, read(&path)?);
    }
    Ok(attachments)
}

/// What is made of a form does not take the form's place.
pub(super) fn not_over(form: &Path, out: &Path) -> Result<(), Trouble> {
    match (form.canonicalize(), out.canonicalize()) {
        (Ok(form), Ok(out)) if form == out => {
            Err(Trouble::Given(format!("{} is the form itself; write to another file", out.display())))
        }
        _ => Ok(()),
    }
}

/// The pictures beside a form, by name.
pub(super) fn pictures(form: &Path) -> Result<BTreeMap<String, Vec<u8>>, Trouble> {
    files(form, &PICTURES)?.into_iter().map(|(name, path)| Ok((name, read(&path)?))).collect()
}

/// The files with one of some endings, by name, the form itself left out.
fn files(form: &Path, endings: &[&str]) -> Result<BTreeMap<String, PathBuf>, Trouble> {
    let stem = form.file_stem().unwrap_or_default().to_string_lossy();
    let own = form.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut found = BTreeMap::new();
    for folder in [own.to_owned(), own.join("media"), own.join(format!("{stem}-media"))] {
        if !folder.is_dir() {
            continue;
        }
        for entry in fs::read_dir(&folder).map_err(Trouble::file(&folder))?.take(MOST) {
            let path = entry.map_err(Trouble::file(&folder))?.path();
            let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
            let Some(name) = path.file_name().map(|name| name.to_string_lossy().into_owned()) else {
                continue;
            };
            let itself = path.file_name() == form.file_name() && folder == own;
            if endings.contains(&ending.as_str()) && path.is_file() && !itself {
                found.insert(name, path);
            }
        }
    }
    Ok(found)
}
