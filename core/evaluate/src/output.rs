use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;

use crate::Refused;

/// Where files are written, by name.
pub trait Output {
    /// Writes one file, `name` with `/` between folders; `fill` puts the content in.
    ///
    /// # Errors
    /// [`Refused`] of `fill`, or [`Refused::Unwritable`].
    fn file(
        &mut self,
        name: &str,
        fill: &mut dyn FnMut(&mut dyn Write) -> Result<(), Refused>,
    ) -> Result<(), Refused>;
}

/// A folder on disk. A file appears under its name only when it is complete.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// Writes into `path`, which is made when it is not there.
    pub fn new(path: impl Into<PathBuf>) -> Folder {
        Folder(path.into())
    }
}

impl Output for Folder {
    fn file(
        &mut self,
        name: &str,
        fill: &mut dyn FnMut(&mut dyn Write) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        let failed = |source: io::Error| unwritable(name, source);
        let path = self.0.join(name);
        let partial = self.0.join(format!("{name}.part"));
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let mut written = io::BufWriter::new(File::create(&partial).map_err(failed)?);
        let filled = fill(&mut written)
            .and_then(|()| written.flush().map_err(failed))
            .and_then(|()| written.get_ref().sync_all().map_err(failed));
        drop(written);
        if let Err(refused) = filled {
            // The half-written file holds answers; leaving it would leave them.
            let _ = std::fs::remove_file(&partial);
            return Err(refused);
        }
        std::fs::rename(&partial, &path).map_err(failed)
    }
}

pub(crate) fn unwritable(file: &str, source: io::Error) -> Refused {
    Refused::Unwritable { file: file.to_owned(), source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let folder = tempfile::tempdir().unwrap();
        let mut out = Folder::new(folder.path());
        let good = &mut |to: &mut dyn Write| to.write_all(b"whole").map_err(|e| unwritable("a", e));
        out.file("export/a.csv", good).unwrap();
        let bad = &mut |to: &mut dyn Write| {
            to.write_all(b"half").map_err(|e| unwritable("a", e))?;
            Err(Refused::NotAuthorised)
        };
        assert!(out.file("export/a.csv", bad).is_err());
        let names: Vec<_> = std::fs::read_dir(folder.path().join("export"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, ["a.csv"], "nothing half-written is left");
        assert_eq!(std::fs::read(folder.path().join("export/a.csv")).unwrap(), b"whole");
    }

    #[test]
    fn a_file_that_cannot_be_written_says_what_the_system_said() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("taken"), b"a file, not a folder").unwrap();
        let refused = Folder::new(folder.path().join("taken")).file("a.csv", &mut |_| Ok(())).unwrap_err();
        let said = std::error::Error::source(&refused).and_then(|e| e.downcast_ref::<io::Error>()).unwrap();
        assert!(said.raw_os_error().is_some(), "the system's own code is there");
        assert_eq!(refused.to_string(), format!("a.csv could not be written: {said}"));
        assert!(!refused.to_string().contains("taken"), "the path is the caller's to tell");
    }
}
