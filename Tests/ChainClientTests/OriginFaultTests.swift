@testable import ChainClient
import Testing

/// Faults of the system that this one replaces, by number.
@Suite struct OriginFaultTests {
    @Test func `F12: pauses grow exponentially, with full jitter, up to a cap`() {
        // The bound doubles: a random number at its greatest gives base times two to the tries.
        let greatest = (0..<12).map { Backoff.pause(failures: $0, random: .max) }
        let least = (0..<12).map { Backoff.pause(failures: $0, random: 0) }
        #expect(least.allSatisfy { $0 <= .milliseconds(1) })
        for (shorter, longer) in zip(greatest, greatest.dropFirst()) where longer < .seconds(29) {
            #expect(longer > shorter * 3 / 2)
        }
        #expect(greatest.allSatisfy { $0 <= .seconds(30) })
        #expect(greatest[11] > .seconds(29))
    }

    @Test func `F12: every request has a deadline, and so has every call with all its tries`() {
        let options = RPCOptions()
        for deadline in [options.headDeadline, options.bulkDeadline, options.callDeadline] {
            #expect(deadline > .zero && deadline <= .seconds(120))
        }
    }
}
