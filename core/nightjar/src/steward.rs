//! The founder: founds a study, names the recovery key and stewards, puts devices out. The root key stays in the founder's vault.

use std::collections::BTreeSet;

use nightjar_form::{Difference, Effect};
use nightjar_record::study::Study;
use nightjar_seal::{
    Act, DeviceTag, DocumentHash, EpochKey, Grant, LastGood, Membership, RecoveryKeys, RecoveryShare,
    RootKeys, Roster, Strand, Terms, WrappedEpoch,
};
use zeroize::Zeroizing;

use crate::agreeing;
use crate::device::Device;
use crate::enrol::{self, ROOT, keep, keep_here, members};
use crate::failure::Failure;
use crate::key::OsEntropy;
use crate::membership::{Joined, Scopes};
use crate::published;
use crate::study_pack::StudyPack;
use crate::sync;
use crate::syncing::SyncOptions;
use crate::view::{AsksView, FormChangeView, MemberView};

/// Founds a study.
#[derive(Clone)]
pub struct FoundRequest {
    /// The study and its forms.
    pub pack: StudyPack,
    /// The hub's address, such as `http://127.0.0.1:8080`; `None` for a study that lives on this device alone.
    pub hub: Option<String>,
    /// What the hub printed when it first started; ignored without a hub.
    pub setup_code: String,
}

/// What a steward may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DelegateRequest {
    /// The steward's device: its label, or the beginning of its tag.
    pub who: String,
    /// How many devices they may let in, those that they let in before among them; 1 to 512.
    pub devices: u32,
    /// Whether evaluators' devices, too.
    pub evaluators: bool,
    /// Codes of the wards they may let devices in for; all when there are none.
    pub wards: Vec<String>,
    /// For how many days from now, by the hub's time.
    pub days: u32,
}

pub(crate) async fn found(device: &Device, request: FoundRequest) -> Result<(), Failure> {
    if device.maybe_joined()?.is_some() {
        return Err(Failure::Invalid("this device belongs to a study already".into()));
    }
    let FoundRequest { pack, hub, setup_code } = request;
    let root = RootKeys::generate(&mut OsEntropy);
    let title: String = pack.study().title.chars().take(60).collect();
    let mut roster = Roster::found(&root, DocumentHash(pack.hash()), &title, &mut OsEntropy)?;
    let (identity, ward) = (EpochKey::generate(&mut OsEntropy), EpochKey::generate(&mut OsEntropy));
    let scopes = Scopes::of(&roster.study());
    let own = device.keys.public();
    let epochs = vec![
        WrappedEpoch::new(scopes.identity, &identity, &own, &mut OsEntropy)?,
        WrappedEpoch::new(scopes.ward, &ward, &own, &mut OsEntropy)?,
    ];
    roster.append(
        Act::Admit {
            device: own,
            label: device.label.clone(),
            membership: Membership::Evaluator,
            grants: vec![Grant::all(Vec::new())],
            epochs,
        },
        &root,
    )?;
    if let Some(hub) = &hub {
        sync::found(device, hub, &roster, &setup_code).await?;
        // Its time counts in this study from now on. The entry goes there with the next one, or the next sync.
        let (public, _) = sync::time_of(device, hub, &roster).await?;
        roster.append(Act::Clock { public }, &root)?;
    }
    device.vault.keep_setting(ROOT, &root.to_bytes())?;
    device.keep_study(&pack, &roster, hub.as_deref().unwrap_or_default())
}

/// Makes the recovery key and gives its words; or its shares, of which so many are needed.
pub(crate) fn add_recovery(device: &Device, shares: Option<(u8, u8)>) -> Result<Vec<String>, Failure> {
    let root = root(device)?;
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    let joined = device.joined()?;
    if joined.roster().recovery().is_some() {
        return Err(Failure::Invalid(
            "this study has its recovery words already; they are on paper and nowhere else".into(),
        ));
    }
    let mut roster = joined.roster().clone();
    let recovery = RecoveryKeys::generate(&mut OsEntropy);
    let papers = match shares {
        None => vec![words(&recovery)],
        Some((shares, needed)) => {
            let shares = recovery.split(shares, needed, &mut OsEntropy)?;
            shares.iter().map(|share| share.to_text().to_string()).collect()
        }
    };
    roster.append(Act::Recovery { public: recovery.public() }, &root)?;
    // The hub hears of it with the next sync or admission: nothing stands between the key and whoever writes its words down.
    keep_here(device, &roster, joined.roster().entries().len())?;
    Ok(papers)
}

