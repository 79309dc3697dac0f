import ChainClient
import ChainSync
import Ethereum
import StoreSQLite
import Tokens

/// What a sync would ask for, from a few samples of the chain; writes nothing.
struct DryRun {
    var chain: RPCChain
    var identity: ChainIdentity
    var settings: ChainSettings
    /// What is held already; nil: nothing yet.
    var store: SQLiteStore?
    var last: BlockNumber

    /// Pages asked for, spread over the range.
    private static let samples: UInt64 = 5

    func report(json: Bool) async throws -> String {
        let state = try planned()
        let plan = ReadPlan(state: state, through: last)
        guard let filter = plan.segments.first?.filter, let first = plan.segments.first?.range.lowerBound else {
            return json ? #"{"blocks":0,"requests":0,"seconds":0}"# : "nothing to read: complete to block \(last)"
        }
        var blocks: UInt64 = 0
        var logs = 0
        let start = ContinuousClock.now
        for sample in 0..<Self.samples {
            let from = first + (last - first) / Self.samples * sample
            let answer = try await chain.logs(in: from...last, matching: filter)
            blocks += answer.range.upperBound - answer.range.lowerBound + 1
            logs += answer.page.logs.count
        }
        let elapsed = ContinuousClock.now - start
        let pageSeconds = Double(elapsed.components.seconds) + Double(elapsed.components.attoseconds) * 1e-18
        let width = max(1, blocks / Self.samples)
        let pages = Double(plan.blockCount) / Double(width)
        let seconds = pages * pageSeconds / Double(Self.samples) / Double(max(1, chain.pagesInFlight))
        let expected = Double(logs) / Double(max(1, blocks)) * Double(plan.blockCount)
        // A page is its logs and its last block's header, before and after.
        let requests = Int((pages * 3).rounded(.up))
        if json {
            return #"{"blocks":\#(plan.blockCount),"blocksPerPage":\#(width),"requests":\#(requests),"#
                + #""logs":\#(Int(expected)),"seconds":\#(Int(seconds.rounded(.up)))}"#
        }
        return """
            chain \(identity.chainID), blocks \(first) to \(last): \(plan.blockCount) to read
            about \(Int(expected)) logs in \(Int(pages.rounded(.up))) pages of \(width) blocks, \(requests) requests
            about \(Int(seconds.rounded(.up))) s with \(chain.pagesInFlight) pages in flight, from \(Self.samples) samples
            nothing was written
            """
    }

    /// The state that a sync would start from, without making anything.
    private func planned() throws -> ChainState {
        let preset = ChainPresets.preset(for: identity.chainID)
        let zero = ID128(high: 0, low: 0)
        var state = ChainState(
            identity: identity,
            version: ChainVersion(revision: 0, commitID: zero, epoch: 0, holder: zero),
            tip: nil,
            finalized: nil,
            rewinds: 0,
            scopes: [],
            eventSets: preset.asksUnindexed ? [.indexed, .unindexed] : [.indexed],
            coverage: [:],
            window: [],
            isIndexed: false
        )
        if let store, try store.chains().contains(where: { $0.identity == identity }) {
            state = try store.reading(identity.chainID)
        }
        let held = Set(state.scopes.map(\.contract))
        let wanted: [Address?] = settings.contracts.isEmpty ? (state.scopes.isEmpty ? [nil] : []) : settings.contracts
        let whole = state.scopes.first { $0.contract == nil }
        let listed = whole != nil || wanted.contains(nil) ? SpecialContracts.of(identity.chainID) : []
        for (index, contract) in (wanted + listed.map(\.address)).enumerated() where !held.contains(contract) {
            state.scopes.append(
                Scope(
                    id: -1 - Int64(index),
                    contract: contract,
                    firstBlock: settings.firstBlock ?? whole?.firstBlock ?? 0,
                    isActive: true,
                    rule: contract.map { SpecialContracts.rule(of: $0, on: identity.chainID) } ?? .byShape
                )
            )
        }
        return state
    }
}
