//! Somebody answering one of our own forms, in any order and with anything.
#![no_main]

libfuzzer_sys::fuzz_target!(|sitting: nightjar_fuzz::session::Sitting| nightjar_fuzz::session::answer(&sitting));
