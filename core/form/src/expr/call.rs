//! What each function computes. Sources: the ODK XForms specification; where engines differ, JavaRosa, as
//! `DECISIONS.md` lists.

use super::calendar;
use super::eval::World;
use super::function::Function;
use super::number;
use super::val::Val;
use crate::node::whole_match;

/// Longest text an expression may build, in bytes.
const MAX_TEXT: usize = 100_000;

/// The arguments not yet taken; a missing one is blank.
struct Arguments(std::vec::IntoIter<Val>);

impl Arguments {
    fn value(&mut self) -> Val {
        self.0.next().unwrap_or(Val::BLANK)
    }

    fn text(&mut self) -> String {
        self.value().into_text()
    }

    fn number(&mut self) -> f64 {
        self.value().to_number()
    }

    /// All that is left, node sets spread out.
    fn rest(self) -> impl Iterator<Item = Val> {
        self.0.flat_map(Val::into_nodes)
    }
}

/// Computes a function; lazy ones (`if`, `coalesce`, `once`) never come here.
pub(crate) fn call(function: Function, arguments: Vec<Val>, world: &dyn World) -> Val {
    let mut args = Arguments(arguments.into_iter());
    match function {
        Function::Abs => Val::Number(args.number().abs()),
        Function::Acos => Val::Number(args.number().acos()),
        Function::Asin => Val::Number(args.number().asin()),
        Function::Atan => Val::Number(args.number().atan()),
        Function::Atan2 => Val::Number(args.number().atan2(args.number())),
        Function::Ceiling => Val::Number(args.number().ceil()),
        Function::Cos => Val::Number(args.number().cos()),
        Function::Exp => Val::Number(args.number().exp()),
        Function::Exp10 => Val::Number(10_f64.powf(args.number())),
        Function::Floor => Val::Number(args.number().floor()),
        Function::Int => Val::Number(args.number().trunc()),
        Function::Log => Val::Number(args.number().ln()),
        Function::Log10 => Val::Number(args.number().log10()),
        Function::Number => Val::Number(args.number()),
        Function::Pi => Val::Number(std::f64::consts::PI),
        Function::Pow => Val::Number(args.number().powf(args.number())),
        Function::Round => {
            let (value, places) = (args.number(), args.0.next());
            Val::Number(number::round(value, places.map_or(0.0, |places| places.to_number())))
        }
        Function::Sin => Val::Number(args.number().sin()),
        Function::Sqrt => Val::Number(args.number().sqrt()),
        Function::Tan => Val::Number(args.number().tan()),

        Function::Sum => Val::Number(args.rest().filter(|v| !v.is_blank()).map(|v| v.to_number()).sum()),
        Function::Max => extreme(args, f64::max),
        Function::Min => extreme(args, f64::min),
        #[expect(clippy::cast_precision_loss, reason = "instances are few")]
        Function::CountNonEmpty => Val::Number(args.rest().filter(|v| !v.is_blank()).count() as f64),

        Function::Boolean => Val::Boolean(args.value().to_boolean()),
        Function::BooleanFromString => Val::Boolean(matches!(args.text().as_str(), "true" | "1")),
        Function::False => Val::Boolean(false),
        Function::Not => Val::Boolean(!args.value().to_boolean()),
        Function::True => Val::Boolean(true),
        Function::Checklist => {
            let (least, most) = (args.number(), args.number());
            #[expect(clippy::cast_precision_loss, reason = "arguments are few")]
            let count = args.rest().filter(|v| !v.is_blank()).count() as f64;
            Val::Boolean(within(count, least, most))
        }
        Function::WeightedChecklist => {
            let (least, most) = (args.number(), args.number());
            let rest: Vec<Val> = args.rest().collect();
            let chosen = rest.chunks_exact(2).filter(|pair| !pair[0].is_blank());
            Val::Boolean(within(chosen.map(|pair| pair[1].to_number()).sum(), least, most))
        }

        Function::Now => Val::text(calendar::now_text(world.now())),
        Function::Today => Val::text(world.now().date().to_string()),
        Function::Date => Val::text(
            match date_or_days(args.value()) {
                Ok(days) => calendar::date_of_days(days).map(|date| date.to_string()),
                Err(text) => calendar::parse_date(&text).map(|date| date.to_string()),
            }
            .unwrap_or_default(),
        ),
        Function::DateTime => Val::text(match date_or_days(args.value()) {
            Ok(days) => calendar::date_of_days(days).map(|date| date.to_string()).unwrap_or_default(),
            Err(text) if calendar::parse_date_time(&text).is_some() => text,
            Err(_) => String::new(),
        }),
        Function::DecimalDateTime => {
            Val::Number(calendar::decimal_date_time(&args.text(), world.now()).unwrap_or(f64::NAN))
        }
        Function::DecimalTime => {
            Val::Number(calendar::parse_time(&args.text()).map_or(f64::NAN, calendar::fraction))
        }
        Function::FormatDate => {
            let (at, pattern) = (args.text(), args.text());
            Val::text(
                calendar::parse_date_time(&at).map(|at| calendar::format(at, &pattern)).unwrap_or_default(),
            )
        }

        Function::Random => {
            #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
            let fraction = (world.dice() >> 75) as f64;
            Val::Number(fraction / (1_u64 << 53) as f64)
        }
        Function::Uuid => Val::text(uuid(world.dice())),
        Function::Regex => {
            let (subject, pattern) = (args.text(), args.text());
            Val::Boolean(whole_match(&pattern).is_ok_and(|regex| regex.is_match(&subject)))
        }

        // Lazy, run by `eval`.
        Function::If | Function::Coalesce | Function::Once => args.value(),
        _ => text_call(function, args),
    }
}

