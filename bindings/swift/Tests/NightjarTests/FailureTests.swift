import Foundation
import Nightjar
import XCTest

/// A refusal has a kind that says what to do, and a text without answers or keys.
final class FailureTests: XCTestCase {
    private func refused(_ call: () async throws -> Void) async throws -> Failure {
        do {
            try await call()
        } catch let failure as Failure {
            return failure
        }
        throw Senseless("it was not refused")
    }

    func testAWrongKeyIsToldApartAndLeavesTheVaultAlone() async throws {
        let folder = try Surroundings.folder(self)
        let (a, b) = (folder.appendingPathComponent("a.vault"), folder.appendingPathComponent("b.vault"))
        let key = try newVaultKey()
        try await Tablet.create(a, key: key, label: "A tablet").pause()
        _ = try await Evaluator.create(b, key: key, label: "An evaluator")
        let before = try Data(contentsOf: a)
        for wrong in [try newVaultKey(), Data(count: 7)] {
            for failure in [
                try await refused { _ = try await Tablet.open(a, key: wrong) },
                try await refused { _ = try await Evaluator.open(b, key: wrong) },
            ] {
                guard case .WrongKey = failure else { return XCTFail("\(failure)") }
            }
        }
        XCTAssertEqual(try Data(contentsOf: a), before)
        try await Tablet.open(a, key: key).pause()
    }

    func testWhilePausedEveryCallSaysClosed() async throws {
        let vault = try Surroundings.folder(self).appendingPathComponent("a.vault")
        let tablet = try await Tablet.create(vault, key: newVaultKey(), label: "A tablet")
        try await tablet.pause()
        for failure in [
            try await refused { _ = try await tablet.status() },
            try await refused { _ = try await tablet.drafts() },
            try await refused { _ = try await tablet.sync() },
        ] {
            guard case .Closed = failure else { return XCTFail("\(failure)") }
        }
        try await tablet.resumeVault()
        let label = try await tablet.status().label
        XCTAssertEqual(label, "A tablet")
    }

    func testAVaultThatIsThereIsNotMadeAgain() async throws {
        let (vault, key) = (try Surroundings.folder(self).appendingPathComponent("a.vault"), try newVaultKey())
        _ = try await Tablet.create(vault, key: key, label: "A tablet")
        let failure = try await refused { _ = try await Tablet.create(vault, key: key, label: "A tablet") }
        guard case .Invalid = failure else { return XCTFail("\(failure)") }
    }

    func testAFailureReadsAsItsSentence() async throws {
        let vault = try Surroundings.folder(self).appendingPathComponent("a.vault")
        let tablet = try await Tablet.create(vault, key: newVaultKey(), label: "A tablet")
        let failure = try await refused { _ = try await tablet.forms() }
        XCTAssertEqual("\(failure)", "this device has not joined a study yet")
        XCTAssertEqual(failure.localizedDescription, "\(failure)")
    }

    func testWhoBeginsToObserveIsToldResetEachTime() async throws {
        let vault = try Surroundings.folder(self).appendingPathComponent("a.vault")
        let tablet = try await Tablet.create(vault, key: newVaultKey(), label: "A tablet")
        for _ in 1...2 {
            let first = await tablet.changes().first { _ in true }
            XCTAssertEqual(first, .reset)
        }
    }

    func testNoRefusalHoldsAnAnswer() async throws {
        let canary = "a marmalade kestrel"
        let (tablet, sitting) = try await patient()
        var refusals: [Failure] = []
        for path in ["slept", "no_such_question"] {
            for value in [Value.text(text: canary), .one(code: canary), .date(date: canary)] {
                let failure = try await refused { try await sitting.answer(path, value) }
                guard case .Invalid = failure else { return XCTFail("\(failure)") }
                refusals.append(failure)
            }
        }
        try await sitting.answer("better", .text(text: canary))
        try await tablet.pause()
        let failure = try await refused { try await sitting.answer("better", .text(text: canary + " again")) }
        guard case .Closed = failure else { return XCTFail("\(failure)") }
        for failure in refusals + [failure] {
            var dumped = ""
            dump(failure, to: &dumped)
            XCTAssertFalse("\(failure) \(failure.localizedDescription) \(dumped)".contains(canary))
        }
    }

    /// A patient who begins to answer, in a study of their own.
    private func patient() async throws -> (Tablet, Sitting) {
        let (folder, key, hub) = (try Surroundings.folder(self), try newVaultKey(), try Surroundings.hub())
        let vault = { (name: String) in folder.appendingPathComponent("\(name).vault") }
        let pack = try await StudyPack.read(Surroundings.study())
        let steward = try await Evaluator.create(vault("steward"), key: key, label: "Steward")
        let second = try await Evaluator.create(vault("second"), key: key, label: "Second")
        let tablet = try await Tablet.create(vault("tablet"), key: key, label: "Tablet")
        try await steward.found(pack: pack, hub: hub.address, setupCode: hub.setupCode)
        _ = try await steward.addRecovery()
        _ = try await steward.admitEvaluator(second.enrolmentRequest())
        let invitation = try await steward.admitTablet(tablet.enrolmentRequest())
        _ = try await steward.sync()
        try await tablet.join(invitation: invitation, pack: pack)
        return (tablet, try await tablet.begin("patient-core", role: "patient", ward: "acute-male"))
    }
}
