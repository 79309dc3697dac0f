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
        if error is CancellationError { return ExitCode.success }
        guard let failure = failure(for: error) else { return error }
        FileHandle.standardError.write(Data("holdfast: \(failure.message)\n".utf8))
        return ExitCode(failure.code)
    }

    /// The one line that says what went wrong.
    static func text(of error: any Error) -> String { failure(for: error)?.message ?? "\(error)" }

    /// nil for errors that carry their own text and code: those of the argument parser.
    private static func failure(for error: any Error) -> Failure? {
        switch error {
        case let error as Failure: error
        case let error as StoreError: Failure(message: error.description, code: error.exitCode)
        case let error as LedgerError: Failure(message: error.description, code: error.exitCode)
        case let error as ListingError: Failure(message: error.description, code: 1)
        case let error as SyncError: Failure(message: error.description, code: error.exitCode)
        case let error as ChainError: Failure(message: error.message, code: error.exitCode)
        case is ExitCode, is CleanExit, is ValidationError: nil
        default:
            String(reflecting: type(of: error)).hasPrefix("ArgumentParser.") ? nil : .work("\(error)")
        }
    }
}

extension StoreError {
    var exitCode: Int32 {
        switch self {
        case .notAFile, .cannotCreate, .notADatabase, .newer, .older, .readOnly, .networkFileSystem: 78
        case .full, .busy, .damaged, .unknownChain, .notCovered, .notFollowed, .nothingToUndo, .failed: 1
        }
    }
}

extension LedgerError {
    var exitCode: Int32 {
        switch self {
        case .otherChain: 78
        case .stale, .held: 75
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
