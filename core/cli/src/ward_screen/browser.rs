//! A browser of this device with the ward screen in it, full screen, that keeps nothing.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::trouble::Trouble;

/// What a browser is told, so that it shows one page and speaks to nobody else.
const TOLD: [&str; 11] = [
    "--kiosk",
    "--incognito",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-sync",
    "--disable-translate",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-pinch",
    "--overscroll-history-navigation=0",
    "--disable-features=Translate,AutofillServerCommunication,MediaRouter",
];

/// A browser that is closed, and forgets everything, when this is dropped.
pub(super) struct Window {
    browser: Child,
    _profile: TempDir,
}

impl Drop for Window {
    fn drop(&mut self) {
        let _ = self.browser.kill();
        let _ = self.browser.wait();
    }
}

/// Opens an address in a browser.
pub(super) fn open(program: &Path, address: &str) -> Result<Window, Trouble> {
    let profile = tempfile::tempdir()?;
    let mut folder = std::ffi::OsString::from("--user-data-dir=");
    folder.push(profile.path());
    let browser = Command::new(program)
        .args(TOLD)
        .arg(folder)
        .arg(address)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(Trouble::file(program))?;
    Ok(Window { browser, _profile: profile })
}
