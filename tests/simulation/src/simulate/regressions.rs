//! What schedules have found, each as the few steps that it takes.

use nightjar::form::Value;
use nightjar::{BeginRequest, Failure};
use nightjar_vault::faults::{self, Fate};

use super::pack::{FACT, SAY, WARD};
use super::plan::Plan;
use super::template::Template;
use super::world::World;

/// A study with two tablets, in clear weather.
fn calm() -> World {
    let template = Template::new(&super::pack::pack(false), 2);
    let world = World::new(&template, Plan::new(0), 1);
    world.line.calm();
    world
}

fn write(world: &mut World, unit: usize) -> Result<(), Failure> {
    write_number(world, unit, 1)
}

fn write_number(world: &mut World, unit: usize, number: i64) -> Result<(), Failure> {
    let (form_id, role, ward) = (FACT.to_owned(), "nurse".to_owned(), WARD.to_owned());
    let tablet = world.units[unit].tablet();
    let sitting = tablet.begin(BeginRequest { form_id, role, ward, language: None })?;
    sitting.answer("number", Some(Value::Integer(number)))?;
    sitting.answer("what", Some(Value::Text("something".into())))?;
    sitting.stop_keeping().map(drop)
}

#[test]
fn a_hub_that_lost_everything_of_a_scope_is_said_to_have_lost_it_once() {
    let mut world = calm();
    assert!(world.hub_backup());
    write(&mut world, 2).expect("written");
    world.units[2].face().sync().expect("it sends");
    world.units[0].face().sync().expect("the evaluator receives");
    assert!(world.hub_restore());
    // Whoever wrote it does not come back: the log stays as empty as the copy was.
    let told = |world: &mut World| world.units[0].face().sync().expect("it syncs").hub_lost_data;
    assert!(told(&mut world));
    assert!(!told(&mut world), "nothing was lost since");
}

#[test]
fn a_tablet_that_hears_by_bundle_that_it_was_put_out_says_so_and_not_that_it_is_damaged() {
    let mut world = calm();
    let tag = world.units[2].tag.to_string();
    world.steward().put_out(&tag).expect("put out");
    let file = world.file("bundle");
    world.units[0].face().export(&file).expect("written");
    world.units[2].face().import(&file).expect("taken in");
    let failure = write(&mut world, 2).expect_err("it may not write any more");
    assert!(matches!(failure, Failure::Rejected(_)), "{failure:?}");
}

#[test]
fn an_envelope_that_was_altered_on_the_way_is_asked_for_again() {
    let mut world = calm();
    write(&mut world, 2).expect("written");
    world.units[2].face().sync().expect("it sends");
    world.line.inner().spoils_news = true;
    let view = world.units[0].face().sync().expect("it syncs");
    assert_eq!((view.pulled, view.set_aside.len()), (0, 1), "{view:?}");
    let view = world.units[0].face().sync().expect("it syncs");
    assert_eq!((view.pulled, view.set_aside.len()), (1, 0), "{view:?}");
}

#[test]
fn wherever_a_device_ends_in_a_sync_a_hub_that_then_loses_what_it_took_gets_it_again() {
    let template = Template::new(&super::pack::pack(false), 2);
    for commits in 0..16 {
        let mut world = World::new(&template, Plan::new(0), 1);
        world.line.calm();
        assert!(world.hub_backup());
        write(&mut world, 2).expect("written");
        faults::stop_after(Some((commits, Fate::Ends)));
        let _ = world.units[2].face().sync();
        faults::stop_after(None);
        world.crash(2);
        assert!(world.hub_restore());
        world.units[2].face().sync().expect("it syncs");
        assert_eq!(world.log_of(0).len(), 1, "after {commits} commits");
    }
}

#[test]
fn what_somebody_says_on_a_tablet_at_1970_is_kept_and_received() {
    let mut world = calm();
    world.units[2].clock.set("1970-01-02T03:04[Europe/London]".parse().expect("a time"));
    let (form_id, role, ward) = (SAY.to_owned(), "patient".to_owned(), WARD.to_owned());
    let sitting = world.units[2].tablet().begin(BeginRequest { form_id, role, ward, language: None });
    let sitting = sitting.expect("begun");
    sitting.answer("what", Some(Value::Text("something".into()))).expect("answered");
    sitting.stop_keeping().expect("kept");
    world.units[2].face().sync().expect("it sends");
    assert_eq!(world.units[0].face().sync().expect("it receives").pulled, 1);
}

