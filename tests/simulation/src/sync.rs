//! Sync between real processes over a line that is cut at any byte, with a hub and tablets that are killed in the middle, a hub that is
//! put back to an old backup, whose disk is full, whose database falls over, or that shows devices two faces. In the end everything that
//! was finished is there, once.

use std::fmt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nightjar_test_support::{Device, HubProcess, Line, Postgres, SmallDisk, Ward, Weather, program};
use postgres::{Client, NoTls};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::json;

/// What was found.
#[derive(Debug, Default)]
pub struct Survived {
    /// Envelopes that tablets finished.
    pub finished: u64,
    /// Of those: which the evaluator lacks in the end.
    pub lost: u64,
    /// Envelopes that the hub's log names more than once.
    pub doubled: u64,
    /// Syncs that were cut at a byte on the way up, and on the way down.
    pub cut: [u64; 2],
    /// Syncs that ended in an error.
    pub failed: u64,
    /// Times the hub was killed, tablets were killed, and the hub was put back to a backup.
    pub killed: [u64; 3],
    /// Times the hub's disk was full, its database fell over, and the hub showed two faces.
    pub broken: [u64; 3],
    /// Times a device said that the hub had lost something.
    pub noticed: u64,
}

impl Survived {
    /// Whether nothing was lost or doubled, though something went wrong on the way.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        (self.lost, self.doubled) == (0, 0) && self.failed > 0
    }
}

impl fmt::Display for Survived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { finished, lost, doubled, cut: [up, down], failed, noticed, .. } = self;
        let ([hub, tablet, back], [full, fallen, faces]) = (self.killed, self.broken);
        write!(
            f,
            "{finished} envelopes finished; {up} syncs cut at a byte on the way up and {down} on the way down, "
        )?;
        write!(
            f,
            "the hub killed {hub} times, a tablet {tablet} times, the hub put back to a backup {back} times, "
        )?;
        write!(f, "its disk full {full} times, its database down {fallen} times, two faces {faces} times; ")?;
        write!(
            f,
            "{failed} syncs failed, {noticed} said that the hub had lost something; {lost} lost, {doubled} doubled"
        )
    }
}

/// Where the hub keeps what it has.
enum Under {
    /// In a file; on a disk that can be filled, where one may be mounted.
    File(Option<SmallDisk>),
    /// In a PostgreSQL server.
    Postgres(Postgres),
}

impl Under {
    /// What the hub is started with.
    fn options(&self) -> Vec<String> {
        match self {
            Self::File(_) => Vec::new(),
            Self::Postgres(postgres) => vec!["--database".to_owned(), postgres.url()],
        }
    }

    fn start(&self, data: &Path) -> HubProcess {
        let options = self.options();
        let options: Vec<_> = options.iter().map(String::as_str).collect();
        HubProcess::start_with(&program(), data, "127.0.0.1:0", &options)
    }
}

/// A study at the end of a line.
struct Tried {
    ward: Ward,
    line: Line,
    under: Under,
    random: StdRng,
    found: Survived,
}

/// KiB of the disk that the hub's file is on.
const DISK: u32 = 96 << 10;

const WARDS: [&str; 7] =
    ["acute-male", "acute-fem-1", "acute-fem-2", "rehab-long", "neuro", "dementia", "rehab-recov"];

/// Cuts one push, and the answer to it, at every `step`th byte; then lets `rounds` acts of all kinds happen.
///
/// # Panics
/// When a process does not start, or says something else than it may.
#[must_use]
pub fn sync(step: usize, rounds: u64, seed: u64) -> Survived {
    // Without a disk of its own it cannot be filled: that shows in what is counted.
    soak(Under::File(SmallDisk::mount(DISK).ok()), Some(step), rounds, seed)
}

/// Lets `rounds` acts happen to a hub over a PostgreSQL server, which falls over now and then. `None` where there is none.
///
/// # Panics
/// As [`sync`].
#[must_use]
pub fn sync_over_postgres(rounds: u64, seed: u64) -> Option<Survived> {
    Some(soak(Under::Postgres(Postgres::start()?), None, rounds, seed))
}

fn soak(under: Under, step: Option<usize>, rounds: u64, seed: u64) -> Survived {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = StdRng::seed_from_u64(seed);
    if let Under::File(Some(disk)) = &under {
        let data = disk.path().join("hub");
        std::fs::create_dir(&data).expect("a folder on the small disk");
        std::os::unix::fs::symlink(data, folder.path().join("hub")).expect("a link");
    }
    let hub = under.start(&folder.path().join("hub"));
    let line = Line::to(hub.port());
    let address = format!("http://{}", line.near);
    let ward = Ward::found_at(&program(), folder.path(), 3, &mut || random.random(), hub, &address);
    let mut tried = Tried { ward, line, under, random, found: Survived::default() };
    if let Some(step) = step {
        tried.every_byte(step);
    }
    for _ in 0..rounds {
        tried.act();
    }
    tried.judge()
}

