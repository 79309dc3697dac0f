import ChainClient
import Simulator
import Synchronization

/// Randomness that several tasks of one simulated thread share.
final class Dice: Sendable {
    private let random: Mutex<SplitMix64>

    init(_ random: SplitMix64) {
        self.random = Mutex(random)
    }

    func next() -> UInt64 { random.withLock { $0.next() } }
    func pick(_ range: ClosedRange<Int>) -> Int { random.withLock { $0.pick(range) } }
    func pick<Element: Sendable>(_ elements: [Element]) -> Element { elements[pick(0...elements.count - 1)] }
    func happens(_ perMille: Int) -> Bool { random.withLock { $0.happens(perMille) } }
}

/// What happened, in order: one number that differs where two runs differ, and the lines where somebody wants to read.
package final class Trace: Sendable {
    private struct State {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        var count = 0
        var lines: [String] = []
    }

    private let state = Mutex(State())
    let keepsLines: Bool

    init(keepsLines: Bool) {
        self.keepsLines = keepsLines
    }

    func note(_ line: @autoclosure () -> String) {
        let line = line()
        state.withLock { state in
            for byte in line.utf8 { state.hash = (state.hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            state.count += 1
            if keepsLines { state.lines.append(line) }
        }
    }

    package var fingerprint: String { state.withLock { "\($0.count) \(String($0.hash, radix: 16))" } }
    package var lines: [String] { state.withLock { $0.lines } }
}

/// The transport seam over simulated nodes: answers take simulated time, or never come.
struct SimulatedTransport: Transport {
    let links: [String: SimulatedLink]
    let clock: SimulatedClock
    let dice: Dice
    let trace: Trace

    func post(
        _ body: [UInt8],
        to endpoint: Endpoint,
        lane: Lane,
        deadline: Duration,
        allowance: BodyAllowance
    ) async throws(TransportError) -> TransportReply {
        guard let link = links[endpoint.url] else { throw .cannotConnect("no such node") }
        trace.note("\(clock.now.offset) > \(endpoint.name) \(String(decoding: body, as: UTF8.self))")
        let isSlow = link.node.faults.fires(.slow)
        try await pause(.milliseconds(isSlow ? dice.pick(1_000...8_000) : dice.pick(1...60)))
        let outcome = link.send(body)
        try await pause(.milliseconds(dice.pick(1...60)))
        switch outcome {
        case .silence:
            try await pause(deadline)
            throw .timedOut
        case .closed:
            throw .closed("connection reset by peer")
        case .reply(let reply):
            trace.note("\(clock.now.offset) < \(endpoint.name) \(reply.status) \(reply.body.count)")
            guard reply.body.count <= allowance.bytesMax else { throw .tooLarge(bytesMax: allowance.bytesMax) }
            guard allowance.admits(reply.body.count) else { throw .overReservation }
            return TransportReply(status: reply.status, retryAfter: reply.retryAfter, body: reply.body)
        }
    }

    private func pause(_ duration: Duration) async throws(TransportError) {
        do { try await clock.sleep(for: duration) } catch { throw .cancelled }
    }
}
