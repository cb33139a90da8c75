//! A form in Markdown.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nightjar_fuzz::form::read("form.md", bytes));
