//! A study that was founded once, with its hub and its devices, to begin every schedule from a copy.

use std::fs;
use std::path::{Path, PathBuf};

use jiff::Zoned;
use nightjar::{Admission, Clock, Evaluator, FoundRequest, Options, StudyPack, Tablet};
use nightjar_seal::{DeviceTag, EnrolmentRequest};
use tempfile::TempDir;

use super::line::{ADDRESS, Face, Line};
use super::unit::{Kind, key};

/// When every schedule begins.
pub(super) const MORNING: &str = "2026-05-04T10:00[Europe/London]";

/// One device of the study.
#[derive(Clone)]
pub(super) struct Member {
    pub(super) kind: Kind,
    pub(super) label: String,
    pub(super) tag: DeviceTag,
}

/// A study with so many devices, in a folder.
pub(super) struct Template {
    folder: TempDir,
    pub(super) pack: StudyPack,
    pub(super) members: Vec<Member>,
}

/// Where the vault of a device of the study is.
pub(super) fn vault(folder: &Path, number: usize) -> PathBuf {
    folder.join(format!("{number}.vault"))
}

/// Where nothing waits for a disk, if there is such a place.
pub(super) fn folder() -> TempDir {
    let memory = Path::new("/dev/shm");
    match memory.is_dir() {
        true => tempfile::tempdir_in(memory),
        false => tempfile::tempdir(),
    }
    .expect("a folder")
}

/// The tag in a device's request to be let in.
pub(super) fn tag_in(request: &str) -> DeviceTag {
    EnrolmentRequest::from_text(request).expect("a request").device.tag()
}

impl Template {
    /// A study with two evaluators, the first of which founded it, and tablets.
    pub(super) fn new(pack: &StudyPack, tablets: usize) -> Self {
        let folder = folder();
        let hub = folder.path().join("hub");
        let face = Face::open(&hub, None);
        let setup_code = face.setup_code();
        let line = Line::new(face, 0);
        let options = || Options { clock: Clock::simulated(now()) };
        let seconds = now().timestamp().as_second().cast_unsigned();
        let path = |number| vault(folder.path(), number);
        let mut members = Vec::new();
        let mut member = |kind, label: &str, request: &str| {
            members.push(Member { kind, label: label.to_owned(), tag: tag_in(request) });
        };
        let steward = Evaluator::create(&path(0), &key(), "Steward", options()).expect("a steward");
        member(Kind::Evaluator, "Steward", &steward.enrolment_request().expect("its request"));
        steward.goes_by(ADDRESS, line.end(0), seconds).expect("an address");
        steward
            .found(FoundRequest { pack: pack.clone(), hub: Some(ADDRESS.into()), setup_code })
            .expect("founded");
        steward.add_recovery().expect("recovery words");
        let second = Evaluator::create(&path(1), &key(), "Second", options()).expect("a second");
        let request = second.enrolment_request().expect("its request");
        member(Kind::Evaluator, "Second", &request);
        let invitation = steward.admit(&request, Admission::Evaluator).expect("let in");
        second.goes_by(ADDRESS, line.end(1), seconds).expect("an address");
        second.join(&invitation, pack.clone()).expect("joined");
        for number in 2..2 + tablets {
            let label = format!("Tablet {number}");
            let tablet = Tablet::create(&path(number), &key(), &label, options()).expect("a tablet");
            let request = tablet.enrolment_request().expect("its request");
            member(Kind::Tablet, &label, &request);
            let admission = Admission::Tablet { wards: Vec::new() };
            let invitation = steward.admit(&request, admission).expect("let in");
            tablet.goes_by(ADDRESS, line.end(number), seconds).expect("an address");
            tablet.join(&invitation, pack.clone()).expect("joined");
        }
        Self { folder, pack: pack.clone(), members }
    }

    /// Copies all of it into a folder.
    pub(super) fn copy_to(&self, to: &Path) {
        for number in 0..self.members.len() {
            fs::copy(vault(self.folder.path(), number), vault(to, number)).expect("there is room");
        }
        fs::create_dir(to.join("hub")).expect("there is room");
        for file in ["hub.sqlite3", "hub.sqlite3-wal"] {
            let from = self.folder.path().join("hub").join(file);
            if from.exists() {
                fs::copy(from, to.join("hub").join(file)).expect("there is room");
            }
        }
    }
}

pub(super) fn now() -> Zoned {
    MORNING.parse().expect("a time")
}
