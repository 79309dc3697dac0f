import Ethereum
import TestLedger
import Testing
import Tokens

@testable import LiveReads

struct LiveQuestionTests {
    private static let calls: [(LiveQuestion, ReadingRule, [UInt8])] = [
        (owner(7), .byShape, ABI.call("ownerOf(uint256)", [.uint(U256(7))])),
        (owner(7), .cryptoPunks, ABI.call("punkIndexToAddress(uint256)", [.uint(U256(7))])),
        (.balance(of: alice, in: art), .byShape, ABI.call("balanceOf(address)", [.address(alice)])),
        (
            .amount(of: alice, token(7)), .byShape,
            ABI.call("balanceOf(address,uint256)", [.address(alice), .uint(U256(7))])
        ),
        (.name(art), .byShape, ABI.call("name()")), (.symbol(art), .byShape, ABI.call("symbol()")),
        (.totalSupply(art), .byShape, ABI.call("totalSupply()")),
    ]

    @Test(arguments: calls)
    func `calls are spelled as the standards spell them, and bounded`(
        question: LiveQuestion,
        rule: ReadingRule,
        data: [UInt8]
    ) {
        let call = question.call(by: rule, LiveLimits())
        #expect(call.data == data && call.contract == art && call.resultBytesMax == 1_024)
    }

    private static let values: [(LiveQuestion, CallOutcome, LiveValue)] = [
        (owner(1), .returned(alice.word.bytes), .owner(alice)), (owner(1), .reverted, .absent(.reverted)),
        (owner(1), .returned(Address.zero.word.bytes), .absent(.zeroAddress)),
        (.balance(of: alice, in: art), .returned(U256.max.bytes), .amount(.max)),
        (.amount(of: alice, token(1)), .returned(U256(0).bytes), .amount(U256(0))),
        (.name(art), .returned(ABI.encode([.string("Ärt")])), .text("Ärt")),
        (.name(art), .reverted, .absent(.reverted)),
    ]

    @Test(arguments: values)
    func `an answer means what the contract said`(question: LiveQuestion, outcome: CallOutcome, value: LiveValue) throws
    {
        #expect(try question.value(of: outcome) == value)
    }

    private static let all: [LiveQuestion] = [
        owner(1), .balance(of: alice, in: art), .amount(of: alice, token(1)), .name(art), .symbol(art),
        .totalSupply(art), .isCounted(art),
    ]

    @Test(arguments: all)
    func `no bytes whatever stop it, and what failed is no value`(question: LiveQuestion) {
        for length in [0, 1, 31, 32, 33, 64, 96, 1_024] {
            for byte in [UInt8(0), 1, 0x20, 0x7f, 0xff] {
                _ = try? question.value(of: .returned([UInt8](repeating: byte, count: length)))
            }
        }
        for outcome in [CallOutcome.noData, .outOfResource, .statePruned, .unavailable] {
            #expect(throws: LiveFailure.self) { try question.value(of: outcome) }
        }
    }
}
