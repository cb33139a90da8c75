//! Maven Surefire: one XML report per test class.

use std::fs;
use std::path::Path;

use crate::failure::{At, Failure};
use crate::tally::Tally;

/// Adds up the reports of a folder; a folder that is not there holds none.
pub(crate) fn surefire(folder: &Path) -> Result<Tally, Failure> {
    if !folder.is_dir() {
        return Ok(Tally::default());
    }
    let mut tally = Tally::default();
    for entry in fs::read_dir(folder).at("reading", folder)? {
        let path = entry.at("reading", folder)?.path();
        let name = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        if name.starts_with("TEST-") && name.ends_with(".xml") {
            tally = tally + of_report(&fs::read_to_string(&path).at("reading", &path)?);
        }
    }
    Ok(tally)
}

fn of_report(xml: &str) -> Tally {
    let element = super::pattern(r"(?s)<testsuite\s[^>]*>");
    let Some(element) = element.find(xml) else {
        return Tally { failed: 1, ..Tally::default() };
    };
    let attribute = |name: &str| {
        super::pattern(&format!(r#"\s{name}="(?<count>\d+)""#))
            .captures(element.as_str())
            .map_or(0, |found| super::number(&found, "count"))
    };
    let failed = attribute("failures") + attribute("errors");
    let skipped = attribute("skipped");
    Tally { passed: attribute("tests").saturating_sub(failed + skipped), failed, skipped }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
        <testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" name="org.nightjar.CoreTest" time="0.4"
          tests="9" errors="1" skipped="2" failures="3">
        </testsuite>"#;

    #[test]
    fn failures_errors_and_skips_are_taken_from_the_tests() {
        assert_eq!(of_report(REPORT), Tally { passed: 3, failed: 4, skipped: 2 });
    }

    #[test]
    fn reports_of_a_folder_are_added_and_other_files_are_not_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("TEST-a.xml"), REPORT).unwrap();
        fs::write(folder.path().join("TEST-b.xml"), REPORT).unwrap();
        fs::write(folder.path().join("a.txt"), REPORT).unwrap();
        assert_eq!(surefire(folder.path()).unwrap(), Tally { passed: 6, failed: 8, skipped: 4 });
        assert_eq!(surefire(&folder.path().join("none")).unwrap(), Tally::default());
    }

    #[test]
    fn a_report_cut_short_is_a_failure() {
        assert_eq!(of_report("<?xml version").failed, 1);
    }
}
