//! `nightjar study …`: checking a pack, founding a study, letting devices in.

use nightjar::{Admission, DelegateRequest, Evaluator, FormChangeView, FoundRequest, MemberView};

use crate::command::{StudyCommand, VaultArgs};
use crate::device::{self, Opened, options};
use crate::terminal::Screen;
use crate::trouble::Trouble;
use crate::{key, pack, picture, taking_out};

pub(crate) fn run(asked: &StudyCommand, screen: &mut Screen) -> Result<(), Trouble> {
    match asked {
        StudyCommand::Check { study } => check(study, screen),
        StudyCommand::Found { device, study, hub, setup_code } => {
            if hub.is_some() && setup_code.is_none() {
                return Err(Trouble::Given(
                    "--hub goes with --setup-code, the file with what the hub printed".into(),
                ));
            }
            let setup_code = setup_code.as_deref().map(|file| self::setup_code(&device::text(file)?));
            let (pack, setup_code) =
                (pack::load(study.as_deref())?, setup_code.transpose()?.unwrap_or_default());
            open(device)?.found(FoundRequest { pack, hub: hub.clone(), setup_code })?;
            screen.line("The study is founded; this device is its steward.")?;
            screen.line("Before a tablet may collect it needs recovery words (`nightjar study recovery`)")?;
            screen.line("and a second evaluator device (`nightjar study admit --evaluator`).")
        }
        StudyCommand::Delegate { device, who, end: true, .. } => {
            let ended = open(device)?.end_delegation(who)?;
            screen.line(format_args!("{} lets nobody in any more.", ended.label))?;
            screen.line("Whom it let in stays in, as far as this device knew of them.")
        }
        StudyCommand::Delegate { device, who, devices, ward, evaluators, days, .. } => {
            let request = DelegateRequest {
                who: who.clone(),
                devices: devices.unwrap_or_default(),
                evaluators: *evaluators,
                wards: ward.clone(),
                days: *days,
            };
            let steward = open(device)?.delegate(request)?;
            screen.line(format_args!("{} is a steward from its next sync on.", steward.label))?;
            screen.line("It lets devices in with `nightjar study admit`, online or offline.")
        }
        StudyCommand::Admit { device, request, ward, evaluator, fingerprint, hours, qr, consent } => {
            let request = device::text(request)?;
            if let Some(shown) = fingerprint {
                let asks = nightjar::fingerprint_of(&request)?;
                if !shown.trim().eq_ignore_ascii_case(&asks) {
                    return Err(Trouble::Given(format!(
                        "this request is of a device with the fingerprint {asks}; nothing was signed"
                    )));
                }
            }
            let admission =
                if *evaluator { Admission::Evaluator } else { Admission::Tablet { wards: ward.clone() } };
            let invitation = match device::opened(device)? {
                Opened::Tablet(tablet) => tablet.admit(&request, admission, *hours)?,
                Opened::Evaluator(founder) => {
                    let asked = if *evaluator { founder.ask_to_admit(&request)? } else { None };
                    if !taking_out::agreed(&founder, consent, asked, screen)? {
                        return Ok(());
                    }
                    founder.admit_for(&request, admission, *hours)?
                }
            };
            if *qr {
                picture::show(&invitation, screen)?;
            }
            screen.line(invitation)
        }
        StudyCommand::Devices { device } => {
            let members = match device::opened(device)? {
                Opened::Tablet(tablet) => tablet.members()?,
                Opened::Evaluator(evaluator) => evaluator.members()?,
            };
            members.iter().try_for_each(|member| screen.line(line_of(member)))
        }
        StudyCommand::Revoke { device, who } => {
            let put_out = open(device)?.put_out(who)?;
            screen.line(format_args!("{} is put out.", put_out.label))?;
            screen.line("The hub takes nothing more of it from the next time it hears of this; what it had sent counts.")
        }
        StudyCommand::Accept { device, who } => {
            let member = open(device)?.accept(who)?;
            screen.line(format_args!("what came of {} until now counts; it stays put out", member.label))
        }
        StudyCommand::TakingOut(asked) => taking_out::run(asked, screen),
        StudyCommand::Update { device, study, consent } => {
            let (steward, pack) = (open(device)?, pack::load(Some(study))?);
            if !taking_out::agreed(&steward, consent, steward.ask_for_version(&pack)?, screen)? {
                return Ok(());
            }
            let changed = steward.new_version(&pack)?;
            for FormChangeView { form_id, changes, breaks } in &changed {
                screen.line(format_args!(
                    "{form_id}: {changes} changes, {breaks} of them break a column (`nightjar form diff` lists them)"
                ))?;
            }
            device::print_version(&steward.status()?, None, screen)?;
            screen
                .line("Devices learn of it when they sync, and take it with `nightjar tablet update` and")?;
            screen.line("`nightjar evaluate update`; until then they go on with the version they hold.")
        }
        StudyCommand::Recovery { device, check, .. } if !check.is_empty() => {
            let papers = check.iter().map(|file| device::text(file)).collect::<Result<Vec<_>, _>>()?;
            open(device)?.check_recovery(&papers)?;
            screen.line("This is the study's recovery key.")
        }
        StudyCommand::Recovery { device, shares: Some(shares), needed: Some(needed), .. } => {
            let papers = open(device)?.add_recovery_shares(*shares, *needed)?;
            screen.line(
                "Write each of these on a paper of its own, now. They are shown this once and kept nowhere.",
            )?;
            screen.line(format_args!(
                "Any {needed} of them are needed to have the key; fewer say nothing about it."
            ))?;
            for (at, paper) in papers.iter().enumerate() {
                screen.heading(format_args!("Paper {} of {shares}", at + 1))?;
                screen.line(paper)?;
            }
            Ok(())
        }
        StudyCommand::Recovery { device, .. } => {
            let words = open(device)?.add_recovery()?;
            screen.line("Write these words on paper, now. They are shown this once and kept nowhere.")?;
            screen.heading(words)
        }
    }
}

