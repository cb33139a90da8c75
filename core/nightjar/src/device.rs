//! One device of a study, whichever face it shows: its vault, its keys, the study it belongs to.

use std::future::Future;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use jiff::Zoned;
use nightjar_record::{Hand, Query, RecordId, dictionary};
use nightjar_seal::{DeviceKeys, DeviceTag, Dictionary, EnrolmentRequest, Membership, Roster};
use nightjar_sync::{Patience, Transport};
use nightjar_vault::{Astray, KEEP_DAYS, Vault, VaultError};
use tokio::runtime::{Builder, Runtime};

use crate::clock::Clock;
use crate::failure::Failure;
use crate::key::{OsEntropy, VaultKey};
use crate::membership::{Joined, check_document};
use crate::observe::Notifier;
use crate::pin::PinWait;
use crate::sitting::Sittings;
use crate::study_pack::StudyPack;
use crate::sync::TOLD;
use crate::time;
use crate::view::{
    AuditView, ConflictView, DissensusView, HitView, RecordView, RecordsRequest, RepairedView, StatusView,
    StepView, TalkView, VerifiedView,
};

/// What a device is opened with.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The clock it goes by.
    pub clock: Clock,
}

/// Which face a vault was made for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Collects.
    Tablet,
    /// Reads.
    #[cfg(feature = "evaluate")]
    Evaluator,
}

impl Kind {
    fn code(self) -> &'static str {
        match self {
            Self::Tablet => "tablet",
            #[cfg(feature = "evaluate")]
            Self::Evaluator => "evaluator",
        }
    }
}

impl From<Kind> for Membership {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Tablet => Self::Tablet,
            #[cfg(feature = "evaluate")]
            Kind::Evaluator => Self::Evaluator,
        }
    }
}

/// Records in one page of a list at most.
const MAX_LIST: u32 = 1_000;
/// Records in one page of a list when the caller does not say.
const LIST: u32 = 100;
/// Longest label of a device, in bytes.
const MAX_LABEL: usize = 120;

const LABEL: &str = "device.label";
const KIND: &str = "device.kind";

pub(crate) struct Device {
    pub(crate) vault: Vault,
    pub(crate) keys: DeviceKeys,
    pub(crate) label: String,
    pub(crate) clock: Clock,
    pub(crate) notifier: Notifier,
    /// Open sittings by draft, so that two handles on one draft are one session.
    pub(crate) sittings: Sittings,
    /// One sync, or one change of the roster, at a time.
    pub(crate) syncing: tokio::sync::Mutex<()>,
    counting: Mutex<()>,
    /// The way to the hub, by its address: kept from one sync to the next with what was learnt of the hub's time.
    pub(crate) transport: Mutex<Option<(String, Arc<Transport>)>>,
    pub(crate) pin_wait: PinWait,
    joined: RwLock<Option<Arc<Joined>>>,
    /// `None` only while this is dropped.
    runtime: Option<Runtime>,
}

impl Device {
    pub(crate) fn create(
        path: &Path,
        key: &VaultKey,
        label: &str,
        kind: Kind,
        options: Options,
    ) -> Result<Arc<Self>, Failure> {
        let label = label.trim();
        if label.is_empty() || label.len() > MAX_LABEL || label.chars().any(char::is_control) {
            return Err(Failure::Invalid(format!("a device needs a label of 1 to {MAX_LABEL} bytes")));
        }
        let vault = Vault::create(path, &key.for_vault())?;
        let keys = DeviceKeys::generate(&mut OsEntropy);
        vault.keep_device_keys(&keys)?;
        vault.keep_setting(LABEL, label.as_bytes())?;
        vault.keep_setting(KIND, kind.code().as_bytes())?;
        Self::new(vault, keys, label.to_owned(), options)
    }

    pub(crate) fn open(
        path: &Path,
        key: &VaultKey,
        kind: Kind,
        options: Options,
    ) -> Result<Arc<Self>, Failure> {
        let vault = Vault::open(path, &key.for_vault())?;
        let corrupt = |what: &str| Failure::Corrupt(format!("the vault has no {what}"));
        let keys = vault.device_keys()?.ok_or_else(|| corrupt("device keys"))?;
        let text = |name| -> Result<String, Failure> {
            let bytes = vault.setting(name)?.ok_or_else(|| corrupt("device label"))?;
            String::from_utf8(bytes).map_err(|_| corrupt("readable device label"))
        };
        let (label, made_for) = (text(LABEL)?, text(KIND)?);
        if made_for != kind.code() {
            return Err(Failure::Invalid(format!(
                "this is the vault of a {made_for}, not of a {}",
                kind.code()
            )));
        }
        Self::new(vault, keys, label, options)
    }

