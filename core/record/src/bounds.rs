//! Every bound on what a record may hold. They are part of the format: the same on every device, so that the
//! same changes give the same verdict everywhere.

/// Bytes of one change chunk.
pub const CHANGE_BYTES: usize = 256 * 1024;
/// Changes that may travel together.
pub const CHANGES_TOGETHER: usize = 32;
/// Operations in one change.
pub const CHANGE_OPS: usize = 4_096;
/// The greatest operation counter.
pub const START_OP: u64 = 1_000_000;
/// Changes on which one change may rest directly, and other actors that it may name.
pub const CHANGE_LINKS: usize = 512;
/// Bytes of a register key.
pub const KEY_BYTES: usize = 64;
/// Bytes of one text value.
pub const TEXT_BYTES: usize = 16 * 1024;
/// Bytes of a change's message (role, time of day, settlement).
pub const MESSAGE_BYTES: usize = 16 * 1024;
/// Bytes of one metadata value.
pub const META_BYTES: usize = 256;
/// Operations in one record, over all its changes.
pub const RECORD_OPS: usize = 20_000;
/// Changes in one record.
pub const RECORD_CHANGES: usize = 512;
