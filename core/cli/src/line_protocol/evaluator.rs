//! `nightjar evaluate run`: an evaluator by lines of JSON.

use std::io;
use std::path::PathBuf;

use nightjar::{
    Admission, Clock, DisputeRequest, Evaluator, Failure, FoundRequest, PublishRequest, RecordsRequest,
    SettleRequest,
};
use serde::Deserialize;
use serde_json::Value as Json;

use super::{Device, ok, read_key, serve, shared};
use crate::command::RunArgs;
use crate::terminal::Screen;
use crate::trouble::Trouble;

/// What an evaluator can be asked; the names are the facade's.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum Ask {
    EnrolmentRequest,
    Join {
        invitation: String,
        study: Option<PathBuf>,
    },
    SetTime {
        now: String,
    },
    Status,
    Found {
        hub: Option<String>,
        #[serde(default)]
        setup_code: String,
        study: Option<PathBuf>,
    },
    NewVersion {
        study: Option<PathBuf>,
    },
    Update {
        study: Option<PathBuf>,
    },
    AddRecovery,
    Admit {
        request: String,
        wards: Option<Vec<String>>,
    },
    Records(RecordsRequest),
    Attachment {
        record: String,
        name: String,
    },
    Conflicts,
    Settle(SettleRequest),
    Dispute(DisputeRequest),
    Dissensus,
    Sync,
    Publish(PublishRequest),
    PreviewPublication(PublishRequest),
    Publications,
    Received,
    PutOut {
        who: String,
    },
    Erased,
    Exports,
    Export {
        dir: PathBuf,
    },
}

struct Served {
    evaluator: Evaluator,
    clock: Clock,
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
    let evaluator = match &asked.create {
        Some(label) => Evaluator::create(&asked.vault, &key, label, options)?,
        None => Evaluator::open(&asked.vault, &key, options)?,
    };
    Ok(Served { evaluator, clock })
}

impl Device for Served {
    type Command = Ask;

    fn obey(&mut self, command: Ask) -> Result<Json, Failure> {
        let evaluator = &self.evaluator;
        match command {
            Ask::EnrolmentRequest => ok(evaluator.enrolment_request()?),
            Ask::Join { invitation, study } => ok(evaluator.join(&invitation, shared::study(study)?)?),
            Ask::SetTime { now } => ok(shared::set_time(&self.clock, &now)?),
            Ask::Status => ok(evaluator.status()?),
            Ask::Found { hub, setup_code, study } => {
                ok(evaluator.found(FoundRequest { pack: shared::study(study)?, hub, setup_code })?)
            }
            Ask::NewVersion { study } => ok(evaluator.new_version(&shared::study(study)?)?),
            Ask::Update { study } => ok(evaluator.update(&shared::study(study)?)?),
            Ask::AddRecovery => ok(evaluator.add_recovery()?),
            Ask::Admit { request, wards: Some(wards) } => {
                ok(evaluator.admit(&request, Admission::Tablet { wards })?)
            }
            Ask::Admit { request, wards: None } => ok(evaluator.admit(&request, Admission::Evaluator)?),
            Ask::Records(request) => ok(evaluator.records(request)?),
            Ask::Attachment { record, name } => {
                ok(shared::attachment(&evaluator.attachment(&record, &name)?))
            }
            Ask::Conflicts => ok(evaluator.conflicts()?),
            Ask::Settle(request) => ok(evaluator.settle(request)?),
            Ask::Dispute(request) => ok(evaluator.dispute(request)?),
            Ask::Dissensus => ok(evaluator.dissensus()?),
            Ask::Sync => ok(evaluator.sync()?),
            Ask::Publish(request) => ok(evaluator.publish(&request)?),
            Ask::PreviewPublication(request) => ok(evaluator.preview_publication(&request)?),
            Ask::Publications => ok(evaluator.publications()?),
            Ask::Received => ok(evaluator.received()?),
            Ask::PutOut { who } => ok(evaluator.put_out(&who)?),
            Ask::Erased => ok(evaluator.erased()?),
            Ask::Exports => ok(evaluator.exports()?),
            Ask::Export { dir } => ok(evaluator.export(&dir)?),
        }
    }
}
