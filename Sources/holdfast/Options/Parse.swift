import Ethereum
import Foundation
import StoreSQLite

/// Option values from environment variables, named by the option table.
enum Environment {
    static func value(_ row: OptionTable.Row) -> String? {
        ProcessInfo.processInfo.environment[row.environment].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Values separated by commas.
    static func list(_ row: OptionTable.Row) -> [String] {
        value(row)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    }
}

/// Texts that people type, checked where they enter; each failure says what would be right.
enum Parse {
    static func address(_ text: String, for option: String) throws -> Address {
        do {
            return try Address(text: text)
        } catch {
            throw Failure.usage("\(option) \(text) is not an address: \(error)")
        }
    }

    static func tokenID(_ text: String) throws -> U256 {
        guard let token = U256(text: text) else {
            throw Failure.usage("\(text) is not a token id: a decimal or 0x number from 0 to 2^256-1")
        }
        return token
    }

    static func block(_ text: String, for option: String) throws -> BlockNumber {
        guard let block = UInt64(text), block <= UInt64(Int64.max) else {
            throw Failure.usage("\(option) \(text) is not a block number")
        }
        return block
    }

    /// An http or https URL.
    ///
    /// The text is not repeated in the failure: URLs carry keys.
    static func url(_ text: String, for option: String) throws -> String {
        guard let parts = URL(string: text), let scheme = parts.scheme?.lowercased(),
            ["http", "https"].contains(scheme),
            let host = parts.host(), !host.isEmpty
        else {
            throw Failure.usage("\(option) is not an http or https URL, for instance http://localhost:8545")
        }
        return text
    }

    static func confirmations(_ text: String, for option: String) throws -> UInt64 {
        guard let depth = UInt64(text), depth <= 1_000_000 else {
            throw Failure.usage("\(option) \(text): a number of blocks from 0 to 1000000")
        }
        return depth
    }

    static func optionalIndex(_ text: String, for option: String) throws -> OptionalIndex {
        guard let index = OptionalIndex(rawValue: text) else {
            let names = OptionalIndex.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure.usage("\(option) \(text) is no optional index; there is \(names)")
        }
        return index
    }

    static func interval(_ text: String, for option: String) throws -> Duration {
        guard let seconds = Double(text), seconds >= 0.01, seconds <= 3_600 else {
            throw Failure.usage("\(option) \(text): seconds from 0.01 to 3600")
        }
        return .milliseconds(Int64(seconds * 1_000))
    }
}
