//! A respondent comes back with the words of their receipt: they read what they said, change it or take it out. Nobody else can, and
//! nothing here says who they are.

use std::collections::BTreeMap;
use std::sync::Arc;

use nightjar_form::{
    Answers, Attached, CellKey, Instrument, Item, ItemKind, Language, Missing, Opening, Session, Value,
};
use nightjar_record::{Hand, Meta, Record, RecordError};
use nightjar_seal::{
    DeviceTag, Dictionary, Header, Membership, Receipt, Refused, Sealing, Withdrawal, seal_with,
};
use nightjar_vault::{Checked, DraftId, DraftMeta, Opened, Own, VaultError};
use zeroize::Zeroizing;

use crate::attaching;
use crate::correcting::filled_in;
use crate::device::Device;
use crate::failure::Failure;
use crate::finish::{all_options, forms, fresh_actor, sealing_form};
use crate::key::{OsEntropy, random};
use crate::membership::Joined;
use crate::sitting::{self, Act, Line, Sitting};
use crate::tablet::Tablet;
use crate::time;
use crate::view::{OwnAnswerView, OwnState, OwnView};

impl Tablet {
    /// What this device still has of the response that these twelve words belong to. `language` is one of the form's, by code or name; its
    /// default one if it has none such.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for what is not twelve of our words; storage failures.
    pub fn own_answers(&self, words: &str, language: &str) -> Result<OwnView, Failure> {
        read(&self.device, words, language)
    }

    /// Asks the hub for the response that these words belong to, where it was given on another tablet or has left this one; then
    /// [`Tablet::own_answers`] and the others know it here, too. Whether the hub has any of it. Waits for the hub.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for what is not twelve of our words; [`Failure::Offline`]; storage failures.
    pub fn fetch_own(&self, words: &str) -> Result<bool, Failure> {
        self.device.block_on(fetch(&self.device, words))
    }

    /// [`Tablet::fetch_own`], awaited.
    ///
    /// # Errors
    /// As [`Tablet::fetch_own`].
    pub async fn fetch_own_async(&self, words: String) -> Result<bool, Failure> {
        let words = Zeroizing::new(words);
        let device = Arc::clone(&self.device);
        self.device.spawn(async move { fetch(&device, &words).await }).await
    }

    /// Opens the response that these words belong to again, as it was handed in: [`Sitting::finish_correction`] hands in what differs.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when it cannot be changed here, see [`OwnView::may_change`]; storage failures.
    pub fn correct_own(&self, words: &str, language: &str) -> Result<Sitting, Failure> {
        let draft = reopen(&self.device, words, language)?;
        Sitting::resume(Arc::clone(&self.device), draft)
    }

    /// Locks what was begun to correct a response under the words of its receipt: whoever was there with them has gone. Also done at
    /// hand-over, after idle time, and whenever the vault is opened.
    ///
    /// # Errors
    /// Storage failures.
    pub fn lock_own(&self) -> Result<(), Failure> {
        lock(&self.device)
    }

    /// Takes the response that these words belong to out: from this device at once, and everywhere else when it hears of it. Whether it was
    /// there; taking it out again does nothing.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for what is not twelve of our words, and where this device never held it; storage failures, and then nothing
    /// is changed.
    pub fn take_out(&self, words: &str) -> Result<bool, Failure> {
        take_out(&self.device, words)
    }
}

/// Where a draft says which response it corrects, as hexadecimal.
const CORRECTS: &str = "corrects";

/// Whether a draft corrects a response that was handed in.
pub(crate) fn corrects(meta: &DraftMeta) -> bool {
    meta.extra.contains_key(CORRECTS)
}

