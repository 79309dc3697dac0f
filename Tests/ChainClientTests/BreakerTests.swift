/// The breaker and the quarantine as state machines, with a clock that is moved by hand.
import ChainClient
import Testing

@Suite struct BreakerTests {
    /// What happens to a breaker, in seconds of its life.
    enum Step: Sendable {
        case ok(Double), fail(Double), refused(Double)
        /// A call is begun, and whether it may be.
        case begin(Double, Bool)
        case end
        case probe(Double)
        case expect(Double, Breaker.State)

        /// nil: when the one before was.
        var at: Double? {
            switch self {
            case .ok(let at), .fail(let at), .refused(let at), .begin(let at, _), .probe(let at), .expect(let at, _): at
            case .end: nil
            }
        }
    }

    struct Row: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var steps: [Step]

        init(_ name: String, _ steps: [Step]) {
            testDescription = name
            self.steps = steps
        }
    }

    /// The middle of all random numbers: no jitter.
    static let middle: UInt64 = 1 << 63
    private static let tenFailures = [Step](repeating: .fail(0), count: 10)
    /// Open until 5 s.
    private static let opened: [Step] = [.refused(0), .refused(0), .refused(0), .expect(0, .open)]
    /// Opened, probed at 5 s and failed: open until 15 s.
    private static let openedTwice = opened + [.begin(5, true), .fail(5), .end, .expect(5, .open)]

    static let table: [Row] = [
        Row("nothing yet is closed", [.expect(0, .closed), .begin(0, true)]),
        Row("nine failures are too few", Array(tenFailures.dropLast()) + [.expect(0, .closed)]),
        Row("ten of ten open it", tenFailures + [.expect(0, .open), .begin(0, false)]),
        Row(
            "half of ten opens it",
            [Step](repeating: .ok(0), count: 5) + [Step](repeating: .fail(1), count: 4)
                + [.expect(1, .closed), .fail(1), .expect(1, .open)]
        ),
        Row(
            "fewer than half do not",
            [Step](repeating: .ok(0), count: 12) + [Step](repeating: .fail(1), count: 11) + [.expect(1, .closed)]
        ),
        Row(
            "failures leave the window after thirty seconds",
            [Step](repeating: .fail(0), count: 9) + [.fail(30), .expect(30, .closed)]
        ),
        Row(
            "and not before",
            [Step](repeating: .fail(0), count: 9) + [.fail(29.9), .expect(29.9, .open)]
        ),
        Row("three refused connections open it", opened),
        Row(
            "an answer between them starts anew",
            [.refused(0), .refused(0), .ok(0), .refused(0), .expect(0, .closed)]
        ),
        Row(
            "another failure between them too",
            [.refused(0), .refused(0), .fail(0), .refused(0), .expect(0, .closed)]
        ),
        Row("open for five seconds", opened + [.begin(4.9, false), .expect(4.9, .open), .expect(5, .halfOpen)]),
        Row("one probe goes alone", opened + [.begin(5, true), .begin(5, false), .end, .begin(5, true)]),
        Row(
            "after it three at a time, and after three more it is closed",
            opened + [
                .begin(5, true), .ok(5), .end, .expect(5, .halfOpen),
                .begin(6, true), .begin(6, true), .begin(6, true), .begin(6, false),
                .ok(6), .end, .ok(6), .end, .expect(6, .halfOpen), .ok(6), .end, .expect(6, .closed),
            ]
        ),
        Row(
            "a probe that fails opens it for twice as long",
            openedTwice + [.begin(14.9, false), .expect(15, .halfOpen)]
        ),
        Row(
            "a real call that fails does as well",
            opened + [
                .begin(5, true), .ok(5), .end, .begin(6, true), .fail(6), .end, .expect(15.9, .open),
                .expect(16, .halfOpen),
            ]
        ),
        Row(
            "once closed it begins with five seconds again",
            openedTwice + [.begin(15, true), .ok(15), .ok(15), .ok(15), .ok(15), .end, .expect(15, .closed)]
                + [.refused(16), .refused(16), .refused(16), .expect(20.9, .open), .expect(21, .halfOpen)]
        ),
        Row(
            "failures of what was in flight do not prolong it",
            opened + [.fail(4), .refused(4), .expect(5, .halfOpen)]
        ),
        Row(
            "answers to what was in flight do not close it",
            opened + [.ok(1), .ok(1), .ok(1), .ok(1), .expect(1, .open)]
        ),
        Row(
            "a probe out of turn may close it",
            opened + [.probe(1), .ok(1), .end, .ok(2), .ok(2), .ok(2), .expect(2, .closed)]
        ),
        Row(
            "and does not prolong it",
            opened + [.probe(1), .fail(1), .end, .expect(4.9, .open), .expect(5, .halfOpen)]
        ),
        Row(
            "one out of turn that says nothing opens no door",
            opened + [.probe(1), .end, .expect(1, .open), .begin(1, false), .begin(5, true)]
        ),
        Row("a probe that says nothing gives its place back", opened + [.begin(5, true), .end, .begin(5, true)]),
    ]

    @Test(arguments: table) func `a breaker goes from state to state as its table says`(_ row: Row) {
        var breaker = Breaker()
        var now = Duration.zero
        for (index, step) in row.steps.enumerated() {
            now = step.at.map { .seconds($0) } ?? now
            switch step {
            case .ok(let at): breaker.succeeded(.seconds(at))
            case .fail(let at): breaker.failed(.seconds(at), random: Self.middle)
            case .refused(let at): breaker.failed(.seconds(at), isConnect: true, random: Self.middle)
            case .begin(let at, let expected):
                let isLet = breaker.begin(.seconds(at))
                #expect(isLet == expected, "step \(index)")
            case .end: breaker.end(now)
            case .probe(let at):
                let isLet = breaker.begin(.seconds(at), isForced: true)
                #expect(isLet)
            case .expect(let at, let state): #expect(breaker.state(.seconds(at)) == state, "step \(index)")
            }
        }
    }

    @Test func `it is never open for more than five minutes, and clients do not return in step`() {
        var lengths: Set<Duration> = []
        for random in [0, Self.middle, .max] as [UInt64] {
            var (breaker, now) = (Breaker(), Duration.zero)
            for _ in 0..<3 { breaker.failed(now, isConnect: true, random: random) }
            for opening in 0..<40 {
                let until = breaker.blockedUntil(now)
                #expect((until ?? .zero) - now <= .seconds(300))
                if opening == 0 { lengths.insert(until ?? .zero) }
                now = until ?? now
                let isLet = breaker.begin(now)
                #expect(isLet)
                breaker.failed(now, random: random)
                breaker.end(now)
            }
        }
        #expect(lengths.count == 3 && lengths.min() == .seconds(4))
        #expect(lengths.allSatisfy { $0 <= .seconds(6) })
    }

    @Test func `only what speaks against an endpoint is counted`() {
        for kind in ErrorClass.allCases where kind != .transient {
            var upstream = Upstream(Endpoint(url: "http://a.test"), RPCOptions())
            for second in 0..<20 {
                upstream.failed(Fault(kind, ""), .logs, now: .seconds(second), random: Self.middle)
            }
            #expect(upstream.breaker(.logs).state(.seconds(20)) == .closed, "\(kind.code)")
        }
        var ours = Fault(.transient, "")
        ours.isOurs = true
        var upstream = Upstream(Endpoint(url: "http://a.test"), RPCOptions())
        for _ in 0..<20 { upstream.failed(ours, .logs, now: .zero, random: Self.middle) }
        #expect(upstream.breaker(.logs).state(.zero) == .closed)
        for _ in 0..<20 { upstream.failed(Fault(.transient, ""), .blockReceipts, now: .zero, random: Self.middle) }
        #expect(upstream.isUsable(for: RPCMethod.logs.breakerClasses, .zero))
        #expect(!upstream.isUsable(for: RPCMethod.blockReceipts.breakerClasses, .zero))
    }
}

