//! `nightjar collect` by hand, with what a person would type.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::path::Path;

use nightjar::StudyPack;
use nightjar_e2e::run;
use nightjar_test_support::sleepwell;

/// The numbers on the menus that open the first response form: form, role, ward, language.
struct Menu {
    form: usize,
    roles: usize,
    languages: usize,
}

fn menu() -> Menu {
    let pack = StudyPack::from_dir(&sleepwell()).unwrap();
    let study = pack.study();
    let form = study.instruments.iter().position(|form| form.kind.code() == "response").unwrap();
    let id = &study.instruments[form].id;
    Menu {
        form: form + 1,
        roles: study.roles.iter().filter(|role| role.may.contains(id)).count(),
        languages: pack.instrument(id).unwrap().languages().len(),
    }
}

/// What is typed up to the information page.
fn begin() -> String {
    let menu = menu();
    let mut typed = format!("{}\n", menu.form);
    if menu.roles > 1 {
        typed.push_str("1\n");
    }
    typed.push_str("1\n");
    if menu.languages > 1 {
        typed.push_str("1\n");
    }
    typed
}

fn practice(typed: &str) -> String {
    let ran = run(["collect", "--practice"], typed);
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);
    ran.out
}

#[test]
fn practice_says_that_it_is_practice_and_leaves_nothing_behind() {
    let out = practice("");
    assert!(out.contains("thrown away when you leave"), "{out}");
    assert!(out.contains("Goodbye. The practice study and everything in it is thrown away."), "{out}");
    assert!(!out.contains("wait on this tablet"), "{out}");
}

#[test]
fn saying_no_ends_it_before_the_first_question() {
    for answer in ["2", "3"] {
        let out = practice(&format!("{}{answer}\nb\n", begin()));
        assert!(out.contains("Nothing was kept"), "{out}");
        assert!(!out.contains("[1 of"), "{out}");
    }
}

#[test]
fn a_person_can_go_back_skip_ask_for_help_hand_over_and_throw_it_away() {
    let out = practice(&format!("{}1\n1\nb\n1\nhelp\n\nhand over\n3\nstop\n2\nb\n", begin()));
    for said in [
        "member of staff",
        "--- the screen is cleared ---",
        "The tablet goes to somebody else",
        "thrown away. Nothing was kept",
    ] {
        assert!(out.contains(said), "\"{said}\" is not in\n{out}");
    }
}

#[test]
fn stopping_can_keep_what_was_said() {
    let out = practice(&format!("{}1\n1\nstop\n1\nb\n", begin()));
    assert!(out.contains("kept and sealed"), "{out}");
}

#[test]
fn handing_over_leaves_nothing_to_find_unless_words_were_taken() {
    let out = practice(&format!("{}1\n1\nhand over\n2\nb\n", begin()));
    assert!(out.contains("Your answers are thrown away"), "{out}");
    let after = out.split("ready for the next person").nth(1).unwrap();
    assert!(!after.contains("Your answer:") && !after.contains("still you"), "{after}");
    assert!(!after.contains("words from before"), "{after}");

    let out = practice(&format!(
        "{}1\n1\nhand over\n1\n\n11\nnonsense\n11\nzoo zoo zoo zoo zoo zoo zoo zoo\nb\n",
        begin()
    ));
    let after = out.split("ready for the next person").nth(1).unwrap();
    assert!(after.contains("11  I have words from before"), "{after}");
    assert!(
        after.contains("there are not eight of them") && after.contains("they do not fit together"),
        "{after}"
    );
    assert!(!after.contains("Your answer:"), "{after}");
}

#[test]
fn a_question_that_an_answer_adds_to_its_page_is_asked() {
    let pack = StudyPack::from_dir(&sleepwell()).unwrap();
    let form = pack.study().instruments.iter().position(|form| form.id == "encounter").unwrap() + 1;
    let languages = pack.instrument("encounter").unwrap().languages().len();
    let language = if languages > 1 { "1\n" } else { "" };
    let out = practice(&format!("{form}\n1\n1\n{language}1\n2\n1\n1\n"));
    for question in ["Who was it about?", "What came of it?", "Who asked?", "Why?"] {
        assert!(out.contains(question), "\"{question}\" is not in\n{out}");
    }
    let before_the_check = out.split("Check your answers").next().unwrap();
    assert!(before_the_check.contains("Why?"), "{out}");
}

#[test]
fn a_vault_that_is_not_there_is_said_in_one_line() {
    let ran =
        run(["collect".as_ref(), "--vault".as_ref(), Path::new("/nowhere/tablet.vault").as_os_str()], "");
    assert_eq!(ran.code, 3);
    assert!(ran.err.contains("--practice") && ran.err.lines().count() == 1, "{}", ran.err);
}
