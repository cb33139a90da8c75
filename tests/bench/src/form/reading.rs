//! From the bytes of a workbook to an instrument, beside pyxform in one process.

use std::path::Path;

use nightjar_conformance::peers::{Conversion, Peers};

use super::Effort;
use crate::figures::{Peer, Times, print};
use crate::shape::Shape;
use crate::trouble::Trouble;
use crate::{ours, shape};

pub(super) fn run(effort: Effort, peers: Option<&Peers>, folder: &Path) -> Result<(), Trouble> {
    let own: Vec<Shape> = shape::own()?.into_iter().take(effort.forms).collect();
    let what = format!(
        "Reading an XLSForm (.xlsx): {} own forms, each the median of {} runs",
        own.len(),
        effort.rounds
    );
    measure(&what, &own, effort.rounds, 10.0, peers, folder)?;
    let large = [shape::large(effort.rows)];
    let rows: usize = large[0].sheets.iter().map(|(_, rows)| rows.len() - 1).sum();
    let what = format!("Reading a large XLSForm (.xlsx): {rows} rows, {} runs", effort.rounds.min(3));
    measure(&what, &large, effort.rounds.min(3), 20.0, peers, folder)
}

fn measure(
    what: &str,
    shapes: &[Shape],
    times: usize,
    target: f64,
    peers: Option<&Peers>,
    folder: &Path,
) -> Result<(), Trouble> {
    let mut mine = Vec::new();
    let mut conversions = Vec::new();
    for shape in shapes {
        let form = shape.workbook(folder)?;
        let bytes = std::fs::read(&form)?;
        let taken: Result<Vec<f64>, Trouble> =
            (0..=times).map(|_| ours::ready(&format!("{}.xlsx", shape.name), &bytes)).collect();
        mine.push(Times::of(taken?.split_off(1)).median());
        // The first conversion of a form is not counted, as it is not for ours.
        conversions.push(Conversion { id: shape.name.clone(), form, times: times + 1 });
    }
    let mut theirs = Vec::new();
    if let Some(peers) = peers {
        let mut medians = Vec::new();
        for mut converted in peers.convert(&conversions)? {
            if let Some(why) = converted.error {
                return Err(Trouble::refused(&converted.id, why));
            }
            medians.push(Times::of_milliseconds(converted.ms.split_off(1)).median());
        }
        theirs.push(Peer { name: "pyxform", times: Times::of(medians), target, p95: false });
    }
    print(what, &Times::of(mine), &theirs);
    Ok(())
}
