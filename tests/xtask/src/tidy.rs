//! `cargo xtask tidy`: the rules that no compiler checks. Each rule is a module that looks at data, so that its tests
//! show it a violation.

mod command_lists;
mod edges;
mod lengths;
mod licences;
mod lints;
mod test_only;
mod top_level;
mod tracked;
mod tracked_text;
mod workspace;

use std::fmt;

use crate::checkout::Checkout;
use crate::failure::Failure;

/// Something that breaks a rule: where, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    severity: Severity,
    place: String,
    what: String,
    remedy: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Severity {
    Warning,
    Error,
}

impl Problem {
    fn error(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem { severity: Severity::Error, place: place.into(), what: what.into(), remedy: remedy.into() }
    }

    fn warning(place: impl Into<String>, what: impl Into<String>, remedy: impl Into<String>) -> Problem {
        Problem { severity: Severity::Warning, ..Problem::error(place, what, remedy) }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(f, "{severity}: {}: {}; {}", self.place, self.what, self.remedy)
    }
}

/// A rule and what breaks it.
#[derive(Debug)]
pub(crate) struct Finding {
    rule: &'static str,
    problems: Vec<Problem>,
}

impl Finding {
    /// A rule with nothing but warnings holds.
    pub(crate) fn holds(&self) -> bool {
        !self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }
}

/// Checks all rules.
pub(crate) fn check(checkout: &Checkout) -> Result<Vec<Finding>, Failure> {
    let workspace = workspace::read(checkout)?;
    let tracked = tracked::read(checkout)?;
    // A program that does not build must not hide what the other rules find.
    let commands = command_lists::read(checkout).map_or_else(
        |failure| {
            vec![Problem::error("core/cli", failure.to_string(), "see `cargo build --package nightjar-cli`")]
        },
        |lists| command_lists::check(&lists),
    );
    let finding = |rule, problems| Finding { rule, problems };
    Ok(vec![
        finding("dependencies between rooms", edges::check(&workspace)),
        finding("features for tests alone", test_only::check(&workspace.members)),
        finding("licences", licences::check(&workspace.licensed)),
        finding("lints", lints::check(&workspace.manifests)),
        finding("top level", top_level::check(&tracked)),
        finding("file lengths", lengths::check(&tracked)),
        finding("hosts and machine paths", tracked_text::check(&tracked)),
        finding("command lists", commands),
    ])
}

/// One line per rule, with its problems below it.
pub(crate) fn report(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let mark = if finding.holds() { "ok" } else { "FAILED" };
        text += &format!("{:<28} {mark}\n", finding.rule);
        for problem in &finding.problems {
            text += &format!("  {problem}\n");
        }
    }
    text
}

/// `cargo xtask tidy`
pub(crate) fn run(checkout: &Checkout) -> Result<bool, Failure> {
    let findings = check(checkout)?;
    print!("{}", report(&findings));
    Ok(findings.iter().all(Finding::holds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_is_shown_and_an_error_breaks_the_rule() {
        let warned = Finding { rule: "r", problems: vec![Problem::warning("a.rs", "is long", "split it")] };
        assert!(warned.holds());
        let broken = Finding { rule: "r", problems: vec![Problem::error("a.rs", "is too long", "split it")] };
        assert!(!broken.holds());
        let text = report(&[warned, broken]);
        assert!(text.contains("warning: a.rs: is long; split it"), "{text}");
        assert!(text.contains("FAILED\n  error: a.rs: is too long; split it"), "{text}");
    }
}
