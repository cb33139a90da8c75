//! Taking in somebody else's bundle.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use nightjar_seal::{ScopeTag, Strand};
use nightjar_sync::bundle::Unpacking;

use super::frames::Frames;
use super::name;
use crate::device::Device;
use crate::enrol;
use crate::failure::Failure;
use crate::sync::{Intake, Way, known_chains};
use crate::view::BundleView;

/// Takes in what is new to this device. Each part is kept before the next is read; the same bundle again, a part of it, or
/// bundles in another order do no harm.
pub(crate) fn import(device: &Device, file: &Path) -> Result<BundleView, Failure> {
    let _one_at_a_time = device.alone()?;
    let mut frames = Frames::open(file)?;
    let mut intake = Intake::begin(device, Way::Bundle)?;
    let scopes = intake.scopes();
    let mut chains = BTreeMap::new();
    for scope in &scopes {
        chains.insert(*scope, known_chains(device, &intake.joined, scope)?);
    }
    let mut unpacking = Unpacking::new(intake.joined.roster().clone(), device.tag(), chains);
    let mut trouble = None;
    let result = loop {
        let frame = match frames.next() {
            Ok(Some(frame)) => frame,
            Ok(None) => break Ok(()),
            Err(failure) => {
                trouble = Some(failure.to_string());
                break Ok(());
            }
        };
        match unpacking.take(&frame) {
            Ok(events) => match intake.keep(events) {
                Ok(()) => {}
                Err(failure) => break Err(failure),
            },
            // Nothing of it could be taken: it is no bundle for this device.
            Err(failure) if unpacking.header().is_none() => break Err(failure.into()),
            Err(failure) => {
                trouble = Some(frames.at(&failure));
                break Ok(());
            }
        }
    };
    device.notifier.changed(std::mem::take(&mut intake.changed));
    if intake.view.published > 0 {
        device.notifier.reset();
    }
    result?;
    if device.hub()?.is_empty() {
        intake.acknowledge_applied()?;
        // Without a hub it is the founder who says what came in time.
        enrol::entered(device, device.study_time()?, &BTreeSet::new())?;
    }
    device.note_custody(&intake.applied, device.today())?;
    let summary = unpacking.summary();
    if trouble.is_none() && !summary.whole {
        trouble = Some(frames.cut_short());
    }
    let header = unpacking.header();
    let mut set_aside = std::mem::take(&mut intake.view.set_aside);
    set_aside.extend(device.unread()?);
    Ok(BundleView {
        made_by: header.map(|header| name(header, Some(intake.joined.roster()))).unwrap_or_default(),
        vouched: summary.vouched,
        whole: summary.whole && trouble.is_none(),
        trouble,
        bytes: frames.bytes(),
        roster_entries: summary.entries,
        published: intake.view.published,
        envelopes: summary.envelopes,
        new: intake.view.pulled,
        known: intake.known + summary.own,
        passed_over: summary.passed_over,
        of_strangers: intake.of_strangers,
        missing_before: intake.gaps.len() as u64,
        records_changed: intake.view.records_changed,
        set_aside,
        chunks: intake.view.chunks_received,
    })
}

impl Intake<'_> {
    /// What this device takes: an evaluator all, a tablet the ward's.
    fn scopes(&self) -> Vec<ScopeTag> {
        match self.is_evaluator() {
            true => vec![self.joined.scopes.responses, self.joined.scopes.ward],
            false => vec![self.joined.scopes.ward],
        }
    }

    /// In a study without a hub what an evaluator has applied has arrived.
    fn acknowledge_applied(&self) -> Result<(), Failure> {
        let vault = &self.device.vault;
        for ((scope, line), through) in &self.applied {
            let strand = Strand { device: self.device.tag(), line: *line };
            let mut after = 0;
            loop {
                let links = vault.links(&strand, scope, after, 1_000)?;
                let Some(last) = links.last().map(|link| link.seq) else { break };
                let arrived: Vec<_> =
                    links.iter().filter(|link| link.seq <= *through).map(|link| link.envelope).collect();
                vault.acknowledge(&arrived)?;
                if last >= *through {
                    break;
                }
                after = last;
            }
        }
        Ok(())
    }
}