extension BreakerTests.Step: CustomStringConvertible {
    var description: String {
        switch self {
        case .ok(let at): "ok \(at)"
        case .fail(let at): "fail \(at)"
        case .refused(let at): "refused \(at)"
        case .begin(let at, let isLet): "begin \(at) \(isLet)"
        case .end: "end"
        case .probe(let at): "probe \(at)"
        case .expect(let at, let state): "expect \(at) \(state)"
        }
    }
}

@Suite struct QuarantineTests {
    private let middle = BreakerTests.middle

    @Test func `a second contradiction within thirty seconds is one too many`() {
        var quarantine = Quarantine()
        quarantine.contradicted(.seconds(1), random: middle)
        // Seen by many requests at once: the same race.
        quarantine.contradicted(.seconds(1.5), random: middle)
        #expect(!quarantine.isOn(.seconds(2)))
        quarantine.contradicted(.seconds(32), random: middle)
        #expect(!quarantine.isOn(.seconds(32)))
        quarantine.contradicted(.seconds(60), random: middle)
        #expect(quarantine.until == .seconds(90))
    }

    @Test func `it doubles up to a quarter of an hour, and is forgotten after as long`() {
        var (quarantine, now) = (Quarantine(), Duration.zero)
        var lengths: [Duration] = []
        for _ in 0..<8 {
            quarantine.contradicted(now, random: middle)
            if !quarantine.isOn(now) {
                now += .seconds(2)
                quarantine.contradicted(now, random: middle)
            }
            lengths.append(quarantine.until - now)
            now = quarantine.until
        }
        #expect(lengths == [30, 60, 120, 240, 480, 900, 900, 900].map { .seconds($0) })
        now += .seconds(901)
        quarantine.contradicted(now, random: middle)
        quarantine.contradicted(now + .seconds(2), random: middle)
        #expect(quarantine.until == now + .seconds(32))
    }
}
