//! The tablet: collects, keeps ward records, syncs.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use crate::failure::Failure;
use crate::observer::{Foreign, Observer, Subscription};
use crate::sitting::Sitting;
use crate::vault_key;
use crate::view::{
    AmendRequest, BeginRequest, ConflictView, DissensusView, DraftView, FormView, HandedOverView,
    InformationView, MoveView, RecordView, RecordsRequest, SettleRequest, StatusView, StepView, SyncView,
    TallyView,
};

/// A study with its forms, checked as a whole.
#[derive(uniffi::Object)]
pub struct StudyPack(pub(crate) nightjar::StudyPack);

#[uniffi::export]
impl StudyPack {
    /// Reads a pack from a folder that holds `study.toml`.
    ///
    /// # Errors
    /// `Invalid` with every problem, one a line, each with its place.
    #[uniffi::constructor]
    pub fn from_folder(path: String) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(nightjar::StudyPack::from_dir(Path::new(&path))?)))
    }

    /// Reads a pack from its files by relative path, as an app ships them in its assets.
    ///
    /// # Errors
    /// As `from_folder`.
    #[uniffi::constructor]
    pub fn from_files(files: HashMap<String, Vec<u8>>) -> Result<Arc<Self>, Failure> {
        Ok(Arc::new(Self(nightjar::StudyPack::from_files(files.into_iter().collect())?)))
    }

    /// The study's title.
    #[must_use]
    pub fn title(&self) -> String {
        self.0.study().title.clone()
    }
}

/// A device that collects: its encrypted vault, its keys and its study.
#[derive(uniffi::Object)]
pub struct Tablet(nightjar::Tablet);

#[uniffi::export]
impl Tablet {
    /// Makes a vault and the device's keys.
    ///
    /// # Errors
    /// `Invalid` when there is a file already; `StorageFull`.
    #[uniffi::constructor]
    pub fn create(path: String, key: Vec<u8>, label: String) -> Result<Arc<Self>, Failure> {
        let key = vault_key(&key)?;
        Ok(Arc::new(Self(nightjar::Tablet::create(
            Path::new(&path),
            &key,
            &label,
            nightjar::Options::default(),
        )?)))
    }

    /// Opens a vault.
    ///
    /// # Errors
    /// `WrongKey`, `Corrupt`, `Incompatible`: three different things, none of which changes the file.
    #[uniffi::constructor]
    pub fn open(path: String, key: Vec<u8>) -> Result<Arc<Self>, Failure> {
        let key = vault_key(&key)?;
        Ok(Arc::new(Self(nightjar::Tablet::open(Path::new(&path), &key, nightjar::Options::default())?)))
    }

