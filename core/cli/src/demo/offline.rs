//! Taking the tablets offline: the hub's process ends, and a tablet says so without losing anything.

use super::Demo;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(demo: &mut Demo, screen: &mut Screen) -> Result<(), Trouble> {
    screen.heading("2. Offline")?;
    demo.stop_hub();
    match demo.tablets[0].sync() {
        Err(Trouble::Reply { kind, .. }) if kind == "offline" => {
            screen.line("The hub is stopped. tablet 1 tries to sync: no hub, everything stays on the tablet.")
        }
        Err(trouble) => Err(trouble),
        Ok(_) => Err(Trouble::NotHeld("a tablet cannot sync with a hub that is stopped".into())),
    }
}
