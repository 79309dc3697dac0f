import Ethereum
import TestLedger
import Testing
import Tokens

@testable import LiveReads

struct LiveCacheTests {
    private func entry(_ number: UInt64, at height: BlockNumber = 1, rewinds: UInt64 = 0) -> LiveCache.Entry {
        LiveCache.Entry(
            value: .amount(U256(number)),
            block: block(height),
            position: LedgerPosition(rewinds: rewinds, tip: nil),
            readAt: .seconds(Int(number))
        )
    }

    @Test func `it never holds more than its bound`() {
        var cache = LiveCache(entriesMax: 10)
        for number in UInt64(0)..<1_000 {
            cache.put(entry(number), for: owner(number))
            #expect(cache.count <= 10)
        }
        #expect(cache.count == 10)
    }

    @Test func `what is used stays longer than what is not`() {
        var cache = LiveCache(entriesMax: 10)
        for number in UInt64(0)..<100 {
            cache.put(entry(number), for: owner(number))
            let used = cache.entry(for: owner(0))
            #expect(used != nil)
        }
    }

    @Test func `a read of an older block that ends later does not replace the newer one`() {
        var cache = LiveCache(entriesMax: 10)
        cache.put(entry(1, at: 8), for: owner(1))
        cache.put(entry(2, at: 7), for: owner(1))
        let newer = cache.entry(for: owner(1))
        #expect(newer?.block == block(8))
        // After a rewind heights do not tell which is newer.
        cache.put(entry(3, at: 7, rewinds: 1), for: owner(1))
        let afterRewind = cache.entry(for: owner(1))
        #expect(afterRewind?.block == block(7))
    }

    @Test func `only what was looked at is dropped`() {
        var cache = LiveCache(entriesMax: 10)
        cache.put(entry(1), for: owner(1))
        cache.put(entry(2), for: owner(1))
        let dropped = [1, 2].map { cache.drop(owner(1), readAt: .seconds($0)) }
        #expect(dropped == [false, true] && cache.count == 0)
    }

    @Test(arguments: 0..<20)
    func `whatever is put and dropped, an entry is the last one put or none`(seed: UInt64) {
        var cache = LiveCache(entriesMax: 7)
        var model: [UInt64: UInt64] = [:]
        var state = seed &* 0x9e37_79b9_7f4a_7c15 | 1
        for step in UInt64(1)...2_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let number = (state >> 33) % 12
            switch (state >> 60) % 3 {
            case 0:
                cache.put(entry(step), for: owner(number))
                model[number] = step
            case 1:
                if let held = model[number], cache.drop(owner(number), readAt: .seconds(Int(held))) {
                    model[number] = nil
                    let found = cache.entry(for: owner(number))
                    #expect(found == nil)
                }
            default:
                let found = cache.entry(for: owner(number))?.value
                #expect(found == nil || found == model[number].map { .amount(U256($0)) })
            }
            #expect(cache.count <= 7)
        }
    }
}
