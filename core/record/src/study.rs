//! The study: what is asked, of whom, where and when, and what may be printed of it.
//!
//! A study is one `study.toml` beside the workbooks it names. It is read whole or not at all: [`Study::from_toml`]
//! gives every problem of the file at once, each with its line. A study never changes in place; a new version is a
//! new document with a new [`Study::document_hash`].

mod disclosure;
mod governance;
mod instrument;
mod measure;
mod place;
mod problem;
mod published;
mod reader;
mod reading;
mod role;
#[cfg(test)]
mod tests;
mod window;
mod wording;

use std::collections::BTreeMap;

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Zoned};
use serde::Serialize;

pub use disclosure::{Disclosure, DisclosurePolicy, RiskDisclosurePlan};
pub use governance::{DataOrigin, GovernanceClass, Idle};
pub use instrument::{InstrumentKind, StudyInstrument};
pub use measure::{Comparator, Direction, Measure, MeasureWindow};
pub use place::{Beds, Days, Phase, PhaseDates, Site, Ward, WardGroup};
pub use problem::{Problem, StudyProblem, StudyProblems};
pub use published::{Flag, Published};
pub use role::{Role, Voice};
pub use window::Window;
pub use wording::{Information, Wording};

/// The context word of a natural key: the ward the record belongs to, which no form asks for.
pub const WARD: &str = "ward";

/// A study as its document says, checked.
///
/// Read-only: the fields are public to be looked at, and only [`Study::from_toml`] makes one.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Study {
    /// Short lower-case identity, the same over all versions.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Version of this document.
    pub version: String,
    /// Service evaluation, audit or research.
    pub governance_class: GovernanceClass,
    /// Where it is registered, and under what number.
    pub registration: String,
    /// Whether its records are people's own answers or come from a simulation.
    pub data: DataOrigin,
    /// IANA name of the zone all times of the study are in.
    pub time_zone: String,
    /// Last day on which a respondent can take answers out; tables are final after it.
    pub data_lock: Date,
    /// Hospitals or buildings.
    pub sites: Vec<Site>,
    /// Groups wards are reported by.
    pub ward_groups: Vec<WardGroup>,
    /// Wards with beds and phases, in the order of the document.
    pub wards: Vec<Ward>,
    /// Who may hold the tablet, and for what.
    pub roles: Vec<Role>,
    /// The forms of the study.
    pub instruments: Vec<StudyInstrument>,
    /// The night, local time, `[from, until)`.
    pub night_window: Window,
    /// When respondents may be asked, local time, `[from, until)`. Nobody is woken to answer.
    pub ask_window: Window,
    /// Handover times: asking is possible but warned about.
    pub handovers: Vec<Window>,
    /// What happens to a draft nobody touches.
    pub idle: Idle,
    /// What may be printed.
    pub disclosure: Disclosure,
    /// Who reads free text, when, and whom they tell.
    pub risk_disclosure_plans: Vec<RiskDisclosurePlan>,
    /// Version of the information page, kept with each response.
    pub information_version: String,
    /// Texts around the forms, per language; the first is the default.
    pub wordings: Vec<Wording>,
    /// What is measured, fixed before the first live night.
    pub measures: Vec<Measure>,
    /// Published figures the report cites; never mixed with records of the study.
    pub published: Vec<Published>,
    #[serde(skip)]
    zone: TimeZone,
    #[serde(skip)]
    warnings: Vec<StudyProblem>,
    #[serde(skip)]
    source: [u8; 32],
}

impl Study {
    /// Largest document read, in bytes.
    pub const MAX_BYTES: usize = 256 * 1024;

    /// Reads a `study.toml`; `file` only names it in problems.
    ///
    /// # Errors
    /// Every problem found, in the order of the lines.
    pub fn from_toml(file: &str, text: &str) -> Result<Study, StudyProblems> {
        reading::read(file, text)
    }

    /// What is unusual but allowed, such as two wards going live within four weeks.
    #[must_use]
    pub fn warnings(&self) -> &[StudyProblem] {
        &self.warnings
    }

    /// The ward with this code.
    #[must_use]
    pub fn ward(&self, code: &str) -> Option<&Ward> {
        self.wards.iter().find(|ward| ward.code == code)
    }

    /// The group a ward is reported in.
    #[must_use]
    pub fn ward_group(&self, ward: &str) -> Option<&WardGroup> {
        let group = &self.ward(ward)?.group;
        self.ward_groups.iter().find(|known| known.code == *group)
    }

