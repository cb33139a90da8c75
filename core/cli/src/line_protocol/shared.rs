//! What tablets and evaluators do alike.

use std::io::Read;
use std::path::PathBuf;

use data_encoding::BASE64;
use jiff::Zoned;
use nightjar::{AttachmentView, Clock, Failure, Options, StudyPack};
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use crate::command::RunArgs;
use crate::trouble::Trouble;
use crate::{key, pack};

/// Most bytes of a file that are read: more than any that can be attached.
const LARGEST: u64 = 32 << 20;

/// The device of a `… run`: made first if it was asked for.
pub(super) fn options(asked: &RunArgs) -> (Options, Clock) {
    let clock = if asked.simulated_clock { Clock::simulated(Zoned::now()) } else { Clock::System };
    (Options { clock: clock.clone() }, clock)
}

/// The key line.
pub(super) fn key(line: &str) -> Result<nightjar::VaultKey, Trouble> {
    key::from_hex(line)
}

/// The study a device founds or joins: a folder, or the one built in.
pub(super) fn study(folder: Option<PathBuf>) -> Result<StudyPack, Failure> {
    pack::load(folder.as_deref()).map_err(|trouble| match trouble {
        Trouble::Facade(failure) => failure,
        other => Failure::Invalid(other.to_string()),
    })
}

/// A file that is to be attached: one of this machine, or a small one in the line itself.
pub(super) fn file(file: Option<PathBuf>, base64: Option<String>) -> Result<Zeroizing<Vec<u8>>, Failure> {
    match (file, base64) {
        (Some(file), None) => {
            let mut bytes = Zeroizing::new(Vec::new());
            let read = std::fs::File::open(file).and_then(|file| file.take(LARGEST).read_to_end(&mut bytes));
            read.map_err(|error| Failure::Invalid(format!("the file cannot be read: {error}")))?;
            Ok(bytes)
        }
        (None, Some(base64)) => BASE64
            .decode(base64.as_bytes())
            .map(Zeroizing::new)
            .map_err(|_| Failure::Invalid("this is no base64".into())),
        _ => Err(Failure::Invalid("a file is attached by its path, or by its bytes in base64".into())),
    }
}

/// An attachment in a line.
pub(super) fn attachment(view: &AttachmentView) -> Json {
    json!({ "media_type": view.media_type, "base64": BASE64.encode(&view.bytes) })
}

/// Sets a simulated clock.
pub(super) fn set_time(clock: &Clock, now: &str) -> Result<(), Failure> {
    let now: Zoned = now.parse().map_err(|_| {
        Failure::Invalid("a time is written as 2026-03-31T21:30:00+01:00[Europe/London]".into())
    })?;
    if clock.set(now) {
        Ok(())
    } else {
        Err(Failure::Invalid("this device goes by the system's clock".into()))
    }
}
