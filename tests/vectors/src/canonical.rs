//! What a call gave, in the form that all languages share: ids by name, no times, lists in an order of their own.

use nightjar::form::{ChoiceView, Page, Question};
use nightjar::{
    CellView, ConflictView, DissensusView, DraftView, ExportView, Failure, FinishedView, FormView, HeldView,
    Observed, OutcomeView, ReceivedView, RecordView, StatusView, SyncView,
};
use serde::Serialize;
use serde_json::{Map, Value as Json, json};

use crate::names::Names;

pub(crate) fn failed(failure: &Failure) -> Json {
    let kind = match failure {
        Failure::WrongKey(_) => "WrongKey",
        Failure::Invalid(_) => "Invalid",
        Failure::Offline(_) => "Offline",
        Failure::Rejected(_) => "Rejected",
        Failure::StorageFull(_) => "StorageFull",
        Failure::Corrupt(_) => "Corrupt",
        Failure::Incompatible(_) => "Incompatible",
        Failure::Closed(_) => "Closed",
        Failure::Cancelled => "Cancelled",
        _ => "Internal",
    };
    json!({ "failed": kind })
}

/// A view whose fields are the same in every language.
fn plain(view: &impl Serialize) -> Json {
    serde_json::to_value(view).expect("a view can be written as JSON")
}

/// The same without some fields.
fn without(view: &impl Serialize, dropped: &[&str]) -> Json {
    let mut json = plain(view);
    if let Json::Object(fields) = &mut json {
        fields.retain(|name, _| !dropped.contains(&name.as_str()));
    }
    json
}

pub(crate) fn status(view: &StatusView) -> Json {
    plain(view)
}

pub(crate) fn form(view: &FormView) -> Json {
    plain(view)
}

pub(crate) fn outcome(view: &OutcomeView) -> Json {
    plain(view)
}

pub(crate) fn sync(view: &SyncView) -> Json {
    without(view, &["bytes_sent", "bytes_received"])
}

pub(crate) fn received(views: &[ReceivedView]) -> Json {
    let tablets = views.iter().map(|view| {
        let whole = view.received == view.expected;
        json!({ "tablet": view.tablet, "received": view.received, "expected": view.expected, "whole": whole })
    });
    json!({ "tablets": tablets.collect::<Vec<_>>() })
}

pub(crate) fn export(view: &ExportView) -> Json {
    let mut files = view.files.clone();
    files.sort();
    json!({ "files": files, "responses": view.responses })
}

pub(crate) fn page(page: &Page) -> Json {
    let paths: Vec<_> = page.questions.iter().map(|question| question.path.as_str()).collect();
    let questions = page.questions.iter().map(|shown| (shown.path.clone(), question(shown)));
    json!({
        "number": page.number,
        "of": page.of,
        "heading": page.heading,
        "check": page.check,
        "paths": paths,
        "questions": questions.collect::<Map<_, _>>(),
    })
}

fn question(shown: &Question) -> Json {
    json!({
        "kind": shown.kind.to_string(),
        "label": shown.label,
        "hint": shown.hint,
        "choices": shown.choices.iter().map(choice).collect::<Vec<_>>(),
        "value": shown.value,
        "answer": shown.answer,
        "required": shown.required,
        "read_only": shown.read_only,
        "problem": shown.problem,
        "appearance": shown.appearance,
        "image": shown.image,
        "audio": shown.audio,
    })
}

fn choice(shown: &ChoiceView) -> Json {
    json!({ "code": shown.code, "label": shown.label, "missing": shown.missing, "image": shown.image })
}

pub(crate) fn finished(view: &FinishedView, names: &Names) -> Json {
    json!({ "record": names.of(&view.record), "readable": view.readable })
}

pub(crate) fn drafts(views: &[DraftView], names: &Names) -> Json {
    let drafts = views.iter().map(|view| {
        json!({
            "id": names.of(&view.id),
            "form_id": view.form_id,
            "role": view.role,
            "ward": view.ward,
            "steps": view.steps,
        })
    });
    json!({ "drafts": sorted(drafts, &["id"]) })
}

pub(crate) fn records(views: &[RecordView], names: &Names) -> Json {
    json!({ "records": sorted(views.iter().map(|view| record(view, names)), &["id"]) })
}

fn record(view: &RecordView, names: &Names) -> Json {
    json!({
        "id": names.of(&view.id),
        "form_id": view.form_id,
        "kind": view.kind,
        "ward": view.ward,
        "natural_key": view.natural_key,
        "cells": view.cells.iter().map(|shown| (shown.name.clone(), cell(shown))).collect::<Map<_, _>>(),
    })
}

fn cell(view: &CellView) -> Json {
    json!({ "label": view.label, "values": held(&view.values), "in_conflict": view.in_conflict })
}

fn held(views: &[HeldView]) -> Vec<Json> {
    sorted(views.iter().map(|view| without(view, &["time"])), &["tablet", "role", "text"])
}

pub(crate) fn conflicts(views: &[ConflictView], names: &Names) -> Json {
    let conflicts = views.iter().map(|view| {
        json!({
            "record": names.of(&view.record),
            "form_id": view.form_id,
            "ward": view.ward,
            "natural_key": view.natural_key,
            "name": view.name,
            "label": view.label,
            "values": held(&view.values),
        })
    });
    json!({ "conflicts": sorted(conflicts, &["record", "name"]) })
}

pub(crate) fn dissensus(views: &[DissensusView], names: &Names) -> Json {
    let cases = views.iter().map(|view| {
        json!({
            "case": view.case,
            "ward": view.ward,
            "outcome": view.outcome.as_ref().map(|outcome| record(outcome, names)),
            "positions": sorted(view.positions.iter().map(|position| record(position, names)), &["id"]),
            "differs": view.differs,
        })
    });
    json!({ "cases": sorted(cases, &["ward", "case"]) })
}

pub(crate) fn told(batch: &Observed, names: &Names) -> Json {
    match batch {
        Observed::Reset => json!({ "told": "reset" }),
        Observed::Changed(records) => {
            let mut records: Vec<_> = records.iter().map(|id| names.of(id)).collect();
            records.sort_by_key(Json::to_string);
            json!({ "told": "changed", "records": records })
        }
    }
}

/// In the order of these fields, all of them texts.
fn sorted(items: impl Iterator<Item = Json>, by: &[&str]) -> Vec<Json> {
    let mut items: Vec<_> = items.collect();
    items.sort_by_cached_key(|item| {
        by.iter().map(|name| item[name].as_str().unwrap_or_default().to_owned()).collect::<Vec<_>>()
    });
    items
}
