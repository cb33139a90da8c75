//! This tablet: sending and receiving, and how it joins a study.

use maud::{Markup, html};
use nightjar::Failure;

use super::Drawn;
use crate::picture;
use crate::staff::Job;
use crate::sticks;
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
    let (received, waits) = match status.has_hub {
        true => (&texts.sync_received, &texts.sync_waits),
        false => (&texts.stick_received, &texts.stick_waits),
    };
    let numbers: Vec<(&str, &str)> = numbers.iter().map(|(name, count)| (*name, count.as_str())).collect();
    let job = drawn.work.now();
    Ok(html! {
        h1 { (texts.sync_title) }
        p role="status" {
            @match &job {
                Job::Syncing => { strong { (texts.sync_goes_on) } " " },
                Job::Offline => { strong { (texts.sync_offline) } " " },
                Job::Failed(why) => { strong { (texts.sync_failed) } " " (why) " " },
                Job::Synced(done) if done.waiting == 0 && status.waiting == 0 => { strong { (texts.sync_all) } " " },
                Job::Synced(done) if done.waiting > 0 => { strong { (texts.sync_some) } " " },
                Job::Writing => { strong { (texts.stick_writing) } " " },
                Job::Reading => { strong { (texts.stick_reading) } " " },
                Job::Written(..) | Job::Read(_) => { strong { (texts.stick_out) } " " },
                Job::Synced(_) | Job::None | Job::Joining | Job::Joined | Job::Looking | Job::Looked => {},
            }
            @if all == 0 { (texts.sync_nothing) }
            @else if status.waiting == 0 { (filled(received, &numbers)) }
            @else { (filled(waits, &numbers)) }
        }
        (stick(drawn, &job))
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
        @if !job.goes_on() {
            @if status.has_hub {
                p { button .nhsuk-button.nhsuk-button--secondary name="do" value="sync" { (texts.sync_now) } }
            }
            h2 { (texts.stick_title) }
            p { (texts.stick_lead) }
            @let sticks = sticks::now(&drawn.place.sticks);
            @if sticks.is_empty() {
                p { (texts.stick_none) }
                p { button .nhsuk-button.nhsuk-button--secondary name="do" value="go:sync" { (texts.stick_look) } }
            }
            ul .many {
                @for (at, stick) in sticks.iter().enumerate() {
                    li {
                        button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("write-stick:{at}:{}", stick.name)) {
                            (filled(&texts.stick_write, &[("stick", &stick.name)]))
                        }
                    }
                    li {
                        button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("read-stick:{at}:{}", stick.name)) {
                            (filled(&texts.stick_read, &[("stick", &stick.name)]))
                        }
                    }
                }
            }
        }
    })
}

/// What came of writing to a stick or reading from it.
fn stick(drawn: &Drawn<'_>, job: &Job) -> Markup {
    let texts = drawn.texts;
    html! {
        @match job {
            Job::Written(name, written) => {
                p { (filled(&texts.stick_written, &[("count", &written.envelopes.to_string()), ("file", name)])) }
                p { (texts.stick_stays) }
            },
            Job::Read(read) => {
                @if read.bundles == 0 && read.troubles.is_empty() { p { (texts.stick_empty) } }
                @else {
                    p {
                        (filled(&texts.stick_taken, &[
                            ("files", &read.bundles.to_string()),
                            ("new", &read.new.to_string()),
                            ("known", &read.known.to_string()),
                        ]))
                    }
                }
                @if read.missing_before + read.of_strangers + read.left > 0 { p { (texts.stick_more) } }
                @if !read.troubles.is_empty() {
                    p { (texts.stick_troubles) }
                    ul { @for why in read.troubles.iter().take(10) { li { (why) } } }
                }
                @if !read.set_aside.is_empty() {
                    p { (filled(&texts.sync_set_aside, &[("count", &read.set_aside.len().to_string())])) }
                }
            },
            _ => {},
        }
    }
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
    let parts = nightjar::picture_parts(&request);
    let job = drawn.work.now();
    Ok(html! {
        h1 { (texts.join_title) }
        p { (texts.join_request_lead) }
        p #fingerprint { (filled(&texts.join_fingerprint, &[("fingerprint", &drawn.tablet.fingerprint())])) }
        div .nhsuk-form-group {
            label .nhsuk-label for="request" { (texts.join_request) }
            textarea #request .nhsuk-textarea.code rows="4" readonly spellcheck="false" lang="zxx" { (request) }
        }
        @for (at, part) in parts.iter().enumerate() {
            @let label = [("part", (at + 1).to_string()), ("parts", parts.len().to_string())];
            @let label: Vec<(&str, &str)> = label.iter().map(|(name, value)| (*name, value.as_str())).collect();
            @if let Some(picture) = picture::of(part, &filled(&texts.join_picture, &label)) { (picture) }
        }
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
        @else {
            p { button .nhsuk-button.nhsuk-button--secondary name="do" value="join" { (texts.join) } }
            p { (texts.join_stick_lead) }
            @let sticks = sticks::now(&drawn.place.sticks);
            @if sticks.is_empty() { p { (texts.stick_none) } }
            ul .many {
                @for (at, stick) in sticks.iter().enumerate() {
                    li {
                        button .nhsuk-button.nhsuk-button--secondary name="do" value=(format!("join-stick:{at}:{}", stick.name)) {
                            (filled(&texts.join_stick, &[("stick", &stick.name)]))
                        }
                    }
                }
            }
        }
    })
}
