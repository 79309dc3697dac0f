import ChainClient
import Ethereum
import Synchronization
import UnixSignals

/// SIGTERM and SIGINT cancel the work; being asked to stop is not a failure.
enum Signals {
    /// Runs `work` with the signals trapped from before its first step.
    ///
    /// - Returns: nil when it was stopped before it ended. Every commit is one transaction, so what is in the database
    ///   is right wherever that was.
    @discardableResult
    static func ending<Value: Sendable>(
        _ work: @escaping @Sendable () async throws -> Value
    ) async throws -> Value? {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let task = Task { try await work() }
        let watcher = Task {
            for await _ in signals { task.cancel() }
        }
        defer { watcher.cancel() }
        do {
            return try await task.value
        } catch let error where isStop(error) {
            return nil
        }
    }

    /// Whether an error says only that the task was cancelled.
    static func isStop(_ error: any Error) -> Bool {
        if case ChainError.cancelled = error { return true }
        return error is CancellationError
    }
}
