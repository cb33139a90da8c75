//! Where a USB stick is, if one is in.

use std::path::{Path, PathBuf};

/// Sticks shown at most.
const MOST: usize = 6;

/// A stick that is in now.
pub(crate) struct Stick {
    /// What people call it: the name of its folder.
    pub(crate) name: String,
    pub(crate) folder: PathBuf,
}

/// The sticks that are in now: of these folders those that are there, else what the system has mounted where it mounts sticks.
pub(crate) fn now(named: &[PathBuf]) -> Vec<Stick> {
    let mut folders: Vec<PathBuf> = match named.is_empty() {
        true => mounted(),
        false => named.iter().filter(|folder| folder.is_dir()).cloned().collect(),
    };
    folders.sort();
    folders.truncate(MOST);
    let stick = |folder: PathBuf| {
        let name = folder.file_name().unwrap_or(folder.as_os_str()).to_string_lossy().into_owned();
        Stick { name, folder }
    };
    folders.into_iter().map(stick).collect()
}

#[cfg(target_os = "linux")]
fn mounted() -> Vec<PathBuf> {
    // Desktops mount them below /media or /run/media, with or without a folder of the user's.
    let places = ["/media", "/run/media"].map(Path::new);
    let level = places.into_iter().flat_map(children).collect::<Vec<_>>();
    let below = level.iter().flat_map(|folder| children(folder)).collect::<Vec<_>>();
    level.into_iter().chain(below).filter(|folder| is_mounted(folder)).collect()
}

#[cfg(target_os = "macos")]
fn mounted() -> Vec<PathBuf> {
    children(Path::new("/Volumes")).into_iter().filter(|folder| is_mounted(folder)).collect()
}

#[cfg(windows)]
fn mounted() -> Vec<PathBuf> {
    // C: is the device's own; A: and B: were floppy disks.
    ('D'..='Z').map(|letter| PathBuf::from(format!("{letter}:\\"))).filter(|drive| drive.is_dir()).collect()
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn mounted() -> Vec<PathBuf> {
    Vec::new()
}

#[cfg(unix)]
fn children(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).take(50).collect()
}

/// Whether another file system begins there: a folder without a stick is on the disk that it is in.
#[cfg(unix)]
fn is_mounted(folder: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let device = |path: &Path| std::fs::symlink_metadata(path).ok().map(|about| about.dev());
    match (device(folder), folder.parent().and_then(device)) {
        (Some(own), Some(above)) => own != above,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_named_folders_those_that_are_there_are_sticks() {
        let folder = tempfile::tempdir().expect("a folder");
        let (there, gone) = (folder.path().join("STICK"), folder.path().join("gone"));
        std::fs::create_dir(&there).expect("a folder");
        let found = now(&[gone, there.clone()]);
        assert_eq!(found.len(), 1);
        assert_eq!((found[0].name.as_str(), &found[0].folder), ("STICK", &there));
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_of_the_disk_is_no_stick() {
        let folder = tempfile::tempdir().expect("a folder");
        assert!(!is_mounted(folder.path()));
        assert_eq!(is_mounted(Path::new("/proc")), cfg!(target_os = "linux"));
    }
}
