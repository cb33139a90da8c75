//! Which room may depend on which, and which libraries belong to which room: the rules of `core/ARCHITECTURE.md`.

use std::collections::BTreeMap;

use super::Problem;
use super::workspace::{Dependency, Member, Workspace};

/// Product crate → the product crates it may name.
const ALLOWED: [(&str, &[&str]); 11] = [
    ("nightjar-form", &[]),
    ("nightjar-seal", &[]),
    ("nightjar-record", &["nightjar-form"]),
    ("nightjar-vault", &["nightjar-form", "nightjar-record", "nightjar-seal"]),
    ("nightjar-sync", &["nightjar-seal"]),
    ("nightjar-hub", &["nightjar-seal", "nightjar-sync"]),
    ("nightjar-evaluate", &["nightjar-form", "nightjar-record"]),
    (
        "nightjar",
        &[
            "nightjar-form",
            "nightjar-record",
            "nightjar-seal",
            "nightjar-vault",
            "nightjar-sync",
            "nightjar-evaluate",
        ],
    ),
    ("nightjar-screen", &["nightjar", "nightjar-form"]),
    ("nightjar-ffi", &["nightjar"]),
    ("nightjar-cli", &["nightjar", "nightjar-screen", "nightjar-hub", "nightjar-form"]),
];

/// The generator: free to use anything, used by nothing.
const GENERATOR: &str = "uniffi-bindgen";

/// Libraries that product crates must not name, and why.
const FORBIDDEN: [(&str, &[&str], &str); 5] = [
    ("nightjar-form", IO, "the room is pure: it does no I/O"),
    ("nightjar-record", IO, "the room is pure: it does no I/O"),
    ("nightjar-seal", SEALED, "the room is pure and knows bytes only"),
    ("nightjar-sync", &["automerge"], "it carries bytes and knows no automerge"),
    ("nightjar-hub", &["automerge"], "it stores bytes and knows no automerge"),
];
const IO: &[&str] = &["tokio", "reqwest", "rusqlite"];
const SEALED: &[&str] = &["tokio", "reqwest", "rusqlite", "automerge"];

const TABLE: &str = "see \"Rooms\" in core/ARCHITECTURE.md";

pub(super) fn check(workspace: &Workspace) -> Vec<Problem> {
    let members: BTreeMap<&str, &Member> =
        workspace.members.iter().map(|member| (member.name.as_str(), member)).collect();
    let mut problems = Vec::new();
    for member in members.values() {
        if is_free(member) {
            continue;
        }
        match ALLOWED.iter().find(|(name, _)| *name == member.name) {
            None => problems.push(Problem::error(
                &member.folder,
                format!("{} is not a room of the architecture", member.name),
                "describe it in core/ARCHITECTURE.md and add it to this rule",
            )),
            Some((_, allowed)) => {
                let named =
                    member.dependencies.iter().filter(|dependency| members.contains_key(&*dependency.name));
                problems.extend(named.filter_map(|dependency| of_edge(member, dependency, allowed)));
            }
        }
        problems.extend(of_libraries(member));
    }
    problems
}

fn is_free(member: &Member) -> bool {
    member.folder.starts_with("tests/") || member.name == GENERATOR
}

/// An edge between two crates of ours.
fn of_edge(member: &Member, dependency: &Dependency, allowed: &[&str]) -> Option<Problem> {
    let (from, to) = (&member.name, &dependency.name);
    let place = format!("{}/Cargo.toml", member.folder);
    if !allowed.contains(&to.as_str()) {
        let what = format!("{from} must not depend on {to}");
        return Some(Problem::error(place, what, format!("move the code to a room that may, {TABLE}")));
    }
    // The hub's own tests may speak to it through the real transport.
    let with_features =
        !dependency.development && (dependency.default_features || !dependency.features.is_empty());
    (from == "nightjar-hub" && to == "nightjar-sync" && with_features).then(|| {
        let what = "the hub takes nightjar-sync without features";
        Problem::error(place, what, "set default-features = false and no features")
    })
}