/// What this device has of the response that words belong to.
pub(crate) fn read(device: &Device, words: &str, language: &str) -> Result<OwnView, Failure> {
    let (joined, receipt) = (device.joined()?, receipt_of(words)?);
    let study = joined.study();
    let mut view = OwnView {
        state: OwnState::Nowhere,
        form_id: None,
        role: None,
        ward: None,
        week: None,
        answers: Vec::new(),
        corrected: 0,
        may_change: false,
        heard: None,
        data_lock: study.data_lock.to_string(),
        counted: device.now()?.date() >= study.data_lock,
    };
    let (creator, held) = own(device, &joined, &receipt)?;
    let opened = match held {
        Own::Nowhere => return Ok(view),
        Own::Withdrawn => {
            let heard = Some(device.heard_of(&joined, &receipt.origin(creator).record())?);
            return Ok(OwnView { state: OwnState::TakenOut, heard, ..view });
        }
        Own::Left => return Ok(OwnView { state: OwnState::Left, ..view }),
        Own::Sealed => return Ok(OwnView { state: OwnState::Sealed, ..view }),
        Own::Open(opened) => opened,
    };
    view.may_change = changeable(device, &joined, &opened)?.is_some();
    let Opened { record, changes, .. } = *opened;
    let meta = founded(&record)?;
    view.answers = answers(&forms(device, &joined, meta)?, &record, language);
    Ok(OwnView {
        state: OwnState::Open,
        form_id: Some(meta.instrument.clone()),
        role: Some(meta.role.clone()),
        ward: Some(meta.ward.clone()),
        week: meta.week.clone(),
        corrected: changes.saturating_sub(1),
        ..view
    })
}

/// Takes a response out, and tells whoever else may have it.
pub(crate) fn take_out(device: &Device, words: &str) -> Result<bool, Failure> {
    let (joined, receipt) = (device.joined()?, receipt_of(words)?);
    let (creator, held) = own(device, &joined, &receipt)?;
    match held {
        Own::Nowhere => Err(Failure::Invalid("these words belong to no answers on this tablet".into())),
        Own::Withdrawn => Ok(false),
        Own::Left | Own::Sealed | Own::Open(_) => {
            let marker = Withdrawal::new(&receipt, joined.study_tag, receipt.origin(creator))?;
            for draft in corrections(device, creator, &receipt)? {
                device.sittings.end(&draft, || Ok(device.vault.discard(&draft)?))?;
            }
            // Once for the hub and evaluators, and once where every device reads: the tablet it was given on has its sealed bytes.
            let head = joined.roster().head();
            let tells = [joined.scopes.responses, joined.scopes.ward]
                .map(|scope| marker.envelope(scope, device.tag(), head));
            let tells = tells.into_iter().collect::<Result<Vec<_>, _>>()?;
            let done = device.vault.withdraw_and_tell(&tells, &joined.study_tag)?;
            if done.new {
                device.await_confirmations(&joined)?;
            }
            device.notifier.changed(done.record.map(|record| record.to_string()));
            Ok(done.new)
        }
    }
}

/// Opens a response as a draft, filled in as it was handed in.
pub(crate) fn reopen(device: &Device, words: &str, language: &str) -> Result<DraftId, Failure> {
    let (joined, receipt) = (device.joined()?, receipt_of(words)?);
    let (creator, Own::Open(opened)) = own(device, &joined, &receipt)? else {
        return Err(Failure::Invalid("these words open no answers on this tablet".into()));
    };
    let form = changeable(device, &joined, &opened)?.ok_or_else(|| {
        Failure::Invalid("these answers can be read and taken out, but not changed here".into())
    })?;
    let record = opened.record;
    let meta = founded(&record)?;
    // What was begun before and not handed in goes on: only these words open it.
    if let Some(draft) = device.vault.unlock(&receipt.draft_secret())? {
        return Ok(draft);
    }
    let name = named(creator, &receipt);
    let now = device.now()?;
    let language = spoken(&form, language);
    let draft = DraftMeta {
        instrument: meta.instrument.clone(),
        version: meta.version,
        role: meta.role.clone(),
        ward: meta.ward.clone(),
        language: language.name().to_owned(),
        opened: now.to_string(),
        seed: u64::from_le_bytes(random()?),
        extra: [(CORRECTS.to_owned(), name)].into(),
    };
    let opening = Opening { language: Some(language.clone()), now: now.clone(), seed: draft.seed };
    let held: BTreeMap<CellKey, Value> = said(&record);
    let value_of = |item: &Item| Some(as_chosen(item, held.get(&CellKey::from(item.key()))?));
    let (_, entries) = filled_in(&form, opening, value_of)?;
    let line = |entry| serde_json::to_vec(&Line::Act(Box::new(Act { entry, at: now.clone() })));
    let lines = entries.into_iter().map(|entry| line(entry).map(Zeroizing::new));
    let lines = lines.collect::<Result<Vec<_>, _>>().map_err(Failure::internal)?;
    // In one transaction: there is no moment at which it could be found open without its words.
    Ok(device.vault.begin_with(&draft, &lines, Some(&receipt.draft_secret()))?)
}

