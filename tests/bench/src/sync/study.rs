//! The study that is sent: a real hub with a certificate of its own, a tablet with records that were made offline, an evaluator.

use std::fs;
use std::path::{Path, PathBuf};

use nightjar::form::Value;
use nightjar::{
    Admission, AmendRequest, BeginRequest, Evaluator, FoundRequest, Options, StudyPack, Tablet, VaultKey,
};
use nightjar_test_support::{Device, Face, HubProcess, Line, program};
use tempfile::TempDir;

use crate::responses::comment_of;
use crate::shape::Shape;
use crate::trouble::Trouble;

pub(crate) const KEY: [u8; 32] = [7; 32];
const STUDY: &str = include_str!("study.toml");
const WARD: &str = "maple";
const ROLE: &str = "nurse";

/// Twelve fields a record: eight that are asked, and ward, role, form and study, which every record names.
fn form() -> Shape {
    let rows = |text: &str| {
        let row = |line: &str| line.split('|').map(|cell| cell.trim().to_owned()).collect();
        text.lines().map(row).collect::<Vec<Vec<String>>>()
    };
    let survey = "type|name|label|nightjar::risk_disclosure_plan\ninteger|number|Number\ninteger|started_at|Begun\n\
                  select_one five|q1|First\nselect_one five|q2|Second\nselect_one five|q3|Third\n\
                  select_one language|lang|Language\nselect_one status|status|How far\n\
                  text|comment|Is there anything else?|first-reader";
    let choices = "list_name|name|label\nfive|0|None\nfive|1|One\nfive|2|Two\nfive|3|Three\nfive|4|Four\n\
                   language|nb|Norwegian\nlanguage|en|English\nstatus|draft|Begun\nstatus|submitted|Handed in";
    let settings = "form_title|form_id\nA fact|fact";
    let sheet = |name: &str, text| (name.to_owned(), rows(text));
    Shape {
        name: "fact".into(),
        sheets: vec![sheet("survey", survey), sheet("choices", choices), sheet("settings", settings)],
    }
}

/// All that a run needs.
pub(crate) struct Ward {
    pub(crate) folder: TempDir,
    pub(crate) hub: HubProcess,
    /// What devices take for the hub.
    pub(crate) line: Line,
    pub(crate) pack: PathBuf,
    pub(crate) steward: Evaluator,
    invitation: String,
    second: PathBuf,
}

impl Ward {
    /// A study founded through the line, with recovery words and a second evaluator that has not joined.
    pub(crate) fn found(tls: bool) -> Result<Self, Trouble> {
        let folder = tempfile::tempdir()?;
        let pack = folder.path().join("study");
        fs::create_dir_all(pack.join("forms"))?;
        fs::write(pack.join("study.toml"), STUDY)?;
        form().workbook(&pack.join("forms"))?;
        let more: &[&str] = if tls { &["--own-certificate"] } else { &[] };
        let hub = HubProcess::start_with(&program(), &folder.path().join("hub"), "127.0.0.1:0", more);
        let line = Line::to(hub.port());
        let address = hub.address.replace(&format!(":{}", hub.port()), &format!(":{}", line.near.port()));
        let steward =
            Evaluator::create(&folder.path().join("steward"), &key(), "Steward", Options::default())?;
        let read = StudyPack::from_dir(&pack)?;
        let (hub_at, setup_code) = (Some(address), hub.setup_code.clone());
        steward.found(FoundRequest { pack: read, hub: hub_at, setup_code })?;
        steward.add_recovery()?;
        let second = folder.path().join("second");
        let other = Evaluator::create(&second, &key(), "Second", Options::default())?;
        let invitation = steward.admit(&other.enrolment_request()?, Admission::Evaluator)?;
        Ok(Self { folder, hub, line, pack, steward, invitation, second })
    }

    /// A tablet that has joined and written records offline, each changed twice; its vault.
    pub(crate) fn filled_tablet(&self, name: &str, records: usize) -> Result<PathBuf, Trouble> {
        let (tablet, path) = self.tablet(name)?;
        for number in 0..records {
            write(&tablet, number)?;
        }
        Ok(path)
    }

