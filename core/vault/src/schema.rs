//! The schema by version: one SQL file each, applied in one transaction.

use rusqlite::Connection;

use crate::error::VaultError;

/// The newest schema this build knows.
pub(crate) const KNOWN: u32 = 1;

/// `MIGRATIONS[n]` brings schema n to n + 1.
const MIGRATIONS: [&str; KNOWN as usize] = [include_str!("../schema/0001.sql")];

/// Brings the database to the newest schema, or refuses a newer one without touching it.
pub(crate) fn migrate(connection: &mut Connection) -> Result<(), VaultError> {
    let found = version(connection)?;
    if found > KNOWN {
        return Err(VaultError::NewerSchema { found, known: KNOWN });
    }
    for (from, sql) in (0u32..).zip(MIGRATIONS).skip(found as usize) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", from + 1)?;
        transaction.commit()?;
    }
    Ok(())
}

/// The schema of the database; 0 when it is new.
pub(crate) fn version(connection: &Connection) -> Result<u32, VaultError> {
    Ok(connection.pragma_query_value(None, "user_version", |row| row.get(0))?)
}
