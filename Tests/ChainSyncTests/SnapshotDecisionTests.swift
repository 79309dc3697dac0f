import ChainSync
import Ethereum
import Testing
import Tokens

/// The pure decisions of a snapshot: how many tokens are asked for together, what a contract is, what an answer means.
@Suite struct SnapshotDecisionTests {
    // MARK: Batches

    @Test(arguments: [
        (1, [1, 1]), (2, [1, 1]), (7, [3, 1, 1]), (100, [50, 25, 12, 6, 3, 1, 1]),
        (1_000, [500, 250, 125, 62, 31, 15, 7, 3, 1, 1]),
    ])
    func `a batch is halved down to one, and never to none`(most: Int, sizes: [Int]) {
        var size = BatchSize(most)
        #expect(size.size == most && size.isLeast == (most == 1))
        var seen: [Int] = []
        for _ in sizes {
            size.shrink()
            seen.append(size.size)
        }
        #expect(seen == sizes && size.isLeast)
    }

    @Test(arguments: [
        (1, [1, 1]), (5, [2, 3, 4, 5, 5]), (100, [11, 21, 31, 41, 51, 61, 71, 81, 91, 100, 100]),
        (1_000, [101, 201, 301]),
    ])
    func `a batch grows by a tenth of the most, by one at least, and never above the most`(most: Int, sizes: [Int]) {
        var size = BatchSize(most)
        for _ in 0..<10 { size.shrink() }
        var seen: [Int] = []
        for _ in sizes {
            size.grow()
            seen.append(size.size)
        }
        #expect(seen == sizes)
    }

    @Test func `an untold batch is as many as one call carries, and starts at its most`() {
        #expect(BatchSize() == BatchSize(100) && BatchSize().size == BatchSize.standard)
        var size = BatchSize()
        size.grow()
        #expect(size.size == 100)
    }

    @Test(arguments: [0, 1_001, -1, .min, .max])
    func `a batch without a bound is refused`(most: Int) async {
        await #expect(processExitsWith: .failure) { [most] in _ = BatchSize(most) }
    }

    // MARK: What a contract is

    private static let contract = Address(high: 0xabcd_ef00_0000_0000, middle: 1, low: 2)

    private static func word(_ number: U256) -> [UInt8] {
        let shortest = number.shortestBytes
        return [UInt8](repeating: 0, count: 32 - shortest.count) + shortest
    }

    private static func said(_ number: UInt64) -> CallOutcome { .returned(word(U256(number))) }

    /// An honest ERC-721 contract of seven tokens that enumerates them, but for the given answers.
    private static func outcomes(_ changed: [Int: CallOutcome] = [:]) -> [CallOutcome] {
        let honest = [said(1), said(1), said(0), said(1), said(7), said(3)]
        return honest.indices.map { changed[$0] ?? honest[$0] }
    }

    private static func range(_ first: UInt64, _ last: UInt64) -> ClosedRange<U256> { U256(first)...U256(last) }

