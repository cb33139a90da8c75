//! What was exported: a manifest of each export, so that a later one names what has to be destroyed when something was taken out, and so
//! that two publications are not so near each other that their difference is somebody.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use data_encoding::{BASE64, HEXLOWER};
use nightjar_evaluate::{Folder, Output, Refused, disclose::Policy};
use nightjar_record::{Nature, Query};
use nightjar_seal::RecordTag;
use nightjar_vault::tag_of;
use serde::{Deserialize, Serialize};

use crate::device::Device;
use crate::failure::Failure;
use crate::key::random;
use crate::membership::Joined;
use crate::view::{ExportedFileView, ExportedView, HeldBackView};

/// Under which exports are kept, each by its id.
const OF: &str = "export/";
/// What names records in manifests: without it nobody can tell which record a name is.
const KEY: &str = "exports.key";
/// The manifest among the files.
pub(crate) const MANIFEST: &str = "export/manifest.json";
/// What is meant for others; everything else has a line per record, or says nothing of anybody.
const PUBLISHED: [&str; 2] = ["export/figures.csv", "report.html"];
/// Bytes of a record: its name, what it said, whether it is a response.
const PACKED: usize = 13;

/// An export, as it is kept in the vault.
#[derive(Serialize, Deserialize)]
struct Kept {
    id: String,
    /// Counted from 1.
    number: u64,
    made: String,
    version: String,
    policy: String,
    filter: String,
    envelopes: u64,
    fingerprint: String,
    folder: String,
    /// Whether figures went out with it.
    published: bool,
    /// Whether everything was written; else some of its files may be there.
    whole: bool,
    destroyed: Option<String>,
    files: Vec<ExportedFileView>,
    /// `PACKED` bytes for each record, in order, in Base64.
    records: String,
}

/// The file beside the others. Its records are named so that only this evaluator can match them.
#[derive(Serialize)]
struct Manifest<'a> {
    manifest: &'a str,
    made: &'a str,
    study_version: &'a str,
    disclosure: &'a str,
    filter: &'a str,
    envelopes: u64,
    fingerprint: &'a str,
    held_back: Option<HeldBackView>,
    files: &'a [ExportedFileView],
    destroy: Vec<Destroy>,
    records: Vec<String>,
}

/// Files of an earlier export that hold what was taken out since.
#[derive(Serialize)]
struct Destroy {
    manifest: String,
    made: String,
    files: Vec<ExportedFileView>,
}

/// An export while it is written.
pub(crate) struct Exporting<'a> {
    device: &'a Device,
    kept: Kept,
    pub(crate) held_back: Option<HeldBackView>,
}

impl<'a> Exporting<'a> {
    /// Notes that an export is made, before a file of it is there.
    pub(crate) fn begin(device: &'a Device, joined: &Joined, folder: &Path) -> Result<Self, Failure> {
        let key = key(device)?;
        let id = HEXLOWER.encode(&random::<16>()?);
        let earlier = all(device)?;
        let policy = Policy::of(&joined.study().disclosure);
        let needed = policy.least();
        let records = said(device, joined)?;
        // Beside every publication before, not the last alone: whoever has one of them has it for ever.
        let mut held_back: Option<HeldBackView> = None;
        for before in earlier.iter().filter(|kept| kept.published) {
            let changed = changed(&records, before, &Names::of(&key, &before.id))?;
            if changed > 0 && changed < held_back.map_or(needed, |so_far| so_far.changed) {
                held_back = Some(HeldBackView { changed, needed });
            }
        }
        let made_of = device.vault.made_of()?;
        let names = Names::of(&key, &id);
        let mut packed: Vec<_> = records.iter().map(|said| names.pack(said)).collect();
        packed.sort_unstable();
        let packed = packed.concat();
        let kept = Kept {
            id,
            number: earlier.last().map_or(0, |kept| kept.number) + 1,
            made: device.now()?.date().to_string(),
            version: joined.study().version.clone(),
            policy: policy.in_words(),
            filter: "all records".to_owned(),
            envelopes: made_of.envelopes,
            fingerprint: HEXLOWER.encode(&made_of.fingerprint),
            folder: folder.display().to_string(),
            published: held_back.is_none() && !policy.is_raw(),
            whole: false,
            destroyed: None,
            files: Vec::new(),
            records: BASE64.encode(&packed),
        };
        keep(device, &kept)?;
        Ok(Self { device, kept, held_back })
    }

