//! The ward screen by the clock: what the night, the ward's hours, idle time and the data lock make of its pages.

#![allow(clippy::unwrap_used, reason = "a test that cannot set itself up has failed")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread::JoinHandle;

use jiff::SignedDuration;
use nightjar::{Admission, Clock, Evaluator, FoundRequest, Options, StudyPack, Tablet, VaultKey};
use nightjar_screen::{Screen, Settings};
use nightjar_test_support::{HubProcess, program, sleepwell};
use tempfile::TempDir;
use tokio::sync::oneshot;

const PIN: &str = "730518";
const SAID: &str = "the torch at four";

/// A screen that is served, and a browser that has no script.
struct Served {
    _hub: HubProcess,
    _folder: TempDir,
    tablet: Tablet,
    clock: Clock,
    address: String,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
    /// The page on display.
    page: String,
}

impl Served {
    fn at(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let hub = HubProcess::start(&program(), &path("hub"));
        let clock = Clock::simulated(now.parse().unwrap());
        let options = || Options { clock: clock.clone() };
        let key = || VaultKey::random().unwrap();
        let pack = StudyPack::from_dir(&sleepwell()).unwrap();
        let steward = Evaluator::create(&path("steward"), &key(), "Steward", options()).unwrap();
        let (hub_at, setup_code) = (Some(hub.address.clone()), hub.setup_code.clone());
        steward.found(FoundRequest { pack: pack.clone(), hub: hub_at, setup_code }).unwrap();
        steward.add_recovery().unwrap();
        let second = Evaluator::create(&path("second"), &key(), "Second", options()).unwrap();
        steward.admit(&second.enrolment_request().unwrap(), Admission::Evaluator).unwrap();
        let tablet = Tablet::create(&path("tablet"), &key(), "Tablet", options()).unwrap();
        let admission = Admission::Tablet { wards: vec!["acute-male".into()] };
        let invitation = steward.admit(&tablet.enrolment_request().unwrap(), admission).unwrap();
        tablet.join(&invitation, pack).unwrap();
        tablet.set_pin(PIN).unwrap();

        let (stop, stopped) = oneshot::channel();
        let (tell, told) = std::sync::mpsc::channel();
        let served = tablet.clone();
        let serving = std::thread::spawn(move || {
            tokio::runtime::Runtime::new().unwrap().block_on(async {
                let screen = Screen::open(served, Settings::default(), 0).await.unwrap();
                tell.send(screen.address()).unwrap();
                screen.serve(async { stopped.await.unwrap_or_default() }).await.unwrap();
            });
        });
        let mut served = Self {
            _hub: hub,
            _folder: folder,
            tablet,
            clock,
            address: told.recv().unwrap(),
            stop: Some(stop),
            serving: Some(serving),
            page: String::new(),
        };
        served.look();
        served
    }

    fn later(&self, minutes: i64) {
        let now = self.clock.now().checked_add(SignedDuration::from_mins(minutes)).unwrap();
        self.clock.set(now);
    }

