//! What an answer costs where it affects one other item, in a small form and a large one, early in a repeat and late.

use nightjar_form::{Entry, Session};

use super::Effort;
use crate::figures::{Times, print_growth};
use crate::trouble::Trouble;
use crate::{ours, shape};

/// Answers before any counts.
const WARM: usize = 50;

pub(super) fn items(effort: Effort) -> Result<(), Trouble> {
    let (small, large) = (100, 10_000);
    let few = in_form_of(small, effort)?;
    let many = in_form_of(large, effort)?;
    growth("An answer that affects one other item, by the size of the form", &few, &many, 1.5, |size| {
        format!("{} items", if size == 0 { small } else { large })
    });
    Ok(())
}

pub(super) fn instances(effort: Effort) -> Result<(), Trouble> {
    let (early, late) = (10, 1_000);
    let few = in_instance(early, effort)?;
    let many = in_instance(late, effort)?;
    growth("An answer in a repeat, by its instance", &few, &many, 2.0, |size| {
        format!("instance {}", if size == 0 { early } else { late })
    });
    Ok(())
}

/// The answer alone, and with the page after it.
struct Costs {
    alone: Times,
    with_page: Times,
}

fn growth(what: &str, few: &Costs, many: &Costs, most: f64, name: impl Fn(usize) -> String) {
    let (small, large) = (name(0), name(1));
    print_growth(what, (&small, &few.alone), (&large, &many.alone), most);
    let with_page = format!("{what}, with the page after it");
    print_growth(&with_page, (&small, &few.with_page), (&large, &many.with_page), most);
}

fn in_form_of(items: usize, effort: Effort) -> Result<Costs, Trouble> {
    let shape = shape::flat(items);
    let file = format!("{}.md", shape.name);
    let mut session = ours::open(&file, ours::read(&file, shape.markdown().as_bytes())?)?;
    let path = format!("q{}", items / 2);
    ours::act(&mut session, &Entry::GoTo(path.clone()), &ours::now())?;
    repeat(&mut session, &path, effort)
}

fn in_instance(instance: usize, effort: Effort) -> Result<Costs, Trouble> {
    let shape = shape::repeated();
    let mut session = ours::open("repeated.md", ours::read("repeated.md", shape.markdown().as_bytes())?)?;
    let now = ours::now();
    for _ in 1..instance {
        ours::act(&mut session, &Entry::AddRepeat { path: "night".to_owned() }, &now)?;
    }
    let path = format!("night[{instance}]/hours");
    ours::act(&mut session, &Entry::GoTo(path.clone()), &now)?;
    repeat(&mut session, &path, effort)
}

fn repeat(session: &mut Session, path: &str, effort: Effort) -> Result<Costs, Trouble> {
    let now = ours::now();
    let (mut alone, mut with_page) = (Vec::new(), Vec::new());
    for value in (1..).take(WARM + effort.answers * 10) {
        let answered = ours::answer(session, path, value, &now)?;
        alone.push(answered.alone);
        with_page.push(answered.with_page);
    }
    Ok(Costs { alone: Times::of(alone.split_off(WARM)), with_page: Times::of(with_page.split_off(WARM)) })
}
