/// Throttle, backoff, retry budget, turnstile and byte budget.
import ChainClient
import Ethereum
import Logging
import Testing

@Suite struct PaceTests {
    @Test func `a rate is kept to`() {
        var throttle = Throttle(requestsPerSecond: 10, requestsInFlightMax: 16)
        var (now, sent) = (Duration.zero, 0)
        while now < .seconds(10) {
            if let wait = throttle.wait(now: now) { now += wait } else { sent += 1 }
        }
        #expect((95...111).contains(sent), "\(sent) in ten seconds")
    }

    @Test func `without a rate nobody waits`() {
        var throttle = Throttle(requestsPerSecond: nil, requestsInFlightMax: 16)
        for _ in 0..<1_000 {
            let wait = throttle.wait(now: .zero)
            #expect(wait == nil)
        }
    }

    @Test func `a rate limit closes the door for as long as the node asks`() {
        var throttle = Throttle(requestsPerSecond: nil, requestsInFlightMax: 16)
        throttle.limited(now: .seconds(1), retryAfter: .seconds(7), random: 0)
        let wait = throttle.wait(now: .seconds(2))
        #expect(wait == .seconds(6))
    }

    @Test func `concurrency rises by success and halves once per congestion`() {
        var throttle = Throttle(requestsPerSecond: nil, requestsInFlightMax: 16)
        #expect(throttle.requestsInFlight == 4)
        for _ in 0..<20 { throttle.succeeded(now: .zero) }
        #expect(throttle.requestsInFlight == 16)
        for _ in 0..<16 { throttle.timedOut(now: .seconds(5)) }
        #expect(throttle.requestsInFlight == 8)
        for _ in 0..<8 { throttle.succeeded(now: .seconds(6)) }
        #expect(throttle.requestsInFlight == 8 || throttle.requestsInFlight == 9)
        for second in 10..<30 { throttle.timedOut(now: .seconds(second)) }
        #expect(throttle.requestsInFlight == 1)
    }

    @Test func `a limited node is asked more slowly, and faster again later`() {
        var throttle = Throttle(requestsPerSecond: 100, requestsInFlightMax: 16)
        func rate(from start: Duration) -> Int {
            var (now, sent) = (start, 0)
            while now < start + .seconds(10) {
                if let wait = throttle.wait(now: now) {
                    now += wait
                } else {
                    sent += 1
                    throttle.succeeded(now: now)
                }
            }
            return sent
        }
        let before = rate(from: .zero)
        throttle.limited(now: .seconds(10), retryAfter: nil, random: 0)
        let after = rate(from: .seconds(11))
        #expect(after < before * 9 / 10)
        var last = after
        for step in 0..<20 { last = rate(from: .seconds(30 + step * 10)) }
        #expect(last > after)
        #expect(last <= 1_150)
    }

    @Test func `jitter is full and capped`() {
        #expect(Backoff.pause(failures: 0, random: 0) == .zero)
        #expect(Backoff.pause(failures: 0, random: .max) <= .milliseconds(200))
        #expect(Backoff.pause(failures: 3, random: .max) > .milliseconds(1_500))
        #expect(Backoff.pause(failures: 60, random: .max) <= .seconds(30))
    }

    @Test func `retries are a fifth of the questions`() {
        var budget = RetryBudget()
        let first = (0..<1_000).count { _ in budget.takes(now: .zero) }
        #expect(first == 20)
        for _ in 0..<100 { budget.asked(now: .zero) }
        let second = (0..<1_000).count { _ in budget.takes(now: .zero) }
        #expect((19...20).contains(second))
        let later = budget.takes(now: .seconds(1))
        #expect(later)
    }

    @Test(
        arguments: [
            ("7", "", 7), (" 3 ", "", 3), ("99999", "", 300), ("-1", "", nil), ("nan", "", nil),
            ("Wed, 21 Oct 2026 07:28:00 GMT", "", 30), (nil, "try again in 2m3s.", 123), (nil, "try again in 9h", 300),
            (nil, "try again in a while", nil), (nil, "{\"backoff_seconds\":12.5}", 12),
        ] as [(String?, String, Int?)]
    )
    func `S-29: hints to wait are believed up to five minutes`(_ header: String?, _ text: String, _ seconds: Int?) {
        #expect(RetryAfter.hint(header: header, text: text) == seconds.map { .seconds($0) })
    }
}

@Suite struct ByteBudgetTests {
    private let clock = JumpingClock()

    private func budget(_ total: Int, page: Int) -> ByteBudget {
        let clock = clock
        return ByteBudget(total: total, pageBytesMax: page) { clock.now.offset }
    }

