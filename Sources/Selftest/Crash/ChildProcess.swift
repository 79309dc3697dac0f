import Foundation
import Synchronization

/// A process of the program itself, started and waited for.
struct ChildProcess: Sendable {
    enum End: Sendable, Equatable {
        case exit(Int32)
        case signal(Int32)
        /// It did not end in time and was killed.
        case late
    }

    let executable: String
    /// What no run takes, on however slow a machine.
    private static let secondsMax = 120.0

    /// - Parameter log: the file that gets what it says on stderr.
    /// - Parameter killedAfter: seconds until it is killed with -9; nil: it is let run.
    func run(_ arguments: [String], log: String, killedAfter: Double? = nil) async throws -> End {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        // Options of whoever runs the selftest are not the children's; a mutant that is to be noticed is.
        process.environment = ProcessInfo.processInfo.environment.filter {
            !$0.key.hasPrefix("HOLDFAST_") || $0.key == "HOLDFAST_MUTANT"
        }
        guard FileManager.default.createFile(atPath: log, contents: nil), let said = FileHandle(forWritingAtPath: log)
        else { throw CocoaError(.fileWriteUnknown) }
        defer { try? said.close() }
        process.standardError = said
        process.standardOutput = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        let isLate = Mutex(false)
        let timer = Task {
            try await Task.sleep(for: .seconds(killedAfter ?? Self.secondsMax))
            isLate.withLock { $0 = true }
            Self.kill(process)
        }
        await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                process.terminationHandler = { _ in continuation.resume() }
                do { try process.run() } catch { continuation.resume() }
            }
        } onCancel: {
            Self.kill(process)
        }
        timer.cancel()
        try Task.checkCancellation()
        guard process.processIdentifier > 0 else { throw SelftestError("\(executable) cannot be started") }
        if killedAfter == nil, isLate.withLock({ $0 }) { return .late }
        return process.terminationReason == .exit
            ? .exit(process.terminationStatus) : .signal(process.terminationStatus)
    }

    /// By its number alone, and only while it is still ours to wait for.
    private static func kill(_ process: Process) {
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }
}
