//! What every record says about itself: kind, form, ward, role, phase. Written once, in the first change,
//! under the reserved prefix `~`, and never changed afterwards.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;
use nightjar_form::CellKey;
use serde::{Deserialize, Serialize};

use crate::bounds;
use crate::error::RecordError;
use crate::id::{IdentityKey, Origin, RecordId};

/// How a record behaves when several people write.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nature {
    /// One respondent's answers. Only they can change them.
    Response,
    /// Something that exists once (ward night, incident count). Concurrent different values are a conflict.
    Fact,
    /// A position or judgement of one voice. Never settled away.
    Voice,
    /// The outcome of a decision, shown beside the positions of its case. Its items are facts.
    Outcome,
}

impl Nature {
    /// As stored.
    pub fn code(self) -> &'static str {
        match self {
            Self::Response => "response",
            Self::Fact => "fact",
            Self::Voice => "voice",
            Self::Outcome => "outcome",
        }
    }

    /// Reads what `code` writes.
    pub fn from_code(code: &str) -> Option<Self> {
        [Self::Response, Self::Fact, Self::Voice, Self::Outcome].into_iter().find(|n| n.code() == code)
    }
}

/// What a record's id was made from.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Identity {
    /// Fresh randomness, one record per giving: responses, positions.
    Given(Origin),
    /// Exists once in the study; the text is its natural key.
    Once(String),
}

/// What an item means to the merge rules, so that a record explains itself without its instrument.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// In a position: for, against, unsure, not asked.
    Stance,
    /// In a position: whose voice it is.
    Voice,
    /// In a position: why.
    Why,
    /// In an outcome: agreed, balanced, against a view. The code `against_view` demands the next two.
    Outcome,
    /// In an outcome: the reasons.
    Reasons,
    /// In an outcome: to whom the reasons were explained.
    ExplainedTo,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Stance, Self::Voice, Self::Why, Self::Outcome, Self::Reasons, Self::ExplainedTo];

    /// As stored, and as written in a workbook's `nightjar::purpose` column.
    pub fn code(self) -> &'static str {
        match self {
            Self::Stance => "stance",
            Self::Voice => "voice",
            Self::Why => "why",
            Self::Outcome => "outcome",
            Self::Reasons => "reasons",
            Self::ExplainedTo => "explained_to",
        }
    }

    /// Reads what `code` writes.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|p| p.code() == code)
    }
}

/// The choice code that marks an outcome against somebody's view.
pub const AGAINST_VIEW: &str = "against_view";

/// A record's metadata. Texts are at most [`bounds::META_BYTES`] bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Meta {
    /// What the study calls this sort of record, for example `ward-night`; grants are given per kind.
    pub kind: String,
    /// How it behaves when several people write.
    pub nature: Nature,
    /// What its id was made from.
    pub identity: Identity,
    /// The instrument's form id.
    pub instrument: String,
    /// BLAKE3 of the instrument's source bytes.
    pub version: [u8; 32],
    /// Ward code.
    pub ward: String,
    /// The role claimed at hand-over: respondent group or staff role.
    pub role: String,
    /// The ward's phase at that time, as the study names it.
    pub phase: Option<String>,
    /// ISO week, for example `2025-W10`.
    pub week: Option<String>,
    /// Part of the day, as the study names it.
    pub part_of_day: Option<String>,
    /// Language of the form when it was finished.
    pub language: Option<String>,
    /// The ward's own label for a case or subject: no name, no date of birth.
    pub case: Option<String>,
    /// Which items matter to the merge rules.
    pub purposes: BTreeMap<Purpose, CellKey>,
    /// Anything else the study wants beside a record (information page version, how it ended).
    /// Names are lower-case letters, digits and `_`, at most 32 bytes.
    pub extra: BTreeMap<String, String>,
}

impl Meta {
    /// The id that this metadata commits to. The key is needed only for what exists once.
    pub fn record_id(&self, key: &IdentityKey) -> RecordId {
        match &self.identity {
            Identity::Given(origin) => RecordId::of_response(origin),
            Identity::Once(natural) => RecordId::of_once(key, &self.kind, natural),
        }
    }

    /// As texts by name, in the stored form; the names all begin with `~`.
    pub fn registers(&self) -> BTreeMap<String, String> {
        let mut out = BTreeMap::new();
        let mut put = |name: &str, value: &str| {
            out.insert(format!("{RESERVED}{name}"), value.to_owned());
        };
        put("kind", &self.kind);
        put("nature", self.nature.code());
        put("form", &self.instrument);
        put("version", &HEXLOWER.encode(&self.version));
        put("ward", &self.ward);
        put("role", &self.role);
        match &self.identity {
            Identity::Given(origin) => put("origin", &origin_text(origin)),
            Identity::Once(natural) => put("natural", natural),
        }
        for (name, value) in [
            ("phase", &self.phase),
            ("week", &self.week),
            ("part", &self.part_of_day),
            ("language", &self.language),
            ("case", &self.case),
        ] {
            if let Some(value) = value {
                put(name, value);
            }
        }
        for (purpose, cell) in &self.purposes {
            put(&format!("is/{}", purpose.code()), &cell.to_string());
        }
        for (name, value) in &self.extra {
            put(&format!("x/{name}"), value);
        }
        out
    }

