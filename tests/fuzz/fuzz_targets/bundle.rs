//! The parts of a bundle, one after the other.
#![no_main]

libfuzzer_sys::fuzz_target!(|parts: Vec<Vec<u8>>| nightjar_fuzz::bundle::unpack(&parts));
