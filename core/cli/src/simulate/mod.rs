//! Simulated people. There are no published individual answers, so the demonstration's come from here: seeded, plainly
//! labelled as simulated, and drawn so that something changes between before and after.
//!
//! The seed drives who answers what, when and in which order; it never drives a key, a nonce or an id. Each visit has
//! a stream of random numbers of its own, so that what one person answers does not depend on how another one's
//! tablet behaves, and so that any number of visits takes the same memory.

mod answer;
mod calendar;
mod facts;
mod habits;
mod people;
mod question;
mod visit;
mod walk;

#[cfg(test)]
mod tests;

pub(crate) use calendar::Calendar;
pub(crate) use habits::Habits;
pub(crate) use question::Page;
pub(crate) use visit::{Manner, Visit, Visits};
pub(crate) use walk::{Sitting, Walked, walk};

use rand::SeedableRng;
use rand_chacha::ChaCha8Rng;

/// The free text that must be found with the evaluator and nowhere else.
pub(crate) const CANARY: &str = "the moon over the river is green tonight";

/// Random numbers of one visit.
pub(crate) fn numbers(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut numbers = ChaCha8Rng::seed_from_u64(seed);
    numbers.set_stream(stream);
    numbers
}
