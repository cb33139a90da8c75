//! What each target starts from: our own forms, expressions and workbooks, and the frozen formats. What libFuzzer finds is kept beside them.

use std::fs;
use std::path::{Path, PathBuf};

use nightjar_conformance::{expressions, own_forms};

use crate::checkout::Checkout;
use crate::command_line::FuzzTarget;
use crate::failure::{At, Failure};

/// Fills the corpus of a target, in the target folder.
pub(super) fn prepare(checkout: &Checkout, target: FuzzTarget) -> Result<PathBuf, Failure> {
    let folder = checkout.target.join("fuzz/corpus").join(target.name());
    fs::create_dir_all(&folder).at("making", &folder)?;
    match target {
        FuzzTarget::Workbook => {
            copy(&checkout.root.join("core/studies/sleepwell"), "xlsx", &folder)?;
            copy(&checkout.root.join("tests/fuzz/seeds/workbook"), "parts", &folder)?;
        }
        FuzzTarget::Markdown => copy(&own_forms::folder().join("forms"), "md", &folder)?,
        FuzzTarget::Xform => copy(&checkout.root.join("tests/fuzz/seeds/xform"), "xml", &folder)?,
        FuzzTarget::Expression => {
            let groups = expressions::all().at("reading", own_forms::folder().join("expressions"))?;
            for (file, group) in groups {
                for (number, case) in group.cases.iter().enumerate() {
                    let path = folder.join(format!("{file}-{number}"));
                    fs::write(&path, &case.expression).at("writing", &path)?;
                }
            }
        }
        // Its bytes are acts, not a format that anybody writes.
        FuzzTarget::Session => {}
        // What a release wrote.
        FuzzTarget::Sealed => copy(&checkout.root.join("tests/vectors/formats"), "cbor", &folder)?,
        // What goes over the way is not kept; a change stands sealed in what is; the last are acts.
        FuzzTarget::Wire
        | FuzzTarget::Ranges
        | FuzzTarget::Change
        | FuzzTarget::Bundle
        | FuzzTarget::Roster => {}
    }
    Ok(folder)
}

/// Copies the files with an ending, from the folder and those in it.
fn copy(from: &Path, ending: &str, to: &Path) -> Result<(), Failure> {
    for entry in fs::read_dir(from).at("reading", from)? {
        let path = entry.at("reading", from)?.path();
        if path.is_dir() {
            copy(&path, ending, to)?;
        } else if let Some(name) =
            path.file_name().filter(|_| path.extension().is_some_and(|end| end == ending))
        {
            fs::copy(&path, to.join(name)).at("copying", &path)?;
        }
    }
    Ok(())
}
