//! `nightjar collect`: the questions asked in a terminal, with the same engine as everywhere else.

mod desk;
mod pages;
mod shown;
mod talk;
mod typed;

use std::io;
use std::path::Path;

use nightjar::{Clock, Options, Tablet};

use crate::command::{CollectArgs, PlaceArgs};
use crate::key;
use crate::pack;
use crate::practice::Practice;
use crate::terminal::Screen;
use crate::trouble::Trouble;
use desk::Desk;
use talk::Talk;

/// The last words, on a tablet of a study and in practice.
const COLLECTED: &str = "Goodbye. Everything finished is sealed; unfinished answers wait on this tablet.";
const PRACTISED: &str = "Goodbye. The practice study and everything in it is thrown away.";

pub(crate) fn run(asked: &CollectArgs, screen: &mut Screen) -> Result<(), Trouble> {
    let PlaceArgs { ward, port, browser, sticks } = &asked.place;
    if ward.is_some() || *port != 0 || browser.is_some() || !sticks.is_empty() {
        return Err(Trouble::Given("--ward, --port, --browser and --stick go with --serve".into()));
    }
    let interactive = screen.is_interactive();
    let input = io::stdin().lock();
    let Some(vault) = &asked.tablet.vault else {
        screen.line("Practice: a study is made in a temporary folder and thrown away when you leave.")?;
        let practice = Practice::begin(&pack::load(asked.tablet.study.as_deref())?)?;
        let talk = Talk::new(input, screen.writer(), interactive);
        return Desk::new(practice.tablet(), talk, PRACTISED).open();
    };
    let tablet = open(vault, asked)?;
    Desk::new(&tablet, Talk::new(input, screen.writer(), interactive), COLLECTED).open()
}

fn open(vault: &Path, asked: &CollectArgs) -> Result<Tablet, Trouble> {
    if !vault.is_file() {
        return Err(Trouble::Given(format!(
            "{}: no vault there; make one with `nightjar tablet create`, or try `nightjar collect --practice`",
            vault.display()
        )));
    }
    let key = key::open(vault, &asked.tablet.key)?;
    Ok(Tablet::open(vault, &key, Options { clock: Clock::System })?)
}
