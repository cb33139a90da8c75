//! Entities are checked as ODK has them, and not kept.

use expect_test::expect;

use crate::fixture::faults;

#[test]
fn declarations_must_be_whole() {
    let form = "
        | survey |
        | | type | name | label |
        | | text | a | A |
        | entities |
        | | list_name | label | entity_id | create_if | update_if | colour |
        | | | L | | | | |
        | | a.b | L | | | | |
        | | __x | L | | | | |
        | | people | | | | | |
        | | people | L | | | | |
        | | beds | L | | | true() | |
        | | wards | L | ${a} | true() | | |
        | | doors | ${b} | | | | |";
    expect![[r#"
        test.md, sheet entities, row 1, column F "colour": error: The entities sheet has no column `colour`. Correct the heading, or take the column out.
        test.md, sheet entities, row 2, column A "list_name": error: The entity has no list_name. Give it one.
        test.md, sheet entities, row 3: warning: Entities are not kept. A ward record is what the study says; the answers are kept as those of any form.
        test.md, sheet entities, row 3, column A "list_name": error: `a.b` cannot name a list of entities: it has a point. Choose another name.
        test.md, sheet entities, row 4, column A "list_name": error: `__x` cannot name a list of entities: names that begin with `__` are taken. Choose another name.
        test.md, sheet entities, row 5, column B "label": error: `people` has no label, which a new entity needs. Give it a label, or an entity_id to update.
        test.md, sheet entities, row 6, column A "list_name": error: There is a row for `people` already. Leave one row for each list.
        test.md, sheet entities, row 7, column E "update_if": error: `beds` has update_if but no entity_id. Write which entity is updated, or write create_if.
        test.md, sheet entities, row 8, column D "create_if": error: `wards` has entity_id and create_if but no update_if. Write update_if as well, or clear one of them.
        test.md, sheet entities, row 9, column B "label": error: There is no question named `b`. Check the spelling against the name column."#]].assert_eq(&faults(form));
}

#[test]
fn properties_must_be_named_and_saved_once() {
    let form = "
        | survey |
        | | type | name | label | save_to |
        | | begin_group | g | G | x |
        | | text | a | A | name |
        | | text | b | B | __b |
        | | text | c | C | 1c |
        | | text | d | D | d#d#d |
        | | text | e | E | nobody#e |
        | | text | f | F | people#f |
        | | text | h | H | f |
        | | end_group | | | |
        | entities |
        | | list_name | label |
        | | people | L |";
    expect![[r#"
        test.md, sheet survey, row 2, column D "save_to": error: A group or repeat cannot be saved to an entity. Move the cell to a question.
        test.md, sheet survey, row 3, column D "save_to": error: `name` is taken by every entity. Choose another name.
        test.md, sheet survey, row 4, column D "save_to": error: `__b` cannot be a property: names that begin with `__` are taken. Choose another name.
        test.md, sheet survey, row 5, column D "save_to": error: `1c` cannot be the name of a property. Choose another name.
        test.md, sheet survey, row 6, column D "save_to": error: `d#d#d` has more than one `#`. Write list#property.
        test.md, sheet survey, row 7, column D "save_to": error: The entities sheet has no list `nobody`. Add a row, or correct the name.
        test.md, sheet survey, row 9, column D "save_to": error: Row 8 saves to `f` already. Save each property from one row.
        test.md, sheet entities, row 2: warning: Entities are not kept. A ward record is what the study says; the answers are kept as those of any form."#]].assert_eq(&faults(form));
    let without = form.split("| entities |").next().unwrap();
    assert!(
        faults(without).contains("row 8, column D \"save_to\": error: `save_to` needs an entities sheet.")
    );
    let two = form.to_owned() + "\n| | beds | L |";
    assert!(
        faults(&two).contains("row 9, column D \"save_to\": error: `f` does not say which of the entities")
    );
}

#[test]
fn what_belongs_to_an_entity_must_be_in_one_scope() {
    let form = "
        | survey |
        | | type | name | label | save_to |
        | | text | top | T | people#t |
        | | begin_repeat | r1 | R1 | |
        | | text | a | A | people#a |
        | | text | b | B | beds#b |
        | | end_repeat | | | |
        | | begin_repeat | r2 | R2 | |
        | | text | c | C | beds#c |
        | | end_repeat | | | |
        | entities |
        | | list_name | label |
        | | people | L |
        | | beds | L |
        | | wards | ${a} ${c} |";
    expect![[r#"
        test.md, sheet survey, row 2, column D "save_to": error: `t` in the form outside of repeats cannot belong to the entity `people`, which is in the repeat `r1`. Copy the answer there with a calculate row, and refer to that.
        test.md, sheet survey, row 8, column D "save_to": error: `c` in the repeat `r2` cannot belong to the entity `beds`, which is in the repeat `r1`. Copy the answer there with a calculate row, and refer to that.
        test.md, sheet entities, row 2: warning: Entities are not kept. A ward record is what the study says; the answers are kept as those of any form.
        test.md, sheet entities, row 4: error: `c` in the repeat `r2` cannot belong to the entity `wards`, which is in the repeat `r1`. Copy the answer there with a calculate row, and refer to that."#]].assert_eq(&faults(form));
}

#[test]
fn a_group_holds_one_entity() {
    let form = |group: &str, end: &str| {
        format!(
            "
        | survey |
        | | type | name | label | save_to |
        | | text | a | A | people#a |
        {group}
        | | text | b | B | beds#b |
        {end}
        | entities |
        | | list_name | label |
        | | people | L |
        | | beds | L |"
        )
    };
    let apart = form("| | begin_group | g | G | |", "| | end_group | | | |");
    expect!["test.md, sheet entities, row 2: warning: Entities are not kept. A ward record is what the study says; the answers are kept as those of any form."].assert_eq(&faults(&apart));
    let together = form("", "");
    expect![[r#"
        test.md, sheet entities, row 2: warning: Entities are not kept. A ward record is what the study says; the answers are kept as those of any form.
        test.md, sheet entities, row 3: error: There is no group left for the entity `beds` in the form outside of repeats; row 2 has it. Put what belongs to each entity into a group of its own."#]].assert_eq(&faults(&together));
}
