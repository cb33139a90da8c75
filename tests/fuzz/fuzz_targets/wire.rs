//! Any message between a device and a hub.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nightjar_fuzz::wire::read(bytes));
