//! Whether this device is in its operating system's kiosk mode, as far as a program can tell.

/// Sessions on Linux that show one program and nothing else.
#[cfg(target_os = "linux")]
const SESSIONS: [&str; 4] = ["cage", "kiosk", "weston-kiosk", "mir-kiosk"];

/// Whether nobody leaves the screen without a password, as far as can be told: what is not sure counts as no.
#[cfg(target_os = "linux")]
pub(super) fn is_on() -> bool {
    let named = ["XDG_CURRENT_DESKTOP", "XDG_SESSION_DESKTOP", "DESKTOP_SESSION"];
    named.iter().filter_map(|name| std::env::var(name).ok()).any(|session| {
        let session = session.to_lowercase();
        SESSIONS.iter().any(|kiosk| session.contains(kiosk))
    })
}

/// Assigned access replaces the shell: the explorer does not run then.
#[cfg(windows)]
pub(super) fn is_on() -> bool {
    let tasks =
        std::process::Command::new("tasklist").args(["/FI", "IMAGENAME eq explorer.exe", "/NH"]).output();
    tasks.is_ok_and(|tasks| !String::from_utf8_lossy(&tasks.stdout).to_lowercase().contains("explorer.exe"))
}

/// A single app profile is a managed preference.
#[cfg(not(any(target_os = "linux", windows)))]
pub(super) fn is_on() -> bool {
    let profiles = std::process::Command::new("profiles").args(["list", "-all"]).output();
    profiles.is_ok_and(|profiles| String::from_utf8_lossy(&profiles.stdout).contains("com.apple.app.lock"))
}