    /// Lets a tablet write records and correct each twice, with a sync before each round of corrections: every change is an envelope of its
    /// own then. All of it is at the hub.
    pub(crate) fn sent_in_turn(&self, name: &str, records: usize) -> Result<(), Trouble> {
        let (tablet, _) = self.tablet(name)?;
        let written = (0..records).map(|number| first(&tablet, number)).collect::<Result<Vec<_>, _>>()?;
        for which in 0..CORRECTIONS {
            tablet.sync()?;
            for (number, record) in written.iter().enumerate() {
                correct(&tablet, record, number, which)?;
            }
        }
        tablet.sync()?;
        Ok(())
    }

    /// A tablet that has joined; its vault.
    pub(crate) fn tablet(&self, name: &str) -> Result<(Tablet, PathBuf), Trouble> {
        let path = self.folder.path().join(name);
        let tablet = Tablet::create(&path, &key(), name, Options::default())?;
        let admission = Admission::Tablet { wards: Vec::new() };
        let invitation = self.steward.admit(&tablet.enrolment_request()?, admission)?;
        tablet.join(&invitation, StudyPack::from_dir(&self.pack)?)?;
        Ok((tablet, path))
    }

    /// The tablet of a vault as a process of its own.
    pub(crate) fn tablet_process(vault: &Path) -> Device {
        Device::open(&program(), Face::Tablet, vault, KEY)
    }

    /// The second evaluator as a process of its own, joined and without anything.
    pub(crate) fn fresh_evaluator(&self) -> Device {
        let mut device = Device::open(&program(), Face::Evaluator, &self.second, KEY);
        device.must("join", serde_json::json!({ "invitation": self.invitation, "study": self.pack }));
        device
    }

    /// The hub ends as by a power cut and comes back with what it had, so that nothing is in its memory.
    pub(crate) fn restart_hub(&mut self, tls: bool) {
        let more: &[&str] = if tls { &["--own-certificate"] } else { &[] };
        self.hub.kill();
        self.hub = HubProcess::start_with(&program(), &self.folder.path().join("hub"), "127.0.0.1:0", more);
        self.line.lead_to(self.hub.port());
    }
}

/// Writes the record of a number, and changes it twice.
pub(crate) fn write(tablet: &Tablet, number: usize) -> Result<(), Trouble> {
    let record = first(tablet, number)?;
    (0..CORRECTIONS).try_for_each(|which| correct(tablet, &record, number, which))
}

/// How often a record is corrected.
const CORRECTIONS: usize = 2;

/// Writes the record of a number; gives its name.
fn first(tablet: &Tablet, number: usize) -> Result<String, Trouble> {
    let (form_id, role, ward) = ("fact".to_owned(), ROLE.to_owned(), WARD.to_owned());
    let sitting = tablet.begin(BeginRequest { form_id, role, ward, language: None })?;
    let five = |number: usize| Value::One((number % 5).to_string());
    let answers = [
        ("number", Value::Integer(number as i64)),
        ("started_at", Value::Integer(1_790_000_000 + 61 * number as i64)),
        ("q1", five(number)),
        ("q2", five(number / 5)),
        ("q3", five(number / 25)),
        ("lang", Value::One("nb".into())),
        ("status", Value::One("draft".into())),
        ("comment", Value::Text(comment_of(number))),
    ];
    for (name, value) in answers {
        sitting.answer(name, Some(value))?;
    }
    Ok(sitting.finish()?.record)
}

/// Corrects the record of a number once: the first time, or the second.
fn correct(tablet: &Tablet, record: &str, number: usize, which: usize) -> Result<(), Trouble> {
    let (name, value) = match which {
        0 => ("q3", Value::One(((number / 25 + 1) % 5).to_string())),
        _ => ("status", Value::One("submitted".into())),
    };
    let changes = vec![(name.to_owned(), value)];
    Ok(tablet.amend(AmendRequest { record: record.to_owned(), role: ROLE.to_owned(), changes })?)
}

fn key() -> VaultKey {
    VaultKey::from_bytes(KEY)
}