/// That what stands on these papers is the study's recovery key: the words of one, or so many shares as it takes.
pub(crate) fn check_recovery(device: &Device, papers: &[String]) -> Result<(), Failure> {
    let joined = device.joined()?;
    let named = joined.roster().recovery();
    let named = named.ok_or_else(|| Failure::Invalid("this study has no recovery key yet".into()))?;
    let recovery = match papers {
        [one] if one.chars().filter(char::is_ascii_alphanumeric).count() == WORDS => read_words(one)?,
        papers => {
            let read = |paper: &String| RecoveryShare::from_text(paper);
            RecoveryKeys::put_together(&papers.iter().map(read).collect::<Result<Vec<_>, _>>()?)?
        }
    };
    match recovery.public() == *named {
        true => Ok(()),
        false => Err(Failure::Invalid("this is the recovery key of another study".into())),
    }
}

/// Makes a member a steward, or changes what they may do.
pub(crate) fn delegate(device: &Device, request: DelegateRequest) -> Result<MemberView, Failure> {
    let root = root(device)?;
    sync_before(device);
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    // Whoever is made a steward has a place in the roster, and what they granted before stays.
    enrol::entered(device, device.study_time()?, &BTreeSet::new())?;
    let joined = device.joined()?;
    let DelegateRequest { who, devices, evaluators, wards, days } = request;
    let steward = found_by(&joined, &who, false)?;
    if steward == device.tag() {
        return Err(Failure::Invalid("the founder lets devices in anyway".into()));
    }
    if let Some(unknown) = wards.iter().find(|ward| joined.study().ward(ward).is_none()) {
        return Err(Failure::Invalid(format!("the study has no ward \"{unknown}\"")));
    }
    let mut scopes = vec![joined.scopes.identity, joined.scopes.ward];
    scopes.sort_unstable();
    let until = device.study_time()?.saturating_add(u64::from(days) * 86_400);
    let terms = Some(Terms { devices, evaluators, wards, scopes, until });
    let mut roster = joined.roster().clone();
    roster.append(Act::Delegate { steward, terms }, &root)?;
    keep(device, &roster, joined.roster().entries().len())?;
    view_of(device, steward)
}

/// Ends that a member is a steward. What they let in, as far as it is known here after a sync, stays.
pub(crate) fn end_delegation(device: &Device, who: &str) -> Result<MemberView, Failure> {
    let root = root(device)?;
    sync_before(device);
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    enrol::entered(device, device.study_time()?, &BTreeSet::new())?;
    let joined = device.joined()?;
    let steward = found_by(&joined, who, false)?;
    let mut roster = joined.roster().clone();
    roster.append(Act::Delegate { steward, terms: None }, &root)?;
    keep(device, &roster, joined.roster().entries().len())?;
    judged_again(device, joined.roster(), steward)
}

/// Tries a sync, so that what is decided is decided on what the hub knows. Offline it is decided all the same.
fn sync_before(device: &Device) {
    if device.hub().is_ok_and(|hub| !hub.is_empty()) {
        let _ = device.block_on(device.sync(&SyncOptions::default()));
    }
}

/// Puts a device out, and gives the ward's epoch a new key that it does not get. What the steward has of its chains is its last good
/// place: a sync is tried before, so that this is as far as the hub is.
pub(crate) fn put_out(device: &Device, who: &str) -> Result<MemberView, Failure> {
    let root = root(device)?;
    // Offline it is put out as well; what came to the hub meanwhile then waits for a person.
    sync_before(device);
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    // It may be a steward: whom they let in until now stays. And whoever is put out has a place in the roster.
    enrol::entered(device, device.study_time()?, &BTreeSet::new())?;
    let joined = device.joined()?;
    let tag = found_by(&joined, who, false)?;
    if tag == device.tag() {
        return Err(Failure::Invalid("the steward's own device cannot put itself out".into()));
    }
    let mut roster = joined.roster().clone();
    let last_good = known_of(device, tag)?;
    roster.append(Act::Revoke { device: tag, last_good }, &root)?;
    let key = EpochKey::generate(&mut OsEntropy);
    let stay = roster.members().values().filter(|member| member.since.is_some() && member.revoked.is_none());
    let wraps = stay
        .map(|member| WrappedEpoch::new(joined.scopes.ward, &key, &member.public, &mut OsEntropy))
        .collect::<Result<Vec<_>, _>>()?;
    roster.append(Act::Epoch { wraps }, &root)?;
    keep(device, &roster, joined.roster().entries().len())?;
    judged_again(device, joined.roster(), tag)
}