    fn new(vault: Vault, keys: DeviceKeys, label: String, options: Options) -> Result<Arc<Self>, Failure> {
        // One worker is enough: it waits for the network, and long work in the vault runs on blocking threads.
        let runtime =
            Builder::new_multi_thread().worker_threads(1).enable_all().build().map_err(Failure::internal)?;
        Ok(Arc::new(Self {
            vault,
            keys,
            label,
            clock: options.clock,
            notifier: Notifier::default(),
            sittings: Sittings::default(),
            syncing: tokio::sync::Mutex::new(()),
            counting: Mutex::new(()),
            transport: Mutex::new(None),
            pin_wait: PinWait::default(),
            joined: RwLock::new(None),
            runtime: Some(runtime),
        }))
    }

    pub(crate) fn tag(&self) -> DeviceTag {
        self.keys.tag()
    }

    /// The study this device belongs to. Read from the vault when it is first asked for.
    pub(crate) fn verify(&self) -> Result<VerifiedView, Failure> {
        self.vault.check()?;
        let joined = self.joined()?;
        let found = joined.reading(|reading| self.vault.verify(reading))?;
        let mut view = VerifiedView {
            records: found.records,
            changes: found.changes,
            records_astray: Vec::new(),
            envelopes_astray: 0,
            damaged: 0,
        };
        for astray in found.astray {
            match astray {
                Astray::Differs(id) | Astray::Missing(id) | Astray::Surplus(id) => {
                    view.records_astray.push(id.to_string());
                }
                Astray::Damaged(_) => view.damaged += 1,
                _ => view.envelopes_astray += 1,
            }
        }
        Ok(view)
    }

    pub(crate) fn audit(&self, phrases: &[String]) -> Result<AuditView, Failure> {
        let wanted: Vec<&[u8]> = phrases.iter().map(String::as_bytes).collect();
        let found = self.vault.audit(&wanted)?;
        let hit = |hit: nightjar_vault::Hit| HitView {
            phrase: hit.phrase as u64,
            file: hit.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            page: hit.page,
        };
        Ok(AuditView { pages: found.pages, hits: found.hits.into_iter().map(hit).collect() })
    }

    pub(crate) fn repair(&self) -> Result<RepairedView, Failure> {
        let joined = self.joined()?;
        let done = joined.reading(|reading| self.vault.repair(reading))?;
        self.forget_told()?;
        self.notifier.reset();
        Ok(RepairedView { records: done.records, set_aside: done.set_aside })
    }

    pub(crate) fn joined(&self) -> Result<Arc<Joined>, Failure> {
        if let Some(joined) = self.joined.read().unwrap_or_else(PoisonError::into_inner).as_ref() {
            return Ok(Arc::clone(joined));
        }
        // Read under the lock that `study_changed` takes, so that an older roster is never put back over a newer one.
        let mut slot = self.joined.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(joined) = slot.as_ref() {
            return Ok(Arc::clone(joined));
        }
        let joined = Joined::load(self)?
            .ok_or_else(|| Failure::Invalid("this device has not joined a study yet".into()))?;
        let joined = Arc::new(joined);
        *slot = Some(Arc::clone(&joined));
        Ok(joined)
    }

    /// The study, if this device belongs to one.
    pub(crate) fn maybe_joined(&self) -> Result<Option<Arc<Joined>>, Failure> {
        match self.vault.roster()?.is_empty() {
            true => Ok(None),
            false => self.joined().map(Some),
        }
    }

    /// Forgets what was read of the study, so that it is read again: after the roster grew.
    pub(crate) fn study_changed(&self) {
        *self.joined.write().unwrap_or_else(PoisonError::into_inner) = None;
    }

