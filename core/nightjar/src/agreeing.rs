//! What the founder may not do alone: the study's rule, what second stewards are asked, and what they answer.

#[cfg(feature = "evaluate")]
use nightjar_seal::Rule;
use nightjar_seal::{Act, ActRequest, Consent, Refused, RootKeys, Roster};

use crate::device::Device;
#[cfg(feature = "evaluate")]
use crate::enrol::keep;
use crate::failure::Failure;
#[cfg(feature = "evaluate")]
use crate::steward::root;
#[cfg(feature = "evaluate")]
use crate::view::{ActConsentView, AsksView, RuleRequest};

/// What stewards have answered so far, one after the other as text.
const ANSWERS: &str = "steward.consents";
#[cfg(feature = "evaluate")]
/// Most answers that are kept.
const MOST: usize = 32;

#[cfg(feature = "evaluate")]
/// Makes the study's rule.
pub(crate) fn make_rule(device: &Device, request: &RuleRequest) -> Result<(), Failure> {
    let root = root(device)?;
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    let joined = device.joined()?;
    let RuleRequest { evaluators, documents, lived_experience } = *request;
    let mut roster = joined.roster().clone();
    let act = Act::Rule { rule: Rule { evaluators, documents, lived_experience } };
    roster.append(act, &root).map_err(|refused| match refused {
        Refused::Unfit { problem, .. } | Refused::Malformed { problem, .. } => {
            Failure::Invalid(problem.to_owned())
        }
        other => other.into(),
    })?;
    keep(device, &roster, joined.roster().entries().len())?;
    Ok(())
}

#[cfg(feature = "evaluate")]
/// What to ask second stewards before an act, where the rule says that they have to consent.
pub(crate) fn asks(roster: &Roster, act: &Act) -> Option<AsksView> {
    let rule = roster.rule()?;
    let needed = rule.needs(act);
    (needed > 0).then(|| AsksView {
        request: ActRequest::new(roster, act).to_text(),
        needed: needed as u64,
        lived_experience: rule.lived_experience,
        stewards: roster.stewards().map(|member| member.label.clone()).collect(),
    })
}

#[cfg(feature = "evaluate")]
/// Keeps what a steward answered until the act is done.
pub(crate) fn take_consent(device: &Device, text: &str) -> Result<(), Failure> {
    root(device)?;
    let text = Consent::from_text(text)?.to_text();
    let mut kept = answers(device)?;
    kept.retain(|known| *known != text);
    kept.push(text);
    let from = kept.len().saturating_sub(MOST);
    Ok(device.vault.keep_setting(ANSWERS, kept[from..].join("\n").as_bytes())?)
}

fn answers(device: &Device) -> Result<Vec<String>, Failure> {
    let kept = device.vault.setting(ANSWERS)?.unwrap_or_default();
    let kept = String::from_utf8(kept).map_err(|_| Failure::Corrupt("consents that were kept".into()))?;
    Ok(kept.lines().map(str::to_owned).collect())
}

/// Appends an act with the consents that were given for it.
pub(crate) fn append(device: &Device, roster: &mut Roster, act: Act, root: &RootKeys) -> Result<(), Failure> {
    let needs = roster.rule().is_some_and(|rule| rule.needs(&act) > 0);
    if !needs {
        roster.append(act, root)?;
        return Ok(());
    }
    // Of what stewards answered, what is good for this act and this place.
    let asked = ActRequest::new(roster, &act);
    let mut good = Vec::new();
    for text in answers(device)? {
        let consent = Consent::from_text(&text)?;
        if asked.is_answered_by(&consent, roster) {
            good.push(consent);
        }
    }
    match roster.append_agreed(act, good, root) {
        Ok(_) => Ok(device.vault.forget_setting(ANSWERS)?),
        Err(refused @ Refused::TooFewConsents { .. }) => Err(Failure::Rejected(format!(
            "{refused}; what they answered before the roster grew does not count"
        ))),
        Err(refused) => Err(refused.into()),
    }
}

#[cfg(feature = "evaluate")]
/// Signs what the founder asks for, as this device's own steward.
pub(crate) fn consent(device: &Device, text: &str) -> Result<ActConsentView, Failure> {
    let joined = device.joined()?;
    let request = ActRequest::from_text(text)?;
    if request.study != joined.study_tag {
        return Err(Failure::Invalid("this is asked in another study".into()));
    }
    if request.head != joined.roster().head() {
        let text = "the roster is another one here than where this was asked: sync both devices and ask anew";
        return Err(Failure::Invalid(text.into()));
    }
    if !joined.roster().member(&device.tag()).is_some_and(nightjar_seal::Member::is_steward) {
        return Err(Failure::Rejected("this device is no second steward's".into()));
    }
    let consent = request.consent(&device.keys).to_text();
    match request.act {
        Act::Admit { device: evaluator, label, .. } => Ok(ActConsentView {
            evaluator: Some(label),
            fingerprint: Some(evaluator.fingerprint()),
            document: None,
            consent,
        }),
        Act::Document { document } => Ok(ActConsentView {
            evaluator: None,
            fingerprint: None,
            document: Some(data_encoding::HEXLOWER.encode(&document.0)),
            consent,
        }),
        _ => Err(Failure::Invalid("nobody has to consent to this".into())),
    }
}
