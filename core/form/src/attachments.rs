//! The files that come beside a form: lists of choices, data that expressions look things up in.

use std::collections::BTreeMap;

/// Largest attachment read, in bytes.
const LARGEST: usize = 8 << 20;

/// Files beside a form, by name. Readers see nothing of the file system.
#[derive(Debug, Clone, Default)]
pub struct Attachments(BTreeMap<String, Vec<u8>>);

impl Attachments {
    /// None yet.
    #[must_use]
    pub fn new() -> Attachments {
        Attachments::default()
    }

    /// Adds a file under the name that the form gives it, without a folder; `false` if it is larger than 8 MiB.
    pub fn insert(&mut self, name: &str, bytes: Vec<u8>) -> bool {
        let fits = bytes.len() <= LARGEST;
        if fits {
            self.0.insert(name.to_owned(), bytes);
        }
        fits
    }

    /// The file of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.get(name).map(Vec::as_slice)
    }
}
