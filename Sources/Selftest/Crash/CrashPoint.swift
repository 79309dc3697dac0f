package import ChainClient
import CrashPoints
import Glibc

/// A place where a process is made to die, and what is left of its files.
package struct CrashPoint: Sendable, Hashable {
    /// In the order of `crash_kind` in CrashPoints.h.
    package enum Kind: String, Sendable, Hashable, CaseIterable {
        case request, answer, begin, statement, commit, committed, write, sync, truncate, delete
    }

    /// In the order of `crash_effect` in CrashPoints.h.
    package enum Effect: String, Sendable, Hashable, CaseIterable {
        /// The process dies; what it wrote stays.
        case kill
        /// So it does in the middle of a write.
        case torn
        /// The machine loses power: what was not synced is gone.
        case lost
        /// The machine loses power, and its disk had kept some of what was not synced.
        case mixed
    }

    package var kind: Kind
    /// From 1, among the operations of its kind.
    package var ordinal: Int
    package var effect: Effect
    /// What a disk keeps.
    package var seed: UInt64 = 0

    package init(_ kind: Kind, _ ordinal: Int, _ effect: Effect, seed: UInt64 = 0) {
        self.kind = kind
        self.ordinal = ordinal
        self.effect = effect
        self.seed = seed
    }

    /// As ``init(text:)`` reads it.
    package var text: String { "\(kind.rawValue):\(ordinal):\(effect.rawValue):\(seed)" }

    package init?(text: String) {
        let parts = text.split(separator: ":").map(String.init)
        guard parts.count == 4, let kind = Kind(rawValue: parts[0]), let ordinal = Int(parts[1]),
            let effect = Effect(rawValue: parts[2]), let seed = UInt64(parts[3])
        else { return nil }
        self.init(kind, ordinal, effect, seed: seed)
    }

    /// Makes this process one that dies there; before it opens a database.
    ///
    /// - Parameter point: nil: nobody dies, and what is passed is only reported.
    /// - Parameter report: a file that gets a line for every point that is passed; see ``CrashReport``.
    /// - Returns: whether it could be done.
    package static func install(_ point: CrashPoint?, report: String) -> Bool {
        // Unsafe: C that reads a string during the call. Left open: it is written to until the process dies.
        let descriptor = unsafe open(report, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return false }
        let kind = point.flatMap { Kind.allCases.firstIndex(of: $0.kind) } ?? 0
        let effect = point.flatMap { Effect.allCases.firstIndex(of: $0.effect) } ?? Int(CRASH_NEVER.rawValue)
        return crash_plan_install(Int32(kind), point?.ordinal ?? 0, Int32(effect), point?.seed ?? 0, descriptor) == 0
    }
}

/// A transport with a point before each request is sent and one after each answer was read.
package struct MortalTransport<Base: Transport>: Transport {
    let base: Base

    package init(_ base: Base) {
        self.base = base
    }

    package func post(
        _ body: [UInt8],
        to endpoint: Endpoint,
        lane: Lane,
        deadline: Duration,
        allowance: BodyAllowance
    ) async throws(TransportError) -> TransportReply {
        let text = String(decoding: body.prefix(200), as: UTF8.self)
        // Unsafe: C that reads a string during the call.
        unsafe crash_point(Int32(CRASH_REQUEST.rawValue), text)
        let reply = try await base.post(body, to: endpoint, lane: lane, deadline: deadline, allowance: allowance)
        unsafe crash_point(Int32(CRASH_ANSWER.rawValue), text)
        return reply
    }
}
