//! A source file holds one idea: over 400 lines look for the second one, over 600 there is one.

use super::Problem;
use super::tracked::Tracked;

const LOOK: usize = 400;
const SPLIT: usize = 600;
const SOURCES: [&str; 4] = [".rs", ".kt", ".swift", ".py"];
const REMEDY: &str = "move the second idea into a file named after it";

pub(super) fn check(files: &[Tracked]) -> Vec<Problem> {
    let sources = files.iter().filter(|file| SOURCES.iter().any(|end| file.path.ends_with(end)));
    sources.filter_map(of_file).collect()
}

fn of_file(file: &Tracked) -> Option<Problem> {
    let lines = file.text.as_deref().unwrap_or_default().lines().count();
    let what = format!("has {lines} lines");
    if lines > SPLIT {
        Some(Problem::error(&file.path, what, REMEDY))
    } else {
        (lines > LOOK).then(|| Problem::warning(&file.path, what, REMEDY))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tidy::Severity;

    fn severity(path: &str, lines: usize) -> Option<Severity> {
        check(&[Tracked::text(path, "x\n".repeat(lines))]).first().map(|problem| problem.severity)
    }

    #[test]
    fn long_sources_warn_and_longer_ones_fail() {
        assert_eq!(severity("core/a.rs", LOOK), None);
        assert_eq!(severity("core/a.rs", LOOK + 1), Some(Severity::Warning));
        assert_eq!(severity("bindings/kotlin/A.kt", SPLIT), Some(Severity::Warning));
        assert_eq!(severity("bindings/swift/A.swift", SPLIT + 1), Some(Severity::Error));
    }

    #[test]
    fn other_files_may_be_long() {
        assert_eq!(severity("Cargo.lock", 10_000), None);
    }
}
