//! What the changes of one form have in common: register names and codes, laid out as a change lays them out. Compression that is
//! given it leaves them out. It depends on the form alone, so that everybody who was given the form has it, and on nothing that
//! anybody answered.
//!
//! Its bytes are named by their hash in what was sealed with it: another layout is another dictionary, and one that was ever
//! used must be made for ever.

use data_encoding::HEXLOWER;
use nightjar_form::{Instrument, Item, ItemKind, Missing};

use crate::meta::Nature;
use crate::register::option_key;

/// Most bytes of a dictionary.
pub const DICTIONARY_BYTES: usize = 16 * 1024;

/// Most choices of one item that it lists.
const CHOICES: usize = 32;

/// Names and values of metadata in the order in which they are written, and words that the facade writes beside a record. What
/// stands here is part of every dictionary.
const META: [&str; 17] = [
    "~case",
    "~form",
    "~kind",
    "~language",
    "~natural",
    "~nature",
    "~origin",
    "~part",
    "~phase",
    "~role",
    "~version",
    "~ward",
    "~week",
    "~x/ended",
    "~x/information",
    "~x/wording",
    "~is/stance",
];

/// The dictionary of a form: 1 to [`DICTIONARY_BYTES`] bytes.
pub fn dictionary(instrument: &Instrument) -> Vec<u8> {
    let mut items: Vec<&Item> = instrument.items().iter().filter(|item| item.kind().is_asked()).collect();
    items.sort_by_key(|item| item.key());
    let mut out = Out(Vec::new());
    out.put(b"{\"v\":0,\"r\":\"\",\"t\":\"20-");
    // The column of names: each behind its length.
    for item in &items {
        let key = item.key().to_string();
        out.name(&key);
        if matches!(item.kind(), ItemKind::SelectMultiple | ItemKind::Rank) {
            let cell = item.key().into();
            for choice in item.choices().iter().take(CHOICES) {
                out.name(&option_key(&cell, choice.code()));
            }
        }
    }
    for name in META {
        out.name(name);
    }
    // The column of values.
    for missing in Missing::ALL {
        out.put(format!("m{}", missing.code()).as_bytes());
    }
    for item in &items {
        let mark = if matches!(item.kind(), ItemKind::SelectMultiple | ItemKind::Rank) { "+1 " } else { "o" };
        for choice in item.choices().iter().take(CHOICES) {
            out.put(format!("{mark}{}", choice.code()).as_bytes());
        }
    }
    for nature in [Nature::Response, Nature::Fact, Nature::Voice, Nature::Outcome] {
        out.put(nature.code().as_bytes());
    }
    for language in instrument.languages() {
        out.put(language.code().as_bytes());
    }
    out.put(b"finishedstoppednightmorningafternoonevening");
    out.put(instrument.form_id().as_bytes());
    out.put(instrument.form_id().as_bytes());
    out.put(HEXLOWER.encode(&instrument.hash()).as_bytes());
    out.0
}

struct Out(Vec<u8>);

impl Out {
    /// Whole or not at all, so that it stays within its bound.
    fn put(&mut self, bytes: &[u8]) {
        if self.0.len() + bytes.len() <= DICTIONARY_BYTES {
            self.0.extend_from_slice(bytes);
        }
    }

    fn name(&mut self, name: &str) {
        if let Ok(length) = u8::try_from(name.len()) {
            self.put(&[&[length], name.as_bytes()].concat());
        }
    }
}
