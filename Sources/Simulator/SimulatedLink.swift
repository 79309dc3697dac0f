/// The way to a node and back: what arrives, if anything does.
///
/// Whoever carries bytes (a test's transport, a loopback server) asks here and acts on the outcome.
package struct SimulatedLink: Sendable {
    package let node: SimulatedNode

    package init(_ node: SimulatedNode) {
        self.node = node
    }

    package enum Outcome: Sendable {
        case reply(SimulatedNode.Reply)
        /// Nothing ever comes.
        case silence
        /// The connection ends.
        case closed
    }

    package func send(_ body: [UInt8]) -> Outcome {
        let faults = node.faults
        if faults.fires(.timeout) { return .silence }
        if faults.fires(.closed) { return .closed }
        if faults.fires(.rateLimitedWithRetryAfter) {
            return .reply(.init(status: 429, retryAfter: "\(faults.pick(1...3))", body: Array("slow down".utf8)))
        }
        if faults.fires(.rateLimited) { return .reply(.init(status: 429, body: Array("Too Many Requests".utf8))) }
        if faults.fires(.serverError) {
            return .reply(.init(status: faults.pick(500...504), body: Array("<html><h1>Bad Gateway</h1></html>".utf8)))
        }
        if faults.fires(.gatewayPage) {
            return .reply(.init(body: Array("<!DOCTYPE html><title>Hold on</title>".utf8)))
        }
        if faults.fires(.emptyBody) { return .reply(.init(body: [])) }
        var reply = node.answer(body)
        if faults.fires(.cutBody) { reply.body = Array(reply.body.prefix(reply.body.count / 2)) }
        return .reply(reply)
    }
}
