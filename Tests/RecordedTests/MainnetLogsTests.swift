import ChainClient
import Ethereum
import Foundation
import Testing
import Tokens

/// Recorded mainnet logs: data of others, read where they are and never committed.
///
/// Looked for in HOLDFAST_MAINNET_LOGS, else beside the checkout; where they are absent the suite is skipped by name.
@Suite(.enabled(if: Recorded.directory != nil, "no recorded mainnet logs here: set HOLDFAST_MAINNET_LOGS"))
struct MainnetLogsTests {
    @Test func `two mainnet blocks hold exactly the NFT transfers that an independent program found`() throws {
        let scanned = try LogScanner.scan(array: Array(try Recorded.data("logs")))
        #expect(scanned.page.logs.count == 681)
        var decoded = DecodedLogs()
        TokenStandards.decode(scanned.page, by: .none, into: &decoded)
        let found = decoded.transfers.filter { !$0.flags.contains(.presumed) }.map { transfer in
            Recorded.Transfer(
                contract: transfer.contract.hex,
                block: transfer.place.block,
                logIndex: transfer.place.logIndex,
                kind: transfer.kind.rule == .unique ? "721" : "1155",
                sub: transfer.place.ordinal,
                tokenId: transfer.token.decimal,
                amount: transfer.amount.decimal,
                from: transfer.from.hex,
                to: transfer.to.hex
            )
        }
        let wanted = try JSONDecoder().decode([Recorded.Transfer].self, from: Recorded.data("nft-transfers"))
        #expect(!wanted.isEmpty)
        #expect(found == wanted)
        #expect(decoded.transfers.count == wanted.count, "a presumed transfer among mainnet's newest logs")
        print("recorded mainnet logs: \(scanned.page.logs.count) logs, \(found.count) NFT transfers, all as listed")
    }

    @Test func `none of the ERC-20 transfers of the blocks is among them`() throws {
        let scanned = try LogScanner.scan(array: Array(try Recorded.data("logs")))
        var decoded = DecodedLogs()
        TokenStandards.decode(scanned.page, by: .none, into: &decoded)
        let places = Set(decoded.transfers.map { [$0.place.block, UInt64($0.place.logIndex)] })
        let fungible = scanned.page.logs.filter { $0.topic0 == ERC721.transfer && $0.topicCount == 3 }
        #expect(fungible.count > 100)
        #expect(fungible.allSatisfy { !places.contains([$0.blockNumber, UInt64($0.logIndex)]) })
    }
}

enum Recorded {
    struct Transfer: Decodable, Equatable {
        var contract: String
        var block: UInt64
        var logIndex: UInt32
        var kind: String
        var sub: UInt32
        var tokenId: String
        var amount: String
        var from: String
        var to: String
    }

    static let directory: URL? = {
        let named = ProcessInfo.processInfo.environment["HOLDFAST_MAINNET_LOGS"].map { URL(fileURLWithPath: $0) }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let beside = root.deletingLastPathComponent().appending(path: "shared/data/mainnet-logs")
        return [named, beside].compactMap(\.self).first { FileManager.default.fileExists(atPath: $0.path()) }
    }()

    static func data(_ name: String) throws -> Data {
        let directory = try #require(directory)
        return try Data(contentsOf: directory.appending(path: "mainnet-17173049-17173050.\(name).json"))
    }

    /// The results of the recorded answers to one method, each as the text of a JSON value.
    static func results(of method: String) throws -> [[UInt8]] {
        let folder = try #require(directory).appending(path: "rpc")
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path()).filter {
            $0.contains("_\(method)_")
        }
        return try names.sorted().compactMap { name in
            let answer = try JSONSerialization.jsonObject(with: Data(contentsOf: folder.appending(path: name)))
            guard let result = (answer as? [String: Any])?["result"] else { return nil }
            return Array(try JSONSerialization.data(withJSONObject: result, options: .fragmentsAllowed))
        }
    }
}
