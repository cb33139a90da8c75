import Foundation

// The generated calls wait on the caller's thread; these do not. `found`, `join` and `sync` are asynchronous as
// generated.
extension Evaluator {
    /// Makes a vault, with a key of 32 bytes, and the device's keys.
    public static func create(_ vault: URL, key: Data, label: String) async throws -> Evaluator {
        try await offTheCaller { try create(path: vault.path, key: key, label: label) }
    }

    /// Opens a vault. `Failure.WrongKey`, `.Corrupt` or `.Incompatible`; none changes the file.
    public static func open(_ vault: URL, key: Data) async throws -> Evaluator {
        try await offTheCaller { try open(path: vault.path, key: key) }
    }

    /// The text a steward needs to let this device in.
    public func enrolmentRequest() async throws -> String {
        try await offTheCaller { try self.enrolmentRequest() }
    }

    /// Makes the offline recovery key. Its words are given once, for paper.
    public func addRecovery() async throws -> String {
        try await offTheCaller { try self.addRecovery() }
    }

    /// Lets a tablet in, for these wards (all if empty). Gives the invitation for it.
    public func admitTablet(_ request: String, wards: [String] = []) async throws -> String {
        try await offTheCaller { try self.admitTablet(request: request, wards: wards) }
    }

    /// Lets another evaluator in. Gives the invitation for it.
    public func admitEvaluator(_ request: String) async throws -> String {
        try await offTheCaller { try self.admitEvaluator(request: request) }
    }

    /// Names another version of the study and takes its files. Gives what differs, form by form.
    public func newVersion(_ pack: StudyPack) async throws -> [FormChangeView] {
        try await offTheCaller { try self.newVersion(pack: pack) }
    }

    /// Takes the files of a version of the study that the steward has named, the newest or an older one.
    public func update(_ pack: StudyPack) async throws {
        try await offTheCaller { try self.update(pack: pack) }
    }

    /// Records this device can read, in the order of their ids.
    public func records(_ request: RecordsRequest = RecordsRequest()) async throws -> [RecordView] {
        try await offTheCaller { try self.records(request: request) }
    }

    /// Concurrent values of facts that wait for a person.
    public func conflicts() async throws -> [ConflictView] {
        try await offTheCaller { try self.conflicts() }
    }

    /// Positions beside their outcome.
    public func dissensus() async throws -> [DissensusView] {
        try await offTheCaller { try self.dissensus() }
    }

    /// How much of what each tablet has sent is here.
    public func received() async throws -> [ReceivedView] {
        try await offTheCaller { try self.received() }
    }

    /// Writes CSV with a codebook, and the report, into a folder.
    public func export(_ folder: URL) async throws -> ExportView {
        try await offTheCaller { try self.export(folder: folder.path) }
    }
}
