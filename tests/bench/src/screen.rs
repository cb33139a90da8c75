//! The ward screen on a slow tablet: from a tap to the next page, beside what nobody could do without (the answer on disk and the page
//! drawn); and what a page weighs.
//!
//! A processor six times as slow takes six times as long for what it computes, and as long as before for the disk: to the time that was
//! measured five times the processor's own is added, on both sides. Holding the process to a sixth of the time by a control group was
//! tried: its periods are longer than a tap, so that it measures how often a tap falls into a pause.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use nightjar::form::Value;
use nightjar::{Admission, BeginRequest, Evaluator, FoundRequest, Options, StudyPack, Tablet, VaultKey};
use nightjar_screen::{Screen, Settings};
use nightjar_test_support::{HubProcess, program, sleepwell};

use crate::figures::Times;
use crate::trouble::Trouble;

const WARD: &str = "acute-male";
/// How many times slower.
const SLOWER: f64 = 6.0;
/// Most times the bare work.
const MOST: f64 = 2.0;
/// Most bytes of a page with everything on it, compressed.
const HEAVIEST: usize = 60 * 1_024;

/// Measures everything.
pub(crate) fn run(quick: bool) -> Result<(), Trouble> {
    let taps = if quick { 50 } else { 400 };
    let folder = tempfile::tempdir()?;
    let tablet = tablet(folder.path())?;
    let (tell, told) = std::sync::mpsc::channel();
    let served = tablet.clone();
    std::thread::spawn(move || {
        let Ok(runtime) = tokio::runtime::Runtime::new() else { return };
        runtime.block_on(async {
            if let Ok(screen) = Screen::open(served, Settings::default(), 0).await {
                let _ = tell.send(screen.address());
                let _ = screen.serve(std::future::pending()).await;
            }
        });
    });
    let address = told.recv().map_err(|_| Trouble::Unlike("the screen did not open".into()))?;
    let mut browser = Browser::new(&address)?;
    weigh(&mut browser)?;
    measure(&mut browser, &tablet, taps)
}

fn measure(browser: &mut Browser, tablet: &Tablet, taps: usize) -> Result<(), Trouble> {
    // Bare: the answer on disk.
    let sitting = tablet.begin(BeginRequest {
        form_id: "patient-core".into(),
        role: "patient".into(),
        ward: WARD.into(),
        language: None,
    })?;
    let mut answers = Vec::new();
    let before = ran(Who::Asks)?;
    for tap in 0..taps {
        let begun = Instant::now();
        sitting.answer("slept", Some(Value::One(code(tap).into())))?;
        answers.push(micros(begun));
    }
    let answer_ran = (ran(Who::Asks)? - before) / taps as f64;
    sitting.throw_away()?;
    // Bare: the page drawn, without the way there and back.
    browser.look()?;
    browser.press("voice:patient", "")?;
    browser.press("yes", "")?;
    // By what the threads that serve have run: the way there and back takes as long as a page, and differs more than a page takes.
    let mut there = Vec::new();
    let before = ran(Who::Serves)?;
    for _ in 0..taps {
        browser.look()?;
    }
    let with_page = ran(Who::Serves)? - before;
    let before = ran(Who::Serves)?;
    for _ in 0..taps {
        let begun = Instant::now();
        browser.get("a/icon.svg")?;
        there.push(micros(begun));
    }
    let without = ran(Who::Serves)? - before;
    let page = ((with_page - without) / taps as f64).max(0.0);
    let mut tapped = Vec::new();
    for (acts, saved) in [(1.0, true), (2.0, false)] {
        let (mut times, mut served) = (Vec::new(), 0.0);
        for tap in 0..taps {
            let field = format!("q0={}", code(tap));
            if saved {
                browser.post("save", &field)?;
            }
            let before = ran(Who::Serves)?;
            let begun = Instant::now();
            match saved {
                true => browser.press_here("next", &field)?,
                false => browser.press("next", &field)?,
            }
            times.push(micros(begun));
            served += ran(Who::Serves)? - before;
            browser.press("back", "")?;
        }
        tapped.push((acts, Times::of(times), served / taps as f64));
    }
    browser.press("stop", "")?;
    browser.press("throw", "")?;
    browser.press("done", "")?;
    let (answers, there) = (Times::of(answers), Times::of(there));
    let bare = |acts: f64| acts * answers.median() + page;
    let slow_bare = |acts: f64| acts * (answers.median() + (SLOWER - 1.0) * answer_ran) + SLOWER * page;
    println!(
        "\nA tap on \"Next\": with the script, where the answer was saved before (one act); without it, where the answer comes with it (two acts)"
    );
    println!(
        "  answer() {:.0} µs ({answer_ran:.0} of them the processor), drawing the page {page:.0} µs, there and back {:.0} µs",
        answers.median(),
        there.median()
    );
    let mut missed = false;
    for (acts, times, served) in tapped {
        let slow = times.median() + (SLOWER - 1.0) * served;
        println!(
            "  {acts} on disk  {:>8.0} µs ({served:.0} of them the processor; p95 {:.0})",
            times.median(),
            times.p95()
        );
        let ratios =
            [("", times.median() / bare(acts)), (" with a processor 6× as slow", slow / slow_bare(acts))];
        for (how, ratio) in ratios {
            let met = if ratio <= MOST { "met" } else { "MISSED" };
            println!("    {ratio:.2}× the bare work{how}; wanted {MOST}×: {met}");
            missed |= ratio > MOST;
        }
    }
    if missed { Err(Trouble::Unlike("a tap takes longer than wanted".into())) } else { Ok(()) }
}

