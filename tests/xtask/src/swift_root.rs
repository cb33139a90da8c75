//! Where Swift runs: on the host, or in a Debian 13 root in the cache folder (Debian 12 packages no Swift).
//!
//! Everything that mounts does so in a mount namespace of its own (`unshare`), so nothing stays mounted however it ends.

use std::ffi::OsString;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::checkout::Checkout;
use crate::debian;
use crate::failure::{At, Failure};
use crate::{process, system};

/// A place where `swift` can be called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SwiftHost {
    /// `swift` is on PATH.
    Path,
    /// `swift` is in the Debian root of this folder.
    Root(PathBuf),
}

/// The folder name counts up when what is installed below changes.
const ROOT: &str = "swift-trixie-1";
const RELEASE: &str = "trixie";
/// The folders of a checkout as the root sees them.
pub(crate) const INSIDE: &str = "/nightjar";

/// Makes the root: `$1` is the release, `$2` the folder, `$3` the mirror.
const MAKE: &str = r#"
debootstrap --variant=minbase --include=ca-certificates "$1" "$2" "$3"
mount -t proc proc "$2/proc"
chroot "$2" apt-get install -y --no-install-recommends \
    swiftlang libswiftlang swiftlang-dev libc6-dev gcc libstdc++-14-dev
chroot "$2" apt-get clean
mkdir -p "$2/nightjar/checkout" "$2/nightjar/package" "$2/nightjar/build" "$2/nightjar/program"
chroot "$2" swift --version
umount "$2/proc"
"#;

/// Runs in the root: `$1` is the root, then the checkout, the package, the build folder, the folder of the program,
/// and the command.
const ENTER: &str = r#"
root=$1
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/tmp"
mount --bind "$2" "$root/nightjar/checkout"
mount -o remount,bind,ro "$root/nightjar/checkout"
mount --bind "$3" "$root/nightjar/package"
mount --bind "$4" "$root/nightjar/build"
mount --bind "$5" "$root/nightjar/program"
shift 5
exec chroot "$root" "$@"
"#;

/// Where Swift can run now, without installing anything; else why not, and what would enable it.
pub(crate) fn find(checkout: &Checkout) -> Result<SwiftHost, String> {
    if system::has_swift() {
        return Ok(SwiftHost::Path);
    }
    let root = checkout.cache.join(ROOT);
    let root_is_there = root.is_dir();
    if root_is_there && system::is_root() {
        return Ok(SwiftHost::Root(root));
    }
    Err(if root_is_there {
        format!(
            "the Swift root {} can only be used by root; run as root, or put swift on PATH",
            root.display()
        )
    } else {
        "swift not found; put Swift 6 on PATH, or run with --install as root on Debian, which makes a Debian 13 root \
         with Swift in the cache folder (3.3 GB)"
            .to_owned()
    })
}

/// Where Swift can run; makes the Debian root if that is what it takes.
pub(crate) fn find_or_make(checkout: &Checkout) -> Result<SwiftHost, Failure> {
    let Err(reason) = find(checkout) else { return find(checkout).map_err(Failure::Needs) };
    let Some(host) = debian::host().filter(|_| system::is_root()) else { return Err(Failure::Needs(reason)) };
    let mirror = host.mirror().ok_or_else(|| {
        Failure::Needs(
            "this host's package sources name no HTTP mirror to make the Swift root from".to_owned(),
        )
    })?;
    fs::create_dir_all(&checkout.cache).at("making", &checkout.cache)?;
    // One at a time: another checkout may be making it just now.
    let lock_path = checkout.cache.join(format!("{ROOT}.lock"));
    let lock = File::create(&lock_path).at("writing", &lock_path)?;
    lock.lock().at("locking", &lock_path)?;
    let root = checkout.cache.join(ROOT);
    if !root.is_dir() {
        make(checkout, &mirror, &root)?;
    }
    Ok(SwiftHost::Root(root))
}

/// Builds under another name and renames at the end, so that a root under the right name is complete.
fn make(checkout: &Checkout, mirror: &str, root: &Path) -> Result<(), Failure> {
    let partial = checkout.cache.join(format!("{ROOT}.partial"));
    if partial.exists() {
        println!("    removing a Swift root that was not finished");
        let mut remove = Command::new("rm");
        remove.args(["-rf", "--one-file-system"]).arg(&partial);
        process::run_well(
            "removing the unfinished Swift root",
            &mut remove,
            &checkout.log("swift-root-remove")?,
        )?;
    }
    let mut command = in_namespace(MAKE, &[RELEASE.into(), partial.clone().into(), mirror.into()]);
    command.env("DEBIAN_FRONTEND", "noninteractive");
    process::run_well("making the Swift root", &mut command, &checkout.log("swift-root")?)?;
    fs::rename(&partial, root).at("naming", root)
}

/// What the root shows of the host under `INSIDE`.
#[derive(Debug)]
pub(crate) struct Shown<'a> {
    /// `checkout`, read-only.
    pub(crate) checkout: &'a Path,
    /// `package`.
    pub(crate) package: &'a Path,
    /// `build`.
    pub(crate) build: &'a Path,
    /// `program`: the folder of the built `nightjar`.
    pub(crate) program: &'a Path,
}

/// A command inside the root, with only the variables given.
pub(crate) fn enter(
    root: &Path,
    shown: &Shown<'_>,
    variables: &[(String, String)],
    words: &[String],
) -> Command {
    let folders = [root, shown.checkout, shown.package, shown.build, shown.program];
    let mut arguments: Vec<OsString> = folders.iter().map(|folder| folder.as_os_str().to_owned()).collect();
    arguments.extend(["env", "-i", "LANG=C.UTF-8", "PATH=/usr/bin:/bin"].map(OsString::from));
    arguments.push(format!("HOME={INSIDE}/build").into());
    arguments.extend(variables.iter().map(|(name, value)| format!("{name}={value}").into()));
    arguments.extend(words.iter().map(OsString::from));
    in_namespace(ENTER, &arguments)
}

/// A shell script whose mounts and processes end with it, and which ends with this program, even if that is killed.
fn in_namespace(script: &str, arguments: &[OsString]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--pdeathsig", "KILL", "unshare", "--mount", "--pid", "--fork", "--kill-child"]);
    command.args(["sh", "-euc", script, "sh"]).args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checkout(cache: &Path) -> Checkout {
        Checkout {
            root: "/checkout".into(),
            target: "/checkout/target".into(),
            cache: cache.to_owned(),
            incremental: true,
        }
    }

    #[test]
    fn without_swift_it_is_said_what_would_enable_it() {
        let cache = tempfile::tempdir().unwrap();
        match find(&checkout(cache.path())) {
            Ok(host) => assert_eq!(host, SwiftHost::Path),
            Err(reason) => assert!(reason.contains("--install"), "{reason}"),
        }
    }

    #[test]
    fn an_unfinished_root_is_not_taken_for_a_root() {
        let cache = tempfile::tempdir().unwrap();
        fs::create_dir(cache.path().join(format!("{ROOT}.partial"))).unwrap();
        assert!(!matches!(find(&checkout(cache.path())), Ok(SwiftHost::Root(_))));
    }
}
