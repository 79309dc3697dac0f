import ChainClient
import ChainSync
import Ethereum
import Foundation
import Simulator

/// How the worlds of different seeds differ, before anything happens in them.
extension World.Shape {
    init(_ random: inout SplitMix64) {
        hasTag = random.happens(700)
        usesUnindexed = random.happens(600)
        let isWhole = random.happens(600)
        contracts = isWhole ? [] : Array(DemoContracts.all.shuffled(using: &random).prefix(random.pick(1...4)))
        startsIndexedOnly = usesUnindexed && isWhole && random.happens(400)
        actions = random.pick(8...24)
        options = SyncOptions()
        options.confirmations = World.openBlocks + 2
        options.pollInterval = .milliseconds(random.pick(200...2_000))
        options.commitRows = random.pick([1, 5, 40, 20_000])
        options.commitInterval = .milliseconds(random.pick(1...400))
        options.followBlocksMax = random.pick(1...8)
        options.jumpBlocksMin = UInt64(random.pick(2...20))
        leaseTerm = random.happens(500) ? .milliseconds(random.pick(1_500...15_000)) : nil
        rpc = RPCOptions()
        rpc.widthInitial = UInt64(random.pick([1, 4, 16, 2_000]))
        rpc.widthMax = max(rpc.widthInitial, UInt64(random.pick([8, 64, 100_000])))
        rpc.requestsInFlightMax = random.pick(1...6)
        rpc.batchMax = random.pick(1...20)
        rpc.evidence = random.pick([.anchored, .anchored, .bloom, .bloom, .receipts, .corroborated])
        rpc.widthMaxLinked = UInt64(random.pick([3, 40, 5_000]))
    }
}

extension SimulatedNode.Profile {
    static func random(_ random: inout SplitMix64, hasTag: Bool) -> SimulatedNode.Profile {
        var profile = SimulatedNode.Profile()
        profile.hasFinalizedTag = hasTag
        profile.answersUnknownHashEmpty = random.happens(300)
        profile.servesLogsByHash = !random.happens(150)
        profile.servesBatches = !random.happens(200)
        profile.ignoresTrailingNulls = random.happens(200)
        profile.clampsAtHead = random.happens(300)
        return profile
    }
}

/// Where worlds and processes keep their files: memory where there is such a place.
package enum Scratch {
    package static let directory: String = {
        let memory = "/dev/shm"
        let base = FileManager.default.isWritableFile(atPath: memory) ? memory : NSTemporaryDirectory()
        return base + "/holdfast-selftest-\(ProcessInfo.processInfo.processIdentifier)"
    }()
}
