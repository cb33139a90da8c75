//! `nightjar vault …`

use nightjar::Tablet;

use crate::command::VaultCommand;
use crate::device::options;
use crate::key;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(crate) fn run(asked: &VaultCommand, screen: &mut Screen) -> Result<(), Trouble> {
    let VaultCommand::Check { device } = asked;
    let path = &device.vault;
    if !path.is_file() {
        return Err(Trouble::Given(format!("{}: there is no vault; check the path", path.display())));
    }
    let tablet = Tablet::open(path, &key::open(&device.vault, &device.key)?, options())?;
    tablet.check()?;
    let status = tablet.status()?;
    screen.line(format_args!("{}: sound", path.display()))?;
    screen.line(format_args!(
        "{}: {} unfinished, {} waiting for the hub, {} at the hub, {} kept as they came",
        status.label, status.drafts, status.waiting, status.at_hub, status.set_aside
    ))
}
