//! The whole of sync under seeded schedules: real vaults behind the facade that ships, real sealing, the real exchange, the hub's own
//! router over its own database, and bundles. What the line, the disks, the clocks and the hub do is drawn from the seed, and so is
//! what the product takes for randomness: a schedule goes the same way again by its number.
//!
//! A judge beside it knows what was written, by whom and on top of what. After each step it looks at the device that took part
//! (durable after a crash, nothing left of what was taken out, nothing before the cursor missing, nothing beyond a last good place
//! counted, nobody's words in a message); when faults have ended and everybody has synced, at all of it.

mod blind;
mod bound;
mod chains;
mod faults;
mod found;
mod judge;
mod line;
mod members;
mod model;
mod pack;
mod plan;
#[cfg(test)]
mod regressions;
mod settle;
mod steps;
mod template;
mod unit;
mod world;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use nightjar_seal::Safeguard;
use nightjar_test_support::seeded;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

pub use blind::{Without, safeguards};
pub use found::{Found, Invariant};

use plan::Plan;
use template::Template;
use world::World;

/// Which schedules.
#[derive(Clone, Copy, Debug)]
pub struct Asked {
    /// How many.
    pub schedules: u64,
    /// What they are drawn from.
    pub seed: u64,
    /// Only this one of them.
    pub only: Option<u64>,
    /// Fewest steps of each.
    pub steps: u64,
    /// Most devices that a schedule begins with.
    pub devices: usize,
}

/// How many devices schedules begin with, and how often.
const DEVICES: [(usize, u32); 8] = [(3, 30), (4, 25), (5, 18), (6, 12), (8, 7), (10, 4), (14, 2), (20, 1)];

/// One in so many schedules brings a record to its bound.
const BOUNDS: u64 = 200;
/// With so many devices.
const AT_BOUNDS: usize = 5;

/// Studies to begin with, by how many devices they have, and the larger one.
struct Templates(BTreeMap<usize, Template>, Option<Template>);

impl Templates {
    fn new(most: usize, larger: bool) -> Self {
        assert!(seeded::is_in_force(), "the product does not take the randomness that is seeded here");
        let pack = pack::pack(false);
        let counts = DEVICES.iter().map(|(count, _)| *count).filter(|count| *count <= most);
        let made = |count| {
            seeded::seed(Some(count as u64));
            let template = Template::new(&pack, count - 2);
            seeded::seed(None);
            (count, template)
        };
        let by_count = counts.map(made).collect();
        seeded::seed(Some(0));
        let larger = larger.then(|| Template::new(&pack::pack(true), AT_BOUNDS - 2));
        seeded::seed(None);
        Self(by_count, larger)
    }

    fn any(&self, bounds: bool, random: &mut StdRng) -> &Template {
        if let (true, Some(larger)) = (bounds, &self.1) {
            return larger;
        }
        let here = || DEVICES.iter().filter(|(count, _)| self.0.contains_key(count));
        let mut at = random.random_range(0..here().map(|(_, often)| often).sum::<u32>());
        let drawn = here().find(|(_, often)| {
            let here = at < *often;
            at = at.saturating_sub(*often);
            here
        });
        let (count, _) = drawn.expect("one of them");
        &self.0[count]
    }
}

/// One schedule, in a thread of its own, so that nothing is left of the one before.
fn schedule(templates: &Templates, plan: Plan, seed: u64) -> Found {
    let number = plan.number;
    let play = || {
        let seed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number;
        seeded::seed(Some(seed));
        let mut random = StdRng::seed_from_u64(seed);
        let template = templates.any(plan.bounds, &mut random);
        let found = World::new(template, plan, random.random()).play();
        seeded::seed(None);
        found
    };
    std::thread::scope(|scope| scope.spawn(play).join()).unwrap_or_else(|_| {
        let mut found = Found { schedules: 1, ..Found::default() };
        found.broken.insert(Invariant::Settles, 1);
        found.schedules_broken.insert(number, "something in it panicked".into());
        found
    })
}

