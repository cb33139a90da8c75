import Dispatch

/// Where calls wait for the disk: never on the caller's executor.
private let calls = DispatchQueue(label: "org.nightjar.calls", attributes: .concurrent)

func offTheCaller<T: Sendable>(_ call: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
        calls.async { continuation.resume(with: Result { try call() }) }
    }
}
