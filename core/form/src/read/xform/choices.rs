//! The choices of a question: written out, from an instance, or computed.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use super::markup::{Report, Xml, child, elements, plain, written};
use super::secondary::Secondaries;
use super::words::{Translations, displayed, itext_id};
use crate::item::Translated;
use crate::{Choice, ItemKind};

/// Most choices of all questions together.
const MAX: usize = 200_000;
/// Longest code, in bytes.
const MAX_CODE: usize = 1_000;

/// The choices of one question.
#[derive(Debug, Default)]
pub(super) struct Chosen {
    pub(super) choices: Arc<[Choice]>,
    pub(super) columns: Arc<BTreeSet<String>>,
    /// Which of the choices are on offer.
    pub(super) filter: Option<String>,
    pub(super) dynamic: Option<(String, String, String)>,
    pub(super) randomize: Option<Option<String>>,
}

type List = (Arc<[Choice]>, Arc<BTreeSet<String>>);

/// Reads choices; questions that take theirs from the same place share them.
#[derive(Debug, Default)]
pub(super) struct Lists<'a> {
    known: HashMap<(&'a str, &'a str, &'a str, &'a str), List>,
    count: usize,
}

/// A nodeset taken apart: `instance('id')/root/item[condition][condition]`.
#[derive(Debug, PartialEq, Eq)]
struct Simple<'a> {
    id: &'a str,
    path: &'a str,
    conditions: Vec<&'a str>,
}

impl<'a> Lists<'a> {
    pub(super) fn of(
        &mut self,
        node: Xml<'a>,
        kind: ItemKind,
        secondaries: &Secondaries<'a>,
        words: &Translations<'a>,
        report: &mut Report<'_, '_>,
    ) -> Chosen {
        let chosen = match child(node, "itemset") {
            Some(itemset) => self.itemset(itemset, secondaries, words, report),
            None => self.items(node, words, report),
        };
        if matches!(kind, ItemKind::SelectMultiple | ItemKind::Rank)
            && let Some(spaced) = chosen.choices.iter().find(|c| c.code.contains(char::is_whitespace))
        {
            let problem = format!("The choice `{}` has a space in its value.", spaced.code);
            let remedy = "Values of choices that go together cannot have spaces.";
            report.error(node, "", problem, remedy);
        }
        chosen
    }

    /// `<item>` elements, also within `<choices>`.
    fn items(&mut self, node: Xml<'a>, words: &Translations<'a>, report: &mut Report<'_, '_>) -> Chosen {
        let mut choices = Vec::new();
        let groups = elements(node).filter(|inner| inner.tag_name().name() == "choices");
        for item in elements(node).chain(groups.flat_map(elements)) {
            if item.tag_name().name() != "item" {
                continue;
            }
            let Some(value) = child(item, "value") else {
                report.error(item, "<item>", "The choice has no value.", "Give it one.");
                continue;
            };
            let code = super::markup::text(value).trim().to_owned();
            let wording = words.of_child(item, "label", report);
            let (label, computed) = words_of_choice(wording.text);
            let columns = BTreeMap::from([("name".to_owned(), code.clone())]);
            self.push(
                &mut choices,
                Choice { code, label, image: wording.image, missing: None, columns, computed },
                item,
                report,
            );
        }
        Chosen { choices: choices.into(), ..Chosen::default() }
    }

    fn push(&mut self, choices: &mut Vec<Choice>, choice: Choice, at: Xml<'a>, report: &mut Report<'_, '_>) {
        self.count += 1;
        if choice.code.is_empty() {
            report.warning(at, "", "A choice without a value cannot be chosen.", "Give it a value.");
        } else if choice.code.len() > MAX_CODE {
            report.error(at, "", "The value of a choice is longer than 1,000 bytes.", "Shorten it.");
        } else if self.count > MAX {
            report.error(at, "", "The form has more than 200,000 choices.", "Share lists among questions.");
        } else {
            choices.push(choice);
        }
    }