/// Weighs pages with all that they load.
fn weigh(browser: &mut Browser) -> Result<(), Trouble> {
    let mut heaviest = (0, String::new());
    // With words, then with the pictures of easy read.
    let words = ["", "voice:patient", "yes", "next", "next", "next", "next", "next", "next"];
    let pictures = ["language:en-x-easyread", "back", "back", "back", "back", "back", "back"];
    for act in words.into_iter().chain(pictures) {
        match act {
            "" => browser.look()?,
            act => browser.press(act, "")?,
        }
        let mut whole = gzip(browser.page.as_bytes())?;
        let loads = browser.page.split('"').filter(|part| part.starts_with("a/") || part.starts_with("m/"));
        for file in loads.map(str::to_owned).collect::<Vec<_>>() {
            whole += gzip(&browser.get(&file)?)?;
        }
        let title = browser.page.split("<title>").nth(1).and_then(|rest| rest.split('<').next());
        if whole > heaviest.0 {
            heaviest = (whole, title.unwrap_or_default().to_owned());
        }
    }
    for act in ["stop", "throw", "done"] {
        browser.press(act, "")?;
    }
    let met = if heaviest.0 < HEAVIEST { "met" } else { "MISSED" };
    println!(
        "\nThe heaviest page with all that it loads: {} bytes compressed; wanted under {HEAVIEST}: {met}",
        heaviest.0
    );
    if heaviest.0 >= HEAVIEST {
        return Err(Trouble::Unlike("a page weighs more than wanted".into()));
    }
    Ok(())
}

fn code(tap: usize) -> &'static str {
    ["well", "so_so", "badly"][tap % 3]
}

fn micros(begun: Instant) -> f64 {
    begun.elapsed().as_secs_f64() * 1e6
}

fn gzip(bytes: &[u8]) -> Result<usize, Trouble> {
    let mut gzip = Command::new("gzip").arg("-c").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
    let mut input = gzip.stdin.take().ok_or_else(|| Trouble::Unlike("gzip takes nothing".into()))?;
    let bytes = bytes.to_vec();
    let writing = std::thread::spawn(move || input.write_all(&bytes));
    let out = gzip.wait_with_output()?;
    let _ = writing.join();
    Ok(out.stdout.len())
}

/// A tablet of a study that may be collected for.
fn tablet(folder: &Path) -> Result<Tablet, Trouble> {
    let path = |name: &str| folder.join(name);
    let hub = HubProcess::start(&program(), &path("hub"));
    let pack = StudyPack::from_dir(&sleepwell())?;
    let made = |name: &str| Evaluator::create(&path(name), &VaultKey::random()?, name, Options::default());
    let (steward, second) = (made("steward")?, made("second")?);
    let (hub_at, setup_code) = (Some(hub.address.clone()), hub.setup_code.clone());
    steward.found(FoundRequest { pack: pack.clone(), hub: hub_at, setup_code })?;
    steward.add_recovery()?;
    steward.admit(&second.enrolment_request()?, Admission::Evaluator)?;
    let tablet = Tablet::create(&path("tablet"), &VaultKey::random()?, "Tablet", Options::default())?;
    let admission = Admission::Tablet { wards: vec![WARD.into()] };
    tablet.join(&steward.admit(&tablet.enrolment_request()?, admission)?, pack)?;
    Ok(tablet)
}

