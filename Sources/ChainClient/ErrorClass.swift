/// The fifteen ways in which an answer can be useless, and what is done about each (rpc-quirks §1).
///
/// The class decides, never the text: texts are turned into classes in one place, ``Classifier``.
package enum ErrorClass: Int, Sendable, Hashable, CaseIterable, Comparable {
    /// The node never serves so many blocks at once.
    case rangeCap = 1
    /// Too many logs in this window.
    case tooManyResults
    /// Too many bytes, or too much work, in this window.
    case responseTooLarge
    /// Too many requests; the next moment may do.
    case rateLimited
    /// No right to ask, or the month's quota is gone; retrying burns what is left.
    case quotaOrAuth
    /// Anything that may pass by itself: 5xx, resets, cut bodies.
    case transient
    /// The node does not have the block yet.
    case behindHead
    /// The node does not have the block any more.
    case historyPruned
    /// The node does not offer this at all.
    case unsupported
    /// The node answers for another chain.
    case wrongChain
    /// The contract refused; the same everywhere.
    case reverted
    /// The call needed more gas or time than this node gives.
    case callResource
    /// The answer contradicts itself or what was asked.
    case inconsistent
    /// A block that was canonical is not.
    case reorgSignal
    /// The node says that the request is wrong.
    case ourBug

    package static func < (left: ErrorClass, right: ErrorClass) -> Bool { left.rawValue < right.rawValue }

    /// "E1" … "E15", as in logs and metrics.
    package var code: String { "E\(rawValue)" }

    /// Whether, and how, the same endpoint is asked again.
    package enum Retry: Sendable, Hashable {
        case no
        /// A smaller window, without waiting.
        case smaller
        /// After the pause the node asks for.
        case paused
        /// After a random pause that grows.
        case backoff
        case once
    }

    /// What it means for the endpoint beyond the call at hand.
    package enum Effect: Sendable, Hashable {
        case none
        /// Its ``Throttle`` closes for a moment.
        case throttles
        /// Its ``Breaker`` counts it.
        case counts
        /// Its ``Quarantine`` counts it.
        case suspected
        /// Out of use for so long.
        case parks(Duration)
    }

    /// A quota comes back at the next hour or day; until then a probe four times an hour is enough.
    package static let quotaFor: Duration = .seconds(900)
    /// Another chain behind the same URL is a mistake that somebody has to correct.
    package static let wrongChainFor: Duration = .seconds(3_600)

    package struct Action: Sendable, Hashable {
        package var retry: Retry
        package var effect: Effect
    }

    package var action: Action {
        switch self {
        case .rangeCap, .tooManyResults, .responseTooLarge: Action(retry: .smaller, effect: .none)
        case .rateLimited: Action(retry: .paused, effect: .throttles)
        case .quotaOrAuth: Action(retry: .no, effect: .parks(Self.quotaFor))
        case .transient: Action(retry: .backoff, effect: .counts)
        case .behindHead: Action(retry: .paused, effect: .none)
        case .historyPruned, .unsupported: Action(retry: .no, effect: .none)
        case .wrongChain: Action(retry: .no, effect: .parks(Self.wrongChainFor))
        case .reverted: Action(retry: .no, effect: .none)
        case .callResource: Action(retry: .once, effect: .none)
        case .inconsistent: Action(retry: .once, effect: .suspected)
        case .reorgSignal, .ourBug: Action(retry: .no, effect: .none)
        }
    }

    /// Whether a smaller window may help.
    package var wantsSmaller: Bool { action.retry == .smaller }
}

/// One failed attempt at one endpoint, classified.
package struct Fault: Error, Sendable, Hashable {
    package var kind: ErrorClass
    /// What was said; not yet redacted, see ``Endpoint/redact(_:)``.
    package var text: String
    /// What the text says about sizes.
    package var hint: SizeHint?
    /// How long the node asks us to wait, clamped.
    package var retryAfter: Duration?
    /// The row of ``Quirk/all`` that matched; nil: decided by status or code alone.
    package var quirk: String?
    /// A text that no row knows, on a window that may have been too large: worth one smaller try.
    package var isUnknown = false
    /// The request took up to its deadline: fewer at a time, not smaller ones.
    package var isTimeout = false
    /// The body ended in the middle: at its second time perhaps the node's own limit.
    package var isCut = false
    /// A JSON-RPC error object, as opposed to no answer at all.
    package var isAnswer = false
    /// An answer to another question: it says nothing about what was asked.
    package var isForeign = false
    /// There was no connection at all.
    package var isConnect = false
    /// The answer outgrew its reservation.
    package var isOverReservation = false
    /// Something of ours ran out; no fault of the endpoint.
    package var isOurs = false
    package var isCancelled = false
    /// What was asked when it happened; nil: what the call is about.
    package var method: RPCMethod?
    /// What the endpoint turned out not to offer; nil: what the call needed.
    package var capability: Upstream.Capability?

    package init(_ kind: ErrorClass, _ text: String, hint: SizeHint? = nil, quirk: String? = nil) {
        self.kind = kind
        self.text = text
        self.hint = hint
        self.quirk = quirk
    }

    static var cancelled: Fault {
        var fault = Fault(.transient, "cancelled")
        fault.isCancelled = true
        return fault
    }

    /// Nothing was sent, or nothing more read, because of our own limits.
    static func ours(_ text: String) -> Fault {
        var fault = Fault(.transient, text)
        fault.isOurs = true
        return fault
    }

    /// The endpoint mixed up its answers.
    static func foreign(_ text: String) -> Fault {
        var fault = Fault(.inconsistent, text)
        fault.isForeign = true
        return fault
    }

    func about(_ method: RPCMethod) -> Fault {
        var fault = self
        fault.method = fault.method ?? method
        return fault
    }
}

/// What an error says about the size that would do.
///
/// A hint, never an order.
package enum SizeHint: Sendable, Hashable {
    /// At most so many blocks a request, as long as this endpoint is what it is.
    case cap(UInt64)
    /// So many blocks would do for this window.
    case width(UInt64)
    /// Fewer addresses or topics, not fewer blocks.
    case fewerAddresses
}
