//! Secondary instances: lists beside the answers that expressions look things up in.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::document::{DocNode, Document};

/// By a column's value: the first item that has it.
type Index = HashMap<Box<str>, DocNode>;

/// By instance and column.
type Indices = HashMap<(u32, Box<str>), Arc<Index>>;

/// Secondary instances by name, each a document whose root element is the instance's (`root`).
#[derive(Debug, Default)]
pub(crate) struct Instances {
    by_name: HashMap<String, u32>,
    documents: Vec<Document>,
    /// Made when a column is first looked things up in.
    indices: Mutex<Indices>,
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

    /// Of the first item whose column `key` has a value: its column `wanted`; empty when there is none.
    pub(crate) fn look_up(&self, instance: u32, key: &str, value: &str, wanted: &str) -> Cow<'_, str> {
        let Some(document) = self.get(instance) else { return "".into() };
        let index = self.index(instance, document, key);
        let found = index.get(value).and_then(|item| document.child(*item, wanted));
        found.map_or("".into(), |node| document.text(node))
    }

    fn index(&self, instance: u32, document: &Document, key: &str) -> Arc<Index> {
        let mut indices = self.indices.lock().unwrap_or_else(PoisonError::into_inner);
        let made = indices.entry((instance, key.into())).or_insert_with(|| {
            let mut index = Index::new();
            let root = document.root_element().into_iter();
            for item in root.flat_map(|root| document.elements(root)) {
                if let Some(node) = document.child(item, key) {
                    index.entry(document.text(node).into()).or_insert(item);
                }
            }
            Arc::new(index)
        });
        made.clone()
    }
}