    /// Where its files go.
    pub(crate) fn output<'o>(&self, folder: &Path, files: &'o mut Vec<ExportedFileView>) -> Noting<'o> {
        Noting { folder: Folder::new(folder), files, held_back: self.held_back.is_some() }
    }

    /// Writes the manifest beside the files and notes that all of it is there; what earlier exports hold that was taken out since.
    pub(crate) fn end(
        mut self,
        folder: &Path,
        files: Vec<ExportedFileView>,
    ) -> Result<(String, Vec<ExportedView>), Refused> {
        self.kept.files = files;
        let source = |failure: Failure| Refused::Source(Box::new(failure));
        let destroy: Vec<_> = exported(self.device).map_err(source)?;
        let destroy: Vec<_> =
            destroy.into_iter().filter(|earlier| earlier.destroy && earlier.id != self.kept.id).collect();
        let named = destroy.iter().map(|earlier| Destroy {
            manifest: earlier.id.clone(),
            made: earlier.made.clone(),
            files: earlier.files.iter().filter(|file| file.row_level).cloned().collect(),
        });
        let records = unpack(&self.kept.records).map_err(source)?;
        let kept = &self.kept;
        let manifest = Manifest {
            manifest: &kept.id,
            made: &kept.made,
            study_version: &kept.version,
            disclosure: &kept.policy,
            filter: &kept.filter,
            envelopes: kept.envelopes,
            fingerprint: &kept.fingerprint,
            held_back: self.held_back,
            files: &kept.files,
            destroy: named.collect(),
            records: records.iter().map(|record| HEXLOWER.encode(&record.name)).collect(),
        };
        let text = serde_json::to_vec_pretty(&manifest).map_err(|error| source(Failure::internal(error)))?;
        Folder::new(folder).file(MANIFEST, &mut |to| {
            to.write_all(&text).map_err(|source| Refused::Unwritable { file: MANIFEST.to_owned(), source })
        })?;
        self.kept.whole = true;
        keep(self.device, &self.kept).map_err(source)?;
        Ok((self.kept.id, destroy))
    }

    /// Notes what was written until it went wrong.
    pub(crate) fn broken(mut self, files: Vec<ExportedFileView>) -> Result<(), Failure> {
        self.kept.published &= files.iter().any(|file| PUBLISHED.contains(&file.name.as_str()));
        self.kept.files = files;
        keep(self.device, &self.kept)
    }
}

/// Writes files as a folder does, notes the hash of each, and leaves out what is held back.
pub(crate) struct Noting<'o> {
    folder: Folder,
    files: &'o mut Vec<ExportedFileView>,
    held_back: bool,
}

impl Output for Noting<'_> {
    fn file(
        &mut self,
        name: &str,
        fill: &mut dyn FnMut(&mut dyn Write) -> Result<(), Refused>,
    ) -> Result<(), Refused> {
        if self.held_back && PUBLISHED.contains(&name) {
            return Ok(());
        }
        let (mut hash, mut bytes) = (blake3::Hasher::new(), 0);
        self.folder.file(name, &mut |to| {
            (hash, bytes) = (blake3::Hasher::new(), 0);
            fill(&mut Hashing { to, hash: &mut hash, bytes: &mut bytes })
        })?;
        self.files.push(ExportedFileView {
            name: name.to_owned(),
            bytes,
            blake3: hash.finalize().to_hex().to_string(),
            row_level: name.ends_with(".internal.csv"),
        });
        Ok(())
    }
}

struct Hashing<'w> {
    to: &'w mut dyn Write,
    hash: &'w mut blake3::Hasher,
    bytes: &'w mut u64,
}

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(&bytes[..written]);
        *self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.to.flush()
    }
}

/// Every export that this device made, the first first, with what of it was taken out since.
pub(crate) fn exported(device: &Device) -> Result<Vec<ExportedView>, Failure> {
    let (key, out) = (key(device)?, device.vault.withdrawn_records()?);
    let of = |kept: Kept| -> Result<ExportedView, Failure> {
        let names = Names::of(&key, &kept.id);
        let records: BTreeSet<_> = unpack(&kept.records)?.into_iter().map(|record| record.name).collect();
        let taken_out = out.iter().filter(|tag| records.contains(&names.record(tag))).count() as u64;
        Ok(ExportedView {
            destroy: taken_out > 0 && kept.destroyed.is_none(),
            id: kept.id,
            made: kept.made,
            version: kept.version,
            folder: kept.folder,
            published: kept.published,
            whole: kept.whole,
            destroyed: kept.destroyed,
            records: records.len() as u64,
            taken_out,
            files: kept.files,
        })
    };
    all(device)?.into_iter().map(of).collect()
}

/// Notes that somebody has destroyed the files of an export.
pub(crate) fn destroyed(device: &Device, id: &str) -> Result<(), Failure> {
    let id = id.trim().to_lowercase();
    let mut found: Vec<_> = all(device)?.into_iter().filter(|kept| kept.id.starts_with(&id)).collect();
    match (found.pop(), found.is_empty() && id.len() >= 8) {
        (Some(mut kept), true) => {
            kept.destroyed = Some(device.now()?.date().to_string());
            keep(device, &kept)
        }
        _ => Err(Failure::Invalid("no export of this device, or several, has an id that begins so".into())),
    }
}

