import Foundation

extension StudyPack {
    /// Reads a pack from a folder that holds `study.toml`. `Failure.Invalid` lists every problem with its place.
    public static func read(_ folder: URL) async throws -> StudyPack {
        try await offTheCaller { try fromFolder(path: folder.path) }
    }
}
