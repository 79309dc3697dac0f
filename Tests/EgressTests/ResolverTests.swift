/// Lookups that hang, and places that are taken.
import Metadata
@testable import Egress
import Foundation
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct ResolverTests {
    private static func limits(threads: Int, queued: Int) -> Resolver.Limits {
        var limits = Resolver.Limits()
        (limits.threads, limits.queued, limits.deadline) = (threads, queued, .milliseconds(300))
        return limits
    }

    @Test func `a lookup that hangs ends at the deadline, and when all hang the next fails at once`() async throws {
        let gate = DispatchSemaphore(value: 0)
        let calls = Atomic<Int>(0)
        let resolver = Resolver(limits: Self.limits(threads: 2, queued: 1)) { _ in
            calls.add(1, ordering: .relaxed)
            gate.wait()
            return .success([.v4(1)])
        }
        let faults = await withTaskGroup(of: LookupFault?.self) { group in
            for name in ["a", "b", "c", "d"] {
                group.addTask {
                    do throws(LookupFault) { _ = try await resolver.addresses(of: name) } catch { return error }
                    return nil
                }
            }
            return await group.reduce(into: [LookupFault?: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(faults == [.timedOut: 3, .queueFull: 1])
        #expect(resolver.figures == (2, 2, 0))
        await #expect(throws: LookupFault.stuck) { try await resolver.addresses(of: "e") }
        #expect(calls.load(ordering: .relaxed) == 2)
        for _ in 0..<3 { gate.signal() }
        while resolver.figures.threads > 0 { try await Task.sleep(for: .milliseconds(5)) }
        let after = try await resolver.addresses(of: "f")
        #expect(after == [.v4(1)])
    }

    @Test func `more names than threads are all answered`() async throws {
        let resolver = Resolver(limits: Self.limits(threads: 2, queued: 100)) { .success([.v4(UInt32($0) ?? 0)]) }
        let sum = try await withThrowingTaskGroup(of: [IPAddress].self) { group in
            for number in 1...50 { group.addTask { try await resolver.addresses(of: "\(number)") } }
            return try await group.reduce(into: Set<IPAddress>()) { $0.formUnion($1) }
        }
        #expect(sum == Set((1...50).map { .v4($0) }))
    }

    @Test func `a cancelled lookup ends at once`() async throws {
        let gate = DispatchSemaphore(value: 0)
        var limits = Self.limits(threads: 1, queued: 1)
        limits.deadline = .seconds(50)
        let resolver = Resolver(limits: limits) { _ in
            gate.wait()
            return .success([])
        }
        let task = Task { try await resolver.addresses(of: "a") }
        task.cancel()
        await #expect(throws: LookupFault.cancelled) { try await task.value }
        gate.signal()
    }

    @Test func `the system knows this machine and does not know an invalid name`() async throws {
        let found = try await Resolver().addresses(of: "localhost")
        #expect(found.contains(.v4(0x7F00_0001)) || found.contains(.v6(0, 1)))
        await #expect(throws: LookupFault.self) { try await Resolver().addresses(of: "nowhere.invalid") }
    }

    @Test func `a host has so many places, all together have so many, and a waiter gets what is given back`()
        async throws
    {
        let slots = HostSlots(inFlightMax: 3, perHostMax: 2, waitingMax: 2)
        try await slots.take("a")
        try await slots.take("a")
        let third = Task { try await slots.take("a") }
        while slots.figures.waiting < 1 { await Task.yield() }
        try await slots.take("b")
        let fourth = Task { try await slots.take("c") }
        while slots.figures.waiting < 2 { await Task.yield() }
        await #expect(throws: WebFault.timedOut) { try await slots.take("d") }
        slots.release("b")
        try await fourth.value
        #expect(slots.figures == (3, 1))
        third.cancel()
        await #expect(throws: WebFault.cancelled) { try await third.value }
        for host in ["a", "a", "c"] { slots.release(host) }
        #expect(slots.figures == (0, 0))
    }
}
