//! The differences that are meant: each rule is named after the row of `core/form/DECISIONS.md` in which Nightjar decided
//! otherwise than JavaRosa, and is asked about one value at a time. It may look at what kind of node it is and at both
//! values; it may not look at the name of a form or the text of an expression.

use std::collections::{BTreeMap, BTreeSet};

use crate::difference::Difference;
use crate::outline::{Node, Outline, without_positions};

/// A decision that explains a difference.
pub struct Rule {
    /// What is printed.
    pub name: &'static str,
    /// Words of the row in `DECISIONS.md`.
    pub row: &'static str,
    explains: fn(&Node, &Pair<'_>) -> bool,
}

/// Both values, and what happened to them before.
struct Pair<'a> {
    ours: Option<&'a str>,
    theirs: Option<&'a str>,
    /// What stood in our submissions after earlier steps, in any instance.
    earlier: Option<&'a BTreeSet<String>>,
    /// Whether only our side refused a step about this node.
    only_theirs: bool,
}

/// What happened before a comparison.
#[derive(Debug, Clone, Copy)]
pub struct History<'a> {
    /// What stood in our submissions.
    pub earlier: &'a Earlier,
    /// What only one side refused, step by step.
    pub refused: &'a [Option<Refused>],
}

/// A step that one side refused and the other took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// What it was about.
    pub path: String,
    /// Whether ours refused it.
    pub by_us: bool,
}

/// Path without positions → what has stood there in our submissions.
pub type Earlier = BTreeMap<String, BTreeSet<String>>;

/// Every rule, the narrow ones first.
pub const RULES: [Rule; 9] = [
    Rule {
        name: "booleans_are_stored_as_words",
        row: "`booleans_are_stored_as_words`",
        explains: |node, pair| {
            let same = [("true", "1"), ("false", "0")];
            node.calculated && pair.both(|ours, theirs| same.contains(&(ours, theirs)))
        },
    },
    Rule {
        name: "choices_are_in_the_order_of_the_list",
        row: "`select_multiple` is stored in the order of the list",
        explains: |node, pair| node.many && pair.both(|ours, theirs| sorted(ours) == sorted(theirs)),
    },
    Rule {
        name: "numbers_become_text_without_exponent",
        row: "`numbers_become_text_without_exponent`",
        explains: |node, pair| {
            node.calculated && pair.same_number() && pair.both(|_, theirs| theirs.contains('E'))
        },
    },
    Rule {
        name: "a_smaller_count_loses_no_answer",
        row: "`a_smaller_count_loses_no_answer`",
        // An answer to an instance that is not there here is kept by JavaRosa, which keeps the first one.
        explains: |node, pair| {
            let nobody = pair.ours.is_none() && (pair.theirs == Some("") || node.calculated);
            node.counted && (nobody || blank(pair.ours) && pair.only_theirs)
        },
    },
    Rule {
        name: "a_choice_no_longer_offered_is_blank_and_comes_back",
        row: "`a_choice_no_longer_offered_is_blank_and_comes_back`",
        explains: |node, pair| node.filtered && (pair.one_within_the_other() || pair.only_codes_of_before()),
    },
    Rule {
        name: "choice_name_follows_the_language",
        row: "`choice_name_follows_the_language`",
        explains: |node, pair| node.names_choice && pair.stale(),
    },
    Rule {
        name: "computed_once_after_what_it_depends_on",
        row: "so each is computed once, after what it depends on",
        // JavaRosa forgets what a value depends on in another instance, and shows what was true before.
        explains: |node, pair| {
            let forgotten = node.other_instances && pair.theirs == Some("");
            node.calculated && (forgotten || pair.stale())
        },
    },
    Rule {
        name: "max_and_min_skip_what_is_no_number",
        row: "`max_and_min_skip_what_is_no_number`",
        // The largest of numbers below zero is 0 in JavaRosa, whose search begins just above it.
        explains: |node, pair| {
            node.takes_largest
                && pair.both(|ours, theirs| number(ours).is_some_and(|ours| ours < 0.0) && theirs == "0")
        },
    },
    Rule {
        name: "a_time_is_what_the_clock_shows",
        row: "Date, time and date-time are what the clock on the wall shows",
        // To expressions JavaRosa gives a time as that time today, with a date and an offset.
        explains: |node, pair| node.calculated && node.reads_time && pair.both(|_, _| true),
    },
];

