//! From answers to a sealed change: which record it is, who it is sealed for, and what this device keeps of it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::view::DisputeRequest;
use nightjar_form::{Answers, CellKey, Instrument, LeftBehind, Missing, Session, Value};
use nightjar_record::study::{InstrumentKind, StudyInstrument, WARD};
use nightjar_record::{
    Actor, ChangeHash, Dispute, Hand, Identity, Meta, Nature, Purpose, Record, RecordError, RecordId, Settle,
    Written, create, options_of,
};
use nightjar_seal::{
    Dictionary, Header, Origin, ReadingPublic, Receipt, Recipient, RecordKey, RecordTag, Safeguard, Sealing,
    seal_with,
};
use nightjar_vault::{Checked, DraftId, DraftMeta, Readable, Reading, Unsent, VaultError, tag_of};

use crate::attaching;
use crate::correcting::Correcting;
use crate::device::Device;
use crate::failure::Failure;
use crate::key::{OsEntropy, random};
use crate::membership::Joined;
use crate::moving::{INFORMATION, never_given};
use crate::sitting::Open;
use crate::time;
use crate::view::{FinishedView, ReceiptKind};

/// How a person's answering ended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ended {
    /// To the end.
    Finished,
    /// They stopped, and kept what they had answered.
    Stopped,
}

impl Ended {
    fn code(self) -> &'static str {
        match self {
            Self::Finished => "finished",
            Self::Stopped => "stopped",
        }
    }
}

/// Writes the one change of a finished draft, seals it, opens it again as a receiver would, and stores it in place of
/// the draft.
pub(crate) fn finish(
    device: &Device,
    draft: &DraftId,
    about: &DraftMeta,
    open: &Open,
    answers: Answers,
    ended: Ended,
    receipt: Option<(&Receipt, ReceiptKind)>,
) -> Result<FinishedView, Failure> {
    let joined = device.joined()?;
    let session = &open.session;
    let instrument = Arc::clone(session.instrument());
    let entry = joined.entry(&about.instrument)?;
    let confidential = entry.confidential;
    let origin = match receipt {
        // The words and this device alone find it again. Finished in a copy of the tablet it is another response: a receipt is
        // nowhere but with whoever took it.
        Some((receipt, _)) if entry.kind == InstrumentKind::Response => Some(receipt.origin(device.tag())),
        Some(_) => {
            return Err(Failure::Invalid(
                "only for what people say about themselves there are receipts".into(),
            ));
        }
        None => has_origin(entry.kind).then(|| origin_of(device, draft)).transpose()?,
    };
    let meta =
        describe(device, &joined, entry, &instrument, about, session, &answers, ended, origin.as_ref())?;
    let id = meta.record_id(&joined.identity);
    let tag = tag_of(&meta, &joined.identity);
    joined.is_kept_as(confidential, &tag)?;
    // Whom somebody asked when would say, beside an answer of the same minute, whose it is.
    let hand = device.hand(&about.role, confidential || entry.kind == InstrumentKind::Encounter)?;
    let actor = fresh_actor(device, id)?;
    let mut options = options_of(&instrument);

    let mut cells = answers.cells;
    // What an earlier version asked and this one does not is theirs too, in a column of its own.
    for (cell, kept) in open.sealed() {
        let LeftBehind { value, .. } = &kept.left;
        let form = joined.version_of(device, &about.instrument, &kept.version)?.ok_or_else(never_given)?;
        let item = form.item(&cell.item).ok_or_else(|| Failure::Corrupt("a draft's journal".into()))?;
        if let Some(choices) = options_of(&form).remove(&cell.item) {
            options.insert(cell.item, choices);
        }
        cells.push((cell, item.meaning(value)));
    }
    if matches!(meta.identity, Identity::Once(_)) {
        // A blank question says nothing about a thing that exists once; it must not cover what somebody else has said.
        cells.retain(|(_, value)| value.missing().is_none_or(Missing::is_chosen));
    }
    let mut form: &Instrument = &instrument;
    if let Some(record) = existing(device, &joined, &id)? {
        if says_all(&record, &cells, &options) {
            return Err(Failure::Invalid(
                "this record says exactly that already; throw these answers away".into(),
            ));
        }
        // Whoever can read what is there can read what is added.
        if let Some(meta) = record.meta() {
            form = sealing_form(device, &joined, meta, &[form])?;
        }
    }
    // Whoever filled in the form has not seen what the record says, whether that came before or while they did: what they say stands
    // beside it, as that of a twin tablet does. Only who looks at a record corrects it.
    let (key, hand_out) = match device.vault.own_record_key(&tag)? {
        Some(key) => (key, false),
        None => (RecordKey::generate(&mut OsEntropy), true),
    };
    let attached = attaching::seal(device, draft, &key, &mut cells)?;
    let written = create(&meta, &cells, &options, &joined.identity, &hand, actor)?;
    let scope = if confidential { joined.scopes.responses } else { joined.scopes.ward };
    let mut header = Header::change(joined.study_tag, scope, tag, device.tag(), joined.roster().head(), &key);
    header.origin = origin;
    header.period = if confidential { Some(time::period(&device.now()?)) } else { None };
    let reads = receipt.filter(|(_, kind)| *kind == ReceiptKind::Read).map(|(receipt, _)| receipt.reading());
    let checked = sealed(&joined, None, &written, header, key, hand_out, confidential, reads.as_ref(), form)?;
    let checked = checked.with(attached);
    let readable = if confidential { Readable::Elsewhere } else { Readable::Here };
    let finished = joined.reading(|reading| device.vault.finish(draft, checked, readable, reading))?;
    Ok(FinishedView { record: finished.record.to_string(), readable: !confidential })
}

