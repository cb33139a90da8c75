//! Ids differ from run to run, so a scenario gives names to what it makes; `$name` stands for the id.

use std::collections::BTreeMap;

use serde_json::Value as Json;

/// The ids that have a name.
#[derive(Default)]
pub(crate) struct Names(BTreeMap<String, String>);

impl Names {
    /// Names an id. The first name stays: a draft that was resumed, a record that was written again.
    pub(crate) fn give(&mut self, name: &str, id: &str) {
        self.0.entry(id.to_owned()).or_insert_with(|| format!("${name}"));
    }

    /// The id behind `$name`.
    pub(crate) fn id(&self, reference: &str) -> Result<String, String> {
        let named = self.0.iter().find(|(_, name)| *name == reference);
        named.map(|(id, _)| id.clone()).ok_or_else(|| format!("nothing is named \"{reference}\""))
    }

    /// `$name` for an id.
    pub(crate) fn of(&self, id: &str) -> Json {
        Json::String(
            self.0.get(id).cloned().unwrap_or_else(|| "an id that the scenario has not named".into()),
        )
    }
}
