//! `cargo xtask canary`: a phrase that nobody else says goes through a tablet, the hub and an evaluator. It must be found in
//! what the evaluator can read, and in no file of tablet, hub or evaluator. So that a blind scan does not pass for a
//! clean disk, the same is done with a build that does not seal: there the scan has to find it on the hub.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use nightjar_test_support::Ward;
use serde_json::json;

use crate::checkout::Checkout;
use crate::failure::{At, Failure};
use crate::soak::{build, fresh_key};

const CANARY: &str = "the moon over the river is green tonight";
/// First bytes of a zstd frame.
const ZSTD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// Most bytes one frame is decompressed to.
const MOST: usize = 1 << 20;

/// Where the phrase was found.
struct Scan {
    evaluator_reads_it: bool,
    /// Files of the hub.
    hub: BTreeSet<PathBuf>,
    /// Files of tablets and evaluators.
    devices: BTreeSet<PathBuf>,
    files: usize,
}

/// Runs both builds. Whether both found what they should.
pub(crate) fn run(checkout: &Checkout) -> Result<bool, Failure> {
    build(checkout, &["unsealed"])?;
    let unsealed = checkout.target.join("xtask/nightjar-unsealed");
    fs::copy(checkout.program(), &unsealed).at("writing", &unsealed)?;
    build(checkout, &[])?;
    let open = study(&unsealed)?;
    let sealed = study(&checkout.program())?;
    for (build, scan) in [("sealing switched off", &open), ("sealing on", &sealed)] {
        println!(
            "{build}: {} files read; the evaluator reads the phrase: {}; found in {} hub files and {} device files",
            scan.files,
            if scan.evaluator_reads_it { "yes" } else { "no" },
            scan.hub.len(),
            scan.devices.len()
        );
        for path in scan.hub.iter().chain(&scan.devices) {
            println!("    {}", path.display());
        }
    }
    let sees = open.evaluator_reads_it && !open.hub.is_empty();
    let clean = sealed.evaluator_reads_it && sealed.hub.is_empty() && sealed.devices.is_empty();
    if !sees {
        println!("the scan is blind: with sealing switched off it found nothing on the hub");
    }
    if !clean {
        println!("the phrase lies where nobody should be able to read it");
    }
    Ok(sees && clean)
}

/// Collects the phrase as a patient's free text and in a position, syncs it, and scans every file.
fn study(program: &Path) -> Result<Scan, Failure> {
    let folder = tempfile::tempdir().at("making", std::env::temp_dir())?;
    let mut ward = Ward::found(program, folder.path(), 1, &mut fresh_key);
    let tablet = &mut ward.tablets[0];
    let code = tablet.must("status", json!({}))["wards"][0].clone();
    let answers = [
        ("patient-core", "patient", vec![("better", json!({ "text": CANARY }))]),
        (
            "position",
            "nurse",
            vec![
                ("case_label", json!({ "text": "Owl 3" })),
                ("voice", json!({ "one": "nurse" })),
                ("stance", json!({ "one": "against" })),
                ("why", json!({ "text": CANARY })),
            ],
        ),
    ];
    for (form, role, answers) in answers {
        let begin = json!({ "form_id": form, "role": role, "ward": code });
        let sitting = tablet.must("begin", begin)["sitting"].clone();
        for (path, value) in answers {
            tablet.must("answer", json!({ "sitting": sitting, "path": path, "value": value }));
        }
        tablet.must("finish", json!({ "sitting": sitting }));
    }
    // A draft that is still open, and one that was thrown away.
    for keep in [true, false] {
        let begin = json!({ "form_id": "patient-core", "role": "patient", "ward": code });
        let sitting = tablet.must("begin", begin)["sitting"].clone();
        tablet.must("answer", json!({ "sitting": sitting, "path": "better", "value": { "text": CANARY } }));
        if !keep {
            tablet.must("throw_away", json!({ "sitting": sitting }));
        }
    }
    tablet.must("sync", json!({}));
    ward.evaluator.must("sync", json!({}));
    let read = ward.evaluator.must("records", json!({ "form_id": "patient-core" })).to_string();
    let mut scan = Scan {
        evaluator_reads_it: read.contains(CANARY),
        hub: BTreeSet::new(),
        devices: BTreeSet::new(),
        files: 0,
    };
    // Once while everything runs, so that logs and journals are there; then once more after all have ended.
    look(folder.path(), &ward.folder.join("hub"), &mut scan)?;
    ward.tablets[0].close();
    ward.evaluator.close();
    ward.hub.kill();
    look(folder.path(), &ward.folder.join("hub"), &mut scan)?;
    Ok(scan)
}

fn look(folder: &Path, hub: &Path, scan: &mut Scan) -> Result<(), Failure> {
    for entry in fs::read_dir(folder).at("reading", folder)? {
        let path = entry.at("reading", folder)?.path();
        if path.is_dir() {
            look(&path, hub, scan)?;
            continue;
        }
        let bytes = fs::read(&path).at("reading", &path)?;
        scan.files += 1;
        if holds(&bytes) {
            if path.starts_with(hub) { &mut scan.hub } else { &mut scan.devices }.insert(path);
        }
    }
    Ok(())
}

/// Whether the phrase is in these bytes, as they are or in any zstd frame among them.
fn holds(bytes: &[u8]) -> bool {
    let within = |bytes: &[u8]| bytes.windows(CANARY.len()).any(|window| window == CANARY.as_bytes());
    let frames = bytes.windows(ZSTD.len()).enumerate().filter(|(_, window)| *window == ZSTD);
    within(bytes)
        || frames.into_iter().any(|(at, _)| {
            let mut out = vec![0; MOST];
            let mut frame = zstd::stream::read::Decoder::new(&bytes[at..]).map(|d| d.single_frame()).ok();
            let mut filled = 0;
            while let Some(decoder) = &mut frame {
                match std::io::Read::read(decoder, &mut out[filled..]) {
                    Ok(read) if read > 0 => filled += read,
                    _ => break,
                }
            }
            within(&out[..filled])
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scan_sees_plain_and_compressed_text_and_nothing_else() {
        assert!(holds(format!("a{CANARY}b").as_bytes()));
        let mut stored = b"page of a database".to_vec();
        stored.extend(zstd::bulk::compress(CANARY.repeat(3).as_bytes(), 9).unwrap());
        stored.extend(b"and what follows");
        assert!(holds(&stored));
        assert!(!holds(b"the moon over the river is green"));
        assert!(!holds(&ZSTD));
    }
}
