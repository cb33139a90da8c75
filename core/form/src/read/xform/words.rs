//! Labels, hints and messages: words in each language, with the expressions that stand in them.

use std::borrow::Cow;
use std::cell::Cell;

use hashbrown::{HashMap, HashSet};

use super::markup::{Report, Xml, child, elements, plain, written};
use crate::Language;
use crate::item::Translated;
use crate::read::compile::OUTPUT;

/// Longest text of one label in one language, in bytes.
const MAX_TEXT: usize = 64 << 10;
/// Most bytes of words in all.
const MAX_WORDS: usize = 32 << 20;
/// Most languages.
const MAX_LANGUAGES: usize = 200;

/// The translations of a form.
#[derive(Debug, Default)]
pub(super) struct Translations<'a> {
    /// The default first; never empty.
    pub(super) languages: Vec<Language>,
    /// By id: the texts with the number of their language, in the order of the languages.
    texts: HashMap<&'a str, Vec<(usize, Xml<'a>)>>,
    /// Bytes of words handed out.
    spent: Cell<usize>,
}

/// What a label or hint says and shows.
#[derive(Debug, Default)]
pub(super) struct Wording {
    pub(super) text: Translated,
    pub(super) guidance: Translated,
    pub(super) image: Translated,
    pub(super) audio: Translated,
}

impl<'a> Translations<'a> {
    /// Reads `<itext>`; without it the form has one language without a name.
    pub(super) fn read(itext: Option<Xml<'a>>, report: &mut Report<'_, '_>) -> Translations<'a> {
        let mut found = Translations::default();
        let mut translations: Vec<Xml<'a>> = Vec::new();
        for node in itext.into_iter().flat_map(elements) {
            match node.tag_name().name() {
                "translation" if translations.len() < MAX_LANGUAGES => translations.push(node),
                "translation" => {
                    report.error(node, "", "The form has more than 200 languages.", "Leave some out.");
                    break;
                }
                _ => {
                    let problem = format!("{} in <itext> has no effect.", written(node));
                    report.warning(node, "", problem, "Take it out.");
                }
            }
        }
        // The default comes first, wherever it is written.
        let is_default = |node: &Xml<'_>| {
            plain(*node, "default").is_some_and(|value| !["false()", "false", "0"].contains(&value.trim()))
        };
        if let Some(default) = translations.iter().position(is_default) {
            translations[..=default].rotate_right(1);
        }
        for node in translations {
            let name = plain(node, "lang").unwrap_or_default().trim();
            let language = Language::new(if name.is_empty() { Language::UNNAMED } else { name });
            if found.languages.contains(&language) {
                let problem = format!("The language \"{language}\" is there twice.");
                report.error(node, "@lang", problem, "Put its texts into one <translation>.");
                continue;
            }
            found.languages.push(language);
            found.translation(node, report);
        }
        if found.languages.is_empty() {
            found.languages.push(Language::new(Language::UNNAMED));
        }
        found
    }

    fn translation(&mut self, node: Xml<'a>, report: &mut Report<'_, '_>) {
        let language = self.languages.len() - 1;
        for text in elements(node) {
            let id = plain(text, "id").filter(|_| text.tag_name().name() == "text");
            let Some(id) = id else {
                let problem = format!("{} in <translation> has no effect.", written(text));
                report.warning(text, "", problem, "Write <text id=\"…\">.");
                continue;
            };
            let texts = self.texts.entry(id).or_default();
            if texts.last().is_some_and(|(last, _)| *last == language) {
                let problem = format!("The text `{id}` is there twice in \"{}\".", self.languages[language]);
                report.warning(text, "@id", problem, "The first counts; take one out.");
                continue;
            }
            texts.push((language, text));
        }
    }

    /// The words of a text, in each language it is in.
    pub(super) fn text(&self, id: &str, report: &mut Report<'_, '_>) -> Option<Wording> {
        let mut wording = Wording::default();
        for (language, text) in self.texts.get(id)? {
            let language = &self.languages[*language];
            // Plain words win over a long form, and a long form over a short one.
            let mut best: Option<(u8, String)> = None;
            for value in elements(*text).filter(|value| value.tag_name().name() == "value") {
                let weight = match plain(value, "form").map(str::trim) {
                    None | Some("" | "markdown") => 2,
                    Some("long") => 1,
                    Some("short") => 0,
                    Some(form) => {
                        if let Some(words) = other_form(&mut wording, value, form, report) {
                            words
                                .0
                                .push((language.clone(), self.afforded(said(value, report), value, report)));
                        }
                        continue;
                    }
                };
                if best.as_ref().is_none_or(|(known, _)| weight > *known) {
                    best = Some((weight, self.afforded(said(value, report), value, report)));
                }
            }
            wording.text.0.extend(best.map(|(_, said)| (language.clone(), said)));
        }
        wording.text.0.retain(|(_, text)| !text.is_empty());
        wording.image = self.file_names(wording.image, id, report);
        wording.audio = self.file_names(wording.audio, id, report);
        Some(wording)
    }