/// Whether a record says all of this already, with nothing beside it.
fn says_all(record: &Record, cells: &[(CellKey, Value)], options: &nightjar_record::Options) -> bool {
    let (held, open) = (record.cells(), record.conflicts());
    let lines = |text: &str| format!("\n{}\n", text.trim());
    let says = |there: &Value, value: &Value, key: &CellKey| match (there, value) {
        (Value::Text(there), Value::Text(text))
            if options.get(&key.item).is_some_and(|choices| choices.note) =>
        {
            lines(there).contains(&lines(text))
        }
        _ => there == value,
    };
    cells.iter().all(|(key, value)| {
        let there = held.iter().filter(|cell| cell.key == *key && !open.iter().any(|c| c.cell == *key));
        there.map(|cell| cell.values()).any(|values| matches!(values[..], [only] if says(only, value, key)))
    })
}

/// What the id of a finished draft is made of: the same however often it is finished, so that a copy of the tablet from before
/// makes no second response of it.
fn origin_of(device: &Device, draft: &DraftId) -> Result<Origin, Failure> {
    Ok(Origin { withdrawal: None, creator: device.tag(), salt: device.vault.salt_of(draft)? })
}

/// Corrects cells of a fact.
pub(crate) fn amend(
    device: &Device,
    id: RecordId,
    role: &str,
    changes: &[(String, Value)],
) -> Result<(), Failure> {
    let write_it = |follow: bool| {
        write(device, id, role, |record, forms, hand, actor| {
            let named = changes
                .iter()
                .map(|(name, value)| Ok((cell_named(forms, name)?, value.clone())))
                .collect::<Result<Vec<_>, Failure>>()?;
            let (mut cells, open) = with_what_follows(device, record, &named, false)?;
            let options = all_options(forms);
            if open.is_empty() || !follow {
                return Ok(Some(record.edit(&cells, &options, hand, actor)?));
            }
            cells.retain(|(key, _)| !open.iter().any(|settle| settle.cell == *key));
            Ok(Some(record.settle_with(&open, &cells, "", &options, hand, actor)?))
        })
    };
    match write_it(true) {
        // What follows settles something, which this device was not granted; the correction it was.
        Err(Failure::Rejected(_)) => write_it(false),
        done => done,
    }
}

/// Values by cell.
type Cells = Vec<(CellKey, Value)>;

