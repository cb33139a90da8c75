//! What each function computes. Sources: the ODK XForms specification; where engines differ, JavaRosa, as
//! `DECISIONS.md` lists.

mod dates;
mod digest;
pub(crate) mod geo;
pub(crate) mod nodes;
mod text;

use std::borrow::Cow;

use super::eval::Frame;
use super::function::Function;
use super::number;
use super::val::Val;
use super::world::World;

/// Longest text an expression may build, in bytes.
const MAX_TEXT: usize = 100_000;

/// The arguments not yet taken; a missing one is blank.
pub(crate) struct Arguments<'a, W> {
    left: std::vec::IntoIter<Val<'a>>,
    world: &'a W,
    frame: Frame,
}

impl<'a, W: World> Arguments<'a, W> {
    pub(crate) fn new(values: Vec<Val<'a>>, world: &'a W, frame: &Frame) -> Self {
        Arguments { left: values.into_iter(), world, frame: *frame }
    }

    fn next(&mut self) -> Option<Val<'a>> {
        self.left.next()
    }

    fn value(&mut self) -> Val<'a> {
        self.next().unwrap_or(Val::BLANK)
    }

    fn text(&mut self) -> Cow<'a, str> {
        self.value().into_text(self.world)
    }

    /// The text, or that of the node looked at when there is no argument.
    fn text_or_context(&mut self) -> Cow<'a, str> {
        match self.next() {
            Some(value) => value.into_text(self.world),
            None => self.frame.node.value(self.world).into_text(self.world),
        }
    }

    fn number(&mut self) -> f64 {
        self.value().to_number(self.world)
    }

    /// All that is left, node sets spread out.
    fn rest(self) -> Vec<Val<'a>> {
        let world = self.world;
        let mut all = Vec::new();
        self.left.for_each(|value| value.each(world, &mut |value| all.push(value)));
        all
    }
}

/// Computes a function; lazy ones (`if`, `coalesce`, `once`) never come here.
pub(crate) fn call<'a, W: World>(function: Function, mut args: Arguments<'a, W>) -> Val<'a> {
    let world = args.world;
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
        Function::Number => Val::Number(match args.next() {
            Some(value) => value.to_number(world),
            None => args.frame.node.value(world).to_number(world),
        }),
        Function::Pi => Val::Number(std::f64::consts::PI),
        Function::Pow => Val::Number(args.number().powf(args.number())),
        Function::Round => {
            let (value, places) = (args.number(), args.next());
            Val::Number(number::round(value, places.map_or(0.0, |places| places.to_number(world))))
        }
        Function::Sin => Val::Number(args.number().sin()),
        Function::Sqrt => Val::Number(args.number().sqrt()),
        Function::Tan => Val::Number(args.number().tan()),

        Function::Sum => {
            let filled = args.rest().into_iter().filter(|value| !value.is_blank(world));
            // From 0, where the sum of no numbers at all would be −0.
            Val::Number(filled.fold(0.0, |sum, value| sum + value.to_number(world)))
        }
        Function::Max => extreme(args, f64::max),
        Function::Min => extreme(args, f64::min),

        Function::Boolean => Val::Boolean(args.value().to_boolean(world)),
        Function::BooleanFromString => Val::Boolean(matches!(&*args.text(), "true" | "1")),
        Function::False => Val::Boolean(false),
        Function::Not => Val::Boolean(!args.value().to_boolean(world)),
        Function::True => Val::Boolean(true),
        Function::Checklist => {
            let (least, most) = (args.number(), args.number());
            #[expect(clippy::cast_precision_loss, reason = "arguments are few")]
            let count = args.rest().iter().filter(|value| counts(value, world)).count() as f64;
            Val::Boolean(within(count, least, most))
        }
        Function::WeightedChecklist => {
            let (least, most) = (args.number(), args.number());
            let rest = args.rest();
            let chosen = rest.chunks_exact(2).filter(|pair| counts(&pair[0], world));
            Val::Boolean(within(chosen.map(|pair| pair[1].to_number(world)).sum(), least, most))
        }

        Function::Random => {
            #[expect(clippy::cast_precision_loss, reason = "53 bits fit a double")]
            let fraction = (world.dice() >> 75) as f64;
            Val::Number(fraction / (1_u64 << 53) as f64)
        }
        Function::Uuid => Val::text(match args.next() {
            None => uuid(world.dice()),
            Some(length) => token(world.dice(), length.to_number(world)),
        }),

        Function::Now
        | Function::Today
        | Function::Date
        | Function::DateTime
        | Function::DecimalDateTime
        | Function::DecimalTime
        | Function::FormatDate => dates::call(function, args),
        Function::Area | Function::Distance | Function::Geofence | Function::Intersects => {
            geo::call(function, args)
        }
        Function::Count
        | Function::CountNonEmpty
        | Function::LocalName
        | Function::Name
        | Function::NamespaceUri
        | Function::Randomize => nodes::call(function, args),
        Function::Digest | Function::Base64Decode => digest::call(function, args),
        // Lazy, run by `eval`.
        Function::If | Function::Coalesce | Function::Once | Function::Position | Function::Last => {
            args.value()
        }
        _ => text::call(function, args),
    }
}

fn extreme<'a, W: World>(args: Arguments<'a, W>, better: fn(f64, f64) -> f64) -> Val<'a> {
    let world = args.world;
    let numbers = args.rest().into_iter().map(|value| value.to_number(world)).filter(|n| !n.is_nan());
    numbers.reduce(better).map_or(Val::BLANK, Val::Number)
}

/// Whether an entry of a checklist is ticked: true, or a value that is not blank.
fn counts<W: World>(value: &Val<'_>, world: &W) -> bool {
    match value {
        Val::Boolean(yes) => *yes,
        other => !other.is_blank(world),
    }
}

/// −1 as a limit means none.
fn within(count: f64, least: f64, most: f64) -> bool {
    (least < 0.0 || count >= least) && (most < 0.0 || count <= most)
}

/// A version 4 UUID (RFC 9562).
pub(crate) fn uuid(bits: u128) -> String {
    let bits = (bits & !(0xf << 76) & !(0b11 << 62)) | (4 << 76) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// So many letters and digits.
fn token(bits: u128, length: f64) -> String {
    const LETTERS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "`as` saturates")]
    let length = (length as usize).min(1_000);
    let mut stream = blake3::Hasher::new().update(&bits.to_le_bytes()).finalize_xof();
    let mut bytes = vec![0; length];
    stream.fill(&mut bytes);
    bytes.iter().map(|byte| char::from(LETTERS[usize::from(*byte) % LETTERS.len()])).collect()
}