    /// The time in the study's zone, as the device's clock shows it.
    pub(crate) fn now(&self) -> Result<Zoned, Failure> {
        let now = self.clock.now();
        Ok(match self.maybe_joined()? {
            Some(joined) => now.with_time_zone(joined.study().zone().clone()),
            None => now,
        })
    }

    /// The day, in days since 1970.
    pub(crate) fn today(&self) -> i32 {
        i32::try_from(self.clock.now().timestamp().as_second().div_euclid(86_400)).unwrap_or(i32::MAX)
    }

    /// The role claimed and, but for confidential responses, the time.
    pub(crate) fn hand(&self, role: &str, confidential: bool) -> Result<Hand, Failure> {
        let at = match confidential {
            true => None,
            false => Some(time::minute_text(&self.now()?)),
        };
        Ok(Hand { role: role.to_owned(), at })
    }

    pub(crate) fn enrolment_request(&self) -> Result<String, Failure> {
        Ok(EnrolmentRequest { device: self.keys.public(), label: self.label.clone() }.to_text())
    }

    pub(crate) fn status(&self) -> Result<StatusView, Failure> {
        let outbox = self.vault.outbox()?;
        let joined = self.maybe_joined()?;
        let wards = match &joined {
            Some(joined) => joined.wards_of(&self.tag()),
            None => Vec::new(),
        };
        let custody = self.vault.custody(self.today(), KEEP_DAYS)?;
        let member = joined.as_ref().and_then(|joined| joined.roster().member(&self.tag()));
        let is_evaluator = member.is_some_and(|member| member.membership == Membership::Evaluator);
        Ok(StatusView {
            label: self.label.clone(),
            study: joined.as_ref().map(|joined| joined.study().title.clone()),
            version: joined.as_ref().map(|joined| joined.study().version.clone()),
            newer_version: joined.as_ref().is_some_and(|joined| joined.is_behind()),
            wards,
            drafts: self.vault.drafts()?.len() as u64,
            waiting: outbox.waiting,
            at_hub: outbox.acknowledged,
            applied_by_evaluator: self.applied_by_evaluator()?,
            set_aside: self.vault.held()?.set_aside,
            released: custody.released,
            // An evaluator is who others wait for: nobody signs for what it wrote itself.
            late: if is_evaluator { 0 } else { custody.late },
            has_hub: !self.hub()?.is_empty(),
        })
    }

    pub(crate) fn record_id(&self, text: &str) -> Result<RecordId, Failure> {
        RecordId::from_hex(text).ok_or_else(|| Failure::Invalid("this is not the id of a record".into()))
    }

    pub(crate) fn records(&self, request: RecordsRequest) -> Result<Vec<RecordView>, Failure> {
        let joined = self.joined()?;
        let limit = request.limit.unwrap_or(LIST);
        if limit == 0 || limit > MAX_LIST {
            return Err(Failure::Invalid(format!("a list has 1 to {MAX_LIST} records")));
        }
        let query = Query {
            instruments: request.form_id.into_iter().collect(),
            wards: request.ward.into_iter().collect(),
            conflict: request.in_conflict.then_some(true),
            text: request.text,
            limit: limit as usize,
            after: request.after.as_deref().map(|after| self.record_id(after)).transpose()?,
            ..Query::default()
        };
        let rows = self.vault.query(&query)?.rows;
        Ok(joined.words(self, |words| rows.iter().map(|row| words.record(row)).collect()))
    }

    /// What was ever written to a record, by tablet and role.
    pub(crate) fn history(&self, record: &str) -> Result<Vec<StepView>, Failure> {
        let (joined, id) = (self.joined()?, self.record_id(record)?);
        let public = |tag: &DeviceTag| Some(joined.roster().member(tag)?.public);
        let told = joined.reading(|reading| self.vault.history(&id, reading, &public))?;
        let record = joined.reading(|reading| self.vault.record(&id, reading))?;
        let meta = record.meta().ok_or_else(|| Failure::Invalid("this record cannot be read yet".into()))?;
        Ok(joined.words(self, |words| told.iter().map(|told| words.step(meta, told)).collect()))
    }

