//! Stewards' passes and the roster's entries about them.
#![no_main]

libfuzzer_sys::fuzz_target!(|steps: Vec<nightjar_fuzz::roster::Step>| nightjar_fuzz::roster::run(&steps));
