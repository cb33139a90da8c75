//! Where things are: the checkout, what is built, and the cache folder outside of it.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::{At, Failure};

/// The folders a task works in, all absolute.
#[derive(Debug, Clone)]
pub(crate) struct Checkout {
    /// The folder of the workspace's `Cargo.toml`.
    pub(crate) root: PathBuf,
    /// Cargo's target folder; may be shared by several checkouts.
    pub(crate) target: PathBuf,
    /// What is kept between runs and shared by checkouts: virtual environments, the Swift root, Swift builds.
    pub(crate) cache: PathBuf,
    /// Whether builds leave behind what would make the next one faster. It takes gigabytes, so a test run from nothing on a
    /// small disk does without.
    pub(crate) incremental: bool,
}

impl Checkout {
    /// Finds the checkout this program was built from.
    pub(crate) fn find() -> Result<Checkout, Failure> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.join("../..");
        let root = root.canonicalize().at("finding the checkout at", &root)?;
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(folder) => root.join(folder),
            None => root.join("target"),
        };
        let cache = cache_folder(|name| env::var_os(name).map(PathBuf::from))?;
        if cache.starts_with(&root) {
            return Err(Failure::Needs(format!(
                "the cache folder {} is inside the checkout; set NIGHTJAR_CACHE to a folder outside of it",
                cache.display()
            )));
        }
        Ok(Checkout { root, target, cache, incremental: true })
    }

    /// A folder for what language packages generate and build, inside `target`.
    pub(crate) fn bindings_out(&self, name: &str) -> PathBuf {
        self.target.join("bindings").join(name)
    }

    /// The built `nightjar` program.
    pub(crate) fn program(&self) -> PathBuf {
        self.target.join("debug/nightjar")
    }

    /// The built library of the bindings.
    pub(crate) fn library(&self) -> PathBuf {
        self.target.join("debug").join(library_name())
    }

    /// The log of one step, for reading after a run.
    pub(crate) fn log(&self, step: &str) -> Result<PathBuf, Failure> {
        let folder = self.target.join("xtask");
        fs::create_dir_all(&folder).at("making", &folder)?;
        Ok(folder.join(format!("{step}.log")))
    }

    /// A cache folder of this checkout alone, so that checkouts tested at once do not write into each other's builds.
    pub(crate) fn own_cache(&self, what: &str) -> Result<PathBuf, Failure> {
        let folder = self.cache.join(what).join(key(&self.root));
        fs::create_dir_all(&folder).at("making", &folder)?;
        Ok(folder)
    }
}

fn library_name() -> &'static str {
    if cfg!(target_os = "macos") { "libnightjar_ffi.dylib" } else { "libnightjar_ffi.so" }
}

fn cache_folder(variable: impl Fn(&str) -> Option<PathBuf>) -> Result<PathBuf, Failure> {
    let set = |name| variable(name).filter(|path| path.is_absolute());
    set("NIGHTJAR_CACHE")
        .or_else(|| set("XDG_CACHE_HOME").map(|folder| folder.join("nightjar")))
        .or_else(|| set("HOME").map(|folder| folder.join(".cache/nightjar")))
        .ok_or_else(|| Failure::Needs("set NIGHTJAR_CACHE or HOME to an absolute path".to_owned()))
}

/// A folder name for a path: its last part, for people, and a hash (FNV-1a, 64 bits) that keeps paths apart.
fn key(path: &Path) -> String {
    let bytes = path.as_os_str().as_encoded_bytes();
    let hash = bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
    format!("{name}-{hash:016x}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Option<PathBuf> {
        cache_folder(|name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| PathBuf::from(value))
        })
        .ok()
    }

    #[test]
    fn the_cache_folder_is_the_most_specific_one_that_is_set() {
        let home = ("HOME", "/somebody");
        assert_eq!(with(&[home]), Some("/somebody/.cache/nightjar".into()));
        assert_eq!(with(&[home, ("XDG_CACHE_HOME", "/x")]), Some("/x/nightjar".into()));
        let all = [home, ("XDG_CACHE_HOME", "/x"), ("NIGHTJAR_CACHE", "/n")];
        assert_eq!(with(&all), Some("/n".into()));
        assert_eq!(with(&[]), None);
    }

    #[test]
    fn a_relative_cache_folder_is_not_used() {
        assert_eq!(
            with(&[("HOME", "/somebody"), ("NIGHTJAR_CACHE", "here")]),
            Some("/somebody/.cache/nightjar".into())
        );
    }

    #[test]
    fn checkouts_of_the_same_name_have_different_keys() {
        assert_ne!(key(Path::new("/a/main")), key(Path::new("/b/main")));
        assert!(key(Path::new("/a/main")).starts_with("main-"));
    }
}
