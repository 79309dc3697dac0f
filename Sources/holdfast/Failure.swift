import ArgumentParser
import ChainSync
import Ethereum
import Foundation
import StoreSQLite
import Tokens

/// A failure as a person meets it: one line that says what to do, and the documented exit code.
struct Failure: Error, CustomStringConvertible {
    var message: String
    var code: Int32

    var description: String { message }

    static func work(_ message: String) -> Failure { Failure(message: message, code: 1) }
    static func usage(_ message: String) -> Failure { Failure(message: message, code: 64) }
    static func noEndpoint(_ message: String) -> Failure { Failure(message: message, code: 69) }
    static func held(_ message: String) -> Failure { Failure(message: message, code: 75) }
    static func configuration(_ message: String) -> Failure { Failure(message: message, code: 78) }

    /// Turns any error into an exit: ArgumentParser's own as they are, ours as one line on stderr.
    static func explained(_ error: any Error) -> any Error {
        let failure: Failure
        switch error {
        case let error as Failure: failure = error
        case let error as StoreError: failure = Failure(message: error.description, code: error.exitCode)
        case let error as LedgerError: failure = Failure(message: error.description, code: error.exitCode)
        case let error as SyncError: failure = Failure(message: error.description, code: error.exitCode)
        case let error as ChainError: failure = Failure(message: error.message, code: error.exitCode)
        case is CancellationError: return ExitCode.success
        case is ExitCode, is CleanExit, is ValidationError: return error
        default:
            // ArgumentParser's parse errors carry their own text and code; anything else is said as it is.
            guard String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") == false else { return error }
            failure = .work("\(error)")
        }
        FileHandle.standardError.write(Data("holdfast: \(failure.message)\n".utf8))
        return ExitCode(failure.code)
    }
}

extension StoreError {
    var exitCode: Int32 {
        switch self {
        case .notAFile, .cannotCreate, .notADatabase, .newer, .readOnly: 78
        case .full, .busy, .damaged, .unknownChain, .notCovered, .failed: 1
        }
    }
}

extension LedgerError {
    var exitCode: Int32 {
        switch self {
        case .otherChain: 78
        case .stale: 75
        case .inconsistent, .tooDeep, .overflow: 1
        }
    }
}

extension SyncError {
    var exitCode: Int32 {
        switch self {
        case .superseded: 75
        case .wrongChain: 78
        case .deepReorg, .unservable: 1
        }
    }
}

extension ChainError {
    var message: String {
        switch self {
        case .unavailable(let what), .inconsistent(let what), .reorged(let what), .unservable(let what),
            .wrongChain(let what):
            what
        case .cancelled: "cancelled"
        }
    }

    var exitCode: Int32 {
        switch self {
        case .unavailable, .inconsistent, .reorged, .unservable: 69
        case .wrongChain: 78
        case .cancelled: 0
        }
    }
}