    fn itemset(
        &mut self,
        itemset: Xml<'a>,
        secondaries: &Secondaries<'a>,
        words: &Translations<'a>,
        report: &mut Report<'_, '_>,
    ) -> Chosen {
        for inner in elements(itemset) {
            if !["value", "label"].contains(&inner.tag_name().name()) {
                let problem = format!("{} in <itemset> is not supported.", written(inner));
                report.error(inner, "", problem, "Use <value> and <label>.");
            }
        }
        let reference =
            |name: &str| child(itemset, name).and_then(|found| plain(found, "ref")).map(str::trim);
        let (Some(nodeset), Some(value)) = (plain(itemset, "nodeset").map(str::trim), reference("value"))
        else {
            report.error(itemset, "<itemset>", "The choices have no nodeset or no value.", "Give them both.");
            return Chosen::default();
        };
        let label = reference("label").unwrap_or(value);
        let (nodeset, randomize) = match randomized(nodeset) {
            Some((nodeset, seed)) => (nodeset, Some(seed.map(str::to_owned))),
            None => (nodeset, None),
        };
        let simple = simple(nodeset).filter(|_| is_name(value) && label_column(label).is_some());
        if let Some(simple) = simple
            && let Some((choices, columns)) =
                self.list(&simple, value, label, itemset, secondaries, words, report)
            && simple.conditions.iter().all(|condition| is_simple(condition, &columns))
        {
            let filter = match simple.conditions.as_slice() {
                [] => None,
                [one] => Some((*one).to_owned()),
                several => Some(several.iter().map(|c| format!("({c})")).collect::<Vec<_>>().join(" and ")),
            };
            return Chosen { choices, columns, filter, dynamic: None, randomize };
        }
        let dynamic = Some((nodeset.to_owned(), value.to_owned(), label.to_owned()));
        Chosen { dynamic, randomize, ..Chosen::default() }
    }

    #[expect(clippy::too_many_arguments, reason = "all of what a form is made of may say what a choice is")]
    fn list(
        &mut self,
        simple: &Simple<'a>,
        value: &'a str,
        label: &'a str,
        at: Xml<'a>,
        secondaries: &Secondaries<'a>,
        words: &Translations<'a>,
        report: &mut Report<'_, '_>,
    ) -> Option<List> {
        let key = (simple.id, simple.path, value, label);
        if let Some(known) = self.known.get(&key) {
            return Some(known.clone());
        }
        let path: Vec<&str> = simple.path.split('/').collect();
        let (choices, columns) = (&mut Vec::new(), &mut BTreeSet::new());
        let (label_name, translated) = label_column(label)?;
        secondaries.rows(simple.id, &path, &mut |row| {
            let cell =
                |name: &str| row.iter().find(|(column, _)| *column == name).map(|(_, text)| text.trim());
            let code = cell(value).unwrap_or_default().to_owned();
            let said = cell(label_name).unwrap_or_default();
            let ((label, computed), image) = if translated {
                let wording = words.text(said, report).unwrap_or_default();
                (words_of_choice(wording.text), wording.image)
            } else {
                let words = Some((words.languages[0].clone(), said.to_owned())).filter(|_| !said.is_empty());
                ((Translated(words.into_iter().collect()), None), Translated::default())
            };
            let mut cells = BTreeMap::new();
            for (name, text) in row {
                if !columns.contains(name) {
                    columns.insert(name.to_owned());
                }
                cells.entry(name.to_owned()).or_insert_with(|| text.trim().to_owned());
            }
            self.push(
                choices,
                Choice { code, label, image, missing: None, columns: cells, computed },
                at,
                report,
            );
        })?;
        let list: List = (std::mem::take(choices).into(), Arc::new(std::mem::take(columns)));
        self.known.insert(key, list.clone());
        Some(list)
    }
}

/// The words of a choice as they are written, and those with expressions between marks, if there are any.
fn words_of_choice(words: Translated) -> (Translated, Option<Box<Translated>>) {
    if words.0.iter().all(|(_, text)| !text.contains(crate::read::compile::OUTPUT.0)) {
        return (words, None);
    }
    let plain = words.0.iter().map(|(language, text)| (language.clone(), displayed(text))).collect();
    (Translated(plain), Some(Box::new(words)))
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text.chars().all(|c| c.is_alphanumeric() || "_-.".contains(c))
        && !text.starts_with('.')
}

/// The column of the words, and whether it holds the id of a text.
fn label_column(label: &str) -> Option<(&str, bool)> {
    if is_name(label) {
        return Some((label, false));
    }
    let inner = label.strip_prefix("jr:itext(")?.strip_suffix(')')?.trim();
    (itext_id(label).is_none() && is_name(inner)).then_some((inner, true))
}

/// `randomize(nodes)` or `randomize(nodes, seed)`.
fn randomized(nodeset: &str) -> Option<(&str, Option<&str>)> {
    let inner = nodeset.strip_prefix("randomize")?.trim_start().strip_prefix('(')?.strip_suffix(')')?;
    let comma = top_level(inner, |c| c == ',');
    Some(match comma {
        Some(at) => (inner[..at].trim(), Some(inner[at + 1..].trim())),
        None => (inner.trim(), None),
    })
}