/// Nobody is there with their words any more: what corrects a response opens with them only.
pub(crate) fn lock(device: &Device) -> Result<(), Failure> {
    let drafts = device.vault.drafts()?.into_iter();
    for draft in drafts.filter(|draft| !draft.locked && corrects(&draft.meta)) {
        device.sittings.end(&draft.id, || Ok(device.vault.lock(&draft.id).map(drop)?))?;
    }
    Ok(())
}

/// How a draft names the response of a receipt that it corrects.
fn named(creator: DeviceTag, receipt: &Receipt) -> String {
    data_encoding::HEXLOWER.encode(&receipt.origin(creator).record().0)
}

/// What was begun to correct the response of a receipt, and not handed in.
fn corrections(device: &Device, creator: DeviceTag, receipt: &Receipt) -> Result<Vec<DraftId>, Failure> {
    let name = named(creator, receipt);
    let drafts = device.vault.drafts()?.into_iter();
    Ok(drafts.filter(|draft| draft.meta.extra.get(CORRECTS) == Some(&name)).map(|draft| draft.id).collect())
}

/// Hands in what differs from what a response says, signed by its receipt. Whether anything did.
pub(crate) fn correct(
    device: &Device,
    draft: &DraftId,
    about: &DraftMeta,
    session: &Session,
    given: &Answers,
    words: &str,
) -> Result<bool, Failure> {
    let (joined, receipt) = (device.joined()?, receipt_of(words)?);
    let (creator, held) = own(device, &joined, &receipt)?;
    let tag = receipt.origin(creator).record();
    match about.extra.get(CORRECTS) {
        Some(name) if *name == named(creator, &receipt) => {}
        Some(_) => return Err(Failure::Invalid("these words belong to other answers".into())),
        None => return Err(Failure::Invalid("these answers were not handed in yet".into())),
    }
    let Own::Open(opened) = held else {
        return Err(Failure::Invalid("these answers were taken out, or are no longer on this tablet".into()));
    };
    if opened.waits {
        return Err(Failure::Invalid("a part of these answers is not on this tablet".into()));
    }
    let Opened { record, key, .. } = *opened;
    let meta = founded(&record)?;
    let mut edits = differences(&record, session, about, given)?;
    let attached = attaching::seal(device, draft, &key, &mut edits)?;
    let forms = forms(device, &joined, meta)?;
    let hand = Hand { role: meta.role.clone(), at: None };
    let written = match record.correct(&edits, &all_options(&forms), &hand, fresh_actor(device, record.id())?)
    {
        Err(RecordError::Nothing) => {
            device.vault.discard(draft)?;
            return Ok(false);
        }
        written => written?,
    };
    let scopes = &joined.scopes;
    let confidential = joined.entry(&meta.instrument)?.confidential;
    let scope = if confidential { scopes.responses } else { scopes.ward };
    let mut header = Header::change(joined.study_tag, scope, tag, device.tag(), joined.roster().head(), &key);
    header.period = if confidential { Some(time::period(&device.now()?)) } else { None };
    header.proof = Some(receipt.sign_correction(&joined.study_tag, &tag, &written.bytes));
    let form = sealing_form(device, &joined, meta, &forms)?;
    let dictionary = Dictionary::new(nightjar_record::dictionary(form))?;
    let sealing = Sealing { recipients: None, dictionary: Some(&dictionary) };
    let change = seal_with(header, &written.bytes, &key, sealing, &mut OsEntropy)?;
    joined.reading(|reading| -> Result<(), VaultError> {
        let checked = Checked::open(&written, change, Some(dictionary), key, reading)?.with(attached);
        device.vault.correct_own(draft, checked, reading).map(drop)
    })?;
    Ok(true)
}

