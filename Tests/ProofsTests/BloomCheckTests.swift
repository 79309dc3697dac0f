import Ethereum
import Proofs
import Testing

@Suite struct BloomCheckTests {
    static let transfer = SampleBlock.word(1)
    static let other = SampleBlock.word(2)
    static let ours = SampleBlock.address(3)
    static let theirs = SampleBlock.address(4)

    private func log(_ block: UInt64, _ address: Address = ours, _ topic: Hash32 = transfer) -> Log {
        Log(
            blockNumber: block,
            blockHash: SampleBlock.word(block),
            transactionHash: .zero,
            transactionIndex: 0,
            logIndex: 0,
            address: address,
            topicCount: 1,
            topic0: topic,
            topic1: .zero,
            topic2: .zero,
            topic3: .zero,
            dataOffset: 0,
            dataCount: 0,
            blockTimestamp: 0
        )
    }

    /// A header whose bloom has these logs; nil: a chain without blooms.
    private func header(_ number: UInt64, _ logs: [Log]?) -> Header {
        var bloom = Bloom()
        for log in logs ?? [] { bloom.insert(log) }
        return Header(
            number: number,
            hash: SampleBlock.word(number),
            parentHash: .zero,
            timestamp: 0,
            logsBloom: logs == nil ? nil : bloom
        )
    }

    private func judge(
        _ filter: LogFilter,
        _ headers: [Header],
        _ logs: [Log]
    ) -> (verdicts: [BloomCheck.Verdict], strayCount: Int) {
        var verdicts: [BloomCheck.Verdict] = [.contradicted]
        let strayCount = BloomCheck(filter).judge(headers, ContiguousArray(logs), into: &verdicts)
        return (verdicts, strayCount)
    }

    @Test func `each header is told apart`() {
        let headers = [
            header(10, nil), header(11, []), header(12, [log(12)]), header(13, [log(13)]), header(14, []),
        ]
        let found = judge(LogFilter(topics0: [Self.transfer]), headers, [log(10), log(14), log(13)])
        #expect(found.verdicts == [.unknown, .excluded, .unanswered, .answered, .contradicted])
        #expect(found.strayCount == 0)
    }

    @Test func `a topic excludes for itself, though another one of the filter is possible`() {
        let filter = LogFilter(topics0: [Self.transfer, Self.other])
        let headers = [header(5, [log(5)])]
        #expect(judge(filter, headers, [log(5)]).verdicts == [.answered])
        #expect(judge(filter, headers, [log(5), log(5, Self.ours, Self.other)]).verdicts == [.contradicted])
        #expect(judge(filter, headers, [log(5, Self.ours, Self.other), log(5)]).verdicts == [.contradicted])
    }

    @Test func `addresses and topics have to be possible both`() {
        let filter = LogFilter(addresses: [Self.ours], topics0: [Self.transfer])
        let headers = [
            header(5, [log(5, Self.theirs)]), header(6, [log(6, Self.ours, Self.other)]), header(7, [log(7)]),
        ]
        #expect(judge(filter, headers, []).verdicts == [.excluded, .excluded, .unanswered])
        let two = LogFilter(addresses: [Self.ours, Self.theirs], topics0: [Self.transfer])
        #expect(judge(two, headers, [log(5)]).verdicts == [.contradicted, .excluded, .unanswered])
    }

    @Test func `a filter that names nothing excludes nothing`() {
        #expect(judge(LogFilter(topics0: []), [header(5, [])], []).verdicts == [.unanswered])
    }

    @Test func `logs of no such block are counted`() {
        let headers = [header(5, [log(5)]), header(9, [log(9)]), header(12, [log(12)])]
        var forked = log(9)
        forked.blockHash = .zero
        let found = judge(
            LogFilter(topics0: [Self.transfer]),
            headers,
            [log(4), log(5), log(6), log(7), log(10), log(12), log(13), log(.max), forked]
        )
        #expect(found.verdicts == [.answered, .unanswered, .answered])
        #expect(found.strayCount == 7)
        #expect(judge(LogFilter(topics0: []), [], [log(1)]).strayCount == 1)
    }

    @Test(arguments: UInt64(1)...20) func `a block's place is found whatever gaps there are`(_ seed: UInt64) {
        var state = seed
        var number = seed * 1_000
        var headers: [Header] = []
        for _ in 0..<50 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            number += 1 + (state >> 60 > 12 ? state >> 61 : 0)
            headers.append(header(number, [log(number)]))
        }
        for place in headers.indices {
            let found = judge(LogFilter(topics0: [Self.transfer]), headers, [log(headers[place].number)])
            #expect(found.strayCount == 0)
            #expect(found.verdicts.firstIndex(of: .answered) == place)
        }
    }
}