/// New values as the form takes them with what it works out from them, and apart what of that settles a conflict.
fn with_what_follows(
    device: &Device,
    record: &Record,
    changes: &[(CellKey, Value)],
    settling: bool,
) -> Result<(Cells, Vec<Settle>), Failure> {
    let joined = device.joined()?;
    let meta = record.meta().ok_or_else(|| Failure::Invalid("this record cannot be read yet".into()))?;
    let own = joined.version_of(device, &meta.instrument, &meta.version)?;
    let form = own.or_else(|| joined.pack.instrument(&meta.instrument).cloned());
    let form =
        form.ok_or_else(|| Failure::Incompatible(format!("the study has no form \"{}\"", meta.instrument)))?;
    let correcting = Correcting { entry: joined.entry(&meta.instrument)?, form, record, now: device.now()? };
    let mut cells = correcting.check(changes, settling)?;
    let mut settles = Vec::new();
    for (cell, value) in correcting.worked_out(&cells)? {
        if cells.iter().any(|(key, _)| *key == cell) {
            continue;
        }
        match differing(record, &cell) {
            named if named.is_empty() => cells.push((cell, value)),
            named => settles.push(Settle { cell, value, settles: named }),
        }
    }
    Ok((cells, settles))
}

/// The changes that differ about a cell.
fn differing(record: &Record, cell: &CellKey) -> Vec<ChangeHash> {
    let conflicts = record.conflicts().into_iter().filter(|conflict| conflict.cell == *cell);
    conflicts.flat_map(|conflict| conflict.values.into_iter().map(|held| held.change)).collect()
}

/// Settles one conflict with the value a person chose, naming every value that is held now.
pub(crate) fn settle(
    device: &Device,
    id: RecordId,
    role: &str,
    name: &str,
    value: &Value,
) -> Result<(), Failure> {
    write(device, id, role, |record, forms, hand, actor| {
        let cell = cell_named(forms, name)?;
        let named = differing(record, &cell);
        if named.is_empty() {
            return Err(Failure::Invalid(format!(
                "\"{name}\" has no conflict to settle (any more); look again"
            )));
        }
        let options = all_options(forms);
        let chosen = match with_the_agreed(record, &cell, value, &options) {
            Some(whole) => whole,
            None => value.clone(),
        };
        let (mut cells, follows) = with_what_follows(device, record, &[(cell, chosen.clone())], true)?;
        let value = cells.iter().find(|(key, _)| *key == cell).map_or(chosen, |(_, value)| value.clone());
        cells.retain(|(key, _)| *key != cell);
        let settle = Settle { cell, value, settles: named };
        // What follows from it is settled or written with it.
        let all: Vec<Settle> = std::iter::once(settle).chain(follows).collect();
        Ok(Some(record.settle_with(&all, &cells, "", &options, hand, actor)?))
    })
}

/// Of a question with several ticks: what nobody disputes, and of what is disputed that which was chosen. `None` for another question.
fn with_the_agreed(
    record: &Record,
    cell: &CellKey,
    value: &Value,
    options: &nightjar_record::Options,
) -> Option<Value> {
    let conflicts = record.conflicts();
    let disputed: Vec<&str> = conflicts
        .iter()
        .filter(|conflict| conflict.cell == *cell)
        .filter_map(|c| c.option.as_deref())
        .collect();
    if disputed.is_empty() {
        return None;
    }
    let chosen = |value: &Value| match value {
        Value::Many(codes) => codes.clone(),
        _ => Vec::new(),
    };
    let wanted = chosen(value);
    let held = record.cells().into_iter().find(|held| held.key == *cell)?;
    let agreed: Vec<String> = held.held.iter().flat_map(|held| chosen(&held.value)).collect();
    let is_in = |code: &&String| match disputed.contains(&code.as_str()) {
        true => wanted.contains(code),
        false => agreed.contains(code),
    };
    Some(Value::Many(options.get(&cell.item)?.codes.iter().filter(is_in).cloned().collect()))
}

/// Puts another value beside what the last settlement of an item wrote.
pub(crate) fn dispute(device: &Device, id: RecordId, request: &DisputeRequest) -> Result<(), Failure> {
    let DisputeRequest { name, value, role, reason, .. } = request;
    write(device, id, role, |record, forms, hand, actor| {
        let cell = cell_named(forms, name)?;
        let (cells, _) = with_what_follows(device, record, &[(cell, value.clone())], false)?;
        let value = cells.first().map_or_else(|| value.clone(), |(_, value)| value.clone());
        let dispute = Dispute { cell, value };
        let written = record.dispute(&[dispute], reason, &all_options(forms), hand, actor);
        written.map(Some).map_err(|error| match error {
            RecordError::DisputesOther(_) => Failure::Invalid(format!(
                "\"{name}\" does not hold what was settled (any more); look again, and correct it instead"
            )),
            RecordError::Nothing => Failure::Invalid("that is what was settled".into()),
            RecordError::NeedsReason => Failure::Invalid("say why, so that whoever looks again knows".into()),
            other => other.into(),
        })
    })
}

