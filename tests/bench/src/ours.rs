//! Nightjar's side, through the library.

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use jiff::Zoned;
use nightjar_form::{Attachments, Entry, Instrument, Opening, Session, Value};

use crate::trouble::Trouble;

/// Reads a form.
pub(crate) fn read(file: &str, bytes: &[u8]) -> Result<Instrument, Trouble> {
    Instrument::read(file, bytes, &Attachments::default())
        .map_err(|diagnostics| Trouble::refused(file, diagnostics))
}

/// A person who begins to answer a form.
pub(crate) fn open(file: &str, instrument: Instrument) -> Result<Session, Trouble> {
    let opening = Opening { language: None, now: now(), seed: 7 };
    Session::open(Arc::new(instrument), opening).map_err(|refusal| Trouble::refused(file, refusal))
}

/// Microseconds from the text of a form to its first page.
pub(crate) fn load(file: &str, bytes: &[u8]) -> Result<f64, Trouble> {
    let start = Instant::now();
    let session = open(file, read(file, bytes)?)?;
    black_box(session.page());
    Ok(since(start))
}

/// Microseconds from the bytes of a form to an instrument.
pub(crate) fn ready(file: &str, bytes: &[u8]) -> Result<f64, Trouble> {
    let start = Instant::now();
    black_box(read(file, bytes)?);
    Ok(since(start))
}

/// What an answer takes, and the page that is shown after it.
pub(crate) struct Answered {
    /// Microseconds of the answer.
    pub(crate) alone: f64,
    /// Microseconds of the answer and the page.
    pub(crate) with_page: f64,
}

/// Gives an answer and shows the page.
pub(crate) fn answer(
    session: &mut Session,
    path: &str,
    value: i64,
    now: &Zoned,
) -> Result<Answered, Trouble> {
    let entry = Entry::Answer { path: path.to_owned(), value: Some(Value::Integer(value)) };
    let start = Instant::now();
    black_box(session.apply(&entry, now).map_err(|refusal| Trouble::refused(path, refusal))?);
    let alone = since(start);
    black_box(session.page());
    Ok(Answered { alone, with_page: since(start) })
}

/// Does something that is not measured.
pub(crate) fn act(session: &mut Session, entry: &Entry, now: &Zoned) -> Result<(), Trouble> {
    session.apply(entry, now).map(drop).map_err(|refusal| Trouble::refused("a session", refusal))
}

/// A clock that stands still.
pub(crate) fn now() -> Zoned {
    jiff::Timestamp::UNIX_EPOCH.to_zoned(jiff::tz::TimeZone::UTC)
}

fn since(start: Instant) -> f64 {
    start.elapsed().as_secs_f64() * 1e6
}
