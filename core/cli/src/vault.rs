//! `nightjar vault …`

use nightjar::{Evaluator, Failure, RecordView, RecordsRequest, StatusView, Tablet};

use crate::command::VaultCommand;
use crate::device::options;
use crate::key;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// Records read at once.
const BATCH: u32 = 500;

pub(crate) fn run(asked: &VaultCommand, screen: &mut Screen) -> Result<(), Trouble> {
    let VaultCommand::Check { device } = asked;
    let path = &device.vault;
    if !path.is_file() {
        return Err(Trouble::Given(format!("{}: there is no vault; check the path", path.display())));
    }
    let key = key::open(path, &device.key)?;
    let (status, records) = match Tablet::open(path, &key, options()) {
        Ok(tablet) => {
            tablet.check()?;
            (tablet.status()?, read_through(|request| tablet.records(request), tablet.status()?.study)?)
        }
        // The vault of an evaluator says so when a tablet opens it.
        Err(Failure::Invalid(_)) => {
            let evaluator = Evaluator::open(path, &key, options())?;
            evaluator.check()?;
            let status = evaluator.status()?;
            let study = status.study.clone();
            (status, read_through(|request| evaluator.records(request), study)?)
        }
        Err(failure) => return Err(failure.into()),
    };
    screen.line(format_args!("{}: sound", path.display()))?;
    let StatusView { label, drafts, waiting, at_hub, set_aside, .. } = status;
    screen.line(format_args!(
        "{label}: {records} records can be read here, {drafts} forms unfinished, {waiting} envelopes waiting for the \
         hub, {at_hub} at the hub, {set_aside} kept as they came"
    ))
}

/// Reads every record; how many there are. None before the device has joined a study.
fn read_through(
    records: impl Fn(RecordsRequest) -> Result<Vec<RecordView>, Failure>,
    study: Option<String>,
) -> Result<u64, Failure> {
    let mut count = 0;
    let mut request = RecordsRequest { limit: Some(BATCH), ..RecordsRequest::default() };
    while study.is_some() {
        let batch = records(request.clone())?;
        count += batch.len() as u64;
        match batch.last() {
            Some(last) if batch.len() == BATCH as usize => request.after = Some(last.id.clone()),
            _ => break,
        }
    }
    Ok(count)
}
