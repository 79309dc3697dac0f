import ArgumentParser
import StoreSQLite
import Ethereum
import Foundation
import Tokens

/// `holdfast status`: where each chain of a database stands, also while another process writes to it.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show where each chain stands.")

    @OptionGroup var database: DatabaseOptions

    func run() throws {
        let chains = try database.open().chains()
        if database.json {
            print(try StatusJSON(chains: chains.map(StatusJSON.Chain.init)).text())
            return
        }
        for chain in chains {
            let preset = ChainPresets.preset(for: chain.identity.chainID)
            print("chain \(chain.identity.chainID) (\(preset.name))")
            print("  checkpoint   \(chain.checkpoint.map(String.init) ?? "none yet")")
            print("  tip          \(chain.tip.map { "\($0.number) \($0.hash)" } ?? "none yet")")
            print("  finalized    \(chain.finalized.map(String.init) ?? "not known")")
            print("  transfers    \(chain.counters.transfersProcessed)")
            print("  tokens       \(chain.counters.tokensDiscovered)")
            print("  malformed    \(chain.counters.errorCount)")
            print("  rewinds      \(chain.rewinds)")
            for scope in chain.scopes {
                let name = scope.scope.contract?.checksummed ?? "whole chain"
                let level = scope.evidence.map { "L\($0.level)" } ?? "–"
                print(
                    "  scope        \(name) from block \(scope.scope.firstBlock), \(scope.coveredBlocks) blocks, \(level)"
                )
            }
        }
    }
}

/// The shape of `status --json`.
struct StatusJSON: Encodable {
    struct Block: Encodable {
        var number: UInt64
        var hash: String?
    }

    struct Counters: Encodable {
        var transfersProcessed: UInt64
        var tokensDiscovered: UInt64
        var tokensEnriched: UInt64
        var errorCount: UInt64
    }

    struct Chain: Encodable {
        var chainId: UInt64
        var head: Block?
        var checkpoint: Block?
        var finalized: Block?
        var tip: Block?
        var lagBlocks: UInt64?
        var state: String
        var reason: String?
        var rewinds: UInt64
        var counters: Counters

        init(_ summary: ChainSummary) {
            chainId = summary.identity.chainID
            tip = summary.tip.map { Block(number: $0.number, hash: $0.hash.hex) }
            head = summary.tip.map { Block(number: $0.number, hash: nil) }
            checkpoint = summary.checkpoint.map { Block(number: $0, hash: summary.checkpointHash?.hex) }
            finalized = summary.finalized.map { Block(number: $0, hash: nil) }
            if let tip = summary.tip { lagBlocks = tip.number - (summary.checkpoint ?? 0) }
            state = summary.checkpoint != nil && summary.checkpoint == summary.tip?.number ? "idle" : "backfill"
            rewinds = summary.rewinds
            counters = Counters(
                transfersProcessed: summary.counters.transfersProcessed,
                tokensDiscovered: summary.counters.tokensDiscovered,
                tokensEnriched: summary.counters.tokensEnriched,
                errorCount: summary.counters.errorCount
            )
        }

        private enum CodingKeys: String, CodingKey {
            case chainId, head, checkpoint, finalized, tip, lagBlocks, state, reason, rewinds, counters
        }

        /// Absent values are written as null: readers need not tell "not there" from "not known".
        func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(chainId, forKey: .chainId)
            try container.encode(head, forKey: .head)
            try container.encode(checkpoint, forKey: .checkpoint)
            try container.encode(finalized, forKey: .finalized)
            try container.encode(tip, forKey: .tip)
            try container.encode(lagBlocks, forKey: .lagBlocks)
            try container.encode(state, forKey: .state)
            try container.encode(reason, forKey: .reason)
            try container.encode(rewinds, forKey: .rewinds)
            try container.encode(counters, forKey: .counters)
        }
    }

    var chains: [Chain]

    func text() throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(self), as: UTF8.self)
    }
}
