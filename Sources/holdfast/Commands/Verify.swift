import ArgumentParser
import ChainClient
import ChainSync
import Ethereum
import Foundation
import StoreSQLite
import Tokens

/// `holdfast verify`: holdings against the contracts' own answers, at the checkpoint block.
struct Verify: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Compare holdings with the contracts' own answers.",
        discussion: """
            Asks ownerOf and balanceOf in the state after the checkpoint block, pinned at its hash. A call that failed is \
            neither right nor wrong; with more than a tenth of them the result is "could not be checked". Where contract \
            and events differ, the contract's logs are read again and proved from headers and receipts: a log that was \
            missed is put in, and a contract that contradicts its own events is put on record.

            The rate comes with the exact one-sided 95 % lower bound (Clopper–Pearson). 299 clean samples are the fewest \
            whose bound reaches 99 %. Exit code 0: the rate is at or above the threshold; 1: below, or could not be checked.
            """
    )

    @Option(name: OptionTable.sample.flag, help: OptionTable.sample.argumentHelp)
    var sample: String?
    @Option(name: OptionTable.threshold.flag, help: OptionTable.threshold.argumentHelp)
    var threshold: String?
    @Flag(name: OptionTable.everyHolding.flag, help: OptionTable.everyHolding.argumentHelp)
    var all = false
    @Option(name: OptionTable.contract.flag, help: "Only holdings of this contract.")
    var contract: String?
    @Option(name: OptionTable.rpc.flag, help: OptionTable.rpc.argumentHelp)
    var rpc: [String] = []
    @Option(name: OptionTable.evidence.flag, help: OptionTable.evidence.argumentHelp)
    var evidence: String?
    @OptionGroup var chain: ChainOption
    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() async throws {
        let sample = try self.sample.map(Self.sample) ?? Self.sample(OptionTable.sample.standard ?? "")
        let threshold = try self.threshold.map(Self.threshold) ?? Self.threshold(OptionTable.threshold.standard ?? "")
        guard !all || self.sample == nil else { throw Failure.usage("--all leaves nothing to draw: drop --sample") }
        let only = try contract.map { try Parse.address($0, for: "--contract") }
        let isJSON = try output.isJSON()
        let store = try database.open()
        let chainID = try chain.resolve(in: store)
        guard let summary = try store.chains().first(where: { $0.identity.chainID == chainID }) else {
            throw Failure.work("the database does not hold chain \(chainID)")
        }
        guard let number = summary.checkpoint, let hash = summary.checkpointHash else {
            throw Failure.work("there is no checkpoint yet: nothing is completely read that could be verified")
        }
        let block = BlockRef(number: number, hash: hash)
        let settings = ChainSettings(
            name: nil,
            chainID: chainID,
            endpoints: try Parse.endpoints(OptionTable.rpc.given(rpc)),
            contracts: [],
            evidence: try OptionTable.evidence.given(evidence).map { try Parse.evidence($0, for: "--evidence") }
        )
        let logger = Wiring.logger()
        let report = try await HTTPTransport.withHTTPTransport { transport in
            let (node, identity) = try await Wiring.connect(settings, store, transport, ByteBudget(), logger)
            guard identity == summary.identity else {
                throw Failure.configuration("the endpoint's chain is not the one in the database")
            }
            if try store.reading(chainID).isRenumbered { node.numberFromReceipts() }
            let verifier = Verifier(chain: node, store: store, chainID: chainID, block: block)
            let result = try await check(verifier, sample, only)
            let repaired = try await result.repair?.put(into: store, chainID) { .random(in: 0 ... .max) }
            return VerifyReport(
                chainID: chainID,
                block: block,
                threshold: threshold,
                isSample: !all,
                result: result,
                repaired: repaired
            )
        }
        print(isJSON ? report.json : report.text)
        guard report.isPassed else { throw ExitCode(1) }
    }

    private static func sample(_ text: String) throws -> Int {
        guard let count = Int(text), 1...1_000_000 ~= count else {
            throw Failure.usage("--sample \(text): a number from 1 to 1000000")
        }
        return count
    }

    private static func threshold(_ text: String) throws -> Double {
        guard let share = Double(text), share > 0, share <= 1 else {
            throw Failure.usage("--threshold \(text): a share above 0 and at most 1")
        }
        return share
    }

    private func check(_ verifier: Verifier, _ sample: Int, _ only: Address?) async throws -> Verifier.Result {
        guard all else {
            var generator = SystemRandomNumberGenerator()
            let drawn = try verifier.store.sample(
                sample,
                of: verifier.chainID,
                contract: only,
                at: verifier.block,
                using: &generator
            )
            return try await verifier.verify(drawn)
        }
        var last = ContinuousClock.now
        return try await verifier.verifyAll(contract: only) { tally in
            guard ContinuousClock.now - last >= .seconds(2) else { return }
            last = .now
            let line = "\(tally.checked) holdings checked, \(tally.different) differ, \(tally.unanswered) unanswered\n"
            FileHandle.standardError.write(Data(line.utf8))
        }
    }
}
