//! Functions of texts and of lists of codes.

use super::{Arguments, MAX_TEXT};
use crate::expr::function::Function;
use crate::expr::val::Val;
use crate::expr::world::World;
use crate::node::whole_match;

pub(super) fn call<'a, W: World>(function: Function, mut args: Arguments<'a, W>) -> Val<'a> {
    let world = args.world;
    match function {
        Function::Concat => joined("", args),
        Function::Join => {
            let separator = args.text();
            joined(&separator, args)
        }
        Function::Contains => Val::Boolean(args.text().contains(&*args.text())),
        Function::StartsWith => Val::Boolean(args.text().starts_with(&*args.text())),
        Function::EndsWith => Val::Boolean(args.text().ends_with(&*args.text())),
        Function::String => Val::Text(args.text_or_context()),
        #[expect(clippy::cast_precision_loss, reason = "texts are bounded")]
        Function::StringLength => Val::Number(args.text_or_context().encode_utf16().count() as f64),
        Function::NormalizeSpace => {
            let text = args.text_or_context();
            let words: Vec<&str> =
                text.split([' ', '\t', '\r', '\n']).filter(|word| !word.is_empty()).collect();
            Val::text(words.join(" "))
        }
        Function::Substr => {
            let (text, from, to) = (args.text(), args.number(), args.next());
            Val::text(substr(&text, from, to.map(|to| to.to_number(world))))
        }
        Function::Substring => {
            let (text, from, length) = (args.text(), args.number(), args.next());
            Val::text(substring(&text, from, length.map(|length| length.to_number(world))))
        }
        Function::SubstringBefore => {
            let (text, mark) = (args.text(), args.text());
            Val::text(text.split_once(&*mark).map_or("", |(before, _)| before).to_owned())
        }
        Function::SubstringAfter => {
            let (text, mark) = (args.text(), args.text());
            Val::text(text.split_once(&*mark).map_or("", |(_, after)| after).to_owned())
        }
        Function::Translate => {
            let (text, from, to) = (args.text(), args.text(), args.text());
            let (from, to): (Vec<char>, Vec<char>) = (from.chars().collect(), to.chars().collect());
            Val::text(
                text.chars()
                    .filter_map(|c| match from.iter().position(|f| *f == c) {
                        Some(i) => to.get(i).copied(),
                        None => Some(c),
                    })
                    .collect::<String>(),
            )
        }
        Function::Regex => {
            let (subject, pattern) = (args.text(), args.text());
            Val::Boolean(whole_match(&pattern).is_ok_and(|regex| regex.is_match(&subject)))
        }
        Function::Selected => {
            let (list, code) = (args.text(), args.text());
            let code = code.trim();
            Val::Boolean(list.split_whitespace().any(|taken| taken == code))
        }
        Function::SelectedAt => {
            let (list, index) = (args.text(), args.number());
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "not negative")]
            let code = if index >= 0.0 { list.split_whitespace().nth(index as usize) } else { None };
            Val::text(code.unwrap_or_default().to_owned())
        }
        #[expect(clippy::cast_precision_loss, reason = "choices are few")]
        Function::CountSelected => Val::Number(args.text().split_whitespace().count() as f64),
        _ => Val::BLANK,
    }
}

fn joined<'a, W: World>(separator: &str, args: Arguments<'a, W>) -> Val<'a> {
    let world = args.world;
    let mut text = String::new();
    for (i, value) in args.rest().into_iter().enumerate() {
        let separator = if i > 0 { separator } else { "" };
        for part in [separator, &value.into_text(world)] {
            let room = MAX_TEXT - text.len();
            if part.len() > room {
                text += &part[..part.floor_char_boundary(room)];
                return Val::text(text);
            }
            text += part;
        }
    }
    Val::text(text)
}

/// From `from` (0-based) to before `to`, in UTF-16 units; negative positions count from the end.
fn substr(text: &str, from: f64, to: Option<f64>) -> String {
    let units: Vec<u16> = text.encode_utf16().collect();
    let place = |at: f64| -> usize {
        #[expect(clippy::cast_precision_loss, reason = "texts are bounded")]
        let at = if at < 0.0 { at + units.len() as f64 } else { at };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
        let at = at.max(0.0) as usize;
        at.min(units.len())
    };
    let (from, to) = (place(from), to.map_or(units.len(), place));
    units.get(from..to).map(String::from_utf16_lossy).unwrap_or_default()
}

/// XPath 1.0, 4.2: from a 1-based position, both numbers rounded, NaN taking nothing.
fn substring(text: &str, from: f64, length: Option<f64>) -> String {
    let round = |n: f64| (n + 0.5).floor();
    let start = round(from);
    let end = length.map_or(f64::INFINITY, |length| start + round(length));
    let units: Vec<u16> = text.encode_utf16().collect();
    #[expect(clippy::cast_precision_loss, reason = "texts are bounded")]
    let taken: Vec<u16> = units
        .iter()
        .zip(1_usize..)
        .filter(|(_, at)| (*at as f64) >= start && (*at as f64) < end)
        .map(|(unit, _)| *unit)
        .collect();
    String::from_utf16_lossy(&taken)
}
