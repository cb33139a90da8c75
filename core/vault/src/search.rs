//! Searching: an index of the words of each record's row, in the transaction of the row. It holds no text, only where words
//! are, and what leaves a record leaves it too.

use nightjar_form::Value;
use nightjar_record::{RecordId, Row};
use nightjar_seal::RecordTag;
use rusqlite::{Connection, OptionalExtension, params};

use crate::error::VaultError;
use crate::pack::unpack;

/// Most words of one search.
const WORDS: usize = 16;
/// Longest word of a search, in bytes.
const WORD: usize = 64;

/// The number of a record in the index: the beginning of its id, so that numbers are in the order of ids.
pub(crate) fn place(id: &RecordId) -> i64 {
    let [a, b, c, d, e, f, g, h, ..] = id.0;
    // From the smallest number up, as ids from the smallest byte up.
    (u64::from_be_bytes([a, b, c, d, e, f, g, h]) ^ (1 << 63)).cast_signed()
}

/// What of a row is searched: the texts that it holds, the case, and what it exists once for.
pub(crate) fn words(row: &Row) -> String {
    let mut words: Vec<&str> = Vec::new();
    for held in row.cells.iter().flat_map(|cell| &cell.held) {
        if let Value::Text(text) = &held.value
            && !words.contains(&text.as_str())
        {
            words.push(text);
        }
    }
    words.extend(row.meta.case.as_deref());
    if let nightjar_record::Identity::Once(natural) = &row.meta.identity {
        words.push(natural);
    }
    words.join("\n")
}

/// Puts the words of a row into the index.
pub(crate) fn learn(c: &Connection, row: &Row) -> Result<(), VaultError> {
    let words = words(row);
    if !words.is_empty() && !is_shared(c, &row.record)? {
        let sql = "INSERT INTO record_words (rowid, words) VALUES (?1, ?2)";
        c.prepare_cached(sql)?.execute(params![place(&row.record), words])?;
    }
    Ok(())
}

/// Takes the words of a record's row, as it is stored, out of the index.
pub(crate) fn forget(c: &Connection, tag: &RecordTag) -> Result<(), VaultError> {
    let sql = "SELECT id, packed FROM record WHERE tag = ?1";
    let stored: Option<([u8; 16], Vec<u8>)> =
        c.prepare_cached(sql)?.query_row([tag.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((id, packed)) = stored else { return Ok(()) };
    let Ok(row) = unpack(RecordId(id), &packed) else {
        // Nobody knows what words it came with.
        c.prepare_cached("DELETE FROM record WHERE tag = ?1")?.execute([tag.0])?;
        return rebuild(c);
    };
    let words = words(&row);
    if !words.is_empty() && !is_shared(c, &row.record)? {
        let sql = "INSERT INTO record_words (record_words, rowid, words) VALUES ('delete', ?1, ?2)";
        c.prepare_cached(sql)?.execute(params![place(&row.record), words])?;
    }
    Ok(())
}

/// Whether another record has the same place, which no two have by chance: the second of them is not found by its words.
pub(crate) fn is_shared(c: &Connection, id: &RecordId) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM record WHERE place = ?1 AND id <> ?2)";
    Ok(c.prepare_cached(sql)?.query_row(params![place(id), id.0], |row| row.get(0))?)
}

/// Builds the index anew from the rows that can be read.
fn rebuild(c: &Connection) -> Result<(), VaultError> {
    clear(c)?;
    let mut statement = c.prepare("SELECT id, packed FROM record ORDER BY id")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let packed: Vec<u8> = row.get(1)?;
        if let Ok(row) = unpack(RecordId(row.get(0)?), &packed) {
            learn(c, &row)?;
        }
    }
    Ok(())
}

/// Rewrites the index as a whole, so that nothing of what was taken out stays between its pages.
pub(crate) fn put_in_order(c: &Connection) -> Result<(), VaultError> {
    c.execute("INSERT INTO record_words (record_words) VALUES ('optimize')", [])?;
    Ok(())
}

/// Whether the index knows of a record.
pub(crate) fn knows(c: &Connection, id: &RecordId) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM record_words WHERE rowid = ?1)";
    Ok(c.prepare_cached(sql)?.query_row([place(id)], |row| row.get(0))?)
}

/// How many records the index knows of.
pub(crate) fn known(c: &Connection) -> Result<u64, VaultError> {
    Ok(c.query_row("SELECT count(*) FROM record_words", [], |row| row.get::<_, i64>(0))? as u64)
}

/// Empties the index.
pub(crate) fn clear(c: &Connection) -> Result<(), VaultError> {
    c.execute("INSERT INTO record_words (record_words) VALUES ('delete-all')", [])?;
    Ok(())
}

/// What a person typed, as the index is asked: all the words, each as the beginning of one. `None` when there is no word.
pub(crate) fn asked(text: &str) -> Option<String> {
    let words = text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let begins = |word: &str| {
        let cut = word.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= WORD).last();
        format!("\"{}\"*", &word[..cut.unwrap_or(0)])
    };
    let words: Vec<String> = words.take(WORDS).map(begins).collect();
    (!words.is_empty()).then(|| words.join(" "))
}
