//! Pictures and recordings: attached to an unfinished form, sealed when it is handed in, read by whoever may read the record.

use nightjar_form::{Attached, CellKey, Entry, Value};
use nightjar_seal::RecordKey;
use nightjar_vault::{DraftId, Resealed};
use zeroize::Zeroizing;

use crate::device::Device;
use crate::failure::Failure;
use crate::finish;
use crate::media;
use crate::sitting::{Open, Sitting, closed};
use crate::view::{AttachmentView, OutcomeView};

impl Sitting {
    /// Attaches a picture (JPEG, PNG) or a recording (WAV, Ogg Opus, WebM, AAC in MPEG-4) to the question at a path, in place of what was
    /// attached there. Pictures are drawn anew, so that nothing of where and when they were taken stays; what else is taken out is in
    /// ADR 0032. It never lies on the disk but sealed, and when this returns it survives a power cut.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a question that does not take it, a file that is damaged or too large, and for more than 16 of them; storage
    /// failures. Nothing has changed then.
    pub fn attach(&self, path: &str, bytes: &[u8]) -> Result<OutcomeView, Failure> {
        let kind = self.lock().as_ref().ok_or_else(closed)?.session.kind(path);
        let takes = kind.and_then(media::taken_by);
        let takes = takes.ok_or_else(|| Failure::Invalid("nothing can be attached there".into()))?;
        let media = media::recognise(bytes).filter(|media| Some(media.kind()) == kind);
        let media = media.ok_or_else(|| Failure::Invalid(takes.into()))?;
        let kept = media::kept(media, bytes)?;
        let hash = *blake3::hash(&kept).as_bytes();
        let attached = Attached { media, size: kept.len() as u64, hash, chunks: Vec::new() };
        let value = Some(Value::Text(attached.to_string()));
        let entry = Entry::Answer { path: path.to_owned(), value };
        let done = self.act_by(entry, |device, draft, line, open| {
            device.vault.attach(draft, &kept, line, &attached_to(open))
        })?;
        Ok(done.0.into())
    }

    /// Takes back what is attached to the question at a path, and destroys it.
    ///
    /// # Errors
    /// As [`Sitting::answer`].
    pub fn detach(&self, path: &str) -> Result<OutcomeView, Failure> {
        let entry = Entry::Answer { path: path.to_owned(), value: None };
        let done = self.act_by(entry, |device, draft, line, open| {
            device.vault.detach(draft, line, &attached_to(open))
        })?;
        Ok(done.0.into())
    }

    /// What is attached to the question at a path, to show it to whoever attached it.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when nothing is; [`Failure::Corrupt`] when it is not what was attached.
    pub fn attachment(&self, path: &str) -> Result<AttachmentView, Failure> {
        let held = self.lock();
        let open = held.as_ref().ok_or_else(closed)?;
        let named = open.session.value(path).and_then(named).ok_or_else(nothing)?;
        let bytes = self.device().vault.attached(self.draft(), &named.hash)?;
        Ok(AttachmentView { media_type: named.media.media_type().to_owned(), bytes: bytes.to_vec() })
    }
}

/// The hashes of what is attached to a form, wherever it is asked.
fn attached_to(open: &Open) -> Vec<[u8; 32]> {
    let left = open.kept.iter().filter_map(|kept| named(&kept.left.value));
    open.session.attached().into_iter().chain(left).map(|attached| attached.hash).collect()
}

fn named(value: &Value) -> Option<Attached> {
    match value {
        Value::Text(text) if Attached::claims(text) => text.parse().ok(),
        _ => None,
    }
}

fn nothing() -> Failure {
    Failure::Invalid("nothing is attached there".into())
}

/// Seals what answers name under the record's key, and puts the names of its chunks into the answers. What was sealed before, as of a
/// response that is corrected, is named already.
pub(crate) fn seal(
    device: &Device,
    draft: &DraftId,
    key: &RecordKey,
    cells: &mut [(CellKey, Value)],
) -> Result<Option<Resealed>, Failure> {
    if !cells.iter().any(|(_, value)| named(value).is_some_and(|named| named.chunks.is_empty())) {
        return Ok(None);
    }
    // A text may look like the name of something that nobody attached: it is a text then.
    let attached = device.vault.attached_hashes(draft)?;
    let of_draft = cells.iter_mut().filter_map(|(_, value)| {
        let named = named(value).filter(|named| named.chunks.is_empty() && attached.contains(&named.hash))?;
        Some((value, named))
    });
    let of_draft: Vec<_> = of_draft.collect();
    if of_draft.is_empty() {
        return Ok(None);
    }
    let hashes: Vec<_> = of_draft.iter().map(|(_, named)| named.hash).collect();
    let resealed = device.vault.reseal(draft, &hashes, key)?;
    for (value, mut named) in of_draft {
        let names = resealed.names(&named.hash).ok_or_else(nothing)?;
        named.chunks = names.iter().map(|name| name.0).collect();
        *value = Value::Text(named.to_string());
    }
    Ok(Some(resealed))
}

/// What is attached to a record that can be read here, by the name of the question or by the answer itself.
pub(crate) fn of_record(device: &Device, record: &str, name: &str) -> Result<AttachmentView, Failure> {
    let (joined, id) = (device.joined()?, device.record_id(record)?);
    let record = joined.reading(|reading| device.vault.record(&id, reading))?;
    let meta = record.meta().ok_or_else(|| Failure::Invalid("this record cannot be read yet".into()))?;
    let cells = record.cells();
    let held = cells.iter().flat_map(|cell| cell.held.iter().map(|held| (cell.key, &held.value)));
    let held: Vec<(CellKey, Attached)> = held.filter_map(|(key, value)| Some((key, named(value)?))).collect();
    let mut found: Vec<&Attached> = match name.parse::<Attached>() {
        Ok(wanted) => held.iter().map(|(_, named)| named).filter(|named| **named == wanted).collect(),
        Err(_) => {
            let cell = finish::cell_named(&finish::forms(device, &joined, meta)?, name)?;
            held.iter().filter(|(key, _)| *key == cell).map(|(_, named)| named).collect()
        }
    };
    let named = found.pop().ok_or_else(nothing)?;
    if !found.is_empty() {
        return Err(Failure::Invalid("there are several there: name one by its answer".into()));
    }
    let bytes: Zeroizing<Vec<u8>> = device.vault.attachment(&id, named)?;
    Ok(AttachmentView { media_type: named.media.media_type().to_owned(), bytes: bytes.to_vec() })
}
