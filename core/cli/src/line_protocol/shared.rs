//! What tablets and evaluators do alike.

use std::path::PathBuf;

use jiff::Zoned;
use nightjar::{Clock, Failure, Options, StudyPack};

use crate::command::RunArgs;
use crate::trouble::Trouble;
use crate::{key, pack};

/// The device of a `… run`: made first if it was asked for.
pub(super) fn options(asked: &RunArgs) -> (Options, Clock) {
    let clock = if asked.simulated_clock { Clock::simulated(Zoned::now()) } else { Clock::System };
    (Options { clock: clock.clone() }, clock)
}

/// The key line.
pub(super) fn key(line: &str) -> Result<nightjar::VaultKey, Trouble> {
    key::from_hex(line)
}

/// The study a device founds or joins: a folder, or the one built in.
pub(super) fn study(folder: Option<PathBuf>) -> Result<StudyPack, Failure> {
    pack::load(folder.as_deref()).map_err(|trouble| match trouble {
        Trouble::Facade(failure) => failure,
        other => Failure::Invalid(other.to_string()),
    })
}

/// Sets a simulated clock.
pub(super) fn set_time(clock: &Clock, now: &str) -> Result<(), Failure> {
    let now: Zoned = now.parse().map_err(|_| {
        Failure::Invalid("a time is written as 2026-03-31T21:30:00+01:00[Europe/London]".into())
    })?;
    if clock.set(now) {
        Ok(())
    } else {
        Err(Failure::Invalid("this device goes by the system's clock".into()))
    }
}
