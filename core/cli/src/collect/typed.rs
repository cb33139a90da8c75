//! What a typed line means: one of a few words, or an answer.

use jiff::civil::{Date, DateTime, Time};
use nightjar_form::{ItemKind, Missing, Question, Value};

/// A line as it was typed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Typed {
    /// The question before.
    Back,
    /// No answer to this one.
    Skip,
    /// End here.
    Stop,
    /// Talk to someone now.
    Help,
    /// Someone else takes the tablet.
    HandOver,
    /// Another language.
    Language,
    /// Only Enter.
    Nothing,
    /// Anything else.
    Words(String),
}

impl Typed {
    /// Reads a line. A word in quotation marks is always an answer.
    pub(super) fn from_line(line: &str) -> Typed {
        let line = line.trim();
        match line.to_lowercase().as_str() {
            "" => Typed::Nothing,
            "b" | "back" => Typed::Back,
            "s" | "skip" => Typed::Skip,
            "stop" => Typed::Stop,
            "help" => Typed::Help,
            "hand over" | "handover" => Typed::HandOver,
            "language" => Typed::Language,
            _ => {
                let quoted = line.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
                Typed::Words(quoted.unwrap_or(line).to_owned())
            }
        }
    }
}

/// What the words mean as an answer, or how to put it.
pub(super) fn answer(question: &Question, words: &str) -> Result<Value, String> {
    if !question.kind.has_choices() && question.kind != ItemKind::Acknowledge {
        match words {
            "?" => return Ok(Value::Missing(Missing::DontKnow)),
            "-" => return Ok(Value::Missing(Missing::Declined)),
            _ => {}
        }
    }
    match question.kind {
        ItemKind::Text => Ok(Value::Text(words.to_owned())),
        ItemKind::Integer => words.parse().map(Value::Integer).map_err(|_| "Type a whole number.".into()),
        ItemKind::Decimal => decimal(words).map(Value::Decimal).ok_or_else(|| "Type a number.".into()),
        ItemKind::Range => decimal(words).map(on_scale).ok_or_else(|| "Type a number on the scale.".into()),
        ItemKind::Date => words
            .parse::<Date>()
            .map(Value::Date)
            .map_err(|_| "Type the date as year-month-day: 2026-03-31.".into()),
        ItemKind::Time => words
            .parse::<Time>()
            .map(Value::Time)
            .map_err(|_| "Type the time as hours:minutes: 21:30.".into()),
        ItemKind::DateTime => (words.parse::<DateTime>().map(Value::DateTime))
            .map_err(|_| "Type date and time as 2026-03-31 21:30.".into()),
        ItemKind::SelectOne => one(question, words),
        ItemKind::SelectMultiple | ItemKind::Rank => many(question, words),
        ItemKind::Acknowledge => match words.to_lowercase().as_str() {
            "1" | "y" | "yes" | "ok" => Ok(Value::One("OK".into())),
            _ => Err("Type 1 for yes, or s to skip.".into()),
        },
        kind if kind.is_geo() || kind.is_media() => {
            Err("This question cannot be answered in a terminal. Type s to skip it.".into())
        }
        _ => Err("This is not a question.".into()),
    }
}

fn decimal(words: &str) -> Option<f64> {
    words.replace(',', ".").parse::<f64>().ok().filter(|number| number.is_finite())
}

fn on_scale(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 {
        Value::Integer(number as i64)
    } else {
        Value::Decimal(number)
    }
}

fn code(question: &Question, number: &str) -> Option<String> {
    let at = number.parse::<usize>().ok()?.checked_sub(1)?;
    question.choices.get(at).map(|choice| choice.code.clone())
}

fn one(question: &Question, words: &str) -> Result<Value, String> {
    code(question, words)
        .map(Value::One)
        .ok_or_else(|| format!("Type a number from 1 to {}, or s to skip.", question.choices.len()))
}

fn many(question: &Question, words: &str) -> Result<Value, String> {
    let numbers = words.split([' ', ',', ';']).filter(|part| !part.is_empty());
    let codes: Option<Vec<String>> = numbers.map(|number| code(question, number)).collect();
    match codes {
        Some(codes) if !codes.is_empty() => Ok(Value::Many(codes)),
        _ => Err(format!(
            "Type the numbers you choose, from 1 to {}, with spaces between.",
            question.choices.len()
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(kind: ItemKind, codes: &[&str]) -> Question {
        let choice = |code: &&str| nightjar_form::ChoiceView {
            code: (*code).into(),
            label: code.to_uppercase(),
            missing: None,
            image: None,
        };
        Question {
            path: "q".into(),
            item: "aaaaaaaaaaaaaaaa".parse().unwrap(),
            kind,
            label: "?".into(),
            hint: String::new(),
            guidance: String::new(),
            choices: codes.iter().map(choice).collect(),
            scale: None,
            value: None,
            answer: String::new(),
            required: false,
            read_only: false,
            problem: None,
            appearance: String::new(),
            image: None,
            audio: None,
        }
    }

    #[test]
    fn numbers_on_the_screen_stand_for_codes() {
        let one = question(ItemKind::SelectOne, &["well", "badly"]);
        assert_eq!(answer(&one, "2"), Ok(Value::One("badly".into())));
        for wrong in ["0", "3", "badly", "-1", "1 2"] {
            assert!(answer(&one, wrong).is_err(), "{wrong}");
        }
        let many = question(ItemKind::SelectMultiple, &["doors", "light", "checks"]);
        assert_eq!(answer(&many, "1, 3"), Ok(Value::Many(vec!["doors".into(), "checks".into()])));
        assert!(answer(&many, "1 4").is_err());
    }

    #[test]
    fn what_does_not_fit_says_how_to_put_it() {
        for (kind, wrong, hint) in [
            (ItemKind::Integer, "many", "whole number"),
            (ItemKind::Date, "yesterday", "year-month-day"),
            (ItemKind::Time, "late", "hours:minutes"),
            (ItemKind::Decimal, "NaN", "number"),
        ] {
            let said = answer(&question(kind, &[]), wrong).unwrap_err();
            assert!(said.contains(hint), "{said}");
        }
        assert_eq!(answer(&question(ItemKind::Decimal, &[]), "2,5"), Ok(Value::Decimal(2.5)));
    }

    #[test]
    fn not_knowing_is_an_answer_where_there_are_no_choices() {
        let number = question(ItemKind::Integer, &[]);
        assert_eq!(answer(&number, "?"), Ok(Value::Missing(Missing::DontKnow)));
        assert_eq!(answer(&number, "-"), Ok(Value::Missing(Missing::Declined)));
    }

    #[test]
    fn a_word_of_the_menu_can_still_be_an_answer_in_quotation_marks() {
        assert_eq!(Typed::from_line("  STOP \n"), Typed::Stop);
        assert_eq!(Typed::from_line("\"stop\"\n"), Typed::Words("stop".into()));
        assert_eq!(Typed::from_line("hand over\n"), Typed::HandOver);
        assert_eq!(Typed::from_line("stop it, please"), Typed::Words("stop it, please".into()));
        assert_eq!(Typed::from_line("\n"), Typed::Nothing);
    }
}
