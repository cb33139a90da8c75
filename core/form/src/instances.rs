//! Secondary instances: lists beside the answers that expressions look things up in.

use std::collections::HashMap;

use crate::document::Document;

/// Secondary instances by name, each a document whose root element is the instance's (`root`).
#[derive(Debug, Default)]
pub(crate) struct Instances {
    by_name: HashMap<String, u32>,
    documents: Vec<Document>,
}

impl Instances {
    /// Adds an instance; one of the same name is replaced.
    pub(crate) fn insert(&mut self, name: &str, document: Document) {
        let index = u32::try_from(self.documents.len()).unwrap_or(u32::MAX);
        self.documents.push(document);
        self.by_name.insert(name.to_owned(), index);
    }

    /// The number of the instance of a name.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.by_name.get(name).copied()
    }

    pub(crate) fn get(&self, index: u32) -> Option<&Document> {
        self.documents.get(index as usize)
    }
}
