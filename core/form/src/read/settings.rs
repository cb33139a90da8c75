//! The settings sheet: what the form is called, and how its submissions are written.

use std::collections::BTreeMap;

use super::findings::{Findings, Place};
use super::names::is_name;
use super::sheet::{Sheet, truth};
use crate::document::QName;
use crate::instrument::Root;

/// The first row of the settings sheet.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    pub(crate) form_id: String,
    pub(crate) version: String,
    pub(crate) title: String,
    pub(crate) allow_choice_duplicates: bool,
    pub(crate) omit_instance_id: bool,
    pub(crate) default_language: Option<String>,
    pub(crate) root: Root,
    /// By prefix.
    pub(crate) namespaces: BTreeMap<String, String>,
    /// Every filled column by its name; translated titles as `form_title::language`.
    pub(crate) columns: BTreeMap<String, String>,
}

/// Settings that are the study's here, or that say how other programs send.
const IGNORED: &[(&str, &str)] = &[
    ("public_key", "Encryption is the study's."),
    ("submission_url", "Sync is the study's."),
    ("auto_send", "Sync is the study's."),
    ("auto_delete", "What is sent stays until the study ends."),
    ("client_editable", "A response is changed only by the person who gave it."),
    ("sms_keyword", "Nothing is sent by SMS."),
    ("sms_separator", "Nothing is sent by SMS."),
];

/// Settings that mean something here, or change nothing that is asked or kept.
const KNOWN: &[&str] = &[
    "allow_choice_duplicates",
    "clean_text_values",
    "default_language",
    "delimiter",
    "flat",
    "form_id",
    "form_title",
    "instance_name",
    "instance_xmlns",
    "name",
    "namespaces",
    "omit_instanceid",
    "prefix",
    "compact_prefix",
    "style",
    "version",
];

const ODK: &str = "http://www.opendatakit.org/xforms";

/// Reads the first row; `file` names the form where the row does not.
pub(crate) fn read(sheet: &Sheet, file: &str, findings: &mut Findings) -> Settings {
    let stem = file.rsplit(['/', '\\']).next().unwrap_or(file);
    let endings = [".xlsx", ".xlsm", ".xlsb", ".csv", ".md"];
    let stem = endings.iter().find_map(|ending| stem.strip_suffix(ending)).unwrap_or(stem).to_owned();
    let mut settings = Settings { form_id: stem.clone(), title: stem, ..Settings::default() };
    if let Some(row) = sheet.rows.first() {
        if let Some(second) = sheet.rows.get(1) {
            let place = Some(Place::row(second.number));
            findings.warning(
                "settings",
                place,
                "Only the first row of settings counts.",
                "Remove the others.",
            );
        }
        settings.columns = sheet.others(row, &["form_title"]);
        for (column, title) in sheet.words(row, "form_title") {
            let name = match &column.language {
                Some(language) => format!("form_title::{}", language.name().to_lowercase()),
                None => "form_title".to_owned(),
            };
            settings.columns.insert(name, title.to_owned());
        }
        check(sheet, row.number, &settings.columns, findings);
        settings.fill(sheet, row.number, findings);
    }
    settings.root.attributes = settings.attributes(sheet);
    settings
}

impl Settings {
    fn fill(&mut self, sheet: &Sheet, row: u32, findings: &mut Findings) {
        let get = |name: &str| self.columns.get(name).cloned();
        let yes = |name: &str| get(name).is_some_and(|cell| truth(&cell) == Some(true));
        self.allow_choice_duplicates = yes("allow_choice_duplicates");
        self.omit_instance_id = yes("omit_instanceid");
        self.default_language = get("default_language");
        self.version = get("version").unwrap_or_default();
        if self.omit_instance_id && self.columns.contains_key("public_key") {
            let place = Some(sheet.place(row, "omit_instanceid"));
            findings.error(
                "settings",
                place,
                "An encrypted form cannot do without instanceID.",
                "Clear omit_instanceID or public_key.",
            );
        }
        if let Some(form_id) = get("form_id") {
            self.form_id.clone_from(&form_id);
            self.title = form_id;
        }
        if let Some(title) = get("form_title") {
            self.title = title;
        }
        if let Some(name) = get("name") {
            if is_name(&name) {
                self.root.name = name;
            } else {
                let place = Some(sheet.place(row, "name"));
                let remedy = "Begin with a letter, go on with letters, digits, `_`, `-` or `.`.";
                findings.error("settings", place, format!("`{name}` cannot be a name."), remedy);
            }
        }
        if let Some(cell) = get("namespaces") {
            match namespaces(&cell) {
                Some(found) => self.namespaces = found,
                None => {
                    let place = Some(sheet.place(row, "namespaces"));
                    let remedy = "Write prefix=\"address\", with a space between several.";
                    findings.error("settings", place, "The namespaces cannot be read.", remedy);
                }
            }
        }
    }

