//! The visible top level is exactly what the architecture says.

use std::collections::BTreeSet;

use super::Problem;
use super::tracked::Tracked;

const EXPECTED: [&str; 8] =
    ["Cargo.toml", "Cargo.lock", "README.md", "LICENSE-APACHE", "LICENSE-MIT", "core", "bindings", "tests"];

pub(super) fn check(files: &[Tracked]) -> Vec<Problem> {
    let present: BTreeSet<&str> =
        files.iter().map(|file| file.path.split('/').next().unwrap_or(&file.path)).collect();
    let surplus = present.iter().filter(|name| !name.starts_with('.') && !EXPECTED.contains(*name));
    let surplus = surplus.map(|name| {
        Problem::error(
            *name,
            "does not belong at the top level",
            "move it into core, bindings or tests, or hide it",
        )
    });
    let absent = EXPECTED.iter().filter(|name| !present.contains(*name));
    surplus.chain(absent.map(|name| Problem::error(*name, "is not there", "add it"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(extra: &[&str], without: &str) -> Vec<String> {
        let names = EXPECTED.iter().filter(|name| **name != without).chain(extra);
        let files: Vec<_> = names.map(|name| Tracked::text(name, "")).collect();
        check(&files).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn surplus_and_absent_names_are_found_and_hidden_ones_are_not() {
        assert_eq!(problems(&[".cargo/config.toml", "core/form/src/lib.rs"], ""), [""; 0]);
        assert!(problems(&["docs/a.md"], "")[0].contains("docs: does not belong"));
        assert!(problems(&[], "README.md")[0].contains("README.md: is not there"));
    }
}