/// Runs schedules on all cores.
///
/// # Panics
/// Where the product cannot be seeded, or no study can be founded.
#[must_use]
pub fn simulate(asked: Asked) -> Found {
    let templates = Templates::new(asked.devices, true);
    let numbers: Vec<_> = match asked.only {
        Some(only) => vec![only],
        None => (0..asked.schedules).collect(),
    };
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(numbers.len().max(1));
    let next = AtomicU64::new(0);
    let work = || {
        let mut found = Found::default();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(number) = numbers.get(at as usize) else { return found };
            let plan = Plan { steps: asked.steps, tells: asked.only.is_some(), ..Plan::of(*number, BOUNDS) };
            found += schedule(&templates, plan, asked.seed);
        }
    };
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(work)).collect();
        let mut found = Found::default();
        for worker in running {
            found += worker.join().expect("a worker ends");
        }
        found
    })
}

/// What came of a safeguard's absence.
#[derive(Debug)]
pub struct Noticed {
    /// The safeguard.
    pub name: &'static str,
    /// Schedules that were played until it was noticed, or in all.
    pub schedules: u64,
    /// What did not hold, of what was expected not to.
    pub invariant: Option<Invariant>,
    /// What else did not hold in these schedules.
    pub others: BTreeMap<Invariant, u64>,
    /// What was seen first.
    pub first: String,
    /// What did not hold in the same schedules with the safeguard in its place.
    pub with_it: Vec<String>,
}

/// Takes away each safeguard in turn, and plays at most so many schedules each, until it is noticed; with `controls` each schedule also
/// with the safeguard in its place, when everything has to hold. Switches are the process's: nothing else may be simulated meanwhile.
///
/// # Panics
/// As [`simulate`].
#[must_use]
pub fn blind(most: u64, seed: u64, devices: usize, only: Option<&str>, controls: bool) -> Vec<Noticed> {
    let templates = Templates::new(devices, false);
    let all = safeguards();
    let asked = all.iter().filter(|without| only.is_none_or(|only| without.name.contains(only)));
    asked.map(|without| notice(&templates, without, most, seed, controls)).collect()
}

/// One schedule around the first safeguard whose name has this in it, with it or without, told step by step.
///
/// # Panics
/// As [`simulate`].
#[must_use]
pub fn around(safeguard: &str, is_there: bool, only: u64, seed: u64, devices: usize) -> Found {
    let all = safeguards();
    let Some(without) = all.iter().find(|without| without.name.contains(safeguard)) else {
        return Found::default();
    };
    let templates = Templates::new(devices, false);
    Safeguard::switch_off(without.switch.filter(|_| !is_there));
    let plan = Plan { tells: true, ..Plan::around(only, without, is_there) };
    let found = std::thread::scope(|scope| scope.spawn(|| schedule(&templates, plan, seed)).join());
    Safeguard::switch_off(None);
    found.expect("a schedule ends")
}

fn notice(templates: &Templates, without: &Without, most: u64, seed: u64, controls: bool) -> Noticed {
    let mut noticed = Noticed {
        name: without.name,
        schedules: 0,
        invariant: None,
        others: BTreeMap::new(),
        first: String::new(),
        with_it: Vec::new(),
    };
    let together = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let play = |numbers: std::ops::Range<u64>, is_there: bool| -> Vec<Found> {
        Safeguard::switch_off(without.switch.filter(|_| !is_there));
        let found = std::thread::scope(|scope| {
            let plan = |number| Plan::around(number, without, is_there);
            let running: Vec<_> =
                numbers.map(|number| scope.spawn(move || schedule(templates, plan(number), seed))).collect();
            running.into_iter().map(|worker| worker.join().expect("a worker ends")).collect()
        });
        Safeguard::switch_off(None);
        found
    };
    while noticed.invariant.is_none() && noticed.schedules < most {
        let numbers = noticed.schedules..noticed.schedules + together;
        if controls {
            let with_it = play(numbers.clone(), true);
            noticed
                .with_it
                .extend(with_it.into_iter().flat_map(|found| found.schedules_broken.into_values()));
        }
        noticed.schedules = numbers.end;
        for found in play(numbers, false) {
            let seen = found.broken.keys().find(|invariant| without.notices.contains(invariant)).copied();
            for (invariant, count) in &found.broken {
                if !without.notices.contains(invariant) {
                    *noticed.others.entry(*invariant).or_default() += count;
                }
            }
            if noticed.invariant.is_none() && (seen.is_some() || noticed.first.is_empty()) {
                noticed.first = found.schedules_broken.into_values().next().unwrap_or_default();
            }
            noticed.invariant = noticed.invariant.or(seen);
        }
    }
    noticed
}
