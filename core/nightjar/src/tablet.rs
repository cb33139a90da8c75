//! The tablet: collects, keeps ward records, syncs.

use std::path::Path;
use std::sync::Arc;

use nightjar_form::{Language, Value};
use nightjar_record::study::Voice;
use nightjar_vault::{DraftId, DraftMeta};

use crate::attaching;
use crate::clock::Clock;
use crate::device::{Device, Kind, Options};
use crate::enrol::{self, Admission};
use crate::failure::Failure;
use crate::finish;
use crate::key::{VaultKey, random};
use crate::leaving;
use crate::moving::{self, INFORMATION};
use crate::observe::{Observer, Subscription};
use crate::own;
use crate::sitting::Sitting;
use crate::study_pack::StudyPack;
use crate::syncing::SyncOptions;
use crate::view::{
    AmendRequest, AttachmentView, AuditView, BeginRequest, ConflictView, DisputeRequest, DissensusView,
    DraftView, FormView, HandedOverView, InformationView, MemberView, MoveView, RecordView, RecordsRequest,
    RepairedView, SettleRequest, StatusView, StepView, SyncView, TallyView, VerifiedView,
};

/// A device that collects. Handles are cheap to clone and may be used from any thread.
///
/// Calls are synchronous and wait for the disk: call them off the UI thread. `sync`, `join` and their `_async` forms
/// wait for the hub as well.
#[derive(Clone)]
pub struct Tablet {
    pub(crate) device: Arc<Device>,
}

impl Tablet {
    /// Makes a vault and the device's keys.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when there is a file already; storage failures.
    pub fn create(path: &Path, key: &VaultKey, label: &str, options: Options) -> Result<Self, Failure> {
        Ok(Self { device: Device::create(path, key, label, Kind::Tablet, options)? })
    }

    /// Opens a vault. Loads nothing but the device's own keys.
    ///
    /// # Errors
    /// [`Failure::WrongKey`], [`Failure::Corrupt`], [`Failure::Incompatible`]; none of them changes the file.
    pub fn open(path: &Path, key: &VaultKey, options: Options) -> Result<Self, Failure> {
        let device = Device::open(path, key, Kind::Tablet, options)?;
        device.vault.lock_all()?;
        Ok(Self { device })
    }

