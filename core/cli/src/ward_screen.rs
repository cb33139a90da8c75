//! `nightjar screen` and `nightjar collect --serve`: the ward screen, served to this device's own browser.

mod browser;
mod kiosk;

use nightjar::{Clock, Options, Tablet};
use nightjar_screen::{Screen as WardScreen, Settings};
use tokio::runtime::Runtime;

use crate::command::{CollectArgs, PlaceArgs, ScreenArgs, TabletArgs};
use crate::hub::asked_to_end;
use crate::practice::Practice;
use crate::terminal::Screen;
use crate::trouble::Trouble;
use crate::{key, pack};

pub(crate) fn run(asked: &ScreenArgs, screen: &mut Screen) -> Result<(), Trouble> {
    open(&asked.tablet, &asked.place, None, screen)
}

/// One form on the ward screen.
pub(crate) fn collect(asked: &CollectArgs, screen: &mut Screen) -> Result<(), Trouble> {
    open(&asked.tablet, &asked.place, asked.form.clone(), screen)
}

fn open(
    asked: &TabletArgs,
    place: &PlaceArgs,
    form: Option<String>,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    let Some(vault) = &asked.vault else {
        screen.line("Practice: a study is made in a temporary folder and thrown away when you leave.")?;
        let practice = Practice::begin(&pack::load(asked.study.as_deref())?)?;
        let tablet = practice.tablet().clone();
        let pin = practice_pin()?;
        tablet.set_pin(&pin)?;
        screen.line(format_args!("The PIN for staff is {} here.", pin.as_str()))?;
        // Practice is on the first ward, unless another is named.
        let ward = place.ward.clone().or(tablet.status()?.wards.first().cloned());
        return serve(
            tablet,
            Settings { ward, form, pack: None, sticks: place.sticks.clone() },
            place,
            screen,
        );
    };
    if !vault.is_file() {
        return Err(Trouble::Given(format!(
            "{}: no vault there; make one with `nightjar tablet create`, or try `nightjar screen --practice`",
            vault.display()
        )));
    }
    let key = key::open(vault, &asked.key)?;
    let tablet = Tablet::open(vault, &key, Options { clock: Clock::System })?;
    let pack = if tablet.has_joined()? { None } else { Some(pack::load(asked.study.as_deref())?) };
    if !tablet.has_pin()? {
        screen.line("No PIN for staff is set: their side stays closed. `nightjar tablet pin` sets one.")?;
    }
    let sticks = place.sticks.clone();
    serve(tablet, Settings { ward: place.ward.clone(), form, pack, sticks }, place, screen)
}

/// Six digits that are thrown away with the study.
fn practice_pin() -> Result<zeroize::Zeroizing<String>, Trouble> {
    let no_random = |_| Trouble::Key("this system gives no random numbers");
    let mut bytes = [0; 4];
    getrandom::fill(&mut bytes).map_err(no_random)?;
    // The first two keep it from being one after the other.
    Ok(zeroize::Zeroizing::new(format!("73{:04}", u32::from_le_bytes(bytes) % 10_000)))
}

fn serve(tablet: Tablet, settings: Settings, place: &PlaceArgs, screen: &mut Screen) -> Result<(), Trouble> {
    Runtime::new()?.block_on(async {
        let ward = WardScreen::open(tablet, settings, place.port).await?;
        if !kiosk::is_on() {
            screen.line(
                "This device does not seem to be in kiosk mode: whoever holds it can leave the screen. Before it is handed to anybody, \
                 turn on assigned access (Windows), a single app profile (macOS) or a kiosk session (Linux).",
            )?;
        }
        let _window = match &place.browser {
            Some(program) => {
                let window = browser::open(program, &ward.door()?)?;
                screen.line("The ward screen is in its browser.")?;
                Some(window)
            }
            None => {
                screen.line(format_args!("The ward screen is at {}", ward.address()))?;
                screen.line("Open that address in this device's browser. It is the tablet's door: give it to nobody.")?;
                None
            }
        };
        ward.serve(asked_to_end()?).await?;
        screen.line("The ward screen is closed.")
    })
}
