//! The files under version control, as they are in the working folder.

use std::fs;

use crate::checkout::Checkout;
use crate::failure::Failure;
use crate::process;

/// A file under version control.
#[derive(Debug, Clone)]
pub(super) struct Tracked {
    /// From the root, with `/`.
    pub(super) path: String,
    /// Its text; none for what is not UTF-8.
    pub(super) text: Option<String>,
}

/// Asks git. A file that is deleted and not yet committed is left out.
pub(super) fn read(checkout: &Checkout) -> Result<Vec<Tracked>, Failure> {
    let mut git = std::process::Command::new("git");
    let list = process::answer(git.current_dir(&checkout.root).args(["ls-files", "-z"]))?;
    let paths = list.split('\0').filter(|path| !path.is_empty());
    let files = paths.filter_map(|path| {
        let bytes = fs::read(checkout.root.join(path)).ok()?;
        Some(Tracked { path: path.to_owned(), text: String::from_utf8(bytes).ok() })
    });
    Ok(files.collect())
}

#[cfg(test)]
impl Tracked {
    pub(super) fn text(path: &str, text: impl Into<String>) -> Tracked {
        Tracked { path: path.to_owned(), text: Some(text.into()) }
    }
}