    /// The text a steward needs to let this device in: its public keys and label.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn enrolment_request(&self) -> Result<String, Failure> {
        self.device.enrolment_request()
    }

    /// Twelve characters in three groups that stand for this device's keys: what a steward compares before letting it in.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        self.device.keys.public().fingerprint()
    }

    /// Lets a device in, where the founder has made this one a steward's. As [`Evaluator::admit_for`](crate::Evaluator::admit_for).
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a damaged request; [`Failure::Rejected`] where this device is no steward's, or this is more than the
    /// steward may.
    pub fn admit(&self, request: &str, admission: Admission, hours: u32) -> Result<String, Failure> {
        enrol::admit(&self.device, request, admission, hours)
    }

    /// Every device that was ever let in, as far as this one knows, in the order of the roster.
    ///
    /// # Errors
    /// [`Failure::Invalid`] before this device has joined a study.
    pub fn members(&self) -> Result<Vec<MemberView>, Failure> {
        Ok(enrol::members(&*self.device.joined()?))
    }

    /// Joins the study that the invitation names, and fetches its roster from the hub. Waits for the hub.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a damaged invitation; [`Failure::Incompatible`] for a pack that is not the study's;
    /// [`Failure::Offline`]; [`Failure::Rejected`] when the roster does not name this device.
    pub fn join(&self, invitation: &str, pack: StudyPack) -> Result<(), Failure> {
        self.device.block_on(self.device.join(invitation.to_owned(), pack))
    }

    /// [`Tablet::join`], awaited.
    ///
    /// # Errors
    /// As [`Tablet::join`].
    pub async fn join_async(&self, invitation: String, pack: StudyPack) -> Result<(), Failure> {
        let device = Arc::clone(&self.device);
        self.device.spawn(async move { device.join(invitation, pack).await }).await
    }

    /// Whether this device belongs to a study.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn has_joined(&self) -> Result<bool, Failure> {
        Ok(self.device.maybe_joined()?.is_some())
    }

    /// What this device holds and still has to do.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn status(&self) -> Result<StatusView, Failure> {
        self.device.status()
    }

    /// The forms of the study.
    ///
    /// # Errors
    /// [`Failure::Invalid`] before the device has joined a study.
    pub fn forms(&self) -> Result<Vec<FormView>, Failure> {
        let joined = self.device.joined()?;
        let study = joined.study();
        let forms = study.instruments.iter().filter_map(|entry| {
            let instrument = joined.pack.instrument(&entry.id)?;
            Some(FormView {
                form_id: entry.id.clone(),
                title: instrument.title(instrument.default_language()).to_owned(),
                kind: entry.kind.code().to_owned(),
                roles: study
                    .roles
                    .iter()
                    .filter(|role| role.may.contains(&entry.id))
                    .map(|role| role.code.clone())
                    .collect(),
                languages: instrument.languages().iter().map(|language| language.name().to_owned()).collect(),
                confidential: entry.confidential,
                wording_status: Some(entry.wording_status.clone()).filter(|status| !status.is_empty()),
            })
        });
        Ok(forms.collect())
    }

    /// The information page in a language (its code or its name in the workbooks), else in the study's default one.
    ///
    /// # Errors
    /// As [`Tablet::forms`].
    pub fn information(&self, language: &str) -> Result<InformationView, Failure> {
        self.information_for(None, language)
    }

    /// The information page for somebody in a role: what is said to people who work there is not what is said to patients.
    ///
    /// # Errors
    /// As [`Tablet::forms`].
    pub fn information_for(&self, role: Option<&str>, language: &str) -> Result<InformationView, Failure> {
        let joined = self.device.joined()?;
        let study = joined.study();
        let wording = study.wording(Language::new(language).code());
        let voice = role.and_then(|role| study.role(role)).map_or(Voice::Patient, |role| role.voice);
        Ok(InformationView {
            version: study.information_version.clone(),
            title: wording.information.title.clone(),
            paragraphs: wording.information.paragraphs_for(voice).to_vec(),
            yes: wording.information.yes.clone(),
            not_now: wording.information.not_now.clone(),
            no: wording.information.no.clone(),
            talk_to_someone: wording.talk_message.clone(),
            above_free_text: wording.free_text_notice.clone(),
            draft_notice: wording.draft_notice.clone(),
        })
    }

    /// The study's document: wards, roles, windows and texts.
    ///
    /// # Errors
    /// As [`Tablet::forms`].
    pub fn pack(&self) -> Result<StudyPack, Failure> {
        Ok(self.device.joined()?.pack.clone())
    }

    /// Whether forms may be begun: the study has two evaluator devices and a recovery key.
    ///
    /// # Errors
    /// [`Failure::Invalid`] if not, and before this tablet has joined a study.
    pub fn may_collect(&self) -> Result<(), Failure> {
        self.device.joined()?.may_collect()
    }

    /// Opens a form for one person.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for an unknown form, ward or language, and before the study has two evaluator devices and a
    /// recovery key; [`Failure::Rejected`] where role or device may not fill it in.
    pub fn begin(&self, request: BeginRequest) -> Result<Sitting, Failure> {
        self.end_idle()?;
        let joined = self.device.joined()?;
        joined.may_collect()?;
        let study = joined.study();
        let BeginRequest { form_id, role, ward, language } = request;
        let instrument = joined
            .pack
            .instrument(&form_id)
            .ok_or_else(|| Failure::Invalid(format!("the study has no form \"{form_id}\"")))?;
        if study.ward(&ward).is_none() {
            return Err(Failure::Invalid(format!("the study has no ward \"{ward}\"")));
        }
        if study.role(&role).is_none() {
            return Err(Failure::Invalid(format!("the study has no role \"{role}\"")));
        }
        if !study.may(&role, &form_id) {
            return Err(Failure::Rejected(format!("the role \"{role}\" does not fill in \"{form_id}\"")));
        }
        joined.may_create(&self.device.tag(), &form_id, &ward)?;
        joined.is_kept(&form_id)?;
        let language = match language {
            None => instrument.default_language().clone(),
            Some(name) => instrument
                .languages()
                .iter()
                .find(|known| known.name() == name || known.code() == name)
                .cloned()
                .ok_or_else(|| Failure::Invalid(format!("\"{form_id}\" has no language \"{name}\"")))?,
        };
        let meta = DraftMeta {
            instrument: form_id,
            version: instrument.hash(),
            role,
            ward,
            language: language.name().to_owned(),
            opened: self.device.now()?.to_string(),
            seed: u64::from_le_bytes(random()?),
            extra: [(INFORMATION.to_owned(), study.information_version.clone())].into(),
        };
        Sitting::begin(Arc::clone(&self.device), meta, Arc::clone(instrument))
    }

    /// Unfinished answers; never their content.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn drafts(&self) -> Result<Vec<DraftView>, Failure> {
        self.end_idle()?;
        let drafts = self.device.vault.drafts()?.into_iter();
        let joined = self.device.maybe_joined()?;
        let is_other = |meta: &DraftMeta| {
            let now = joined.as_ref().and_then(|joined| joined.pack.instrument(&meta.instrument));
            now.is_none_or(|form| form.hash() != meta.version)
        };
        Ok(drafts
            .map(|draft| DraftView {
                other_version: is_other(&draft.meta),
                locked: draft.locked,
                corrects: own::corrects(&draft.meta),
                id: draft.id.to_string(),
                form_id: draft.meta.instrument,
                role: draft.meta.role,
                ward: draft.meta.ward,
                steps: draft.entries,
            })
            .collect())
    }

    /// The tablet goes to somebody else: the key of every form that a respondent has not finished is destroyed and it counts as stopped,
    /// unless they took words ([`Sitting::take_words`]), which alone open it then. Open sittings are closed.
    ///
    /// # Errors
    /// Storage failures; what was ended until then is ended.
    pub fn hand_over(&self) -> Result<HandedOverView, Failure> {
        leaving::hand_over(&self.device)
    }

    /// Throws an unfinished form away without opening it, so that one whose journal cannot be read any more stands in nobody's way. What
    /// a respondent had begun counts as stopped.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when there is no such draft, or its respondent took words; storage failures.
    pub fn throw_away(&self, draft: &str) -> Result<(), Failure> {
        leaving::throw_away(&self.device, draft)
    }

    /// Ends forms that were left alone longer than the study announces, as [`Tablet::hand_over`] does. Also done whenever
    /// drafts are listed or a form is begun.
    ///
    /// # Errors
    /// As [`Tablet::hand_over`].
    pub fn end_idle(&self) -> Result<HandedOverView, Failure> {
        leaving::end_idle(&self.device)
    }

    /// Opens the form whose respondent took these words.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when they open nothing here.
    pub fn resume_with_words(&self, words: &str) -> Result<Sitting, Failure> {
        let draft = leaving::unlock(&self.device, words)?;
        Sitting::resume(Arc::clone(&self.device), draft)
    }

    /// What was finished (confidential forms only) and stopped on this tablet, counted; nothing else of it is kept.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn tallies(&self) -> Result<Vec<TallyView>, Failure> {
        let tallies = self.device.vault.tallies()?.into_iter();
        Ok(tallies
            .map(|tally| TallyView {
                form_id: tally.instrument,
                ward: tally.ward,
                role: tally.role,
                phase: Some(tally.phase).filter(|phase| !phase.is_empty()),
                finished: tally.responses,
                stopped: tally.stopped,
            })
            .collect())
    }

    /// What moving an unfinished answer to the form's newest version on this tablet does. Nothing is changed.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when there is no such draft or it is of the newest version; [`Failure::Incompatible`] when
    /// this tablet was never given the version it was begun with, or the study no longer has the form.
    pub fn check_move(&self, draft: &str) -> Result<MoveView, Failure> {
        moving::check(&self.device, draft.parse()?)
    }

    /// Moves an unfinished answer as [`Tablet::check_move`] has said. What does not come along stays beside it, see
    /// [`Sitting::stays`].
    ///
    /// # Errors
    /// As [`Tablet::check_move`]; [`Failure::Invalid`] when the move is no longer what was said; storage failures. The draft is
    /// as it was then.
    pub fn move_draft(&self, draft: &str, agreed: &MoveView) -> Result<Sitting, Failure> {
        let draft = draft.parse()?;
        moving::commit(&self.device, draft, agreed)?;
        Sitting::resume(Arc::clone(&self.device), draft)
    }

    /// Takes the files of a version of the study that the steward has named. Unfinished answers stay in the version they
    /// were begun with until they are moved.
    ///
    /// # Errors
    /// [`Failure::Incompatible`] for files that the roster does not name: sync first.
    pub fn update(&self, pack: &StudyPack) -> Result<(), Failure> {
        self.device.take_version(pack)
    }

    /// Opens a draft again, with every acknowledged answer, on the page and in the language it was left.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when there is no such draft.
    pub fn resume(&self, draft: &str) -> Result<Sitting, Failure> {
        let draft: DraftId = draft.parse()?;
        Sitting::resume(Arc::clone(&self.device), draft)
    }

    /// Records this device can read, in the order of their ids; of a search in the order in which they came.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn records(&self, request: RecordsRequest) -> Result<Vec<RecordView>, Failure> {
        self.device.records(request)
    }

    /// Corrects a fact. What another device writes meanwhile is kept beside it.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for an unknown record or item, or where tablets differ already; [`Failure::Rejected`] where
    /// role or device may not.
    pub fn amend(&self, request: AmendRequest) -> Result<(), Failure> {
        let AmendRequest { record, role, changes } = request;
        finish::amend(&self.device, self.device.record_id(&record)?, &role, &changes)
    }

    /// Everything that was ever written to a record, by tablet and role, each step with how far its chain proves it.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a record that is not here or cannot be read.
    pub fn history(&self, record: &str) -> Result<Vec<StepView>, Failure> {
        self.device.history(record)
    }

    /// A picture or a recording of a record that can be read here and was made here, as
    /// [`Evaluator::attachment`](crate::Evaluator::attachment) gives it. Those of other devices are not fetched.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a record or question that has none here.
    pub fn attachment(&self, record: &str, name: &str) -> Result<AttachmentView, Failure> {
        attaching::of_record(&self.device, record, name)
    }

    /// Concurrent values of facts that wait for a person.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn conflicts(&self) -> Result<Vec<ConflictView>, Failure> {
        self.device.conflicts()
    }

    /// Settles a conflict. The settlement names every value that is held when it is made.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when nothing differs (any more); [`Failure::Rejected`] where role or device may not.
    pub fn settle(&self, request: SettleRequest) -> Result<(), Failure> {
        let SettleRequest { record, name, value, role } = request;
        finish::settle(&self.device, self.device.record_id(&record)?, &role, &name, &value)
    }

    /// A value of a record's item as somebody writes it: a number, a date as `2026-03-02`, the code of a choice, several codes
    /// with spaces between.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when the item cannot hold it.
    pub fn read_value(&self, record: &str, name: &str, text: &str) -> Result<Value, Failure> {
        finish::read_value(&self.device, self.device.record_id(record)?, name, text)
    }

    /// Puts another value beside what a settlement wrote: the item is a conflict again until somebody settles it anew.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when it was never settled, was changed since, holds that value, or no reason is given;
    /// [`Failure::Rejected`] where role or device may not.
    pub fn dispute(&self, request: DisputeRequest) -> Result<(), Failure> {
        finish::dispute(&self.device, self.device.record_id(&request.record)?, &request)
    }

    /// Positions beside their outcome, by case. Never settled away.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn dissensus(&self) -> Result<Vec<DissensusView>, Failure> {
        self.device.dissensus()
    }

    /// Counts that somebody on this ward asked to talk to someone now, and gives the count of the week. Nothing else
    /// is kept of it.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for an unknown ward; storage failures.
    pub fn talk_to_someone(&self, ward: &str) -> Result<u64, Failure> {
        self.device.talk_to_someone(ward)
    }

    /// Sends what is new and receives what is new. Waits for the hub.
    ///
    /// # Errors
    /// [`Failure::Offline`]: everything stays here, try again later. [`Failure::Rejected`]: a person has to look.
    pub fn sync(&self) -> Result<SyncView, Failure> {
        self.sync_with(&SyncOptions::default())
    }

    /// [`Tablet::sync`], tried several times, watched or stopped.
    ///
    /// # Errors
    /// As [`Tablet::sync`]; [`Failure::Cancelled`] when it was stopped: what was stored until then stays stored.
    pub fn sync_with(&self, options: &SyncOptions) -> Result<SyncView, Failure> {
        self.device.block_on(self.device.sync(options))
    }

    /// [`Tablet::sync_with`], awaited.
    ///
    /// # Errors
    /// As [`Tablet::sync_with`].
    pub async fn sync_with_async(&self, options: SyncOptions) -> Result<SyncView, Failure> {
        let device = Arc::clone(&self.device);
        self.device.spawn(async move { device.sync(&options).await }).await
    }

    /// [`Tablet::sync`], awaited. Dropping the future cancels the waiting; what was stored stays stored.
    ///
    /// # Errors
    /// As [`Tablet::sync`].
    pub async fn sync_async(&self) -> Result<SyncView, Failure> {
        let device = Arc::clone(&self.device);
        self.device.spawn(async move { device.sync(&SyncOptions::default()).await }).await
    }

    /// Reads every page of the vault and checks it: for a verification a person asked for.
    ///
    /// # Errors
    /// [`Failure::Corrupt`] when a page does not verify; nothing is changed.
    pub fn check(&self) -> Result<(), Failure> {
        Ok(self.device.vault.check()?)
    }

    /// Checks every page, computes every record again from its sealed changes and compares. Nothing is changed.
    ///
    /// # Errors
    /// [`Failure::Corrupt`] when a page does not verify; [`Failure::Invalid`] before the device has joined a study.
    pub fn verify(&self) -> Result<VerifiedView, Failure> {
        self.device.verify()
    }

    /// Rewrites the vault under a new key; the old one opens nothing any more.
    ///
    /// # Errors
    /// Storage failures, and then the old key is in force.
    pub fn rekey(&self, new: &VaultKey) -> Result<(), Failure> {
        self.device.vault.rekey(&new.for_vault())?;
        self.device.notifier.reset();
        Ok(())
    }

    /// Copies the vault as it is now into a new file, under the same key.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when there is a file already; storage failures, and then there is no new file.
    pub fn backup(&self, to: &Path) -> Result<(), Failure> {
        Ok(self.device.vault.backup(to)?)
    }

    /// Searches the vault's files, free pages and all, for phrases of 4 to 1,024 bytes: for a test that knows what must be gone.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a phrase that is too short or too long, and when a file cannot be read.
    pub fn audit(&self, phrases: &[String]) -> Result<AuditView, Failure> {
        self.device.audit(phrases)
    }

    /// Builds every record anew from its sealed changes and sets aside what is damaged. Nothing is deleted.
    ///
    /// # Errors
    /// Storage failures, and then nothing is changed; [`Failure::Invalid`] before the device has joined a study.
    pub fn repair(&self) -> Result<RepairedView, Failure> {
        self.device.repair()
    }

    /// Tells an observer about every change from now on, beginning with a Reset.
    #[must_use]
    pub fn observe(&self, observer: Arc<dyn Observer>) -> Subscription {
        self.device.notifier.observe(observer)
    }

    /// Closes the vault's file until [`Tablet::resume_vault`], so that an operating system that suspends the app finds
    /// no lock held.
    ///
    /// # Errors
    /// None today.
    pub fn pause(&self) -> Result<(), Failure> {
        self.device.vault.pause();
        Ok(())
    }

    /// Opens the vault's file again.
    ///
    /// # Errors
    /// As [`Tablet::open`].
    pub fn resume_vault(&self) -> Result<(), Failure> {
        self.device.vault.resume()?;
        self.device.notifier.reset();
        Ok(())
    }

    /// The clock this tablet goes by.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.device.clock
    }
}