    fn ask(&self, method: &str, more: &str, body: &str) -> String {
        let (host, path) = self.address.strip_prefix("http://").unwrap().split_once('/').unwrap();
        let mut stream = TcpStream::connect(host).unwrap();
        let length = body.len();
        let head = format!(
            "{method} /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {length}\r\n{more}\r\n{body}"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// The page as the browser shows it now.
    fn look(&mut self) {
        self.page = self.ask("GET", "", "");
        assert!(self.page.starts_with("HTTP/1.1 200"), "{}", self.page);
    }

    /// Presses a button, with what is written into fields (names and values that need no escape).
    fn press(&mut self, act: &str, fields: &str) {
        let page = self.page.split("name=\"page\" value=\"").nth(1).unwrap();
        let page = page.split('"').next().unwrap();
        assert!(self.page.contains(&format!("value=\"{act}\"")), "no button {act} on\n{}", self.page);
        let origin = self.address.split('/').take(3).collect::<Vec<_>>().join("/");
        let more = format!("Origin: {origin}\r\nContent-Type: application/x-www-form-urlencoded\r\n");
        let answer = self.ask("POST", &more, &format!("page={page}&n=1&do={act}&{fields}"));
        assert!(answer.starts_with("HTTP/1.1 303"), "{answer}");
        self.look();
    }

    fn shows(&self, text: &str) {
        assert!(self.page.contains(text), "\"{text}\" is not on\n{}", self.page);
    }

    fn hides(&self, text: &str) {
        assert!(!self.page.contains(text), "\"{text}\" is on\n{}", self.page);
    }

    /// Goes to the text question of the patient's form and writes something.
    fn writes(&mut self) {
        self.press("voice:patient", "");
        self.press("yes", "");
        while !self.page.contains("<textarea") {
            self.press("next", "");
        }
        self.press("next", &format!("q0={}", SAID.replace(' ', "+")));
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(serving) = self.serving.take() {
            let _ = serving.join();
        }
    }
}

#[test]
fn the_evening_is_dim_and_quiet_and_nobody_is_woken() {
    let mut ward = Served::at("2026-03-02T10:00[Europe/London]");
    ward.shows("class=\"day right\"");
    ward.hides("It is not that time now");
    ward.press("voice:patient", "");
    ward.press("yes", "");
    ward.shows("data-listen");
    ward.press("stop", "");
    ward.press("throw", "");
    ward.press("done", "");
    ward.clock.set("2026-03-02T13:45[Europe/London]".parse().unwrap());
    ward.look();
    ward.shows("handover time");
    for late in ["2026-03-02T21:30[Europe/London]", "2026-03-03T05:00[Europe/London]"] {
        ward.clock.set(late.parse().unwrap());
        ward.look();
        ward.shows("class=\"night right\"");
        ward.shows("We ask between 07:30 and 21:00");
    }
    ward.press("voice:patient", "");
    ward.press("yes", "");
    ward.hides("data-listen");
    ward.hides("<audio");
}

#[test]
fn what_is_left_alone_is_hidden_and_then_gone() {
    let mut ward = Served::at("2026-03-02T10:00[Europe/London]");
    ward.writes();
    ward.press("back", "");
    ward.shows(SAID);
    ward.later(4);
    ward.look();
    ward.shows(SAID);
    ward.later(1);
    ward.look();
    ward.shows("Is it still you?");
    ward.hides(SAID);
    ward.press("me", "");
    ward.shows(SAID);
    // Pressed too late: what stands there is kept, and nothing is shown for it.
    ward.later(6);
    ward.press("next", "q0=the+torch+at+five");
    ward.shows("Is it still you?");
    ward.hides("the torch");
    ward.press("me", "");
    ward.shows("the torch at five");
    ward.later(25 * 60);
    ward.look();
    ward.shows("Who is holding this tablet?");
    assert!(ward.tablet.drafts().unwrap().is_empty());
    let stopped: u64 = ward.tablet.tallies().unwrap().iter().map(|tally| tally.stopped).sum();
    assert_eq!(stopped, 1);
}

#[test]
fn words_and_what_they_opened_do_not_wait_for_the_next_person() {
    let mut ward = Served::at("2026-03-02T10:00[Europe/London]");
    ward.writes();
    while !ward.page.contains("value=\"finish\"") {
        ward.press("next", "");
    }
    ward.press("finish", "");
    ward.press("read", "");
    ward.shows("Your twelve words");
    let list = ward.page.split("<ol").nth(1).unwrap().split("</ol>").next().unwrap();
    let words: Vec<&str> = list.split("<li>").skip(1).map(|item| item.split('<').next().unwrap()).collect();
    let words = words.join("+");
    ward.later(5);
    ward.look();
    ward.shows("Who is holding this tablet?");
    // The answers are handed in all the same, and the words open them.
    ward.press("words", "");
    ward.press("open", &format!("words={words}"));
    ward.shows(SAID);
    ward.hides("are final");
    ward.later(5);
    ward.look();
    ward.shows("Who is holding this tablet?");
    ward.clock.set("2027-01-31T10:00[Europe/London]".parse().unwrap());
    ward.look();
    ward.press("words", "");
    ward.press("open", &format!("words={words}"));
    ward.shows("Since 31 January 2027 the study's tables are final");
}

#[test]
fn the_side_for_staff_closes_by_itself_and_keeps_what_they_began() {
    let mut ward = Served::at("2026-03-02T10:00[Europe/London]");
    ward.press("staff", "");
    ward.press("pin", &format!("pin={PIN}"));
    ward.press("role:nurse", "");
    ward.press("go:list", "");
    ward.press("add", "label=Heron");
    ward.shows("Heron");
    ward.later(5);
    ward.look();
    ward.shows("Who is holding this tablet?");
    ward.press("staff", "");
    ward.press("pin", &format!("pin={PIN}"));
    ward.press("role:nurse", "");
    ward.press("fill:ward-night", "");
    ward.press("next", "q0d=1&q0m=3&q0y=2026");
    ward.later(5);
    ward.look();
    ward.shows("Who is holding this tablet?");
    ward.hides("on the ward, in bed or not");
    ward.press("staff", "");
    ward.press("pin", &format!("pin={PIN}"));
    ward.press("role:nurse", "");
    ward.shows("Begun and not finished");
    // A page that slept opens nothing: what was pressed on it is not done.
    ward.later(5);
    ward.press("go:list", "");
    ward.shows("Who is holding this tablet?");
    ward.press("staff", "");
    ward.press("pin", &format!("pin={PIN}"));
    ward.press("role:nurse", "");
    // Today ends at midnight, on the screen as well.
    ward.press("hand-over", "");
    ward.press("voice:patient", "");
    ward.press("no", "");
    ward.press("done", "");
    let asked = |ward: &mut Served| {
        ward.press("staff", "");
        ward.press("pin", &format!("pin={PIN}"));
        ward.press("role:nurse", "");
        ward.press("go:numbers", "");
        let of = ward.page.split("Asked</dt>").nth(1).unwrap();
        let count: String =
            of.chars().skip_while(|c| !c.is_ascii_digit()).take_while(char::is_ascii_digit).collect();
        ward.press("hand-over", "");
        count
    };
    assert_eq!(asked(&mut ward), "1");
    ward.later(24 * 60);
    ward.look();
    assert_eq!(asked(&mut ward), "0");
}