/// The hub got an envelope back by the chain of a copy. Whoever had it by the chain of the original was not told of that chain, since
/// nothing was missing, and could not follow it from then on.
#[test]
fn the_chain_of_a_copy_is_followed_although_all_that_it_names_at_first_was_here() {
    let mut world = calm();
    assert!(world.hub_backup());
    write(&mut world, 2).expect("written");
    let copy = world.clone_this(2).expect("there is room");
    world.units[2].face().sync().expect("it sends");
    world.units[0].face().sync().expect("the evaluator receives");
    assert!(world.hub_restore());
    world.units[copy].face().sync().expect("it sends the same");
    assert!(world.units[0].face().sync().expect("it compares").hub_lost_data);
    write_number(&mut world, copy, 2).expect("written");
    world.units[copy].face().sync().expect("it sends");
    // It finds out in the middle of the sync, and asks for the links that it passed over with the same one.
    world.units[0].face().sync().expect("it receives");
    let (places, here) = (world.units[0].places(), world.units[0].envelopes());
    assert_eq!(here.len(), 2);
    assert!(here.keys().all(|id| places.contains_key(id)), "{places:?}");
    assert_eq!(places.values().map(Vec::len).sum::<usize>(), 3, "the first stands in both chains");
    // Nothing is asked for again any more.
    let view = world.units[0].face().sync().expect("it syncs");
    assert_eq!((view.pulled, view.requests), (0, 1), "{view:?}");
}

/// A tablet whose disk was put back learns from the hub that it has sent more than it knows. With that same sync it gets it again.
#[test]
fn a_disk_that_was_put_back_beneath_its_files_gets_what_it_had_sent_with_one_sync() {
    let mut world = calm();
    world.units[2].face().sync().expect("it has a line");
    assert!(world.copy_this(2));
    write(&mut world, 2).expect("written");
    world.units[2].face().sync().expect("it sends");
    assert!(world.restore_beneath());
    assert!(world.units[2].envelopes().is_empty());
    let view = world.units[2].face().sync().expect("it syncs");
    assert_eq!((view.pulled, view.pushed), (1, 0), "{view:?}");
    let view = world.units[2].face().sync().expect("it syncs");
    assert_eq!((view.pulled, view.requests), (0, 1), "{view:?}");
}

/// What came whole is kept, whatever becomes of the request after it: on a line that breaks after every other answer each try brings one.
#[test]
fn a_line_that_is_cut_after_every_answer_brings_one_with_each_try() {
    let mut world = calm();
    world.units[0].face().sync().expect("it hears the hub's time");
    // More than one answer holds.
    for number in 0..300_u64 {
        let (form_id, role, ward) = (SAY.to_owned(), "patient".to_owned(), WARD.to_owned());
        let sitting = world.units[2].tablet().begin(BeginRequest { form_id, role, ward, language: None });
        let sitting = sitting.expect("begun");
        for (cell, name) in (0_u64..).zip(super::pack::CELLS) {
            let words = (0..60_u64).map(|at| [number, cell, at].map(u64::to_le_bytes).concat());
            let text: String = words.map(|word| blake3::hash(&word).to_hex().to_string()).collect();
            sitting.answer(name, Some(Value::Text(text))).expect("answered");
        }
        sitting.stop_keeping().expect("kept");
    }
    world.units[2].face().sync().expect("it sends");
    let mut here = 0;
    for tries in 1.. {
        // The greeting, and one answer.
        world.line.inner().answers = Some(2);
        let done = world.units[0].face().sync();
        let now = world.units[0].envelopes().len();
        assert!(now > here, "try {tries} brought nothing: {done:?}");
        here = now;
        if here == 300 {
            assert!(tries > 1, "it came with one answer");
            return;
        }
        assert!(matches!(done, Err(Failure::Offline(_))), "{done:?}");
    }
}
