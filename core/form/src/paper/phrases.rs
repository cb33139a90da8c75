//! The page's own words in the languages it can say them in. They have been reviewed by nobody who would read them.

use crate::logic::Comparison;
use crate::{Language, Missing};

/// Words around the form's. `{q}` is a question, `{l}` its label, `{n}` its number, `{a}` and `{b}` what else is said.
pub(super) struct Phrases {
    pub(super) wording: &'static str,
    pub(super) how: &'static str,
    pub(super) guidance: &'static str,
    pub(super) only_this: &'static str,
    pub(super) only_one: &'static str,
    pub(super) only_these: &'static str,
    pub(super) never: &'static str,
    pub(super) needed: &'static str,
    pub(super) needed_if: &'static str,
    pub(super) answer_if: &'static str,
    pub(super) holds: &'static str,
    pub(super) questions: [&'static str; 2],
    pub(super) question: &'static str,
    pub(super) value: &'static str,
    pub(super) this: &'static str,
    pub(super) this_question: &'static str,
    pub(super) answer_to: &'static str,
    pub(super) answer_of: &'static str,
    pub(super) quotes: &'static str,
    pub(super) today: &'static str,
    pub(super) always: &'static str,
    pub(super) at_no_time: &'static str,
    pub(super) and: &'static str,
    pub(super) or: &'static str,
    pub(super) not_so: &'static str,
    pub(super) given: &'static str,
    pub(super) blank: &'static str,
    pub(super) has: &'static str,
    pub(super) has_not: &'static str,
    pub(super) several: &'static str,
    pub(super) rank: &'static str,
    pub(super) tick: &'static str,
    pub(super) between: &'static str,
    pub(super) device: &'static str,
    pub(super) filtered: &'static str,
    pub(super) as_many: &'static str,
    pub(super) more_sheets: &'static str,
    pub(super) worked_out: &'static str,
    pub(super) day: &'static str,
    pub(super) month: &'static str,
    pub(super) year: &'static str,
    pub(super) hour: &'static str,
    pub(super) minute: &'static str,
    dont_know: &'static str,
    declined: &'static str,
    not_applicable: &'static str,
    /// In the order of [`Comparison::index`].
    comparisons: [&'static str; 6],
    /// The same of dates and times.
    dates: [&'static str; 6],
    lengths: [&'static str; 6],
    counts: [&'static str; 6],
}

impl Phrases {
    /// Those of a language; English where there are none in it.
    pub(super) fn of(language: &Language) -> &'static Phrases {
        match language.code().to_lowercase().split(['-', '_']).next() {
            Some("pl") => &POLISH,
            _ => &ENGLISH,
        }
    }

    pub(super) fn comparison(&self, comparison: Comparison, dates: bool) -> &'static str {
        let phrases = if dates { &self.dates } else { &self.comparisons };
        phrases[comparison.index()]
    }

    pub(super) fn length(&self, comparison: Comparison) -> &'static str {
        self.lengths[comparison.index()]
    }

    pub(super) fn count(&self, comparison: Comparison) -> &'static str {
        self.counts[comparison.index()]
    }

    pub(super) fn missing(&self, missing: Missing) -> &'static str {
        match missing {
            Missing::DontKnow => self.dont_know,
            Missing::NotApplicable => self.not_applicable,
            _ => self.declined,
        }
    }
}

static ENGLISH: Phrases = Phrases {
    wording: "Wording",
    how: "Please tick the boxes or write on the lines. You may leave out any question.",
    guidance: "For the person who asks",
    only_this: "Answer this only if",
    only_one: "Answer question {a} only if",
    only_these: "Answer questions {a} to {b} only if",
    never: "Leave this out.",
    needed: "This question needs an answer.",
    needed_if: "This question needs an answer if",
    answer_if: "The answer can stand if",
    holds: "this holds:",
    questions: ["question", "questions"],
    question: "“{l}” (question {n})",
    value: "the value “{a}”",
    this: "your answer",
    this_question: "this question",
    answer_to: "answer to question {a}",
    answer_of: "the answer to {q}",
    quotes: "“{a}”",
    today: "today",
    always: "in every case",
    at_no_time: "in no case",
    and: "and",
    or: "or",
    not_so: "it is not so that",
    given: "{q} has an answer",
    blank: "{q} has no answer",
    has: "{a} is ticked at {q}",
    has_not: "{a} is not ticked at {q}",
    several: "Tick all that apply.",
    rank: "Put them in order: write 1 in the box of the first, up to {a}.",
    tick: "Yes",
    between: "A number from {a} to {b}.",
    device: "This cannot be given on paper.",
    filtered: "Only those choices count that fit other answers:",
    as_many: "Fill in as many as this gives:",
    more_sheets: "Use another sheet if you need more.",
    worked_out: "Worked out from the answers afterwards",
    day: "day",
    month: "month",
    year: "year",
    hour: "hour",
    minute: "minutes",
    dont_know: "I don't know",
    declined: "I would rather not say",
    not_applicable: "This does not apply to me",
    comparisons: [
        "{q} is {a}",
        "{q} is not {a}",
        "{q} is less than {a}",
        "{q} is {a} or less",
        "{q} is more than {a}",
        "{q} is {a} or more",
    ],
    dates: [
        "{q} is {a}",
        "{q} is not {a}",
        "{q} is before {a}",
        "{q} is {a} or before",
        "{q} is after {a}",
        "{q} is {a} or after",
    ],
    lengths: [
        "{q} has {a} characters",
        "{q} does not have {a} characters",
        "{q} has fewer than {a} characters",
        "{q} has {a} characters at most",
        "{q} has more than {a} characters",
        "{q} has {a} characters or more",
    ],
    counts: [
        "{a} boxes are ticked at {q}",
        "not {a} boxes are ticked at {q}",
        "fewer than {a} boxes are ticked at {q}",
        "{a} boxes at most are ticked at {q}",
        "more than {a} boxes are ticked at {q}",
        "{a} boxes or more are ticked at {q}",
    ],
};