fn text_call(function: Function, mut args: Arguments) -> Val {
    match function {
        Function::Concat => joined("", args.rest()),
        Function::Join => {
            let separator = args.text();
            joined(&separator, args.rest())
        }
        Function::Contains => Val::Boolean(args.text().contains(&args.text())),
        Function::StartsWith => Val::Boolean(args.text().starts_with(&args.text())),
        Function::EndsWith => Val::Boolean(args.text().ends_with(&args.text())),
        Function::String => Val::text(args.text()),
        #[expect(clippy::cast_precision_loss, reason = "texts are bounded")]
        Function::StringLength => Val::Number(args.text().encode_utf16().count() as f64),
        Function::NormalizeSpace => {
            Val::text(args.text().split_ascii_whitespace().collect::<Vec<_>>().join(" "))
        }
        Function::Substr => {
            let (text, from, to) = (args.text(), args.number(), args.0.next());
            Val::text(substr(&text, from, to.map(|to| to.to_number())))
        }
        Function::SubstringBefore => {
            let (text, mark) = (args.text(), args.text());
            Val::text(text.split_once(&mark).map_or("", |(before, _)| before))
        }
        Function::SubstringAfter => {
            let (text, mark) = (args.text(), args.text());
            Val::text(text.split_once(&mark).map_or("", |(_, after)| after))
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
        Function::Selected => {
            let (list, code) = (args.text(), args.text());
            Val::Boolean(list.split_whitespace().any(|taken| taken == code.trim()))
        }
        Function::SelectedAt => {
            let (list, index) = (args.text(), args.number());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "checked not to be negative"
            )]
            let code = if index >= 0.0 { list.split_whitespace().nth(index as usize) } else { None };
            Val::text(code.unwrap_or_default())
        }
        #[expect(clippy::cast_precision_loss, reason = "choices are few")]
        Function::CountSelected => Val::Number(args.text().split_whitespace().count() as f64),
        _ => Val::BLANK,
    }
}

fn joined(separator: &str, values: impl Iterator<Item = Val>) -> Val {
    let mut text = String::new();
    for (i, value) in values.enumerate() {
        if i > 0 {
            text += separator;
        }
        text += &value.into_text();
        if text.len() > MAX_TEXT {
            break;
        }
    }
    Val::Text(text)
}

fn extreme(args: Arguments, better: fn(f64, f64) -> f64) -> Val {
    let numbers = args.rest().map(|v| v.to_number()).filter(|n| !n.is_nan());
    numbers.reduce(better).map_or(Val::BLANK, Val::Number)
}

/// −1 as a limit means none.
fn within(count: f64, least: f64, most: f64) -> bool {
    (least < 0.0 || count >= least) && (most < 0.0 || count <= most)
}

/// A number of days, or a text.
fn date_or_days(value: Val) -> Result<f64, String> {
    match value {
        Val::Number(days) => Ok(days),
        other => {
            let text = other.into_text();
            number::from_text(&text).ok_or(text)
        }
    }
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

fn uuid(bits: u128) -> String {
    let bits = (bits & !(0xf << 76) & !(0b11 << 62)) | (4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}