fn write(
    device: &Device,
    id: RecordId,
    role: &str,
    change: impl FnOnce(&Record, &[&Instrument], &Hand, Actor) -> Result<Option<Written>, Failure>,
) -> Result<(), Failure> {
    let joined = device.joined()?;
    let record = joined.reading(|reading| device.vault.record(&id, reading))?;
    let meta = record.meta().ok_or_else(|| Failure::Invalid("this record cannot be read yet".into()))?;
    if !joined.study().may(role, &meta.instrument) {
        return Err(Failure::Rejected(format!("the role \"{role}\" may not write \"{}\"", meta.instrument)));
    }
    let forms = forms(device, &joined, meta)?;
    let hand = device.hand(role, false)?;
    let Some(written) = change(&record, &forms, &hand, fresh_actor(device, id)?)? else { return Ok(()) };
    let tag = tag_of(meta, &joined.identity);
    let form = sealing_form(device, &joined, meta, &forms)?;
    let own = device.vault.own_record_key(&tag)?.map(|key| key.id());
    let unsent = device.vault.unsent(&tag, &device.tag(), written.bytes.len())?;
    let unsent = unsent.filter(|unsent| own == Some(unsent.header().key));
    if !store(device, &joined, &tag, &written, unsent.as_ref(), form)? {
        // As when a sync gave what it was to travel with its place meanwhile.
        store(device, &joined, &tag, &written, None, form)?;
    }
    device.notifier.changed([id.to_string()]);
    Ok(())
}

/// Seals a change of a ward record and stores it: together with what this device wrote to the record and has not sent yet, in the
/// place of that, if there is such. False when the two cannot go together (any more), and then nothing was stored.
fn store(
    device: &Device,
    joined: &Joined,
    tag: &RecordTag,
    written: &Written,
    unsent: Option<&Unsent>,
    form: &Instrument,
) -> Result<bool, Failure> {
    let roster_head = joined.roster().head();
    let own = device.vault.own_record_key(tag)?;
    let hand_out = unsent.map_or(own.is_none(), Unsent::hands_out);
    let key = own.unwrap_or_else(|| RecordKey::generate(&mut OsEntropy));
    let header = match unsent {
        Some(unsent) => Header { roster_head, ..unsent.header().clone() },
        None => Header::change(joined.study_tag, joined.scopes.ward, *tag, device.tag(), roster_head, &key),
    };
    let checked = sealed(joined, unsent, written, header, key, hand_out, false, None, form)?;
    match joined.reading(|reading| device.vault.amend(checked, reading)) {
        // Whether it is good alone shows when it is tried alone.
        Err(VaultError::WrongOrder | VaultError::SealedWrong | VaultError::Record(_)) if unsent.is_some() => {
            Ok(false)
        }
        stored => Ok(stored.map(|_| true)?),
    }
}

/// The versions of a record's form, the newest first: what it asks it names.
pub(crate) fn forms<'j>(
    device: &Device,
    joined: &'j Joined,
    meta: &Meta,
) -> Result<Vec<&'j Instrument>, Failure> {
    let mut forms = joined.versions(device, meta);
    forms.sort_by_key(|form| {
        joined.pack.instrument(&meta.instrument).is_none_or(|now| now.hash() != form.hash())
    });
    match forms.is_empty() {
        true => Err(Failure::Incompatible(format!("the study has no form \"{}\"", meta.instrument))),
        false => Ok(forms),
    }
}