impl Tried {
    /// A tablet finishes one more ward night: an envelope.
    fn finish(&mut self, tablet: usize) {
        let n = self.found.finished as i64;
        let day = jiff::civil::date(2025, 10, 1) + jiff::Span::new().days(n / WARDS.len() as i64);
        let ward = WARDS[n as usize % WARDS.len()];
        let device = &mut self.ward.tablets[tablet];
        let opened = device.must("begin", json!({ "form_id": "ward-night", "role": "nurse", "ward": ward }));
        let sitting = opened["sitting"].as_str().expect("an id").to_owned();
        let mut answer = |path: &str, value: serde_json::Value| {
            device.must("answer", json!({ "sitting": sitting, "path": path, "value": value }));
        };
        answer("night", json!({ "date": day.to_string() }));
        answer("in_bed", json!({ "integer": n % 16 }));
        device.must("stop_keeping", json!({ "sitting": sitting }));
        self.found.finished += 1;
    }

    /// One sync of a tablet, in the weather of the moment.
    fn sync(&mut self, tablet: usize) {
        let said = self.ward.tablets[tablet].ask("sync", json!({}));
        self.note(said);
    }

    fn note(&mut self, said: Result<serde_json::Value, String>) {
        match said {
            Ok(said) => self.found.noticed += u64::from(said["hub_lost_data"] == true),
            Err(_) => self.found.failed += 1,
        }
    }

    fn every_byte(&mut self, step: usize) {
        self.finish(0);
        self.sync(0);
        self.line.hang_up();
        let _before = self.line.take();
        self.finish(0);
        self.sync(0);
        let whole = self.line.take();
        for (way, bytes) in [(0, whole.up), (1, whole.down)] {
            for byte in (0..=bytes).step_by(step) {
                let cut = Some(byte);
                self.line.weather(match way {
                    0 => Weather { cut_up: cut, ..Weather::default() },
                    _ => Weather { cut_down: cut, ..Weather::default() },
                });
                self.line.hang_up();
                self.finish(0);
                self.sync(0);
                self.found.cut[way] += 1;
            }
        }
        self.line.weather(Weather::default());
        self.line.hang_up();
        self.sync(0);
    }

    fn act(&mut self) {
        let tablet = self.random.random_range(0..self.ward.tablets.len());
        match self.random.random_range(0..22) {
            0..=7 => self.finish(tablet),
            8..=12 => {
                let byte = Some(self.random.random_range(0..20_000));
                let up: bool = self.random.random();
                self.found.cut[usize::from(!up)] += 1;
                self.line.weather(match up {
                    true => Weather { cut_up: byte, ..Weather::default() },
                    false => Weather { cut_down: byte, ..Weather::default() },
                });
                self.line.hang_up();
                self.sync(tablet);
                self.line.weather(Weather::default());
                self.line.hang_up();
            }
            13..=15 => {
                // The hub goes while a tablet speaks to it.
                self.finish(tablet);
                self.ward.tablets[tablet].send("sync", json!({}));
                self.wait();
                self.restart_hub(|_| {});
                if let Some(said) = self.ward.tablets[tablet].answer() {
                    self.note(said);
                }
                self.found.killed[0] += 1;
            }
            16..=17 => {
                self.finish(tablet);
                self.ward.tablets[tablet].send("sync", json!({}));
                self.wait();
                self.ward.tablets[tablet].kill();
                self.ward.tablets[tablet].start();
                self.found.killed[1] += 1;
            }
            18 | 19 if matches!(self.under, Under::Postgres(_)) => self.fall_over(tablet),
            18 => self.fill(tablet),
            19 => self.two_faces(tablet),
            20 => {
                let said = self.ward.evaluator.ask("sync", json!({}));
                self.note(said);
            }
            // What is in a database server is put back by its own means.
            _ if matches!(self.under, Under::Postgres(_)) => {}
            _ => {
                let copy = self.ward.folder.join("hub.copy");
                if copy.exists() {
                    self.restart_hub(|data| hub(&["restore", "--data"], data, "--from", &copy));
                    std::fs::remove_file(&copy).expect("it was there");
                    self.found.killed[2] += 1;
                } else {
                    hub(&["backup", "--data"], &self.ward.folder.join("hub"), "--to", &copy);
                }
            }
        }
    }

