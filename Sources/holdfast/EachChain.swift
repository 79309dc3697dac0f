import Ethereum
import Logging

/// The same work for several chains, none of which ends the others'.
enum EachChain {
    /// Ends when all have ended, or when cancelled.
    ///
    /// - Parameter failing: what is said of a chain whose work ended, where there are others.
    /// - Throws: only when not a single chain can go on, with the first chain's reason.
    static func run(
        _ chains: [ChainSettings],
        failing: String,
        _ logger: Logger,
        _ work: @escaping @Sendable (ChainSettings) async throws -> Void
    ) async throws {
        let failures = await withTaskGroup(of: Numbered<(any Error)?>.self) { group in
            for (index, settings) in chains.enumerated() {
                group.addTask {
                    do {
                        try await work(settings)
                        return Numbered(index, nil)
                    } catch {
                        return Numbered(index, error)
                    }
                }
            }
            var failures: [Int: any Error] = [:]
            for await ended in group {
                let index = ended.index
                guard let error = ended.value, !(error is CancellationError) else { continue }
                failures[index] = error
                guard chains.count > 1 else { continue }
                let name = chains[index].name ?? chains[index].chainID.map(String.init) ?? "\(index + 1)"
                logger.error(
                    "\(failing)",
                    metadata: ["chain": "\(name)", "reason": "\(Failure.text(of: error))"]
                )
            }
            return failures
        }
        try Task.checkCancellation()
        if let first = failures.keys.min(), let error = failures[first] { throw error }
    }
}
