//! The forms in `forms/`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A form of ours as it lies in the checkout.
#[derive(Debug, Clone)]
pub struct OwnForm {
    /// The file's name without its ending.
    pub name: String,
    /// Where the file is.
    pub path: PathBuf,
    /// The Markdown.
    pub text: String,
}

/// The folder of this crate in the checkout it was built from.
#[must_use]
pub fn folder() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every form, by name.
pub fn all() -> io::Result<Vec<OwnForm>> {
    let mut forms = Vec::new();
    for entry in fs::read_dir(folder().join("forms"))? {
        let path = entry?.path();
        if path.extension().is_some_and(|ending| ending == "md") {
            let name = path.file_stem().map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default();
            let text = fs::read_to_string(&path)?;
            forms.push(OwnForm { name, path, text });
        }
    }
    forms.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(forms)
}
