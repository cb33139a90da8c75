//! `nightjar vault …`

use std::path::Path;

use nightjar::{Failure, RecordView, RecordsRequest, RepairedView, StatusView, VerifiedView};

use crate::command::{VaultArgs, VaultCommand};
use crate::device::{Opened, opened};
use crate::key;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// Records read at once.
const BATCH: u32 = 500;

pub(crate) fn run(asked: &VaultCommand, screen: &mut Screen) -> Result<(), Trouble> {
    match asked {
        VaultCommand::Check { device } => check(&opened(device)?, &device.vault, screen),
        VaultCommand::Verify { device } => verify(&opened(device)?, &device.vault, screen),
        VaultCommand::Backup { device, to } => {
            match &opened(device)? {
                Opened::Tablet(tablet) => tablet.backup(to)?,
                Opened::Evaluator(evaluator) => evaluator.backup(to)?,
            }
            key::for_copy(&device.vault, &device.key, to)?;
            let salt = key::for_copy(&device.vault, &device.key, to)?;
            screen.line(format_args!("{}: copied; the key that opens the vault opens it", to.display()))?;
            if let Some(salt) = salt {
                screen.line(format_args!(
                    "{}: keep it beside the copy, without it the passphrase opens nothing",
                    salt.display()
                ))?;
            }
            screen.line("to put it back: `nightjar vault restore`")
        }
        VaultCommand::Restore { device, from } => restore(device, from, screen),
        VaultCommand::Rekey { device, new } => {
            let opened = opened(device)?;
            let new = key::renew(&device.vault, new)?;
            match &opened {
                Opened::Tablet(tablet) => tablet.rekey(new.key())?,
                Opened::Evaluator(evaluator) => evaluator.rekey(new.key())?,
            }
            new.in_force()?;
            screen.line(format_args!(
                "{}: only the new key opens it; copies made before still open with the old one",
                device.vault.display()
            ))
        }
        VaultCommand::Audit { device, canary } => {
            let phrases: Vec<String> = crate::device::text(canary)?.lines().map(str::to_owned).collect();
            let unfit = phrases.iter().position(|phrase| !(4..=1024).contains(&phrase.len()));
            if let Some(at) = unfit.or(phrases.is_empty().then_some(0)) {
                let file = canary.display();
                return Err(Trouble::Given(format!(
                    "{file}: line {}: a phrase has 4 to 1,024 bytes",
                    at + 1
                )));
            }
            let found = match &opened(device)? {
                Opened::Tablet(tablet) => tablet.audit(&phrases)?,
                Opened::Evaluator(evaluator) => evaluator.audit(&phrases)?,
            };
            for hit in &found.hits {
                let place = hit.page.map_or("in clear".to_owned(), |page| format!("page {page}"));
                screen.line(format_args!("phrase {}: {}, {place}", hit.phrase + 1, hit.file))?;
            }
            screen.line(format_args!("{} phrases sought in {} pages", phrases.len(), found.pages))?;
            match found.hits.len() {
                0 => Ok(()),
                hits => Err(Trouble::Given(format!("{hits} places hold what was sought, listed above"))),
            }
        }
        VaultCommand::Repair { device } => {
            let opened = opened(device)?;
            let done = match &opened {
                Opened::Tablet(tablet) => tablet.repair(),
                Opened::Evaluator(evaluator) => evaluator.repair(),
            };
            let RepairedView { records, set_aside } = done.map_err(|failure| match failure {
                Failure::Corrupt(text) => Failure::Corrupt(format!(
                    "{text}. Pages of the file itself cannot be repaired: keep it, put a backup in its place with \
                     `nightjar vault restore`, and sync; what the hub has comes back"
                )),
                other => other,
            })?;
            screen.line(format_args!(
                "{}: {records} records built anew, {set_aside} damaged envelopes kept as bytes only",
                device.vault.display()
            ))?;
            verify(&opened, &device.vault, screen)
        }
    }
}

fn restore(device: &VaultArgs, from: &Path, screen: &mut Screen) -> Result<(), Trouble> {
    if !from.is_file() {
        return Err(Trouble::Given(format!("{}: there is no backup; check the path", from.display())));
    }
    // The backup's own key: another may have been in force when it was made.
    let key = key::open(from, &device.key)?;
    let aside = key.restore(from, &device.vault)?;
    if let Some(aside) = &aside {
        key::for_copy(&device.vault, &device.key, aside)?;
    }
    key::for_copy(from, &device.key, &device.vault)?;
    screen.line(format_args!("{}: is now what {} holds", device.vault.display(), from.display()))?;
    match aside {
        Some(aside) => screen.line(format_args!(
            "what was there is now {}; delete it once nothing is missing. Sync before you go on: what was sent since comes back",
            aside.display()
        )),
        None => Ok(()),
    }
}

fn check(opened: &Opened, path: &Path, screen: &mut Screen) -> Result<(), Trouble> {
    let (status, records) = match opened {
        Opened::Tablet(tablet) => {
            tablet.check()?;
            (tablet.status()?, read_through(|request| tablet.records(request), tablet.status()?.study)?)
        }
        Opened::Evaluator(evaluator) => {
            evaluator.check()?;
            let status = evaluator.status()?;
            let study = status.study.clone();
            (status, read_through(|request| evaluator.records(request), study)?)
        }
    };
    screen.line(format_args!("{}: sound", path.display()))?;
    let StatusView { label, drafts, waiting, at_hub, set_aside, released, late, .. } = status;
    screen.line(format_args!(
        "{label}: {records} records can be read here, {drafts} forms unfinished, {waiting} envelopes waiting for the \
         hub, {at_hub} at the hub, {released} left to hub and evaluators, {late} have waited more than 30 days, {set_aside} kept as \
         they came"
    ))
}

fn verify(opened: &Opened, path: &Path, screen: &mut Screen) -> Result<(), Trouble> {
    let found = match opened {
        Opened::Tablet(tablet) => tablet.verify()?,
        Opened::Evaluator(evaluator) => evaluator.verify()?,
    };
    let VerifiedView { records, changes, .. } = found;
    if found.is_sound() {
        return screen.line(format_args!(
            "{}: {records} records are what their {changes} sealed changes come to",
            path.display()
        ));
    }
    for record in &found.records_astray {
        screen.line(format_args!("record {record} is not what its changes come to"))?;
    }
    Err(Trouble::Facade(Failure::Corrupt(format!(
        "{}: {} records and {} envelopes are not as the sealed changes say, {} envelopes are damaged; \
         `nightjar vault repair` builds the records anew and deletes nothing",
        path.display(),
        found.records_astray.len(),
        found.envelopes_astray,
        found.damaged
    ))))
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
