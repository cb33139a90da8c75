import Foundation
import XCTest

/// What `cargo xtask test` tells the tests: where things are, and the hub to talk to.
enum Surroundings {
    static func scenarios() throws -> URL {
        URL(fileURLWithPath: try variable("NIGHTJAR_SCENARIOS"))
    }

    static func study() throws -> URL {
        URL(fileURLWithPath: try variable("NIGHTJAR_STUDY"))
    }

    static func hub() throws -> Hub {
        Hub(address: try variable("NIGHTJAR_HUB"), setupCode: try variable("NIGHTJAR_SETUP_CODE"))
    }

    static var transcripts: URL? {
        ProcessInfo.processInfo.environment["NIGHTJAR_TRANSCRIPTS"].map { URL(fileURLWithPath: $0) }
    }

    /// A new folder, which the test case removes when it ends.
    static func folder(_ test: XCTestCase) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        test.addTeardownBlock {
            do {
                try FileManager.default.removeItem(at: folder)
            } catch let error as CocoaError where error.code == .fileNoSuchFile {
                // A vault that was being closed has taken one of its own files away in between.
                try? FileManager.default.removeItem(at: folder)
            }
        }
        return folder
    }

    private static func variable(_ name: String) throws -> String {
        guard let value = ProcessInfo.processInfo.environment[name], !value.isEmpty else {
            throw XCTSkip("\(name) is not set; `cargo xtask test --only swift` sets it")
        }
        return value
    }
}