fn line_of(member: &MemberView) -> String {
    let (tag, kind, fingerprint, label) =
        (&member.tag[..12], &member.kind, &member.fingerprint, &member.label);
    let mut line = format!("{tag}  {kind:<9}  {fingerprint}  {label}");
    if member.put_out {
        line += "  put out";
    }
    if member.steward && !member.put_out {
        line += "  second steward";
    }
    if let Some(steward) = &member.let_in_by {
        line += &format!("  let in by {steward}");
    }
    if member.waits {
        line += "  waits for its place";
    }
    if let Some(most) = member.may_let_in {
        line += &format!("  steward: has let in {} of {most}", member.has_let_in);
    }
    line
}

pub(crate) fn open(device: &VaultArgs) -> Result<Evaluator, Trouble> {
    Ok(Evaluator::open(&device.vault, &key::open(&device.vault, &device.key)?, options())?)
}

/// The code itself, or the line of JSON in which the hub printed it.
fn setup_code(text: &str) -> Result<String, Trouble> {
    #[derive(serde::Deserialize)]
    struct Listening {
        setup_code: Option<String>,
    }
    let Some(line) = text.lines().map(str::trim).find(|line| line.starts_with('{')) else {
        return Ok(text.to_owned());
    };
    let said: Option<Listening> = serde_json::from_str(line).ok();
    said.and_then(|said| said.setup_code).ok_or_else(|| {
        Trouble::Given(
            "there is no setup code in that file; `nightjar hub serve` prints one until a study is founded"
                .into(),
        )
    })
}

fn check(folder: &std::path::Path, screen: &mut Screen) -> Result<(), Trouble> {
    if folder.is_dir() && !folder.join("study.toml").is_file() {
        return Err(Trouble::Given(format!("{}: study.toml is missing from this folder", folder.display())));
    }
    let pack = match pack::load(Some(folder)) {
        Ok(pack) => pack,
        Err(Trouble::Facade(nightjar::Failure::Invalid(problems))) => {
            screen.line(&problems)?;
            let count = problems.lines().count();
            return Err(Trouble::Given(format!(
                "{count} {} in this study, listed above; correct them and check again",
                if count == 1 { "problem" } else { "problems" }
            )));
        }
        Err(trouble) => return Err(trouble),
    };
    let study = pack.study();
    for warning in study.warnings() {
        screen.line(format_args!("warning: {warning}"))?;
    }
    screen.line(format_args!("{} (version {}) is sound", study.title, study.version))?;
    let beds: u32 = study.wards.iter().filter_map(|ward| ward.beds.first()).map(|beds| beds.beds).sum();
    screen.line(format_args!(
        "{} wards with {beds} beds, {} forms",
        study.wards.len(),
        study.instruments.len()
    ))?;
    for form in &study.instruments {
        screen.line(format_args!("  {:<16} {:<10} {}", form.id, form.kind.code(), form.wording_status))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::setup_code;

    #[test]
    fn a_setup_code_is_taken_bare_or_as_the_hub_printed_it() {
        assert_eq!(setup_code("4F7-QX").unwrap(), "4F7-QX");
        let line = r#"{"listening":"http://127.0.0.1:1","setup_code":"4F7-QX"}"#;
        assert_eq!(setup_code(line).unwrap(), "4F7-QX");
        assert!(setup_code(r#"{"listening":"http://127.0.0.1:1"}"#).is_err());
        assert!(setup_code("{").is_err());
    }
}
