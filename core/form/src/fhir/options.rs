//! Choices: options of the item, or one contained list where a long one is used more than once.

use std::sync::Arc;

use super::Writer;
use super::resource::{
    AnswerOption, Coding, Compose, Designation, Element, Extension, ExtensionValue, Include, ListedConcept,
    ValueSet,
};
use crate::references::spelled;
use crate::{Choice, Item, Markup, Value};

/// Longest list that is written out at each item that uses it.
const SHORT: usize = 20;

impl Writer<'_> {
    /// The system of a contained list, where an item's choices are in one.
    pub(super) fn system(&self, item: &Item) -> Option<String> {
        let first = self.list(item)?;
        Some(format!("urn:nightjar:form:{}:list:{first}", self.form.form_id.replace(' ', "_")))
    }

    /// The name of the first item with the same long list, if several have it.
    fn list(&self, item: &Item) -> Option<&str> {
        if item.choices.len() <= SHORT {
            return None;
        }
        let mut users = self.form.items.iter().filter(|other| Arc::ptr_eq(&other.choices, &item.choices));
        let first = users.next()?;
        users.next().map(|_| &*first.path)
    }

    /// The reference to the contained list, which is added when it is first asked for.
    pub(super) fn value_set(&mut self, item: &Item) -> Option<String> {
        let system = self.system(item)?;
        let first = self.list(item)?;
        let fit = |c: char| if c.is_ascii_alphanumeric() || c == '-' || c == '.' { c } else { '-' };
        let id: String = format!("list-{first}").chars().map(fit).take(64).collect();
        let known = self.contained.iter().find(|set| set.compose.include[0].system == system);
        if let Some(known) = known {
            return Some(format!("#{}", known.id));
        }
        // Two long names may be the same when cut.
        let id = if self.contained.iter().any(|set| set.id == id) {
            format!("list-{}", self.contained.len())
        } else {
            id
        };
        let concept = item.choices.iter().map(|choice| self.concept(choice)).collect();
        let include = vec![Include { system, concept }];
        let set = ValueSet {
            resource_type: "ValueSet",
            id: id.clone(),
            status: "draft",
            compose: Compose { include },
        };
        self.contained.push(set);
        Some(format!("#{id}"))
    }

    fn concept(&self, choice: &Choice) -> ListedConcept {
        let others = self.form.languages.iter().skip(1);
        let designation = others.filter_map(|language| {
            let value = Markup::of(&spelled(choice.label.exact(language)?)).plain();
            Some(Designation { language: language.tag()?.to_owned(), value })
        });
        ListedConcept {
            extension: missing(choice),
            code: choice.code.clone(),
            display: self.display(choice),
            designation: designation.collect(),
        }
    }

    fn display(&self, choice: &Choice) -> String {
        Markup::of(&spelled(choice.label(self.form.default_language()))).plain()
    }

    /// The options of an item; those that it starts with are marked (que-11).
    pub(super) fn options(&self, item: &Item, start: Option<&Value>) -> Vec<AnswerOption> {
        let starts = |code: &str| match start {
            Some(Value::One(one)) => one == code,
            Some(Value::Many(many)) => many.iter().any(|one| one == code),
            _ => false,
        };
        let option = |choice: &Choice| {
            let extension = self.translations(&choice.label);
            AnswerOption {
                extension: missing(choice),
                value: Coding {
                    system: None,
                    code: choice.code.clone(),
                    display: Some(self.display(choice)),
                    display_element: (!extension.is_empty()).then_some(Element { extension }),
                },
                initial_selected: starts(&choice.code).then_some(true),
            }
        };
        item.choices.iter().map(option).collect()
    }
}

/// That choosing it means that there is no answer, and why.
fn missing(choice: &Choice) -> Vec<Extension> {
    let reason = choice.missing.map(|missing| ExtensionValue::Code(missing.code().to_owned()));
    reason.map(|reason| Extension::own("missing", reason)).into_iter().collect()
}
