//! The evaluator: founds the study, lets devices in, receives, exports.

use std::path::Path;
use std::sync::Arc;

use crate::failure::Failure;
use crate::observer::{Foreign, Observer, Subscription};
use crate::tablet::StudyPack;
use crate::vault_key;
use crate::view::{
    ConflictView, DissensusView, ExportView, FormChangeView, ReceivedView, RecordView, RecordsRequest,
    SettleRequest, StatusView, SyncView,
};

/// A device that reads: opens what was sealed to it, and exports.
#[derive(uniffi::Object)]
pub struct Evaluator(nightjar::Evaluator);

#[uniffi::export]
impl Evaluator {
    /// Makes a vault and the device's keys.
    ///
    /// # Errors
    /// `Invalid` when there is a file already; `StorageFull`.
    #[uniffi::constructor]
    pub fn create(path: String, key: Vec<u8>, label: String) -> Result<Arc<Self>, Failure> {
        let key = vault_key(&key)?;
        let options = nightjar::Options::default();
        Ok(Arc::new(Self(nightjar::Evaluator::create(Path::new(&path), &key, &label, options)?)))
    }

    /// Opens a vault.
    ///
    /// # Errors
    /// `WrongKey`, `Corrupt`, `Incompatible`.
    #[uniffi::constructor]
    pub fn open(path: String, key: Vec<u8>) -> Result<Arc<Self>, Failure> {
        let key = vault_key(&key)?;
        Ok(Arc::new(Self(nightjar::Evaluator::open(Path::new(&path), &key, nightjar::Options::default())?)))
    }

    /// The text a steward needs to let this device in.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn enrolment_request(&self) -> Result<String, Failure> {
        Ok(self.0.enrolment_request()?)
    }

    /// Founds a study at a hub; this device becomes its steward.
    ///
    /// # Errors
    /// `Offline`; `Rejected` for a wrong setup code.
    pub async fn found(&self, pack: Arc<StudyPack>, hub: String, setup_code: String) -> Result<(), Failure> {
        let request = nightjar::FoundRequest { pack: pack.0.clone(), hub: Some(hub), setup_code };
        Ok(self.0.found_async(request).await?)
    }

    /// Joins a study that another device founded.
    ///
    /// # Errors
    /// As for a tablet.
    pub async fn join(&self, invitation: String, pack: Arc<StudyPack>) -> Result<(), Failure> {
        Ok(self.0.join_async(invitation, pack.0.clone()).await?)
    }

    /// Makes the offline recovery key. Its words are given once, for paper.
    ///
    /// # Errors
    /// `Rejected` where this device is not the steward.
    pub fn add_recovery(&self) -> Result<String, Failure> {
        Ok(self.0.add_recovery()?)
    }

    /// Lets a tablet in, for these wards (all if empty). Gives the invitation for it.
    ///
    /// # Errors
    /// `Invalid` for a damaged request; `Rejected` where this device is not the steward.
    pub fn admit_tablet(&self, request: String, wards: Vec<String>) -> Result<String, Failure> {
        Ok(self.0.admit(&request, nightjar::Admission::Tablet { wards })?)
    }

    /// Lets another evaluator in. Gives the invitation for it.
    ///
    /// # Errors
    /// As `admit_tablet`.
    pub fn admit_evaluator(&self, request: String) -> Result<String, Failure> {
        Ok(self.0.admit(&request, nightjar::Admission::Evaluator)?)
    }

    /// Names another version of the study and takes its files; devices learn of it when they sync. Gives what differs.
    ///
    /// # Errors
    /// `Invalid` where a ward, role or form is gone; `Rejected` where this device is not the steward.
    pub fn new_version(&self, pack: Arc<StudyPack>) -> Result<Vec<FormChangeView>, Failure> {
        Ok(self.0.new_version(&pack.0)?.into_iter().map(Into::into).collect())
    }

    /// Takes the files of a version of the study that the steward has named, the newest or an older one.
    ///
    /// # Errors
    /// `Incompatible` for files that the roster does not name: sync first.
    pub fn update(&self, pack: Arc<StudyPack>) -> Result<(), Failure> {
        Ok(self.0.update(&pack.0)?)
    }

    /// Sends what is new and receives what is new.
    ///
    /// # Errors
    /// As for a tablet.
    pub async fn sync(&self) -> Result<SyncView, Failure> {
        Ok(self.0.sync_async().await?.into())
    }

    /// Records this device can read, in the order of their ids; of a search in the order in which they came.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn records(&self, request: RecordsRequest) -> Result<Vec<RecordView>, Failure> {
        Ok(self.0.records(request.into())?.into_iter().map(Into::into).collect())
    }

    /// Concurrent values of facts that wait for a person.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn conflicts(&self) -> Result<Vec<ConflictView>, Failure> {
        Ok(self.0.conflicts()?.into_iter().map(Into::into).collect())
    }

    /// Positions beside their outcome.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn dissensus(&self) -> Result<Vec<DissensusView>, Failure> {
        Ok(self.0.dissensus()?.into_iter().map(Into::into).collect())
    }

    /// Settles a conflict.
    ///
    /// # Errors
    /// As for a tablet.
    pub fn settle(&self, request: SettleRequest) -> Result<(), Failure> {
        let SettleRequest { record, name, value, role } = request;
        let value = value.try_into()?;
        Ok(self.0.settle(nightjar::SettleRequest { record, name, value, role })?)
    }

    /// What this device holds and still has to do.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn status(&self) -> Result<StatusView, Failure> {
        Ok(self.0.status()?.into())
    }

    /// Tells an observer about every change from now on, beginning with a Reset.
    #[must_use]
    pub fn observe(&self, observer: Arc<dyn Observer>) -> Arc<Subscription> {
        Arc::new(self.0.observe(Arc::new(Foreign(observer))).into())
    }

    /// How much of what each tablet has sent is here.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn received(&self) -> Result<Vec<ReceivedView>, Failure> {
        Ok(self.0.received()?.into_iter().map(Into::into).collect())
    }

    /// Writes CSV with a codebook, and the report, into a folder.
    ///
    /// # Errors
    /// `Invalid` when the folder cannot be written.
    pub fn export(&self, folder: String) -> Result<ExportView, Failure> {
        Ok(self.0.export(Path::new(&folder))?.into())
    }
}
