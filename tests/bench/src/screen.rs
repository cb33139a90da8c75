//! The ward screen on a slow tablet: from a tap to the next page, beside what nobody could do without (the answer on disk and the page
//! drawn), with the processor held to a sixth; and what a page weighs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
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
const SLOWER: u32 = 6;
/// Milliseconds out of which one is run: short, so that no tap fits into what is left of a long one.
const PERIOD: u32 = SLOWER * 1_000;
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
    for slow in [false, true] {
        let _held = if slow { Held::to_a_sixth() } else { None };
        match (slow, &_held) {
            (false, _) => println!(
                "\nA tap on \"Next\", the answer saved before; then both in one tap, as without script"
            ),
            (true, Some(_)) => println!("\nThe same with {SLOWER}× less of the processor for all of it"),
            (true, None) => {
                println!("\nThis system does not let itself be slowed down here: not measured");
                continue;
            }
        }
        measure(&mut browser, &tablet, taps)?;
    }
    Ok(())
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
    for tap in 0..taps {
        let begun = Instant::now();
        sitting.answer("slept", Some(Value::One(code(tap).into())))?;
        answers.push(micros(begun));
    }
    sitting.throw_away()?;
    // Bare: the page drawn, without the way there and back.
    browser.look()?;
    browser.press("voice:patient", "")?;
    browser.press("yes", "")?;
    let (mut drawn, mut there) = (Vec::new(), Vec::new());
    for _ in 0..taps {
        let begun = Instant::now();
        browser.look()?;
        drawn.push(micros(begun));
        let begun = Instant::now();
        browser.get("a/icon.svg")?;
        there.push(micros(begun));
    }
    let (mut saved, mut both) = (Vec::new(), Vec::new());
    for tap in 0..taps {
        browser.post("save", &format!("q0={}", code(tap)))?;
        let begun = Instant::now();
        browser.press("next", &format!("q0={}", code(tap)))?;
        saved.push(micros(begun));
        browser.press("back", "")?;
        let begun = Instant::now();
        browser.press("next", &format!("q0={}", code(tap + 1)))?;
        both.push(micros(begun));
        browser.press("back", "")?;
    }
    browser.press("stop", "")?;
    browser.press("throw", "")?;
    browser.press("done", "")?;
    let (answers, drawn, there) = (Times::of(answers), Times::of(drawn), Times::of(there));
    let page = (drawn.median() - there.median()).max(0.0);
    let bare = answers.median() + page;
    println!(
        "  answer() {:.0} µs, drawing the page {page:.0} µs, there and back {:.0} µs",
        answers.median(),
        there.median()
    );
    for (what, times) in [("tap", Times::of(saved)), ("both in one", Times::of(both))] {
        let ratio = times.median() / bare;
        let met = if ratio <= MOST { "met" } else { "MISSED" };
        println!(
            "  {what:<12} {:>8.0} µs (p95 {:.0}): {ratio:.2}× the bare work; wanted {MOST}×: {met}",
            times.median(),
            times.p95()
        );
    }
    Ok(())
}

/// Weighs pages with all that they load.
fn weigh(browser: &mut Browser) -> Result<(), Trouble> {
    let mut heaviest = (0, String::new());
    for act in ["", "voice:patient", "yes", "next", "next", "next", "next", "next", "next"] {
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
        let name = self.page.split("name=\"page\" value=\"").nth(1).and_then(|rest| rest.split('"').next());
        let name = name.ok_or_else(|| Trouble::Unlike("a page without a name".into()))?.to_owned();
        self.number += 1;
        let body = format!("page={name}&n={}&do={act}&{fields}", self.number);
        let more =
            format!("Origin: http://{}\r\nContent-Type: application/x-www-form-urlencoded\r\n", self.host);
        let path = self.path.clone();
        match self.send("POST", &path, &more, &body)?.0 {
            204 | 303 => Ok(()),
            status => Err(Trouble::Unlike(format!("{act}: {status}"))),
        }
    }

    /// A tap and the page after it.
    fn press(&mut self, act: &str, fields: &str) -> Result<(), Trouble> {
        self.post(act, fields)?;
        self.look()
    }
}

/// This process, held to a part of one processor until this is dropped.
struct Held {
    group: PathBuf,
}

impl Held {
    /// Through a control group of the kernel, in the older or the newer layout; `None` where none can be made.
    fn to_a_sixth() -> Option<Self> {
        let name = format!("nightjar-bench-{}", std::process::id());
        let period = PERIOD.to_string();
        let older: [(&str, &str); 2] = [("cpu.cfs_period_us", &period), ("cpu.cfs_quota_us", "1000")];
        let whole = format!("1000 {period}");
        let newer: [(&str, &str); 1] = [("cpu.max", &whole)];
        for (root, settings) in [("/sys/fs/cgroup/cpu", &older[..]), ("/sys/fs/cgroup", &newer[..])] {
            let group = Path::new(root).join(&name);
            let made = std::fs::create_dir(&group).is_ok()
                && settings.iter().all(|(file, value)| std::fs::write(group.join(file), value).is_ok())
                && std::fs::write(group.join("cgroup.procs"), std::process::id().to_string()).is_ok();
            if made {
                return Some(Self { group });
            }
            let _ = std::fs::remove_dir(&group);
        }
        None
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if let Some(root) = self.group.parent() {
            let _ = std::fs::write(root.join("cgroup.procs"), std::process::id().to_string());
        }
        let _ = std::fs::remove_dir(&self.group);
    }
}
