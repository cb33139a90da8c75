// Every answer is on disk when its call returns; the caller's thread does not wait for it.
extension Sitting {
    /// What is on display.
    public func page() async throws -> PageView {
        try await offTheCaller { try self.page() }
    }

    /// What was answered in an earlier version of the form and does not stand in this one.
    public func stays() async throws -> [StaysView] {
        try await offTheCaller { try self.stays() }
    }

    /// Words that open this form again on this tablet after it was handed over, and nothing else does. Given once.
    public func takeWords() async throws -> String {
        try await offTheCaller { try self.takeWords() }
    }

    /// Takes back what an earlier version asked: it is no part of what is handed in.
    public func takeBack(_ path: String) async throws {
        try await offTheCaller { try self.takeBack(path: path) }
    }

    /// Gives, changes or (without a value) clears an answer.
    @discardableResult
    public func answer(_ path: String, _ value: Value?) async throws -> OutcomeView {
        try await offTheCaller { try self.answer(path: path, value: value) }
    }

    /// Goes to the next page, unless something on this one stands in the way: then it stays and shows why.
    @discardableResult
    public func next() async throws -> PageView {
        try await offTheCaller { try self.next() }
    }

    /// Goes to the page before.
    @discardableResult
    public func back() async throws -> PageView {
        try await offTheCaller { try self.back() }
    }

    /// Goes on in another language; answers stay.
    @discardableResult
    public func language(_ language: String) async throws -> PageView {
        try await offTheCaller { try self.language(language: language) }
    }

    /// Seals the answers and destroys the draft. `Failure.Invalid` with what still blocks, and then it is kept.
    @discardableResult
    public func finish() async throws -> FinishedView {
        try await offTheCaller { try self.finish() }
    }

    /// Stop, and keep what was answered.
    @discardableResult
    public func stopKeeping() async throws -> FinishedView {
        try await offTheCaller { try self.stopKeeping() }
    }

    /// Stop, and throw everything away: its key is destroyed.
    public func throwAway() async throws {
        try await offTheCaller { try self.throwAway() }
    }
}
