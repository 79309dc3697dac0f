package import Ethereum
import GRDB

/// What went wrong with the database, in words that say what to do.
package enum StoreError: Error, Sendable, Equatable, CustomStringConvertible {
    case notAFile(String)
    case cannotCreate(String)
    case notADatabase(String)
    /// Made by a later release.
    case newer(String)
    /// Made by an earlier release, where it may not be changed.
    case older(String)
    case readOnly(String)
    case full(String)
    /// Another process's transaction did not end in time; the process, where the kernel says which.
    case busy(String, process: Int32?)
    case networkFileSystem(String, String)
    case damaged(String, String)
    case unknownChain(ChainID)
    /// A past block was asked for that coverage does not reach.
    case notCovered(block: BlockNumber, reached: BlockNumber?)
    case notFollowed(Address)
    /// No operator's rewind, or something was committed since.
    case nothingToUndo
    case failed(String, String)

    init(_ error: DatabaseError, path: String) {
        switch error.resultCode {
        case .SQLITE_NOTADB: self = .notADatabase(path)
        case .SQLITE_READONLY: self = .readOnly(path)
        case .SQLITE_FULL: self = .full(path)
        case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy(path, process: WriterLock.holder(of: path))
        case .SQLITE_CORRUPT: self = .damaged(path, error.message ?? "")
        case .SQLITE_CANTOPEN: self = .cannotCreate(path)
        default: self = .failed(path, error.message ?? "error \(error.resultCode.rawValue)")
        }
    }

    package var description: String {
        switch self {
        case .notAFile(let path):
            "\(path) is a directory; --database needs a file, for instance sqlite:\(path)/holdfast.db"
        case .cannotCreate(let path): "cannot open or make \(path); check that its directory exists and may be written"
        case .notADatabase(let path): "\(path) is not an SQLite database; name another file with --database"
        case .networkFileSystem(let path, let name):
            "\(path) lies on a network file system (\(name)), where SQLite's locks cannot be relied on; use a local disk"
        case .newer(let path): "\(path) was made by a newer release of holdfast; use that release or another --database"
        case .older(let path): "\(path) was made by an older release of holdfast; run `holdfast migrate` first"
        case .readOnly(let path): "\(path) may not be written; check the file's and the disk's permissions"
        case .full(let path): "the disk of \(path) is full; free space and start again, nothing is half written"
        case .busy(let path, let process):
            process.map { "the writer lock of \(path) is held by process \($0)" }
                .map { "\($0), which does not finish; wait, or end that process" }
                ?? "another process is writing to \(path) and did not finish in time; try again"
        case .damaged(let path, let what): "\(path) is damaged (\(what)); restore a copy or index again"
        case .unknownChain(let chain):
            "the database holds no chain \(chain) yet; run `holdfast sync` or `holdfast run` first"
        case .notCovered(let block, let reached):
            "block \(block) is not among those that were completely read; "
                + (reached.map { "answers reach to block \($0)" } ?? "no answer about the past is complete yet")
        case .notFollowed(let contract):
            "contract \(contract.checksummed) is not followed; see `holdfast contracts list`"
        case .nothingToUndo: "there is no rewind to undo, or something was committed after it"
        case .failed(let path, let what): "\(path): \(what)"
        }
    }
}
