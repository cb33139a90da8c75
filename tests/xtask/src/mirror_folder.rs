//! Making a folder the same as another, touching only what differs, so that builds which look at times stay warm.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{At, Failure};

/// Files to be in a folder: relative path → where the content comes from.
pub(crate) type Wanted = BTreeMap<PathBuf, PathBuf>;

/// Adds every file below `from` under `prefix`, except hidden ones.
pub(crate) fn add_all(wanted: &mut Wanted, from: &Path, prefix: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(from).at("reading", from)? {
        let entry = entry.at("reading", from)?;
        let name = entry.file_name();
        if name.as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let kind = entry.file_type().at("reading", entry.path())?;
        if kind.is_dir() {
            add_all(wanted, &entry.path(), &prefix.join(name))?;
        } else {
            wanted.insert(prefix.join(name), entry.path());
        }
    }
    Ok(())
}

/// Makes `folder` hold exactly the wanted files.
pub(crate) fn make(folder: &Path, wanted: &Wanted) -> Result<(), Failure> {
    fs::create_dir_all(folder).at("making", folder)?;
    let mut present = Wanted::new();
    add_all(&mut present, folder, Path::new(""))?;
    for stale in present.keys().filter(|path| !wanted.contains_key(*path)) {
        let path = folder.join(stale);
        fs::remove_file(&path).at("removing", path)?;
    }
    for (relative, source) in wanted {
        let path = folder.join(relative);
        let content = fs::read(source).at("reading", source)?;
        if fs::read(&path).is_ok_and(|old| old == content) {
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent).at("making", parent)?;
        }
        // A new file under the name: a library that a running process has mapped must not change under it.
        let _ = fs::remove_file(&path);
        fs::write(&path, content).at("writing", path)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stale_files_go_changed_ones_change_and_the_rest_is_not_touched() {
        let from = tempfile::tempdir().unwrap();
        let to = tempfile::tempdir().unwrap();
        fs::create_dir(from.path().join("deep")).unwrap();
        fs::write(from.path().join("deep/same"), "same").unwrap();
        fs::write(from.path().join("changed"), "old").unwrap();
        fs::write(from.path().join("stale"), "stale").unwrap();
        let wanted = |folder: &Path| {
            let mut wanted = Wanted::new();
            add_all(&mut wanted, folder, Path::new("package")).unwrap();
            wanted
        };
        make(to.path(), &wanted(from.path())).unwrap();
        let before = fs::metadata(to.path().join("package/deep/same")).unwrap().modified().unwrap();

        fs::write(from.path().join("changed"), "new").unwrap();
        fs::remove_file(from.path().join("stale")).unwrap();
        make(to.path(), &wanted(from.path())).unwrap();

        assert_eq!(fs::read_to_string(to.path().join("package/changed")).unwrap(), "new");
        assert!(!to.path().join("package/stale").exists());
        assert_eq!(fs::metadata(to.path().join("package/deep/same")).unwrap().modified().unwrap(), before);
    }
}