/// Lets everything that is here of a device that was put out count after all: what it wrote; the word of a steward for it that did not
/// count; and whom it let in, if it was a steward's itself.
pub(crate) fn accept(device: &Device, who: &str) -> Result<MemberView, Failure> {
    let root = root(device)?;
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    let joined = device.joined()?;
    let tag = found_by(&joined, who, true)?;
    let mut roster = joined.roster().clone();
    let passes: Vec<_> =
        roster.passes().filter(|pass| pass.device() == tag || pass.steward() == tag).cloned().collect();
    if !passes.is_empty() {
        let at = roster.time();
        enrol::enter_these(&joined, &mut roster, at, passes, &root)?;
    }
    if roster.member(&tag).is_some_and(|member| member.revoked.is_some()) {
        let last_good = known_of(device, tag)?;
        roster.append(Act::Accept { device: tag, last_good }, &root)?;
    }
    keep(device, &roster, joined.roster().entries().len())?;
    judged_again(device, joined.roster(), tag)
}

/// Good places in one roster entry at most.
const MOST_PLACES: usize = 400;

/// How far the chains of a device reach here: of each the last places, so that whoever has not everything can judge what they have.
fn known_of(device: &Device, tag: DeviceTag) -> Result<Vec<LastGood>, Failure> {
    let chains: Vec<_> = device.vault.received()?.into_iter().filter(|chain| chain.device == tag).collect();
    let each = (MOST_PLACES / chains.len().max(1)).max(1);
    let mut known = Vec::new();
    for chain in chains {
        let strand = Strand { device: tag, line: chain.line };
        let before = chain.expected.saturating_sub(each as u64);
        for link in device.vault.links(&strand, &chain.scope, before, each)? {
            known.push(LastGood { scope: chain.scope, line: chain.line, place: link.seq, hash: link.hash() });
        }
    }
    known.extend(published::good_of(device, &tag)?);
    known.sort_unstable();
    // Names of publications are cut short there: of two that begin alike one is enough to put the device out.
    known.dedup_by_key(|good| (good.scope, good.line, good.place));
    Ok(known)
}

fn judged_again(device: &Device, before: &Roster, tag: DeviceTag) -> Result<MemberView, Failure> {
    enrol::judge_again(device, before)?;
    view_of(device, tag)
}

fn view_of(device: &Device, tag: DeviceTag) -> Result<MemberView, Failure> {
    members(&*device.joined()?)
        .into_iter()
        .find(|member| member.tag == tag.to_string())
        .ok_or_else(|| Failure::internal("a device that was put out is in no roster"))
}

/// The device of a label, or of the beginning of its tag where a label is not unique.
pub(crate) fn found_by(joined: &Joined, who: &str, put_out: bool) -> Result<DeviceTag, Failure> {
    let members = || joined.roster().members().iter();
    let here = || members().filter(|(_, member)| member.revoked.is_some() == put_out);
    let labelled: Vec<_> = here().filter(|(_, member)| member.label == who).collect();
    let tagged: Vec<_> = here()
        .filter(|(tag, _)| who.len() >= 8 && tag.to_string().starts_with(&who.to_lowercase()))
        .collect();
    match (labelled.as_slice(), tagged.as_slice()) {
        ([(tag, _)], _) | ([], [(tag, _)]) => Ok(**tag),
        ([], []) => Err(Failure::Invalid(format!("no device of the study is called \"{who}\""))),
        _ => Err(Failure::Invalid(format!(
            "several devices are called \"{who}\"; name one by the beginning of its tag"
        ))),
    }
}

