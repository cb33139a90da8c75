//! The `nightjar` program: what a ward, an evaluator and a test bench ask of Nightjar from a terminal.
//!
//! Each command is a thin layer over the facade. Keys reach it through a pipe or are typed in; they never stand in an
//! argument, the environment, a file or a log.

mod bundle;
mod child;
mod collect;
mod command;
mod demo;
mod device;
mod evaluate;
mod form;
mod hub;
mod key;
#[cfg(feature = "keyring")]
mod keyring;
mod line_protocol;
mod pack;
mod picture;
mod practice;
mod publish;
mod simulate;
mod study;
mod tablet;
mod taking_out;
mod terminal;
mod trouble;
mod vault;
mod ward_screen;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::Parser;

use command::{Command, Program};
use terminal::Screen;
use trouble::Trouble;

fn main() -> ExitCode {
    let program = Program::parse();
    let mut screen = Screen::stdout();
    match run(program.command, &mut screen) {
        Ok(()) => ExitCode::SUCCESS,
        Err(trouble) if trouble.is_reader_gone() => ExitCode::SUCCESS,
        Err(trouble) => {
            // Nothing is left to tell it to when standard error is closed as well.
            drop(writeln!(io::stderr(), "nightjar: {trouble}"));
            ExitCode::from(trouble.exit_code())
        }
    }
}

fn run(command: Command, screen: &mut Screen) -> Result<(), Trouble> {
    match command {
        Command::Demo(asked) => demo::run(&asked, screen),
        Command::Screen(asked) => ward_screen::run(&asked, screen),
        Command::Collect(asked) if asked.serve => ward_screen::collect(&asked, screen),
        Command::Collect(asked) => collect::run(&asked, screen),
        Command::Form(asked) => form::run(&asked, screen),
        Command::Study(asked) => study::run(&asked, screen),
        Command::Hub(asked) => hub::run(&asked, screen),
        Command::Bundle(asked) => bundle::run(&asked, screen),
        Command::Tablet(asked) => tablet::run(&asked, screen),
        Command::Evaluate(asked) => evaluate::run(&asked, screen),
        Command::Publish(asked) => publish::run(&asked, screen),
        Command::Vault(asked) => vault::run(&asked, screen),
        Command::Commands => command::list(screen),
    }
}