    /// Reads what [`registers`](Self::registers) wrote; anything unknown, missing or malformed is refused.
    pub fn from_registers(registers: &BTreeMap<String, String>) -> Result<Self, RecordError> {
        let mut rest: BTreeMap<&str, &String> = BTreeMap::new();
        for (key, value) in registers {
            let name = key.strip_prefix(RESERVED).ok_or(RecordError::Metadata("prefix"))?;
            rest.insert(name, value);
        }
        let mut need = |name: &'static str| {
            rest.remove(name).cloned().filter(|v| !v.is_empty()).ok_or(RecordError::Metadata(name))
        };
        let kind = need("kind")?;
        let nature = Nature::from_code(&need("nature")?).ok_or(RecordError::Metadata("nature"))?;
        let instrument = need("form")?;
        let version = HEXLOWER
            .decode(need("version")?.as_bytes())
            .ok()
            .and_then(|v| v.try_into().ok())
            .ok_or(RecordError::Metadata("version"))?;
        let ward = need("ward")?;
        let role = need("role")?;
        let identity = match (rest.remove("origin"), rest.remove("natural")) {
            (Some(origin), None) => Identity::Given(read_origin(origin)?),
            (None, Some(natural)) => Identity::Once(natural.clone()),
            _ => return Err(RecordError::Metadata("origin")),
        };
        let mut maybe = |name: &str| rest.remove(name).cloned();
        let (phase, week, part_of_day) = (maybe("phase"), maybe("week"), maybe("part"));
        let (language, case) = (maybe("language"), maybe("case"));
        let mut purposes = BTreeMap::new();
        let mut extra = BTreeMap::new();
        for (name, value) in rest {
            if let Some(purpose) = name.strip_prefix("is/") {
                let purpose = Purpose::from_code(purpose).ok_or(RecordError::Metadata("is"))?;
                purposes.insert(purpose, value.parse().map_err(|_| RecordError::Metadata("is"))?);
            } else if let Some(name) = name.strip_prefix("x/") {
                extra.insert(name.to_owned(), value.clone());
            } else {
                return Err(RecordError::Metadata("unknown name"));
            }
        }
        let meta = Self {
            kind,
            nature,
            identity,
            instrument,
            version,
            ward,
            role,
            phase,
            week,
            part_of_day,
            language,
            case,
            purposes,
            extra,
        };
        meta.check()?;
        Ok(meta)
    }

    /// Checks bounds and shapes: on writing as on admission.
    pub(crate) fn check(&self) -> Result<(), RecordError> {
        let kind_ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        if self.kind.is_empty() || self.kind.len() > 32 || !self.kind.chars().all(kind_ok) {
            return Err(RecordError::Metadata("kind"));
        }
        for (name, value) in [("form", &self.instrument), ("ward", &self.ward), ("role", &self.role)] {
            if value.is_empty() || value.len() > bounds::META_BYTES {
                return Err(RecordError::Metadata(name));
            }
        }
        if self.nature == Nature::Response && matches!(self.identity, Identity::Once(_)) {
            return Err(RecordError::Metadata("natural"));
        }
        for name in self.extra.keys() {
            let name_ok = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if name.is_empty() || name.len() > 32 || !name.chars().all(name_ok) {
                return Err(RecordError::Metadata("x"));
            }
        }
        for value in self.registers().values() {
            if value.len() > bounds::META_BYTES || value.chars().any(char::is_control) {
                return Err(RecordError::Metadata("length"));
            }
        }
        Ok(())
    }
}

/// What every metadata key begins with; no item key or instance does.
pub(crate) const RESERVED: &str = "~";

fn origin_text(origin: &Origin) -> String {
    let withdrawal = origin.withdrawal.map(|w| HEXLOWER.encode(&w)).unwrap_or_default();
    format!("{}.{}.{withdrawal}", HEXLOWER.encode(&origin.creator), HEXLOWER.encode(&origin.random))
}

fn read_origin(text: &str) -> Result<Origin, RecordError> {
    let bad = || RecordError::Metadata("origin");
    let mut parts = text.split('.').map(|p| HEXLOWER.decode(p.as_bytes()).map_err(|_| bad()));
    let mut next = || parts.next().unwrap_or(Err(bad()));
    let (creator, random, withdrawal) = (next()?, next()?, next()?);
    let origin = Origin {
        creator: creator.try_into().map_err(|_| bad())?,
        random: random.try_into().map_err(|_| bad())?,
        withdrawal: match withdrawal.len() {
            0 => None,
            _ => Some(withdrawal.try_into().map_err(|_| bad())?),
        },
    };
    if parts.next().is_some() { Err(bad()) } else { Ok(origin) }
}