/// What a member must not name among the libraries of others.
fn of_libraries(member: &Member) -> Vec<Problem> {
    let place = format!("{}/Cargo.toml", member.folder);
    let mut problems = Vec::new();
    for dependency in &member.dependencies {
        let name = dependency.name.as_str();
        if name.starts_with("uniffi") && member.name != "nightjar-ffi" {
            let what = format!("only bindings/ffi names {name}");
            problems.push(Problem::error(&place, what, "convert in bindings/ffi instead"));
        }
        let forbidden = FORBIDDEN.iter().find(|(of, names, _)| *of == member.name && names.contains(&name));
        if let Some((_, _, why)) = forbidden {
            let what = format!("{} must not name {name}: {why}", member.name);
            problems.push(Problem::error(
                &place,
                what,
                format!("pass the effect in as an argument, {TABLE}"),
            ));
        }
        if member.name == "nightjar-sync" && ["reqwest", "tokio"].contains(&name) && !dependency.optional {
            let what = format!("{name} belongs to the feature `http` of nightjar-sync");
            problems.push(Problem::error(&place, what, "make it optional and switch it on by `http`"));
        }
    }
    if member.name == "nightjar-sync" && member.default_features.iter().any(|feature| feature == "http") {
        let what = "the feature `http` must not be on by default";
        problems.push(Problem::error(&place, what, "take it out of `default`"));
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dependency(name: &str) -> Dependency {
        Dependency {
            name: name.into(),
            optional: false,
            development: false,
            default_features: false,
            features: Vec::new(),
        }
    }

    fn member(name: &str, folder: &str, dependencies: &[Dependency]) -> Member {
        Member {
            name: name.into(),
            folder: folder.into(),
            dependencies: dependencies.to_vec(),
            default_features: Vec::new(),
            features: BTreeMap::new(),
        }
    }

    /// The problems of one member among all product crates.
    fn problems_of(member: Member) -> Vec<String> {
        let mut members: Vec<_> = ALLOWED
            .iter()
            .filter(|(name, _)| *name != member.name)
            .map(|(name, _)| self::member(name, &format!("core/{name}"), &[]))
            .collect();
        members.push(self::member("nightjar-test-support", "tests/support", &[]));
        members.push(member);
        let workspace = Workspace { members, ..Workspace::default() };
        check(&workspace).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_allowed_edges_are_allowed() {
        for (name, allowed) in ALLOWED {
            let named: Vec<_> = allowed.iter().map(|to| dependency(to)).collect();
            assert_eq!(problems_of(member(name, "core/x", &named)), [""; 0], "{name}");
        }
    }

    #[test]
    fn an_edge_that_is_not_in_the_table_is_found() {
        for (from, to) in [
            ("nightjar-form", "nightjar-record"),
            ("nightjar-seal", "nightjar-form"),
            ("nightjar-sync", "nightjar-vault"),
            ("nightjar-hub", "nightjar"),
            ("nightjar-evaluate", "nightjar-vault"),
            ("nightjar-ffi", "nightjar-form"),
            ("nightjar", "nightjar-hub"),
        ] {
            let problems = problems_of(member(from, "core/x", &[dependency(to)]));
            assert_eq!(problems.len(), 1, "{from} → {to}: {problems:?}");
        }
    }

    #[test]
    fn nothing_uses_what_is_in_tests() {
        let problems =
            problems_of(member("nightjar-form", "core/form", &[dependency("nightjar-test-support")]));
        assert!(problems[0].contains("must not depend on nightjar-test-support"), "{problems:?}");
    }

    #[test]
    fn tests_and_the_generator_may_use_anything() {
        let anything = [dependency("nightjar-cli"), dependency("uniffi"), dependency("tokio")];
        assert_eq!(problems_of(member("nightjar-e2e", "tests/e2e", &anything)), [""; 0]);
        assert_eq!(problems_of(member(GENERATOR, "bindings/bindgen", &anything)), [""; 0]);
    }

    #[test]
    fn a_room_nobody_described_is_found() {
        assert_eq!(problems_of(member("nightjar-helper", "core/helper", &[])).len(), 1);
    }

    #[test]
    fn the_hub_takes_sync_without_features() {
        let with = |change: fn(&mut Dependency)| {
            let mut sync = dependency("nightjar-sync");
            change(&mut sync);
            problems_of(member("nightjar-hub", "core/hub", &[sync])).len()
        };
        assert_eq!(with(|_| ()), 0);
        assert_eq!(with(|sync| sync.default_features = true), 1);
        assert_eq!(with(|sync| sync.features = vec!["http".into()]), 1);
    }

    #[test]
    fn libraries_stay_in_their_rooms() {
        for (member_name, library) in [
            ("nightjar-form", "tokio"),
            ("nightjar-record", "rusqlite"),
            ("nightjar-seal", "reqwest"),
            ("nightjar-seal", "automerge"),
            ("nightjar-sync", "automerge"),
            ("nightjar-hub", "automerge"),
            ("nightjar", "uniffi"),
            ("nightjar-sync", "reqwest"),
        ] {
            let problems = problems_of(member(member_name, "core/x", &[dependency(library)]));
            assert_eq!(problems.len(), 1, "{member_name} names {library}: {problems:?}");
        }
    }

    #[test]
    fn the_transport_of_sync_is_optional_and_off_by_default() {
        let reqwest = Dependency { optional: true, ..dependency("reqwest") };
        let mut sync = member("nightjar-sync", "core/sync", &[reqwest]);
        assert_eq!(problems_of(sync.clone()), [""; 0]);
        sync.default_features = vec!["http".into()];
        assert_eq!(problems_of(sync).len(), 1);
    }
}
