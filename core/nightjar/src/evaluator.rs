//! The evaluator: founds the study, lets devices in, receives, exports.

use std::path::Path;
use std::sync::Arc;

use nightjar_evaluate::{Options as Printing, Published, PublishedFiles, Received};

use crate::agreeing;
use crate::attaching;
use crate::device::{Device, Kind, Options};
use crate::enrol::{self, Admission};
use crate::exports::{self, Exporting};
use crate::failure::Failure;
use crate::finish;
use crate::handing;
use crate::key::VaultKey;
use crate::observe::{Observer, Subscription};
use crate::source::VaultSource;
use crate::steward::{self, DelegateRequest, FoundRequest};
use crate::study_pack::StudyPack;
use crate::syncing::SyncOptions;
use crate::taking_out;
use crate::view::{
    ActConsentView, AsksView, AttachmentView, AuditView, ConflictView, ConsentView, DisputeRequest,
    DissensusView, ErasedView, ExportView, ExportedView, FormChangeView, HandedView, MemberView,
    ReceivedView, RecordView, RecordsRequest, RepairedView, RuleRequest, SettleRequest, StatusView, StepView,
    SyncView, TakeOutRequest, TakeOutView, VerifiedView,
};

/// A device that reads: opens what was sealed to it, and exports. The one that founds a study is its steward too.
#[derive(Clone)]
pub struct Evaluator {
    pub(crate) device: Arc<Device>,
}

impl Evaluator {
    /// Makes a vault and the device's keys.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when there is a file already; storage failures.
    pub fn create(path: &Path, key: &VaultKey, label: &str, options: Options) -> Result<Self, Failure> {
        Ok(Self { device: Device::create(path, key, label, Kind::Evaluator, options)? })
    }

    /// Opens a vault.
    ///
    /// # Errors
    /// [`Failure::WrongKey`], [`Failure::Corrupt`], [`Failure::Incompatible`]; none of them changes the file.
    pub fn open(path: &Path, key: &VaultKey, options: Options) -> Result<Self, Failure> {
        Ok(Self { device: Device::open(path, key, Kind::Evaluator, options)? })
    }

