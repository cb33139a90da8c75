//! `nightjar form paper`: a form as a page to print.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use nightjar_form::Paper;

use super::{instrument, language, read};
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// Most pictures put into a page.
const MAX_PICTURES: usize = 500;

pub(super) fn run(
    file: &Path,
    asked: Option<&str>,
    copies: usize,
    out: &Path,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    let form = instrument(file)?;
    let language = asked.map(|asked| language(&form, asked)).transpose()?;
    let pictures = pictures(&file.with_file_name("media"))?;
    let page = form.paper(&Paper { language, copies, pictures });
    fs::write(out, page).map_err(Trouble::file(out))?;
    screen.line(format_args!("{} is written; print it from a browser", out.display()))
}

/// The files of a folder by name; none where there is no folder.
fn pictures(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Trouble> {
    let mut found = BTreeMap::new();
    if !folder.is_dir() {
        return Ok(found);
    }
    for entry in fs::read_dir(folder).map_err(Trouble::file(folder))?.take(MAX_PICTURES) {
        let path = entry.map_err(Trouble::file(folder))?.path();
        if let Some(name) = path.file_name().filter(|_| path.is_file()) {
            found.insert(name.to_string_lossy().into_owned(), read(&path)?);
        }
    }
    Ok(found)
}
