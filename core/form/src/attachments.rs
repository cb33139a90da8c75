//! The files that come beside a form: lists of choices, data that expressions look things up in, further sheets.

use std::collections::BTreeMap;
use std::fmt;

/// Largest attachment, in bytes.
const LARGEST: usize = 8 << 20;
/// Most bytes of all attachments together.
const LARGEST_TOGETHER: usize = 32 << 20;
/// Most attachments.
const MOST: usize = 200;

/// Files beside a form, by name. Readers see nothing of the file system.
///
/// At most 200 files of 8 MiB, 32 MiB together; a name is one of a file, without a folder.
///
/// ```
/// use nightjar_form::Attachments;
///
/// let mut attachments = Attachments::new();
/// assert!(attachments.insert("wards.csv", b"name,label\na,Ward A\n".to_vec()));
/// assert!(!attachments.insert("../wards.csv", Vec::new()), "no folders");
/// assert!(attachments.get("wards.csv").is_some());
/// ```
#[derive(Clone, Default)]
pub struct Attachments {
    files: BTreeMap<String, Vec<u8>>,
    bytes: usize,
}

/// Names only: what is in a file may be about people.
impl fmt::Debug for Attachments {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.files.keys()).finish()
    }
}

impl Attachments {
    /// None yet.
    #[must_use]
    pub fn new() -> Attachments {
        Attachments::default()
    }

    /// Adds a file under the name that the form gives it, in place of one of the same name. `false`, and nothing is
    /// added, if it is too large, one too many, or named with a folder.
    pub fn insert(&mut self, name: &str, bytes: Vec<u8>) -> bool {
        let replaced = self.files.get(name);
        let together = self.bytes - replaced.map_or(0, Vec::len) + bytes.len();
        let one_too_many = replaced.is_none() && self.files.len() >= MOST;
        if bytes.len() > LARGEST || together > LARGEST_TOGETHER || one_too_many || !is_file_name(name) {
            return false;
        }
        self.bytes = together;
        self.files.insert(name.to_owned(), bytes);
        true
    }

    /// The file of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.files.get(name).map(Vec::as_slice)
    }
}

/// Whether a name is one of a file and leads into no folder.
pub(crate) fn is_file_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() <= 200
        && !name.starts_with('.')
        && !name.contains("..")
        && !name.contains(['/', '\\', '\0'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attachments_are_bounded_in_number_and_size() {
        let mut attachments = Attachments::new();
        assert!(!attachments.insert("big.csv", vec![0; LARGEST + 1]));
        for i in 0..4 {
            assert!(attachments.insert(&format!("{i}.csv"), vec![0; LARGEST]));
        }
        assert!(!attachments.insert("one more.csv", vec![0]));
        assert!(attachments.insert("0.csv", Vec::new()), "a smaller one in its place");
        for i in 4..MOST {
            assert!(attachments.insert(&format!("{i}.csv"), Vec::new()));
        }
        assert!(!attachments.insert("one too many.csv", Vec::new()));
        for name in ["", "a/b.csv", "..", ".hidden", "a\\b.csv"] {
            assert!(!attachments.insert(name, Vec::new()), "{name}");
        }
    }
}
