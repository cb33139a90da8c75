//! The sleepwell study through the facade, in this process: a real hub, a simulated clock, a steward.

use jiff::Zoned;
use nightjar::form::Value;
use nightjar::{
    Admission, BeginRequest, Clock, Evaluator, FoundRequest, Options, Sitting, StudyPack, Tablet, VaultKey,
};
use nightjar_test_support::{HubProcess, program, sleepwell};
use tempfile::TempDir;

/// When most tests begin.
const MORNING: &str = "2026-03-02T10:00[Europe/London]";

/// The ward of most tests.
pub const WARD: &str = "acute-male";

/// A study that may be collected for: it has recovery words and a second evaluator that was let in.
pub struct Founded {
    /// Where everything is: each device's vault under its name in small letters.
    pub folder: TempDir,
    /// What all devices go by.
    pub clock: Clock,
    /// The study's files.
    pub pack: StudyPack,
    /// The evaluator that founded it.
    pub steward: Evaluator,
    /// The second evaluator, which has not joined yet, and its invitation.
    pub second: (Evaluator, String),
    _hub: Option<HubProcess>,
}

impl Founded {
    /// A study at a hub of its own, on a Monday morning in its live phase.
    ///
    /// # Panics
    /// When any step fails, as all of these.
    #[must_use]
    pub fn at_a_hub() -> Self {
        Self::at(MORNING)
    }

    /// The same at another time.
    #[must_use]
    pub fn at(now: &str) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let hub = HubProcess::start(&program(), &folder.path().join("hub"));
        let known = (hub.address.clone(), hub.setup_code.clone());
        Self { _hub: Some(hub), ..Self::new(folder, Some(known), now) }
    }

    /// A study at a hub that runs already, by its address and setup code.
    #[must_use]
    pub fn at_address(address: &str, setup_code: &str) -> Self {
        let known = (address.to_owned(), setup_code.to_owned());
        Self::new(tempfile::tempdir().expect("a folder"), Some(known), MORNING)
    }

    /// A study without a hub.
    #[must_use]
    pub fn without_a_hub() -> Self {
        Self::new(tempfile::tempdir().expect("a folder"), None, MORNING)
    }

    /// Another study, at a hub that runs already, by its address and setup code, or without one.
    #[must_use]
    pub fn with(pack: StudyPack, hub: Option<(&str, &str)>) -> Self {
        let known = hub.map(|(address, setup_code)| (address.to_owned(), setup_code.to_owned()));
        Self::of(pack, tempfile::tempdir().expect("a folder"), known, MORNING)
    }

    fn new(folder: TempDir, hub: Option<(String, String)>, now: &str) -> Self {
        Self::of(StudyPack::from_dir(&sleepwell()).expect("the study"), folder, hub, now)
    }

    fn of(pack: StudyPack, folder: TempDir, hub: Option<(String, String)>, now: &str) -> Self {
        let path = |name: &str| folder.path().join(name);
        let clock = Clock::simulated(now.parse::<Zoned>().expect("a time"));
        let options = || Options { clock: clock.clone() };
        let steward = Evaluator::create(&path("steward"), &key(), "Steward", options()).expect("a steward");
        let (at, setup_code) = hub.unzip();
        let setup_code = setup_code.unwrap_or_default();
        steward.found(FoundRequest { pack: pack.clone(), hub: at, setup_code }).expect("founded");
        steward.add_recovery().expect("recovery words");
        let second = Evaluator::create(&path("second"), &key(), "Second", options()).expect("a second");
        let request = second.enrolment_request().expect("its request");
        let invitation = steward.admit(&request, Admission::Evaluator).expect("let in");
        Self { folder, clock, pack, steward, second: (second, invitation), _hub: None }
    }

    /// A tablet for these wards (for all, where there are none) that was let in, its key and its invitation.
    #[must_use]
    pub fn let_in(&self, name: &str, wards: &[&str]) -> (Tablet, VaultKey, String) {
        let key = key();
        let path = self.folder.path().join(name.to_lowercase());
        let tablet = Tablet::create(&path, &key, name, self.options()).expect("a tablet");
        let admission = Admission::Tablet { wards: wards.iter().map(|ward| (*ward).to_owned()).collect() };
        let request = tablet.enrolment_request().expect("its request");
        let invitation = self.steward.admit(&request, admission).expect("let in");
        (tablet, key, invitation)
    }

    /// A tablet for all wards that has joined.
    #[must_use]
    pub fn tablet(&self, name: &str) -> Tablet {
        let (tablet, _, invitation) = self.let_in(name, &[]);
        tablet.join(&invitation, self.pack.clone()).expect("joined");
        tablet
    }

    /// What a device is opened with.
    #[must_use]
    pub fn options(&self) -> Options {
        Options { clock: self.clock.clone() }
    }
}

fn key() -> VaultKey {
    VaultKey::random().expect("a key")
}

/// Begins a form on the ward of most tests.
///
/// # Panics
/// When it cannot be begun.
#[must_use]
pub fn begin(tablet: &Tablet, form_id: &str, role: &str) -> Sitting {
    let (form_id, role, ward) = (form_id.to_owned(), role.to_owned(), WARD.to_owned());
    tablet.begin(BeginRequest { form_id, role, ward, language: None }).expect("begun")
}

/// Writes down how many were in bed on a night (`2026-02-26`).
///
/// # Panics
/// When it cannot be stored.
pub fn night(tablet: &Tablet, date: &str, in_bed: i64) {
    let sitting = begin(tablet, "ward-night", "nurse");
    let date = date.parse().expect("a date");
    sitting.answer("night", Some(Value::Date(date))).expect("answered");
    sitting.answer("in_bed", Some(Value::Integer(in_bed))).expect("answered");
    sitting.stop_keeping().expect("stored");
}
