//! A draft's journal is JSON. What is read from it is what was entered, to the last digit.

use nightjar_form::{Entry, Value};

#[test]
fn a_decimal_answer_comes_back_from_the_journal_to_the_last_digit() {
    // Found by `cargo xtask fuzz --target session`: read without care, JSON gives the number beside it.
    for number in [7.291_122_019_503_348_4e-304, 0.1 + 0.2, 1.005, f64::MAX, f64::MIN_POSITIVE, -0.0] {
        let entry = Entry::Answer { path: "dose".to_owned(), value: Some(Value::Decimal(number)) };
        let written = serde_json::to_vec(&entry).expect("an entry is written");
        let read: Entry = serde_json::from_slice(&written).expect("an entry is read");
        assert!(read == entry, "{number:e}");
    }
}
