//! Words: the default language as text, the others and Markdown as extensions of it.

use super::resource::{Element, Extension, ExtensionValue};
use super::{LossKind, Writer};
use crate::Markup;
use crate::item::Translated;
use crate::node::NodeId;
use crate::references::spelled;

const TRANSLATION: &str = "http://hl7.org/fhir/StructureDefinition/translation";
const MARKDOWN: &str = "http://hl7.org/fhir/StructureDefinition/rendering-markdown";

impl Writer<'_> {
    pub(super) fn title(&self) -> (String, Option<Element>) {
        let form = self.form;
        let default = form.title(form.default_language()).to_owned();
        let others = form.languages.iter().skip(1).filter_map(|language| {
            let title = form.title(language);
            Some(translation(language.tag()?, title)).filter(|_| title != default)
        });
        let extension: Vec<Extension> = others.collect();
        (default, (!extension.is_empty()).then_some(Element { extension }))
    }

    /// The text, and what hangs on it; no text where there are no words.
    pub(super) fn text(&mut self, id: NodeId, words: &Translated) -> (Option<String>, Option<Element>) {
        let form = self.form;
        let written = &*spelled(words.get(form.default_language()));
        if written.is_empty() {
            return (None, None);
        }
        if words.0.iter().any(|(_, text)| spelled(text).contains("${")) {
            self.lose(id, LossKind::Reference, written);
        }
        let plain = Markup::of(written).plain();
        let mut extension = Vec::new();
        if plain != written {
            extension.push(Extension::new(MARKDOWN, ExtensionValue::Markdown(written.to_owned())));
        }
        extension.extend(self.translations(words));
        (Some(plain), (!extension.is_empty()).then_some(Element { extension }))
    }

    /// The words in all languages but the default that have a code.
    pub(super) fn translations(&self, words: &Translated) -> Vec<Extension> {
        let others = self.form.languages.iter().skip(1);
        let found = others.filter_map(|language| {
            let text = words.exact(language).filter(|text| !text.is_empty())?;
            Some(translation(language.tag()?, &Markup::of(&spelled(text)).plain()))
        });
        found.collect()
    }
}

fn translation(language: &str, content: &str) -> Extension {
    let extension = vec![
        Extension::new("lang", ExtensionValue::Code(language.to_owned())),
        Extension::new("content", ExtensionValue::String(content.to_owned())),
    ];
    Extension { url: TRANSLATION.to_owned(), extension, value: None }
}
