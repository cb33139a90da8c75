//! What a form must not have is refused with its cell, as pyxform refuses it.

use expect_test::{Expect, expect};

use crate::fixture::{faults, read_with};

fn check(text: &str, expect: Expect) {
    expect.assert_eq(&faults(text));
}

#[test]
fn names_must_be_free_and_sound() {
    check(
        "
        | survey |
        | | type | name | label |
        | | text | meta | M |
        | | begin_repeat | data | D |
        | | text | a b | A |
        | | text | q | Q |
        | | text | Q | Q again |
        | | end_repeat | | |
        | | begin_group | g | G |
        | | begin_repeat | data2 | D |
        | | text | q3 | Q3 |
        | | end_repeat | | |
        | | end_group | | |
        | | begin_repeat | data2 | D |
        | | text | g | G |
        | | text | g | G |
        | | end_repeat | | |
        | | note | | Only words |
        | | audit | watch | |",
        expect![[r#"
            test.md, sheet survey, row 2, column B "name": error: The name `meta` is taken by what every response has. Choose another name.
            test.md, sheet survey, row 3, column B "name": error: The repeat has the name of the form itself, `data`. Rename it.
            test.md, sheet survey, row 4, column B "name": error: `a b` cannot be a name. Begin with a letter, go on with letters, digits, `_`, `-` or `.`.
            test.md, sheet survey, row 6, column B "name": warning: Row 5, in the same group, has the same name but for capitals. Rename one: some programs do not tell them apart.
            test.md, sheet survey, row 13, column B "name": error: Another repeat has the name `data2`. Rename one: repeats need names of their own in the whole form.
            test.md, sheet survey, row 13, column B "name": warning: Several rows are named `data2`; this one is kept as `/data2`. Rename it, or give it a nightjar::id: else moving it into another group makes it another question.
            test.md, sheet survey, row 15, column B "name": error: Row 14, in the same group, has the same name: `g`. Rename one of the two.
            test.md, sheet survey, row 18, column A "type": warning: An audit is not kept. How a person fills in a form is their own; take the row out.
            test.md, sheet survey, row 18, column B "name": error: An audit can only be named `audit`. Clear the cell."#]],
    );
}

#[test]
fn references_must_name_one_row() {
    check(
        "
        | survey |
        | | type | name | label | hint | relevant | trigger | calculation | noapperrorstring |
        | | text | a | A ${nobody} | ${a} | ${A} = 1 | | | ${gone} |
        | | text | b | ${a | ${} | | | | |
        | | begin_group | g | | | | | | |
        | | text | a | A | | | | | |
        | | end_group | | | | | | | |
        | | calculate | c | | | | ${b} ${b} | 1 | |
        | | calculate | d | | | | ${g}, ${c} | 1 | |
        | | calculate | e | | | | b | 1 | |
        | | calculate | f | | | | | ${last-saved#b} | |
        | choices |
        | | list_name | name | label | note |
        | | l | x | ${none} | ${unchecked} |
        | settings |
        | | instance_name |
        | | ${nothing} |",
        expect![[r#"
            test.md, sheet survey, row 2, column C "label": error: There is no question named `nobody`. Check the spelling against the name column.
            test.md, sheet survey, row 2, column D "hint": error: Several rows are named `a`, so that `${a}` may mean any of them. Rename all but one.
            test.md, sheet survey, row 2, column E "relevant": error: There is no question named `A`. Did you mean ${a}?
            test.md, sheet survey, row 2, column H "noapperrorstring": error: There is no question named `gone`. Check the spelling against the name column.
            test.md, sheet survey, row 3, column C "label": error: A `${` is never closed. Write ${name}.
            test.md, sheet survey, row 3, column D "hint": error: `${}` does not hold a name. Write ${name}, and nothing else between the brackets.
            test.md, sheet survey, row 5, column B "name": warning: Several rows are named `a`; this one is kept as `g/a`. Rename it, or give it a nightjar::id: else moving it into another group makes it another question.
            test.md, sheet survey, row 7, column F "trigger": error: The cell names several questions without a comma between them. Write ${a}, ${b}.
            test.md, sheet survey, row 8, column F "trigger": error: There is no question named `g`, only a group. Name a question.
            test.md, sheet survey, row 8, column F "trigger": error: `c` is never seen, so that nothing can happen when it is answered. Name a question that is asked.
            test.md, sheet survey, row 9, column F "trigger": error: `b` names no question. Write ${name}, or ${a}, ${b}.
            test.md, sheet survey, row 10, column G "calculation": error: `${last-saved#b}`, the answer given last, is not supported. Take it out: a tablet goes from hand to hand, and must not show the last person's answers.
            test.md, sheet choices, row 2, column C "label": error: There is no question named `none`. Check the spelling against the name column.
            test.md, sheet settings, row 2, column A "instance_name": warning: The setting `instance_name` names a response in its submission only. Nothing here lists responses by name.
            test.md, sheet settings, row 2, column A "instance_name": error: There is no question named `nothing`. Check the spelling against the name column."#]],
    );
}

#[test]
fn parameters_must_be_those_of_the_type() {
    check(
        "
        | survey |
        | | type | name | label | parameters | appearance |
        | | text | a | A | rows=x | |
        | | text | b | B | rows 5 | |
        | | text | c | C | start=1 | |
        | | image | d | D | max-pixels=many app=camera | |
        | | audio | e | E | quality=loud | |
        | | geopoint | f | F | incremental=true warning-accuracy=far | |
        | | geotrace | g | G | incremental=no allow-mock-accuracy=x reference-geometry=nowhere | |
        | | select_one l | h | H | randomize=maybe seed=x | |
        | | select_one l | i | I | seed=1 | |
        | | select_one_from_file x.csv | j | J | value=a*b label=ok | |
        | | audit | | | location-priority=balanced track-changes=x | |
        | | background-audio | k | | quality=external | |
        | | date | m | M | rows=5 | |
        | choices |
        | | list_name | name | label |
        | | l | a | A |",
        expect![[r#"
            test.md, sheet survey, row 2, column D "parameters": error: The parameter `rows` must be a whole number. Write a number.
            test.md, sheet survey, row 3, column D "parameters": error: The parameters cannot be read. Write name=value pairs with a space between, as start=1 end=5.
            test.md, sheet survey, row 4, column D "parameters": error: The type has no parameter `start`. Write any of rows.
            test.md, sheet survey, row 5, column A "type": warning: The ward screen does not ask for `image` yet. Ask for words, or use the form elsewhere.
            test.md, sheet survey, row 5, column D "parameters": error: The parameter `max-pixels` must be a whole number. Write a number.
            test.md, sheet survey, row 5, column D "parameters": error: The parameter `app` cannot be `camera`, which is no name of an Android package. Write a name like org.example.camera, or take it out.
            test.md, sheet survey, row 6, column A "type": warning: The ward screen does not ask for `audio` yet. Ask for words, or use the form elsewhere.
            test.md, sheet survey, row 6, column D "parameters": error: The parameter `quality` cannot be `loud`. Write one of voice-only, low, normal, external.
            test.md, sheet survey, row 7, column A "type": warning: The ward screen does not ask for `geopoint` yet. Ask for words, or use the form elsewhere.
            test.md, sheet survey, row 7, column D "parameters": error: The type has no parameter `incremental`. Write any of allow-mock-accuracy, capture-accuracy, reference-geometry, warning-accuracy.
            test.md, sheet survey, row 7, column D "parameters": error: The parameter `warning-accuracy` must be a number. Write a number.
            test.md, sheet survey, row 8, column A "type": warning: The ward screen does not ask for `geotrace` yet. Ask for words, or use the form elsewhere.
            test.md, sheet survey, row 8, column D "parameters": error: The parameter `allow-mock-accuracy` cannot be `x`. Write one of true, false.
            test.md, sheet survey, row 8, column D "parameters": error: The parameter `incremental` can only be true. Write incremental=true, or take it out.
            test.md, sheet survey, row 8, column D "parameters": error: `reference-geometry` is `nowhere`, which is no list, file, entity or repeat. Correct the name.
            test.md, sheet survey, row 9, column D "parameters": error: The parameter `randomize` cannot be `maybe`. Write one of true, false.
            test.md, sheet survey, row 9, column D "parameters": error: The parameter `seed` must be a number or a reference. Write a number or ${name}.
            test.md, sheet survey, row 10, column D "parameters": error: A `seed` is for `randomize=true` only. Add randomize=true, or take the seed out.
            test.md, sheet survey, row 11, column A "type": warning: The file `x.csv` is missing; it is read as empty. Give it with the form.
            test.md, sheet survey, row 11, column D "parameters": error: The parameter `value` cannot be `a*b`. Name a column: a letter, then letters, digits, `_`, `-` or `.`.
            test.md, sheet survey, row 12, column A "type": warning: An audit is not kept. How a person fills in a form is their own; take the row out.
            test.md, sheet survey, row 12, column D "parameters": error: The parameter `track-changes` cannot be `x`. Write one of true, false.
            test.md, sheet survey, row 12, column D "parameters": error: `location-priority`, `location-min-interval` and `location-max-age` go together. Write all three, or none.
            test.md, sheet survey, row 13, column A "type": warning: `background-audio` is not kept. It would record without being seen, so it stays empty.
            test.md, sheet survey, row 13, column D "parameters": error: The parameter `quality` cannot be `external`. Write one of voice-only, low, normal.
            test.md, sheet survey, row 14, column D "parameters": warning: The parameter `rows` has no effect. Check its spelling, or take it out."#]],
    );
}

#[test]
fn scales_must_fit_together() {
    check(
        "
        | survey |
        | | type | name | label | parameters | appearance |
        | | range | a | A | start=0 end=1 step=0.1 tick_interval=0.3 placeholder=0.5 | |
        | | range | b | B | step=0 | |
        | | range | c | C | step=20 tick_interval=0 | |
        | | range | d | D | start=x placeholder=2.5 | |
        | | range | e | E | placeholder=11 stop=3 | |
        | | range | f | F | tick_labelset=ends | no-ticks |
        | | range | g | G | tick_labelset=words | |
        | | range | h | H | start=10 end=1 tick_labelset=ends | |
        | | range | i | I | tick_labelset=ends tick_interval=2 | rating |
        | | range | j | J | tick_labelset=gone | |
        | | range | k | K | start=0 end=99999 | |
        | choices |
        | | list_name | name | label |
        | | ends | 1 | One |
        | | ends | 6 | Six |
        | | ends | 10 | Ten |
        | | words | one | One |",
        expect![[r#"
            test.md, sheet survey, row 3, column D "parameters": error: The parameter `step` must not be 0. Write the distance between two values.
            test.md, sheet survey, row 4, column D "parameters": error: The parameter `step` is larger than the whole scale from `start` to `end`. Write a smaller step.
            test.md, sheet survey, row 4, column D "parameters": error: The parameter `tick_interval` must not be 0. Write a multiple of step.
            test.md, sheet survey, row 5, column D "parameters": error: The parameter `start` must be a number. Write a number, as 0.5.
            test.md, sheet survey, row 5, column D "parameters": error: The parameter `placeholder` must be a multiple of `step`. Write a value that the scale has.
            test.md, sheet survey, row 6, column D "parameters": error: The type has no parameter `stop`. Write any of end, placeholder, start, step, tick_interval, tick_labelset.
            test.md, sheet survey, row 6, column D "parameters": error: The parameter `placeholder` is not between `start` and `end`. Write a value that the scale has.
            test.md, sheet survey, row 7, column D "parameters": error: `tick_labelset`: without ticks only the two ends of the scale can have labels. Leave two choices, named as start and end.
            test.md, sheet survey, row 8, column D "parameters": error: `tick_labelset`: `one` of the list `words` is no number. Name the choices by the values of the scale.
            test.md, sheet survey, row 10, column D "parameters": error: `tick_interval`, `placeholder` and `tick_labelset` do not go with this appearance. Use the appearance vertical or no-ticks, or none.
            test.md, sheet survey, row 10, column D "parameters": error: `tick_labelset`: `6` is not `start` and a multiple of `tick_interval`. Name the choices by the ticks of the scale.
            test.md, sheet survey, row 10, column D "parameters": error: `tick_labelset`: `10` is not `start` and a multiple of `tick_interval`. Name the choices by the ticks of the scale.
            test.md, sheet survey, row 11, column D "parameters": error: `tick_labelset`: the choices sheet has no list `gone` of at most 1000 choices. Add its choices, or correct the name.
            test.md, sheet survey, row 12, column D "parameters": error: The scale has more than 10,000 steps. Write a larger step, or ask for a number."#]],
    );
}

#[test]
fn questions_need_words_choices_and_calculations() {
    check(
        "
        | survey |
        | | type | name | label | guidance_hint | big-image | calculation | default | choice_filter | repeat_count | appearance |
        | | text | a | | | | | | | | |
        | | text | b | | Guided | | | | | | |
        | | text | c | | | x.png | | | | | |
        | | text | d | | | | 1 + 1 | | | | |
        | | calculate | e | | | | | x | | | |
        | | calculate | f | | | | | today() | | | |
        | | select_one l or_other | g | G | | | | | name = 'a' | | |
        | | select_multiple spaced | h | H | | | | | | | |
        | | select_one_from_file data.sav | i | I | | | | | | | |
        | | begin_group | t | | | | | | | | table-list |
        | | select_one l | j | J | | | | | true() | | |
        | | select_one spaced | k | K | | | | | | | |
        | | end_group | | | | | | | | | |
        | | begin_repeat | r | R | | | | | | 1 + 1 | |
        | | text | m | M | | | | | | | |
        | | end_repeat | | | | | | | | | |
        | | text | r_count | Taken | | | | | | | |
        | choices |
        | | list_name | name | label |
        | | l | a | A |
        | | spaced | a b | AB |",
        expect![[r#"
            test.md, sheet survey, row 1, column E "big-image": warning: Only pictures and recordings are shown. Use a picture.
            test.md, sheet survey, row 2, column C "label": error: `a` has neither label nor hint. Give it a label.
            test.md, sheet survey, row 3, column C "label": error: `b` has neither label nor hint. Give it a label.
            test.md, sheet survey, row 4, column E "big-image": error: `c` has a big-image but no image. Give it an image as well.
            test.md, sheet survey, row 6, column F "calculation": error: The calculation is missing. Write an expression, or clear the row.
            test.md, sheet survey, row 8, column H "choice_filter": error: A choice filter does not go with or_other. Write the choice and the question for other answers yourself.
            test.md, sheet survey, row 9, column A "type": error: The list `spaced` has the name `a b`, which has a space in it. Names of choices that go together cannot have spaces.
            test.md, sheet survey, row 10, column A "type": error: `select_one_from_file data.sav` names no file that can hold choices. Name a file that ends in .csv, .xml or .geojson.
            test.md, sheet survey, row 12, column H "choice_filter": error: A choice filter does not go with table-list. Clear the cell, or take table-list out.
            test.md, sheet survey, row 13, column A "type": error: The list `spaced` stands in a table of `l`. Give all questions of a table-list one list.
            test.md, sheet survey, row 18, column B "name": error: The name `r_count` is taken by the count of the repeat in row 15. Rename the question."#]],
    );
    let hidden = "
        | survey |
        | | type | name | label | calculation |
        | | integer | d | | 1 + 1 |";
    let instrument = read_with(&[], hidden).unwrap();
    assert!(
        !instrument.items()[0].kind().is_shown(),
        "what computes its value and has no words is not asked"
    );
}

#[test]
fn headings_must_be_told_apart() {
    check(
        "
        | survey |
        | | type | name | value | label | Label | label::en | label : en |
        | | text | a | b | c | d | e | f |",
        expect![[r#"
            test.md, sheet survey, row 1, column C "value": error: The column means the same as B "name". Remove or rename one of the two.
            test.md, sheet survey, row 1, column E "Label": error: The column means the same as D "label". Remove or rename one of the two.
            test.md, sheet survey, row 1, column G "label : en": error: The column means the same as F "label::en". Remove or rename one of the two.
            test.md, sheet survey, row 2, column C: warning: The cell is in a column without heading, and is not read. Give the column a heading.
            test.md, sheet survey, row 2, column E: warning: The cell is in a column without heading, and is not read. Give the column a heading.
            test.md, sheet survey, row 2, column G: warning: The cell is in a column without heading, and is not read. Give the column a heading."#]],
    );
    check(
        "| survey |\n| | name | label |\n| | a | A |",
        expect![[
            r#"test.md, sheet survey: error: The sheet has no column "type". Add the column; the first row holds the headings."#
        ]],
    );
    check(
        "| survey |\n| | type | name | label | | |\n| | text | a | A | | x |",
        expect![
            "test.md, sheet survey, row 2, column E: warning: The cell is in a column without heading, and is not read. Give the column a heading."
        ],
    );
}

#[test]
fn old_spellings_are_read_and_said() {
    check(
        "
        | survey |
        | | command | tag | caption |
        | | q string | a | A |
        | | add select one prompt using l | b | B |
        | | percentage | c | C |
        | | set form title | Nights | |
        | choices |
        | | list name | value | label |
        | | l | 1.0 | One |",
        expect![[r#"
            test.md, sheet survey, row 2, column A "command": warning: `q string` is an old spelling. Write text.
            test.md, sheet survey, row 4, column A "command": warning: `percentage` is an old spelling. Write integer."#]],
    );
}
