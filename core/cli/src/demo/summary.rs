//! The last lines: what to open, and what it took.

use super::Demo;
use crate::child::memory::{in_words, own_peak};
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(demo: &Demo, screen: &mut Screen) -> Result<(), Trouble> {
    let peaks: Option<Vec<u64>> = [own_peak(), demo.hub_peak, demo.devices_peak].into_iter().collect();
    let memory = peaks.map_or("not known".to_owned(), |peaks| in_words(peaks.iter().sum()));
    screen.heading("What it took")?;
    screen.line(format_args!(
        "  responses            {} forms, {} of them people's own answers",
        demo.tally.total(),
        demo.responses()
    ))?;
    screen.line(format_args!("  wall time            {:.1} s", demo.began.elapsed().as_secs_f64()))?;
    screen.line(format_args!("  peak memory          {memory} (the peaks of all processes added up)"))?;
    screen.line(format_args!("  bytes over the wire  {}", in_words(demo.tally.wire)))?;
    screen.heading("Open these")?;
    screen.line(format_args!("  {}", demo.folder.report().display()))?;
    screen.line(format_args!("  {}", demo.folder.export().display()))?;
    screen.line(
        "The keys of this demonstration's vaults were never written down; nobody can open them any more.",
    )
}
