//! The parts of R4's `Questionnaire` that forms need, named as FHIR names them. FHIR allows no empty list and no null, so that
//! what is not there is left out.

use serde::Serialize;

#[derive(Debug, Clone, Serialize)]
pub(super) struct Questionnaire {
    #[serde(rename = "resourceType")]
    pub(super) resource_type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) language: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) contained: Vec<ValueSet>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) url: Option<String>,
    pub(super) identifier: Vec<Identifier>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) version: Option<String>,
    pub(super) name: String,
    pub(super) title: String,
    #[serde(rename = "_title", skip_serializing_if = "Option::is_none")]
    pub(super) title_element: Option<Element>,
    pub(super) status: &'static str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) item: Vec<Item>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Identifier {
    pub(super) system: &'static str,
    pub(super) value: String,
}

/// What hangs on a primitive: `_text` beside `text`.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Element {
    pub(super) extension: Vec<Extension>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Extension {
    pub(super) url: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) extension: Vec<Extension>,
    #[serde(flatten)]
    pub(super) value: Option<ExtensionValue>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) enum ExtensionValue {
    #[serde(rename = "valueBoolean")]
    Boolean(bool),
    #[serde(rename = "valueInteger")]
    Integer(i32),
    #[serde(rename = "valueDecimal")]
    Decimal(f64),
    #[serde(rename = "valueDate")]
    Date(String),
    #[serde(rename = "valueCode")]
    Code(String),
    #[serde(rename = "valueString")]
    String(String),
    #[serde(rename = "valueMarkdown")]
    Markdown(String),
    #[serde(rename = "valueCodeableConcept")]
    Concept(Concept),
    #[serde(rename = "valueExpression")]
    Expression(Expression),
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Concept {
    pub(super) coding: Vec<Coding>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Expression {
    pub(super) language: &'static str,
    pub(super) expression: String,
}

#[derive(Debug, Clone, Default, Serialize)]
pub(super) struct Coding {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) system: Option<String>,
    pub(super) code: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display: Option<String>,
    #[serde(rename = "_display", skip_serializing_if = "Option::is_none")]
    pub(super) display_element: Option<Element>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Item {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) extension: Vec<Extension>,
    #[serde(rename = "linkId")]
    pub(super) link_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) text: Option<String>,
    #[serde(rename = "_text", skip_serializing_if = "Option::is_none")]
    pub(super) text_element: Option<Element>,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    #[serde(rename = "enableWhen", skip_serializing_if = "Vec::is_empty")]
    pub(super) enable_when: Vec<EnableWhen>,
    #[serde(rename = "enableBehavior", skip_serializing_if = "Option::is_none")]
    pub(super) enable_behavior: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) required: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) repeats: Option<bool>,
    #[serde(rename = "readOnly", skip_serializing_if = "Option::is_none")]
    pub(super) read_only: Option<bool>,
    #[serde(rename = "maxLength", skip_serializing_if = "Option::is_none")]
    pub(super) max_length: Option<u64>,
    #[serde(rename = "answerValueSet", skip_serializing_if = "Option::is_none")]
    pub(super) answer_value_set: Option<String>,
    #[serde(rename = "answerOption", skip_serializing_if = "Vec::is_empty")]
    pub(super) answer_option: Vec<AnswerOption>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) initial: Vec<Initial>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) item: Vec<Item>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct EnableWhen {
    pub(super) question: String,
    pub(super) operator: &'static str,
    #[serde(flatten)]
    pub(super) answer: Answer,
}

#[derive(Debug, Clone, Serialize)]
pub(super) enum Answer {
    #[serde(rename = "answerBoolean")]
    Boolean(bool),
    #[serde(rename = "answerInteger")]
    Integer(i32),
    #[serde(rename = "answerDecimal")]
    Decimal(f64),
    #[serde(rename = "answerDate")]
    Date(String),
    #[serde(rename = "answerString")]
    String(String),
    #[serde(rename = "answerCoding")]
    Coding(Coding),
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct AnswerOption {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) extension: Vec<Extension>,
    #[serde(rename = "valueCoding")]
    pub(super) value: Coding,
    #[serde(rename = "initialSelected", skip_serializing_if = "Option::is_none")]
    pub(super) initial_selected: Option<bool>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) enum Initial {
    #[serde(rename = "valueBoolean")]
    Boolean(bool),
    #[serde(rename = "valueInteger")]
    Integer(i32),
    #[serde(rename = "valueDecimal")]
    Decimal(f64),
    #[serde(rename = "valueDate")]
    Date(String),
    #[serde(rename = "valueTime")]
    Time(String),
    #[serde(rename = "valueString")]
    String(String),
    #[serde(rename = "valueCoding")]
    Coding(Coding),
}

/// A contained list of choices.
#[derive(Debug, Clone, Serialize)]
pub(super) struct ValueSet {
    #[serde(rename = "resourceType")]
    pub(super) resource_type: &'static str,
    pub(super) id: String,
    pub(super) status: &'static str,
    pub(super) compose: Compose,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Compose {
    pub(super) include: Vec<Include>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Include {
    pub(super) system: String,
    pub(super) concept: Vec<ListedConcept>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct ListedConcept {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) extension: Vec<Extension>,
    pub(super) code: String,
    pub(super) display: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) designation: Vec<Designation>,
}

#[derive(Debug, Clone, Serialize)]
pub(super) struct Designation {
    pub(super) language: String,
    pub(super) value: String,
}

impl Extension {
    pub(super) fn new(url: &str, value: ExtensionValue) -> Extension {
        Extension { url: url.to_owned(), extension: Vec::new(), value: Some(value) }
    }

    /// One of Nightjar's own.
    pub(super) fn own(name: &str, value: ExtensionValue) -> Extension {
        Extension::new(&format!("{}{name}", super::EXTENSION), value)
    }

    /// An expression as its author wrote it.
    pub(super) fn expression(name: &str, source: &str) -> Extension {
        // No code of FHIR's list of expression languages fits; the list may be extended.
        let expression = Expression { language: "text/x-odk-xpath", expression: source.to_owned() };
        Extension::own(name, ExtensionValue::Expression(expression))
    }
}
