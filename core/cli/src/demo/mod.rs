//! `nightjar demo`: the whole way on simulated answers, through real processes and real files.
//!
//! Each step is a file, in this order: [`folder`], [`found`], [`offline`], [`gather`] (with [`killed`] in the middle),
//! [`voices`], [`bed_count`], [`together`], [`received`], [`report`], [`published`], [`taken_out`], [`held`], [`summary`]. What a step learns that a
//! later one needs stands in [`Demo`]. Keys live in memory only: when the demonstration ends, nobody can open its
//! vaults any more.

mod bed_count;
mod device_process;
mod folder;
mod found;
mod gather;
mod heard;
mod held;
mod killed;
mod offline;
mod published;
mod received;
mod report;
mod station;
mod summary;
mod taken_out;
mod together;
mod voices;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Instant;

use nightjar::StudyPack;

use crate::child::HubProcess;
use crate::command::DemoArgs;
use crate::pack;
use crate::simulate::{Calendar, numbers};
use crate::terminal::Screen;
use crate::trouble::Trouble;
use folder::Folder;
use station::Station;

/// How many tablets there are.
const TABLETS: usize = 3;

/// What the steps share.
struct Demo {
    seed: u64,
    /// How many forms were asked for.
    forms: u64,
    began: Instant,
    folder: Folder,
    /// The study folder given, absolute; none for the one built in.
    study: Option<PathBuf>,
    pack: StudyPack,
    calendar: Calendar,
    address: SocketAddr,
    hub: Option<HubProcess>,
    evaluators: Vec<Station>,
    tablets: Vec<Station>,
    /// Most memory the hub's processes held, in bytes.
    hub_peak: Option<u64>,
    /// Most memory the devices' processes held, added up, in bytes; none where it is not known.
    devices_peak: Option<u64>,
    /// What the tablets acknowledged.
    tally: gather::Tally,
}

/// Streams of random numbers for what is not a visit.
#[derive(Clone, Copy)]
enum Chance {
    Kill = 1,
    SyncOrder = 2,
    BedCount = 3,
}

impl Demo {
    fn begin(asked: &DemoArgs) -> Result<Demo, Trouble> {
        let began = Instant::now();
        let study =
            asked.study.as_ref().map(|path| path.canonicalize().map_err(Trouble::file(path))).transpose()?;
        let pack = pack::load(study.as_deref())?;
        let folder = Folder::prepare(&asked.out)?;
        Ok(Demo {
            seed: asked.seed,
            forms: asked.responses,
            began,
            folder,
            study,
            calendar: Calendar::of(&pack),
            pack,
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            hub: None,
            evaluators: Vec::new(),
            tablets: Vec::new(),
            hub_peak: None,
            devices_peak: Some(0),
            tally: gather::Tally::default(),
        })
    }

    fn chance(&self, what: Chance) -> rand_chacha::ChaCha8Rng {
        numbers(self.seed, what as u64)
    }

    /// Starts the hub where it was before, or on a free port.
    fn start_hub(&mut self) -> Result<&HubProcess, Trouble> {
        let hub = HubProcess::start(&self.folder.hub(), self.address)?;
        self.address = hub.address()?;
        Ok(self.hub.insert(hub))
    }

    fn stop_hub(&mut self) {
        if let Some(hub) = self.hub.take() {
            self.hub_peak = self.hub_peak.max(hub.stop());
        }
    }

    /// People's own answers among the records.
    fn responses(&self) -> u64 {
        let is_response =
            |id: &str| self.pack.study().instrument(id).is_some_and(|form| form.kind.code() == "response");
        self.tally.records.iter().filter(|(form, _)| is_response(form)).map(|(_, count)| count).sum()
    }

    /// Ends every process in order.
    fn close(&mut self) -> Result<(), Trouble> {
        let mut stations: Vec<Station> = self.tablets.drain(..).chain(self.evaluators.drain(..)).collect();
        for station in &mut stations {
            station.close()?;
            self.devices_peak = self.devices_peak.zip(station.peak).map(|(sum, peak)| sum + peak);
            self.tally.wire += station.wire;
        }
        self.stop_hub();
        Ok(())
    }
}

/// Runs the steps.
pub(crate) fn run(asked: &DemoArgs, screen: &mut Screen) -> Result<(), Trouble> {
    let mut demo = Demo::begin(asked)?;
    screen.line(format_args!(
        "{}: a demonstration with simulated answers, seed {}.",
        demo.pack.study().title,
        demo.seed
    ))?;
    found::run(&mut demo, screen)?;
    let bed_count = bed_count::enter(&mut demo, screen)?;
    offline::run(&mut demo, screen)?;
    gather::run(&mut demo, &bed_count, screen)?;
    let case = voices::run(&mut demo, screen)?;
    bed_count::edit_twice(&mut demo, &bed_count, screen)?;
    together::run(&mut demo, &case, &bed_count, screen)?;
    let canary = received::run(&mut demo, screen)?;
    report::run(&mut demo, screen)?;
    published::run(&mut demo, screen)?;
    taken_out::run(&mut demo, screen)?;
    demo.close()?;
    held::run(&demo, canary, screen)?;
    summary::run(&demo, screen)
}
