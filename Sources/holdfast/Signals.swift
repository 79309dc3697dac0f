import UnixSignals

/// SIGTERM and SIGINT cancel the work; being asked to stop is not a failure.
enum Signals {
    static func ending(_ work: Task<Void, any Error>) async throws {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        let watcher = Task {
            for await _ in signals { work.cancel() }
        }
        defer { watcher.cancel() }
        do {
            try await work.value
        } catch is CancellationError {
            // Asked to stop: every commit is one transaction, so what is in the database is right.
        }
    }
}
