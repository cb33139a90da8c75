//! A process that ends, or a disk that is full, between two commits: for the soaks and the simulator, under the feature `faults`.

use std::cell::Cell;

use crate::error::VaultError;

/// What happens to a write.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fate {
    /// The process has ended: nothing more is stored until [`stop_after`] is called again. Whoever tries is told that the vault is
    /// closed, and is to be dropped without more ado.
    Ends,
    /// The disk is full until [`stop_after`] is called again.
    Full,
}

thread_local! {
    static STOPS: Cell<Option<(u64, Fate)>> = const { Cell::new(None) };
    static COMMITS: Cell<u64> = const { Cell::new(0) };
}

/// Lets so many commits of this thread through, in whatever vault, and then meets every further one with this. `None` lets all through.
pub fn stop_after(commits: Option<(u64, Fate)>) {
    STOPS.set(commits);
}

/// How many writes this thread has begun since it began itself.
#[must_use]
pub fn commits() -> u64 {
    COMMITS.get()
}

/// Before a write begins its transaction.
pub(crate) fn before_write() -> Result<(), VaultError> {
    match STOPS.get() {
        Some((0, Fate::Ends)) => return Err(VaultError::Closed),
        Some((0, Fate::Full)) => return Err(VaultError::StorageFull),
        Some((left, fate)) => STOPS.set(Some((left - 1, fate))),
        None => {}
    }
    COMMITS.set(COMMITS.get() + 1);
    Ok(())
}
