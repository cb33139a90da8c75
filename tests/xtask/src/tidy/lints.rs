//! Every crate takes the workspace's lints. Two may state their own, with the reason in a comment above them.

use super::Problem;
use super::workspace::Manifest;

/// UniFFI's macros and the fault-injecting file system need `unsafe`.
const OWN_LINTS: [&str; 2] = ["bindings/ffi/Cargo.toml", "tests/support/Cargo.toml"];

pub(super) fn check(manifests: &[Manifest]) -> Vec<Problem> {
    manifests.iter().filter_map(of_manifest).collect()
}

fn of_manifest(manifest: &Manifest) -> Option<Problem> {
    let table = manifest.text.parse::<toml::Table>().unwrap_or_default();
    let lints = table.get("lints");
    if lints.and_then(|lints| lints.get("workspace")).and_then(toml::Value::as_bool) == Some(true) {
        return None;
    }
    if !OWN_LINTS.contains(&manifest.path.as_str()) {
        let what = "does not take the workspace's lints";
        return Some(Problem::error(&manifest.path, what, "write [lints] workspace = true"));
    }
    if lints.is_none() {
        return Some(Problem::error(&manifest.path, "has no lints", "state its own or take the workspace's"));
    }
    (!has_reason(&manifest.text)).then(|| {
        let what = "states its own lints without a reason";
        Problem::error(&manifest.path, what, "say why in a comment above the first [lints…]")
    })
}

fn has_reason(text: &str) -> bool {
    let lines: Vec<_> = text.lines().collect();
    let first = lines.iter().position(|line| line.starts_with("[lints"));
    first.and_then(|at| lines.get(at.checked_sub(1)?)).is_some_and(|above| above.starts_with("# "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(path: &str, text: &str) -> bool {
        check(&[Manifest { path: path.into(), text: text.into() }]).is_empty()
    }

    #[test]
    fn a_crate_without_the_workspace_lints_is_found() {
        assert!(holds("core/form/Cargo.toml", "[lints]\nworkspace = true\n"));
        assert!(!holds("core/form/Cargo.toml", "[package]\nname = \"x\"\n"));
        assert!(!holds("core/form/Cargo.toml", "# why\n[lints.rust]\nmissing_docs = \"deny\"\n"));
    }

    #[test]
    fn own_lints_need_a_reason() {
        let path = "bindings/ffi/Cargo.toml";
        assert!(holds(path, "# UniFFI expands to unsafe code.\n[lints.rust]\nmissing_docs = \"deny\"\n"));
        assert!(!holds(path, "\n[lints.rust]\nmissing_docs = \"deny\"\n"));
        assert!(!holds(path, "[package]\n"));
    }
}
