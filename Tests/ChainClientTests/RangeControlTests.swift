/// Window widths, counted in requests.
import ChainClient
import Testing

/// An endpoint whose cap changes with the block it is asked for.
private struct CappedNode {
    var cap: (UInt64) -> UInt64
    var namesNumber = true
    var requests = 0
    var errors = 0

    /// nil: answered.
    mutating func ask(_ from: UInt64, width: UInt64) -> SizeHint?? {
        requests += 1
        let cap = cap(from)
        guard width > cap else { return nil }
        errors += 1
        return .some(namesNumber ? .cap(cap) : nil)
    }
}

/// Reads `blocks` in order and returns the number of requests.
private func run(
    _ control: inout RangeControl,
    _ node: inout CappedNode,
    blocks: UInt64,
    logs: (UInt64) -> Int = { _ in 0 }
) -> Int {
    var from: UInt64 = 0
    var now: Duration = .zero
    while from < blocks {
        let width = control.next(available: blocks - from, now: now)
        precondition(width > 0 && width <= blocks - from, "a window lies inside its range")
        now += .milliseconds(50)
        switch node.ask(from, width: width) {
        case .some(let hint): control.capped(asked: width, hint: hint, now: now)
        case nil:
            control.succeeded(width: width, logs: logs(width), bytes: 1_000, elapsed: .milliseconds(50), now: now)
            from += width
        }
        precondition(node.requests < 1_000_000, "the run does not end")
    }
    return node.requests
}

