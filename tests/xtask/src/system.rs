//! The programs that the suites need from the system, and installing them where that was asked for.

use std::process::Command;

use crate::checkout::Checkout;
use crate::debian;
use crate::failure::Failure;
use crate::process;

/// A program or library that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Missing {
    /// What it is, for people.
    pub(crate) what: &'static str,
    /// The Debian packages that bring it.
    pub(crate) packages: &'static [&'static str],
}

/// git, which lists the files `tidy` looks at.
pub(crate) fn git() -> Option<Missing> {
    missing_unless(process::works("git", ["--version"]), "git", &["git"])
}

/// OpenSSL with headers, so that SQLCipher need not compile its own. Nothing fails without it.
pub(crate) fn openssl() -> Option<Missing> {
    let there = process::works("pkg-config", ["--exists", "openssl"]);
    missing_unless(there, "OpenSSL's headers and pkg-config", &["pkg-config", "libssl-dev"])
}

/// A keyring for a session, which keeps the key of a vault in one test.
pub(crate) fn keyring() -> Option<Missing> {
    let there = process::works("gnome-keyring-daemon", ["--version"])
        && process::works("dbus-run-session", ["--version"]);
    missing_unless(there, "a keyring and a session bus", &["gnome-keyring", "dbus-daemon"])
}

/// PostgreSQL's server, behind which hubs are tried.
pub(crate) fn postgres() -> Option<Missing> {
    let versions = std::path::Path::new("/usr/lib/postgresql").read_dir();
    let there = versions.is_ok_and(|mut versions| {
        versions.any(|version| version.is_ok_and(|version| version.path().join("bin/initdb").is_file()))
    });
    missing_unless(there, "PostgreSQL", &["postgresql"])
}

/// Python that can make virtual environments.
pub(crate) fn python() -> Option<Missing> {
    let there = process::works("python3", ["-c", "import venv, ensurepip"]);
    missing_unless(there, "Python 3 with venv", &["python3", "python3-venv"])
}

/// A Java development kit.
pub(crate) fn java() -> Option<Missing> {
    missing_unless(process::works("javac", ["-version"]), "a Java development kit", &["default-jdk-headless"])
}

/// A C++ compiler, which builds libFuzzer.
pub(crate) fn compiler() -> Option<Missing> {
    missing_unless(process::works("c++", ["--version"]), "a C++ compiler", &["g++"])
}

/// Node with npm.
pub(crate) fn node() -> Option<Missing> {
    let there = process::works("node", ["--version"]) && process::works("npm", ["--version"]);
    missing_unless(there, "Node with npm", &["nodejs", "npm"])
}

/// How Chromium is called.
pub(crate) const CHROMIUM: &str = "/usr/bin/chromium";

/// Chromium, which shows the ward screen.
pub(crate) fn chromium() -> Option<Missing> {
    missing_unless(process::works(CHROMIUM, ["--version"]), "Chromium", &["chromium"])
}

/// What brings up the loopback of a network that has no other route.
pub(crate) fn ip() -> Option<Missing> {
    missing_unless(process::works("ip", ["-V"]), "iproute2", &["iproute2"])
}

/// Maven.
pub(crate) fn maven() -> Option<Missing> {
    missing_unless(process::works("mvn", ["--version"]), "Maven", &["maven"])
}

/// What makes a Swift root on Debian.
pub(crate) fn debootstrap() -> Option<Missing> {
    missing_unless(process::works("debootstrap", ["--version"]), "debootstrap", &["debootstrap"])
}

/// Swift itself.
pub(crate) fn has_swift() -> bool {
    process::works("swift", ["--version"])
}

/// Whether this runs as root.
pub(crate) fn is_root() -> bool {
    process::answer(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn missing_unless(there: bool, what: &'static str, packages: &'static [&'static str]) -> Option<Missing> {
    (!there).then_some(Missing { what, packages })
}

/// Why a suite is skipped, and what would enable it.
pub(crate) fn explain(missing: &[Missing]) -> String {
    let whats: Vec<_> = missing.iter().map(|one| one.what).collect();
    let packages: Vec<_> = missing.iter().flat_map(|one| one.packages).copied().collect();
    format!(
        "{} not found; install it (Debian: apt-get install {}), or run with --install as root on Debian",
        whats.join(" and "),
        packages.join(" ")
    )
}

/// Installs what is missing: as root on Debian. Elsewhere says what a person has to install.
pub(crate) fn install(checkout: &Checkout, missing: &[Missing]) -> Result<(), Failure> {
    if missing.is_empty() {
        return Ok(());
    }
    let packages: Vec<_> = missing.iter().flat_map(|one| one.packages).copied().collect();
    if debian::host().is_none() || !is_root() {
        let list: String = missing
            .iter()
            .map(|one| format!("\n  {} (Debian: {})", one.what, one.packages.join(" ")))
            .collect();
        return Err(Failure::Needs(format!("--install needs root on Debian. Install these yourself:{list}")));
    }
    println!("==> installing {}", packages.join(" "));
    process::run_well("apt-get update", &mut apt_get(&["update"]), &checkout.log("apt-update")?)?;
    let mut install = apt_get(&["install", "--yes", "--no-install-recommends"]);
    process::run_well("apt-get install", install.args(packages), &checkout.log("apt-install")?)?;
    Ok(())
}

fn apt_get(arguments: &[&str]) -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").args(["-o", "DPkg::Lock::Timeout=300"]).args(arguments);
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_skip_says_why_and_what_would_enable_it() {
        let missing = [
            Missing { what: "Maven", packages: &["maven"] },
            Missing { what: "a Java development kit", packages: &["default-jdk-headless"] },
        ];
        let text = explain(&missing);
        assert!(text.contains("Maven and a Java development kit not found"), "{text}");
        assert!(text.contains("apt-get install maven default-jdk-headless"), "{text}");
    }
}