/// The response of a receipt, and the device it was given on: this one, else one whose sealed bytes were fetched.
fn own(device: &Device, joined: &Joined, receipt: &Receipt) -> Result<(DeviceTag, Own), Failure> {
    for creator in creators(device, joined) {
        match joined.reading(|reading| device.vault.own_response(receipt, creator, reading))? {
            Own::Nowhere => {}
            held => return Ok((creator, held)),
        }
    }
    Ok((device.tag(), Own::Nowhere))
}

/// Devices on which a response may have been given, this one first.
fn creators(device: &Device, joined: &Joined) -> Vec<DeviceTag> {
    let members = joined.roster().members().iter();
    let tablets =
        members.filter(|(tag, member)| member.membership == Membership::Tablet && **tag != device.tag());
    std::iter::once(device.tag()).chain(tablets.map(|(tag, _)| *tag)).collect()
}

/// Asks the hub for the response of a receipt, on whatever tablet it was given, and keeps its sealed bytes. Whether there was any.
pub(crate) async fn fetch(device: &Device, words: &str) -> Result<bool, Failure> {
    let receipt = receipt_of(words)?;
    let _one_at_a_time = device.syncing.lock().await;
    let (joined, hub) = (device.joined()?, device.hub()?);
    if hub.is_empty() {
        return Err(Failure::Offline("this study has no hub".into()));
    }
    let transport = device.transport(&hub)?;
    let (study, scope) = (joined.study_tag, joined.scopes.responses);
    let names: Vec<_> =
        creators(device, &joined).into_iter().map(|tag| receipt.origin(tag).record()).collect();
    for names in names.chunks(nightjar_sync::bounds::RECORDS) {
        let request = nightjar_sync::recall(study, scope, names.to_vec())?;
        let response = transport.send(&request, &device.keys, &mut OsEntropy).await?;
        let envelopes = nightjar_sync::recalled(study, scope, names, &response)?;
        if envelopes.is_empty() {
            continue;
        }
        let done = joined.reading(|reading| device.vault.keep_recalled(&envelopes, reading))?;
        device.notifier.changed(done.records.iter().map(ToString::to_string));
        return Ok(true);
    }
    Ok(false)
}

fn receipt_of(words: &str) -> Result<Receipt, Failure> {
    Receipt::from_words(words).map_err(|refused| match refused {
        Refused::Malformed { problem, .. } => Failure::Invalid(format!(
            "these are not twelve of our words: {problem}. Look at each one and try again"
        )),
        _ => Failure::Invalid("these are not twelve of our words. Look at each one and try again".into()),
    })
}

fn founded(record: &Record) -> Result<&Meta, Failure> {
    record.meta().ok_or_else(|| Failure::Corrupt("a response without its beginning".into()))
}

/// The form of a response that can be filled in again: all of it is here, in the version it was given in, without parts that repeat, of
/// whose instances a record does not say the order.
fn changeable(device: &Device, joined: &Joined, opened: &Opened) -> Result<Option<Arc<Instrument>>, Failure> {
    let record = &opened.record;
    if opened.waits {
        return Ok(None);
    }
    if record.cells().iter().any(|cell| cell.key.instance.is_some() || cell.held.len() != 1) {
        return Ok(None);
    }
    let meta = founded(record)?;
    joined.version_of(device, &meta.instrument, &meta.version)
}

/// What a response says, where it says one thing.
fn said(record: &Record) -> BTreeMap<CellKey, Value> {
    let cells = record.cells().into_iter();
    cells.filter_map(|cell| Some((cell.key, cell.held.first()?.value.clone()))).collect()
}

