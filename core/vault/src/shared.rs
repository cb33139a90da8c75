//! What many rows have in common is kept once, and rows have its number.

use std::collections::HashMap;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension, ToSql, Transaction};

use crate::error::VaultError;

/// Most values that are remembered at once, and the longest of them, in bytes.
pub(crate) const REMEMBERED: usize = 4096;
const LONGEST: usize = 256;

/// A value that rows have in common.
#[derive(Clone, Copy)]
pub(crate) enum Common<'a> {
    Text(&'a str),
    Bytes(&'a [u8]),
}

impl Common<'_> {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.as_bytes(),
            Self::Bytes(bytes) => bytes,
        }
    }
}

impl<'a> From<&'a str> for Common<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<&'a [u8]> for Common<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl ToSql for Common<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Self::Text(text) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

/// Who knows the numbers of values.
pub(crate) trait Numbers {
    /// The number of a value.
    fn of(&mut self, value: Common<'_>) -> Result<i64, VaultError>;
}

/// Numbers that were read, by value: one that is committed never gets another value, and one that a transaction gave holds in it.
#[derive(Default)]
pub(crate) struct Known {
    texts: HashMap<Box<[u8]>, i64>,
    bytes: HashMap<Box<[u8]>, i64>,
}

impl Known {
    /// Those that were given first, as many as are remembered.
    pub(crate) fn read(c: &Connection) -> Result<Self, VaultError> {
        let mut known = Self::default();
        let mut statement = c.prepare_cached("SELECT n, value FROM shared ORDER BY n LIMIT ?1")?;
        let mut rows = statement.query([REMEMBERED as i64])?;
        while let Some(row) = rows.next()? {
            let n = row.get(0)?;
            match row.get_ref(1)? {
                ValueRef::Text(text) => {
                    known.remember(Common::Text(std::str::from_utf8(text).unwrap_or_default()), n)
                }
                ValueRef::Blob(bytes) => known.remember(Common::Bytes(bytes), n),
                _ => {}
            }
        }
        Ok(known)
    }

    fn get(&self, value: Common<'_>) -> Option<i64> {
        match value {
            Common::Text(_) => self.texts.get(value.bytes()).copied(),
            Common::Bytes(_) => self.bytes.get(value.bytes()).copied(),
        }
    }

    fn remember(&mut self, value: Common<'_>, n: i64) {
        let bytes = value.bytes();
        if bytes.len() <= LONGEST && self.texts.len() + self.bytes.len() < REMEMBERED {
            match value {
                Common::Text(_) => self.texts.insert(bytes.into(), n),
                Common::Bytes(_) => self.bytes.insert(bytes.into(), n),
            };
        }
    }
}

/// Numbers as far as they are known: whoever asks finds out afterwards whether all were.
pub(crate) struct Guessed<'a> {
    known: &'a Known,
    pub(crate) all_are_known: bool,
}

impl<'a> Guessed<'a> {
    pub(crate) fn new(known: &'a Known) -> Self {
        Self { known, all_are_known: true }
    }
}

impl Numbers for Guessed<'_> {
    fn of(&mut self, value: Common<'_>) -> Result<i64, VaultError> {
        let n = self.known.get(value);
        self.all_are_known &= n.is_some();
        Ok(n.unwrap_or_default())
    }
}

/// The numbers of values in a transaction, which gives one to each that has none yet.
pub(crate) struct Given<'a, 't> {
    t: &'a Transaction<'t>,
    known: Known,
}

impl<'a, 't> Given<'a, 't> {
    pub(crate) fn new(t: &'a Transaction<'t>) -> Self {
        Self { t, known: Known::default() }
    }

    /// What it is of.
    pub(crate) fn transaction(&self) -> &'a Transaction<'t> {
        self.t
    }
}

impl Numbers for Given<'_, '_> {
    fn of(&mut self, value: Common<'_>) -> Result<i64, VaultError> {
        if let Some(n) = self.known.get(value) {
            return Ok(n);
        }
        let n = number(self.t, value)?;
        self.known.remember(value, n);
        Ok(n)
    }
}

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
