/// The pure decisions: when to try again, and whose turn it is.
import Enrichment
import Testing

@Suite struct RetryPlanTests {
    @Test func `pauses grow fourfold, are spread, and end`() {
        let middle = { (attempts: Int) in RetryPlan.next(after: attempts, now: 0, random: UInt64(15 << (2 * attempts)))
        }
        #expect(middle(0) == 60 && middle(1) == 240 && middle(2) == 960)
        for random in [0, 1, 99, UInt64.max] {
            let next = RetryPlan.next(after: 0, now: 1_000, random: random) ?? 0
            #expect((1_045...1_075).contains(next))
        }
        #expect((64_800...108_000).contains(RetryPlan.next(after: 6, now: 0, random: 7) ?? 0))
        #expect(RetryPlan.next(after: RetryPlan.triesMax - 1, now: 0, random: 7) == nil)
    }

    @Test func `a server may ask for longer, never for shorter`() {
        #expect(RetryPlan.next(after: 0, now: 0, retryAfter: .seconds(3_600), random: 0) == 3_600)
        #expect(RetryPlan.next(after: 0, now: 0, retryAfter: .seconds(1), random: 0) == 45)
    }
}

@Suite struct HostQueueTests {
    @Test func `hosts take turns, and none has more than its places`() {
        var queue = HostQueue<Int>()
        let added = (0..<6).map { queue.add($0, host: "big", now: .zero) } + [queue.add(10, host: "small", now: .zero)]
        #expect(!added.contains(false))
        let started = (0..<7).compactMap { _ in queue.next(now: .zero) }
        #expect(started.map(\.work) == [0, 10, 1])
        #expect(queue.inFlight == 3 && queue.waiting == 4)
        let dropped = queue.ended("big", after: .milliseconds(10), isHealthy: true, now: .zero)
        let next = queue.next(now: .zero)
        #expect(dropped.isEmpty && next?.work == 2)
    }

    @Test func `failures in a row put a host away, with all that waits for it, and a probe alone brings it back`() {
        var queue = HostQueue<Int>()
        for work in 0..<12 { _ = queue.add(work, host: "a", now: .zero) }
        var dropped: [Int] = []
        for _ in 0..<HostQueue<Int>.failuresMax {
            let isStarted = queue.next(now: .zero) != nil
            #expect(isStarted)
            dropped += queue.ended("a", after: .seconds(20), isHealthy: false, now: .zero)
        }
        #expect(dropped == Array(5..<12) && queue.waiting == 0)
        let early = queue.add(1, host: "a", now: .seconds(1))
        #expect(!early && queue.closed(now: .seconds(1)) == ["a"])
        let later = Duration.seconds(31)
        let added = [1, 2].map { queue.add($0, host: "a", now: later) }
        let (probe, second) = (queue.next(now: later)?.work, queue.next(now: later)?.work)
        #expect(added == [true, true] && probe == 1 && second == nil)
        _ = queue.ended("a", after: .milliseconds(5), isHealthy: true, now: later)
        let after = queue.next(now: later)?.work
        #expect(after == 2)
        #expect(queue.closed(now: later).isEmpty)
    }

    @Test func `each pause of a dead host is twice the last, up to an hour`() {
        var queue = HostQueue<Int>()
        var now = Duration.zero
        var pauses: [Duration] = []
        for _ in 0..<12 {
            var isPaused = false
            while !isPaused {
                _ = queue.add(1, host: "a", now: now)
                guard queue.next(now: now) != nil else { break }
                _ = queue.ended("a", after: .seconds(1), isHealthy: false, now: now)
                if let until = queue.pausedUntil("a", now: now) {
                    pauses.append(until - now)
                    now = until
                    isPaused = true
                }
            }
        }
        #expect(pauses.prefix(3) == [.seconds(30), .seconds(60), .seconds(120)])
        #expect(pauses.last == .seconds(3_600))
    }

    @Test func `a slow host keeps little waiting, a fast one much`() {
        var queue = HostQueue<Int>()
        func waits(_ latency: Duration) -> Int {
            _ = queue.add(0, host: "a", now: .zero)
            _ = queue.next(now: .zero)
            for _ in 0..<20 {
                _ = queue.ended("a", after: latency, isHealthy: true, now: .zero)
                _ = queue.add(0, host: "a", now: .zero)
                _ = queue.next(now: .zero)
            }
            var count = 0
            while queue.add(0, host: "a", now: .zero) { count += 1 }
            while let next = queue.next(now: .zero) {
                _ = queue.ended(next.host, after: latency, isHealthy: true, now: .zero)
            }
            return count
        }
        #expect((10...20).contains(waits(.seconds(20))))
        #expect(waits(.milliseconds(50)) > 500)
    }
}