/// The form whose dictionary a change of a record is sealed with: the one that it was made with, so that nobody who has read the
/// record waits for another; a form that is here where that one is not.
pub(crate) fn sealing_form<'j>(
    device: &Device,
    joined: &'j Joined,
    meta: &Meta,
    others: &[&'j Instrument],
) -> Result<&'j Instrument, Failure> {
    let own = joined.versions(device, meta).into_iter().find(|form| form.hash() == meta.version);
    own.or_else(|| others.first().copied()).ok_or_else(|| Failure::Internal("a record without a form".into()))
}

/// A value of a record's item as somebody writes it.
pub(crate) fn read_value(device: &Device, id: RecordId, name: &str, text: &str) -> Result<Value, Failure> {
    let joined = device.joined()?;
    let record = joined.reading(|reading| device.vault.record(&id, reading))?;
    let meta = record.meta().ok_or_else(|| Failure::Invalid("this record cannot be read yet".into()))?;
    let forms = forms(device, &joined, meta)?;
    let cell = cell_named(&forms, name)?;
    let item = forms.iter().find_map(|form| form.item(&cell.item));
    let read = item.and_then(|item| item.read(text).ok().flatten());
    read.ok_or_else(|| Failure::Invalid(format!("\"{name}\" cannot hold that")))
}

/// Seals a change, after what is unsent of its record, and with it, where its key is new, the key for those who may read; opens it again as a receiver would.
#[expect(clippy::too_many_arguments, reason = "what a change is, and who may read it")]
fn sealed(
    joined: &Joined,
    unsent: Option<&Unsent>,
    written: &Written,
    header: Header,
    key: RecordKey,
    hand_out: bool,
    confidential: bool,
    respondent: Option<&ReadingPublic>,
    form: &Instrument,
) -> Result<Checked, Failure> {
    let mut recipients = if hand_out { Some(joined.readers(confidential)?) } else { None };
    if let Some(recipients) = &mut recipients {
        recipients.extend(respondent.map(Recipient::Receipt));
    }
    let dictionary = Dictionary::new(nightjar_record::dictionary(form))?;
    let sealing = Sealing { recipients: recipients.as_deref(), dictionary: Some(&dictionary) };
    let together = unsent.map(|unsent| unsent.with(&written.bytes));
    let payload = together.as_ref().unwrap_or(&written.bytes);
    let change = seal_with(header, payload, &key, sealing, &mut OsEntropy)?;
    let opened =
        |reading: Reading<'_>| Checked::open_after(unsent, written, change, Some(dictionary), key, reading);
    Ok(joined.reading(opened)?)
}

/// Responses, encounters and positions are given; facts and outcomes exist once.
fn has_origin(kind: InstrumentKind) -> bool {
    matches!(kind, InstrumentKind::Response | InstrumentKind::Encounter | InstrumentKind::Position)
}

#[expect(clippy::too_many_arguments, reason = "a record's description gathers what every room knows of it")]
fn describe(
    device: &Device,
    joined: &Joined,
    entry: &StudyInstrument,
    instrument: &Instrument,
    about: &DraftMeta,
    session: &Session,
    answers: &Answers,
    ended: Ended,
    origin: Option<&Origin>,
) -> Result<Meta, Failure> {
    let natural = natural_key(entry, instrument, &about.ward, answers)?;
    let identity = match origin {
        Some(origin) => Identity::Given(nightjar_record::Origin {
            withdrawal: origin.withdrawal.map(|key| key.0),
            creator: origin.creator.0,
            random: origin.salt,
        }),
        None => Identity::Once(natural.clone()),
    };
    let now = device.now()?;
    let study = joined.study();
    // A night, week or month is in the phase it belongs to, whenever somebody gets round to writing it down.
    let about_day = entry.natural_key.iter().filter_map(|name| instrument.item_named(name)).find_map(
        |item| match answers.get(item.key()) {
            Some(Value::Date(day)) => Some(*day),
            _ => None,
        },
    );
    let coarse = time::period(&now);
    let week = match about_day {
        Some(day) => time::week_of(day),
        None => time::week_text(&coarse),
    };
    let phase_day = about_day.unwrap_or_else(|| study.night_of(&now));
    let wording = study.wording(session.language().code());
    let mut extra = BTreeMap::from([("ended".to_owned(), ended.code().to_owned())]);
    if entry.kind == InstrumentKind::Response {
        // The page that the person has read, whatever has been published since.
        let told = about.extra.get(INFORMATION).unwrap_or(&study.information_version);
        extra.insert(INFORMATION.to_owned(), told.clone());
        extra.insert("wording".to_owned(), wording.language.clone());
    }
    Ok(Meta {
        kind: entry.id.clone(),
        nature: match entry.kind {
            InstrumentKind::Response => Nature::Response,
            InstrumentKind::Encounter | InstrumentKind::Fact => Nature::Fact,
            InstrumentKind::Position => Nature::Voice,
            InstrumentKind::Outcome => Nature::Outcome,
        },
        identity,
        instrument: entry.id.clone(),
        version: instrument.hash(),
        ward: about.ward.clone(),
        role: about.role.clone(),
        phase: study.phase_at(&about.ward, phase_day).map(|phase| phase.code().to_owned()),
        week: Some(week),
        part_of_day: about_day.is_none().then(|| time::part_text(&coarse).to_owned()),
        language: Some(session.language().code().to_owned()),
        case: matches!(entry.kind, InstrumentKind::Position | InstrumentKind::Outcome).then_some(natural),
        purposes: purposes(instrument),
        extra,
    })
}