/// A browser without a script, on one connection.
struct Browser {
    stream: TcpStream,
    host: String,
    path: String,
    page: String,
    /// Counts what the page on display has handed in.
    number: u64,
}

impl Browser {
    fn new(address: &str) -> Result<Self, Trouble> {
        let whole = address.strip_prefix("http://").and_then(|rest| rest.split_once('/'));
        let (host, path) = whole.ok_or_else(|| Trouble::Unlike("the address of the screen".into()))?;
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, host: host.into(), path: format!("/{path}"), page: String::new(), number: 0 })
    }

    fn send(&mut self, method: &str, path: &str, more: &str, body: &str) -> Result<(u16, Vec<u8>), Trouble> {
        let (host, length) = (&self.host, body.len());
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {length}\r\n{more}\r\n{body}"
        );
        self.stream.write_all(head.as_bytes())?;
        let mut read = Vec::new();
        let mut buffer = [0; 16 * 1024];
        loop {
            let end = read.windows(4).position(|four| four == b"\r\n\r\n");
            if let Some(end) = end {
                let head = String::from_utf8_lossy(&read[..end]).to_lowercase();
                let of = |name: &str| head.split(name).nth(1)?.lines().next()?.trim().parse::<usize>().ok();
                let length = of("content-length:").unwrap_or(0);
                if read.len() >= end + 4 + length {
                    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0);
                    return Ok((status, read.split_off(end + 4)));
                }
            }
            match self.stream.read(&mut buffer)? {
                0 => return Err(Trouble::Unlike("the screen hung up".into())),
                more => read.extend_from_slice(&buffer[..more]),
            }
        }
    }

    fn get(&mut self, file: &str) -> Result<Vec<u8>, Trouble> {
        let path = format!("{}{file}", self.path);
        match self.send("GET", &path, "", "")? {
            (200, body) => Ok(body),
            (status, _) => Err(Trouble::Unlike(format!("{file}: {status}"))),
        }
    }

    fn look(&mut self) -> Result<(), Trouble> {
        self.page = String::from_utf8_lossy(&self.get("")?).into_owned();
        self.number = 0;
        Ok(())
    }

    fn post(&mut self, act: &str, fields: &str) -> Result<(), Trouble> {
        match self.hand(act, fields, "")? {
            (204 | 303, _) => Ok(()),
            (status, _) => Err(Trouble::Unlike(format!("{act}: {status}"))),
        }
    }

    /// A tap with the script, which takes the next page as the answer.
    fn press_here(&mut self, act: &str, fields: &str) -> Result<(), Trouble> {
        match self.hand(act, fields, "nightjar-page: here\r\n")? {
            (200, page) => {
                self.page = String::from_utf8_lossy(&page).into_owned();
                self.number = 0;
                Ok(())
            }
            (status, _) => Err(Trouble::Unlike(format!("{act}: {status}"))),
        }
    }

    fn hand(&mut self, act: &str, fields: &str, how: &str) -> Result<(u16, Vec<u8>), Trouble> {
        let name = self.page.split("name=\"page\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let name = name.ok_or_else(|| Trouble::Unlike("a page without a name".into()))?.to_owned();
        self.number += 1;
        let body = format!("page={name}&n={}&do={act}&{fields}", self.number);
        let more = format!(
            "Origin: http://{}\r\nContent-Type: application/x-www-form-urlencoded\r\n{how}",
            self.host
        );
        let path = self.path.clone();
        self.send("POST", &path, &more, &body)
    }

    /// A tap and the page after it.
    fn press(&mut self, act: &str, fields: &str) -> Result<(), Trouble> {
        self.post(act, fields)?;
        self.look()
    }
}

/// Microseconds that threads of this process have run so far: the one that asks, or all others, which serve.
fn ran(who: Who) -> Result<f64, Trouble> {
    let asks = std::process::id().to_string();
    let mut nanoseconds = 0.0;
    for thread in std::fs::read_dir("/proc/self/task")? {
        let thread = thread?;
        if (thread.file_name() == *asks) == (who == Who::Asks) {
            // Gone since: what it ran is of no tap that is measured.
            let Ok(told) = std::fs::read_to_string(thread.path().join("schedstat")) else { continue };
            nanoseconds += told.split(' ').next().and_then(|ran| ran.parse::<f64>().ok()).unwrap_or(0.0);
        }
    }
    Ok(nanoseconds / 1_000.0)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Asks,
    Serves,
}