/// The first place outside brackets and quotes where a character is found; a bracket that closes counts as outside.
fn top_level(text: &str, wanted: impl Fn(char) -> bool) -> Option<usize> {
    let (mut depth, mut quote) = (0_usize, None);
    for (at, c) in text.char_indices() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '\'' | '"') => quote = Some(c),
            (None, c) if depth == 0 && wanted(c) => return Some(at),
            (None, '(' | '[') => depth += 1,
            (None, ')' | ']') => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    None
}

fn simple(nodeset: &str) -> Option<Simple<'_>> {
    let inner = nodeset.strip_prefix("instance")?.trim_start().strip_prefix('(')?;
    let (id, after) = inner.split_once(')')?;
    let id = id.trim();
    let quoted = id.strip_prefix('\'').and_then(|id| id.strip_suffix('\''));
    let id = quoted.or_else(|| id.strip_prefix('"').and_then(|id| id.strip_suffix('"')))?;
    let path = after.trim_start().strip_prefix('/')?;
    let end = path.find('[').unwrap_or(path.len());
    let (path, mut rest) = (path[..end].trim(), &path[end..]);
    if !path.split('/').all(is_name) {
        return None;
    }
    let mut conditions = Vec::new();
    while let Some(open) = rest.trim_start().strip_prefix('[') {
        let close = top_level(open, |c| c == ']')?;
        conditions.push(open[..close].trim());
        rest = &open[close + 1..];
    }
    rest.trim().is_empty().then_some(Simple { id, path, conditions })
}

/// Whether a condition looks only at the choice's own columns and at the form, and is true or false: a number would
/// count places.
fn is_simple(condition: &str, columns: &BTreeSet<String>) -> bool {
    use crate::expr::token::{Token, tokens};
    let Ok((tokens, _)) = tokens(condition) else { return false };
    let (mut depth, mut compares) = (0_usize, false);
    for (i, token) in tokens.iter().enumerate() {
        let before = i.checked_sub(1).map(|i| tokens[i]);
        let after = tokens.get(i + 1).copied();
        let begins = before != Some(Token::Slash);
        match token {
            Token::Open => depth += 1,
            Token::Close => depth = depth.saturating_sub(1),
            Token::Equal
            | Token::NotEqual
            | Token::Less
            | Token::LessOrEqual
            | Token::Greater
            | Token::GreaterOrEqual
            | Token::And
            | Token::Or => compares |= depth == 0,
            Token::Name(name) if after == Some(Token::Open) => {
                if ["position", "last", "name", "local-name", "count", "instance"].contains(name) {
                    return false;
                }
                let whole = i == 0 && tokens.last() == Some(&Token::Close);
                compares |= whole && TRUTHS.contains(name);
            }
            Token::Name(name) if begins && (after == Some(Token::Slash) || !columns.contains(*name)) => {
                return false;
            }
            Token::Here | Token::Parent if begins => return false,
            Token::Star | Token::Bar | Token::OpenBracket => return false,
            _ => {}
        }
    }
    compares
}

/// Functions that are true or false.
const TRUTHS: [&str; 9] =
    ["selected", "contains", "starts-with", "ends-with", "not", "true", "false", "boolean", "regex"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_nodeset_over_an_instance_is_taken_apart() {
        let parts = |nodeset| simple(nodeset).map(|s| (s.id, s.path, s.conditions));
        assert_eq!(parts("instance('w')/root/item"), Some(("w", "root/item", vec![])));
        assert_eq!(
            parts("instance(\"w\")/root/item[a = /data/x[1]/b][c != ']']"),
            Some(("w", "root/item", vec!["a = /data/x[1]/b", "c != ']'"]))
        );
        assert_eq!(parts("instance('w')/root/item[a = 1]/b"), None);
        assert_eq!(parts("instance('w')/root/*"), None);
        assert_eq!(parts("/data/rep"), None);
    }

    #[test]
    fn a_condition_is_simple_only_if_it_cannot_count_places() {
        let columns = BTreeSet::from(["a".to_owned(), "b".to_owned()]);
        for condition in
            ["a = /data/x", "a=current()/../x and b != 'c'", "selected(/data/x, a)", "not(a = b)"]
        {
            assert!(is_simple(condition, &columns), "{condition}");
        }
        for condition in ["1", "/data/x", "position() < 3", "c = 1", ". = 1", "../a = 1", "a/b = 1", "a"] {
            assert!(!is_simple(condition, &columns), "{condition}");
        }
    }

    #[test]
    fn randomize_is_taken_off_with_its_seed() {
        assert_eq!(
            randomized("randomize(instance('w')/root/item[a = 'b, c'], 7)"),
            Some(("instance('w')/root/item[a = 'b, c']", Some("7")))
        );
        assert_eq!(randomized("randomize(instance('w')/root/item)"), Some(("instance('w')/root/item", None)));
        assert_eq!(randomized("instance('w')/root/item"), None);
    }
}