    @Test func `answers wait in order for their bytes`() async throws {
        let budget = budget(4 << 20, page: 4 << 20)
        let first = try await budget.reserve(3 << 20, within: .seconds(60))
        let order = Shared<[Int]>([])
        try await withThrowingTaskGroup(of: Void.self) { group in
            for (index, size) in [(1, 4 << 20), (2, 1 << 20)] {
                group.addTask {
                    let reservation = try await budget.reserve(size, within: .seconds(60))
                    order.withLock { $0.append(index) }
                    reservation.giveBack()
                }
                while budget.waiting < index { await Task.yield() }
            }
            // The second would fit, and still does not pass the first.
            #expect(order.withLock { $0 } == [])
            first.giveBack()
            try await group.waitForAll()
        }
        #expect(order.withLock { $0 } == [1, 2])
        #expect(budget.reserved == 0)
    }

    @Test func `an answer grows without waiting, or is told to come back`() async throws {
        let budget = budget(4 << 20, page: 3 << 20)
        let first = try await budget.reserve(1 << 20, within: .seconds(60))
        let second = try await budget.reserve(1 << 20, within: .seconds(60))
        #expect(first.allowance.admits(2 << 20))
        #expect(!second.allowance.admits(3 << 20))
        #expect(!first.allowance.admits((3 << 20) + 1), "the cap of a page is hard")
        first.giveBack()
        first.giveBack()
        #expect(second.allowance.admits(3 << 20))
        second.giveBack()
        #expect(budget.reserved == 0)
    }

    @Test func `a wait ends at its deadline when anything happens`() async throws {
        let budget = budget(1 << 20, page: 1 << 20)
        let first = try await budget.reserve(1 << 20, within: .seconds(60))
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await #expect(throws: ByteBudget.Refusal.expired) { try await budget.reserve(1, within: .seconds(5)) }
            }
            while budget.waiting == 0 { await Task.yield() }
            clock.advance(.seconds(10))
            first.giveBack()
        }
        #expect(budget.reserved == 0)
    }

    @Test func `one budget bounds all the chains that share it`() async throws {
        var options = RPCOptions()
        options.pageBytesMax = 1 << 20
        options.bytesInFlightMax = 1 << 20
        let clock = JumpingClock()
        let bytes = ByteBudget(options, clock: clock)
        let most = Shared(0)
        let clients = (0..<4).map { _ in
            let fake = FakeChain()
            let transport = ScriptedTransport { _, asked in
                most.withLock { $0 = max($0, bytes.reserved) }
                return fake.reply(asked)
            }
            return RPCChain(
                endpoints: [Endpoint(url: "http://a.test", name: "a")],
                transport: transport,
                options: options,
                bytes: bytes,
                clock: clock,
                random: seeded(1),
                logger: Logger(label: "t") { _ in SwiftLogNoOpLogHandler() }
            )
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for client in clients {
                group.addTask {
                    _ = try await client.logs(in: 1...500, matching: filterA)
                    // Headers of many blocks are a page as well.
                    #expect(try await client.headers(numbers: Array(1...40)).count == 40)
                }
            }
            try await group.waitForAll()
        }
        #expect(most.withLock { $0 } > 0 && most.withLock { $0 } <= 1 << 20)
        #expect(bytes.reserved == 0)
    }

    @Test func `a cancelled wait takes nothing`() async throws {
        let budget = budget(1 << 20, page: 1 << 20)
        let first = try await budget.reserve(1 << 20, within: .seconds(60))
        let task = Task { try await budget.reserve(1, within: .seconds(60)) }
        while budget.waiting == 0 { await Task.yield() }
        task.cancel()
        await #expect(throws: ByteBudget.Refusal.cancelled) { try await task.value }
        let early = Task {
            // Unsafe: the task handle is used in its own scope only.
            unsafe withUnsafeCurrentTask { unsafe $0?.cancel() }
            return try await budget.reserve(1, within: .seconds(60))
        }
        await #expect(throws: ByteBudget.Refusal.cancelled) { try await early.value }
        first.giveBack()
        #expect(budget.reserved == 0 && budget.waiting == 0)
    }

    @Test(.timeLimit(.minutes(1)), arguments: UInt64(1)...20)
    func `a hundred pages that outgrow their reservations all come through`(_ seed: UInt64) async {
        let budget = budget(6 << 20, page: 4 << 20)
        let done = Shared(0)
        await withTaskGroup(of: Void.self) { group in
            for index in 0..<100 {
                group.addTask {
                    var random = SplitMix64(state: seed &* 1_000 &+ UInt64(index))
                    let size = Int(random.next() % (4 << 20))
                    for expected in [1 << 20, 4 << 20] {
                        guard let reservation = try? await budget.reserve(expected, within: .seconds(60)) else {
                            return
                        }
                        defer { reservation.giveBack() }
                        #expect(budget.reserved <= 6 << 20)
                        var (read, fits) = (0, true)
                        while read < size, fits {
                            read = min(size, read + 300_000)
                            fits = reservation.allowance.admits(read)
                            await Task.yield()
                        }
                        guard !fits else {
                            done.withLock { $0 += 1 }
                            return
                        }
                    }
                }
            }
        }
        #expect(done.withLock { $0 } == 100)
        #expect(budget.reserved == 0)
    }
}
