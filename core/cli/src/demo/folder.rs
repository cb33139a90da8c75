//! The folder the demonstration writes to. It empties only what an earlier demonstration made.

use std::fs;
use std::path::{Path, PathBuf};

use crate::trouble::Trouble;

/// Says that the folder may be emptied.
const MARKER: &str = ".nightjar-demo";
const MARKER_TEXT: &str = "A demonstration of Nightjar made this folder; the next one may empty it.\n";
/// What a demonstration makes in it, and so what the next one removes.
const OURS: [&str; 5] = ["hub", "tablets", "evaluators", "export", "report.html"];

/// The folder, empty but for its marker.
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes or empties it. Refuses a folder with anything else in it.
    pub(super) fn prepare(root: &Path) -> Result<Folder, Trouble> {
        fs::create_dir_all(root).map_err(Trouble::file(root))?;
        let marker = root.join(MARKER);
        if marker.is_file() {
            for name in OURS {
                remove(&root.join(name))?;
            }
        }
        let mut left = fs::read_dir(root).map_err(Trouble::file(root))?;
        let stranger = left.find_map(|entry| entry.ok().filter(|entry| entry.file_name() != MARKER));
        if let Some(stranger) = stranger {
            return Err(Trouble::Given(format!(
                "{} is not empty and {} in it was not made by a demonstration; choose another folder",
                root.display(),
                stranger.file_name().display()
            )));
        }
        fs::write(&marker, MARKER_TEXT).map_err(Trouble::file(&marker))?;
        for name in ["hub", "tablets", "evaluators", "export"] {
            let path = root.join(name);
            fs::create_dir(&path).map_err(Trouble::file(&path))?;
        }
        Ok(Folder { root: root.to_owned() })
    }

    /// The folder itself.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The hub's log.
    pub(super) fn hub(&self) -> PathBuf {
        self.root.join("hub")
    }

    /// The vault of a tablet.
    pub(super) fn tablet(&self, number: usize) -> PathBuf {
        self.root.join("tablets").join(format!("tablet-{number}.vault"))
    }

    /// The vault of an evaluator's device.
    pub(super) fn evaluator(&self, number: usize) -> PathBuf {
        self.root.join("evaluators").join(format!("evaluator-{number}.vault"))
    }

    /// Tables and codebook.
    pub(super) fn export(&self) -> PathBuf {
        self.root.join("export")
    }

    /// The report.
    pub(super) fn report(&self) -> PathBuf {
        self.root.join("report.html")
    }
}

/// Removes a file or a folder of ours; a symbolic link is removed, never followed.
fn remove(path: &Path) -> Result<(), Trouble> {
    let Ok(found) = fs::symlink_metadata(path) else { return Ok(()) };
    let removed = if found.is_dir() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
    removed.map_err(Trouble::file(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_with_anything_else_in_it_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let thesis = folder.path().join("thesis.odt");
        fs::write(&thesis, "years of work").unwrap();
        assert!(Folder::prepare(folder.path()).is_err());
        assert_eq!(fs::read_to_string(&thesis).unwrap(), "years of work");
        assert!(!folder.path().join(MARKER).exists());
    }

    #[test]
    fn what_someone_put_beside_an_earlier_demonstration_stays() {
        let folder = tempfile::tempdir().unwrap();
        Folder::prepare(folder.path()).unwrap();
        Folder::prepare(folder.path()).unwrap();
        let note = folder.path().join("my-notes.txt");
        fs::write(&note, "keep").unwrap();
        assert!(Folder::prepare(folder.path()).is_err());
        assert!(note.exists());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_out_of_the_folder_is_not_followed() {
        let (folder, outside) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(outside.path().join("precious"), "keep").unwrap();
        Folder::prepare(folder.path()).unwrap();
        fs::remove_dir(folder.path().join("export")).unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("export")).unwrap();
        Folder::prepare(folder.path()).unwrap();
        assert!(outside.path().join("precious").exists());
    }
}
