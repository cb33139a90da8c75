//! `nightjar tablet run`: a tablet by lines of JSON.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

use nightjar::{
    AmendRequest, BeginRequest, Clock, DisputeRequest, Failure, MoveView, ReceiptKind, RecordsRequest,
    SettleRequest, Sitting, Tablet,
};
use nightjar_form::Value;
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Device, ok, read_key, serve, shared};
use crate::command::RunArgs;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// What a tablet can be asked; the names are the facade's.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Ask {
    EnrolmentRequest,
    Join { invitation: String, study: Option<PathBuf> },
    SetTime { now: String },
    Status,
    Forms,
    Information { language: String },
    Begin(BeginRequest),
    Drafts,
    Resume { draft: String },
    CheckMove { draft: String },
    MoveDraft { draft: String, agreed: MoveView },
    Update { study: Option<PathBuf> },
    Page { sitting: String },
    HandOver,
    ResumeWithWords { words: String },
    TakeWords { sitting: String },
    Tallies,
    Stays { sitting: String },
    TakeBack { sitting: String, path: String },
    Answer { sitting: String, path: String, value: Option<Value> },
    Attach { sitting: String, path: String, file: Option<PathBuf>, base64: Option<String> },
    Detach { sitting: String, path: String },
    Attached { sitting: String, path: String },
    Next { sitting: String },
    Back { sitting: String },
    Language { sitting: String, language: String },
    GoTo { sitting: String, path: String },
    AddRepeat { sitting: String, path: String },
    RemoveRepeat { sitting: String, path: String },
    Finish { sitting: String },
    StopKeeping { sitting: String },
    FinishWithWords { sitting: String },
    StopKeepingWithWords { sitting: String },
    FetchOwn { words: String },
    TakeOut { words: String },
    ThrowAway { sitting: String },
    TalkToSomeone { ward: String },
    Records(RecordsRequest),
    Amend(AmendRequest),
    History { record: String },
    Attachment { record: String, name: String },
    Conflicts,
    Settle(SettleRequest),
    Dispute(DisputeRequest),
    Dissensus,
    Sync,
    Publications,
    Backup { to: PathBuf },
    Pause,
    ResumeVault,
}

struct Served {
    tablet: Tablet,
    clock: Clock,
    sittings: HashMap<String, Sitting>,
}

/// Runs it over standard input and output.
pub(crate) fn run(asked: &RunArgs, screen: &mut Screen) -> Result<(), Trouble> {
    let mut input = io::stdin().lock();
    let opened = open(asked, &mut input);
    serve(opened, input, screen.writer())
}

fn open(asked: &RunArgs, input: &mut impl io::BufRead) -> Result<Served, Trouble> {
    let key = shared::key(&read_key(input)?)?;
    let (options, clock) = shared::options(asked);
    let tablet = match &asked.create {
        Some(label) => Tablet::create(&asked.vault, &key, label, options)?,
        None => Tablet::open(&asked.vault, &key, options)?,
    };
    Ok(Served { tablet, clock, sittings: HashMap::new() })
}

impl Served {
    fn sitting(&self, id: &str) -> Result<&Sitting, Failure> {
        self.sittings.get(id).ok_or_else(|| Failure::Closed("no such form is open here".into()))
    }

    fn opened(&mut self, sitting: Sitting) -> Result<Json, Failure> {
        let id = sitting.id();
        let page = ok(sitting.page()?)?;
        self.sittings.insert(id.clone(), sitting);
        Ok(json!({ "sitting": id, "page": page }))
    }

    /// Ends a sitting; it stays open when that was refused.
    fn end<T>(&mut self, id: &str, how: impl FnOnce(&Sitting) -> Result<T, Failure>) -> Result<T, Failure> {
        let ended = how(self.sitting(id)?)?;
        self.sittings.remove(id);
        Ok(ended)
    }
}

impl Device for Served {
    type Command = Ask;

