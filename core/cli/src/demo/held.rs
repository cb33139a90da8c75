//! Looking for what must not be there: the canary phrase, and a vault that opens without its key.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use super::{Demo, TABLETS};
use crate::simulate::CANARY;
use crate::terminal::Screen;
use crate::trouble::Trouble;

pub(super) fn run(demo: &Demo, canary: bool, screen: &mut Screen) -> Result<(), Trouble> {
    screen.heading("11. What held")?;
    screen.line(match demo.tally.killed {
        Some(_) => "The killed tablet had every answer it had acknowledged.",
        None => "No tablet was killed: there were too few forms. Ask for more with --responses.",
    })?;
    screen.line("Every voice is shown; both bed counts were shown until a person settled them.")?;
    screen.line(format_args!(
        "All {} records that the tablets sealed are with the evaluator, {} of them people's own answers.",
        demo.tally.total(),
        demo.responses()
    ))?;
    if demo.tally.canary && !canary {
        return Err(Trouble::NotHeld("the evaluator can read what a patient wrote".into()));
    }
    for number in 1..=TABLETS {
        plain_header(&demo.folder.tablet(number))?;
    }
    let tablets = demo.folder.tablet(1).parent().map(Path::to_owned).unwrap_or_default();
    let evaluators = demo.folder.evaluator(1).parent().map(Path::to_owned).unwrap_or_default();
    for folder in [demo.folder.hub(), tablets, evaluators, demo.folder.export()] {
        if let Some(file) = holds(&folder, CANARY.as_bytes())? {
            return Err(Trouble::NotHeld(format!("what a patient wrote is not in {}", file.display())));
        }
    }
    screen.line(match canary {
        true => "What a patient wrote can be read by the evaluator; it stands in no file of hub, tablets or export.",
        false => "Nobody wrote the phrase to look for: there were too few forms.",
    })
}

/// A vault is not a database anyone can open: not even its first bytes say so.
fn plain_header(vault: &Path) -> Result<(), Trouble> {
    let mut first = [0; 16];
    File::open(vault).and_then(|mut file| file.read_exact(&mut first)).map_err(Trouble::file(vault))?;
    match &first == b"SQLite format 3\0" {
        true => Err(Trouble::NotHeld(format!("{} is encrypted", vault.display()))),
        false => Ok(()),
    }
}

/// The first file below a folder that holds these bytes. Files are read in pieces.
fn holds(folder: &Path, wanted: &[u8]) -> Result<Option<PathBuf>, Trouble> {
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path).map_err(Trouble::file(&path))? {
                left.push(entry.map_err(Trouble::file(&path))?.path());
            }
        } else if file_holds(&path, wanted).map_err(Trouble::file(&path))? {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

fn file_holds(path: &Path, wanted: &[u8]) -> std::io::Result<bool> {
    let mut file = File::open(path)?;
    let mut piece = vec![0; 1 << 16];
    let mut kept = 0;
    loop {
        let read = file.read(&mut piece[kept..])?;
        if read == 0 {
            return Ok(false);
        }
        let filled = kept + read;
        if piece[..filled].windows(wanted.len()).any(|window| window == wanted) {
            return Ok(true);
        }
        // What is wanted may lie across two pieces.
        kept = filled.min(wanted.len() - 1);
        piece.copy_within(filled - kept..filled, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_lies_across_two_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let wanted = CANARY.as_bytes();
        for before in [0, (1 << 16) - 7, (1 << 17) - 20] {
            let mut bytes = vec![b'.'; before];
            bytes.extend_from_slice(wanted);
            fs::write(folder.path().join("file"), &bytes).unwrap();
            assert!(holds(folder.path(), wanted).unwrap().is_some(), "after {before} bytes");
            fs::write(folder.path().join("file"), &bytes[..bytes.len() - 1]).unwrap();
            assert!(holds(folder.path(), wanted).unwrap().is_none());
        }
    }
}
