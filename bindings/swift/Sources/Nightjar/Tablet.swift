import Foundation

// The generated calls wait on the caller's thread; these do not. `join` and `sync` are asynchronous as generated.
extension Tablet {
    /// Makes a vault, with a key of 32 bytes, and the device's keys.
    public static func create(_ vault: URL, key: Data, label: String) async throws -> Tablet {
        try await offTheCaller { try create(path: vault.path, key: key, label: label) }
    }

    /// Opens a vault. `Failure.WrongKey`, `.Corrupt` or `.Incompatible`; none changes the file.
    public static func open(_ vault: URL, key: Data) async throws -> Tablet {
        try await offTheCaller { try open(path: vault.path, key: key) }
    }

    /// The text a steward needs to let this device in.
    public func enrolmentRequest() async throws -> String {
        try await offTheCaller { try self.enrolmentRequest() }
    }

    /// What this device holds and still has to do.
    public func status() async throws -> StatusView {
        try await offTheCaller { try self.status() }
    }

    /// The forms of the study.
    public func forms() async throws -> [FormView] {
        try await offTheCaller { try self.forms() }
    }

    /// The information page in a language, else in the study's default one.
    public func information(_ language: String = "") async throws -> InformationView {
        try await offTheCaller { try self.information(language: language) }
    }

    /// Opens a form for one person.
    public func begin(_ formId: String, role: String, ward: String, language: String? = nil) async throws -> Sitting {
        let request = BeginRequest(formId: formId, role: role, ward: ward, language: language)
        return try await offTheCaller { try self.begin(request: request) }
    }

    /// Unfinished answers; never their content.
    public func drafts() async throws -> [DraftView] {
        try await offTheCaller { try self.drafts() }
    }

    /// Opens a draft again, with every acknowledged answer, on the page it was left on.
    public func resume(_ draft: String) async throws -> Sitting {
        try await offTheCaller { try self.resume(draft: draft) }
    }

    /// The tablet goes to somebody else: unfinished forms are gone, unless their respondents took words.
    @discardableResult
    public func handOver() async throws -> HandedOverView {
        try await offTheCaller { try self.handOver() }
    }

    /// Opens the form whose respondent took these words.
    public func resumeWithWords(_ words: String) async throws -> Sitting {
        try await offTheCaller { try self.resumeWithWords(words: words) }
    }

    /// What was finished (confidential forms only) and stopped on this tablet, counted.
    public func tallies() async throws -> [TallyView] {
        try await offTheCaller { try self.tallies() }
    }

    /// What moving an unfinished answer to the form's newest version does. Nothing is changed.
    public func checkMove(_ draft: String) async throws -> MoveView {
        try await offTheCaller { try self.checkMove(draft: draft) }
    }

    /// Moves an unfinished answer as `checkMove` has said; what does not come along stays sealed beside it.
    public func moveDraft(_ draft: String, agreed: MoveView) async throws -> Sitting {
        try await offTheCaller { try self.moveDraft(draft: draft, agreed: agreed) }
    }

    /// Takes the files of a version of the study that the steward has named.
    public func update(_ pack: StudyPack) async throws {
        try await offTheCaller { try self.update(pack: pack) }
    }

    /// Records this device can read, in the order of their ids.
    public func records(_ request: RecordsRequest = RecordsRequest()) async throws -> [RecordView] {
        try await offTheCaller { try self.records(request: request) }
    }

    /// Everything that was ever written to a record, each step with how far its chain proves it.
    public func history(_ record: String) async throws -> [StepView] {
        try await offTheCaller { try self.history(record: record) }
    }

    /// Corrects items of a fact by name. What another device writes meanwhile is kept beside it.
    public func amend(_ record: String, role: String, changes: [String: Value]) async throws {
        let changes = changes.map { NewValue(name: $0.key, value: $0.value) }
        let request = AmendRequest(record: record, role: role, changes: changes)
        try await offTheCaller { try self.amend(request: request) }
    }

    /// Concurrent values of facts that wait for a person.
    public func conflicts() async throws -> [ConflictView] {
        try await offTheCaller { try self.conflicts() }
    }

    /// Settles a conflict.
    public func settle(_ record: String, name: String, value: Value, role: String) async throws {
        let request = SettleRequest(record: record, name: name, value: value, role: role)
        try await offTheCaller { try self.settle(request: request) }
    }

    /// Positions beside their outcome. Never settled away.
    public func dissensus() async throws -> [DissensusView] {
        try await offTheCaller { try self.dissensus() }
    }

    /// Counts that somebody asked to talk to someone on this ward now. Gives the week's count.
    public func talkToSomeone(_ ward: String) async throws -> UInt64 {
        try await offTheCaller { try self.talkToSomeone(ward: ward) }
    }

    /// Closes the vault's file until `resumeVault`: a system that suspends the app finds no lock held. Every call
    /// says `Failure.Closed` meanwhile.
    public func pause() async throws {
        try await offTheCaller { try self.pause() }
    }

    /// Opens the vault's file again.
    public func resumeVault() async throws {
        try await offTheCaller { try self.resumeVault() }
    }

    /// What changes from now on, beginning with a reset, until the stream is let go or its task is cancelled.
    public func changes() -> AsyncStream<Observed> {
        AsyncStream { continuation in
            let subscription = observe(observer: Yields(continuation))
            continuation.onTermination = { _ in subscription.cancel() }
        }
    }
}

private final class Yields: Observer {
    private let continuation: AsyncStream<Observed>.Continuation

    init(_ continuation: AsyncStream<Observed>.Continuation) {
        self.continuation = continuation
    }

    func observed(batch: Observed) {
        continuation.yield(batch)
    }
}
