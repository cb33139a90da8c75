//! Functions of dates and times.

use super::Arguments;
use crate::expr::function::Function;
use crate::expr::val::Val;
use crate::expr::world::World;
use crate::expr::{calendar, number};

pub(super) fn call<'a, W: World>(function: Function, mut args: Arguments<'a, W>) -> Val<'a> {
    let world = args.world;
    match function {
        Function::Now => Val::text(calendar::now_text(world.now())),
        Function::Today => Val::text(world.now().date().to_string()),
        Function::Date => Val::text(
            match date_or_days(args.value(), world) {
                Ok(days) => calendar::date_of_days(days).map(|date| date.to_string()),
                Err(text) => calendar::parse_date(&text).map(|date| date.to_string()),
            }
            .unwrap_or_default(),
        ),
        Function::DateTime => Val::text(match date_or_days(args.value(), world) {
            Ok(days) => calendar::date_time_of_days(days, world.now()).unwrap_or_default(),
            Err(text) if calendar::parse_date_time(&text).is_some() => text,
            Err(_) => String::new(),
        }),
        Function::DecimalDateTime => {
            let days = match args.value() {
                Val::Number(days) => Some(days),
                other => calendar::decimal_date_time(&other.into_text(world), world.now()),
            };
            Val::Number(days.unwrap_or(f64::NAN))
        }
        Function::DecimalTime => {
            Val::Number(calendar::decimal_time(&args.text(), world.now()).unwrap_or(f64::NAN))
        }
        Function::FormatDate => {
            let at = match date_or_days(args.value(), world) {
                Ok(days) => calendar::date_time_of_days(days, world.now()).unwrap_or_default(),
                Err(text) => text,
            };
            let pattern = args.text();
            let at = calendar::parse_date_time(&at);
            Val::text(at.map(|at| calendar::format(at, &pattern)).unwrap_or_default())
        }
        _ => Val::BLANK,
    }
}

/// A number of days, or a text.
fn date_or_days<W: World>(value: Val<'_>, world: &W) -> Result<f64, String> {
    match value {
        Val::Number(days) => Ok(days),
        other => {
            let text = other.into_text(world).into_owned();
            number::from_text(&text).ok_or(text)
        }
    }
}
