//! An `.xlsx`, as its bytes or as its parts.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| nightjar_fuzz::workbook::read(bytes));
