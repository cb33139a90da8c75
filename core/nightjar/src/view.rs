//! What crosses the border of the facade: `…View` goes out, `…Request` comes in. Plain data, no behaviour.

mod agreeing;
mod attachments;
mod checks;
mod exports;
mod own;
mod published;
mod staff;
mod taking_out;

use nightjar_form::Value;
use serde::{Deserialize, Serialize};

pub use agreeing::{ActConsentView, AsksView, RuleRequest};
pub use attachments::AttachmentView;
pub use checks::{AuditView, HitView, RepairedView, VerifiedView};
pub use exports::{ExportedFileView, ExportedView, HeldBackView};
pub use own::{OwnAnswerView, OwnState, OwnView, ReceiptKind};
pub use published::{
    BlockView, PageRequest, PageView, PublicationView, PublishRequest, ThemeRequest, ThemeState, ThemeView,
    ThenView,
};
pub use staff::{AskState, AskedView, EncounterRequest, PinView, TalkView};
pub use taking_out::{
    ConsentView, ErasedOnView, ErasedView, HeardView, OfFormView, TakeOutRequest, TakeOutView, TakeOutWhat,
};

/// What a device holds and still has to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatusView {
    /// The name given to the device when its vault was made.
    pub label: String,
    /// The study's title; `None` before the device has joined one.
    pub study: Option<String>,
    /// The version of the study this device goes by; `None` before it joined.
    pub version: Option<String>,
    /// Whether the steward has named a newer version whose forms this device was not given yet.
    pub newer_version: bool,
    /// Codes of the wards this device may collect on; empty before it joined.
    pub wards: Vec<String>,
    /// Unfinished answers on this device; their content is not told.
    pub drafts: u64,
    /// Sealed envelopes the hub has not acknowledged yet.
    pub waiting: u64,
    /// Sealed envelopes the hub has acknowledged.
    pub at_hub: u64,
    /// Envelopes of this device that at least one evaluator device has signed for.
    pub applied_by_evaluator: u64,
    /// Envelopes this device could not read and keeps as they came.
    pub set_aside: u64,
    /// Sealed envelopes of confidential responses that left this device 30 days after hub and evaluator had them for certain.
    pub released: u64,
    /// Sealed envelopes that have waited more than 30 days for the hub or for an evaluator.
    pub late: u64,
    /// Whether the study has a hub; without one everything goes by bundles.
    pub has_hub: bool,
}

/// A form a device can open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormView {
    /// The form's identifier, as `begin` takes it.
    pub form_id: String,
    /// The form's title in its default language.
    pub title: String,
    /// `response`, `fact`, `position`, `outcome` or another kind of the study.
    pub kind: String,
    /// Codes of the roles that may fill it in.
    pub roles: Vec<String>,
    /// The languages and variants it can be asked in, as the workbook names them.
    pub languages: Vec<String>,
    /// Whether finished answers are unreadable on this device.
    pub confidential: bool,
    /// What the form says about who has reviewed its wording.
    pub wording_status: Option<String>,
}

/// The information page, shown before the first question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct InformationView {
    /// The page's version, kept with each response.
    pub version: String,
    /// Its heading.
    pub title: String,
    /// Its paragraphs.
    pub paragraphs: Vec<String>,
    /// The answer that begins.
    pub yes: String,
    /// The answer that puts it off.
    pub not_now: String,
    /// The answer that ends it.
    pub no: String,
    /// What "Talk to someone now" shows.
    pub talk_to_someone: String,
    /// What stands above each free-text box.
    pub above_free_text: String,
    /// That the wording is a draft nobody has reviewed; to be shown on the first page.
    pub draft_notice: Option<String>,
}

/// Opens a form for one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BeginRequest {
    /// The form.
    pub form_id: String,
    /// The role chosen at hand-over: claimed, never a person.
    pub role: String,
    /// The ward's code.
    pub ward: String,
    /// A language of the form; its default language if absent.
    pub language: Option<String>,
}

