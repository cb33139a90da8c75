//! A disk so small that it is soon full.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A file system of a few MiB in memory, unmounted when dropped. Needs root on Linux.
pub struct SmallDisk {
    folder: tempfile::TempDir,
}

impl SmallDisk {
    /// Mounts one of `kib` KiB.
    ///
    /// # Errors
    /// What `mount` says where it is not allowed.
    ///
    /// # Panics
    /// When no temporary folder can be made.
    pub fn mount(kib: u32) -> Result<Self, String> {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let out = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={kib}k"), "tmpfs"])
            .arg(folder.path())
            .output()
            .map_err(|error| error.to_string())?;
        if out.status.success() {
            Ok(Self { folder })
        } else {
            Err(String::from_utf8_lossy(&out.stderr).into_owned())
        }
    }

    /// Where it is mounted.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Fills what is left of it and gives the file that does.
    ///
    /// # Panics
    /// When the file cannot be made.
    #[must_use]
    pub fn fill(&self) -> PathBuf {
        use std::io::Write;
        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path).expect("a file on the small disk");
        for block in [4096, 64, 1] {
            let zeros = vec![0u8; block];
            while file.write_all(&zeros).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.folder.path()).output();
    }
}
