//! What a person does to a form, as the batch protocol writes it.

use serde::{Deserialize, Serialize};

/// One step. References are `/data/night[2]/hours`, with positions on repeat instances only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Step {
    /// Answers a question; a blank value clears it.
    Set {
        /// The question.
        set: String,
        /// The value as it stands in a submission.
        value: String,
    },
    /// Adds an instance at the end of a repeat.
    AddRepeat {
        /// The repeat, without a position of its own.
        #[serde(rename = "addRepeat")]
        repeat: String,
    },
    /// Takes an instance out.
    RemoveRepeat {
        /// The instance.
        #[serde(rename = "removeRepeat")]
        instance: String,
    },
    /// Switches the language.
    Language {
        /// As the form names it.
        lang: String,
    },
}

impl Step {
    /// The question, repeat or instance that it is about; nothing for a language.
    #[must_use]
    pub fn place(&self) -> &str {
        match self {
            Step::Set { set, .. } => set,
            Step::AddRepeat { repeat } => repeat,
            Step::RemoveRepeat { instance } => instance,
            Step::Language { .. } => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_is_written_as_the_protocol_says() {
        let write = |step: &Step| serde_json::to_string(step).unwrap();
        let set = Step::Set { set: "/data/night[2]/hours".into(), value: "7".into() };
        assert_eq!(write(&set), r#"{"set":"/data/night[2]/hours","value":"7"}"#);
        assert_eq!(
            write(&Step::AddRepeat { repeat: "/data/night".into() }),
            r#"{"addRepeat":"/data/night"}"#
        );
        let remove = Step::RemoveRepeat { instance: "/data/night[1]".into() };
        assert_eq!(write(&remove), r#"{"removeRepeat":"/data/night[1]"}"#);
        assert_eq!(write(&Step::Language { lang: "cy".into() }), r#"{"lang":"cy"}"#);
    }
}