/// An unfinished answer; never its content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DraftView {
    /// What `resume` takes.
    pub id: String,
    /// The form.
    pub form_id: String,
    /// The role it was begun in.
    pub role: String,
    /// The ward's code.
    pub ward: String,
    /// How many steps its journal holds.
    pub steps: u64,
    /// Whether it was begun with another version of the form than is asked now: it goes on in that version, or moves.
    pub other_version: bool,
    /// Whether only the words that its respondent took open it.
    pub locked: bool,
    /// Whether it corrects a response that was handed in: nobody is offered it but whoever has the words of its receipt.
    pub corrects: bool,
}

/// What handing the tablet over ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct HandedOverView {
    /// Forms whose answers are gone; they count as stopped.
    pub stopped: u64,
    /// Forms that only the words of their respondents open from now on.
    pub kept: u64,
}

/// How many forms of one sort were finished and stopped on a tablet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TallyView {
    /// The form.
    pub form_id: String,
    /// The ward's code.
    pub ward: String,
    /// The role they were answered in.
    pub role: String,
    /// The phase the ward was in; `None` where it was in none.
    pub phase: Option<String>,
    /// How many were finished; counted for confidential forms only.
    pub finished: u64,
    /// How many were thrown away, walked off from, or left alone too long.
    pub stopped: u64,
}

/// What a new version of the study changes in one form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FormChangeView {
    /// The form.
    pub form_id: String,
    /// How many things differ.
    pub changes: u64,
    /// How many of them end a column or make its values not comparable: see `nightjar form diff`.
    pub breaks: u64,
}

/// What moving an unfinished answer to the form's newest version does. Names places and reasons, no answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoveView {
    /// The hash of the version it moves to.
    pub version: String,
    /// How many answers come along.
    pub carried: u64,
    /// Those that do not. They stay beside the unfinished answers.
    pub stays: Vec<StaysView>,
    /// Whether the new version speaks the language on display; if not, its default language is shown.
    pub same_language: bool,
    /// Whether the study's information page is another one than the person has read: show it before moving.
    pub new_information: bool,
}

/// An answer that a newer version of its form does not take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StaysView {
    /// Its path in the version it was given in.
    pub path: String,
    /// The question, in the language on display.
    pub question: String,
    /// Why it does not come along.
    pub reason: String,
    /// Whether it is still sealed with the answers when they are finished: the new version no longer asks it.
    pub sealed: bool,
}

/// What answering changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutcomeView {
    /// Paths of the questions to draw again.
    pub changed: Vec<String>,
    /// What stands in the way of going on, in the current language.
    pub problems: Vec<ProblemView>,
}

/// Something that stands in the way of going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemView {
    /// The question's path.
    pub path: String,
    /// What to do, in the respondent's language.
    pub text: String,
}

/// A finished or kept answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FinishedView {
    /// The record's id.
    pub record: String,
    /// Whether this device can read it back; a confidential response it cannot.
    pub readable: bool,
}

/// Which ward records to list.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct RecordsRequest {
    /// Only this form.
    pub form_id: Option<String>,
    /// Only this ward.
    pub ward: Option<String>,
    /// Only records with an unsettled conflict.
    pub in_conflict: bool,
    /// Only records whose texts hold all these words, each at least as the beginning of a word; case and accents do not matter.
    pub text: Option<String>,
    /// At most this many (1 to 1,000); 100 if absent.
    pub limit: Option<u32>,
    /// Continue after this record id.
    pub after: Option<String>,
}

/// A record this device can read.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RecordView {
    /// The record's id.
    pub id: String,
    /// The form it was made with.
    pub form_id: String,
    /// What kind of record it is.
    pub kind: String,
    /// The ward's code.
    pub ward: String,
    /// The phase the ward was in, if any.
    pub phase: Option<String>,
    /// What makes it unique in the study, such as `ward|night`, for things that exist once.
    pub natural_key: Option<String>,
    /// Its answers.
    pub cells: Vec<CellView>,
}

/// One answer of a record with every value that is held.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellView {
    /// The item's name in the form.
    pub name: String,
    /// The item's label.
    pub label: String,
    /// Every value held; more than one when devices differ and nobody has settled it.
    pub values: Vec<HeldView>,
    /// Whether the values differ and wait for a person.
    pub in_conflict: bool,
}

