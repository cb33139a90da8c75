//! What `simulate` prints.

#![expect(clippy::print_stdout, reason = "a program says what it found")]

use std::time::Instant;

use clap::Args;
use nightjar_simulation::simulate::{Asked, Found, around, blind, simulate};

/// What can be asked of `simulate`.
#[derive(Args)]
pub(crate) struct Arguments {
    /// How many schedules
    #[arg(long, default_value_t = 10_000)]
    schedules: u64,
    /// Only this one of them
    #[arg(long)]
    only: Option<u64>,
    /// Fewest steps of each
    #[arg(long, default_value_t = 50)]
    steps: u64,
    /// Most devices that one begins with
    #[arg(long, default_value_t = 20)]
    devices: usize,
    /// Take each safeguard away in turn instead, and show that it is noticed
    #[arg(long)]
    blind: bool,
    /// Of the safeguards only those whose name has this in it; with `--only` the schedule is told with it in its place and without
    #[arg(long, requires = "blind")]
    safeguard: Option<String>,
    /// Most schedules for each safeguard
    #[arg(long, default_value_t = 200)]
    most: u64,
}

/// Whether everything was as it has to be.
pub(crate) fn run(arguments: &Arguments, seed: u64) -> bool {
    if let (true, Some(only), Some(safeguard)) = (arguments.blind, arguments.only, &arguments.safeguard) {
        return told(safeguard, only, arguments, seed);
    }
    if arguments.blind {
        return noticed(arguments, seed);
    }
    let Arguments { schedules, only, steps, devices, .. } = *arguments;
    let begun = Instant::now();
    let found = simulate(Asked { schedules, seed, only, steps, devices });
    let seconds = begun.elapsed().as_secs_f64();
    println!(
        "{} schedules in {seconds:.0} s, {:.1} a second, from seed {seed}",
        found.schedules,
        found.schedules as f64 / seconds
    );
    tell(&found, seed, steps, devices);
    found.is_sound()
}

fn tell(found: &Found, seed: u64, steps: u64, devices: usize) {
    for line in &found.story {
        println!("{line}");
    }
    for (what, count) in &found.done {
        println!("  {what:40} {count:>10}");
    }
    println!("invariants that did not hold: {}", found.broken.values().sum::<u64>());
    for (invariant, count) in &found.broken {
        println!("  {:40} {count:>10}", format!("{invariant:?}"));
    }
    for (number, first) in found.schedules_broken.iter().take(20) {
        println!("schedule {number}: {first}");
    }
    if let Some(number) = found.schedules_broken.keys().next() {
        println!(
            "again: cargo xtask simulate --seed {seed} --steps {steps} --devices {devices} --only {number}"
        );
    }
}

/// Whether one schedule holds with a safeguard in its place; it is told without it, too.
fn told(safeguard: &str, only: u64, arguments: &Arguments, seed: u64) -> bool {
    let [with_it, without] =
        [true, false].map(|is_there| around(safeguard, is_there, only, seed, arguments.devices));
    for (found, how) in [(&with_it, "WITH"), (&without, "WITHOUT")] {
        println!("{how} \"{safeguard}\":");
        tell(found, seed, arguments.steps, arguments.devices);
    }
    with_it.is_sound() && !without.is_sound()
}

fn noticed(arguments: &Arguments, seed: u64) -> bool {
    let found = blind(arguments.most, seed, arguments.devices, arguments.safeguard.as_deref(), true);
    for noticed in &found {
        match noticed.invariant {
            Some(invariant) => println!(
                "without \"{}\": {invariant:?} does not hold, seen after {} schedules: {}",
                noticed.name, noticed.schedules, noticed.first
            ),
            None => println!(
                "without \"{}\": NOT NOTICED in {} schedules; else: {:?} {}",
                noticed.name, noticed.schedules, noticed.others, noticed.first
            ),
        }
    }
    for (name, with_it) in
        found.iter().flat_map(|noticed| noticed.with_it.iter().map(move |what| (noticed.name, what)))
    {
        println!("WITH \"{name}\" in its place: {with_it}");
    }
    found.iter().all(|noticed| noticed.invariant.is_some() && noticed.with_it.is_empty())
}