    pub(crate) fn conflicts(&self) -> Result<Vec<ConflictView>, Failure> {
        let joined = self.joined()?;
        let mut query = Query { conflict: Some(true), ..Query::default() };
        let mut found = Vec::new();
        loop {
            let batch = self.vault.query(&query)?;
            joined.words(self, |words| found.extend(batch.rows.iter().flat_map(|row| words.conflicts(row))));
            match batch.next {
                Some(next) => query.after = Some(next),
                None => return Ok(found),
            }
        }
    }

    pub(crate) fn dissensus(&self) -> Result<Vec<DissensusView>, Failure> {
        let joined = self.joined()?;
        let mut found = Vec::new();
        for case in self.vault.dissensus(None)? {
            let mut positions = Vec::new();
            for position in &case.positions {
                let query = Query { records: vec![position.record], ..Query::default() };
                positions.extend(self.vault.query(&query)?.rows);
            }
            found.push(joined.words(self, |words| words.dissensus(&case, &positions)));
        }
        Ok(found)
    }

    /// Counts by ward and week, nothing else.
    pub(crate) fn talk_to_someone(&self, ward: &str) -> Result<u64, Failure> {
        let joined = self.joined()?;
        if joined.study().ward(ward).is_none() {
            return Err(Failure::Invalid(format!("the study has no ward \"{ward}\"")));
        }
        let week = time::week_text(&time::period(&self.now()?));
        let name = format!("talk/{ward}/{week}");
        let _one_at_a_time = self.counting.lock().unwrap_or_else(PoisonError::into_inner);
        let before =
            self.vault.setting(&name)?.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes);
        self.vault.keep_setting(&name, &(before + 1).to_le_bytes())?;
        Ok(before + 1)
    }

    /// How often somebody asked to talk, by week, the newest first.
    pub(crate) fn talks(&self, ward: &str) -> Result<Vec<TalkView>, Failure> {
        let begin = format!("talk/{ward}/");
        let mut found = Vec::new();
        for name in self.vault.settings(&begin)? {
            let count = self.vault.setting(&name)?.and_then(|bytes| bytes.try_into().ok());
            let week = name.strip_prefix(&begin).unwrap_or_default().to_owned();
            found.push(TalkView { week, count: count.map_or(0, u64::from_le_bytes) });
        }
        found.sort_by(|a, b| b.week.cmp(&a.week));
        Ok(found)
    }

    /// Envelopes of this device that at least one evaluator has signed for, over both scopes.
    pub(crate) fn applied_by_evaluator(&self) -> Result<u64, Failure> {
        let bytes = self.vault.setting(APPLIED)?;
        Ok(bytes.and_then(|bytes| bytes.try_into().ok()).map_or(0, u64::from_le_bytes))
    }

    /// Keeps what an evaluator has signed for.
    pub(crate) fn keep_applied_by_evaluator(&self, envelopes: u64) -> Result<(), Failure> {
        Ok(self.vault.keep_setting(APPLIED, &envelopes.to_le_bytes())?)
    }

    /// Waits on this thread, which must not be one of an asynchronous runtime.
    pub(crate) fn block_on<T>(&self, work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
        self.runtime.as_ref().ok_or(Failure::Cancelled)?.block_on(work)
    }

    /// Runs on this device's own runtime, so that the caller's executor never waits for a disk. Dropping the future stops
    /// the work at its next wait for the network.
    pub(crate) async fn spawn<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<T, Failure> {
        let mut running = StopOnDrop(self.runtime.as_ref().ok_or(Failure::Cancelled)?.spawn(work));
        (&mut running.0).await.map_err(|_| Failure::Cancelled)?
    }

    /// Begins to belong to a study: keeps its files and what is known of its roster.
    pub(crate) fn keep_study(&self, pack: &StudyPack, roster: &Roster, hub: &str) -> Result<(), Failure> {
        if self.maybe_joined()?.is_some() {
            return Err(Failure::Invalid("this device belongs to a study already".into()));
        }
        self.keep_pack(pack)?;
        self.vault.keep_setting(HUB, hub.as_bytes())?;
        let entries: Vec<_> = roster.entries().iter().map(nightjar_seal::Entry::encode).collect();
        self.vault.keep_roster(0, &entries)?;
        roster.passes().try_for_each(|pass| self.keep_pass(pass))?;
        self.study_changed();
        Ok(())
    }

    pub(crate) fn keep_pack(&self, pack: &StudyPack) -> Result<(), Failure> {
        let files: Vec<_> = pack.files().iter().map(|(name, bytes)| (name.clone(), bytes.clone())).collect();
        let dictionaries = pack.instruments().iter().map(|form| Dictionary::new(dictionary(form)));
        self.vault.keep_dictionaries(&dictionaries.collect::<Result<Vec<_>, _>>()?)?;
        Ok(self.vault.keep_pack(&pack.hash(), &files)?)
    }

    /// Takes the files of another version of the study, which the roster must name or have named.
    pub(crate) fn take_version(&self, pack: &StudyPack) -> Result<(), Failure> {
        check_document(self.joined()?.roster(), pack)?;
        self.keep_pack(pack)?;
        self.study_changed();
        // What was written with its forms and came before them can be read now.
        self.look_again_for_forms()?;
        Ok(())
    }

    /// Reads what waited for a form that is here by now.
    fn look_again_for_forms(&self) -> Result<(), Failure> {
        if self.vault.held()?.waiting_for_form == 0 {
            return Ok(());
        }
        let joined = self.joined()?;
        let done = joined.reading(|reading| self.vault.retry(&joined.holder(self), reading))?;
        self.forget_told()?;
        self.notifier.changed(done.records.iter().map(ToString::to_string));
        Ok(())
    }

    /// The hub's address; empty for a study without one.
    pub(crate) fn hub(&self) -> Result<String, Failure> {
        let bytes = self.vault.setting(HUB)?.unwrap_or_default();
        String::from_utf8(bytes).map_err(|_| Failure::Corrupt("the hub's address".into()))
    }
}