/// What stands between the parts of a natural key.
pub(crate) const JOIN: &str = " / ";

/// The natural key in words: the values of the items that name the one thing, joined.
fn natural_key(
    entry: &StudyInstrument,
    instrument: &Instrument,
    ward: &str,
    answers: &Answers,
) -> Result<String, Failure> {
    let mut parts = Vec::new();
    for name in &entry.natural_key {
        if name == WARD {
            parts.push(ward.to_owned());
            continue;
        }
        let item = instrument.item_named(name).ok_or_else(|| {
            Failure::Internal(format!("{}: no item \"{name}\" for the natural key", entry.id))
        })?;
        match answers.get(item.key()) {
            Some(value) if value.missing().is_none() => parts.push(value.to_text().trim().to_owned()),
            _ => {
                return Err(Failure::Invalid(format!(
                    "\"{name}\" needs an answer: it says what this record is about"
                )));
            }
        }
    }
    Ok(parts.join(JOIN))
}

/// Which items the merge rules must know, as the workbook's `nightjar::purpose` column says.
fn purposes(instrument: &Instrument) -> BTreeMap<Purpose, CellKey> {
    let items = instrument.items().iter();
    items
        .filter_map(|item| {
            let purpose = Purpose::from_code(item.extra("nightjar::purpose")?)?;
            Some((purpose, CellKey::from(item.key())))
        })
        .collect()
}

fn existing(device: &Device, joined: &Joined, id: &RecordId) -> Result<Option<Record>, Failure> {
    match joined.reading(|reading| device.vault.record(id, reading)) {
        Ok(record) => Ok(Some(record)),
        Err(VaultError::NoRecord) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The cell of a name in the newest version that has it, or the cell whose key is given.
pub(crate) fn cell_named(forms: &[&Instrument], name: &str) -> Result<CellKey, Failure> {
    let named = forms.iter().find_map(|form| form.item_named(name));
    let key = || name.parse().ok().filter(|key: &CellKey| forms.iter().any(|f| f.item(&key.item).is_some()));
    named.map(|item| CellKey::from(item.key())).or_else(key).ok_or_else(|| {
        let form = forms.first().map_or("the form", |form| form.form_id());
        Failure::Invalid(format!("\"{form}\" has no item \"{name}\""))
    })
}

/// What may be ticked in any version, as the newest has it.
pub(crate) fn all_options(forms: &[&Instrument]) -> nightjar_record::Options {
    forms.iter().rev().flat_map(|form| options_of(form)).collect()
}

pub(crate) fn fresh_actor(device: &Device, record: RecordId) -> Result<Actor, Failure> {
    if Safeguard::FreshActor.is_off() {
        // What a vault counts begins anew in a copy of it.
        let outbox = device.vault.outbox()?;
        let mut count = [0; 16];
        count[..8].copy_from_slice(&(outbox.waiting + outbox.acknowledged).to_le_bytes());
        return Ok(Actor::fresh(device.tag().as_bytes(), record, count));
    }
    Ok(Actor::fresh(device.tag().as_bytes(), record, random()?))
}
