import Foundation
import Nightjar

private let maxPages = 100
private let patience: Duration = .seconds(30)

/// The hub that a scenario founds its study at.
struct Hub: Sendable {
    let address: String
    let setupCode: String
}

/// A device and what opens it again.
private struct Device {
    let vault: URL
    let key: Data
    /// None while it is opened again.
    var handle: Handle?
}

private enum Handle {
    case tablet(Tablet)
    case evaluator(Evaluator)
}

/// Reads a scenario and does its steps.
actor Runner {
    private let pack: StudyPack
    private let hub: Hub
    private let folder: URL
    private var devices: [String: Device] = [:]
    private var sittings: [String: Sitting] = [:]
    private var watches: [String: AsyncStream<Observed>] = [:]
    private var invitations: [String: String] = [:]
    private var names = Names()
    private var canary = ""

    init(_ pack: StudyPack, _ hub: Hub, _ folder: URL) {
        self.pack = pack
        self.hub = hub
        self.folder = folder
    }

    /// Does every step and gives the transcript; throws at the first that does not go as expected.
    func run(_ scenario: Json) async throws -> Json {
        var fields = try Fields("the scenario", scenario)
        let name = try fields.text("scenario")
        _ = try fields.text("about")
        canary = try fields.text("canary")
        let steps = try fields.list("steps")
        try fields.end()
        var transcript: [Json] = []
        for (at, json) in steps.enumerated() {
            do {
                transcript.append(try await done(try Step(json)))
            } catch {
                throw Senseless("\(name), step \(at + 1) (\(json.text("do"))): \(error)")
            }
        }
        return .list(transcript)
    }

    private func done(_ asked: Step) async throws -> Json {
        var step = asked
        var result: Json
        do {
            result = try await act(&step)
            try step.end()
        } catch let failure as Failure {
            try checkText(failure)
            guard step.mayFail else { throw failure }
            result = Canonical.failed(failure)
        }
        let found = differences(step.expected, result)
        if !found.isEmpty { throw Senseless("\n  " + found.joined(separator: "\n  ")) }
        return step.transcript(result)
    }

    /// No text of a failure is empty or holds an answer.
    private func checkText(_ failure: Failure) throws {
        var dumped = ""
        dump(failure, to: &dumped)
        for text in ["\(failure)", failure.localizedDescription, String(reflecting: failure), dumped]
        where text.trimmingCharacters(in: .whitespaces).isEmpty || text.contains(canary) {
            throw Senseless("the text of a failure is empty or holds an answer")
        }
    }

    private func act(_ step: inout Step) async throws -> Json {
        switch step.what {
        case "create_tablet", "create_evaluator": return try await create(&step)
        case "reopen": return try await reopen(&step)
        case "open_with_wrong_key": return try await openWithWrongKey(&step)
        case "found":
            try await evaluator(&step).found(pack: pack, hub: hub.address, setupCode: hub.setupCode)
            return .object([:])
        case "add_recovery":
            let words = try await evaluator(&step).addRecovery()
            return .object(["given": .bool(!words.isEmpty)])
        case "admit_tablet", "admit_evaluator": return try await admit(&step)
        case "join": return try await join(&step)
        case "status": return Canonical.status(try await tablet(&step).status())
        case "form": return try await form(&step)
        case "information":
            return Canonical.information(try await tablet(&step).information(step.with.text("language")))
        case "talk_to_someone":
            return .object(["count": .count(try await tablet(&step).talkToSomeone(step.with.text("ward")))])
        case "sync": return try await sync(&step)
        case "begin": return try await begin(&step)
        case "resume": return try await resume(&step)
        case "drafts": return Canonical.drafts(try await tablet(&step).drafts(), names)
        case "page": return Canonical.page(try await sitting(&step).page())
        case "back": return Canonical.page(try await sitting(&step).back())
        case "next": return try await next(&step)
        case "language": return Canonical.page(try await sitting(&step).language(step.with.text("language")))
        case "answer": return try await answer(&step)
        case "finish", "stop_keeping": return try await finish(&step)
        case "throw_away":
            try await sitting(&step).throwAway()
            return .object([:])
        case "records": return try await records(&step)
        case "amend": return try await amend(&step)
        case "conflicts": return try await conflicts(&step)
        case "settle": return try await settle(&step)
        case "dissensus": return try await dissensus(&step)
        case "received": return Canonical.received(try await evaluator(&step).received())
        case "export": return try await export(&step)
        case "observe":
            watches[try step.takeMade()] = try tablet(&step).changes()
            return .object([:])
        case "told": return try await told(&step)
        case "stop_observing":
            let name = try step.takeOn()
            _ = try named(watches, name)
            watches[name] = nil
            return .object([:])
        default: throw Senseless("there is no such thing to do")
        }
    }
}