    fn obey(&mut self, command: Ask) -> Result<Json, Failure> {
        let tablet = &self.tablet;
        match command {
            Ask::EnrolmentRequest => ok(tablet.enrolment_request()?),
            Ask::Join { invitation, study } => ok(tablet.join(&invitation, shared::study(study)?)?),
            Ask::SetTime { now } => ok(shared::set_time(&self.clock, &now)?),
            Ask::Status => ok(tablet.status()?),
            Ask::Forms => ok(tablet.forms()?),
            Ask::Information { language } => ok(tablet.information(&language)?),
            Ask::Begin(request) => {
                let sitting = tablet.begin(request)?;
                self.opened(sitting)
            }
            Ask::Drafts => ok(tablet.drafts()?),
            Ask::Resume { draft } => {
                let sitting = tablet.resume(&draft)?;
                self.opened(sitting)
            }
            Ask::CheckMove { draft } => ok(tablet.check_move(&draft)?),
            Ask::MoveDraft { draft, agreed } => {
                let sitting = tablet.move_draft(&draft, &agreed)?;
                self.opened(sitting)
            }
            Ask::Update { study } => ok(tablet.update(&shared::study(study)?)?),
            Ask::HandOver => ok(tablet.hand_over()?),
            Ask::ResumeWithWords { words } => {
                let sitting = tablet.resume_with_words(&words)?;
                self.opened(sitting)
            }
            Ask::TakeWords { sitting } => ok(self.sitting(&sitting)?.take_words()?),
            Ask::Tallies => ok(tablet.tallies()?),
            Ask::Stays { sitting } => ok(self.sitting(&sitting)?.stays()?),
            Ask::TakeBack { sitting, path } => ok(self.sitting(&sitting)?.take_back(&path)?),
            Ask::Page { sitting } => ok(self.sitting(&sitting)?.page()?),
            Ask::Answer { sitting, path, value } => ok(self.sitting(&sitting)?.answer(&path, value)?),
            Ask::Attach { sitting, path, file, base64 } => {
                let bytes = shared::file(file, base64)?;
                ok(self.sitting(&sitting)?.attach(&path, &bytes)?)
            }
            Ask::Detach { sitting, path } => ok(self.sitting(&sitting)?.detach(&path)?),
            Ask::Attached { sitting, path } => {
                ok(shared::attachment(&self.sitting(&sitting)?.attachment(&path)?))
            }
            Ask::Next { sitting } => ok(self.sitting(&sitting)?.next()?),
            Ask::Back { sitting } => ok(self.sitting(&sitting)?.back()?),
            Ask::Language { sitting, language } => ok(self.sitting(&sitting)?.language(&language)?),
            Ask::GoTo { sitting, path } => ok(self.sitting(&sitting)?.go_to(&path)?),
            Ask::AddRepeat { sitting, path } => ok(self.sitting(&sitting)?.add_repeat(&path)?),
            Ask::RemoveRepeat { sitting, path } => ok(self.sitting(&sitting)?.remove_repeat(&path)?),
            Ask::Finish { sitting } => ok(self.end(&sitting, Sitting::finish)?),
            Ask::StopKeeping { sitting } => ok(self.end(&sitting, Sitting::stop_keeping)?),
            Ask::FinishWithWords { sitting } => {
                let (finished, words) = self.end(&sitting, |open| open.finish_with(ReceiptKind::Read))?;
                Ok(json!({ "record": finished.record, "words": words.as_str() }))
            }
            Ask::StopKeepingWithWords { sitting } => {
                let (finished, words) =
                    self.end(&sitting, |open| open.stop_keeping_with(ReceiptKind::Read))?;
                Ok(json!({ "record": finished.record, "words": words.as_str() }))
            }
            Ask::FetchOwn { words } => ok(tablet.fetch_own(&words)?),
            Ask::TakeOut { words } => ok(tablet.take_out(&words)?),
            Ask::ThrowAway { sitting } => ok(self.end(&sitting, Sitting::throw_away)?),
            Ask::TalkToSomeone { ward } => ok(tablet.talk_to_someone(&ward)?),
            Ask::Records(request) => ok(tablet.records(request)?),
            Ask::Amend(request) => ok(tablet.amend(request)?),
            Ask::History { record } => ok(tablet.history(&record)?),
            Ask::Attachment { record, name } => ok(shared::attachment(&tablet.attachment(&record, &name)?)),
            Ask::Conflicts => ok(tablet.conflicts()?),
            Ask::Settle(request) => ok(tablet.settle(request)?),
            Ask::Dispute(request) => ok(tablet.dispute(request)?),
            Ask::Dissensus => ok(tablet.dissensus()?),
            Ask::Sync => ok(tablet.sync()?),
            Ask::Publications => ok(tablet.publications()?),
            Ask::Backup { to } => ok(tablet.backup(&to)?),
            Ask::Pause => ok(tablet.pause()?),
            Ask::ResumeVault => ok(tablet.resume_vault()?),
        }
    }
}