    /// A text, unless the form's words come to too much: a few long ones may be asked for by every label.
    fn afforded(&self, text: String, node: Xml<'_>, report: &mut Report<'_, '_>) -> String {
        let spent = self.spent.get().saturating_add(text.len());
        self.spent.set(spent);
        if spent <= MAX_WORDS {
            return text;
        }
        report.error(node, "", "The form's words come to more than 32 MiB.", "Shorten them.");
        String::new()
    }

    /// The name of a file that a text refers to as `jr://images/door.png`; it must lie beside the form.
    fn file_names(&self, words: Translated, id: &str, report: &mut Report<'_, '_>) -> Translated {
        let mut names = Vec::new();
        for (language, reference) in words.0 {
            let name =
                reference.strip_prefix("jr://").and_then(|rest| rest.split_once('/')).map(|(_, name)| name);
            let name = name.unwrap_or(&reference);
            let at = self.texts.get(id).and_then(|texts| texts.first()).map(|(_, node)| *node);
            if let Some(at) = at.filter(|_| name.contains(OUTPUT.0)) {
                let remedy = "Name one file.";
                report.warning(at, id, "A file whose name depends on answers is not shown.", remedy);
                continue;
            }
            if name.contains(['/', '\\', '\0']) || name.contains("..") || name.starts_with('.') {
                if let Some(at) = at {
                    let problem = "The text must name a file, without a folder.";
                    report.error(at, id, problem, "Write a name like jr://images/door.png.");
                }
            } else if !name.is_empty() {
                names.push((language, name.to_owned()));
            }
        }
        Translated(names)
    }

    /// The words of a `<label>`, `<hint>` or other element with words in it or a reference to them.
    pub(super) fn of(&self, node: Xml<'a>, report: &mut Report<'_, '_>) -> Wording {
        let reference = plain(node, "ref").map(str::trim).filter(|reference| !reference.is_empty());
        match reference {
            Some(reference) => self.referred(node, reference, report),
            None => Wording { text: self.everywhere(said(node, report)), ..Wording::default() },
        }
    }

    /// The words of the first child of a name.
    pub(super) fn of_child(&self, node: Xml<'a>, name: &str, report: &mut Report<'_, '_>) -> Wording {
        child(node, name).map(|child| self.of(child, report)).unwrap_or_default()
    }

    /// The words of a message attribute: themselves, or those that `jr:itext()` names.
    pub(super) fn message(
        &self,
        node: Xml<'a>,
        message: Option<&str>,
        report: &mut Report<'_, '_>,
    ) -> Translated {
        match message.map(str::trim).unwrap_or_default() {
            "" => Translated::default(),
            reference if reference.starts_with("jr:itext(") => self.referred(node, reference, report).text,
            words => self.everywhere(unmarked(words)),
        }
    }

    fn referred(&self, node: Xml<'a>, reference: &str, report: &mut Report<'_, '_>) -> Wording {
        let Some(id) = itext_id(reference) else {
            return Wording { text: self.everywhere(marked(reference)), ..Wording::default() };
        };
        self.text(&id, report).unwrap_or_else(|| {
            let problem = format!("There is no text with the id `{id}`.");
            report.warning(node, "", problem, "Add it to <itext>, or correct the id.");
            Wording::default()
        })
    }

    /// Words that are the same in each language; shown wherever there are no others.
    fn everywhere(&self, text: String) -> Translated {
        match text.is_empty() {
            true => Translated::default(),
            false => Translated(vec![(self.languages[0].clone(), text)]),
        }
    }

    /// The words that expressions may ask for, by id: those named literally, or all if an id is computed.
    pub(super) fn asked_for(
        &self,
        expressions: &[&str],
        report: &mut Report<'_, '_>,
    ) -> HashMap<String, Translated> {
        let mut named: HashSet<String> = HashSet::new();
        let mut all = false;
        for expression in expressions {
            let mut rest = *expression;
            while let Some((_, after)) = rest.split_once("jr:itext(") {
                match literal(after).filter(|(_, end)| after[*end..].trim_start().starts_with(')')) {
                    Some((id, _)) => drop(named.insert(id.to_owned())),
                    None => all = true,
                }
                rest = after;
            }
        }
        if !all && named.is_empty() {
            return HashMap::new();
        }
        let ids: Vec<&str> = self.texts.keys().copied().filter(|id| all || named.contains(*id)).collect();
        let mut words = HashMap::new();
        for id in ids {
            if let Some(wording) = self.text(id, report) {
                let bare = wording.text.0.into_iter().map(|(language, text)| (language, displayed(&text)));
                words.insert(id.to_owned(), Translated(bare.collect()));
            }
        }
        words
    }
}