impl Device {
    /// What was applied here may have changed other than by a sync: the hub is told anew with the next.
    pub(crate) fn forget_told(&self) -> Result<(), Failure> {
        let scopes = &self.joined()?.scopes;
        for scope in [scopes.responses, scopes.ward] {
            if self.vault.cursor(&scope, TOLD)?.is_some_and(|told| !told.is_empty()) {
                self.vault.keep_cursor(&scope, TOLD, &[])?;
            }
        }
        Ok(())
    }

    /// The way to a hub.
    pub(crate) fn transport(&self, hub: &str) -> Result<Arc<Transport>, Failure> {
        let mut kept = self.transport.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((address, transport)) = kept.as_ref()
            && address == hub
        {
            return Ok(transport.clone());
        }
        let transport = Arc::new(Transport::new(hub, Patience::default())?);
        *kept = Some((hub.to_owned(), transport.clone()));
        Ok(transport)
    }
}

/// Work that stops when nobody waits for it any more. What it has stored stays stored.
struct StopOnDrop<T>(tokio::task::JoinHandle<T>);

impl<T> Drop for StopOnDrop<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for Device {
    fn drop(&mut self) {
        // The last handle may go on a thread of this very runtime, which must not wait for itself.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

const APPLIED: &str = "sync.applied_by_evaluator";
const HUB: &str = "study.hub";

impl From<VaultError> for Failure {
    fn from(error: VaultError) -> Self {
        let text = error.to_string();
        match error {
            VaultError::WrongKey => Self::WrongKey(text),
            VaultError::Corrupt(_) | VaultError::SealedWrong => Self::Corrupt(text),
            VaultError::NewerSchema { .. } => Self::Incompatible(text),
            VaultError::StorageFull => Self::StorageFull(text),
            VaultError::Closed | VaultError::Locked => Self::Closed(text),
            VaultError::Record(error) => error.into(),
            VaultError::Seal(error) => error.into(),
            VaultError::Missing
            | VaultError::Exists
            | VaultError::NoDraft
            | VaultError::NoRecord
            | VaultError::NoAttachment
            | VaultError::Io(_)
            | VaultError::TooLarge { .. } => Self::Invalid(text),
            _ => Self::Internal(text),
        }
    }
}

impl From<nightjar_record::RecordError> for Failure {
    fn from(error: nightjar_record::RecordError) -> Self {
        match error {
            nightjar_record::RecordError::NotGranted => Self::Rejected(error.to_string()),
            _ => Self::Invalid(error.to_string()),
        }
    }
}

impl From<nightjar_seal::Refused> for Failure {
    fn from(refused: nightjar_seal::Refused) -> Self {
        Self::Invalid(refused.to_string())
    }
}