/// A value as it was chosen: the choice that stands for its reason, where the form has one.
fn as_chosen(item: &Item, value: &Value) -> Value {
    let Value::Missing(missing) = value else { return value.clone() };
    let stands_for = item.choices().iter().find(|choice| choice.missing() == Some(*missing));
    match (stands_for, item.kind()) {
        (Some(choice), ItemKind::SelectOne) => Value::One(choice.code().to_owned()),
        (Some(choice), ItemKind::SelectMultiple) => Value::Many(vec![choice.code().to_owned()]),
        _ => value.clone(),
    }
}

/// What was given now and differs from what a response says, and from the form as it was opened: what the form drew or worked out anew
/// by itself is nobody's correction, nor is why a question was left blank. What is no longer asked does not apply any more.
fn differences(
    record: &Record,
    session: &Session,
    about: &DraftMeta,
    given: &Answers,
) -> Result<Vec<(CellKey, Value)>, Failure> {
    let said = said(record);
    let form = session.instrument();
    let value_of = |item: &Item| Some(as_chosen(item, said.get(&CellKey::from(item.key()))?));
    let opened = filled_in(form, sitting::opening(about)?, value_of)?.0.stop().cells;
    let opened: BTreeMap<CellKey, Value> = opened.into_iter().collect();
    let blank = |value: Option<&Value>| {
        value.is_none_or(|value| value.missing().is_some_and(|missing| !missing.is_chosen()))
    };
    let changed = |(key, value): &&(CellKey, Value)| {
        let before = said.get(key);
        before != Some(value) && opened.get(key) != Some(value) && !(blank(before) && blank(Some(value)))
    };
    let mut edits: Vec<(CellKey, Value)> = given.cells.iter().filter(changed).cloned().collect();
    for key in opened.keys() {
        let asked = given.cells.iter().any(|(given, _)| given == key);
        if !asked && said.get(key).is_some_and(|before| !blank(Some(before))) {
            edits.push((*key, Value::Missing(Missing::NotApplicable)));
        }
    }
    Ok(edits)
}

fn spoken<'f>(form: &'f Instrument, language: &str) -> &'f Language {
    let languages = form.languages();
    let code = Language::new(language).code().to_owned();
    let base = code.split('-').next().unwrap_or_default();
    let known = |code: &str| languages.iter().find(|known| known.name() == language || known.code() == code);
    known(&code).or_else(|| known(base)).unwrap_or_else(|| form.default_language())
}

/// What was asked and said, in the order of the form; what only another version asks comes last.
fn answers(forms: &[&Instrument], record: &Record, language: &str) -> Vec<OwnAnswerView> {
    let cells = record.cells();
    let mut found = Vec::new();
    let mut told: Vec<CellKey> = Vec::new();
    for form in forms {
        let language = spoken(form, language);
        for item in form.items().iter().filter(|item| item.kind().is_asked()) {
            for cell in cells.iter().filter(|cell| cell.key.item == item.key()) {
                if told.contains(&cell.key) {
                    continue;
                }
                told.push(cell.key);
                found.extend(cell.held.iter().map(|held| OwnAnswerView {
                    question: item.label(language).to_owned(),
                    answer: in_words(item, &held.value, language),
                    value: held.value.clone(),
                }));
            }
        }
    }
    found
}

/// A value in words of a language; nothing for one that is none, unless a choice says why.
fn in_words(item: &Item, value: &Value, language: &Language) -> String {
    let label = |code: &str| item.choice(code).map_or(code, |choice| choice.label(language)).to_owned();
    match as_chosen(item, value) {
        Value::One(code) => label(&code),
        Value::Many(codes) => codes.iter().map(|code| label(code)).collect::<Vec<_>>().join(", "),
        Value::Missing(_) => String::new(),
        Value::Text(text) => Attached::in_words(&text).unwrap_or(text),
        other => other.to_text(),
    }
}