/// A value and who gave it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct HeldView {
    /// The value.
    pub value: Value,
    /// The value in words: a choice's label, or the value itself.
    pub text: String,
    /// The role claimed at hand-over.
    pub role: String,
    /// The tablet it was given on.
    pub tablet: String,
    /// The local time it was given, for ward records only.
    pub time: Option<String>,
    /// Of a value that was put beside a settlement: why it was disputed.
    pub disputes: Option<String>,
}

/// Corrects a fact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AmendRequest {
    /// The record.
    pub record: String,
    /// The role that corrects it.
    pub role: String,
    /// Item names and their new values.
    pub changes: Vec<(String, Value)>,
}

/// Concurrent values of a fact.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConflictView {
    /// The record.
    pub record: String,
    /// Its form.
    pub form_id: String,
    /// The ward's code.
    pub ward: String,
    /// What makes the record unique, such as the night.
    pub natural_key: Option<String>,
    /// The item's name in the form.
    pub name: String,
    /// The item's label.
    pub label: String,
    /// All values, with who gave them.
    pub values: Vec<HeldView>,
}

/// Settles a conflict; the settlement names every value it has seen.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SettleRequest {
    /// The record.
    pub record: String,
    /// The item's name.
    pub name: String,
    /// The value that holds.
    pub value: Value,
    /// The role that settles.
    pub role: String,
}

/// Disputes what a settlement wrote.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DisputeRequest {
    /// The record.
    pub record: String,
    /// The item's name.
    pub name: String,
    /// The value that holds instead.
    pub value: Value,
    /// The role that disputes it.
    pub role: String,
    /// Why; never empty.
    pub reason: String,
}

/// The positions on one case, beside its outcome. Never settled away.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DissensusView {
    /// The case label that the ward keeps on paper.
    pub case: String,
    /// The ward's code.
    pub ward: String,
    /// The outcome, if one was recorded.
    pub outcome: Option<RecordView>,
    /// One record per voice.
    pub positions: Vec<RecordView>,
    /// Whether the positions differ.
    pub differs: bool,
}

/// What one sync did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SyncView {
    /// Envelopes of this device the hub now holds, of all it has sealed.
    pub at_hub: u64,
    /// Envelopes still waiting on this device.
    pub waiting: u64,
    /// Envelopes sent in this sync.
    pub pushed: u64,
    /// Envelopes received in this sync.
    pub pulled: u64,
    /// Records of this device's list that changed.
    pub records_changed: u64,
    /// Publications received in this sync.
    pub published: u64,
    /// Envelopes the hub refused, with its reason.
    pub refused: Vec<String>,
    /// Envelopes received that cannot be read and are kept as they came, with the reason.
    pub set_aside: Vec<String>,
    /// Envelopes of this device an evaluator has signed for.
    pub applied_by_evaluator: u64,
    /// Whether the hub has lost or rewritten what it held; this device offered it again.
    pub hub_lost_data: bool,
    /// Requests sent.
    pub requests: u64,
    /// Application bytes sent.
    pub bytes_sent: u64,
    /// Application bytes received.
    pub bytes_received: u64,
    /// Chunks of attachments sent in this sync.
    pub chunks_sent: u64,
    /// Chunks of attachments received in this sync.
    pub chunks_received: u64,
    /// Chunks of attachments that still wait on this device.
    pub chunks_waiting: u64,
    /// Chunks of attachments of records that can be read here, which the hub does not have yet.
    pub chunks_missing: u64,
}

/// A bundle: what was written to it, what is in it, or what was taken from it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct BundleView {
    /// The device that made it: its label, or the beginning of its tag where the roster here does not name it.
    pub made_by: String,
    /// Whether that device belongs to the study and has signed it. What is in it proves itself either way.
    pub vouched: bool,
    /// Whether nothing of it is missing.
    pub whole: bool,
    /// Why it was not read to its end, and where; what came before was taken.
    pub trouble: Option<String>,
    /// Its size as far as it was read, in bytes.
    pub bytes: u64,
    /// Roster entries in it.
    pub roster_entries: u64,
    /// Publications in it; when it is taken in, those that are new to this device.
    pub published: u64,
    /// Sealed envelopes in it.
    pub envelopes: u64,
    /// Of those, when it is taken in: new to this device.
    pub new: u64,
    /// Of those: here already.
    pub known: u64,
    /// Of those: not for this device, such as responses for a tablet.
    pub passed_over: u64,
    /// Of those: by devices that the roster here does not name yet. Take the bundle in again when it does.
    pub of_strangers: u64,
    /// Devices of which something from before this bundle is missing here.
    pub missing_before: u64,
    /// Records of this device's list that changed.
    pub records_changed: u64,
    /// Envelopes that cannot be read and are kept as they came, with the reason.
    pub set_aside: Vec<String>,
    /// Chunks of attachments in it; when it is taken in, those that were missing here.
    pub chunks: u64,
}