impl Pair<'_> {
    fn both(&self, holds: impl Fn(&str, &str) -> bool) -> bool {
        self.ours.zip(self.theirs).is_some_and(|(ours, theirs)| holds(ours, theirs))
    }

    /// Whether one side has no code that the other has not.
    fn one_within_the_other(&self) -> bool {
        let (ours, theirs) = (sorted(self.ours.unwrap_or_default()), sorted(self.theirs.unwrap_or_default()));
        let within = |few: &[&str], many: &[&str]| few.iter().all(|code| many.contains(code));
        within(&ours, &theirs) || within(&theirs, &ours)
    }

    /// Whether the peer shows only codes that were chosen here before.
    fn only_codes_of_before(&self) -> bool {
        let before: Vec<&str> = self
            .earlier
            .iter()
            .flat_map(|texts| texts.iter())
            .flat_map(|text| text.split_whitespace())
            .collect();
        self.both(|_, theirs| sorted(theirs).iter().all(|code| before.contains(code)))
    }

    fn same_number(&self) -> bool {
        self.both(|ours, theirs| number(ours).is_some() && number(ours) == number(theirs))
    }

    /// Whether the peer shows what ours was before.
    fn stale(&self) -> bool {
        let earlier = |theirs: &str| self.earlier.is_some_and(|earlier| earlier.contains(theirs));
        self.both(|_, theirs| !theirs.is_empty() && earlier(theirs))
    }
}

fn blank(value: Option<&str>) -> bool {
    value.is_none_or(str::is_empty)
}

fn number(text: &str) -> Option<f64> {
    text.parse().ok()
}

fn sorted(codes: &str) -> Vec<&str> {
    let mut codes: Vec<_> = codes.split_whitespace().collect();
    codes.sort_unstable();
    codes
}

/// Which rule explains each difference of a form: by itself, or because the node depends on one that is explained (the
/// rule is then that one's). `None` where nothing does.
#[must_use]
pub fn explain(
    outline: &Outline,
    differences: &[Difference],
    history: &History<'_>,
) -> Vec<Option<&'static str>> {
    let mut found: Vec<Option<&'static str>> =
        differences.iter().map(|difference| by_itself(outline, difference, history)).collect();
    loop {
        let mut reasons: BTreeMap<String, &'static str> = BTreeMap::new();
        for (difference, rule) in differences.iter().zip(&found) {
            let bare = without_positions(&difference.path);
            if let (Some(rule), Some(name)) = (rule, bare.rsplit('/').next()) {
                reasons.insert(name.to_owned(), rule);
            }
        }
        let mut more = false;
        for (difference, rule) in differences.iter().zip(&mut found).filter(|(_, rule)| rule.is_none()) {
            let cause = outline.decided_by(&difference.path).into_iter().find_map(|name| reasons.get(name));
            *rule = cause.copied();
            more |= rule.is_some();
        }
        if !more {
            return found;
        }
    }
}

