//! Messages of a comparison by ranges.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nightjar_fuzz::ranges::compare(bytes));