/// What was taken from the bundles in a folder.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct StickView {
    /// Bundles of other devices that were read, whole or in part.
    pub bundles: u64,
    /// Envelopes new to this device.
    pub new: u64,
    /// Envelopes that were here already.
    pub known: u64,
    /// Envelopes by devices that the roster here does not name yet.
    pub of_strangers: u64,
    /// Devices of which something from before these bundles is missing here.
    pub missing_before: u64,
    /// Bundles that were not read, because there are so many.
    pub left: u64,
    /// What is wrong with bundles, with the file and the place.
    pub troubles: Vec<String>,
    /// Envelopes that cannot be read and are kept as they came, with the reason.
    pub set_aside: Vec<String>,
}

/// A device of the study.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MemberView {
    /// Its tag, as hexadecimal.
    pub tag: String,
    /// What people call it.
    pub label: String,
    /// `tablet` or `evaluator`.
    pub kind: String,
    /// For two people to compare by eye.
    pub fingerprint: String,
    /// Whether it was put out, or the word of the steward who let it in does not count.
    pub put_out: bool,
    /// Whether a second steward signs on it, where one alone may not.
    pub steward: bool,
    /// Whether it is in by a steward's word that waits for its place in the roster.
    pub waits: bool,
    /// The steward who let it in, as people call their device; `None` where the founder did.
    pub let_in_by: Option<String>,
    /// How many devices it may let in, where it is a steward's.
    pub may_let_in: Option<u32>,
    /// How many devices it has let in.
    pub has_let_in: u32,
}

/// What was handed on to another evaluator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HandedView {
    /// What people call the other evaluator.
    pub to: String,
    /// Responses whose keys were wrapped for it now; those that it was given before are not counted.
    pub responses: u64,
}

/// How much of what a device has sent an evaluator holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReceivedView {
    /// The device.
    pub tablet: String,
    /// Envelopes the evaluator holds and has applied.
    pub received: u64,
    /// Envelopes the device's signed chains name.
    pub expected: u64,
}

/// What an export wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExportView {
    /// Paths of the files, relative to the folder.
    pub files: Vec<String>,
    /// Responses it counted.
    pub responses: u64,
    /// Of these, how many were made with a version of their form that this device was not given: what only that version
    /// asks is missing from the tables.
    pub unknown_versions: u64,
    /// The id of its manifest, which lies beside the files.
    pub manifest: String,
    /// Set where the figures were not written, because their difference to those before would be somebody.
    pub held_back: Option<HeldBackView>,
    /// Earlier exports whose row-level files hold what was taken out since.
    pub destroy: Vec<ExportedView>,
}

/// One step of a record's history: what changed, from what to what, by which tablet and in which role. It never says who.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepView {
    /// The item's name.
    pub name: String,
    /// The item's label in the form's default language.
    pub label: String,
    /// Of a question with several ticks, the one that was made or taken out.
    pub option: Option<String>,
    /// What the tablet saw there before, in words; several where tablets differed, none when it is new.
    pub before: Vec<String>,
    /// What it wrote, in words.
    pub after: String,
    /// The role claimed.
    pub role: String,
    /// The tablet.
    pub tablet: String,
    /// When, where that may be told.
    pub time: Option<String>,
    /// Whether it closed a conflict.
    pub settles: bool,
    /// Of a value that was put beside a settlement: why it was disputed.
    pub disputes: Option<String>,
    /// `chained`: the signed chain of the tablet names it; `not_chained`: not sent yet, or its links have not come; `broken`:
    /// the chain of the tablet does not verify.
    pub proof: String,
}