fn by_itself(outline: &Outline, difference: &Difference, history: &History<'_>) -> Option<&'static str> {
    let node = outline.node(&difference.path)?;
    let pair = Pair {
        ours: difference.ours.as_deref(),
        theirs: difference.theirs.as_deref(),
        earlier: history.earlier.get(&without_positions(&difference.path)),
        only_theirs: history.refused.iter().flatten().any(|one| one.by_us && one.path == difference.path),
    };
    RULES.iter().find(|rule| (rule.explains)(node, &pair)).map(|rule| rule.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn which(node: Node, ours: Option<&str>, theirs: Option<&str>) -> Option<&'static str> {
        let mut outline = Outline::default();
        outline.nodes.insert("/d/n".into(), node);
        let own = |value: Option<&str>| value.map(str::to_owned);
        let difference = Difference { path: "/d/n".into(), ours: own(ours), theirs: own(theirs) };
        explain(&outline, &[difference], &nothing())[0]
    }

    fn nothing() -> History<'static> {
        static EARLIER: Earlier = Earlier::new();
        History { earlier: &EARLIER, refused: &[] }
    }

    fn of_type(data_type: &str) -> Node {
        Node { data_type: data_type.into(), ..Node::default() }
    }

    fn calculated() -> Node {
        Node { calculated: true, ..of_type("string") }
    }

    #[test]
    fn truth_is_explained_where_it_is_computed_and_not_where_it_is_answered() {
        assert_eq!(which(calculated(), Some("true"), Some("1")), Some("booleans_are_stored_as_words"));
        assert_eq!(which(calculated(), Some("false"), Some("0")), Some("booleans_are_stored_as_words"));
        assert_eq!(which(calculated(), Some("true"), Some("0")), None);
        assert_eq!(which(of_type("string"), Some("true"), Some("1")), None);
    }

    #[test]
    fn an_order_of_choices_is_explained_and_another_choice_is_not() {
        let many = || Node { many: true, ..of_type("string") };
        assert_eq!(which(many(), Some("a b"), Some("b a")), Some("choices_are_in_the_order_of_the_list"));
        assert_eq!(which(many(), Some("a b"), Some("a")), None);
        assert_eq!(which(of_type("odk:rank"), Some("a b"), Some("b a")), None);
    }

    #[test]
    fn an_exponent_is_explained_by_its_value() {
        let exponent = Some("numbers_become_text_without_exponent");
        assert_eq!(which(calculated(), Some("100000000000000000000"), Some("1.0E20")), exponent);
        assert_eq!(which(calculated(), Some("100000000000000000001"), Some("1.0E21")), None);
        assert_eq!(which(of_type("string"), Some("100"), Some("1.0E2")), None);
    }

    #[test]
    fn instances_are_explained_only_where_the_form_counts_them_and_nobody_answered() {
        let counted = || Node { counted: true, ..of_type("string") };
        let rule = Some("a_smaller_count_loses_no_answer");
        assert_eq!(which(counted(), None, Some("")), rule);
        assert_eq!(which(Node { calculated: true, ..counted() }, None, Some("2")), rule);
        assert_eq!(which(counted(), None, Some("7")), None);
        assert_eq!(which(counted(), Some("7"), None), None);
        assert_eq!(which(of_type("string"), None, Some("")), None);
    }

    #[test]
    fn a_peer_that_shows_what_was_true_before_is_explained_and_one_that_shows_anything_else_is_not() {
        let mut outline = Outline::default();
        outline.nodes.insert("/d/r/n".into(), calculated());
        let earlier = Earlier::from([("/d/r/n".into(), ["5".to_owned(), String::new()].into())]);
        let explained = |theirs: &str| {
            let difference =
                Difference { path: "/d/r[2]/n".into(), ours: Some("7".into()), theirs: Some(theirs.into()) };
            explain(&outline, &[difference], &History { earlier: &earlier, refused: &[] })[0]
        };
        assert_eq!(explained("5"), Some("computed_once_after_what_it_depends_on"));
        assert_eq!(explained("6"), None);
        assert_eq!(explained(""), None);
    }

    #[test]
    fn a_filtered_choice_is_explained_only_where_one_side_is_blank() {
        let filtered = || Node { filtered: true, ..of_type("string") };
        assert_eq!(
            which(filtered(), Some("a"), Some("")),
            Some("a_choice_no_longer_offered_is_blank_and_comes_back")
        );
        assert_eq!(which(filtered(), Some("a"), Some("b")), None);
        let rule = Some("a_choice_no_longer_offered_is_blank_and_comes_back");
        assert_eq!(which(filtered(), Some("a"), Some("b a")), rule);
        assert_eq!(which(filtered(), Some("a c"), Some("b a")), None);
    }

    #[test]
    fn a_largest_below_zero_is_explained_where_a_largest_is_taken() {
        let largest = || Node { takes_largest: true, ..calculated() };
        let rule = Some("max_and_min_skip_what_is_no_number");
        assert_eq!(which(largest(), Some("-3"), Some("0")), rule);
        assert_eq!(which(largest(), Some("3"), Some("0")), None);
        assert_eq!(which(calculated(), Some("-3"), Some("0")), None);
    }

    #[test]
    fn an_answer_that_only_the_peer_took_is_explained_where_the_form_counts() {
        let refused = [Some(Refused { path: "/d/r[1]/n".into(), by_us: true })];
        let explained = |counted: bool, path: &str| {
            let mut outline = Outline::default();
            outline.nodes.insert("/d/r/n".into(), Node { counted, ..of_type("int") });
            let difference =
                Difference { path: path.into(), ours: Some(String::new()), theirs: Some("3".into()) };
            explain(&outline, &[difference], &History { refused: &refused, ..nothing() })[0]
        };
        assert_eq!(explained(true, "/d/r[1]/n"), Some("a_smaller_count_loses_no_answer"));
        assert_eq!(explained(true, "/d/r[2]/n"), None);
        assert_eq!(explained(false, "/d/r[1]/n"), None);
    }

    #[test]
    fn what_follows_from_an_explained_difference_is_explained_by_its_rule() {
        let mut outline = Outline::default();
        outline.nodes.insert("/d/truth".into(), calculated());
        let mut follows = calculated();
        follows.names.insert("truth".into());
        outline.nodes.insert("/d/text".into(), follows);
        outline.nodes.insert("/d/other".into(), calculated());
        let difference = |path: &str, ours: &str, theirs: &str| Difference {
            path: path.into(),
            ours: Some(ours.into()),
            theirs: Some(theirs.into()),
        };
        let differences = [
            difference("/d/other", "a", "b"),
            difference("/d/text", "it is true", "it is 1"),
            difference("/d/truth", "true", "1"),
        ];
        let truth = Some("booleans_are_stored_as_words");
        assert_eq!(explain(&outline, &differences, &nothing()), [None, truth, truth]);
    }

    #[test]
    fn a_choice_name_in_the_language_before_is_explained_by_the_language() {
        let mut outline = Outline::default();
        outline.nodes.insert("/d/n".into(), Node { names_choice: true, ..calculated() });
        let difference =
            Difference { path: "/d/n".into(), ours: Some("Yn dda".into()), theirs: Some("Well".into()) };
        let earlier = Earlier::from([("/d/n".into(), ["Well".to_owned()].into())]);
        assert_eq!(
            explain(&outline, &[difference], &History { earlier: &earlier, refused: &[] }),
            [Some("choice_name_follows_the_language")]
        );
    }

    #[test]
    fn every_rule_quotes_a_row_that_is_there() {
        let path = crate::own_forms::folder().join("../../core/form/DECISIONS.md");
        let decisions = std::fs::read_to_string(path).unwrap();
        for rule in &RULES {
            assert!(decisions.contains(rule.row), "{} quotes what DECISIONS.md does not say", rule.name);
        }
    }
}