static POLISH: Phrases = Phrases {
    wording: "Sformułowania",
    how: "Proszę zaznaczyć pola albo pisać na liniach. Każde pytanie można pominąć.",
    guidance: "Dla osoby pytającej",
    only_this: "Proszę odpowiedzieć tylko wtedy, gdy",
    only_one: "Na pytanie {a} proszę odpowiedzieć tylko wtedy, gdy",
    only_these: "Na pytania od {a} do {b} proszę odpowiedzieć tylko wtedy, gdy",
    never: "Proszę to pominąć.",
    needed: "To pytanie wymaga odpowiedzi.",
    needed_if: "To pytanie wymaga odpowiedzi, gdy",
    answer_if: "Odpowiedź jest dopuszczalna, gdy",
    holds: "spełniony jest warunek:",
    questions: ["pytanie", "pytania"],
    question: "„{l}” (pytanie {n})",
    value: "wartość „{a}”",
    this: "ta odpowiedź",
    this_question: "to pytanie",
    answer_to: "odpowiedź na pytanie {a}",
    answer_of: "odpowiedź: {q}",
    quotes: "„{a}”",
    today: "dzisiaj",
    always: "zawsze",
    at_no_time: "nigdy",
    and: "i",
    or: "lub",
    not_so: "nieprawda, że",
    given: "{q}: jest odpowiedź",
    blank: "{q}: nie ma odpowiedzi",
    has: "{q}: zaznaczono {a}",
    has_not: "{q}: nie zaznaczono {a}",
    several: "Proszę zaznaczyć wszystkie pasujące odpowiedzi.",
    rank: "Proszę ustalić kolejność: wpisać 1 przy pierwszej odpowiedzi i tak dalej, aż do {a}.",
    tick: "Tak",
    between: "Liczba od {a} do {b}.",
    device: "Tej odpowiedzi nie można podać na papierze.",
    filtered: "Pasują tylko te odpowiedzi, które zgadzają się z innymi:",
    as_many: "Proszę wypełnić tyle razy, ile wynosi:",
    more_sheets: "Jeśli potrzeba więcej miejsca, proszę wziąć kolejną kartkę.",
    worked_out: "Obliczane później na podstawie odpowiedzi",
    day: "dzień",
    month: "miesiąc",
    year: "rok",
    hour: "godzina",
    minute: "minuty",
    dont_know: "Nie wiem",
    declined: "Wolę nie odpowiadać",
    not_applicable: "To mnie nie dotyczy",
    comparisons: [
        "{q}: odpowiedź to {a}",
        "{q}: odpowiedź to nie {a}",
        "{q}: mniej niż {a}",
        "{q}: najwyżej {a}",
        "{q}: więcej niż {a}",
        "{q}: co najmniej {a}",
    ],
    dates: [
        "{q}: {a}",
        "{q}: nie {a}",
        "{q}: wcześniej niż {a}",
        "{q}: {a} albo wcześniej",
        "{q}: później niż {a}",
        "{q}: {a} albo później",
    ],
    lengths: [
        "{q}: liczba znaków to {a}",
        "{q}: liczba znaków to nie {a}",
        "{q}: mniej znaków niż {a}",
        "{q}: najwyżej {a} znaków",
        "{q}: więcej znaków niż {a}",
        "{q}: co najmniej {a} znaków",
    ],
    counts: [
        "{q}: liczba zaznaczonych pól to {a}",
        "{q}: liczba zaznaczonych pól to nie {a}",
        "{q}: mniej zaznaczonych pól niż {a}",
        "{q}: najwyżej {a} zaznaczonych pól",
        "{q}: więcej zaznaczonych pól niż {a}",
        "{q}: co najmniej {a} zaznaczonych pól",
    ],
};
