//! Items that would tell who answered.
//!
//! The identifiers are those of the NHS number standard and of the HIPAA Safe Harbor list (45 CFR 164.514(b)(2)) that a
//! ward form might ask for: names, dates of birth, numbers given by a service, addresses, contacts, places, faces, voices.

use super::words::{holds, name_parts, words};
use super::{Findings, Topic, read};
use crate::{Item, ItemKind};

/// Names of items, in parts; all parts in this order, next to each other.
const NAMES: [(&str, &str); 41] = [
    ("first name", "a name"),
    ("forename", "a name"),
    ("given name", "a name"),
    ("last name", "a name"),
    ("surname", "a name"),
    ("family name", "a name"),
    ("full name", "a name"),
    ("patient name", "a name"),
    ("staff name", "a name"),
    ("nurse name", "a name"),
    ("carer name", "a name"),
    ("respondent name", "a name"),
    ("participant name", "a name"),
    ("child name", "a name"),
    ("your name", "a name"),
    ("initials", "initials"),
    ("signature", "a signature"),
    ("dob", "a date of birth"),
    ("date of birth", "a date of birth"),
    ("birth date", "a date of birth"),
    ("birthdate", "a date of birth"),
    ("birthday", "a date of birth"),
    ("nhs number", "an NHS number"),
    ("nhs no", "an NHS number"),
    ("nhsno", "an NHS number"),
    ("nhsnumber", "an NHS number"),
    ("chi number", "a CHI number"),
    ("hospital number", "a hospital number"),
    ("patient number", "a patient's number"),
    ("patient id", "a patient's number"),
    ("mrn", "a hospital number"),
    ("national insurance", "a National Insurance number"),
    ("passport number", "a passport number"),
    ("postcode", "a postcode"),
    ("post code", "a postcode"),
    ("zip code", "a postcode"),
    ("home address", "an address"),
    ("email", "an email address"),
    ("phone number", "a telephone number"),
    ("telephone", "a telephone number"),
    ("mobile number", "a telephone number"),
];

/// Names that identify only as the whole name of an item.
const WHOLE_NAMES: [(&str, &str); 5] = [
    ("name", "a name"),
    ("address", "an address"),
    ("phone", "a telephone number"),
    ("mobile", "a telephone number"),
    ("nhs", "an NHS number"),
];

/// Phrases of a label.
const PHRASES: [(&str, &str); 47] = [
    ("your name", "a name"),
    ("full name", "a name"),
    ("first name", "a name"),
    ("last name", "a name"),
    ("family name", "a name"),
    ("surname", "a name"),
    ("forename", "a name"),
    ("patient name", "a name"),
    ("carer name", "a name"),
    ("name of patient", "a name"),
    ("name of the patient", "a name"),
    ("name of the person", "a name"),
    ("name of the child", "a name"),
    ("name of the nurse", "a name"),
    ("name of staff", "a name"),
    ("name of the member of staff", "a name"),
    ("name of respondent", "a name"),
    ("name of interviewer", "a name"),
    ("what is the name of the respondent", "a name"),
    ("their name", "a name"),
    ("initials", "initials"),
    ("date of birth", "a date of birth"),
    ("birth date", "a date of birth"),
    ("birthday", "a date of birth"),
    ("dob", "a date of birth"),
    ("you born", "a date of birth"),
    ("they born", "a date of birth"),
    ("nhs number", "an NHS number"),
    ("nhs no", "an NHS number"),
    ("chi number", "a CHI number"),
    ("hospital number", "a hospital number"),
    ("hospital id", "a hospital number"),
    ("patient number", "a patient's number"),
    ("patient id", "a patient's number"),
    ("medical record number", "a hospital number"),
    ("mrn", "a hospital number"),
    ("national insurance number", "a National Insurance number"),
    ("passport number", "a passport number"),
    ("postcode", "a postcode"),
    ("post code", "a postcode"),
    ("zip code", "a postcode"),
    ("home address", "an address"),
    ("your address", "an address"),
    ("email", "an email address"),
    ("e-mail", "an email address"),
    ("phone number", "a telephone number"),
    ("telephone", "a telephone number"),
];

pub(super) fn check(found: &mut Findings<'_>) {
    let form = found.form;
    for item in &form.items {
        if item.kind == ItemKind::Metadata {
            found.item(
                Topic::Identifying,
                item,
                "type",
                "It keeps when the form was opened or closed, which on a small ward tells who answered."
                    .to_owned(),
                "Leave it out, or make the form one that is not confidential.",
            );
            continue;
        }
        if let Some(what) = by_kind(item.kind) {
            found.item(
                Topic::Identifying,
                item,
                "type",
                format!("It records {what}, which tells who answered."),
                "Ask in words or choices, or plan who may see it.",
            );
            continue;
        }
        // Choices hold no name, and "Do you have a telephone?" is no number.
        let takes_one = matches!(
            item.kind,
            ItemKind::Text
                | ItemKind::Integer
                | ItemKind::Decimal
                | ItemKind::Date
                | ItemKind::DateTime
                | ItemKind::Hidden
        );
        let named = by_name(item).filter(|_| takes_one).map(|what| ("name".to_owned(), what));
        let labelled = || {
            let mut languages = found.english().filter(|_| takes_one);
            languages.find_map(|language| {
                let words = words(&read(&item.label, language)?);
                let (_, what) = PHRASES.iter().find(|(phrase, _)| holds(&words, phrase))?;
                Some((found.heading("label", language), *what))
            })
        };
        if let Some((column, what)) = named.or_else(labelled) {
            found.item(
                Topic::Identifying,
                item,
                &column,
                format!("The item `{}` seems to ask for {what}, which tells who answered.", item.name),
                "Leave it out, or keep it in a form of its own that is sealed to those who need it.",
            );
        }
    }
}

fn by_kind(kind: ItemKind) -> Option<&'static str> {
    match kind {
        ItemKind::Geopoint | ItemKind::Geotrace | ItemKind::Geoshape => Some("a place"),
        ItemKind::Image | ItemKind::Video => Some("a picture"),
        ItemKind::Audio => Some("a voice"),
        _ => None,
    }
}

fn by_name(item: &Item) -> Option<&'static str> {
    let parts = name_parts(&item.name);
    let whole = parts.join(" ");
    let alone = WHOLE_NAMES.iter().find(|(name, _)| *name == whole);
    let found = alone.or_else(|| NAMES.iter().find(|(name, _)| holds(&parts, name)));
    found.map(|(_, what)| *what)
}