    /// The phase a ward is in on a day; for a night, the day its evening began (see [`Study::night_of`]).
    #[must_use]
    pub fn phase_at(&self, ward: &str, date: Date) -> Option<Phase> {
        self.ward(ward)?.phase_at(date)
    }

    /// Beds of all wards open on a day.
    #[must_use]
    pub fn beds_at(&self, date: Date) -> u32 {
        self.wards.iter().filter_map(|ward| ward.beds_at(date)).sum()
    }

    /// The role with this code.
    #[must_use]
    pub fn role(&self, code: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.code == code)
    }

    /// The instrument with this identity.
    #[must_use]
    pub fn instrument(&self, id: &str) -> Option<&StudyInstrument> {
        self.instruments.iter().find(|instrument| instrument.id == id)
    }

    /// Whether someone in this role may fill in this instrument.
    #[must_use]
    pub fn may(&self, role: &str, instrument: &str) -> bool {
        self.role(role).is_some_and(|role| role.may.iter().any(|id| id == instrument))
    }

    /// The risk disclosure plan a free-text item names.
    #[must_use]
    pub fn risk_disclosure_plan(&self, name: &str) -> Option<&RiskDisclosurePlan> {
        self.risk_disclosure_plans.iter().find(|plan| plan.name == name)
    }

    /// The measure with this identity.
    #[must_use]
    pub fn measure(&self, id: &str) -> Option<&Measure> {
        self.measures.iter().find(|measure| measure.id == id)
    }

    /// The published data set with this identity.
    #[must_use]
    pub fn published(&self, id: &str) -> Option<&Published> {
        self.published.iter().find(|set| set.id == id)
    }

    /// Texts in a language, by its code as in the workbooks ("en", "en-x-easyread"); else in the default language.
    #[must_use]
    pub fn wording(&self, language: &str) -> &Wording {
        self.wordings.iter().find(|wording| wording.language == language).unwrap_or(&self.wordings[0])
    }

    /// The zone all times of the study are in.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }

    /// Whether a local time is in the night: midnight is, six o'clock no longer, for 00:00–06:00.
    #[must_use]
    pub fn is_night(&self, time: Time) -> bool {
        self.night_window.contains(time)
    }

    /// The night a moment belongs to, named by the evening it began: 02:00 on the 10th belongs to the 9th, and so
    /// does everything from noon on the 9th to noon on the 10th, local time.
    #[must_use]
    pub fn night_of(&self, moment: &Zoned) -> Date {
        window::night_of(&moment.with_time_zone(self.zone.clone()).datetime())
    }

    /// The first moment of the night that began on this evening, and the first after it.
    ///
    /// # Errors
    /// For dates at the far end of the calendar.
    pub fn night_span(&self, evening: Date) -> Result<(Zoned, Zoned), jiff::Error> {
        self.night_window.night_span(evening, &self.zone)
    }

    /// How long that night was: six hours for 00:00–06:00, but five or seven when the clocks change in it.
    ///
    /// # Errors
    /// As [`Study::night_span`].
    pub fn night_length(&self, evening: Date) -> Result<SignedDuration, jiff::Error> {
        let (from, until) = self.night_span(evening)?;
        Ok(from.duration_until(&until))
    }

    /// Whether respondents may be asked at this local time.
    #[must_use]
    pub fn in_ask_window(&self, time: Time) -> bool {
        self.ask_window.contains(time)
    }

    /// The handover going on at this local time, to be warned about.
    #[must_use]
    pub fn handover_at(&self, time: Time) -> Option<&Window> {
        self.handovers.iter().find(|handover| handover.contains(time))
    }

    /// The identity of this version: BLAKE3 over the exact bytes of the document and, in the order of their ids,
    /// each instrument's id and the BLAKE3 of its workbook, all with their lengths. Published figures and pictures
    /// are not part of it: no record depends on them.
    ///
    /// # Errors
    /// The id of the first instrument whose hash is not in `workbooks` (keyed by instrument id).
    pub fn document_hash(&self, workbooks: &BTreeMap<String, [u8; 32]>) -> Result<[u8; 32], String> {
        let mut ids: Vec<&str> = self.instruments.iter().map(|instrument| instrument.id.as_str()).collect();
        ids.sort_unstable();
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"nightjar study document v0");
        hasher.update(&self.source);
        hasher.update(&(ids.len() as u64).to_be_bytes());
        for id in ids {
            let workbook = workbooks.get(id).ok_or_else(|| id.to_owned())?;
            hasher.update(&(id.len() as u64).to_be_bytes()).update(id.as_bytes()).update(workbook);
        }
        Ok(*hasher.finalize().as_bytes())
    }
}
