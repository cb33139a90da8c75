//! Plain data that crosses to Kotlin, Swift and Python: the facade's views, with answers as [`Value`].

use crate::value::Value;

/// Declares records with the same fields as the facade's view of the same name, and how they come out of it.
macro_rules! views {
    ($($(#[$about:meta])* $name:ident { $($(#[$field_about:meta])* $field:ident: $kind:ty,)* })*) => {$(
        $(#[$about])*
        #[derive(Clone, PartialEq, uniffi::Record)]
        pub struct $name { $($(#[$field_about])* pub $field: $kind,)* }

        impl From<nightjar::$name> for $name {
            fn from(view: nightjar::$name) -> Self {
                Self { $($field: Out::out(view.$field),)* }
            }
        }
    )*};
}

/// Field by field from the facade's type to the one that crosses.
trait Out<T> {
    fn out(self) -> T;
}

impl<A: Out<B>, B> Out<Vec<B>> for Vec<A> {
    fn out(self) -> Vec<B> {
        self.into_iter().map(Out::out).collect()
    }
}

impl<A: Out<B>, B> Out<Option<B>> for Option<A> {
    fn out(self) -> Option<B> {
        self.map(Out::out)
    }
}

macro_rules! as_they_are {
    ($($kind:ty),*) => {$(impl Out<$kind> for $kind {
        fn out(self) -> $kind {
            self
        }
    })*};
}

macro_rules! converted {
    ($($name:ident),*) => {$(impl Out<$name> for nightjar::$name {
        fn out(self) -> $name {
            self.into()
        }
    })*};
}

as_they_are!(String, bool, u64);
converted!(StaysView, ProblemView, CellView, HeldView, RecordView);

impl Out<Value> for nightjar::form::Value {
    fn out(self) -> Value {
        self.into()
    }
}

views! {
    /// What a device holds and still has to do.
    StatusView {
        /// The name given to the device when its vault was made.
        label: String,
        /// The study's title; none before the device has joined one.
        study: Option<String>,
        /// The version of the study this device goes by; none before it joined.
        version: Option<String>,
        /// Whether the steward has named a newer version whose forms this device was not given yet.
        newer_version: bool,
        /// Codes of the wards this device may collect on.
        wards: Vec<String>,
        /// Unfinished answers on this device; their content is not told.
        drafts: u64,
        /// Sealed envelopes the hub has not acknowledged yet.
        waiting: u64,
        /// Sealed envelopes the hub has acknowledged.
        at_hub: u64,
        /// Envelopes of this device that at least one evaluator device has signed for.
        applied_by_evaluator: u64,
        /// Envelopes this device could not read and keeps as they came.
        set_aside: u64,
        /// Sealed envelopes of confidential responses that left this device 30 days after hub and evaluator had them for certain.
        released: u64,
        /// Sealed envelopes that have waited more than 30 days for the hub or for an evaluator.
        late: u64,
        /// Whether the study has a hub; without one everything goes by bundles.
        has_hub: bool,
    }

    /// A form a device can open.
    FormView {
        /// The form's identifier, as `begin` takes it.
        form_id: String,
        /// The form's title in its default language.
        title: String,
        /// `response`, `fact`, `position`, `outcome` or `encounter`.
        kind: String,
        /// Codes of the roles that may fill it in.
        roles: Vec<String>,
        /// The languages and variants it can be asked in.
        languages: Vec<String>,
        /// Whether finished answers are unreadable on this device.
        confidential: bool,
        /// What the form says about who has reviewed its wording.
        wording_status: Option<String>,
    }

    /// The information page, shown before the first question.
    InformationView {
        /// The page's version, kept with each response.
        version: String,
        /// Its heading.
        title: String,
        /// Its paragraphs.
        paragraphs: Vec<String>,
        /// The answer that begins.
        yes: String,
        /// The answer that puts it off.
        not_now: String,
        /// The answer that ends it.
        no: String,
        /// What "Talk to someone now" shows.
        talk_to_someone: String,
        /// What stands above each free-text box.
        above_free_text: String,
        /// That the wording is a draft nobody has reviewed; to be shown on the first page.
        draft_notice: Option<String>,
    }

    /// An unfinished answer; never its content.
    DraftView {
        /// What `resume` takes.
        id: String,
        /// The form.
        form_id: String,
        /// The role it was begun in.
        role: String,
        /// The ward's code.
        ward: String,
        /// How many steps its journal holds.
        steps: u64,
        /// Whether it was begun with another version of the form than is asked now: it goes on in that version, or moves.
        other_version: bool,
        /// Whether only the words that its respondent took open it.
        locked: bool,
        /// Whether it corrects a response that was handed in: nobody is offered it but whoever has the words of its receipt.
        corrects: bool,
    }

    /// What handing the tablet over ended.
    HandedOverView {
        /// Forms whose answers are gone; they count as stopped.
        stopped: u64,
        /// Forms that only the words of their respondents open from now on.
        kept: u64,
    }

    /// How many forms of one sort were finished and stopped on a tablet.
    TallyView {
        /// The form.
        form_id: String,
        /// The ward's code.
        ward: String,
        /// The role they were answered in.
        role: String,
        /// The phase the ward was in; none where it was in none.
        phase: Option<String>,
        /// How many were finished; counted for confidential forms only.
        finished: u64,
        /// How many were thrown away, walked off from, or left alone too long.
        stopped: u64,
    }

    /// What moving an unfinished answer to the form's newest version does. Names places and reasons, no answers.
    MoveView {
        /// The hash of the version it moves to.
        version: String,
        /// How many answers come along.
        carried: u64,
        /// Those that do not. They stay beside the unfinished answers.
        stays: Vec<StaysView>,
        /// Whether the new version speaks the language on display.
        same_language: bool,
        /// Whether the study's information page is another one than the person has read: show it before moving.
        new_information: bool,
    }

    /// An answer that a newer version of its form does not take.
    StaysView {
        /// Its path in the version it was given in.
        path: String,
        /// The question, in the language on display.
        question: String,
        /// Why it does not come along.
        reason: String,
        /// Whether it is still sealed with the answers when they are finished: the new version no longer asks it.
        sealed: bool,
    }

    /// One step of a record's history: what changed, by which tablet and in which role. It never says who.
    StepView {
        /// The item's name.
        name: String,
        /// The item's label in the form's default language.
        label: String,
        /// Of a question with several ticks, the one that was made or taken out.
        option: Option<String>,
        /// What the tablet saw there before, in words.
        before: Vec<String>,
        /// What it wrote, in words.
        after: String,
        /// The role claimed.
        role: String,
        /// The tablet.
        tablet: String,
        /// When, where that may be told.
        time: Option<String>,
        /// Whether it closed a conflict.
        settles: bool,
        /// Of a value that was put beside a settlement: why it was disputed.
        disputes: Option<String>,
        /// `chained`, `not_chained` or `broken`: how far the tablet's signed chain proves it.
        proof: String,
    }

    /// What a new version of the study changes in one form.
    FormChangeView {
        /// The form.
        form_id: String,
        /// How many things differ.
        changes: u64,
        /// How many of them end a column or make its values not comparable.
        breaks: u64,
    }

    /// What answering changed.
    OutcomeView {
        /// Paths of the questions to draw again.
        changed: Vec<String>,
        /// What stands in the way of going on.
        problems: Vec<ProblemView>,
    }

    /// Something that stands in the way of going on.
    ProblemView {
        /// The question's path.
        path: String,
        /// What to do, in the respondent's language.
        text: String,
    }

    /// A finished or kept answer.
    FinishedView {
        /// The record's id.
        record: String,
        /// Whether this device can read it back.
        readable: bool,
    }

    /// A record this device can read.
    RecordView {
        /// The record's id.
        id: String,
        /// The form it was made with.
        form_id: String,
        /// What kind of record it is.
        kind: String,
        /// The ward's code.
        ward: String,
        /// The phase the ward was in, if any.
        phase: Option<String>,
        /// What makes it unique in the study, for things that exist once.
        natural_key: Option<String>,
        /// Its answers.
        cells: Vec<CellView>,
    }

    /// One answer of a record with every value that is held.
    CellView {
        /// The item's name in the form.
        name: String,
        /// The item's label.
        label: String,
        /// Every value held; more than one when devices differ and nobody has settled it.
        values: Vec<HeldView>,
        /// Whether the values differ and wait for a person.
        in_conflict: bool,
    }

    /// A value and who gave it.
    HeldView {
        /// The value.
        value: Value,
        /// The value in words.
        text: String,
        /// The role claimed at hand-over.
        role: String,
        /// The tablet it was given on.
        tablet: String,
        /// The local time it was given, for ward records only.
        time: Option<String>,
    }

    /// Concurrent values of a fact.
    ConflictView {
        /// The record.
        record: String,
        /// Its form.
        form_id: String,
        /// The ward's code.
        ward: String,
        /// What makes the record unique, such as the night.
        natural_key: Option<String>,
        /// The item's name in the form.
        name: String,
        /// The item's label.
        label: String,
        /// All values, with who gave them.
        values: Vec<HeldView>,
    }

    /// The positions on one case, beside its outcome.
    DissensusView {
        /// The case label that the ward keeps on paper.
        case: String,
        /// The ward's code.
        ward: String,
        /// The outcome, if one was recorded.
        outcome: Option<RecordView>,
        /// One record per voice.
        positions: Vec<RecordView>,
        /// Whether the positions differ.
        differs: bool,
    }

    /// What one sync did.
    SyncView {
        /// Envelopes of this device the hub now holds.
        at_hub: u64,
        /// Envelopes still waiting on this device.
        waiting: u64,
        /// Envelopes sent in this sync.
        pushed: u64,
        /// Envelopes received in this sync.
        pulled: u64,
        /// Records of this device's list that changed.
        records_changed: u64,
        /// Envelopes the hub refused, with its reason.
        refused: Vec<String>,
        /// Envelopes received that cannot be read and are kept as they came.
        set_aside: Vec<String>,
        /// Envelopes of this device an evaluator has signed for.
        applied_by_evaluator: u64,
        /// Whether the hub has lost or rewritten what it held.
        hub_lost_data: bool,
        /// Application bytes sent.
        bytes_sent: u64,
        /// Application bytes received.
        bytes_received: u64,
    }
}

/// The evaluator's views.
#[cfg(feature = "full")]
mod evaluator {
    use super::Out;

    views! {
        /// How much of what a device has sent an evaluator holds.
        ReceivedView {
            /// The device.
            tablet: String,
            /// Envelopes the evaluator holds and has applied.
            received: u64,
            /// Envelopes the device's signed chains name.
            expected: u64,
        }

        /// What an export wrote.
        ExportView {
            /// Paths of the files, relative to the folder.
            files: Vec<String>,
            /// Responses it counted.
            responses: u64,
            /// Of these, how many were made with a version of their form that this device was not given.
            unknown_versions: u64,
        }
    }
}

#[cfg(feature = "full")]
pub use evaluator::{ExportView, ReceivedView};

/// Opens a form for one person.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct BeginRequest {
    /// The form.
    pub form_id: String,
    /// The role chosen at hand-over: claimed, never a person.
    pub role: String,
    /// The ward's code.
    pub ward: String,
    /// A language of the form; its default language if absent.
    #[uniffi(default = None)]
    pub language: Option<String>,
}

impl From<BeginRequest> for nightjar::BeginRequest {
    fn from(request: BeginRequest) -> Self {
        let BeginRequest { form_id, role, ward, language } = request;
        Self { form_id, role, ward, language }
    }
}

/// Which ward records to list.
#[derive(Clone, PartialEq, Eq, uniffi::Record)]
pub struct RecordsRequest {
    /// Only this form.
    #[uniffi(default = None)]
    pub form_id: Option<String>,
    /// Only this ward.
    #[uniffi(default = None)]
    pub ward: Option<String>,
    /// Only records with an unsettled conflict.
    #[uniffi(default = false)]
    pub in_conflict: bool,
    /// At most this many (1 to 1,000).
    #[uniffi(default = 100)]
    pub limit: u32,
    /// Continue after this record id.
    #[uniffi(default = None)]
    pub after: Option<String>,
    /// Only records whose texts hold all these words.
    #[uniffi(default = None)]
    pub text: Option<String>,
}

impl From<RecordsRequest> for nightjar::RecordsRequest {
    fn from(request: RecordsRequest) -> Self {
        let RecordsRequest { form_id, ward, in_conflict, limit, after, text } = request;
        Self { form_id, ward, in_conflict, text, limit: Some(limit), after }
    }
}

/// A new value for an item of a fact.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct NewValue {
    /// The item's name in the form.
    pub name: String,
    /// Its new value.
    pub value: Value,
}

/// Corrects a fact.
#[derive(Clone, PartialEq, uniffi::Record)]
pub struct AmendRequest {
    /// The record.
    pub record: String,
    /// The role that corrects it.
    pub role: String,
    /// Items and their new values.
    pub changes: Vec<NewValue>,
}

/// Settles a conflict; the settlement names every value it has seen.
#[derive(Clone, PartialEq, uniffi::Record)]
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

impl From<MoveView> for nightjar::MoveView {
    fn from(view: MoveView) -> Self {
        let MoveView { version, carried, stays, same_language, new_information } = view;
        let stays = stays.into_iter().map(Into::into).collect();
        Self { version, carried, stays, same_language, new_information }
    }
}

impl From<StaysView> for nightjar::StaysView {
    fn from(view: StaysView) -> Self {
        let StaysView { path, question, reason, sealed } = view;
        Self { path, question, reason, sealed }
    }
}