    /// The text a steward needs to let this device in.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn enrolment_request(&self) -> Result<String, Failure> {
        Ok(self.0.enrolment_request()?)
    }

    /// Joins the study the invitation names. Fetches the roster from the hub.
    ///
    /// # Errors
    /// `Invalid` for a damaged invitation or a pack that is not the study's; `Offline`.
    pub async fn join(&self, invitation: String, pack: Arc<StudyPack>) -> Result<(), Failure> {
        Ok(self.0.join_async(invitation, pack.0.clone()).await?)
    }

    /// What this device holds and still has to do.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn status(&self) -> Result<StatusView, Failure> {
        Ok(self.0.status()?.into())
    }

    /// The forms of the study.
    ///
    /// # Errors
    /// `Invalid` before the device has joined a study.
    pub fn forms(&self) -> Result<Vec<FormView>, Failure> {
        Ok(self.0.forms()?.into_iter().map(Into::into).collect())
    }

    /// The information page in a language, or in the study's default one.
    ///
    /// # Errors
    /// As `forms`.
    pub fn information(&self, language: String) -> Result<InformationView, Failure> {
        Ok(self.0.information(&language)?.into())
    }

    /// Opens a form for one person.
    ///
    /// # Errors
    /// `Invalid` for an unknown form, role, ward or language, and before the study has two evaluators and a recovery key.
    pub fn begin(&self, request: BeginRequest) -> Result<Arc<Sitting>, Failure> {
        Ok(Sitting::shared(self.0.begin(request.into())?))
    }

    /// Unfinished answers; never their content.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn drafts(&self) -> Result<Vec<DraftView>, Failure> {
        Ok(self.0.drafts()?.into_iter().map(Into::into).collect())
    }

    /// Opens a draft again, with every acknowledged answer, on the page it was left on.
    ///
    /// # Errors
    /// `Invalid` when there is no such draft.
    pub fn resume(&self, draft: String) -> Result<Arc<Sitting>, Failure> {
        Ok(Sitting::shared(self.0.resume(&draft)?))
    }

    /// The tablet goes to somebody else: the key of every unfinished form is destroyed and it counts as stopped, unless its
    /// respondent took words, which alone open it then. Open sittings are closed.
    ///
    /// # Errors
    /// Storage failures.
    pub fn hand_over(&self) -> Result<HandedOverView, Failure> {
        Ok(self.0.hand_over()?.into())
    }

    /// Opens the form whose respondent took these words.
    ///
    /// # Errors
    /// `Invalid` when they open nothing here.
    pub fn resume_with_words(&self, words: String) -> Result<Arc<Sitting>, Failure> {
        Ok(Sitting::shared(self.0.resume_with_words(&words)?))
    }

    /// What was finished (confidential forms only) and stopped on this tablet, counted.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn tallies(&self) -> Result<Vec<TallyView>, Failure> {
        Ok(self.0.tallies()?.into_iter().map(Into::into).collect())
    }

    /// What moving an unfinished answer to the form's newest version on this tablet does. Nothing is changed.
    ///
    /// # Errors
    /// `Invalid` when there is no such draft or it is of the newest version.
    pub fn check_move(&self, draft: String) -> Result<MoveView, Failure> {
        Ok(self.0.check_move(&draft)?.into())
    }

    /// Moves an unfinished answer as `check_move` has said. What does not come along stays sealed beside it.
    ///
    /// # Errors
    /// As `check_move`; `Invalid` when the move is no longer what was said; storage failures. The draft is as it was then.
    pub fn move_draft(&self, draft: String, agreed: MoveView) -> Result<Arc<Sitting>, Failure> {
        Ok(Sitting::shared(self.0.move_draft(&draft, &agreed.into())?))
    }

    /// Takes the files of a version of the study that the steward has named.
    ///
    /// # Errors
    /// `Incompatible` for files that the roster does not name: sync first.
    pub fn update(&self, pack: Arc<StudyPack>) -> Result<(), Failure> {
        Ok(self.0.update(&pack.0)?)
    }

    /// Records this device can read, in the order of their ids; of a search in the order in which they came.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn records(&self, request: RecordsRequest) -> Result<Vec<RecordView>, Failure> {
        Ok(self.0.records(request.into())?.into_iter().map(Into::into).collect())
    }

    /// Everything that was ever written to a record, each step with how far its chain proves it.
    ///
    /// # Errors
    /// `Invalid` for a record that is not here or cannot be read.
    pub fn history(&self, record: String) -> Result<Vec<StepView>, Failure> {
        Ok(self.0.history(&record)?.into_iter().map(Into::into).collect())
    }

    /// Corrects a fact. What another device writes meanwhile is kept beside it.
    ///
    /// # Errors
    /// `Invalid` for an unknown record or item; `Rejected` where the role or device has no grant.
    pub fn amend(&self, request: AmendRequest) -> Result<(), Failure> {
        let AmendRequest { record, role, changes } = request;
        let changes = changes
            .into_iter()
            .map(|change| Ok((change.name, change.value.try_into()?)))
            .collect::<Result<_, Failure>>()?;
        Ok(self.0.amend(nightjar::AmendRequest { record, role, changes })?)
    }

    /// Concurrent values of facts that wait for a person.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn conflicts(&self) -> Result<Vec<ConflictView>, Failure> {
        Ok(self.0.conflicts()?.into_iter().map(Into::into).collect())
    }

    /// Settles a conflict.
    ///
    /// # Errors
    /// `Invalid` when it is no conflict (any more).
    pub fn settle(&self, request: SettleRequest) -> Result<(), Failure> {
        let SettleRequest { record, name, value, role } = request;
        let value = value.try_into()?;
        Ok(self.0.settle(nightjar::SettleRequest { record, name, value, role })?)
    }

    /// Positions beside their outcome.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn dissensus(&self) -> Result<Vec<DissensusView>, Failure> {
        Ok(self.0.dissensus()?.into_iter().map(Into::into).collect())
    }

    /// Counts that somebody asked to talk to someone on this ward now. Gives the week's count.
    ///
    /// # Errors
    /// When the vault cannot be written.
    pub fn talk_to_someone(&self, ward: String) -> Result<u64, Failure> {
        Ok(self.0.talk_to_someone(&ward)?)
    }

    /// Sends what is new and receives what is new.
    ///
    /// # Errors
    /// `Offline`: everything stays on this device, try again later. `Rejected`: a person has to look.
    pub async fn sync(&self) -> Result<SyncView, Failure> {
        Ok(self.0.sync_async().await?.into())
    }

    /// Tells an observer about every change from now on, beginning with a Reset.
    #[must_use]
    pub fn observe(&self, observer: Arc<dyn Observer>) -> Arc<Subscription> {
        Arc::new(self.0.observe(Arc::new(Foreign(observer))).into())
    }

    /// Closes the vault's file until `resume_vault`: an operating system that suspends the app finds no lock held.
    ///
    /// # Errors
    /// When the vault cannot be closed.
    pub fn pause(&self) -> Result<(), Failure> {
        Ok(self.0.pause()?)
    }

    /// Opens the vault's file again.
    ///
    /// # Errors
    /// As `open`.
    pub fn resume_vault(&self) -> Result<(), Failure> {
        Ok(self.0.resume_vault()?)
    }
}
