//! What the seal promises, tried from outside. Built with `unsealed` there is nothing to promise: see `tests/unsealed.rs`.
#![cfg(not(feature = "unsealed"))]
#![allow(clippy::unwrap_used, reason = "a test that cannot set its scene has failed")]

mod chains;
mod chunks;
mod enrolment;
mod envelopes;
mod erasures;
mod fixture;
mod key_envelopes;
mod passes;
mod publications;
mod receipts;
mod requests;
mod rosters;
mod rules;
mod shares;
