//! A change of a record: what is admitted loads.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nightjar_fuzz::change::admit(bytes));
