import Foundation
package import Simulator
import Synchronization

/// Runs many seeds on all cores and gathers what went wrong.
package enum SeedRunner {
    package struct Outcome: Sendable {
        package var failures: [(seed: UInt64, what: String)] = []
        package var counts: [FaultPoint: Int] = [:]
        package var runs = 0
    }

    /// The seeds to run: `HOLDFAST_SEED` alone, or as many as `HOLDFAST_SEEDS` says.
    package static func seeds(_ usual: Int) -> [UInt64] {
        let environment = ProcessInfo.processInfo.environment
        if let one = environment["HOLDFAST_SEED"].flatMap({ UInt64($0) }) { return [one] }
        let count = environment["HOLDFAST_SEEDS"].flatMap { Int($0) } ?? usual
        return (0..<max(1, count)).map { UInt64($0) }
    }

    /// The line that runs a failing seed again.
    package static func line(_ seed: UInt64, _ test: String) -> String {
        "HOLDFAST_SEED=\(seed) swift test --filter \(test)"
    }

    /// What the threads of one run share.
    private final class Shared: Sendable {
        let outcome = Mutex(Outcome())
        let next = Mutex(0)
    }

    /// Ends early once ten seeds have failed, and when it is cancelled.
    ///
    /// - Parameter progress: told how many seeds were run; from any thread.
    package static func run(
        _ seeds: [UInt64],
        progress: @escaping @Sendable (Int) -> Void = { _ in },
        _ body: @escaping @Sendable (UInt64) throws -> (wrong: String?, counts: [FaultPoint: Int])
    ) async -> Outcome {
        let shared = Shared()
        let threads = min(seeds.count, ProcessInfo.processInfo.activeProcessorCount)
        await withTaskCancellationHandler {
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<threads {
                    group.addTask {
                        await withCheckedContinuation { continuation in
                            // Threads of their own: a simulated world blocks, and others' tests run meanwhile.
                            let thread = Thread {
                                while let seed = shared.next.withLock({ (index: inout Int) -> UInt64? in
                                    defer { index += 1 }
                                    return index < seeds.count ? seeds[index] : nil
                                }) {
                                    guard shared.outcome.withLock({ $0.failures.count < 10 }) else { break }
                                    let result: (wrong: String?, counts: [FaultPoint: Int])
                                    do { result = try body(seed) } catch { result = ("\(error)", [:]) }
                                    let done = shared.outcome.withLock { outcome in
                                        outcome.runs += 1
                                        if let wrong = result.wrong { outcome.failures.append((seed, wrong)) }
                                        outcome.counts.merge(result.counts, uniquingKeysWith: +)
                                        return outcome.runs
                                    }
                                    progress(done)
                                }
                                continuation.resume()
                            }
                            thread.stackSize = 8 << 20
                            thread.start()
                        }
                    }
                }
            }
        } onCancel: {
            shared.next.withLock { $0 = seeds.count }
        }
        return shared.outcome.withLock { $0 }
    }
}
