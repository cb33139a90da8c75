//! An expression, evaluated over a small document.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| nightjar_fuzz::expression::evaluate(text));
