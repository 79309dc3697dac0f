import Ethereum
import Testing

@Suite struct FastHashTests {
    /// Computed by the definition in the doc comment with Python's integers.
    @Test(arguments: [
        ([] as [UInt64], 0xe6d2_4d7e_0390_ae94 as UInt64, 0x4988_d7ce_e8a7_bb8d as UInt64),
        ([0], 0x77cb_7e34_3165_7754, 0xd835_b069_6a6b_99de),
        ([1], 0x8982_f439_e6ec_7363, 0xcb17_34c0_7e8b_8621),
        ([0, 0], 0x6ece_ff6a_90b9_ae36, 0x39bf_d7ce_e2ae_fe0c),
        ([.max], 0xffca_ff9c_b39b_75d1, 0x0b5a_0fec_a647_ea2f),
        ([1, 2, 3], 0x00c0_44bc_27ee_8db6, 0xee48_7db8_14ca_ce70),
        (Array(0..<20), 0x4e73_9494_eebc_658d, 0x87ba_9da3_92be_8c6d),
        ([UInt64](repeating: .max, count: 21), 0x95d2_e97c_ac9d_4951, 0xe863_1643_2e5d_9f88),
    ])
    func `the definition is kept for ever`(words: [UInt64], high: UInt64, low: UInt64) {
        #expect(FastHash.digest(words.span) == Digest128(high: high, low: low))
    }

    @Test func `one changed bit changes about half of each half's bits`() {
        var random = SplitMix64(seed: 81)
        var changed = (high: 0, low: 0)
        let rounds = 2_000
        for _ in 0..<rounds {
            var words = (0..<20).map { _ in random.next() % 4 == 0 ? random.next() : random.next() % 256 }
            let before = FastHash.digest(words.span)
            words[Int(random.next() % 20)] ^= 1 << (random.next() % 64)
            let after = FastHash.digest(words.span)
            changed.high += (before.high ^ after.high).nonzeroBitCount
            changed.low += (before.low ^ after.low).nonzeroBitCount
        }
        #expect((30...34).contains(changed.high / rounds))
        #expect((30...34).contains(changed.low / rounds))
    }

    @Test func `small numbers, their order and trailing zeros give different halves`() {
        var highs: Set<UInt64> = []
        var lows: Set<UInt64> = []
        var count = 0
        for first in 0..<100 as Range<UInt64> {
            for second in 0..<100 as Range<UInt64> {
                for words in [[first, second], [first, second, 0], [first, second, 1], [first, 0, second, 0]] {
                    let digest = FastHash.digest(words.span)
                    highs.insert(digest.high)
                    lows.insert(digest.low)
                    count += 1
                }
            }
        }
        #expect(highs.count == count && lows.count == count)
    }

    @Test func `a sum of digests does not depend on the order and is taken back exactly`() {
        var random = SplitMix64(seed: 82)
        for _ in 0..<200 {
            let digests = (0..<50).map { _ in Digest128(high: random.edgyWord(), low: random.edgyWord()) }
            var forward = Digest128.zero
            var shuffled = Digest128.zero
            for digest in digests { forward.add(digest) }
            for digest in digests.shuffled(using: &random) { shuffled.add(digest) }
            #expect(forward == shuffled)
            for digest in digests { forward.subtract(digest) }
            #expect(forward == .zero)
        }
        let ones = Digest128(high: .max, low: .max)
        #expect(ones &+ Digest128(high: 0, low: 1) == .zero)
        #expect(Digest128.zero &- Digest128(high: 0, low: 1) == ones)
    }

    @Test func `sixteen bytes read back`() {
        var random = SplitMix64(seed: 83)
        for _ in 0..<200 {
            let digest = Digest128(high: random.edgyWord(), low: random.edgyWord())
            #expect(digest.bytes.count == 16)
            #expect(Digest128(bytes: digest.bytes) == digest)
        }
        #expect(Digest128(high: 1, low: 2).bytes == [0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 2])
        #expect(Digest128(bytes: [1]) == nil)
    }
}