// MARK: Devices and their study

extension Runner {
    private func create(_ step: inout Step) async throws -> Json {
        let name = try step.takeMade()
        let label = try step.with.text("label")
        let (vault, key) = (folder.appendingPathComponent("\(name).vault"), try newVaultKey())
        let handle: Handle =
            switch step.what {
            case "create_tablet": .tablet(try await Tablet.create(vault, key: key, label: label))
            default: .evaluator(try await Evaluator.create(vault, key: key, label: label))
            }
        devices[name] = Device(vault: vault, key: key, handle: handle)
        return .object([:])
    }

    private func reopen(_ step: inout Step) async throws -> Json {
        let name = try step.takeOn()
        let device = try named(devices, name)
        devices[name]?.handle = nil
        if case .tablet(let tablet) = device.handle { try await tablet.pause() }
        devices[name]?.handle = try await open(device, key: device.key)
        return .object([:])
    }

    private func openWithWrongKey(_ step: inout Step) async throws -> Json {
        let device = try named(devices, step.takeOn())
        _ = try await open(device, key: newVaultKey())
        return .object([:])
    }

    private func open(_ device: Device, key: Data) async throws -> Handle {
        switch device.handle {
        case .tablet: .tablet(try await Tablet.open(device.vault, key: key))
        default: .evaluator(try await Evaluator.open(device.vault, key: key))
        }
    }

    private func admit(_ step: inout Step) async throws -> Json {
        let steward = try evaluator(&step)
        let name = try step.takeMade()
        let request =
            switch try device(step.with.text("device")) {
            case .tablet(let tablet): try await tablet.enrolmentRequest()
            case .evaluator(let evaluator): try await evaluator.enrolmentRequest()
            }
        if step.what == "admit_tablet" {
            let wards = try step.with.list("wards").map { ward in
                guard case .text(let code) = ward else { throw Senseless("a ward's code is a text") }
                return code
            }
            invitations[name] = try await steward.admitTablet(request, wards: wards)
        } else {
            invitations[name] = try await steward.admitEvaluator(request)
        }
        return .object([:])
    }

    private func join(_ step: inout Step) async throws -> Json {
        let device = try device(step.takeOn())
        let invitation = try named(invitations, step.with.text("invitation"))
        switch device {
        case .tablet(let tablet): try await tablet.join(invitation: invitation, pack: pack)
        case .evaluator(let evaluator): try await evaluator.join(invitation: invitation, pack: pack)
        }
        return .object([:])
    }

    private func form(_ step: inout Step) async throws -> Json {
        let tablet = try tablet(&step)
        let formId = try step.with.text("form_id")
        guard let form = try await tablet.forms().first(where: { $0.formId == formId }) else {
            throw Senseless("the study has no form \"\(formId)\"")
        }
        return Canonical.form(form)
    }

    private func sync(_ step: inout Step) async throws -> Json {
        switch try device(step.takeOn()) {
        case .tablet(let tablet): Canonical.sync(try await tablet.sync())
        case .evaluator(let evaluator): Canonical.sync(try await evaluator.sync())
        }
    }
}

// MARK: Answering

extension Runner {
    private func begin(_ step: inout Step) async throws -> Json {
        let tablet = try tablet(&step)
        let name = try step.takeMade()
        let formId = try step.with.text("form_id")
        let (role, ward) = (try step.with.text("role"), try step.with.text("ward"))
        let language = try step.with.textIfThere("language")
        return try await sit(name, try await tablet.begin(formId, role: role, ward: ward, language: language))
    }

    private func resume(_ step: inout Step) async throws -> Json {
        let tablet = try tablet(&step)
        let name = try step.takeMade()
        return try await sit(name, try await tablet.resume(names.id(step.with.text("draft"))))
    }

    private func sit(_ name: String, _ sitting: Sitting) async throws -> Json {
        names.give(name, to: sitting.id())
        sittings[name] = sitting
        return Canonical.page(try await sitting.page())
    }

    private func next(_ step: inout Step) async throws -> Json {
        let sitting = try sitting(&step)
        guard let until = try step.with.textIfThere("until") else {
            return Canonical.page(try await sitting.next())
        }
        for _ in 0..<maxPages {
            let page = try await sitting.next()
            let isFound = until == "check" ? page.check : page.questions.contains { $0.path == until }
            if isFound { return Canonical.page(page) }
        }
        throw Senseless("no page shows \"\(until)\"")
    }

