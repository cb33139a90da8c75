//! A condition in words.

use std::collections::BTreeSet;

use maud::{Markup as Html, html};

use super::Printer;
use crate::logic::{Comparison, Condition, Literal, choice_of};
use crate::node::NodeId;
use crate::{Item, ItemKind, Markup};

/// Longest label quoted in a condition, in characters.
const MAX_QUOTED: usize = 90;

impl Printer<'_> {
    /// A condition of a node, in words; what has no words as it is written.
    pub(super) fn condition(&self, id: NodeId, condition: &Condition) -> Html {
        if condition.is_plain() {
            let said = self.said(id, condition, false);
            return html! { (said) };
        }
        match condition {
            Condition::Other(source) => {
                html! { (self.phrases.holds) " " (self.expression(id, source)) }
            }
            // `of` gives a plain condition or the whole expression.
            _ => html! {},
        }
    }

    /// An expression as it is written, with the numbers of the questions it reads.
    pub(super) fn expression(&self, id: NodeId, source: &str) -> Html {
        let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
        let names = source.split(|c| !is_name(c)).filter(|name| mentions(source, name));
        let numbers: BTreeSet<usize> = names
            .filter_map(|name| self.form.tree.by_name.get(name))
            .flatten()
            .filter(|other| **other != id)
            .filter_map(|other| self.numbers.get(other).copied())
            .collect();
        let list: Vec<String> = numbers.iter().map(usize::to_string).collect();
        html! {
            code dir="ltr" { (source) }
            @if !list.is_empty() { " (" (self.phrases.questions[usize::from(list.len() > 1)]) " " (list.join(", ")) ")" }
        }
    }

    /// `inner`: inside another condition, where a list needs brackets.
    fn said(&self, id: NodeId, condition: &Condition, inner: bool) -> String {
        let phrases = self.phrases;
        let list = |all: &[Condition], word: &str| {
            let parts: Vec<String> = all.iter().map(|part| self.said(id, part, true)).collect();
            let text = parts.join(&format!(" {word} "));
            if inner { format!("({text})") } else { text }
        };
        let fill = |template: &str, of: NodeId, with: &str| {
            filled(template, &[("{q}", &self.question(id, of, phrases.this_question)), ("{a}", with)])
        };
        match condition {
            Condition::Constant(true) => phrases.always.to_owned(),
            Condition::Constant(false) => phrases.at_no_time.to_owned(),
            Condition::All(all) => list(all, phrases.and),
            Condition::Any(all) => list(all, phrases.or),
            Condition::Not(inner) => format!("{} ({})", phrases.not_so, self.said(id, inner, false)),
            Condition::Is(node, comparison, with) => {
                let kind = self.form.item_at(*node).map(Item::kind);
                let dates = matches!(kind, Some(ItemKind::Date | ItemKind::Time | ItemKind::DateTime));
                let question = self.question(id, *node, phrases.this);
                let literal = self.literal(id, *node, with);
                filled(phrases.comparison(*comparison, dates), &[("{q}", &question), ("{a}", &literal)])
            }
            Condition::Length(node, comparison, n) => {
                let question = self.question(id, *node, phrases.this);
                filled(phrases.length(*comparison), &[("{q}", &question), ("{a}", &number(*n))])
            }
            Condition::Count(node, comparison, n) => fill(phrases.count(*comparison), *node, &number(*n)),
            Condition::Has(node, code) => fill(phrases.has, *node, &self.code(*node, code)),
            Condition::HasNot(node, code) => fill(phrases.has_not, *node, &self.code(*node, code)),
            Condition::Given(node) => fill(phrases.given, *node, ""),
            Condition::Blank(node) => fill(phrases.blank, *node, ""),
            Condition::Other(source) => source.to_string(),
        }
    }

    /// A question by its words and number; what is not asked by its name; the node itself as `this`.
    fn question(&self, id: NodeId, of: NodeId, this: &str) -> String {
        if id == of {
            return this.to_owned();
        }
        let Some(item) = self.form.item_at(of) else { return self.form.tree[of].name.to_string() };
        let Some(number) = self.numbers.get(&of) else {
            return self.phrases.value.replace("{a}", &item.name);
        };
        let label = self.label(of, item);
        filled(self.phrases.question, &[("{l}", &label), ("{n}", &number.to_string())])
    }

    fn label(&self, of: NodeId, item: &Item) -> String {
        let words = self.form.tree[of].label.source.get(self.language);
        let plain = Markup::of(&self.references(of, words)).plain().replace('\n', " ");
        let plain = if plain.is_empty() { item.name.to_string() } else { plain };
        match plain.char_indices().nth(MAX_QUOTED) {
            Some((end, _)) => format!("{}…", plain[..end].trim_end()),
            None => plain,
        }
    }

    fn literal(&self, id: NodeId, of: NodeId, literal: &Literal) -> String {
        if let Some(choice) = self.form.item_at(of).and_then(|item| choice_of(item, literal)) {
            return self.quoted(choice.label(self.language));
        }
        match literal {
            Literal::Number(n) => number(*n),
            Literal::Text(text) => self.quoted(text),
            Literal::Today => self.phrases.today.to_owned(),
            Literal::Question(other) => {
                let question = self.question(id, *other, self.phrases.this);
                let asked = id != *other && self.numbers.contains_key(other);
                if asked { filled(self.phrases.answer_of, &[("{q}", &question)]) } else { question }
            }
        }
    }

    fn code(&self, of: NodeId, code: &str) -> String {
        let choice = self.form.item_at(of).and_then(|item| item.choice(code));
        self.quoted(choice.map_or(code, |choice| choice.label(self.language)))
    }

    fn quoted(&self, words: &str) -> String {
        self.phrases.quotes.replace("{a}", &Markup::of(words).plain())
    }
}

impl Comparison {
    /// Its place among the phrases.
    pub(super) fn index(self) -> usize {
        match self {
            Comparison::Equal => 0,
            Comparison::NotEqual => 1,
            Comparison::Less => 2,
            Comparison::LessOrEqual => 3,
            Comparison::Greater => 4,
            Comparison::GreaterOrEqual => 5,
        }
    }
}

/// A template with its places filled; what is filled in is not looked through again.
pub(super) fn filled(template: &str, with: &[(&str, &str)]) -> String {
    let mut text = String::new();
    let mut rest = template;
    while let Some(at) = rest.find('{') {
        text += &rest[..at];
        rest = &rest[at..];
        match with.iter().find(|(place, _)| rest.starts_with(place)) {
            Some((place, value)) => {
                text += value;
                rest = &rest[place.len()..];
            }
            None => {
                text.push('{');
                rest = &rest[1..];
            }
        }
    }
    text + rest
}

fn number(n: f64) -> String {
    crate::expr::number::to_text(n)
}

/// Whether an expression names something: `${name}`, or `/name` at the end of a path.
fn mentions(source: &str, name: &str) -> bool {
    if name.is_empty() {
        return false;
    }
    source.match_indices(name).any(|(at, _)| {
        let before = source[..at].trim_end().chars().next_back();
        let after = source[at + name.len()..].trim_start().chars().next();
        let reference = before == Some('{') && after == Some('}');
        let path = before == Some('/')
            && after.is_none_or(|c| !c.is_alphanumeric() && !matches!(c, '_' | '-' | '.' | '/'));
        reference || path
    })
}
