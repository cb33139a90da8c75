//! The soaks of one process; `cargo xtask soak` runs them.

#[cfg(target_os = "linux")]
mod simulating;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use nightjar_simulation::{disk_full, io_error, power, remains, schedules, sync};

#[derive(Parser)]
struct Asked {
    #[command(subcommand)]
    soak: Soak,
    /// Draws what is answered, and what the disk does
    #[arg(long, global = true, default_value_t = 1)]
    seed: u64,
}

#[derive(Subcommand)]
enum Soak {
    /// The power goes at every write beneath the cipher
    Power {
        /// How many answers
        #[arg(long, default_value_t = 200)]
        answers: usize,
    },
    /// Every write fails in turn
    IoError,
    /// What is left in the files after a finish, a hand-over and a withdrawal
    Remains {
        /// How many times
        #[arg(long, default_value_t = 1_000)]
        times: u64,
    },
    /// Random schedules of several devices
    Schedules {
        /// How many
        #[arg(long, default_value_t = 1_000)]
        times: u64,
    },
    /// Processes over a line that is cut at every byte of a push, killed, put back to backups
    Sync {
        /// How many acts after that
        #[arg(long, default_value_t = 1_000)]
        times: u64,
    },
    /// All of sync, vaults and all, under seeded schedules
    #[cfg(target_os = "linux")]
    Simulate(simulating::Arguments),
    /// A real file system with no room left
    DiskFull {
        /// How many times
        #[arg(long, default_value_t = 100)]
        times: u64,
    },
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program says what it found")]
fn main() -> ExitCode {
    let Asked { soak, seed } = Asked::parse();
    let sound = match soak {
        Soak::Power { answers } => {
            let found = power::power(answers, seed, true);
            println!(
                "{} answers acknowledged over {} writes and syncs; {} disks rebuilt, {} of them with some of what was \
                 not synced: {} lost an acknowledged answer",
                found.acknowledged, found.steps, found.disks, found.unsynced, found.lost
            );
            let careless = power::power(answers / 4, seed, false);
            println!(
                "with synchronous=OFF {} of {} disks lost one, so it would show",
                careless.lost, careless.disks
            );
            found.lost == 0 && found.unsynced > 0 && careless.lost > 0
        }
        Soak::IoError => {
            let found = io_error::io_error(seed);
            println!(
                "{} rounds with another failing step each: {} answers acknowledged, {} lost; {} acts failed and said \
                 that it is the disk, {} said something else; {} vaults could not go on afterwards",
                found.rounds, found.acknowledged, found.lost, found.said, found.unclear, found.stuck
            );
            found.lost == 0 && found.unclear == 0 && found.stuck == 0 && found.said > 0
        }
        Soak::Remains { times } => {
            let found = remains::remains(times, seed, true);
            println!(
                "{times} runs, {} audits of {} pages: {} places held something after a confidential finish, {} after a \
                 hand-over, {} after a withdrawal; {} audits did not see what was still there",
                found.audits,
                found.pages,
                found.after_finish,
                found.after_hand_over,
                found.after_withdrawal,
                found.blind
            );
            let careless = remains::remains((times / 20).max(1), seed, false);
            println!(
                "with secure_delete off and the log left as it is: {}, {} and {}, so it would show",
                careless.after_finish, careless.after_hand_over, careless.after_withdrawal
            );
            let seen = [careless.after_finish, careless.after_hand_over, careless.after_withdrawal];
            found.after_finish + found.after_hand_over + found.after_withdrawal + found.blind == 0
                && seen.iter().all(|hits| *hits > 0)
        }
        Soak::Schedules { times } => {
            let mut sound = true;
            // The records alone, and one in fifty with vaults, which take a hundred times as long.
            for (vaults, times) in [(false, times), (true, (times / 50).max(20))] {
                let found = schedules::schedules(times, seed, vaults, true);
                let what = if vaults { "with real vaults" } else { "of the records alone" };
                println!(
                    "{} schedules {what}, of {} steps in all on {} devices: {} devices ended with other rows, {} values \
                     lost, {} withdrawals came back, {} drafts differ, {} vaults differ from what their changes say",
                    found.schedules,
                    found.steps,
                    found.devices,
                    found.divergences,
                    found.lost,
                    found.revived,
                    found.drafts,
                    found.unsound
                );
                for (kind, count) in &found.done {
                    println!("  {kind:14} {count:>9}");
                }
                if !found.seeds.is_empty() {
                    println!("seeds of those: {:?}", found.seeds);
                }
                let careless = schedules::schedules(20, seed, vaults, false);
                println!(
                    "when nobody passes on what was withdrawn, {} come back, so it would show",
                    careless.revived
                );
                sound &= found.is_sound() && careless.revived > 0;
            }
            sound
        }
        Soak::Sync { times } => {
            let file = sync::sync(1, times, seed);
            println!("{file}");
            let server = sync::sync_over_postgres(times / 4, seed);
            match &server {
                Some(found) => println!("over PostgreSQL: {found}"),
                None => println!("there is no PostgreSQL here: nothing was tried with it"),
            }
            file.is_sound()
                && (file.killed[2] + file.broken[2] == 0 || file.noticed > 0)
                && server.is_some_and(|found| found.is_sound())
        }
        #[cfg(target_os = "linux")]
        Soak::Simulate(arguments) => simulating::run(&arguments, seed),
        Soak::DiskFull { times } => match disk_full::disk_full(times, seed) {
            Ok(found) => {
                println!(
                    "the disk was full {} times: {} answers acknowledged, {} lost; {} refused for want of room, {} for \
                     another reason",
                    found.full, found.acknowledged, found.lost, found.refused, found.unclear
                );
                found.lost == 0 && found.unclear == 0 && found.refused > 0
            }
            Err(why) => {
                eprintln!("{why}");
                false
            }
        },
    };
    if sound { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
