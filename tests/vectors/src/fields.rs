//! An object whose every key must be read: what nobody understands must not be passed over.

use serde::de::DeserializeOwned;
use serde_json::{Map, Value as Json};

/// The keys of a scenario, a step or its arguments that were not read yet.
#[derive(Clone)]
pub(crate) struct Fields {
    what: String,
    left: Map<String, Json>,
}

impl Fields {
    pub(crate) fn of(what: &str, json: Json) -> Result<Self, String> {
        match json {
            Json::Object(left) => Ok(Self { what: what.to_owned(), left }),
            _ => Err(format!("{what} is not an object")),
        }
    }

    pub(crate) fn empty(what: &str) -> Self {
        Self { what: what.to_owned(), left: Map::new() }
    }

    pub(crate) fn take(&mut self, key: &str) -> Option<Json> {
        self.left.remove(key)
    }

    pub(crate) fn read<T: DeserializeOwned>(&mut self, key: &str) -> Result<T, String> {
        let json = self.take(key).ok_or_else(|| format!("{} has no \"{key}\"", self.what))?;
        serde_json::from_value(json).map_err(|problem| format!("{}, \"{key}\": {problem}", self.what))
    }

    pub(crate) fn read_if_there<T: DeserializeOwned>(&mut self, key: &str) -> Result<Option<T>, String> {
        if self.left.contains_key(key) { self.read(key).map(Some) } else { Ok(None) }
    }

    /// Says which keys nobody has read.
    pub(crate) fn end(&self) -> Result<(), String> {
        match self.left.keys().next() {
            Some(key) => Err(format!("{}: unknown key \"{key}\"", self.what)),
            None => Ok(()),
        }
    }
}
