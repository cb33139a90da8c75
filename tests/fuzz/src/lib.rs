//! What the fuzz targets do with their input. `cargo xtask fuzz` builds and runs them.

pub mod bundle;
pub mod change;
pub mod expression;
pub mod form;
pub mod ranges;
pub mod roster;
pub mod sealed;
pub mod session;
pub mod wire;
pub mod workbook;

use std::sync::OnceLock;

use jiff::Zoned;

/// The clock of all targets: the same input must do the same.
pub(crate) fn now() -> &'static Zoned {
    static NOW: OnceLock<Zoned> = OnceLock::new();
    NOW.get_or_init(|| "2024-03-05T14:30:15+00:00[Europe/London]".parse().expect("a constant"))
}
