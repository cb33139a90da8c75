//! Responses as a ward gives them: a form of twelve questions, one of them a comment of 300 characters in plain English.

use std::collections::BTreeMap;

use nightjar_form::{Attachments, CellKey, Instrument, Value};
use nightjar_record::dictionary;
use nightjar_seal::{DeviceKeys, Dictionary, Entropy, Envelope};
use nightjar_test_support::records::Response;

use crate::trouble::Trouble;

pub(crate) const WARDS: [&str; 7] =
    ["acute-male", "acute-fem-1", "acute-fem-2", "rehab-long", "neuro", "dementia", "rehab-recov"];

const FORM: &str = "\
| survey |
| | type | name | label |
| | select_one rating | sleep_quality | How well did you sleep? |
| | select_one often | woken_by_checks | How often did a check wake you? |
| | select_one yn | light | Did light wake you? |
| | select_one often | noise | How often was it noisy? |
| | select_one yn | felt_safe | Did you feel safe at night? |
| | select_one rating | staff_kind | How kind were staff at night? |
| | select_one yn | knew_about_change | Did you know about the change? |
| | select_one often | rested | How often did you feel rested? |
| | select_one yn | medicine | Did you take something to sleep? |
| | select_one yn | keep_change | Should it stay this way? |
| | select_one help | helped | Did anyone help you? |
| | text | comment | Is there anything else? |
| choices |
| | list_name | name | label |
| | rating | very_good | Very good |
| | rating | good | Good |
| | rating | neither | Neither |
| | rating | poor | Poor |
| | rating | very_poor | Very poor |
| | often | never | Never |
| | often | once | Once |
| | often | sometimes | Sometimes |
| | often | every_night | Every night |
| | yn | yes | Yes |
| | yn | no | No |
| | yn | dont_know | I don't know |
| | help | alone | Alone |
| | help | staff | Staff |
| | help | family | Family |
| settings |
| | form_id | form_title |
| | patient-core | Sleep |
";

/// What comments are put together from; none holds a word of the form on purpose.
const SENTENCES: [&str; 32] = [
    "The torch at two in the morning used to wake me and then I lay there until breakfast.",
    "Now they look through the little window and I hardly notice it.",
    "One night the heating was far too high and nobody could open anything.",
    "My sister says that I sound calmer on the phone since last week.",
    "Somebody on the corridor was shouting for an hour and that was hard.",
    "I would like thicker curtains because the car park lamps shine straight in.",
    "The nurse asked me first what I wanted, which had never happened before.",
    "It is still loud when the shift changes and the trolleys come past.",
    "I had bad dreams again, though that is nothing to do with the ward.",
    "They gave me earplugs and an eye mask, and both were useful.",
    "Going to bed at ten feels early for me; at home I read until midnight.",
    "The mattress is like a board and my back hurts when I get up.",
    "Please do not change it back, it makes such a difference to my mood.",
    "I was worried at first that no one would come if I felt unwell.",
    "When I pressed the buzzer they arrived within a minute or two.",
    "The door bangs every single time unless you hold it with your hand.",
    "Coffee stops at six now, which I moaned about, but it probably helps.",
    "A different agency nurse did not know and switched the big lamp on.",
    "I have been more patient with my daughter when she visits.",
    "Breakfast could be later at the weekend so that we can lie in.",
    "It took me three or four days to trust that they really meant it.",
    "For the first time in years I got through until seven without a pill.",
    "My neighbour snores and the wall between our rooms is very thin.",
    "I do not remember much about that week because I was so ill.",
    "Tell the people who decided this that it was a good idea.",
    "Being asked about it at all is worth something to me.",
    "They still write in their folder outside and talk while they do it.",
    "I prefer that somebody looks in on me, to be honest, I feel watched over.",
    "The observation panel squeaks and needs a drop of oil.",
    "After the bad news on Tuesday I could not settle whatever anyone did.",
    "Older patients on here get up a lot and the floor lights are kind to them.",
    "If I could choose one more thing it would be a quieter washing machine.",
];

/// What all of them are made with.
pub(crate) struct Study {
    form: Instrument,
    pub(crate) dictionary: Dictionary,
}

impl Study {
    pub(crate) fn new() -> Result<Self, Trouble> {
        let form = Instrument::read("patient-core.md", FORM.as_bytes(), &Attachments::default());
        let form = form.map_err(|why| Trouble::refused("patient-core.md", why))?;
        let dictionary =
            Dictionary::new(dictionary(&form)).map_err(|why| Trouble::refused("dictionary", why))?;
        Ok(Self { form, dictionary })
    }

    pub(crate) fn items(&self) -> impl Iterator<Item = (&str, CellKey)> {
        self.form.items().iter().map(|item| (item.name(), CellKey::from(item.key())))
    }

    /// The response of a number.
    pub(crate) fn one(&self, at: usize, tablet: &DeviceKeys, entropy: &mut dyn Entropy) -> Response {
        let mut dice = Dice(at as u64 + 1);
        let said = self.form.items().iter().map(|item| {
            let value = match item.choices() {
                [] => Value::Text(comment(&mut dice)),
                choices => Value::One(choices[dice.below(choices.len())].code().to_owned()),
            };
            (CellKey::from(item.key()), value)
        });
        let mut response = Response::new(tablet, WARDS[at % WARDS.len()], said.collect(), entropy);
        response.meta.version = self.form.hash();
        response
    }

    /// The answers of a response as an application would send them: names and codes as JSON.
    pub(crate) fn json(&self, response: &Response) -> Result<Vec<u8>, Trouble> {
        let names: BTreeMap<CellKey, &str> = self.items().map(|(name, key)| (key, name)).collect();
        let said: BTreeMap<&str, String> =
            response.cells.iter().map(|(key, value)| (names[key], value.to_text())).collect();
        serde_json::to_vec(&said).map_err(|why| Trouble::refused("json", why))
    }

    /// Sealed for a reader as a tablet seals it, and its plain change.
    pub(crate) fn sealed(
        &self,
        response: &Response,
        tablet: &DeviceKeys,
        reader: &DeviceKeys,
        entropy: &mut dyn Entropy,
    ) -> (Envelope, nightjar_record::Written) {
        response.sealed(tablet, &[reader], Some(&self.dictionary), entropy)
    }
}

/// 300 characters of sentences, each at most once.
fn comment(dice: &mut Dice) -> String {
    let mut left: Vec<&str> = SENTENCES.to_vec();
    let mut text = String::new();
    while text.len() < 300 {
        text.push_str(left.swap_remove(dice.below(left.len())));
        text.push(' ');
    }
    text.truncate(300);
    text
}

/// The comment of a number, the same in every run.
pub(crate) fn comment_of(number: usize) -> String {
    comment(&mut Dice(number as u64 + 1))
}

/// The same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }
}

/// Shared by all that is measured: not secret, the same in every run.
pub(crate) fn entropy(begin: u64) -> impl FnMut(&mut [u8]) {
    let mut n = begin;
    move |bytes: &mut [u8]| {
        for chunk in bytes.chunks_mut(32) {
            n += 1;
            chunk.copy_from_slice(&blake3::hash(&n.to_le_bytes()).as_bytes()[..chunk.len()]);
        }
    }
}
