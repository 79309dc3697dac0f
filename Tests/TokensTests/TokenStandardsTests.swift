/// The decoder against the vectors of nft-edge-cases.md §11, and against anything a hostile contract can write.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct TokenStandardsTests {
    @Test(arguments: Vector.all) func `a vector decodes to exactly its rows`(vector: Vector) {
        let decoded = vector.decoded
        #expect(decoded.described == vector.rows)
        #expect(decoded.ignored == vector.ignored)
    }

    @Test(arguments: Vector.all) func `the blocks of all rows are noted with hash, time and role`(vector: Vector) {
        let blocks = vector.decoded.blocks
        for block in vector.blocks {
            let hasRows = vector.rows.contains { $0.hasPrefix("\(block.number).") }
            let noted = blocks.filter { $0.number == block.number }
            #expect(noted.count == (hasRows ? 1 : 0))
            for record in noted {
                #expect(record.hash == block.hash)
                #expect(record.timestamp == 1_700_000_000 + block.number)
                #expect(record.role == .events)
            }
        }
    }

    @Test func `a transfer carries transaction, index and contract of its log`() {
        let logs = [
            Contract(20).moves(1, 0, to: 1), Contract(21).moves(2, 0, to: 2).inTransaction(5).at(4_000_000_000),
        ]
        let transfers = decode([LogBlock(9, logs)]).transfers
        #expect(transfers.map(\.contract) == [account(20), account(21)])
        #expect(transfers.map(\.transactionIndex) == [0, 5])
        #expect(transfers.map(\.place.logIndex) == [0, 4_000_000_000])
        #expect(transfers.map(\.transactionHash) == [hash(9 << 32, kind: 2), hash(9 << 32 | 5, kind: 2)])
    }

    @Test func `an ERC-721 transfer with data is applied and flagged`() {
        let log = Contract(20).moves(.one, 0, to: 1, data: [1, 2, 3])
        #expect(decode([LogBlock(1, [log])]).described == ["1.0.0 721 20#1 0>1 x1 extra"])
    }

    @Test func `two topics and two words are a presumed token`() {
        let log = LogSpec(
            account(20),
            topics: [Topics.transfer, account(1).word],
            data: account(2).word.bytes + words(U256(5))
        )
        #expect(decode([LogBlock(1, [log])]).described == ["1.0.0 unindexed 20#5 1>2 x1 presumed"])
    }

    @Test func `an ERC-1155 draft with one topic is decoded and flagged`() {
        let parties = account(9).word.bytes + account(0).word.bytes + account(1).word.bytes
        let single = LogSpec(account(30), topics: [Topics.single], data: parties + words(U256(5), U256(2)))
        let batch = LogSpec(
            account(30),
            topics: [Topics.batch],
            data: parties + words(U256(160), U256(224), .one, U256(5), .one, U256(2))
        )
        // The offsets of the batch count from the start of the data, where the three addresses lie.
        #expect(
            decode([LogBlock(1, [single, batch])]).described == [
                "1.0.0 single 30#5 0>1 x2 by 9 presumed", "1.1.0 batch 30#5 0>1 x2 by 9 presumed",
            ]
        )
    }

    @Test func `other topics and approvals are ignored and note no block`() {
        let approval = LogSpec(account(20), topics: [Topics.approval, account(1).word, account(2).word, U256.one.word])
        let anonymous = LogSpec(account(20), topics: [], data: words(.one))
        let decoded = decode([LogBlock(1, [approval, anonymous])])
        #expect(decoded.ignored == 2)
        #expect(decoded.rowCount == 0)
        #expect(decoded.blocks.isEmpty)
    }

    static let malformed: [(LogSpec, MalformedLog.Reason)] = [
        (LogSpec(account(1), topics: [Topics.transfer]), .unknownShape),
        (LogSpec(account(1), topics: [Topics.transfer], data: words(.zero, .zero)), .unknownShape),
        (LogSpec(account(1), topics: [Topics.transfer, U256.one.word], data: words(.one)), .unknownShape),
        (LogSpec(account(1), topics: [Topics.single, U256.one.word], data: words(.one, .one)), .unknownShape),
        (LogSpec(account(1), topics: [Topics.single], data: words(.one, .one)), .badData),
        (LogSpec(account(1), topics: [Topics.consecutive, U256.one.word], data: words(.one)), .unknownShape),
        (Contract(1).sends(ids: [], amounts: [], 0, to: 1), .emptyBatch),
        (short(Contract(1).sends(.one, amount: .one, 0, to: 1), by: 1), .badData),
        (short(Contract(1).sends(ids: [.one], amounts: [.one], 0, to: 1), by: 1), .badData),
        (short(Contract(1).movesRange(.one, through: .max, 0, to: 1), by: 1), .badData),
        (offset(Contract(1).sends(ids: [.one], amounts: [.one], 0, to: 1), 0, to: .max), .badData),
        (offset(Contract(1).sends(ids: [.one], amounts: [.one], 0, to: 1), 1, to: U256(1 << 63)), .badData),
        (offset(Contract(1).sends(ids: [.one], amounts: [.one], 0, to: 1), 2, to: U256(1 << 60)), .badData),
    ]

    private static func short(_ log: LogSpec, by count: Int) -> LogSpec {
        var copy = log
        copy.data.removeLast(count)
        return copy
    }

    /// Overwrites the data's word at `index`.
    private static func offset(_ log: LogSpec, _ index: Int, to value: U256) -> LogSpec {
        var copy = log
        copy.data.replaceSubrange(32 * index..<32 * index + 32, with: value.bytes)
        return copy
    }

    @Test(arguments: malformed.indices)
    func `what has a topic of ours and cannot be applied is kept whole with its reason`(index: Int) throws {
        let (log, reason) = Self.malformed[index]
        let decoded = decode([LogBlock(3, [log])])
        #expect(decoded.rowCount == 1)
        let kept = try #require(decoded.malformed.first)
        #expect(kept.reason == reason)
        #expect(kept.topics == log.topics)
        #expect(kept.data == log.data)
        #expect(kept.dataCount == log.data.count)
        #expect(decoded.blocks.map(\.number) == [3])
    }

    @Test func `what is kept of a huge malformed log is bounded, its true size is known`() throws {
        let log = LogSpec(account(1), topics: [Topics.transfer], data: Array(repeating: 7, count: 70_001))
        let kept = try #require(decode([LogBlock(1, [log])]).malformed.first)
        #expect(kept.data.count == MalformedLog.dataBytesMax)
        #expect(kept.dataCount == 70_001)
    }

    @Test func `V23 a storm of logs of one contract decodes to as many transfers`() {
        let count = 100_000
        let items = Contract(30)
        let storm = (0..<count).map { items.moves(U256(UInt64($0)), 0, to: 1) }
        let decoded = decode([LogBlock(1, storm)])
        #expect(decoded.transfers.count == count)
        #expect(decoded.blocks.count == 1)
        #expect(decoded.transfers.last?.place == Place(block: 1, logIndex: UInt32(count - 1)))
    }

    @Test func `every hostile log ends in exactly one place, by whatever rule its contract is read`() {
        let rules = ContractRules.of([
            SpecialContract(account(2), .idInData), SpecialContract(account(3), .cryptoPunks),
        ])
        for seed in 0..<UInt64(100_000) {
            var random = SplitMix64(seed: seed)
            let logs = (0...random.below(3)).map { _ in random.hostileLog() }
            let decoded = decode([LogBlock(1, logs)], by: seed.isMultiple(of: 2) ? .none : rules)
            let moved = Set(decoded.transfers.map(\.place.logIndex))
            let ranged = decoded.ranges.map(\.place.logIndex)
            let kept = decoded.malformed.map(\.place.logIndex)
            let all = Array(moved) + ranged + kept
            guard Set(all).count == all.count, all.count + decoded.ignored == logs.count else {
                Issue.record("seed \(seed): \(decoded.described), \(decoded.ignored) ignored of \(logs.count)")
                return
            }
            guard Set(decoded.transfers.map(\.place)).count == decoded.transfers.count else {
                Issue.record("seed \(seed): a place twice")
                return
            }
            // A log cannot make more transfers than it paid words for.
            let words = logs.reduce(0) { $0 + $1.data.count / 32 + 1 }
            guard decoded.transfers.count <= words else {
                Issue.record("seed \(seed): \(decoded.transfers.count) transfers of \(words) words")
                return
            }
        }
    }
}
