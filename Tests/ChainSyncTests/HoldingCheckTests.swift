import ChainSync
import Ethereum
import Testing
import TokenFixtures
import Tokens

/// What an answer means for a holding, and what many of them mean together.
@Suite struct HoldingCheckTests {
    private static func unique(_ owner: UInt32) -> ClaimedHolding {
        ClaimedHolding(
            contract: account(20),
            token: U256(7),
            rule: .unique,
            owner: account(owner),
            amount: SignedSum(1)
        )
    }

    private static func counted(_ amount: SignedSum) -> ClaimedHolding {
        ClaimedHolding(contract: account(20), token: U256(7), rule: .counted, owner: account(50), amount: amount)
    }

    @Test func `the calls are ownerOf and balanceOf, as the standards spell them`() {
        #expect(HoldingCheck.call(for: Self.unique(50)).data == ABI.call("ownerOf(uint256)", [.uint(U256(7))]))
        #expect(
            HoldingCheck.call(for: Self.counted(SignedSum(3))).data
                == ABI.call("balanceOf(address,uint256)", [.address(account(50)), .uint(U256(7))])
        )
    }

    @Test func `CryptoPunks is asked by its own name for the owner`() {
        let call = HoldingCheck.call(for: Self.unique(50), by: .cryptoPunks)
        #expect(call.data == ABI.call("punkIndexToAddress(uint256)", [.uint(U256(7))]))
        #expect(HoldingCheck.call(for: Self.unique(50), by: .idInData) == HoldingCheck.call(for: Self.unique(50)))
    }

    @Test(arguments: [
        (unique(50), CallOutcome.returned(account(50).word.bytes), HoldingCheck.Verdict.equal),
        (unique(50), .returned(account(50).word.bytes + [1, 2]), .equal),
        (unique(50), .returned(account(51).word.bytes), .different(.owner(account(51)))),
        (unique(50), .returned(account(0).word.bytes), .different(.nothing)),
        (unique(50), .reverted, .different(.nothing)),
        (unique(50), .noData, .different(.nothing)),
        (unique(50), .returned([1, 2, 3]), .different(.malformed)),
        (unique(50), .returned(U256.max.bytes), .different(.malformed)),
        (unique(0), .reverted, .equal), (unique(0), .returned(account(0).word.bytes), .equal),
        (unique(0), .noData, .equal),
        (unique(0), .returned(account(51).word.bytes), .different(.owner(account(51)))),
        (counted(SignedSum(3)), .returned(U256(3).bytes), .equal),
        (counted(SignedSum(3)), .returned(U256(4).bytes), .different(.amount(U256(4)))),
        (counted(SignedSum(3)), .reverted, .different(.nothing)),
        (counted(SignedSum(-3)), .returned(U256(0).bytes), .different(.amount(.zero))),
        (counted(SignedSum(U256.max)), .returned(U256.max.bytes), .equal),
    ])
    func `an answer is compared exactly`(
        holding: ClaimedHolding,
        outcome: CallOutcome,
        verdict: HoldingCheck.Verdict
    ) {
        #expect(HoldingCheck.judge(holding, outcome) == verdict)
    }

    @Test(arguments: [CallOutcome.outOfResource, .statePruned, .unavailable])
    func `a call that failed says nothing, about a burned token neither`(outcome: CallOutcome) {
        for holding in [Self.unique(50), Self.unique(0), Self.counted(SignedSum(3))] {
            #expect(HoldingCheck.judge(holding, outcome) == .unanswered(outcome))
        }
    }

    // MARK: Many

    private func tally(equal: Int = 0, different: Int = 0, unavailable: Int = 0, pruned: Int = 0) -> Tally {
        var tally = Tally()
        for _ in 0..<equal { tally.count(.equal) }
        for _ in 0..<different { tally.count(.different(.nothing)) }
        for _ in 0..<unavailable { tally.count(.unanswered(.unavailable)) }
        for _ in 0..<pruned { tally.count(.unanswered(.statePruned)) }
        return tally
    }

    @Test func `the rate is over the answered ones alone`() {
        #expect(tally(equal: 95, different: 1, unavailable: 9).rate == 95.0 / 96)
        #expect(tally(unavailable: 9).rate == nil)
    }

    @Test func `the threshold is met by a rate that equals it`() {
        #expect(tally(equal: 99, different: 1).conclusion(threshold: 0.99) == .passed)
        #expect(tally(equal: 98, different: 2).conclusion(threshold: 0.99) == .belowThreshold)
    }

    @Test func `more than a tenth unanswered is no result, however good the rest`() {
        #expect(tally(equal: 90, unavailable: 10).conclusion(threshold: 0.99) == .passed)
        guard case .unchecked = tally(equal: 89, unavailable: 11).conclusion(threshold: 0.99) else {
            Issue.record("11 of 100 unanswered passed")
            return
        }
        guard case .unchecked = tally().conclusion(threshold: 0.99) else {
            Issue.record("nothing at all passed")
            return
        }
    }

    @Test func `pruned state is said as that`() {
        guard case .unchecked(let why) = tally(equal: 10, pruned: 90).conclusion(threshold: 0.99) else {
            Issue.record("90 of 100 pruned is a result")
            return
        }
        #expect(why.contains("state") && why.contains("archive"))
    }

    @Test func `299 clean samples are the fewest whose bound reaches 99 percent`() {
        #expect(ClopperPearson.lowerBound(successes: 299, of: 299) >= 0.99)
        #expect(ClopperPearson.lowerBound(successes: 298, of: 298) < 0.99)
    }

    /// Values of scipy.stats.beta.ppf(0.05, k, n − k + 1).
    @Test(arguments: [
        (0, 10, 0.0), (1, 10, 0.005116196891823701), (9, 10, 0.6058366975634952), (5, 10, 0.2224411010081294),
        (199, 200, 0.9765015295650493), (472, 473, 0.9900102925257753), (950, 1_000, 0.9371365964876203),
    ])
    func `the bound is that of Clopper and Pearson`(successes: Int, trials: Int, bound: Double) {
        #expect(abs(ClopperPearson.lowerBound(successes: successes, of: trials) - bound) < 1e-6)
    }
}
