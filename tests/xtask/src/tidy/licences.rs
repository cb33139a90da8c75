//! Licences of everything that is linked: permissive, or MPL-2.0 whose duties end at its own files.

use spdx::{Expression, LicenseReq, ParseMode};

use super::Problem;
use super::workspace::Licensed;

/// What may be used. In `A OR B` one of them is enough, in `A AND B` both are needed.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "BlueOak-1.0.0",
    "BSD-1-Clause",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
];

/// Single packages under another licence, and why they may be used.
const LOOKED_AT: [(&str, &str, &str); 2] = [
    (
        "sqlcipher-src",
        "MIT AND BSD-3-Clause AND blessing AND WTFPL",
        "SQLite is in the public domain with a blessing; WTFPL is LibTomCrypt's waiver; neither asks for anything",
    ),
    ("webpki-root-certs", "CDLA-Permissive-2.0", "a permissive licence for data: root certificates"),
];

const REMEDY: &str = "use another library, or look at it and add it to this rule with the reason";

pub(super) fn check(packages: &[Licensed]) -> Vec<Problem> {
    packages.iter().filter_map(of_package).collect()
}

fn of_package(package: &Licensed) -> Option<Problem> {
    let place = format!("dependency {}", package.package);
    let Some(licence) = &package.licence else {
        return Some(Problem::error(place, "names no licence", REMEDY));
    };
    let name = package.package.split(' ').next().unwrap_or_default();
    if LOOKED_AT.iter().any(|(of, looked_at, _)| *of == name && looked_at == licence) {
        return None;
    }
    // Lax: old manifests write `MIT/Apache-2.0`.
    match Expression::parse_mode(licence, ParseMode::LAX) {
        Err(_) => {
            Some(Problem::error(place, format!("its licence `{licence}` is not an SPDX expression"), REMEDY))
        }
        Ok(expression) if expression.evaluate(is_allowed) => None,
        Ok(_) => Some(Problem::error(place, format!("its licence `{licence}` is not on the list"), REMEDY)),
    }
}

/// An exception (`WITH …`) only ever permits more.
fn is_allowed(requirement: &LicenseReq) -> bool {
    requirement.license.id().is_some_and(|id| ALLOWED.contains(&id.name))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(package: &str, licence: Option<&str>) -> bool {
        check(&[Licensed { package: format!("{package} 1.0.0"), licence: licence.map(str::to_owned) }])
            .is_empty()
    }

    #[test]
    fn one_side_of_or_is_enough_and_both_of_and_are_needed() {
        assert!(holds("a", Some("GPL-3.0-only OR MIT")));
        assert!(holds("a", Some("Unlicense OR MIT")));
        assert!(holds("a", Some("(MIT OR Apache-2.0) AND Unicode-3.0")));
        assert!(!holds("a", Some("MIT AND GPL-3.0-only")));
        assert!(!holds("a", Some("GPL-3.0-only")));
        assert!(!holds("a", Some("Unlicense")));
    }

    #[test]
    fn the_old_way_of_writing_or_and_exceptions_are_read() {
        assert!(holds("a", Some("MIT/Apache-2.0")));
        assert!(holds("a", Some("Apache-2.0 WITH LLVM-exception")));
    }

    #[test]
    fn no_licence_or_an_unreadable_one_is_a_problem() {
        assert!(!holds("a", None));
        assert!(!holds("a", Some("ask me")));
    }

    #[test]
    fn a_package_that_was_looked_at_is_allowed_under_that_licence_only() {
        assert!(holds("webpki-root-certs", Some("CDLA-Permissive-2.0")));
        assert!(!holds("webpki-root-certs", Some("GPL-2.0-only")));
        assert!(!holds("another", Some("CDLA-Permissive-2.0")));
    }
}