/// What a record says, as figures would count it.
struct Said {
    tag: RecordTag,
    content: [u8; 32],
    response: bool,
}

/// Everything that an export holds.
fn said(device: &Device, joined: &Joined) -> Result<Vec<Said>, Failure> {
    let mut all = Vec::new();
    let mut query = Query::default();
    loop {
        let batch = device.vault.query(&query)?;
        for row in batch.rows {
            let cells = serde_json::to_vec(&row.cells).map_err(Failure::internal)?;
            all.push(Said {
                tag: tag_of(&row.meta, &joined.identity),
                content: *blake3::hash(&cells).as_bytes(),
                response: row.meta.nature == Nature::Response,
            });
        }
        match batch.next {
            Some(next) => query.after = Some(next),
            None => return Ok(all),
        }
    }
}

/// How many responses are other than they were in an export: new, gone, or saying something else.
fn changed(now: &[Said], before: &Kept, names: &Names) -> Result<u64, Failure> {
    let records = unpack(&before.records)?.into_iter().filter(|record| record.response);
    let mut before: BTreeMap<_, _> = records.map(|record| (record.name, record.content)).collect();
    let mut other = 0;
    for said in now.iter().filter(|said| said.response) {
        let was = before.remove(&names.record(&said.tag));
        other += u64::from(was != Some(names.content(&said.content)));
    }
    Ok(other + before.len() as u64)
}

/// How records are called in one manifest: in another one otherwise, so that two of them cannot be laid beside each other.
struct Names([u8; 32]);

impl Names {
    fn of(key: &[u8; 32], manifest: &str) -> Self {
        Self(*blake3::keyed_hash(key, manifest.as_bytes()).as_bytes())
    }

    fn record(&self, tag: &RecordTag) -> [u8; 8] {
        let mut hash = blake3::Hasher::new_keyed(&self.0);
        hash.update(b"record").update(&tag.0);
        first(&hash)
    }

    fn content(&self, content: &[u8; 32]) -> [u8; 4] {
        let mut hash = blake3::Hasher::new_keyed(&self.0);
        hash.update(b"content").update(content);
        first(&hash)
    }

    fn pack(&self, said: &Said) -> [u8; PACKED] {
        let mut packed = [0; PACKED];
        packed[..8].copy_from_slice(&self.record(&said.tag));
        packed[8..12].copy_from_slice(&self.content(&said.content));
        packed[12] = said.response.into();
        packed
    }
}

fn first<const N: usize>(hash: &blake3::Hasher) -> [u8; N] {
    let mut bytes = [0; N];
    hash.finalize_xof().fill(&mut bytes);
    bytes
}

/// A record in a manifest.
struct Packed {
    name: [u8; 8],
    content: [u8; 4],
    response: bool,
}

fn unpack(text: &str) -> Result<Vec<Packed>, Failure> {
    let damaged = || Failure::Corrupt("a manifest in the vault".into());
    let bytes = BASE64.decode(text.as_bytes()).map_err(|_| damaged())?;
    let (records, rest) = bytes.as_chunks::<PACKED>();
    if !rest.is_empty() {
        return Err(damaged());
    }
    let one = |record: &[u8; PACKED]| -> Option<Packed> {
        let (name, rest) = record.split_first_chunk::<8>()?;
        let (content, response) = rest.split_first_chunk::<4>()?;
        Some(Packed { name: *name, content: *content, response: response == [1] })
    };
    records.iter().map(one).collect::<Option<_>>().ok_or_else(damaged)
}

fn key(device: &Device) -> Result<[u8; 32], Failure> {
    if let Some(key) = device.vault.setting(KEY)? {
        return key.try_into().map_err(|_| Failure::Corrupt("a key in the vault".into()));
    }
    let key = random::<32>()?;
    device.vault.keep_setting(KEY, &key)?;
    Ok(key)
}

fn keep(device: &Device, kept: &Kept) -> Result<(), Failure> {
    let bytes = serde_json::to_vec(kept).map_err(Failure::internal)?;
    Ok(device.vault.keep_setting(&format!("{OF}{}", kept.id), &bytes)?)
}

/// Every export, the first first.
fn all(device: &Device) -> Result<Vec<Kept>, Failure> {
    let mut all = Vec::new();
    for name in device.vault.settings(OF)? {
        let bytes = device.vault.setting(&name)?.unwrap_or_default();
        let kept: Kept =
            serde_json::from_slice(&bytes).map_err(|_| Failure::Corrupt("a manifest in the vault".into()))?;
        all.push(kept);
    }
    all.sort_by_key(|kept| kept.number);
    Ok(all)
}
