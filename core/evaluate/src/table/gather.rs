use std::collections::BTreeMap;

use nightjar_record::study::DataOrigin;

use super::{FormTally, Splits, Table};
use crate::{Refused, Source};

/// The tallies of everything a source holds, own and simulated apart.
#[derive(Debug)]
pub(crate) struct Gathered {
    pub(crate) tables: Vec<Table>,
    pub(crate) splits: Splits,
    /// Own answers and simulated answers, each in the order of the tables; only origins that have records.
    pub(crate) origins: Vec<(DataOrigin, Vec<FormTally>)>,
}

/// Reads every record once. Memory follows the number of questions and groups, not of records.
pub(crate) fn gather(source: &dyn Source) -> Result<Gathered, Refused> {
    let study = source.study();
    let tables = Table::of_study(study, source.instruments())?;
    let splits = Splits::of(study);
    // Keyed by the word so that own answers come before simulated ones.
    let mut origins: BTreeMap<&'static str, (DataOrigin, Vec<FormTally>)> = BTreeMap::new();
    for (number, table) in tables.iter().enumerate() {
        source.rows(&table.form_id, &mut |row| {
            let (_, forms) = origins.entry(row.provenance.code()).or_insert_with(|| {
                let empty = tables.iter().enumerate().map(|(n, t)| FormTally::new(n, t, &splits)).collect();
                (row.provenance, empty)
            });
            let lines = splits.lines_of(&row);
            forms[number].add(table, &row, lines);
            Ok(())
        })?;
    }
    Ok(Gathered { tables, splits, origins: origins.into_values().collect() })
}
