//! Features that let a test see or break what the product must not: no part of the product asks for them, so that no build of it
//! alone has them.

use super::Problem;
use super::workspace::Member;

/// Bodies left unsealed, safeguards that can be switched off, writes that fail.
const FEATURES: [&str; 3] = ["unsealed", "blind", "faults"];

pub(super) fn check(members: &[Member]) -> Vec<Problem> {
    members.iter().filter(|member| !member.folder.starts_with("tests/")).flat_map(of_member).collect()
}

fn of_member(member: &Member) -> Vec<Problem> {
    let place = format!("{}/Cargo.toml", member.folder);
    let asked = member.dependencies.iter().flat_map(|dependency| {
        let named = dependency.features.iter().filter(|feature| FEATURES.contains(&feature.as_str()));
        named.map(|feature| format!("asks {} for its feature `{feature}`", dependency.name))
    });
    // A feature passes on the one of the same name, and no other does.
    let passed_on = member.features.iter().flat_map(|(name, switches)| {
        let last = |switch: &String| switch.rsplit(['/', ':', '?']).next().unwrap_or_default().to_owned();
        let wrong = switches
            .iter()
            .map(last)
            .filter(move |switch| FEATURES.contains(&switch.as_str()) && switch != name);
        wrong.map(move |switch| format!("switches `{switch}` on by its feature `{name}`"))
    });
    let problem = |what| Problem::error(&place, what, "only what is in tests/ may, see core/docs/adr/0026");
    asked.chain(passed_on).map(problem).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::workspace::Dependency;
    use super::*;

    fn member(folder: &str, asked: &[&str], features: &[(&str, &[&str])]) -> Member {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        Member {
            name: "nightjar".into(),
            folder: folder.into(),
            dependencies: vec![Dependency {
                name: "nightjar-seal".into(),
                optional: false,
                development: false,
                default_features: false,
                features: owned(asked),
            }],
            default_features: Vec::new(),
            features: features
                .iter()
                .map(|(name, on)| ((*name).to_owned(), owned(on)))
                .collect::<BTreeMap<_, _>>(),
        }
    }

    #[test]
    fn no_part_of_the_product_asks_for_a_feature_that_is_for_tests() {
        let problems = |asked: &[&str], features: &[(&str, &[&str])]| {
            check(&[member("core/nightjar", asked, features)]).len()
        };
        assert_eq!(
            problems(&["http"], &[("blind", &["nightjar-seal/blind"]), ("default", &["evaluate"])]),
            0
        );
        assert_eq!(problems(&["blind"], &[]), 1);
        assert_eq!(problems(&[], &[("default", &["blind"])]), 1);
        assert_eq!(
            problems(&[], &[("full", &["nightjar-seal/blind"]), ("more", &["nightjar-vault?/faults"])]),
            2
        );
        assert_eq!(check(&[member("tests/simulation", &["blind"], &[])]).len(), 0);
    }
}