    /// The text a steward needs to let this device in: its public keys and label.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn enrolment_request(&self) -> Result<String, Failure> {
        self.device.enrolment_request()
    }

    /// Founds a study; this device becomes its steward and first evaluator. With a hub it is founded there as well.
    ///
    /// # Errors
    /// [`Failure::Offline`]; [`Failure::Rejected`] for a wrong setup code; [`Failure::Invalid`] when this device belongs
    /// to a study already.
    pub fn found(&self, request: FoundRequest) -> Result<(), Failure> {
        self.device.block_on(steward::found(&self.device, request))
    }

    /// [`Evaluator::found`], awaited.
    ///
    /// # Errors
    /// As [`Evaluator::found`].
    pub async fn found_async(&self, request: FoundRequest) -> Result<(), Failure> {
        let device = Arc::clone(&self.device);
        self.device.spawn(async move { steward::found(&device, request).await }).await
    }

    /// Joins a study that another device founded.
    ///
    /// # Errors
    /// As [`Tablet::join`](crate::Tablet::join).
    pub fn join(&self, invitation: &str, pack: StudyPack) -> Result<(), Failure> {
        self.device.block_on(self.device.join(invitation.to_owned(), pack))
    }

    /// [`Evaluator::join`], awaited.
    ///
    /// # Errors
    /// As [`Evaluator::join`].
    pub async fn join_async(&self, invitation: String, pack: StudyPack) -> Result<(), Failure> {
        let device = Arc::clone(&self.device);
        self.device.spawn(async move { device.join(invitation, pack).await }).await
    }

    /// Makes the offline recovery key and names it in the roster. Its words are given once, for paper, and kept nowhere.
    ///
    /// # Errors
    /// [`Failure::Rejected`] where this device is not the steward.
    pub fn add_recovery(&self) -> Result<String, Failure> {
        Ok(steward::add_recovery(&self.device, None)?.concat())
    }

    /// [`Evaluator::add_recovery`], split into so many shares for as many people, of which so many are needed (2 to 16) to have the key. Fewer
    /// say nothing about it. Each is given once, for paper, and kept nowhere.
    ///
    /// # Errors
    /// As [`Evaluator::add_recovery`]; [`Failure::Invalid`] for numbers that make no sense.
    pub fn add_recovery_shares(&self, shares: u8, needed: u8) -> Result<Vec<String>, Failure> {
        steward::add_recovery(&self.device, Some((shares, needed)))
    }

    /// Reads the recovery key back from paper, its words or so many of its shares as it takes, and checks that it is the study's. Nothing is
    /// kept.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for papers that are damaged, too few or another key's.
    pub fn check_recovery(&self, papers: &[String]) -> Result<(), Failure> {
        steward::check_recovery(&self.device, papers)
    }

    /// Lets a device in and gives the invitation for it, which is of use to that device alone and good for a day by the hub's time. The
    /// founder gives it its place in the roster; another steward signs for it, which counts at once, and it gets its place later. The hub learns
    /// of it at once if it can be reached, else at the next sync; the device can join from then on.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a damaged request; [`Failure::Rejected`] where this device is no steward's, or this is more than the
    /// steward may.
    pub fn admit(&self, request: &str, admission: Admission) -> Result<String, Failure> {
        enrol::admit(&self.device, request, admission, enrol::HOURS)
    }

    /// [`Evaluator::admit`], with an invitation that is good for so many hours: for a ward that is offline longer.
    ///
    /// # Errors
    /// As [`Evaluator::admit`].
    pub fn admit_for(&self, request: &str, admission: Admission, hours: u32) -> Result<String, Failure> {
        enrol::admit(&self.device, request, admission, hours)
    }

    /// Makes a member a steward, who lets devices in by themselves, offline, within these terms; or changes the terms. Only the founder does.
    ///
    /// # Errors
    /// [`Failure::Invalid`] where none or several are called so, or for terms beyond their bounds; [`Failure::Rejected`] where this device did
    /// not found the study.
    pub fn delegate(&self, request: DelegateRequest) -> Result<MemberView, Failure> {
        steward::delegate(&self.device, request)
    }

    /// Ends that a member is a steward. Whom they let in until now stays in, as far as it is known here after a sync; whom they let in later
    /// does not get in.
    ///
    /// # Errors
    /// As [`Evaluator::delegate`].
    pub fn end_delegation(&self, who: &str) -> Result<MemberView, Failure> {
        steward::end_delegation(&self.device, who)
    }

    /// Puts a device out: one that was lost, or whose people left. The hub takes nothing more of it and gives it nothing; what it had sent
    /// until then counts, and what comes of it later by other ways is set aside for people to look at. The ward's records are sealed
    /// under a new key from now on, which it does not get. `who` is its label, or the beginning of its tag.
    ///
    /// # Errors
    /// [`Failure::Invalid`] where none or several are called so; [`Failure::Rejected`] where this device is not the steward.
    pub fn put_out(&self, who: &str) -> Result<MemberView, Failure> {
        steward::put_out(&self.device, who)
    }

    /// Lets what is here of a device that was put out, from after that, count after all: a person has looked at it. It stays put out.
    ///
    /// # Errors
    /// As [`Evaluator::put_out`].
    pub fn accept(&self, who: &str) -> Result<MemberView, Failure> {
        steward::accept(&self.device, who)
    }

    /// Hands the responses that this device reads on to another evaluator: one that came late and reads only what was given since,
    /// or one that takes the place of this one. It goes up with the next sync. What was handed on before is not handed on again.
    ///
    /// # Errors
    /// [`Failure::Invalid`] where nobody is called so, or who is no other evaluator.
    pub fn hand_over(&self, who: &str) -> Result<HandedView, Failure> {
        handing::hand_over(&self.device, who)
    }

    /// Ends this device after everything was handed over to another evaluator and has reached the hub: destroys its keys, then its
    /// vault. A hub that is put back to a backup from before loses what was handed over: let the other evaluator sync first.
    ///
    /// Whoever rotates an evaluator's keys lets in a new device, hands over, and retires the old one; the steward then
    /// puts it out.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when something was not handed over or still waits here, and [`Failure::Rejected`] on the device that
    /// founded the study: then nothing was destroyed. [`Failure::Closed`] while other parts of the program still use it.
    pub fn retire(self, who: &str) -> Result<(), Failure> {
        // Nobody else has it any more: nothing comes in between.
        let device = Arc::into_inner(self.device)
            .ok_or_else(|| Failure::Closed("something else still uses this device; close it first".into()))?;
        handing::check_handed_over(&device, who)?;
        let path = device.vault.path().to_owned();
        device.vault.destroy_keys()?;
        drop(device);
        Ok(nightjar_vault::Vault::remove(&path)?)
    }

    /// Names an evaluator device whose steward is asked where one alone may not: before the first tablet is let in, and not later, so
    /// that nobody can make up a second steward where there is something to lose. `who` is its label, or the beginning of its tag. Its steward may
    /// hold the seat of lived experience, which a rule may ask for.
    ///
    /// # Errors
    /// [`Failure::Invalid`] where none or several are called so, for the founder's own device, and once a tablet was let in;
    /// [`Failure::Rejected`] where this device is not the steward.
    pub fn name_steward(&self, who: &str, lived_experience: bool) -> Result<MemberView, Failure> {
        taking_out::name_steward(&self.device, who, lived_experience)
    }

    /// Says what the founder may not do alone: once, before the first tablet is let in, and of stewards who are named by then.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a rule that asks for more than there are, or too late; [`Failure::Rejected`] where this device did not found
    /// the study.
    pub fn make_rule(&self, request: &RuleRequest) -> Result<(), Failure> {
        agreeing::make_rule(&self.device, request)
    }

    /// What to ask second stewards before the device of this request is let in as an evaluator's; `None` where the founder does that alone.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a damaged request.
    pub fn ask_to_admit(&self, request: &str) -> Result<Option<AsksView>, Failure> {
        enrol::asks_to_admit(&self.device, request)
    }

    /// What to ask second stewards before this version of the study is named; `None` where the founder does that alone.
    ///
    /// # Errors
    /// As [`Evaluator::new_version`].
    pub fn ask_for_version(&self, pack: &StudyPack) -> Result<Option<AsksView>, Failure> {
        steward::asks_for_version(&self.device, pack)
    }

    /// Keeps what a second steward answered: [`Evaluator::admit`] and [`Evaluator::new_version`] take what is good for them.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a damaged text; [`Failure::Rejected`] where this device did not found the study.
    pub fn take_consent(&self, consent: &str) -> Result<(), Failure> {
        agreeing::take_consent(&self.device, consent)
    }

    /// Signs what the founder asks for, and says what it is. To be read by a person before it is handed on.
    ///
    /// # Errors
    /// As [`Evaluator::consent_to_take_out`].
    pub fn consent_to_act(&self, request: &str) -> Result<ActConsentView, Failure> {
        agreeing::consent(&self.device, request)
    }

    /// Takes records out of the study, for somebody who lost their words or because they must not be here: on this device at once, at the
    /// hub and on every other when it hears of it. More than 20 in 24 hours of the hub's time, or all of a sort, need a second
    /// steward's consent: then nothing is changed, and what comes back is what to ask them.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for records that are not here, and a consent to something else or from before the roster grew;
    /// [`Failure::Rejected`] where this device is not the steward, and where two are needed and the study named no second.
    pub fn take_out(&self, request: &TakeOutRequest) -> Result<TakeOutView, Failure> {
        taking_out::take_out(&self.device, request)
    }

    /// Signs what another steward asks to be taken out, and says what it is. To be read by a person before it is handed on.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a request of another study, or for another roster than this device has;
    /// [`Failure::Rejected`] where this device is no second steward's.
    pub fn consent_to_take_out(&self, request: &str) -> Result<ConsentView, Failure> {
        taking_out::consent(&self.device, request)
    }

    /// What was taken out of the study, by receipts and by stewards, and which devices have signed that they did so; with the day on which the
    /// hub heard last of each. Asks the hub where it can be reached, else tells what was known.
    ///
    /// # Errors
    /// [`Failure::Rejected`] when the hub refuses; when the vault cannot be read.
    pub fn erased(&self) -> Result<ErasedView, Failure> {
        self.device.erased()
    }

    /// Every device that was ever let in, in that order.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn members(&self) -> Result<Vec<MemberView>, Failure> {
        Ok(enrol::members(&*self.device.joined()?))
    }

    /// Names another version of the study in the roster and takes its files. Devices that sync learn that there is one and
    /// go on with the version they hold until they are given the files ([`Tablet::update`](crate::Tablet::update)).
    /// Gives what differs, form by form.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for another study, and where a ward, role or form is gone or a form has another kind or
    /// confidentiality: what was collected would be cut off. [`Failure::Rejected`] where this device is not the steward.
    pub fn new_version(&self, pack: &StudyPack) -> Result<Vec<FormChangeView>, Failure> {
        steward::new_version(&self.device, pack)
    }

    /// Takes the files of a version of the study that the steward has named, the newest or an older one: figures of all
    /// versions need the forms of all versions.
    ///
    /// # Errors
    /// [`Failure::Incompatible`] for files that the roster does not name: sync first.
    pub fn update(&self, pack: &StudyPack) -> Result<(), Failure> {
        self.device.take_version(pack)
    }

    /// What this device holds and still has to do.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn status(&self) -> Result<StatusView, Failure> {
        self.device.status()
    }

    /// Sends what is new and receives what is new. Waits for the hub.
    ///
    /// # Errors
    /// As [`Tablet::sync`](crate::Tablet::sync).
    pub fn sync(&self) -> Result<SyncView, Failure> {
        self.sync_with(&SyncOptions::default())
    }

    /// [`Evaluator::sync`], tried several times, watched or stopped.
    ///
    /// # Errors
    /// As [`Evaluator::sync`]; [`Failure::Cancelled`] when it was stopped: what was stored until then stays stored.
    pub fn sync_with(&self, options: &SyncOptions) -> Result<SyncView, Failure> {
        self.device.block_on(self.device.sync(options))
    }

    /// [`Evaluator::sync_with`], awaited.
    ///
    /// # Errors
    /// As [`Evaluator::sync_with`].
    pub async fn sync_with_async(&self, options: SyncOptions) -> Result<SyncView, Failure> {
        let device = Arc::clone(&self.device);
        self.device.spawn(async move { device.sync(&options).await }).await
    }

    /// [`Evaluator::sync`], awaited.
    ///
    /// # Errors
    /// As [`Evaluator::sync`].
    pub async fn sync_async(&self) -> Result<SyncView, Failure> {
        let device = Arc::clone(&self.device);
        self.device.spawn(async move { device.sync(&SyncOptions::default()).await }).await
    }

    /// Records this device can read, in the order of their ids: responses too.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn records(&self, request: RecordsRequest) -> Result<Vec<RecordView>, Failure> {
        self.device.records(request)
    }

    /// Everything that was ever written to a record, by tablet and role, each step with how far its chain proves it.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a record that is not here or cannot be read.
    pub fn history(&self, record: &str) -> Result<Vec<StepView>, Failure> {
        self.device.history(record)
    }

    /// A picture or a recording of a record that can be read here, by the name of its question, or by the answer itself where there are
    /// several.
    ///
    /// # Errors
    /// [`Failure::Invalid`] for a record or question that has none, and while a part of it is not here: sync again.
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

    /// Settles a conflict.
    ///
    /// # Errors
    /// As [`Tablet::settle`](crate::Tablet::settle).
    pub fn settle(&self, request: SettleRequest) -> Result<(), Failure> {
        let SettleRequest { record, name, value, role } = request;
        finish::settle(&self.device, self.device.record_id(&record)?, &role, &name, &value)
    }

    /// Puts another value beside what a settlement wrote.
    ///
    /// # Errors
    /// As [`Tablet::dispute`](crate::Tablet::dispute).
    pub fn dispute(&self, request: DisputeRequest) -> Result<(), Failure> {
        finish::dispute(&self.device, self.device.record_id(&request.record)?, &request)
    }

    /// Positions beside their outcome, by case.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn dissensus(&self) -> Result<Vec<DissensusView>, Failure> {
        self.device.dissensus()
    }

    /// How much of what each tablet's signed chains name is here and applied, by the roster's order.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn received(&self) -> Result<Vec<ReceivedView>, Failure> {
        self.device.received()
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

    /// Writes `export/` (CSV with a codebook, every figure, a manifest) and `report.html` into a folder. Files appear whole or not
    /// at all; row-level files are named `internal`. Figures and report are held back, and those before stay, while fewer responses than the
    /// study's disclosure rule wants are other than in the last ones: the difference would be theirs.
    ///
    /// # Errors
    /// [`Failure::Invalid`] when the folder cannot be written or the published figures cannot be read.
    pub fn export(&self, folder: &Path) -> Result<ExportView, Failure> {
        let _one_at_a_time = self.device.block_on(async { Ok(self.device.syncing.lock().await) })?;
        let joined = self.device.joined()?;
        let received = self.received()?;
        let received = received.into_iter().map(|view| Received {
            tablet: view.tablet,
            received: view.received,
            expected: Some(view.expected),
        });
        let source = VaultSource::new(&self.device, &joined, received.collect())?;
        let published = published(&joined.pack)?;
        let options = Printing::default();
        let refused = |refused: nightjar_evaluate::Refused| not_written(folder, &refused);
        let exporting = Exporting::begin(&self.device, &joined, folder)?;
        let held_back = exporting.held_back;
        let mut written = Vec::new();
        let mut out = exporting.output(folder, &mut written);
        let done = nightjar_evaluate::export(&source, &published, &options, &mut out);
        let done = done.and_then(|summary| {
            nightjar_evaluate::report(&source, &published, &options, &mut out).map(|()| summary)
        });
        let summary = match done {
            Ok(summary) => summary,
            Err(problem) => {
                exporting.broken(written)?;
                return Err(refused(problem));
            }
        };
        let files = written.iter().map(|file| file.name.clone()).collect();
        let (manifest, destroy) = exporting.end(folder, written).map_err(refused)?;
        let (responses, unknown_versions) = (summary.records, summary.unknown_versions);
        Ok(ExportView { files, responses, unknown_versions, manifest, held_back, destroy })
    }

    /// Every export that this device made, the first first: its files by their hashes, and whether it holds what was taken out since.
    ///
    /// # Errors
    /// When the vault cannot be read.
    pub fn exports(&self) -> Result<Vec<ExportedView>, Failure> {
        exports::exported(&self.device)
    }

    /// Notes that somebody has destroyed the files of an export, by the beginning of its manifest's id (8 characters or more).
    ///
    /// # Errors
    /// [`Failure::Invalid`] where none or several begin so.
    pub fn export_destroyed(&self, id: &str) -> Result<(), Failure> {
        exports::destroyed(&self.device, id)
    }
}

/// The published figures of a pack, by the ids the evaluation knows.
fn published(pack: &StudyPack) -> Result<Published, Failure> {
    let bytes = |id: &str| {
        let set = pack.study().published(id)?;
        pack.files().get(&set.file).map(Vec::as_slice)
    };
    let files = PublishedFiles {
        protected_sleep: bytes("protected-sleep"),
        incidents: bytes("incidents"),
        hypnotics: bytes("hypnotics"),
    };
    Published::read(files).map_err(|refused| Failure::Invalid(refused.to_string()))
}

/// What kept the files from being written; a full disk is one thing an app can do something about.
fn not_written(folder: &Path, refused: &nightjar_evaluate::Refused) -> Failure {
    let full = |error: &std::io::Error| {
        matches!(error.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
    };
    let text = format!("{}: {refused}", folder.display());
    match refused {
        nightjar_evaluate::Refused::Unwritable { source, .. } if full(source) => Failure::StorageFull(text),
        _ => Failure::Invalid(text),
    }
}
