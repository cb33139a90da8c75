//! Functions of nodes.

use sha2::{Digest, Sha256};

use super::Arguments;
use crate::expr::function::Function;
use crate::expr::number;
use crate::expr::val::Val;
use crate::expr::world::World;

pub(super) fn call<'a, W: World>(function: Function, mut args: Arguments<'a, W>) -> Val<'a> {
    let world = args.world;
    let first = |args: &mut Arguments<'a, W>| match args.next() {
        None => Some(args.frame.node),
        Some(Val::Nodes(nodes)) => nodes.first().copied(),
        Some(_) => None,
    };
    match function {
        #[expect(clippy::cast_precision_loss, reason = "nodes are bounded")]
        Function::Count => Val::Number(match args.value() {
            Val::Nodes(nodes) => nodes.len() as f64,
            _ => 1.0,
        }),
        #[expect(clippy::cast_precision_loss, reason = "nodes are bounded")]
        Function::CountNonEmpty => {
            Val::Number(args.rest().iter().filter(|value| !value.is_blank(world)).count() as f64)
        }
        Function::LocalName => {
            Val::text(first(&mut args).map(|node| node.names(world).1).unwrap_or_default())
        }
        Function::NamespaceUri => {
            Val::text(first(&mut args).map(|node| node.names(world).2).unwrap_or_default())
        }
        Function::Name => Val::text(match first(&mut args).map(|node| node.names(world)) {
            Some(("", local, _)) => local.to_owned(),
            Some((prefix, local, _)) => format!("{prefix}:{local}"),
            None => String::new(),
        }),
        Function::Randomize => match args.value() {
            Val::Nodes(nodes) => {
                let seed = args.next();
                let seed = seed.map_or_else(|| unseeded(world.dice()), |seed| seed_of(&seed, world));
                Val::Nodes(shuffled(&nodes, seed))
            }
            other => other,
        },
        _ => Val::BLANK,
    }
}

/// A seed from what `random()` would be drawn from.
pub(crate) fn unseeded(dice: u128) -> i64 {
    i64::try_from(dice % 2_147_483_647).unwrap_or(0)
}

/// A number as it is, without its fraction; of any other text, the first eight bytes of its SHA-256 (JavaRosa).
pub(crate) fn seed_of<W: World>(seed: &Val<'_>, world: &W) -> i64 {
    let text = match seed {
        Val::Number(n) => return whole(*n),
        other => other.clone().into_text(world),
    };
    match number::from_text(&text) {
        Some(n) => whole(n),
        None if text.is_empty() => 0,
        None => {
            let mut first = [0; 8];
            first.copy_from_slice(&Sha256::digest(text.as_bytes())[..8]);
            i64::from_be_bytes(first)
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates, NaN gives 0")]
fn whole(number: f64) -> i64 {
    number as i64
}

/// Shuffles as ODK's engines do: Park and Miller's minimal standard generator (modulus 2^31 − 1, multiplier 16807) and
/// the inside-out algorithm of Fisher and Yates.
pub(crate) fn shuffled<T: Copy>(list: &[T], seed: i64) -> Vec<T> {
    const MODULUS: i64 = 2_147_483_647;
    let mut state = seed % MODULUS;
    if state <= 0 {
        state += MODULUS - 1;
    }
    let mut shuffled: Vec<T> = Vec::with_capacity(list.len());
    for (i, item) in list.iter().enumerate() {
        state = state * 16_807 % MODULUS;
        #[expect(clippy::cast_precision_loss, reason = "31 bits fit a double, and lists are bounded")]
        let at = (state - 1) as f64 / (MODULUS - 1) as f64 * (i + 1) as f64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "between 0 and i + 1")]
        let at = (at.floor() as usize).min(i);
        if at == i {
            shuffled.push(*item);
        } else {
            shuffled.push(shuffled[at]);
            shuffled[at] = *item;
        }
    }
    shuffled
}
