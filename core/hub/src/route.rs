//! Paths of the protocol, parsed once.

use nightjar_seal::{ScopeTag, StudyTag};

/// What a request is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Route {
    Found,
    Roster(StudyTag),
    Greet(StudyTag),
    Push(StudyTag, ScopeTag),
    Pull(StudyTag, ScopeTag),
    Applied(StudyTag, ScopeTag),
    Recall(StudyTag, ScopeTag),
}

impl Route {
    /// What is asked for, for counters.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Found => "found",
            Self::Roster(_) => "roster",
            Self::Greet(_) => "greet",
            Self::Push(..) => "push",
            Self::Pull(..) => "pull",
            Self::Applied(..) => "applied",
            Self::Recall(..) => "recall",
        }
    }

    /// Reads a path. Only the one way the protocol writes it counts, since the path is signed.
    pub(crate) fn parse(path: &str) -> Option<Self> {
        let mut parts = path.strip_prefix("/v1/studies")?.split('/').skip(1);
        let Some(study) = parts.next() else {
            return (path == nightjar_sync::wire::FOUND_PATH).then_some(Self::Found);
        };
        let study: StudyTag = tag(study)?;
        let route = match parts.next()? {
            "roster" => Self::Roster(study),
            "greet" => Self::Greet(study),
            "scopes" => {
                let scope: ScopeTag = tag(parts.next()?)?;
                match parts.next()? {
                    "push" => Self::Push(study, scope),
                    "pull" => Self::Pull(study, scope),
                    "applied" => Self::Applied(study, scope),
                    "recall" => Self::Recall(study, scope),
                    _ => return None,
                }
            }
            _ => return None,
        };
        parts.next().is_none().then_some(route)
    }
}

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
            (wire::greet_path(study), Route::Greet(study)),
            (wire::push_path(study, scope), Route::Push(study, scope)),
            (wire::pull_path(study, scope), Route::Pull(study, scope)),
            (wire::applied_path(study, scope), Route::Applied(study, scope)),
            (wire::recall_path(study, scope), Route::Recall(study, scope)),
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
}