/// Names another version of the study in the roster.
pub(crate) fn new_version(device: &Device, pack: &StudyPack) -> Result<Vec<FormChangeView>, Failure> {
    let root = root(device)?;
    let _one_at_a_time = device.block_on(async { Ok(device.syncing.lock().await) })?;
    let joined = device.joined()?;
    carries_on(joined.study(), pack.study())?;
    if pack.hash() == joined.roster().document().0 {
        return Err(Failure::Invalid("this is the version of the study that is in force already".into()));
    }
    let mut changed = Vec::new();
    for form in pack.instruments() {
        let Some(before) = joined.pack.instrument(form.form_id()).filter(|old| old.hash() != form.hash())
        else {
            continue;
        };
        let difference = Difference::between(before, form);
        changed.push(FormChangeView {
            form_id: form.form_id().to_owned(),
            changes: difference.changes.len() as u64,
            breaks: difference.changes.iter().filter(|change| change.effect == Effect::Breaks).count() as u64,
        });
    }
    // The files first: a device never goes by a roster whose forms it does not hold where it could hold them.
    device.keep_pack(pack)?;
    let mut roster = joined.roster().clone();
    let act = Act::Document { document: DocumentHash(pack.hash()) };
    agreeing::append(device, &mut roster, act, &root)?;
    keep(device, &roster, joined.roster().entries().len())?;
    Ok(changed)
}

/// What to ask second stewards before a version of the study is named; `None` where the founder does that alone.
pub(crate) fn asks_for_version(device: &Device, pack: &StudyPack) -> Result<Option<AsksView>, Failure> {
    let joined = device.joined()?;
    carries_on(joined.study(), pack.study())?;
    Ok(agreeing::asks(joined.roster(), &Act::Document { document: DocumentHash(pack.hash()) }))
}

/// A new version keeps the codes that records and grants were made with.
fn carries_on(old: &Study, new: &Study) -> Result<(), Failure> {
    let mut problems = Vec::new();
    if old.id != new.id {
        problems.push(format!("this is another study: \"{}\", not \"{}\"", new.id, old.id));
    }
    if old.version == new.version {
        problems.push(format!("the version is still \"{}\"; give the new one another", new.version));
    }
    for ward in old.wards.iter().filter(|ward| new.ward(&ward.code).is_none()) {
        problems.push(format!("the ward \"{}\" is gone", ward.code));
    }
    for role in old.roles.iter().filter(|role| new.role(&role.code).is_none()) {
        problems.push(format!("the role \"{}\" is gone", role.code));
    }
    for form in &old.instruments {
        match new.instrument(&form.id) {
            None => {
                problems.push(format!("the form \"{}\" is gone; keep it and let no role fill it in", form.id))
            }
            Some(now) if now.kind != form.kind || now.confidential != form.confidential => {
                problems.push(format!("the form \"{}\" has another kind or confidentiality", form.id))
            }
            Some(now) if now.natural_key != form.natural_key => {
                problems.push(format!("the form \"{}\" has another natural key", form.id))
            }
            Some(_) => {}
        }
    }
    match problems.is_empty() {
        true => Ok(()),
        false => Err(Failure::Invalid(problems.join("\n"))),
    }
}

/// Whether this device founded the study.
pub(crate) fn is_steward(device: &Device) -> Result<bool, Failure> {
    Ok(enrol::root(device)?.is_some())
}

pub(crate) fn root(device: &Device) -> Result<RootKeys, Failure> {
    enrol::root(device)?
        .ok_or_else(|| Failure::Rejected("only the device that founded the study can do this".into()))
}

/// The recovery key in groups of four characters, for paper.
fn words(recovery: &RecoveryKeys) -> String {
    let text = data_encoding::BASE32_NOPAD.encode(&recovery.to_bytes());
    let groups: Vec<&str> =
        (0..text.len()).step_by(4).map(|at| &text[at..(at + 4).min(text.len())]).collect();
    groups.join("-")
}

/// Characters of a whole recovery key: 32 bytes in base32.
const WORDS: usize = 52;

fn read_words(paper: &str) -> Result<RecoveryKeys, Failure> {
    let plain: String = paper.chars().filter(char::is_ascii_alphanumeric).collect();
    let bytes = data_encoding::BASE32_NOPAD.decode(plain.to_ascii_uppercase().as_bytes());
    let bytes = bytes.map_err(|_| Failure::Invalid("a character of these words is none of theirs".into()))?;
    Ok(RecoveryKeys::from_bytes(&Zeroizing::new(bytes))?)
}
