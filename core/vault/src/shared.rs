//! What many rows have in common is kept once, and rows have its number.

use rusqlite::{Connection, OptionalExtension, ToSql, Transaction};

use crate::error::VaultError;

/// The number of a value, if any row ever had it.
pub(crate) fn known(c: &Connection, value: impl ToSql) -> Result<Option<i64>, VaultError> {
    let mut statement = c.prepare_cached("SELECT n FROM shared WHERE value = ?1")?;
    Ok(statement.query_row([value], |row| row.get(0)).optional()?)
}

/// The number of a value.
pub(crate) fn number(t: &Transaction<'_>, value: impl ToSql + Copy) -> Result<i64, VaultError> {
    if let Some(n) = known(t, value)? {
        return Ok(n);
    }
    t.prepare_cached("INSERT INTO shared (value) VALUES (?1)")?.execute([value])?;
    Ok(t.last_insert_rowid())
}
