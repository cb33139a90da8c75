//! What tablets' and evaluators' commands share: text from a file, and views in words.

use std::fs::File;
use std::io::{self, Read, Write as _};
use std::path::Path;
use std::sync::Arc;

use nightjar::{
    ConflictView, Evaluator, Failure, HeldView, Options, StatusView, StudyPack, SyncOptions, SyncProgress,
    SyncView, SyncWatcher, Tablet,
};

use crate::command::VaultArgs;
use crate::key;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// Longest request, invitation or setup code, in bytes.
const LONGEST: u64 = 64 * 1024;

/// The system's clock: what a device in real use goes by.
pub(crate) fn options() -> Options {
    Options { clock: nightjar::Clock::System }
}

/// A vault of either sort.
pub(crate) enum Opened {
    Tablet(Tablet),
    Evaluator(Evaluator),
}

pub(crate) fn opened(device: &VaultArgs) -> Result<Opened, Trouble> {
    let path = &device.vault;
    if !path.is_file() {
        return Err(Trouble::Given(format!("{}: there is no vault; check the path", path.display())));
    }
    let key = key::open(path, &device.key)?;
    match Tablet::open(path, &key, options()) {
        Ok(tablet) => Ok(Opened::Tablet(tablet)),
        // The vault of an evaluator says so when a tablet opens it.
        Err(Failure::Invalid(_)) => Ok(Opened::Evaluator(Evaluator::open(path, &key, options())?)),
        Err(failure) => Err(failure.into()),
    }
}

/// A short text from a file; `-` is standard input.
pub(crate) fn text(path: &Path) -> Result<String, Trouble> {
    let mut text = String::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(LONGEST).read_to_string(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text))
    };
    read.map_err(Trouble::file(path))?;
    Ok(text.trim().to_owned())
}

/// Who gave a value: role, device and, where it may be told, the time.
pub(crate) fn who(held: &HeldView) -> String {
    let time = held.time.as_ref().map(|time| format!(", {time}")).unwrap_or_default();
    format!("{} on {}{time}", held.role, held.tablet)
}

/// What a sync did, in words.
/// A sync that is tried so often; what it waits for is said on standard error.
pub(crate) fn patient(tries: u32) -> SyncOptions {
    SyncOptions { tries, watcher: Some(Arc::new(Waits)), ..SyncOptions::default() }
}

/// Says that it goes on, and when.
struct Waits;

impl SyncWatcher for Waits {
    fn progressed(&self, progress: SyncProgress) {
        if let SyncProgress::Waiting { seconds, failed } = progress {
            // Nobody may be listening.
            let _ = writeln!(
                std::io::stderr(),
                "the hub cannot be reached ({failed} {}); the next try is in {seconds} s",
                if failed == 1 { "try" } else { "tries" }
            );
        }
    }
}

pub(crate) fn print_sync(sync: &SyncView, screen: &mut Screen) -> Result<(), Trouble> {
    screen.line(format_args!(
        "sent {}, received {}, waiting {}; {} are at the hub, an evaluator has signed for {}",
        sync.pushed, sync.pulled, sync.waiting, sync.at_hub, sync.applied_by_evaluator
    ))?;
    if sync.published > 0 {
        screen.line(format_args!("received {} published, on what came of the answers", sync.published))?;
    }
    let SyncView { chunks_sent, chunks_received, chunks_waiting, chunks_missing, .. } = sync;
    if [chunks_sent, chunks_received, chunks_waiting, chunks_missing].into_iter().any(|count| *count > 0) {
        screen.line(format_args!(
            "parts of pictures and recordings: sent {chunks_sent}, received {chunks_received}, waiting {chunks_waiting}; \
             {chunks_missing} are not at the hub yet"
        ))?;
    }
    for refused in &sync.refused {
        screen.line(format_args!("the hub refused one: {refused}"))?;
    }
    for aside in &sync.set_aside {
        screen.line(format_args!("kept as it came, because it cannot be read: {aside}"))?;
    }
    if sync.hub_lost_data {
        screen.line("the hub had lost something; this device offered it again")?;
    }
    Ok(())
}

/// Prints the version of the study a device goes by and, of one that was given now and is older, that it is kept.
pub(crate) fn print_version(
    status: &StatusView,
    given: Option<&StudyPack>,
    screen: &mut Screen,
) -> Result<(), Trouble> {
    let version = status.version.as_deref().unwrap_or("none");
    if let Some(given) = given.filter(|given| given.study().version != version) {
        screen.line(format_args!(
            "version {} is older: it is kept for what was begun or made with it",
            given.study().version
        ))?;
    }
    screen.line(format_args!("this device goes by version {version} of the study"))?;
    print_newer(status, "update", screen)
}

/// Says that there is a newer version, if there is.
pub(crate) fn print_newer(status: &StatusView, command: &str, screen: &mut Screen) -> Result<(), Trouble> {
    match status.newer_version {
        true => screen.line(format_args!(
            "the steward has named a newer version of the study; ask for its files and take them with `{command}`"
        )),
        false => Ok(()),
    }
}

/// Facts held differently, with who said what.
pub(crate) fn print_conflicts(conflicts: &[ConflictView], screen: &mut Screen) -> Result<(), Trouble> {
    if conflicts.is_empty() {
        return screen.line("no conflicts");
    }
    for conflict in conflicts {
        let about = conflict.natural_key.as_deref().unwrap_or("");
        screen.line(format_args!(
            "{} {} {about}\n  record {}  item {}  ({})",
            conflict.form_id, conflict.ward, conflict.record, conflict.name, conflict.label
        ))?;
        for (at, held) in conflict.values.iter().enumerate() {
            let plain = |why: &String| why.replace(char::is_control, " ");
            let why = held.disputes.as_ref().map(plain);
            let why = why.map(|why| format!(", who disputes what was settled: {why}"));
            let why = why.unwrap_or_default();
            screen.line(format_args!("  {}  {}  ({}{why})", at + 1, held.text, who(held)))?;
        }
    }
    Ok(())
}
