//! A study pack: the study's document, its workbooks, published figures and pictures, as files by relative path.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use nightjar_form::{Bounds, Diagnostic, Instrument, Item, ItemKind, Severity, Topic};
use nightjar_record::study::{Study, StudyInstrument};

use crate::failure::Failure;

/// Most files in a pack.
const MAX_FILES: usize = 500;
/// Most bytes of all files of a pack together.
const MAX_BYTES: usize = 64 * 1024 * 1024;
/// Folders below the pack's own that are read.
const MAX_DEPTH: usize = 4;

/// A study with its forms, checked as a whole.
#[derive(Clone)]
pub struct StudyPack {
    files: Arc<BTreeMap<String, Vec<u8>>>,
    study: Arc<Study>,
    instruments: Arc<Vec<Arc<Instrument>>>,
    hash: [u8; 32],
}

impl StudyPack {
    /// Reads a pack from its files: `study.toml` and every workbook it names.
    ///
    /// # Errors
    /// [`Failure::Invalid`] with every problem of the study document and of every workbook, one a line, each with
    /// its place.
    pub fn from_files(files: BTreeMap<String, Vec<u8>>) -> Result<Self, Failure> {
        let bytes: usize = files.values().map(Vec::len).sum();
        if files.len() > MAX_FILES || bytes > MAX_BYTES {
            return Err(Failure::Invalid(format!(
                "the study pack is too large: at most {MAX_FILES} files and {} MiB",
                MAX_BYTES / 1024 / 1024
            )));
        }
        let document =
            files.get("study.toml").ok_or_else(|| Failure::Invalid("study.toml is missing".into()))?;
        let text = std::str::from_utf8(document)
            .map_err(|at| Failure::Invalid(format!("study.toml: not UTF-8 at byte {}", at.valid_up_to())))?;
        let study = Study::from_toml("study.toml", text).map_err(Failure::invalid)?;

        let mut problems = Vec::new();
        let mut instruments = Vec::new();
        let mut workbooks = BTreeMap::new();
        for entry in &study.instruments {
            let Some(bytes) = files.get(&entry.file) else {
                problems.push(format!("{}: the workbook is missing", entry.file));
                continue;
            };
            match Instrument::from_workbook(&entry.file, bytes) {
                Ok(instrument) if instrument.form_id() != entry.id => problems.push(format!(
                    "{}: settings say form_id \"{}\", the study says \"{}\"",
                    entry.file,
                    instrument.form_id(),
                    entry.id
                )),
                Ok(instrument)
                    if entry.confidential
                        && instrument.items().iter().any(|item| item.kind() == ItemKind::Metadata) =>
                {
                    problems.push(format!(
                        "{}: a confidential form may not record start, end or today: they tie an answer to its minute",
                        entry.file
                    ));
                }
                Ok(instrument) => {
                    problems.extend(unplanned(&study, entry, &instrument));
                    workbooks.insert(entry.id.clone(), instrument.hash());
                    instruments.push(Arc::new(instrument));
                }
                Err(diagnostics) => problems.push(diagnostics.to_string()),
            }
        }
        if !problems.is_empty() {
            return Err(Failure::Invalid(problems.join("\n")));
        }
        let hash = study
            .document_hash(&workbooks)
            .map_err(|id| Failure::Internal(format!("the workbook of {id} was read but has no hash")))?;
        Ok(Self { files: Arc::new(files), study: Arc::new(study), instruments: Arc::new(instruments), hash })
    }

    /// Reads a pack from a folder.
    ///
    /// # Errors
    /// As [`StudyPack::from_files`], and when a file cannot be read.
    pub fn from_dir(dir: &Path) -> Result<Self, Failure> {
        if !dir.join("study.toml").is_file() {
            return Err(Failure::Invalid(format!(
                "{}: study.toml is missing from this folder",
                dir.display()
            )));
        }
        let mut files = BTreeMap::new();
        let mut left = MAX_BYTES;
        read_dir(dir, "", 0, &mut files, &mut left)?;
        Self::from_files(files)
    }

    /// The study's document.
    #[must_use]
    pub fn study(&self) -> &Arc<Study> {
        &self.study
    }

    /// The pack's instruments, in the order of the document.
    #[must_use]
    pub fn instruments(&self) -> &[Arc<Instrument>] {
        &self.instruments
    }

    /// The instrument with this form id.
    #[must_use]
    pub fn instrument(&self, form_id: &str) -> Option<&Arc<Instrument>> {
        self.instruments.iter().find(|instrument| instrument.form_id() == form_id)
    }

    /// The identity of this version of the study; the roster names it.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        self.hash
    }

    /// The pack's files by relative path.
    #[must_use]
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }
}

/// Free text that no plan of the study says who reads: it may tell that somebody is in danger. A short label that says
/// which thing a record is about is no free text.
fn unplanned(study: &Study, entry: &StudyInstrument, instrument: &Instrument) -> Vec<String> {
    let is_key = |item: &Item| entry.natural_key.iter().any(|name| name == item.name());
    let mut problems = Vec::new();
    for advice in instrument.advice(&entry.file, &Bounds::default()) {
        let item =
            advice.item.as_deref().and_then(|path| instrument.items().iter().find(|i| i.path() == path));
        if advice.topic == Topic::FreeText && item.is_some_and(|item| !is_key(item)) {
            problems.push(Diagnostic { severity: Severity::Error, ..advice.diagnostic }.to_string());
        }
    }
    for item in instrument.items() {
        let Some(plan) = item.risk_disclosure_plan() else { continue };
        if !study.risk_disclosure_plans.iter().any(|known| known.name == plan) {
            problems.push(format!(
                "{}: {} names no risk_disclosure_plan of the study: \"{plan}\"",
                entry.file,
                item.name()
            ));
        }
    }
    problems
}

fn read_dir(
    dir: &Path,
    prefix: &str,
    depth: usize,
    files: &mut BTreeMap<String, Vec<u8>>,
    left: &mut usize,
) -> Result<(), Failure> {
    let fault = |path: &Path, error: std::io::Error| Failure::Invalid(format!("{}: {error}", path.display()));
    let mut entries: Vec<_> = std::fs::read_dir(dir)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fault(dir, error))?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        let kind = entry.file_type().map_err(|error| fault(&path, error))?;
        if kind.is_dir() {
            if depth < MAX_DEPTH {
                read_dir(&path, &format!("{name}/"), depth + 1, files, left)?;
            }
        } else if kind.is_file() {
            let size = entry.metadata().map_err(|error| fault(&path, error))?.len();
            *left = usize::try_from(size).ok().and_then(|size| left.checked_sub(size)).ok_or_else(|| {
                Failure::Invalid(format!(
                    "{}: the study pack is over {} MiB",
                    path.display(),
                    MAX_BYTES >> 20
                ))
            })?;
            if files.len() >= MAX_FILES {
                return Err(Failure::Invalid(format!("the study pack has more than {MAX_FILES} files")));
            }
            files.insert(name, std::fs::read(&path).map_err(|error| fault(&path, error))?);
        }
    }
    Ok(())
}
