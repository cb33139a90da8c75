use std::collections::BTreeSet;

use serde::Deserialize;

use crate::Refused;
use crate::statistics::Medicine;

/// Published aggregates restated as plain numbers, with their source. Never mixed with a study's own records.
#[derive(Debug, Clone, Default)]
pub struct Published {
    /// People on protected sleep, by ward.
    pub protected_sleep: Vec<ProtectedSleep>,
    /// Incident reports before and after, by category.
    pub incidents: Vec<Incidents>,
    /// Tablets issued before and after, by drug and strength.
    pub hypnotics: Vec<Medicine>,
}

/// The files of a published data set, as bytes.
#[derive(Debug, Clone, Copy, Default)]
pub struct PublishedFiles<'a> {
    /// CSV with the columns `ward,n,protected`.
    pub protected_sleep: Option<&'a [u8]>,
    /// CSV with the columns `category,all_before,all_after,night_before,night_after`.
    pub incidents: Option<&'a [u8]>,
    /// CSV with the columns `drug,strength_mg,before,after`.
    pub hypnotics: Option<&'a [u8]>,
}

/// One ward of the protected-sleep table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct ProtectedSleep {
    /// Name of the ward as published.
    pub ward: String,
    /// People on the ward in the period.
    pub n: u64,
    /// Of these, people on protected sleep.
    pub protected: u64,
}

/// One category of the incident table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Incidents {
    /// Name of the category as published.
    pub category: String,
    /// Reports in the first period, day and night.
    pub all_before: u64,
    /// Reports in the second period, day and night.
    pub all_after: u64,
    /// Reports in the first period, at night.
    pub night_before: u64,
    /// Reports in the second period, at night.
    pub night_after: u64,
}

impl Incidents {
    /// Day by subtraction, before and after.
    pub fn day(&self) -> (u64, u64) {
        (self.all_before - self.night_before, self.all_after - self.night_after)
    }
}

const MOST_ROWS: usize = 1_000;
const MOST_COUNT: u64 = 1_000_000_000;

impl Published {
    /// Reads the files. Other columns are passed over; lines that begin with `#` are remarks.
    ///
    /// # Errors
    /// [`Refused::BadPublished`] with the data set and line: a missing column, a number that is none or too large, a
    /// part larger than its whole, a name twice, or too many rows.
    pub fn read(files: PublishedFiles<'_>) -> Result<Published, Refused> {
        let protected_sleep: Vec<ProtectedSleep> =
            rows("protected sleep", files.protected_sleep, |row: &ProtectedSleep| {
                if row.n == 0 || row.n > MOST_COUNT {
                    return Err("the number of people must be from 1 to 1,000,000,000");
                }
                if row.protected > row.n {
                    return Err("more people on protected sleep than on the ward");
                }
                Ok(row.ward.clone())
            })?;
        let incidents = rows("incidents", files.incidents, |row: &Incidents| {
            if row.all_before.max(row.all_after) > MOST_COUNT {
                return Err("a count is above 1,000,000,000");
            }
            if row.night_before > row.all_before || row.night_after > row.all_after {
                return Err("more incidents at night than in all");
            }
            Ok(row.category.clone())
        })?;
        let hypnotics = rows("hypnotics", files.hypnotics, |row: &MedicineRow| {
            if row.before.max(row.after) > MOST_COUNT {
                return Err("a count is above 1,000,000,000");
            }
            if !(row.strength_mg.is_finite() && row.strength_mg > 0.0 && row.strength_mg < 1e6) {
                return Err("the strength must be a positive number of milligrams");
            }
            Ok(format!("{} {}", row.drug, row.strength_mg))
        })?;
        let hypnotics = hypnotics.into_iter().map(MedicineRow::into_medicine).collect();
        Ok(Published { protected_sleep, incidents, hypnotics })
    }
}

#[derive(Deserialize)]
struct MedicineRow {
    drug: String,
    strength_mg: f64,
    before: u64,
    after: u64,
}

impl MedicineRow {
    fn into_medicine(self) -> Medicine {
        Medicine { drug: self.drug, strength_mg: self.strength_mg, before: self.before, after: self.after }
    }
}

fn rows<R: serde::de::DeserializeOwned>(
    set: &'static str,
    bytes: Option<&[u8]>,
    check: impl Fn(&R) -> Result<String, &'static str>,
) -> Result<Vec<R>, Refused> {
    let Some(bytes) = bytes else { return Ok(Vec::new()) };
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).trim(csv::Trim::All).from_reader(bytes);
    let mut rows = Vec::new();
    let mut names = BTreeSet::new();
    for row in reader.deserialize() {
        let row: R = row.map_err(|e| Refused::BadPublished {
            set,
            line: e.position().map_or(1, csv::Position::line),
            problem: "a column is missing or a number is not a whole number",
        })?;
        let line = rows.len() as u64 + 2;
        let bad = |problem| Refused::BadPublished { set, line, problem };
        let name = check(&row).map_err(bad)?;
        if name.chars().count() > 200 || name.trim().is_empty() {
            return Err(bad("a name is empty or longer than 200 characters"));
        }
        if !names.insert(name) {
            return Err(bad("the same name is there twice"));
        }
        if rows.len() >= MOST_ROWS {
            return Err(bad("more than 1,000 rows"));
        }
        rows.push(row);
    }
    if rows.is_empty() {
        return Err(Refused::BadPublished { set, line: 1, problem: "no rows" });
    }
    Ok(rows)
}
