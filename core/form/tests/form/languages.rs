//! Languages of one workbook: the same codes in other words, switched in the middle of a form.

use nightjar_form::{Entry, Language, Opening, Refusal, Session};

use crate::fixture::{Act, form, now, open};

const SURVEY: &str = "
| type | name | label::English (en) | label::Polski (pl) | label::Easy read (en-x-easyread) | media::image::Easy read (en-x-easyread) | calculation | required_message::Polski (pl) | required |
| select_one yn | safe | Did you feel safe, ${who}? | Czy bezpiecznie, ${who}? | Safe at night? | moon.png | | Proszę odpowiedzieć | yes |
| text | who | Who | | | | | | |
| calculate | words | | | | | jr:choice-name(${safe}, '${safe}') | | |
";
const CHOICES: &str = "
| list_name | name | label::English (en) | label::Polski (pl) |
| yn | yes | Yes | Tak |
| yn | no | No | Nie |
";

#[test]
fn switching_keeps_answers_and_changes_words() {
    let instrument = form(SURVEY, CHOICES);
    let codes: Vec<&str> = instrument.languages().iter().map(Language::code).collect();
    assert_eq!(codes, ["en", "pl", "en-x-easyread"]);
    let mut session = open(&instrument);
    session.type_in("who", "Ann");
    session.one("safe", "yes");
    assert_eq!(session.page().questions[0].label, "Did you feel safe, Ann?");
    let polish = instrument.language("pl").unwrap().clone();
    let outcome = session.act(Entry::Language(polish));
    assert_eq!(outcome.changed, ["words"], "labels in calculations follow the language");
    let question = session.page().questions.remove(0);
    assert_eq!((question.label.as_str(), question.answer.as_str()), ("Czy bezpiecznie, Ann?", "Tak"));
    assert_eq!(question.image, None.or(Some("moon.png".to_owned())), "the only picture serves all languages");
    session.act(Entry::Language(instrument.language("en-x-easyread").unwrap().clone()));
    let question = session.page().questions.remove(0);
    assert_eq!(question.label, "Safe at night?");
    assert_eq!(question.choices[0].label, "Yes", "untranslated words fall back to the default language");
    assert_eq!(session.text("safe"), "yes");
}

#[test]
fn a_message_is_in_the_language_on_display() {
    let instrument = form(SURVEY, CHOICES);
    let opening = Opening { language: instrument.language("Polski (pl)").cloned(), now: now(), seed: 1 };
    let mut session = Session::open(instrument, opening).unwrap();
    assert_eq!(session.next().problems[0].message, "Proszę odpowiedzieć");
}

#[test]
fn a_language_the_form_does_not_have_is_refused() {
    let instrument = form(SURVEY, CHOICES);
    let klingon = Language::new("Klingon (tlh)");
    let refused = Refusal::UnknownLanguage("Klingon (tlh)".to_owned());
    let mut session = open(&instrument);
    assert_eq!(session.apply(&Entry::Language(klingon.clone()), &now()), Err(refused.clone()));
    let opening = Opening { language: Some(klingon), now: now(), seed: 1 };
    assert_eq!(Session::open(instrument, opening).err(), Some(refused));
}
