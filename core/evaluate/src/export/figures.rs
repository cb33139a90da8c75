use std::io::Write;

use super::cell::safe;
use crate::{Figure, Refused};

/// Every figure of the report, in its order.
pub(super) fn write<W: Write>(figures: &[&Figure], csv: &mut csv::Writer<W>) -> Result<(), Refused> {
    super::line(csv, Figure::COLUMNS)?;
    for figure in figures {
        let mut record = figure.record();
        for text in &mut record[..3] {
            *text = safe(text);
        }
        super::line(csv, record)?;
    }
    Ok(())
}
