//! This tablet: sending and receiving, and how it joins a study.

use maud::{Markup, html};
use nightjar::Failure;

use super::Drawn;
use crate::picture;
use crate::staff::Job;
use crate::texts::filled;

/// Sending and receiving: how it goes, and in plain words what came of it.
pub(super) fn sync(drawn: &Drawn<'_>) -> Result<Markup, Failure> {
    let texts = drawn.texts;
    let status = drawn.tablet.status()?;
    let all = status.at_hub + status.waiting;
    let numbers = [
        ("there", status.at_hub.to_string()),
        ("all", all.to_string()),
        ("waiting", status.waiting.to_string()),
        ("read", status.applied_by_evaluator.to_string()),
    ];
    let numbers: Vec<(&str, &str)> = numbers.iter().map(|(name, count)| (*name, count.as_str())).collect();
    let job = drawn.work.now();
    Ok(html! {
        h1 { (texts.sync_title) }
        p role="status" {
            @match &job {
                Job::Syncing => { strong { (texts.sync_goes_on) } " " },
                Job::Offline => { strong { (texts.sync_offline) } " " },
                Job::Failed(why) => { strong { (texts.sync_failed) } " " (why) " " },
                Job::Synced(done) if done.waiting == 0 => { strong { (texts.sync_all) } " " },
                Job::Synced(_) => { strong { (texts.sync_some) } " " },
                Job::None | Job::Joining | Job::Joined => {},
            }
            @if all == 0 { (texts.sync_nothing) }
            @else if status.waiting == 0 { (filled(&texts.sync_received, &numbers)) }
            @else { (filled(&texts.sync_waits, &numbers)) }
        }
        @if matches!(job, Job::Syncing) && all > 0 {
            progress max=(all) value=(status.at_hub) aria-label=(texts.sync_goes_on) {}
        }
        p { (filled(&texts.sync_read, &numbers)) }
        @if let Job::Synced(done) = &job {
            @if done.pulled > 0 { p { (filled(&texts.sync_pulled, &[("count", &done.pulled.to_string())])) } }
            @if done.hub_lost_data { p { (texts.sync_hub_lost) } }
            @if !done.refused.is_empty() {
                p { (filled(&texts.sync_refused, &[("count", &done.refused.len().to_string())])) }
                ul { @for why in done.refused.iter().take(10) { li { (why) } } }
            }
            @if !done.set_aside.is_empty() {
                p { (filled(&texts.sync_set_aside, &[("count", &done.set_aside.len().to_string())])) }
            }
        }
        @if status.late > 0 { p { (filled(&texts.sync_late, &[("count", &status.late.to_string())])) } }
        @if status.newer_version { p { (texts.newer_version) } }
        @if !matches!(job, Job::Syncing) {
            p { button .nhsuk-button.nhsuk-button--secondary name="do" value="sync" { (texts.sync_now) } }
        }
    })
}

/// What this tablet is, and until it has joined a study how it does.
pub(super) fn draw(drawn: &Drawn<'_>) -> Result<Markup, Failure> {
    let texts = drawn.texts;
    let status = drawn.tablet.status()?;
    if let Some(study) = &status.study {
        let lines = [
            (&texts.tablet_label, status.label.as_str()),
            (&texts.tablet_study, study),
            (&texts.tablet_version, status.version.as_deref().unwrap_or_default()),
            (&texts.tablet_ward, &drawn.place.name),
        ];
        return Ok(html! {
            h1 { (texts.tablet_title) }
            dl .nhsuk-summary-list {
                @for (words, value) in lines {
                    div .nhsuk-summary-list__row { dt .nhsuk-summary-list__key { (words) } dd .nhsuk-summary-list__value { (value) } }
                }
            }
            @if let Some(trouble) = &drawn.place.trouble {
                div .nhsuk-error-summary role="alert" tabindex="-1" { p { (trouble) } p { (texts.no_ward) } }
            } @else if matches!(drawn.work.now(), Job::Joined) {
                div .nhsuk-inset-text role="status" { p { (texts.joined) } }
                p { button .nhsuk-button.nhsuk-button--secondary name="do" value="go:roles" { (texts.to_roles) } }
            }
        });
    }
    let request = drawn.tablet.enrolment_request()?;
    let job = drawn.work.now();
    Ok(html! {
        h1 { (texts.join_title) }
        p { (texts.join_request_lead) }
        div .nhsuk-form-group {
            label .nhsuk-label for="request" { (texts.join_request) }
            textarea #request .nhsuk-textarea.code rows="4" readonly spellcheck="false" lang="zxx" { (request) }
        }
        @if let Some(picture) = picture::of(&request, &texts.join_picture) { (picture) }
        p { (texts.join_invitation_lead) }
        div .nhsuk-form-group {
            label .nhsuk-label for="invitation" { (texts.join_invitation) }
            @match &job {
                Job::Offline => span .nhsuk-error-message role="alert" { (texts.join_offline) },
                Job::Failed(why) => span .nhsuk-error-message role="alert" { (why) },
                _ => {},
            }
            textarea #invitation .nhsuk-textarea.code name="invitation" rows="4" autocapitalize="none" spellcheck="false" autocomplete="off" {}
        }
        @if matches!(job, Job::Joining) { p role="status" { (texts.joining) } }
        @else { p { button .nhsuk-button.nhsuk-button--secondary name="do" value="join" { (texts.join) } } }
    })
}
