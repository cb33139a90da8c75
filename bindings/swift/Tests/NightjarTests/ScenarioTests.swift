import Foundation
import Nightjar
import XCTest

/// Every scenario in Swift. `tests/vectors/README.md` defines their format.
final class ScenarioTests: XCTestCase {
    func testEveryScenarioGivesWhatItSays() async throws {
        let folder = try Surroundings.scenarios()
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".json") }
        XCTAssertFalse(names.isEmpty, "there are no scenarios")
        for name in names.sorted() {
            let transcript = try await run(read(folder.appendingPathComponent(name)), Surroundings.hub())
            guard let transcripts = Surroundings.transcripts else { continue }
            let file = transcripts.appendingPathComponent(name.replacingOccurrences(of: ".json", with: ".swift.json"))
            try JSONEncoder().encode(transcript).write(to: file)
        }
    }

    func testWhatNobodyUnderstandsIsRefused() async throws {
        let file = try Surroundings.scenarios().deletingLastPathComponent().appendingPathComponent("senseless.json")
        guard case .object(let senseless) = try read(file),
            case .list(let before)? = senseless["before"],
            case .list(let eachMustFail)? = senseless["each_must_fail"]
        else { return XCTFail("senseless.json has another shape") }
        _ = try await run(scenario(before), nowhere)
        for step in eachMustFail {
            do {
                _ = try await run(scenario(before + [step]), nowhere)
                XCTFail("it was not refused: \(step)")
            } catch is Senseless {}
        }
    }

    private let nowhere = Hub(address: "", setupCode: "")

    private func scenario(_ steps: [Json]) -> Json {
        .object(["scenario": .text("senseless"), "about": .text(""), "canary": .text("?"), "steps": .list(steps)])
    }

    private func read(_ file: URL) throws -> Json {
        try JSONDecoder().decode(Json.self, from: Data(contentsOf: file))
    }

    private func run(_ scenario: Json, _ hub: Hub) async throws -> Json {
        let pack = try await StudyPack.read(Surroundings.study())
        return try await Runner(pack, hub, Surroundings.folder(self)).run(scenario)
    }

    func testAnExpectedKeyThatIsNotThereIsADifference() {
        XCTAssertEqual(differences(.object(["a": .null]), .object([:])).count, 1)
        XCTAssertEqual(differences(.object(["a": .object([:])]), .object(["a": .object(["b": .integer(1)])])), [])
        XCTAssertEqual(differences(.object(["a": .bool(true)]), .object(["a": .integer(1)])).count, 1)
    }

    func testListsAreComparedWholeAndInOrder() {
        let list = { (numbers: [Int64]) in Json.list(numbers.map(Json.integer)) }
        XCTAssertEqual(differences(list([1, 2]), list([1, 2])), [])
        XCTAssertEqual(differences(list([1, 2]), list([2, 1])).count, 2)
        XCTAssertEqual(differences(list([1]), list([1, 2])).count, 1)
    }
}