@Suite struct RangeControlTests {
    @Test(arguments: [20_000, 100_000, 1_000_000, 10_000_000] as [UInt64], [true, false])
    func `a cap of 10,000, then 50, then 10,000 costs at most half more`(_ blocks: UInt64, _ namesNumber: Bool) {
        let changing = { (from: UInt64) -> UInt64 in from < blocks / 3 || from >= blocks / 3 * 2 ? 10_000 : 50 }
        // What a client needs that knew the caps: full windows in each third.
        let known = 2 * (blocks / 3 / 10_000 + 1) + blocks / 3 / 50 + 1
        var control = RangeControl(initial: 2_000, max: 100_000)
        var node = CappedNode(cap: changing, namesNumber: namesNumber)
        let requests = run(&control, &node, blocks: blocks)
        #expect(Double(requests) <= 1.5 * Double(known), "\(requests) requests, \(known) would do")
        if blocks >= 1_000_000 { #expect(control.learntCap.map { $0 > 8_000 } ?? true, "the cap came back") }
    }

    @Test(arguments: [1, 7, 50, 800, 1_024, 2_048, 3_500, 9_999, 10_000, 50_000] as [UInt64])
    func `a cap without a number is found to within an eighth`(_ cap: UInt64) {
        var control = RangeControl(initial: 2_000, max: 100_000)
        var node = CappedNode(cap: { _ in cap }, namesNumber: false)
        _ = run(&control, &node, blocks: cap * 400)
        let learnt = control.learntCap ?? 0
        #expect(learnt <= cap && learnt + max(1, learnt / 8) >= cap, "learnt \(learnt)")
        #expect(node.errors < 60, "\(node.errors) refusals")
    }

    @Test func `a number that is one too large is lowered by one`() {
        var control = RangeControl(initial: 10_000, max: 100_000)
        control.capped(asked: 10_000, hint: .cap(10_000), now: .zero)
        let width1 = control.next(available: .max, now: .zero)
        #expect(width1 == 9_999)
    }

    @Test func `a number above what was refused is not believed`() {
        var control = RangeControl(initial: 1_000, max: 100_000)
        control.capped(asked: 1_000, hint: .cap(20_000), now: .zero)
        let width2 = control.next(available: .max, now: .zero)
        #expect(width2 == 500)
        control.crowded(asked: 500, hint: .width(9_000))
        let width3 = control.next(available: .max, now: .zero)
        #expect(width3 == 250)
    }

    @Test func `a window is never empty`() {
        var control = RangeControl(initial: 1, max: 100_000)
        for _ in 0..<5 {
            control.capped(asked: 1, hint: .cap(0), now: .zero)
            control.crowded(asked: 1, hint: .width(0))
        }
        let width4 = control.next(available: 10, now: .zero)
        #expect(width4 == 1)
    }

    @Test func `many refusals of one width halve it once`() {
        var control = RangeControl(initial: 8_000, max: 100_000)
        for _ in 0..<16 { control.capped(asked: 8_000, hint: nil, now: .zero) }
        let width5 = control.next(available: .max, now: .zero)
        #expect(width5 == 4_000)
        var soft = RangeControl(initial: 8_000, max: 100_000)
        for _ in 0..<16 { soft.crowded(asked: 8_000, hint: nil) }
        let width6 = soft.next(available: .max, now: .zero)
        #expect(width6 == 4_000)
    }

    @Test func `only one window at a time tries beyond the cap`() {
        var control = RangeControl(initial: 10_000, max: 100_000)
        control.capped(asked: 10_000, hint: .cap(50), now: .zero)
        for _ in 0..<16 { control.succeeded(width: 50, logs: 0, bytes: 0, elapsed: .zero, now: .zero) }
        let width7 = control.next(available: .max, now: .zero)
        #expect(width7 == 100)
        let width8 = control.next(available: .max, now: .zero)
        #expect(width8 == 50)
        control.abandoned(width: 100)
        let width9 = control.next(available: .max, now: .zero)
        #expect(width9 == 100)
    }

    @Test func `the width that is told is the width that is taken`() {
        var control = RangeControl(initial: 10_000, max: 100_000)
        control.capped(asked: 10_000, hint: .cap(50), now: .zero)
        for _ in 0..<40 {
            let told = control.width(now: .zero)
            let taken = control.next(available: told, now: .zero)
            #expect(told == taken)
            if taken > 50 {
                control.capped(asked: taken, hint: .cap(50), now: .zero)
                #expect(taken == 100)
            } else {
                control.succeeded(width: taken, logs: 0, bytes: 0, elapsed: .zero, now: .zero)
            }
        }
    }

    @Test func `a cap is tried again after a day`() {
        var control = RangeControl(initial: 10_000, max: 100_000)
        control.capped(asked: 10_000, hint: .cap(50), now: .zero)
        let width10 = control.next(available: .max, now: .seconds(3_600))
        #expect(width10 == 50)
        let width11 = control.next(available: .max, now: .seconds(25 * 3_600))
        #expect(width11 == 100)
    }

    @Test func `crowded windows keep answers under the targets`() {
        // Ten logs in every block: 500 blocks make 5,000 logs.
        var control = RangeControl(initial: 2_000, max: 100_000)
        var node = CappedNode(cap: { _ in .max })
        let requests = run(&control, &node, blocks: 200_000, logs: { Int($0) * 10 })
        #expect(control.softWidth <= 625)
        #expect(requests < 800, "\(requests) requests, 400 would do")
    }

    @Test func `after one crowded block the width comes back fast on a quiet chain`() {
        var control = RangeControl(initial: 2_000, max: 100_000)
        for _ in 0..<20 { control.crowded(asked: control.softWidth, hint: nil) }
        #expect(control.softWidth == 1)
        var node = CappedNode(cap: { _ in .max })
        let requests = run(&control, &node, blocks: 1_000_000)
        #expect(requests < 200, "\(requests) requests")
    }

    @Test func `single blocks at the head do not make windows wider`() {
        var control = RangeControl(initial: 1_000, max: 100_000)
        for _ in 0..<100 { control.succeeded(width: 1, logs: 0, bytes: 0, elapsed: .zero, now: .zero) }
        #expect(control.softWidth == 1_000)
    }

    @Test(arguments: UInt64(1)...200) func `whatever a node does, windows stay in range and runs end`(_ seed: UInt64) {
        var random = SplitMix64(state: seed)
        var control = RangeControl(initial: 1 + random.next() % 5_000, max: 50_000)
        var (from, steps) = (UInt64(0), 0)
        var honest = false
        while from < 300_000 {
            steps += 1
            if steps > 2_000 { honest = true }
            let width = control.next(available: 300_000 - from, now: .seconds(steps))
            #expect(width >= 1 && width <= 300_000 - from && width <= 50_000)
            switch honest ? 0 : random.next() % 6 {
            case 1: control.capped(asked: width, hint: .cap(random.next() % 20_000), now: .seconds(steps))
            case 2: control.capped(asked: 1 + random.next() % 20_000, hint: nil, now: .seconds(steps))
            case 3: control.crowded(asked: width, hint: .width(random.next() % 20_000))
            case 4: control.abandoned(width: width)
            default:
                control.succeeded(width: width, logs: 0, bytes: 0, elapsed: .zero, now: .seconds(steps))
                from += width
            }
            guard steps < 10_000 else {
                Issue.record("seed \(seed) does not end")
                return
            }
        }
    }
}
