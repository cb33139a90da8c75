//! A case as the batch protocol of expressions asks it, and the answer.

use roxmltree::Document;
use serde::{Deserialize, Serialize};

use super::{Case, Expected, Group, NOW, Number};

/// A line to the program.
#[derive(Debug, Clone, Serialize)]
pub struct Question {
    /// Names the answer.
    pub id: String,
    expression: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    xml: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    now: String,
    tz: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    lang: Option<String>,
    #[serde(rename = "type")]
    wanted: &'static str,
}

/// A line from the program.
#[derive(Debug, Clone, Deserialize)]
pub struct Answer {
    /// The question's name.
    pub id: String,
    /// `boolean`, `number`, `string`, `nodeset` or `error`.
    #[serde(rename = "type")]
    pub kind: String,
    /// As that type; numbers that JSON has none for as text.
    #[serde(default)]
    pub value: serde_json::Value,
}

/// Why a case cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum NotAsked {
    /// It names a document that its file does not have.
    #[error("`{expression}` looks at the document `{document}`, which is not there")]
    NoDocument {
        /// The case.
        expression: String,
        /// The name.
        document: String,
    },
    /// Its context is not in its document.
    #[error("`{expression}` stands at {context}, which is not in its document")]
    NoContext {
        /// The case.
        expression: String,
        /// The path.
        context: String,
    },
}

impl Question {
    /// A case of a file as a line.
    pub fn of(group: &Group, case: &Case, id: String) -> Result<Question, NotAsked> {
        let (now, tz) = case.clock();
        let wanted = match case.expected {
            Expected::Boolean(_) => "boolean",
            Expected::Number(_) => "number",
            Expected::String(_) => "string",
            Expected::Nodes(_) => "nodes",
            Expected::Error(_) => "any",
        };
        Ok(Question {
            id,
            expression: case.expression.clone(),
            xml: case.document(group)?.map(str::to_owned),
            context: case.context_by_number(group)?,
            root: case.root_by_number(group)?,
            now: now.to_owned(),
            tz: tz.to_owned(),
            lang: case.language.clone(),
            wanted,
        })
    }
}

impl Answer {
    /// Whether it is what a case expects.
    #[must_use]
    pub fn is(&self, expected: &Expected) -> bool {
        let value = &self.value;
        match expected {
            Expected::Boolean(wanted) => value.as_bool() == Some(*wanted),
            Expected::Number(wanted) => {
                let named = || Number::Named(value.as_str().unwrap_or("?").to_owned()).value();
                wanted.is(value.as_f64().unwrap_or_else(named))
            }
            Expected::String(wanted) => value.as_str() == Some(wanted),
            Expected::Nodes(_) => false,
            Expected::Error(said) => {
                self.kind == "error" && value.as_str().is_some_and(|why| why.contains(said))
            }
        }
    }
}

impl Case {
    /// The document that the case looks at.
    pub fn document<'a>(&self, group: &'a Group) -> Result<Option<&'a str>, NotAsked> {
        let Some(name) = &self.document else { return Ok(None) };
        let document = group.documents.get(name).map(String::as_str);
        let missing = || NotAsked::NoDocument { expression: self.expression.clone(), document: name.clone() };
        document.ok_or_else(missing).map(Some)
    }

    /// The clock and its zone.
    #[must_use]
    pub fn clock(&self) -> (&str, &str) {
        let now = self.now.as_deref().unwrap_or(NOW);
        let (now, zone) = now.split_once('[').unwrap_or((now, "UTC"));
        (now, zone.trim_end_matches(']'))
    }

    /// The context as the protocol writes it, by number instead of by name: `/*[1]/*[2]`.
    pub fn context_by_number(&self, group: &Group) -> Result<Option<String>, NotAsked> {
        self.by_number(self.context.as_deref(), group)
    }

    /// The same for where absolute paths begin.
    pub fn root_by_number(&self, group: &Group) -> Result<Option<String>, NotAsked> {
        self.by_number(self.root.as_deref(), group)
    }

    fn by_number(&self, path: Option<&str>, group: &Group) -> Result<Option<String>, NotAsked> {
        let (Some(context), Some(xml)) = (path, self.document(group)?) else { return Ok(None) };
        let lost =
            || NotAsked::NoContext { expression: self.expression.clone(), context: context.to_owned() };
        let document = Document::parse(xml).map_err(|_| lost())?;
        let mut place = document.root();
        let mut numbers = String::new();
        for step in context.split('/').filter(|step| !step.is_empty()) {
            let (name, position) = match step.split_once('[') {
                Some((name, rest)) => (name, rest.trim_end_matches(']').parse().map_err(|_| lost())?),
                None => (step, 1_usize),
            };
            let elements = place.children().filter(roxmltree::Node::is_element).enumerate();
            let mut same = elements.filter(|(_, element)| element.tag_name().name() == name);
            let (at, element) = same.nth(position.saturating_sub(1)).ok_or_else(lost)?;
            numbers += &format!("/*[{}]", at + 1);
            place = element;
        }
        Ok(Some(numbers))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group() -> Group {
        serde_json::from_str(
            r#"{"about": "x", "documents": {"d": "<a><b/><c/><b><e/></b></a>"}, "cases": [
                {"expression": ".", "document": "d", "context": "/a/b[2]/e", "source": "x",
                 "expected": {"type": "string", "value": ""}},
                {"expression": ".", "document": "d", "context": "/a/b[3]", "source": "x",
                 "expected": {"type": "string", "value": ""}}]}"#,
        )
        .unwrap()
    }

    #[test]
    fn a_context_is_written_by_number() {
        let group = group();
        assert_eq!(group.cases[0].context_by_number(&group).unwrap().as_deref(), Some("/*[1]/*[3]/*[1]"));
        assert!(group.cases[1].context_by_number(&group).is_err());
    }

    #[test]
    fn a_clock_comes_apart_into_moment_and_zone() {
        let case = &group().cases[0];
        assert_eq!(case.clock(), ("2024-03-05T14:30:15.250+00:00", "Europe/London"));
    }

    #[test]
    fn an_answer_is_compared_as_its_type() {
        let answer = |kind: &str, value: &str| Answer {
            id: "x".into(),
            kind: kind.into(),
            value: serde_json::from_str(value).unwrap(),
        };
        assert!(answer("number", "\"NaN\"").is(&Expected::Number(Number::Named("NaN".into()))));
        assert!(answer("number", "2").is(&Expected::Number(Number::Plain(2.0))));
        assert!(!answer("number", "\"2\"").is(&Expected::Number(Number::Plain(2.0))));
        assert!(answer("error", "\"unknown function\"").is(&Expected::Error("unknown".into())));
        assert!(!answer("string", "\"unknown\"").is(&Expected::Error("unknown".into())));
    }
}
