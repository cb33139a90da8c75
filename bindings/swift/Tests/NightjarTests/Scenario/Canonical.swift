import Nightjar

/// What a call gave, in the form that all languages share: ids by name, no times, lists in an order of their own.
enum Canonical {
    static func failed(_ failure: Failure) -> Json {
        let kind =
            switch failure {
            case .WrongKey: "WrongKey"
            case .Invalid: "Invalid"
            case .Offline: "Offline"
            case .Rejected: "Rejected"
            case .StorageFull: "StorageFull"
            case .Corrupt: "Corrupt"
            case .Incompatible: "Incompatible"
            case .Closed: "Closed"
            case .Cancelled: "Cancelled"
            case .Internal: "Internal"
            }
        return .object(["failed": .text(kind)])
    }

    static func status(_ view: StatusView) -> Json {
        .object([
            "label": .text(view.label),
            "study": .optional(view.study),
            "wards": .texts(view.wards),
            "drafts": .count(view.drafts),
            "waiting": .count(view.waiting),
            "at_hub": .count(view.atHub),
            "applied_by_evaluator": .count(view.appliedByEvaluator),
            "set_aside": .count(view.setAside),
        ])
    }

    static func form(_ view: FormView) -> Json {
        .object([
            "form_id": .text(view.formId),
            "title": .text(view.title),
            "kind": .text(view.kind),
            "roles": .texts(view.roles),
            "languages": .texts(view.languages),
            "confidential": .bool(view.confidential),
            "wording_status": .optional(view.wordingStatus),
        ])
    }

    static func information(_ view: InformationView) -> Json {
        .object([
            "version": .text(view.version),
            "title": .text(view.title),
            "paragraphs": .texts(view.paragraphs),
            "yes": .text(view.yes),
            "not_now": .text(view.notNow),
            "no": .text(view.no),
            "talk_to_someone": .text(view.talkToSomeone),
            "above_free_text": .text(view.aboveFreeText),
        ])
    }

    static func sync(_ view: SyncView) -> Json {
        .object([
            "at_hub": .count(view.atHub),
            "waiting": .count(view.waiting),
            "pushed": .count(view.pushed),
            "pulled": .count(view.pulled),
            "records_changed": .count(view.recordsChanged),
            "refused": .texts(view.refused),
            "set_aside": .texts(view.setAside),
            "applied_by_evaluator": .count(view.appliedByEvaluator),
            "hub_lost_data": .bool(view.hubLostData),
        ])
    }

    static func received(_ views: [ReceivedView]) -> Json {
        let tablets = views.map { view in
            Json.object([
                "tablet": .text(view.tablet),
                "received": .count(view.received),
                "expected": .count(view.expected),
                "whole": .bool(view.received == view.expected),
            ])
        }
        return .object(["tablets": .list(tablets)])
    }

    static func export(_ view: ExportView) -> Json {
        .object(["files": .texts(view.files.sorted()), "responses": .count(view.responses)])
    }

    static func outcome(_ view: OutcomeView) -> Json {
        let problems = view.problems.map { Json.object(["path": .text($0.path), "text": .text($0.text)]) }
        return .object(["changed": .texts(view.changed), "problems": .list(problems)])
    }

    static func page(_ view: PageView) -> Json {
        let questions = Dictionary(uniqueKeysWithValues: view.questions.map { ($0.path, question($0)) })
        return .object([
            "number": .count(view.number),
            "of": view.of.map(Json.count) ?? .null,
            "heading": .text(view.heading),
            "check": .bool(view.check),
            "paths": .texts(view.questions.map(\.path)),
            "questions": .object(questions),
        ])
    }

    private static func question(_ view: QuestionView) -> Json {
        .object([
            "kind": .text(view.kind),
            "label": .text(view.label),
            "hint": .text(view.hint),
            "choices": .list(view.choices.map(choice)),
            "value": view.value?.json ?? .null,
            "answer": .text(view.answer),
            "required": .bool(view.required),
            "read_only": .bool(view.readOnly),
            "problem": .optional(view.problem),
            "appearance": .text(view.appearance),
            "image": .optional(view.image),
            "audio": .optional(view.audio),
        ])
    }

    private static func choice(_ view: ChoiceView) -> Json {
        .object([
            "code": .text(view.code),
            "label": .text(view.label),
            "missing": .optional(view.missing),
            "image": .optional(view.image),
        ])
    }

    static func finished(_ view: FinishedView, _ names: Names) -> Json {
        .object(["record": .text(names.of(view.record)), "readable": .bool(view.readable)])
    }

    static func drafts(_ views: [DraftView], _ names: Names) -> Json {
        let drafts = views.map { view in
            Json.object([
                "id": .text(names.of(view.id)),
                "form_id": .text(view.formId),
                "role": .text(view.role),
                "ward": .text(view.ward),
                "steps": .count(view.steps),
            ])
        }
        return .object(["drafts": by(["id"], drafts)])
    }

    static func records(_ views: [RecordView], _ names: Names) -> Json {
        .object(["records": by(["id"], views.map { record($0, names) })])
    }

    private static func record(_ view: RecordView, _ names: Names) -> Json {
        .object([
            "id": .text(names.of(view.id)),
            "form_id": .text(view.formId),
            "kind": .text(view.kind),
            "ward": .text(view.ward),
            "natural_key": .optional(view.naturalKey),
            "cells": .object(Dictionary(uniqueKeysWithValues: view.cells.map { ($0.name, cell($0)) })),
        ])
    }

    private static func cell(_ view: CellView) -> Json {
        .object([
            "label": .text(view.label),
            "values": held(view.values),
            "in_conflict": .bool(view.inConflict),
        ])
    }

    private static func held(_ views: [HeldView]) -> Json {
        let values = views.map { view in
            Json.object([
                "value": view.value.json,
                "text": .text(view.text),
                "role": .text(view.role),
                "tablet": .text(view.tablet),
            ])
        }
        return by(["tablet", "role", "text"], values)
    }

    static func conflicts(_ views: [ConflictView], _ names: Names) -> Json {
        let conflicts = views.map { view in
            Json.object([
                "record": .text(names.of(view.record)),
                "form_id": .text(view.formId),
                "ward": .text(view.ward),
                "natural_key": .optional(view.naturalKey),
                "name": .text(view.name),
                "label": .text(view.label),
                "values": held(view.values),
            ])
        }
        return .object(["conflicts": by(["record", "name"], conflicts)])
    }

    static func dissensus(_ views: [DissensusView], _ names: Names) -> Json {
        let cases = views.map { view in
            Json.object([
                "case": .text(view.case),
                "ward": .text(view.ward),
                "outcome": view.outcome.map { record($0, names) } ?? .null,
                "positions": by(["id"], view.positions.map { record($0, names) }),
                "differs": .bool(view.differs),
            ])
        }
        return .object(["cases": by(["ward", "case"], cases)])
    }

    static func told(_ batch: Observed, _ names: Names) -> Json {
        switch batch {
        case .reset:
            .object(["told": .text("reset")])
        case .changed(let records):
            .object(["told": .text("changed"), "records": .texts(records.map(names.of).sorted())])
        }
    }

    private static func by(_ fields: [String], _ items: [Json]) -> Json {
        let order = { (item: Json) in fields.map(item.text) }
        return .list(items.sorted { order($0).lexicographicallyPrecedes(order($1)) })
    }
}
