//! Where two submissions differ.

use std::collections::BTreeSet;

use crate::submission::Submission;

/// A node that is not the same on both sides; `None` where a side does not have it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// With positions on repeat instances.
    pub path: String,
    /// What stands in our submission.
    pub ours: Option<String>,
    /// What stands in the peer's.
    pub theirs: Option<String>,
}

/// All differences, by path.
#[must_use]
pub fn between(ours: &Submission, theirs: &Submission) -> Vec<Difference> {
    let paths: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
    let pairs = paths.into_iter().map(|path| (path, ours.get(path), theirs.get(path)));
    pairs
        .filter(|(_, ours, theirs)| ours != theirs)
        .map(|(path, ours, theirs)| Difference {
            path: path.clone(),
            ours: ours.cloned(),
            theirs: theirs.cloned(),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_one_side_lacks_is_a_difference() {
        let table = |rows: &[(&str, &str)]| {
            rows.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect::<Submission>()
        };
        let differences = between(&table(&[("/a", "1"), ("/b", "2")]), &table(&[("/b", "3"), ("/c", "")]));
        let texts: Vec<_> = differences
            .iter()
            .map(|one| (one.path.as_str(), one.ours.as_deref(), one.theirs.as_deref()))
            .collect();
        assert_eq!(texts, [("/a", Some("1"), None), ("/b", Some("2"), Some("3")), ("/c", None, Some(""))]);
    }
}