    @Test func `a contract is asked for four interfaces, its count and its first token, alone`() {
        let calls = ContractProbe.calls(Self.contract)
        let heads = calls.map { call in call.data.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) } }
            .map { $0.joined() }
        let none = String(repeating: "0", count: 56)
        #expect(
            heads == [
                "01ffc9a7" + "01ffc9a7" + none, "01ffc9a7" + "80ac58cd" + none, "01ffc9a7" + "d9b67a26" + none,
                "01ffc9a7" + "780e9d63" + none, "18160ddd", "4f6ccce7" + none + "00000000",
            ]
        )
        #expect(calls.allSatisfy { $0.contract == Self.contract })
    }

    @Test func `where it enumerates, its indexes are read, else the ids from 0 to its count`() {
        func plan(_ changed: [Int: CallOutcome]) -> ContractProbe.Finding {
            ContractProbe.judge(Self.outcomes(changed), ids: nil)
        }
        let enumerated = SnapshotPlan(source: .enumerated, range: Self.range(0, 6), supply: U256(7))
        let numbered = SnapshotPlan(source: .numbered, range: Self.range(0, 7), supply: U256(7))
        #expect(plan([:]) == .plan(enumerated))
        #expect(plan([3: Self.said(0)]) == .plan(numbered))
        // It says that it enumerates, and does not.
        for outcome: CallOutcome in [.reverted, .noData, .returned([1, 2, 3]), .returned([])] {
            #expect(plan([5: outcome]) == .plan(numbered))
        }
        #expect(
            plan([4: Self.said(1)]) == .plan(SnapshotPlan(source: .enumerated, range: Self.range(0, 0), supply: .one))
        )
        #expect(plan([4: Self.said(0)]) == .plan(SnapshotPlan(source: .enumerated, range: nil, supply: .zero)))
        #expect(
            plan([3: Self.said(0), 4: Self.said(0)])
                == .plan(SnapshotPlan(source: .numbered, range: nil, supply: .zero))
        )
        let most = SnapshotPlan(source: .numbered, range: Self.range(0, 999_999), supply: U256(999_999))
        #expect(plan([3: Self.said(0), 4: Self.said(999_999)]) == .plan(most))
    }

    @Test func `ids that are given are read as given, whatever the contract counts, up to a million`() {
        func plan(_ ids: ClosedRange<U256>, _ supply: CallOutcome = Self.said(7)) -> ContractProbe.Finding {
            ContractProbe.judge(Self.outcomes([4: supply]), ids: ids)
        }
        let top = U256.max.subtractingReportingOverflow(U256(999_999)).partialValue
        for ids in [Self.range(0, 0), Self.range(5, 9), Self.range(1, 1_000_000), U256.max...U256.max, top ... .max] {
            #expect(plan(ids) == .plan(SnapshotPlan(source: .given, range: ids, supply: U256(7))))
            #expect(plan(ids, .reverted) == .plan(SnapshotPlan(source: .given, range: ids, supply: nil)))
            #expect(
                plan(ids, .returned(Self.word(.max))) == .plan(SnapshotPlan(source: .given, range: ids, supply: .max))
            )
        }
        let below = top.subtractingReportingOverflow(.one).partialValue
        for ids in [Self.range(0, 1_000_000), below ... .max, .zero ... .max] {
            #expect(Self.reason(plan(ids)).contains("more than 1000000 ids"))
        }
    }

    /// The words of a refusal; empty where it is none.
    private static func reason(_ finding: ContractProbe.Finding) -> String {
        if case .refused(let why) = finding { why } else { "" }
    }

    @Test(arguments: [nil, U256(1)...U256(9)])
    func `what is no ERC-721 contract is refused with the reason, whatever ids are given`(ids: ClosedRange<U256>?) {
        func refusal(_ outcomes: [CallOutcome]) -> String { Self.reason(ContractProbe.judge(outcomes, ids: ids)) }
        #expect(refusal(Array(repeating: .noData, count: 6)).contains("no contract at that address"))
        #expect(refusal(Self.outcomes([1: Self.said(0), 2: Self.said(1)])).contains("ERC-1155"))
        #expect(refusal(Self.outcomes([2: Self.said(1)])).contains("ERC-1155"))
        #expect(refusal(Self.outcomes([1: Self.said(0)])).contains("does not say that it is an ERC-721"))
        #expect(refusal(Array(repeating: .reverted, count: 6)).contains("does not say that it is an ERC-721"))
    }

    @Test(arguments: [
        CallOutcome.reverted, .noData, .outOfResource, .returned([]), .returned(Array(repeating: 0, count: 31)),
    ])
    func `without a count it is refused until ids are given`(supply: CallOutcome) {
        let outcomes = Self.outcomes([4: supply])
        #expect(Self.reason(ContractProbe.judge(outcomes, ids: nil)).contains("give a range with --ids A-B"))
        let plan = SnapshotPlan(source: .given, range: Self.range(1, 2), supply: nil)
        #expect(ContractProbe.judge(outcomes, ids: Self.range(1, 2)) == .plan(plan))
    }

    /// Its ids may lie above its count: they would be missed without a word.
    @Test func `an enumeration that costs too much is not taken for none`() {
        let outcomes = Self.outcomes([5: .outOfResource])
        #expect(Self.reason(ContractProbe.judge(outcomes, ids: nil)).contains("its enumeration takes more gas"))
        let given = SnapshotPlan(source: .given, range: Self.range(1, 2), supply: U256(7))
        #expect(ContractProbe.judge(outcomes, ids: Self.range(1, 2)) == .plan(given))
        let silent = Self.outcomes([3: Self.said(0), 5: .outOfResource])
        let numbered = SnapshotPlan(source: .numbered, range: Self.range(0, 7), supply: U256(7))
        #expect(ContractProbe.judge(silent, ids: nil) == .plan(numbered))
    }

    @Test(arguments: [U256(1_000_001), U256(UInt64.max), .max])
    func `with more tokens than are read it is refused`(supply: U256) {
        for isEnumerable: UInt64 in [0, 1] {
            let outcomes = Self.outcomes([3: Self.said(isEnumerable), 4: .returned(Self.word(supply))])
            #expect(
                Self.reason(ContractProbe.judge(outcomes, ids: nil)).contains("it says that there are \(supply) tokens")
            )
        }
    }

    @Test(arguments: 0..<6)
    func `one call that nobody answers leaves all open, and a state that is gone is said`(place: Int) {
        #expect(ContractProbe.judge(Self.outcomes([place: .unavailable]), ids: nil) == .unanswered)
        #expect(ContractProbe.judge(Self.outcomes([place: .statePruned]), ids: nil) == .pruned)
        let both = Self.outcomes([place: .statePruned, (place + 1) % 6: .unavailable])
        #expect(ContractProbe.judge(both, ids: nil) == .pruned)
        // A contract that is refused for what it says is not, while something was not heard.
        let open = Self.outcomes([2: Self.said(1)].merging([place: .unavailable]) { $1 })
        #expect(ContractProbe.judge(open, ids: nil) == .unanswered)
    }

    // MARK: S-36: contracts that lie

    /// An answer of `supportsInterface`, and what is taken from it: true, or nothing.
    struct Lie: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var outcome: CallOutcome
        var isYes = false
    }

    static let lies: [Lie] = [
        Lie(testDescription: "burns all gas", outcome: .outOfResource),
        Lie(testDescription: "reverts", outcome: .reverted),
        Lie(testDescription: "says nothing", outcome: .noData),
        Lie(testDescription: "an empty answer", outcome: .returned([])),
        Lie(testDescription: "two", outcome: said(2)),
        Lie(testDescription: "all bits", outcome: .returned(word(.max))),
        Lie(testDescription: "one, left-aligned", outcome: .returned([1] + [UInt8](repeating: 0, count: 31))),
        Lie(testDescription: "one in 31 bytes", outcome: .returned([UInt8](repeating: 0, count: 30) + [1])),
        Lie(
            testDescription: "garbage",
            outcome: .returned((0..<100).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) })
        ),
        Lie(testDescription: "1 MB of ones", outcome: .returned([UInt8](repeating: 1, count: 1 << 20))),
        Lie(testDescription: "1 MB of zeros", outcome: .returned([UInt8](repeating: 0, count: 1 << 20))),
        Lie(
            testDescription: "yes with 1 MB behind it",
            outcome: .returned(word(.one) + [UInt8](repeating: 0xff, count: 1 << 20)),
            isYes: true
        ),
    ]

    @Test(arguments: lies)
    func `S-36: a supportsInterface that lies, burns all gas, returns 1 MB or garbage is a yes or none`(lie: Lie) {
        let honest = ContractProbe.judge(Self.outcomes(), ids: nil)
        let unsaid = Self.reason(ContractProbe.judge(Self.outcomes([1: Self.said(0)]), ids: nil))
        let numbered = SnapshotPlan(source: .numbered, range: Self.range(0, 7), supply: U256(7))
        #expect(!unsaid.isEmpty)
        let isERC721 = ContractProbe.judge(Self.outcomes([1: lie.outcome]), ids: nil)
        #expect(lie.isYes ? isERC721 == honest : Self.reason(isERC721) == unsaid)
        let isERC1155 = ContractProbe.judge(Self.outcomes([2: lie.outcome]), ids: nil)
        #expect(lie.isYes ? Self.reason(isERC1155).contains("ERC-1155") : isERC1155 == honest)
        let isEnumerable = ContractProbe.judge(Self.outcomes([3: lie.outcome]), ids: nil)
        #expect(isEnumerable == (lie.isYes ? honest : .plan(numbered)))
        // The same to every question: nothing is read of it.
        let always = Self.outcomes([0: lie.outcome, 1: lie.outcome, 2: lie.outcome, 3: lie.outcome])
        #expect(!Self.reason(ContractProbe.judge(always, ids: nil)).isEmpty)
    }

    @Test(arguments: Array(0...100) + [1 << 20])
    func `S-36: answers of any length to every question end in a plan within the bounds, or in words`(count: Int) {
        for byte: UInt8 in [0, 1, 0x7f, 0xff] {
            let bytes = (0..<count).map { $0 % 32 == 31 ? byte : 0 }
            for place in 0..<6 {
                for answer in [bytes, [UInt8](repeating: byte, count: count)] {
                    switch ContractProbe.judge(Self.outcomes([place: .returned(answer)]), ids: nil) {
                    case .plan(let plan):
                        let span = plan.range.map {
                            $0.upperBound.subtractingReportingOverflow($0.lowerBound).partialValue
                        }
                        #expect(span ?? .zero < U256(SnapshotJob.tokensMax))
                    case .refused(let why): #expect(!why.isEmpty)
                    case .pruned, .unanswered: Issue.record("it answered")
                    }
                }
            }
        }
    }

    // MARK: What answers about tokens mean

    private static let wallet = Address(high: 0x1122_3344_5566_7788, middle: 9, low: 10)
    private static let walletWord = [UInt8](repeating: 0, count: 12) + Array(wallet.bytes)

    static let ownerAnswers: [(outcome: CallOutcome, answer: TokenAnswers.Answer)] = [
        (.returned(walletWord), .owner(wallet)),
        (.returned(walletWord + [UInt8](repeating: 0xff, count: 1 << 20)), .owner(wallet)),
        (.returned([UInt8](repeating: 0, count: 32)), .absent),
        (.reverted, .absent),
        (.returned([UInt8](walletWord.dropFirst())), .failed(.malformed)),
        (.returned([1] + walletWord.dropFirst()), .failed(.malformed)),
        (.returned([UInt8](repeating: 0xff, count: 32)), .failed(.malformed)),
        (.returned([]), .failed(.malformed)),
        (.noData, .failed(.malformed)),
        (.outOfResource, .failed(.outOfResource)),
        (.unavailable, .failed(.unanswered)),
        (.statePruned, .pruned),
    ]

    @Test(arguments: ownerAnswers.indices)
    func `absent is not unanswered is not costly is not malformed`(index: Int) {
        let (outcome, answer) = Self.ownerAnswers[index]
        #expect(TokenAnswers.owner(outcome) == answer)
    }

    @Test func `an index that is refused is no absent token: which one is missing is not known`() {
        func read(_ outcome: CallOutcome) -> [String] {
            let answer = TokenAnswers.token(outcome)
            return [answer.token.map { "\($0)" } ?? "\(answer.reason)"] + (answer.isPruned ? ["pruned"] : [])
        }
        #expect(read(Self.said(0)) == ["0"])
        #expect(read(.returned(Self.word(.max))) == ["\(U256.max)"])
        #expect(read(.returned([UInt8](repeating: 0, count: 31))) == ["malformed"])
        #expect(read(.reverted) == ["malformed"] && read(.noData) == ["malformed"])
        #expect(read(.outOfResource) == ["outOfResource"])
        #expect(read(.unavailable) == ["unanswered"])
        #expect(read(.statePruned) == ["unanswered", "pruned"])
    }
}
