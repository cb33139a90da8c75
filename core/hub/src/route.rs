//! Paths of the protocol, parsed once.

use nightjar_seal::{ScopeTag, StudyTag};
use nightjar_sync::wire::{FOUND_PATH, Reason};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Found,
    Roster(StudyTag),
    Pass(StudyTag),
    Clock(StudyTag),
    Publish(StudyTag),
    Published(StudyTag),
    Greet(StudyTag),
    Push(StudyTag, ScopeTag),
    Pull(StudyTag, ScopeTag),
    Ranges(StudyTag, ScopeTag),
    Applied(StudyTag, ScopeTag),
    Recall(StudyTag, ScopeTag),
    Confirm(StudyTag, ScopeTag),
    Confirmed(StudyTag, ScopeTag),
    Chunk(StudyTag, ScopeTag),
    Chunks(StudyTag, ScopeTag),
}

impl Route {
    /// What is asked for, for counters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Roster(_) => "roster",
            Self::Pass(_) => "pass",
            Self::Clock(_) => "clock",
            Self::Publish(_) => "publish",
            Self::Published(_) => "published",
            Self::Greet(_) => "greet",
            Self::Push(..) => "push",
            Self::Pull(..) => "pull",
            Self::Ranges(..) => "ranges",
            Self::Applied(..) => "applied",
            Self::Recall(..) => "recall",
            Self::Confirm(..) => "confirm",
            Self::Confirmed(..) => "confirmed",
            Self::Chunk(..) => "chunk",
            Self::Chunks(..) => "chunks",
        }
    }

    /// Reads a path. Only the one way the protocol writes it counts, since the path is signed.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix(FOUND_PATH)?.split('/').skip(1);
        let Some(study) = parts.next() else {
            return (path == FOUND_PATH).then_some(Self::Found);
        };
        let (study, next): (StudyTag, _) = (tag(study)?, parts.next()?);
        let route = match next {
            "scopes" => {
                let (scope, last) = (tag(parts.next()?)?, parts.next()?);
                OF_A_SCOPE.iter().find(|(name, _)| *name == last)?.1(study, scope)
            }
            _ => OF_A_STUDY.iter().find(|(name, _)| *name == next)?.1(study),
        };
        parts.next().is_none().then_some(route)
    }

    /// What this may be refused for, beside what concerns its bytes alone: `core/hub/openapi.yaml` says the same, and every answer is held
    /// against it wherever the hub is tested.
    pub(crate) fn may_refuse_for(self, reason: Reason) -> bool {
        // On the way to any answer.
        if matches!(
            reason,
            Reason::NoSuchPath
                | Reason::Malformed
                | Reason::TooLarge
                | Reason::TimedOut
                | Reason::Busy
                | Reason::StorageBroken
                | Reason::StorageFull
        ) {
            return true;
        }
        match self {
            Self::Found => matches!(reason, Reason::WrongSetupCode | Reason::Forged),
            Self::Roster(_) => matches!(
                reason,
                Reason::UnknownStudy
                    | Reason::NotGranted
                    | Reason::PlaceTaken
                    | Reason::ChainGap
                    | Reason::Forged
            ),
            Self::Pass(_) => matches!(
                reason,
                Reason::UnknownStudy
                    | Reason::Denied
                    | Reason::Expired
                    | Reason::Forged
                    | Reason::QuotaReached
            ),
            // The rest is asked by devices of a study.
            _ if matches!(
                reason,
                Reason::UnknownStudy
                    | Reason::UnknownDevice
                    | Reason::BadSignature
                    | Reason::StaleTime
                    | Reason::Replayed
            ) =>
            {
                true
            }
            Self::Greet(_)
            | Self::Published(_)
            | Self::Recall(..)
            | Self::Confirmed(..)
            | Self::Chunk(..) => false,
            Self::Publish(_) => {
                matches!(reason, Reason::NotGranted | Reason::Forged | Reason::QuotaReached)
            }
            Self::Chunks(..) => reason == Reason::NotGranted,
            Self::Confirm(..) => reason == Reason::Forged,
            Self::Clock(_) => reason == Reason::ChainGap,
            Self::Push(..) => matches!(
                reason,
                Reason::ChainGap
                    | Reason::ChainForked
                    | Reason::Forged
                    | Reason::TooManyLines
                    | Reason::QuotaReached
            ),
            Self::Pull(..) | Self::Ranges(..) => {
                matches!(reason, Reason::NotGranted | Reason::CursorUnknown)
            }
            Self::Applied(..) => matches!(reason, Reason::NotGranted | Reason::Forged),
        }
    }
}

