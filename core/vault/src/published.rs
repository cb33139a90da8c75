//! What evaluators have published: kept as it was signed, until another takes its place.

use nightjar_seal::{DeviceTag, Notice, Placing, Publication, PublicationId, Roster};
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::VaultError;
use crate::vault::Vault;

impl Vault {
    /// What is kept of what was published, without what it says. What of it stands says the roster: see [`Notice::standing`].
    ///
    /// # Errors
    /// Storage errors.
    pub fn publications(&self) -> Result<Vec<Notice>, VaultError> {
        self.read(notices)
    }

    /// A publication as it was signed.
    ///
    /// # Errors
    /// Storage errors.
    pub fn publication(&self, id: &PublicationId) -> Result<Option<Publication>, VaultError> {
        self.read(|c| {
            let mut statement = c.prepare_cached("SELECT bytes FROM publication WHERE id = ?1")?;
            let bytes: Option<Vec<u8>> = statement.query_row([id.0], |row| row.get(0)).optional()?;
            bytes.map(|bytes| Publication::decode(&bytes)).transpose().map_err(|_| damaged())
        })
    }

    /// Keeps a publication that verifies by this roster, and forgets those that it takes the place of: they leave the files, too.
    ///
    /// # Errors
    /// Storage errors.
    pub fn keep_publication(
        &self,
        publication: &Publication,
        roster: &Roster,
    ) -> Result<Placing, VaultError> {
        let notice = Notice::from(publication);
        let placing = self.write(|t| {
            let placing = notice.place(&notices(t)?, roster);
            if let Placing::Kept { gone } = &placing {
                for id in gone {
                    t.prepare_cached("DELETE FROM publication WHERE id = ?1")?.execute([id.0])?;
                }
                let sql = "INSERT INTO publication (id, device, replaces, bytes) VALUES (?1, ?2, ?3, ?4)";
                let replaces: Vec<u8> = notice.replaces.iter().flat_map(|id| id.0).collect();
                t.prepare_cached(sql)?.execute(params![
                    notice.id.0,
                    notice.by.0,
                    replaces,
                    publication.encode()
                ])?;
            }
            Ok(placing)
        })?;
        if matches!(&placing, Placing::Kept { gone } if !gone.is_empty()) {
            self.truncate_log();
        }
        Ok(placing)
    }
}

fn notices(c: &Connection) -> Result<Vec<Notice>, VaultError> {
    let mut statement = c.prepare_cached("SELECT id, device, replaces FROM publication ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut notices = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, by) = (PublicationId(row.get(0)?), DeviceTag(row.get(1)?));
        let packed: Vec<u8> = row.get(2)?;
        let (ids, rest) = packed.as_chunks::<{ PublicationId::LEN }>();
        if !rest.is_empty() {
            return Err(damaged());
        }
        notices.push(Notice { id, by, replaces: ids.iter().copied().map(PublicationId).collect() });
    }
    Ok(notices)
}

fn damaged() -> VaultError {
    VaultError::Corrupt("a publication")
}
