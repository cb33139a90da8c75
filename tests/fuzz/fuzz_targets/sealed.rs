//! An envelope, a stub, a roster entry, a withdrawal, the texts of enrolment, words.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nightjar_fuzz::sealed::read(bytes));
