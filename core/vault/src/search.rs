//! Searching: an index of the words of each record's row, in the transaction of the row. It holds no text, only where words
//! are, and what leaves a record leaves it too.

use nightjar_form::{Attached, Value};
use nightjar_record::Row;
use nightjar_seal::RecordTag;
use rusqlite::{Connection, params};

use crate::error::VaultError;
use crate::projection::number_of_tag;
use crate::rows::{COLUMNS, Reader, Words};

/// Most words of one search.
const WORDS: usize = 16;
/// Longest word of a search, in bytes.
const WORD: usize = 64;

/// What of a row is searched: the texts that it holds, the case, and what it exists once for.
pub(crate) fn words(row: &Row) -> String {
    let mut words: Vec<&str> = Vec::new();
    for held in row.cells.iter().flat_map(|cell| &cell.held) {
        if let Value::Text(text) = &held.value
            && text.parse::<Attached>().is_err()
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

/// The words of a row as the index knows them.
#[derive(PartialEq, Eq)]
pub(crate) struct Known {
    n: i64,
    words: String,
}

/// Puts the words of the row with a number into the index.
pub(crate) fn learn(c: &Connection, n: i64, words: &str) -> Result<(), VaultError> {
    if !words.is_empty() {
        let sql = "INSERT INTO record_words (rowid, words) VALUES (?1, ?2)";
        c.prepare_cached(sql)?.execute(params![n, words])?;
    }
    Ok(())
}

/// Puts the words of the row with a number in the place of those that the index knew of it. Where they are the same nothing is written:
/// what is taken out is overwritten at once, which costs much more than an answer without words.
pub(crate) fn learn_anew(
    c: &Connection,
    before: Option<&Known>,
    n: i64,
    row: &Row,
) -> Result<(), VaultError> {
    let now = Known { n, words: words(row) };
    if before == Some(&now) {
        return Ok(());
    }
    before.map_or(Ok(()), |before| take_out(c, before))?;
    learn(c, now.n, &now.words)
}

/// What the index knows of a record's row, as it is stored. A row that cannot be read is taken out, and the index built anew.
pub(crate) fn known_of(c: &Connection, tag: &RecordTag) -> Result<Option<Known>, VaultError> {
    let Some(n) = number_of_tag(c, tag)? else { return Ok(None) };
    let Some(row) = stored(c, n)? else {
        // Nobody knows what words it came with.
        c.prepare_cached("DELETE FROM record WHERE n = ?1")?.execute([n])?;
        rebuild(c)?;
        return Ok(None);
    };
    Ok(Some(Known { n, words: words(&row) }))
}

/// Takes the words of a record's row, as it is stored, out of the index.
pub(crate) fn forget(c: &Connection, tag: &RecordTag) -> Result<(), VaultError> {
    known_of(c, tag)?.map_or(Ok(()), |known| take_out(c, &known))
}

fn take_out(c: &Connection, known: &Known) -> Result<(), VaultError> {
    if !known.words.is_empty() {
        let sql = "INSERT INTO record_words (record_words, rowid, words) VALUES ('delete', ?1, ?2)";
        c.prepare_cached(sql)?.execute(params![known.n, known.words])?;
    }
    Ok(())
}

/// The row with a number, if it can be read.
pub(crate) fn stored(c: &Connection, n: i64) -> Result<Option<Row>, VaultError> {
    let mut statement = c.prepare_cached(&format!("SELECT {COLUMNS} FROM record WHERE n = ?1"))?;
    let mut rows = statement.query([n])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    match Reader::new(c, &mut Words::default()).row(row) {
        Ok(row) => Ok(Some(row)),
        Err(VaultError::Corrupt(_)) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Builds the index anew from the rows that can be read.
fn rebuild(c: &Connection) -> Result<(), VaultError> {
    clear(c)?;
    let mut statement = c.prepare("SELECT n FROM record ORDER BY n")?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let n = row.get(0)?;
        if let Some(row) = stored(c, n)? {
            learn(c, n, &words(&row))?;
        }
    }
    Ok(())
}

/// Rewrites the index as a whole, so that nothing of what was taken out stays between its pages.
pub(crate) fn put_in_order(c: &Connection) -> Result<(), VaultError> {
    c.execute("INSERT INTO record_words (record_words) VALUES ('optimize')", [])?;
    Ok(())
}

/// Whether the index knows of the row with a number.
pub(crate) fn knows(c: &Connection, n: i64) -> Result<bool, VaultError> {
    let sql = "SELECT EXISTS (SELECT 1 FROM record_words WHERE rowid = ?1)";
    Ok(c.prepare_cached(sql)?.query_row([n], |row| row.get(0))?)
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
