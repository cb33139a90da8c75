//! What the bytes of a record on the wire are, as the hub holds them after a push.

use std::path::Path;

use nightjar_seal::Envelope;
use rusqlite::{Connection, OpenFlags};

use crate::trouble::Trouble;

/// Bytes of all envelopes together, by what they are.
#[derive(Debug, Default)]
pub(crate) struct Parts {
    /// What stands in clear.
    pub(crate) headers: usize,
    /// Sealed changes.
    pub(crate) bodies: usize,
    /// Record keys, wrapped.
    pub(crate) keys: usize,
    /// What frames them.
    pub(crate) frames: usize,
}

/// Counts what a hub holds in its folder.
pub(crate) fn of(hub: &Path) -> Result<Parts, Trouble> {
    let log = Connection::open_with_flags(hub.join("hub.sqlite3"), OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let mut parts = Parts::default();
    let mut statement = log.prepare("SELECT bytes FROM log")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let bytes: Vec<u8> = row.get(0)?;
        let envelope = Envelope::decode(&bytes).map_err(|why| Trouble::refused("envelope", why))?;
        let header = envelope.header_bytes().len();
        let whole = envelope.into_parts();
        let keys = whole.keys.as_ref().map_or(0, Vec::len);
        parts.headers += header;
        parts.bodies += whole.body.len();
        parts.keys += keys;
        parts.frames += bytes.len() - header - whole.body.len() - keys;
    }
    Ok(parts)
}