/// The words of a form that is not plain text; none where it is not shown.
fn other_form<'w>(
    wording: &'w mut Wording,
    value: Xml<'_>,
    form: &str,
    report: &mut Report<'_, '_>,
) -> Option<&'w mut Translated> {
    match form {
        "guidance" => return Some(&mut wording.guidance),
        "image" | "big-image" => return Some(&mut wording.image),
        "audio" => return Some(&mut wording.audio),
        "video" => report.warning(value, "video", "Videos are not shown.", "Use a picture."),
        form => {
            let problem = format!("A text of the form `{form}` is not shown.");
            report.warning(value, form, problem, "Use image, audio, guidance or plain words.");
        }
    }
    None
}

/// A quoted text at the beginning, and where it ends.
fn literal(source: &str) -> Option<(&str, usize)> {
    let start = source.len() - source.trim_start().len();
    let quote = source[start..].chars().next().filter(|c| ['\'', '"'].contains(c))?;
    let length = source[start + 1..].find(quote)?;
    Some((&source[start + 1..start + 1 + length], start + length + 2))
}

/// The id in `jr:itext('id')`, also where it is put together from parts as in `jr:itext(concat('a', 'b'))`.
pub(super) fn itext_id(reference: &str) -> Option<String> {
    let inner = reference.trim().strip_prefix("jr:itext(")?.strip_suffix(')')?.trim();
    if let Some((id, end)) = literal(inner).filter(|(_, end)| *end == inner.len()) {
        return Some(id.to_owned()).filter(|_| end > 0);
    }
    let mut rest = inner.strip_prefix("concat(")?.strip_suffix(')')?;
    let mut id = String::new();
    loop {
        let (part, end) = literal(rest)?;
        id += part;
        rest = rest[end..].trim_start();
        if rest.is_empty() {
            return Some(id);
        }
        rest = rest.strip_prefix(',')?;
    }
}

/// An expression as words hold it.
pub(super) fn marked(expression: &str) -> String {
    format!("{}{}{}", OUTPUT.0, unmarked(expression), OUTPUT.1)
}

/// A text cannot bring marks of its own: XML has no such characters, but an attachment may.
pub(super) fn unmarked(text: &str) -> String {
    text.replace([OUTPUT.0, OUTPUT.1], "")
}

/// Words for a person who reads the form: an expression is shown as `${name}`.
pub(super) fn displayed(text: &str) -> String {
    if !text.contains(OUTPUT.0) {
        return text.to_owned();
    }
    let mut whole = String::with_capacity(text.len());
    for (i, part) in text.split([OUTPUT.0, OUTPUT.1]).enumerate() {
        if i % 2 == 0 {
            whole += part;
        } else {
            let path = part.trim();
            let simple = path.chars().all(|c| c.is_alphanumeric() || "/_-.:".contains(c));
            let name = if simple { path.rsplit('/').next().unwrap_or(path) } else { path };
            whole += &format!("${{{name}}}");
        }
    }
    whole
}

/// What an element says: its text, with the expressions of `<output>` between marks.
fn said(node: Xml<'_>, report: &mut Report<'_, '_>) -> String {
    let mut parts = node.children();
    let whole: Cow<'_, str> = match (parts.next(), parts.next()) {
        (Some(only), None) if only.is_text() => only.text().unwrap_or_default().into(),
        _ => {
            let mut whole = String::new();
            gather(node, &mut whole, report);
            whole.into()
        }
    };
    if whole.len() > MAX_TEXT {
        report.error(node, "", "The text is longer than 64 KiB.", "Shorten it.");
        return String::new();
    }
    tidied(&whole)
}

/// As deep as the XML, which is bounded.
fn gather(node: Xml<'_>, whole: &mut String, report: &mut Report<'_, '_>) {
    for part in node.children() {
        if let Some(text) = part.text().filter(|_| part.is_text()) {
            whole.push_str(text);
        } else if part.is_element() && part.tag_name().name() == "output" {
            match plain(part, "value").or_else(|| plain(part, "ref")) {
                Some(expression) => whole.push_str(&marked(expression)),
                None => {
                    report.warning(part, "", "The <output> has no value.", "Give it one, or take it out.")
                }
            }
        } else if part.is_element() {
            gather(part, whole, report);
        }
    }
}

/// Space at the ends goes, and indentation around line breaks, as the field's other programs show it.
fn tidied(text: &str) -> String {
    let text = text.trim();
    if !text.contains(['\n', '\t']) {
        return text.to_owned();
    }
    let lines: Vec<&str> = text.lines().map(|line| line.trim_matches([' ', '\t', '\r'])).collect();
    lines.join("\n")
}
