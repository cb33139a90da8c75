//! Changes in words.

use std::fmt;

use super::{Change, Changed, Effect, Logic, Wording};
use crate::{Language, Scale};

impl fmt::Display for Changed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let effect = match self.effect {
            Effect::Safe => "safe",
            Effect::Widens => "widens",
            Effect::Breaks => "BREAKS",
        };
        write!(f, "{effect:<7} {}: {}", self.path, self.change)
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place =
            |groups: &str| if groups.is_empty() { "the top".to_owned() } else { format!("`{groups}`") };
        let repeat = |path: &Option<String>| match path {
            Some(path) => format!("the repeat `{path}`"),
            None => "no repeat".to_owned(),
        };
        let written = |source: &Option<String>| match source {
            Some(source) => format!("`{source}`"),
            None => "nothing".to_owned(),
        };
        match self {
            Change::Added => f.write_str("added; blank in answers to the old version"),
            Change::Removed => {
                f.write_str("removed; answers to the old version keep it, the new ones have none")
            }
            Change::Renamed { from } => {
                write!(f, "renamed, was `{from}`; the same item, under its new name in tables")
            }
            Change::ChainBroken { from } => {
                write!(f, "renamed from `{from}`, which is older itself; write its former names behind it")
            }
            Change::Moved { from, to } if from == to => f.write_str("comes earlier or later"),
            Change::Moved { from, to } => write!(f, "moved from {} to {}", place(from), place(to)),
            Change::OtherRepeat { from, to } => {
                write!(
                    f,
                    "was in {}, is in {}; its values belong to rows of another table",
                    repeat(from),
                    repeat(to)
                )
            }
            Change::Type { from, to } => write!(f, "type was {from}, is {to}"),
            Change::Scale { from, to } => {
                let shown = |scale: &Option<Scale>| match scale {
                    Some(Scale { start, end, step }) => format!("{start} to {end} by {step}"),
                    None => "none".to_owned(),
                };
                write!(f, "scale was {}, is {}", shown(from), shown(to))
            }
            Change::OptionAdded { code } => {
                write!(f, "choice `{code}` added; nobody could choose it in the old version")
            }
            Change::OptionRemoved { code } => write!(f, "choice `{code}` removed; old answers keep it"),
            Change::OptionRelabelled { code, languages } => {
                write!(f, "choice `{code}` in other words in {}", listed(languages))
            }
            Change::OptionMissing { code } => {
                write!(f, "choice `{code}` no longer means the same: an answer, or why there is none")
            }
            Change::OptionsReordered => f.write_str("choices in another order"),
            Change::Wording { what, languages } => {
                write!(f, "{what} in other words in {}", listed(languages))
            }
            Change::Logic { what, from, to } => write!(f, "{what} was {}, is {}", written(from), written(to)),
        }
    }
}

fn listed(languages: &[Language]) -> String {
    languages.iter().map(Language::name).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Wording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Wording::Label => "label",
            Wording::Hint => "hint",
            Wording::Guidance => "guidance",
            Wording::ConstraintMessage => "constraint message",
            Wording::RequiredMessage => "required message",
        })
    }
}

impl fmt::Display for Logic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Logic::Relevant => "relevant",
            Logic::Required => "required",
            Logic::Constraint => "constraint",
            Logic::ReadOnly => "read_only",
            Logic::Calculation => "calculation",
            Logic::Default => "default",
            Logic::ChoiceFilter => "choice_filter",
            Logic::RepeatCount => "repeat_count",
            Logic::Trigger => "trigger",
        })
    }
}