    /// The hub's disk is full while a tablet sends.
    fn fill(&mut self, tablet: usize) {
        let filler = match &self.under {
            Under::File(Some(disk)) => disk.fill(),
            _ => return,
        };
        self.finish(tablet);
        self.sync(tablet);
        std::fs::remove_file(filler).expect("it was there");
        self.found.broken[0] += 1;
    }

    /// The hub's database falls over while a tablet sends.
    fn fall_over(&mut self, tablet: usize) {
        self.finish(tablet);
        self.ward.tablets[tablet].send("sync", json!({}));
        self.wait();
        if let Under::Postgres(postgres) = &mut self.under {
            postgres.crash_and_restart();
        }
        if let Some(said) = self.ward.tablets[tablet].answer() {
            self.note(said);
        }
        self.found.broken[1] += 1;
    }

    /// A hub beside the hub, of the same life, takes what some devices send and shows them its own log: one that lies, or an image of
    /// its disk that was put to use. Then it is gone.
    fn two_faces(&mut self, tablet: usize) {
        let (hub_data, other) = (self.ward.folder.join("hub"), self.ward.folder.join("face"));
        std::fs::create_dir(&other).expect("a folder");
        hub(&["backup", "--data"], &hub_data, "--to", &other.join("hub.sqlite3"));
        let face = HubProcess::start(&program(), &other);
        self.line.lead_to(face.port());
        self.line.hang_up();
        self.finish(tablet);
        self.sync(tablet);
        let said = self.ward.evaluator.ask("sync", json!({}));
        self.note(said);
        drop(face);
        std::fs::remove_dir_all(&other).expect("it was there");
        self.line.lead_to(self.ward.hub.port());
        self.line.hang_up();
        let another = (tablet + 1) % self.ward.tablets.len();
        self.finish(another);
        self.sync(another);
        self.found.broken[2] += 1;
    }

    fn wait(&mut self) {
        std::thread::sleep(Duration::from_micros(self.random.random_range(0..30_000)));
    }

    /// Kills the hub, does something with its folder, and starts it where the line leads.
    fn restart_hub(&mut self, between: impl FnOnce(&Path)) {
        self.ward.hub.kill();
        let data = self.ward.folder.join("hub");
        between(&data);
        self.ward.hub = self.under.start(&data);
        self.line.lead_to(self.ward.hub.port());
        self.line.hang_up();
    }

    /// Everybody syncs until nobody has anything new; then what is there is counted.
    fn judge(mut self) -> Survived {
        // Twice: what a hub lost is noticed with the first.
        for _ in 0..3 {
            for device in self.ward.tablets.iter_mut().chain([&mut self.ward.evaluator]) {
                let said = device.must("sync", json!({}));
                self.found.noticed += u64::from(said["hub_lost_data"] == true);
            }
        }
        let received = self.ward.evaluator.must("received", json!({}));
        let sum = |what: &str| -> u64 {
            received.as_array().into_iter().flatten().filter_map(|one| one[what].as_u64()).sum()
        };
        let (received, expected) = (sum("received"), sum("expected"));
        assert_eq!(expected, self.found.finished, "every envelope has its place in a chain");
        self.found.lost = self.found.finished - received.min(self.found.finished);
        self.found.lost = self.found.lost.max(self.found.finished - records(&mut self.ward.evaluator));
        self.ward.hub.kill();
        let doubled = "SELECT count(*) - count(DISTINCT envelope) FROM";
        let doubled: i64 = match &self.under {
            Under::File(_) => {
                let database = self.ward.folder.join("hub/hub.sqlite3");
                let log = rusqlite::Connection::open(database).expect("the hub's database");
                log.query_row(&format!("{doubled} log"), [], |row| row.get(0)).expect("counted")
            }
            Under::Postgres(postgres) => {
                let mut log = Client::connect(&postgres.url(), NoTls).expect("the server runs");
                log.query_one(&format!("{doubled} nightjar_hub.log"), &[]).expect("counted").get(0)
            }
        };
        self.found.doubled = doubled.cast_unsigned();
        self.found
    }
}

/// How many ward nights an evaluator shows.
fn records(evaluator: &mut Device) -> u64 {
    let mut count = 0;
    for ward in WARDS {
        let rows =
            evaluator.must("records", json!({ "form_id": "ward-night", "ward": ward, "limit": 1_000 }));
        count += rows.as_array().map_or(0, Vec::len) as u64;
    }
    count
}

fn hub(what: &[&str], data: &Path, option: &str, file: &Path) {
    let out = Command::new(program()).arg("hub").args(what).arg(data).arg(option).arg(file).output();
    let out = out.expect("the program starts");
    assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
}