    /// A setting that stands on the survey sheet.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.columns.insert(name.to_owned(), value.to_owned());
        match name {
            "form_title" => value.clone_into(&mut self.title),
            "form_id" => {
                value.clone_into(&mut self.form_id);
                if let Some((_, id)) = self.root.attributes.iter_mut().find(|(name, _)| &*name.local == "id")
                {
                    value.clone_into(id);
                }
            }
            _ => {}
        }
    }

    /// Attributes of the root of a submission.
    fn attributes(&self, sheet: &Sheet) -> Vec<(QName, String)> {
        let mut found = vec![(QName::local("id"), self.form_id.clone())];
        if !self.version.is_empty() {
            found.push((QName::local("version"), self.version.clone()));
        }
        let odk = |local: &str| QName { prefix: "odk".into(), local: local.into(), namespace: ODK.into() };
        for (name, local) in [("prefix", "prefix"), ("compact_prefix", "prefix"), ("delimiter", "delimiter")]
        {
            found.extend(self.columns.get(name).map(|value| (odk(local), value.clone())));
        }
        let Some(row) = sheet.rows.first() else { return found };
        for (column, value) in sheet.cells(row) {
            let Some((kind, name)) = column.heading.split_once("::") else { continue };
            if !kind.trim().eq_ignore_ascii_case("attribute") || !is_name(name.trim()) {
                continue;
            }
            found.push((self.qualified(name.trim()), value.to_owned()));
        }
        found
    }

    /// A name with the namespace of its prefix.
    pub(crate) fn qualified(&self, name: &str) -> QName {
        let Some((prefix, local)) = name.split_once(':') else { return QName::local(name) };
        let namespace = self.namespace(prefix).unwrap_or_default();
        QName { prefix: prefix.into(), local: local.into(), namespace: namespace.into() }
    }

    /// The namespace of a prefix: one the form declares, or one that every XForm has.
    pub(crate) fn namespace(&self, prefix: &str) -> Option<&str> {
        let known = match prefix {
            "h" => Some("http://www.w3.org/1999/xhtml"),
            "ev" => Some("http://www.w3.org/2001/xml-events"),
            "xsd" => Some("http://www.w3.org/2001/XMLSchema"),
            "jr" => Some("http://openrosa.org/javarosa"),
            "orx" => Some("http://openrosa.org/xforms"),
            "odk" => Some(ODK),
            "entities" => Some("http://www.opendatakit.org/xforms/entities"),
            _ => None,
        };
        self.namespaces.get(prefix).map(String::as_str).or(known)
    }
}

fn check(sheet: &Sheet, row: u32, columns: &BTreeMap<String, String>, findings: &mut Findings) {
    for name in columns.keys() {
        let place = Some(sheet.place(row, name));
        if let Some((_, why)) = IGNORED.iter().find(|(ignored, _)| ignored == name) {
            findings.warning("settings", place, format!("The setting `{name}` is ignored."), *why);
        } else if name == "instance_name" {
            let problem = "The setting `instance_name` names a response in its submission only.";
            findings.warning("settings", place, problem, "Nothing here lists responses by name.");
        } else if !KNOWN.contains(&name.as_str())
            && !["nightjar::", "form_title::", "attribute::", "style"]
                .iter()
                .any(|known| name.starts_with(known))
        {
            let problem = format!("The setting `{name}` has no effect.");
            findings.warning("settings", place, problem, "Check its heading, or leave it.");
        }
    }
}

/// `prefix="address"` once or several times, with space between.
fn namespaces(cell: &str) -> Option<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    let mut rest = cell.trim();
    while !rest.is_empty() {
        let (prefix, after) = rest.split_once('=')?;
        let after = after.trim_start();
        let quote = after.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (address, after) = after[1..].split_once(quote)?;
        if !is_name(prefix.trim()) || address.is_empty() {
            return None;
        }
        found.insert(prefix.trim().to_owned(), address.to_owned());
        rest = after.trim_start();
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::namespaces;

    #[test]
    fn namespaces_are_pairs_in_quotes() {
        let two = namespaces("a=\"http://a\"  b = 'urn:b'").map(|found| format!("{found:?}"));
        assert_eq!(two.as_deref(), Some(r#"{"a": "http://a", "b": "urn:b"}"#));
        for cell in ["a", "a=b", "a=\"b", "1=\"b\"", "a=\"\""] {
            assert!(namespaces(cell).is_none(), "{cell}");
        }
    }
}
