//! Dictionaries of forms.

#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod common;

use common::*;
use nightjar_form::{Attachments, Instrument, Value};
use nightjar_record::{DICTIONARY_BYTES, dictionary};

fn form(text: &str) -> Instrument {
    Instrument::read("ward_night.md", text.as_bytes(), &Attachments::default()).unwrap()
}

const NIGHT: &str = "| survey |\n| | type | name | label |\n| | select_one often | noise | Noise? |\n\
                     | | select_multiple why | why_broken | Why? |\n| | text | note | Note |\n\
                     | choices |\n| | list_name | name | label |\n| | often | every_night | Every night |\n\
                     | | often | never | Never |\n| | why | alarm_upstairs | Alarm |\n| | why | visitor | Visitor |\n";

#[test]
fn it_holds_what_every_change_of_a_form_says_and_depends_on_the_form_alone() {
    let bytes = dictionary(&form(NIGHT));
    assert_eq!(bytes, dictionary(&form(NIGHT)), "everybody makes the same");
    assert_ne!(bytes, dictionary(&form(&NIGHT.replace("every_night", "each_night"))));
    let change =
        found(&night(), &[(cell("noise"), one("every_night")), (cell("why_broken"), many(&["visitor"]))], 1);
    let holds = |part: &[u8], whole: &[u8]| whole.windows(part.len()).any(|window| window == part);
    for part in
        [cell("noise").to_string(), cell("why_broken").to_string(), "oevery_night".into(), "~version".into()]
    {
        assert!(holds(part.as_bytes(), &change.bytes), "{part} is in the change");
        assert!(holds(part.as_bytes(), &bytes), "{part} is in the dictionary");
    }
    let compressed = |dictionary: &[u8]| {
        zstd::bulk::Compressor::with_dictionary(9, dictionary).unwrap().compress(&change.bytes).unwrap().len()
    };
    assert!(compressed(&bytes) * 4 < compressed(&[]) * 3, "{} of {}", compressed(&bytes), compressed(&[]));
    assert!(!holds(b"Noise?", &bytes), "words for people are no part of a change");
}

#[test]
fn the_dictionary_of_a_long_form_is_bounded() {
    let mut text = String::from("| survey |\n| | type | name | label |\n");
    for n in 0..3_000 {
        text += &format!("| | integer | q{n} | How many? |\n");
    }
    let bytes = dictionary(&form(&text));
    assert!(bytes.len() <= DICTIONARY_BYTES && bytes.len() > DICTIONARY_BYTES / 2);
    let change = found(&night(), &[(cell("q1"), Value::Integer(1))], 1);
    assert!(!change.bytes.is_empty());
}
