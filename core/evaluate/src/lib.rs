//! Tables, disclosure control, statistics, charts, exports and the report.
//!
//! The room reads through [`Source`], which the facade implements over the vault, and writes through [`Output`]. One
//! pass over the rows makes tallies; the tallies go through the study's disclosure policy ([`disclose`]) and become
//! [`Figure`]s; the report and `figures.csv` print the same figures, so no number reaches either by another way.
//!
//! Published aggregates ([`Published`]), a study's own answers and simulated answers never share a table or chart.

pub mod disclose;
pub mod statistics;

mod chart;
mod error;
mod export;
mod figure;
mod findings;
mod options;
mod output;
mod published;
mod report;
mod source;
pub mod table;

pub use error::Refused;
pub use export::{Summary, export};
pub use figure::{Figure, FigureOrigin, Unit};
pub use options::{FreeText, Options};
pub use output::{Folder, Output};
pub use published::{Incidents, ProtectedSleep, Published, PublishedFiles};
pub use report::report;
pub use source::{Case, Claim, FactConflict, Position, Received, Row, Source, SourceFailure, Stop};