    private func answer(_ step: inout Step) async throws -> Json {
        let sitting = try sitting(&step)
        let path = try step.with.text("path")
        let json = try step.with.read("value")
        return Canonical.outcome(try await sitting.answer(path, json == .null ? nil : Value(json)))
    }

    private func finish(_ step: inout Step) async throws -> Json {
        let sitting = try sitting(&step)
        let name = try step.takeMade()
        let view = step.what == "finish" ? try await sitting.finish() : try await sitting.stopKeeping()
        names.give(name, to: view.record)
        return Canonical.finished(view, names)
    }
}

// MARK: Reading

extension Runner {
    private func records(_ step: inout Step) async throws -> Json {
        let device = try device(step.takeOn())
        let request = RecordsRequest(
            formId: try step.with.textIfThere("form_id"),
            ward: try step.with.textIfThere("ward"),
            inConflict: step.with.readIfThere("in_conflict") == .bool(true)
        )
        let records =
            switch device {
            case .tablet(let tablet): try await tablet.records(request)
            case .evaluator(let evaluator): try await evaluator.records(request)
            }
        return Canonical.records(records, names)
    }

    private func amend(_ step: inout Step) async throws -> Json {
        let tablet = try tablet(&step)
        guard case .object(let changes) = try step.with.read("changes") else {
            throw Senseless("changes are values by name")
        }
        let record = try names.id(step.with.text("record"))
        try await tablet.amend(record, role: step.with.text("role"), changes: changes.mapValues { try Value($0) })
        return .object([:])
    }

    private func conflicts(_ step: inout Step) async throws -> Json {
        let conflicts =
            switch try device(step.takeOn()) {
            case .tablet(let tablet): try await tablet.conflicts()
            case .evaluator(let evaluator): try await evaluator.conflicts()
            }
        return Canonical.conflicts(conflicts, names)
    }

    private func settle(_ step: inout Step) async throws -> Json {
        let tablet = try tablet(&step)
        let (record, name) = (try names.id(step.with.text("record")), try step.with.text("name"))
        let (value, role) = (try Value(step.with.read("value")), try step.with.text("role"))
        try await tablet.settle(record, name: name, value: value, role: role)
        return .object([:])
    }

    private func dissensus(_ step: inout Step) async throws -> Json {
        let cases =
            switch try device(step.takeOn()) {
            case .tablet(let tablet): try await tablet.dissensus()
            case .evaluator(let evaluator): try await evaluator.dissensus()
            }
        return Canonical.dissensus(cases, names)
    }

    private func export(_ step: inout Step) async throws -> Json {
        let into = folder.appendingPathComponent("export")
        try FileManager.default.createDirectory(at: into, withIntermediateDirectories: true)
        let view = try await evaluator(&step).export(into)
        for file in view.files {
            let written = FileManager.default.contents(atPath: into.appendingPathComponent(file).path)
            if written?.isEmpty ?? true { throw Senseless("\(file) was not written") }
        }
        return Canonical.export(view)
    }

    private func told(_ step: inout Step) async throws -> Json {
        let stream = try named(watches, step.takeOn())
        let batch = try await withThrowingTaskGroup(of: Observed?.self) { group in
            group.addTask { await stream.first { _ in true } }
            group.addTask {
                try await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            return try await group.next() ?? nil
        }
        guard let batch else { throw Senseless("nothing was told in \(patience)") }
        return Canonical.told(batch, names)
    }
}

// MARK: What has a name

extension Runner {
    private func device(_ name: String) throws -> Handle {
        guard let handle = try named(devices, name).handle else { throw Senseless("\"\(name)\" is not open") }
        return handle
    }

    private func tablet(_ step: inout Step) throws -> Tablet {
        guard case .tablet(let tablet) = try device(step.takeOn()) else { throw Senseless("this is no tablet") }
        return tablet
    }

    private func evaluator(_ step: inout Step) throws -> Evaluator {
        guard case .evaluator(let evaluator) = try device(step.takeOn()) else {
            throw Senseless("this is no evaluator")
        }
        return evaluator
    }

    private func sitting(_ step: inout Step) throws -> Sitting {
        try named(sittings, step.takeOn())
    }

    private func named<Thing>(_ things: [String: Thing], _ name: String) throws -> Thing {
        guard let thing = things[name] else { throw Senseless("there is no \"\(name)\"") }
        return thing
    }
}
