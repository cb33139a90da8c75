//! Promise: a sync tells how far it is, waits for a hub that is away for a while, and stops when it is told to, without losing anything.

use std::sync::{Arc, Mutex};

use nightjar::{Failure, SyncOptions, SyncProgress, SyncStop, SyncWatcher};
use nightjar_e2e::study::{Founded, night};
use nightjar_test_support::{HubProcess, Line, Weather, program};

/// Does something with each step, and remembers it.
struct Watching<F> {
    seen: Mutex<Vec<SyncProgress>>,
    act: F,
}

impl<F: Fn(SyncProgress) + Send + Sync> SyncWatcher for Watching<F> {
    fn progressed(&self, progress: SyncProgress) {
        self.seen.lock().expect("no panic").push(progress);
        (self.act)(progress);
    }
}

fn watching<F: Fn(SyncProgress) + Send + Sync>(act: F) -> Arc<Watching<F>> {
    Arc::new(Watching { seen: Mutex::default(), act })
}

/// A hub behind a line that is cut for every new connection, and a study at it.
fn behind_a_line(hub: &HubProcess) -> (Arc<Line>, Founded) {
    let line = Arc::new(Line::to(hub.port()));
    let study = Founded::at_address(&format!("http://{}", line.near), &hub.setup_code);
    (line, study)
}

fn cut(line: &Line) {
    line.weather(Weather { cut_up: Some(0), ..Weather::default() });
    line.hang_up();
}

#[test]
fn a_hub_that_is_away_for_a_while_is_waited_for() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = HubProcess::start(&program(), &folder.path().join("hub"));
    let (line, study) = behind_a_line(&hub);
    let tablet = study.tablet("One");
    night(&tablet, "2026-02-24", 12);
    cut(&line);
    assert!(matches!(tablet.sync(), Err(Failure::Offline(_))), "one try is the default");

    let back = line.clone();
    let watcher = watching(move |progress| {
        if let SyncProgress::Waiting { failed: 2, .. } = progress {
            back.weather(Weather::default());
        }
    });
    let options = SyncOptions { tries: 5, watcher: Some(watcher.clone()), ..SyncOptions::default() };
    let synced = tablet.sync_with(&options).expect("the hub came back");
    assert_eq!((synced.pushed, synced.waiting), (1, 0));
    let seen = watcher.seen.lock().expect("no panic").clone();
    let waits: Vec<_> = seen
        .iter()
        .filter_map(|progress| match progress {
            SyncProgress::Waiting { failed, .. } => Some(*failed),
            _ => None,
        })
        .collect();
    assert_eq!(waits, [1, 2], "not one try more than it took");
    assert_eq!(seen.last(), Some(&SyncProgress::Sending { done: 1, all: 1 }));

    let watcher = watching(|_| {});
    let options = SyncOptions { watcher: Some(watcher.clone()), ..SyncOptions::default() };
    study.steward.sync_with(&options).expect("pulls");
    let seen = watcher.seen.lock().expect("no panic").clone();
    assert_eq!(seen, [SyncProgress::Connecting, SyncProgress::Receiving { done: 1, all: 1 }]);
}

#[test]
fn it_stops_when_it_is_told_to_and_the_next_goes_on() {
    let folder = tempfile::tempdir().expect("a folder");
    let hub = HubProcess::start(&program(), &folder.path().join("hub"));
    let (line, study) = behind_a_line(&hub);
    let tablet = study.tablet("One");
    night(&tablet, "2026-02-24", 12);

    // While it waits for a hub that is away.
    cut(&line);
    let stop = SyncStop::default();
    let stops = stop.clone();
    let watcher = watching(move |progress| {
        if matches!(progress, SyncProgress::Waiting { .. }) {
            stops.stop();
        }
    });
    let options = SyncOptions { tries: u32::MAX, watcher: Some(watcher), stop: stop.clone() };
    assert_eq!(tablet.sync_with(&options), Err(Failure::Cancelled));

    // Before anything is sent, and while an answer takes for ever to come.
    line.weather(Weather::default());
    assert_eq!(tablet.sync_with(&options), Err(Failure::Cancelled), "a stop stays one");
    line.weather(Weather { cut_down: None, rate: Some(1), ..Weather::default() });
    let stop = SyncStop::default();
    let options = SyncOptions { stop: stop.clone(), ..SyncOptions::default() };
    let _before = line.take();
    let stopped = std::thread::scope(|scope| {
        let syncing = scope.spawn(|| tablet.sync_with(&options));
        while line.take().connections == 0 {
            std::thread::yield_now();
        }
        stop.stop();
        syncing.join().expect("no panic")
    });
    assert_eq!(stopped, Err(Failure::Cancelled));

    line.weather(Weather::default());
    line.hang_up();
    assert_eq!(tablet.sync().expect("it goes on").waiting, 0);
}
