/// The events of CryptoPunks, and the table of special contracts.
import Ethereum
import Testing
import TokenFixtures
import Tokens

@Suite struct CryptoPunksTests {
    private static let punks = Contract(40)
    private static let rules = ContractRules.of([SpecialContract(punks.address, .cryptoPunks)])

    private func described(_ logs: [LogSpec]) -> [String] { decode([LogBlock(5, logs)], by: Self.rules).described }

    @Test(arguments: [
        ("Assign(address,uint256)", CryptoPunks.assign),
        ("PunkTransfer(address,address,uint256)", CryptoPunks.punkTransfer),
        ("PunkBought(uint256,uint256,address,address)", CryptoPunks.punkBought),
        ("Transfer(address,address,uint256)", ERC721.transfer),
    ])
    func `a topic is the hash of its event's signature`(signature: String, topic: Hash32) {
        #expect(Keccak256.hash(Array(signature.utf8)) == topic)
    }

    private static let bid = punks.sellsPunk(1, for: 0, 4, to: 0)

    private static let lookalikes: [(String, LogSpec)] = [
        ("of another transaction", punks.pays(1, 4, to: 5).inTransaction(1)),
        ("not right before", punks.pays(1, 4, to: 5).at(7)),
        ("of another contract", Contract(41).pays(1, 4, to: 5)),
        ("of another seller", punks.pays(1, 3, to: 5)),
        ("of two", punks.pays(2, 4, to: 5)),
        ("to nobody", punks.pays(1, 4, to: 0)),
        ("with four topics", punks.moves(1, 4, to: 5)),
        ("of another event", punks.givesPunk(1, 4, to: 5)),
        (
            "to a dirty address",
            LogSpec(punks.address, topics: [Topics.transfer, account(4).word, U256.max.word], data: words(.one))
        ),
        (
            "without a number",
            LogSpec(punks.address, topics: [Topics.transfer, account(4).word, account(5).word], data: [1])
        ),
    ]

    @Test(arguments: lookalikes.indices)
    func `a sale without a buyer is kept and moves nothing where the log before is not the one that names him`(
        index: Int
    ) throws {
        let (what, before) = Self.lookalikes[index]
        let last = before.logIndex ?? 8
        let decoded = decode([LogBlock(5, [before.at(last), Self.bid.at(9)])], by: Self.rules)
        #expect(!decoded.transfers.contains { $0.place.logIndex == 9 }, "\(what)")
        let kept = try #require(decoded.malformed.last, "\(what)")
        #expect(kept.reason == .missingNeighbour && kept.place.logIndex == 9)
        #expect(kept.topics == Self.bid.topics && kept.data == Self.bid.data)
    }

    @Test func `the log before names the buyer at any place of the block, and only the one sale after it`() {
        let first = Self.punks.pays(1, 4, to: 5).at(8).inTransaction(2)
        let second = Self.punks.sellsPunk(2, for: 0, 4, to: 0).inTransaction(2)
        #expect(
            described([Contract(20).moves(1, 0, to: 1), first, Self.bid.inTransaction(2), second]) == [
                "5.0.0 721 20#1 0>1 x1", "5.9.0 punk 40#1 4>5 x1 before", "5.10.0 malformed 40 missing-neighbour",
            ]
        )
    }

    private static let odd: [(LogSpec, String)] = [
        (LogSpec(punks.address, topics: [Topics.assign], data: words(.one)), "unknown-shape"),
        (LogSpec(punks.address, topics: [Topics.assign, account(1).word]), "bad-data"),
        (LogSpec(punks.address, topics: [Topics.assign, U256.max.word], data: words(.one)), "dirty-address"),
        (LogSpec(punks.address, topics: [Topics.punkTransfer, account(1).word], data: words(.one)), "unknown-shape"),
        (
            LogSpec(punks.address, topics: [Topics.punkTransfer, U256.max.word, account(1).word], data: words(.one)),
            "dirty-address"
        ),
        (LogSpec(punks.address, topics: [Topics.punkBought], data: words(.one, .one)), "unknown-shape"),
        (LogSpec(punks.address, topics: bid.topics, data: [0]), "bad-data"),
    ]

    @Test(arguments: odd.indices)
    func `a punk's event of another form is kept with its reason`(index: Int) {
        let (log, reason) = Self.odd[index]
        #expect(described([log]) == ["5.0.0 malformed 40 \(reason)"])
    }

    @Test func `more data than the event has is flagged`() {
        let log = LogSpec(Self.punks.address, topics: [Topics.assign, account(1).word], data: words(U256(7), .one))
        #expect(described([log]) == ["5.0.0 punk 40#7 0>1 x1 extra"])
    }

    @Test func `an id in data that is cut is malformed, one with more behind it flagged`() {
        let rules = ContractRules.of([SpecialContract(account(20), .idInData)])
        let topics = [Topics.transfer, account(1).word, account(2).word]
        let logs = [
            LogSpec(account(20), topics: topics, data: [7]),
            LogSpec(account(20), topics: topics, data: words(U256(7), .one)),
            LogSpec(account(20), topics: [Topics.transfer, account(1).word, U256.max.word], data: words(.one)),
        ]
        #expect(
            decode([LogBlock(1, logs)], by: rules).described == [
                "1.0.0 malformed 20 bad-data", "1.1.0 unindexed 20#7 1>2 x1 extra", "1.2.0 malformed 20 dirty-address",
            ]
        )
    }

    // MARK: The table

    @Test func `every line of the table is an address with its checksum, and no address is there twice`() throws {
        for (chain, lines) in SpecialContracts.all {
            for line in lines { #expect(try Address(text: line.address).checksummed == line.address) }
            #expect(SpecialContracts.of(chain).count == lines.count)
            #expect(Set(SpecialContracts.of(chain).map(\.address)).count == lines.count)
        }
        let punks = try Address(text: "0xb47e3cd837ddf8e4c57f05d70ab865de6e193bbb")
        #expect(SpecialContracts.rule(of: punks, on: 1) == .cryptoPunks)
        #expect(SpecialContracts.rule(of: punks, on: 2) == .byShape)
    }

    @Test func `what is stored of rules, sets and kinds keeps its number`() {
        #expect(ReadingRule.allCases.map(\.rawValue) == [0, 1, 2])
        #expect(ReadingRule.allCases.allSatisfy { ReadingRule(name: $0.name) == $0 })
        #expect(EventSet.allCases.map(\.rawValue) == [1, 2, 3, 4])
        #expect(TransferKind.allCases.map(\.rawValue) == [1, 2, 3, 4, 5, 6])
        #expect(TransferFlags.receiverBefore.rawValue == 4)
    }
}
