//! Many devices and a faulty network in one process. Empty so far; `cargo xtask soak` drives real processes.
