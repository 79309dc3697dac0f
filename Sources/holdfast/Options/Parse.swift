import ChainClient
import ChainSync
import Ethereum
import Foundation
import StoreSQLite
import Tokens

/// Texts that people type, checked where they enter; each failure says what would be right.
enum Parse {
    static func address(_ text: String, for option: String) throws -> Address {
        do {
            return try Address(text: text)
        } catch {
            throw Failure.usage("\(option) \(text) is not an address: \(error)")
        }
    }

    static func marketplaces(_ texts: [String], for option: String) throws -> Set<Address> {
        let wallets = Set(try texts.map { try address($0, for: option) })
        guard wallets.count <= Marketplaces.walletsMax else {
            throw Failure.usage("\(option): at most \(Marketplaces.walletsMax) marketplaces of one chain")
        }
        // It holds what was burned.
        guard !wallets.contains(.zero) else { throw Failure.usage("\(option): the zero address is nobody's wallet") }
        return wallets
    }

    static func tokenID(_ text: String) throws -> U256 {
        guard let token = U256(text: text) else {
            throw Failure.usage("\(text) is not a token id: a decimal or 0x number from 0 to 2^256-1")
        }
        return token
    }

    /// Two ids and what is between them: `A-B`, or one alone.
    static func tokenRange(_ text: String, for option: String) throws -> ClosedRange<U256> {
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let first = ends.first, let last = ends.last else {
            throw Failure.usage("\(option): a range of ids, A-B")
        }
        let (lower, upper) = (try tokenID(first), try tokenID(last))
        guard lower <= upper else { throw Failure.usage("\(option) \(text): the first id is above the last") }
        return lower...upper
    }

    /// A number from 1 on.
    static func count(_ text: String, through most: Int, for option: String) throws -> Int {
        guard let count = Int(text), (1...most).contains(count) else {
            throw Failure.usage("\(option) \(text): a number from 1 to \(most)")
        }
        return count
    }

    static func rule(_ text: String) throws -> ReadingRule {
        guard let rule = ReadingRule(name: text) else {
            let names = ReadingRule.allCases.map(\.name).joined(separator: ", ")
            throw Failure.usage("--read-as \(text): name one of \(names)")
        }
        return rule
    }

    static func block(_ text: String, for option: String) throws -> BlockNumber {
        // The same bound as for what nodes say: no chain reaches it, and arithmetic below it cannot overflow.
        guard let block = UInt64(text), block >> 53 == 0 else {
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

    static func endpoints(_ urls: [String]) throws -> [Endpoint] {
        try urls.enumerated().map { Endpoint(url: try url($1, for: "--rpc"), name: "rpc\($0 + 1)") }
    }

    static func port(_ text: String, for option: String) throws -> Int {
        guard let port = Int(text), (0...65_535).contains(port) else {
            throw Failure.usage("\(option) \(text): a port from 0 to 65535")
        }
        return port
    }

    /// How many items a list may show.
    static func limit(_ text: String?, standard: Int) throws -> Int {
        guard let text else { return standard }
        guard let limit = Int(text), limit > 0 else {
            throw Failure.usage("--limit \(text): a number above 0")
        }
        return limit
    }

    static func evidence(_ text: String, for option: String) throws -> EvidenceLevel {
        guard let level = EvidenceLevel(name: text) else {
            let names = EvidenceLevel.allCases.map(\.name).joined(separator: ", ")
            throw Failure.usage("\(option) \(text): one of \(names)")
        }
        return level
    }

    static func enrichment(_ text: String, for option: String) throws -> EnrichmentWork.Mode {
        guard let mode = EnrichmentWork.Mode(rawValue: text) else {
            let names = EnrichmentWork.Mode.allCases.map(\.rawValue).joined(separator: ", ")
            throw Failure.usage("\(option) \(text): one of \(names)")
        }
        return mode
    }

    static func audit(_ text: String, for option: String) throws -> Int {
        let most = Auditor<ContinuousClock>.rowsPerMinuteMax
        guard let rows = Int(text), (0...most).contains(rows) else {
            throw Failure.usage("\(option) \(text): holdings a minute from 0 to \(most)")
        }
        return rows
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