type OfAStudy = (&'static str, fn(StudyTag) -> Route);
type OfAScope = (&'static str, fn(StudyTag, ScopeTag) -> Route);

/// What may stand behind a study, and behind a scope of it.
const OF_A_STUDY: [OfAStudy; 6] = [
    ("roster", Route::Roster),
    ("pass", Route::Pass),
    ("clock", Route::Clock),
    ("publish", Route::Publish),
    ("published", Route::Published),
    ("greet", Route::Greet),
];
const OF_A_SCOPE: [OfAScope; 9] = [
    ("push", Route::Push),
    ("pull", Route::Pull),
    ("ranges", Route::Ranges),
    ("applied", Route::Applied),
    ("recall", Route::Recall),
    ("confirm", Route::Confirm),
    ("confirmed", Route::Confirmed),
    ("chunk", Route::Chunk),
    ("chunks", Route::Chunks),
];

fn tag<T: std::str::FromStr + std::fmt::Display>(text: &str) -> Option<T> {
    text.parse().ok().filter(|tag: &T| tag.to_string() == text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use nightjar_sync::wire;

    #[test]
    fn only_the_paths_of_the_protocol_are_known() {
        let (study, scope) = (StudyTag([0xab; 16]), ScopeTag([0xcd; 16]));
        for (path, route) in [
            (wire::FOUND_PATH.to_owned(), Route::Found),
            (wire::roster_path(study), Route::Roster(study)),
            (wire::pass_path(study), Route::Pass(study)),
            (wire::clock_path(study), Route::Clock(study)),
            (wire::publish_path(study), Route::Publish(study)),
            (wire::published_path(study), Route::Published(study)),
            (wire::greet_path(study), Route::Greet(study)),
            (wire::push_path(study, scope), Route::Push(study, scope)),
            (wire::pull_path(study, scope), Route::Pull(study, scope)),
            (wire::ranges_path(study, scope), Route::Ranges(study, scope)),
            (wire::applied_path(study, scope), Route::Applied(study, scope)),
            (wire::recall_path(study, scope), Route::Recall(study, scope)),
            (wire::confirm_path(study, scope), Route::Confirm(study, scope)),
            (wire::confirmed_path(study, scope), Route::Confirmed(study, scope)),
            (wire::chunk_path(study, scope), Route::Chunk(study, scope)),
            (wire::chunks_path(study, scope), Route::Chunks(study, scope)),
        ] {
            assert_eq!(Route::parse(&path), Some(route), "{path}");
            for other in [format!("{path}/"), format!("{path}/x"), path.to_uppercase(), format!("/{path}")] {
                assert_eq!(Route::parse(&other), None, "{other}");
            }
        }
        for path in
            ["", "/", "/v1", "/v1/studies/", "/v1/studiesx", "/v1/studies/00/greet", "/v1/studies/../greet"]
        {
            assert_eq!(Route::parse(path), None, "{path}");
        }
    }

    #[test]
    fn the_document_names_every_route_and_what_each_may_be_refused_for() {
        let document: serde_json::Value = yaml_serde::from_str(crate::OPENAPI).expect("it is YAML");
        let (study, scope) = (StudyTag([0xab; 16]), ScopeTag([0xcd; 16]));
        let mut routes = vec![(FOUND_PATH.to_owned(), Some(Route::Found))];
        routes.extend(
            OF_A_STUDY
                .iter()
                .map(|(name, route)| (format!("{FOUND_PATH}/{{study}}/{name}"), Some(route(study)))),
        );
        routes.extend(OF_A_SCOPE.iter().map(|(name, route)| {
            (format!("{FOUND_PATH}/{{study}}/scopes/{{scope}}/{name}"), Some(route(study, scope)))
        }));
        routes.extend(crate::router::PLAIN.map(|path| (path.to_owned(), None)));
        let paths = document["paths"].as_object().expect("paths");
        let mut documented: Vec<_> = paths.keys().cloned().collect();
        let mut served: Vec<_> = routes.iter().map(|(path, _)| path.clone()).collect();
        documented.sort();
        served.sort();
        assert_eq!(documented, served);

        let statuses = &document["components"]["schemas"]["Reason"]["x-statuses"];
        let mut listed =
            document["components"]["schemas"]["Reason"]["enum"].as_array().expect("codes").clone();
        for reason in Reason::ALL {
            assert_eq!(statuses[reason.code()], reason.status(), "{reason:?}");
            assert!(
                routes.iter().any(|(_, route)| route.is_some_and(|route| route.may_refuse_for(*reason))),
                "{reason:?}"
            );
            listed.retain(|code| code != reason.code());
        }
        assert!(listed.is_empty(), "the hub knows no {listed:?}");
        assert_eq!(statuses.as_object().map(serde_json::Map::len), Some(Reason::ALL.len()));

        for (path, route) in routes {
            let method = if route.is_some() { "post" } else { "get" };
            let methods = paths[&path].as_object().expect("methods");
            let asked: Vec<_> =
                methods.keys().filter(|key| !["parameters", "servers"].contains(&key.as_str())).collect();
            assert_eq!(asked, [method], "{path}");
            let Some(route) = route else { continue };
            let operation = &methods[method];
            assert_eq!(operation["operationId"], route.name());
            let signed = !matches!(route, Route::Found | Route::Roster(_) | Route::Pass(_));
            assert_eq!(operation["x-signed"] == true, signed, "{path}");
            let may: Vec<_> = Reason::ALL.iter().filter(|reason| route.may_refuse_for(**reason)).collect();
            let mut said: Vec<_> = operation["x-reasons"].as_array().expect("reasons").clone();
            let mut codes: Vec<_> = may.iter().map(|reason| serde_json::Value::from(reason.code())).collect();
            let by_text = |a: &serde_json::Value, b: &serde_json::Value| a.as_str().cmp(&b.as_str());
            said.sort_by(by_text);
            codes.sort_by(by_text);
            assert_eq!(said, codes, "{path}");
            let mut wanted: Vec<_> = may.iter().map(|reason| reason.status().to_string()).collect();
            wanted.push("200".to_owned());
            wanted.sort();
            wanted.dedup();
            let mut answers: Vec<_> =
                operation["responses"].as_object().expect("answers").keys().cloned().collect();
            answers.sort();
            assert_eq!(answers, wanted, "{path}");
        }
    }
}
