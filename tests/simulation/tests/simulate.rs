//! A few schedules of the simulator with fixed seeds: nothing may be found, and what they are made of has to happen.

#![cfg(target_os = "linux")]

use nightjar_simulation::simulate::{Asked, simulate};

#[test]
fn everything_holds_under_faults_of_every_kind() {
    let found = simulate(Asked { schedules: 24, seed: 7, only: None, steps: 50, devices: 6 });
    assert!(found.is_sound(), "{:?}", found.schedules_broken);
    for what in [
        "ward record",
        "edit",
        "settle",
        "response",
        "withdraw by receipt",
        "bundle import",
        "revoke",
        "crash of a device",
        "restore from an old copy",
        "clone",
        "hub restored from an old copy",
        "hub begins to equivocate",
        "answer lost",
        "request twice",
        "conflict shown",
        "envelope judged",
    ] {
        assert!(found.times(what) > 0, "\"{what}\" did not happen: {:?}", found.done);
    }
}

#[test]
fn a_schedule_is_the_same_again_by_its_number() {
    let asked = Asked { schedules: 2, seed: 3, only: Some(1), steps: 50, devices: 4 };
    let (one, other) = (simulate(asked), simulate(asked));
    assert_eq!(one.story, other.story);
    assert_eq!(one.done, other.done);
}
