/// One failed answer → one class: text first, then status, then code, because codes mean different things everywhere.

/// Everything about a failed answer that may decide its class.
package struct FailedAnswer: Sendable, Hashable {
    package var status: Int
    package var error: NodeError
    package var retryAfter: String?

    package init(status: Int = 200, error: NodeError, retryAfter: String? = nil) {
        self.status = status
        self.error = error
        self.retryAfter = retryAfter
    }
}

package enum Classifier {
    /// What the question was, as far as an error's meaning depends on it.
    package enum Asked: Sendable, Hashable {
        /// A range of logs, so many blocks wide.
        case logs(width: UInt64)
        case logsOfBlock
        case block
        case receipts
        case call
        case batch
        case other

        package init(_ question: Question) {
            switch question {
            case .logs: self = .logs(width: question.width ?? .max)
            case .logsOf: self = .logsOfBlock
            case .latest, .finalized, .header, .headerOf: self = .block
            case .receipts, .receiptsOf, .receiptOf: self = .receipts
            case .call: self = .call
            case .chainID, .clientVersion, .code: self = .other
            }
        }

        /// Whether fewer blocks could be asked for.
        var canShrink: Bool { if case .logs(let width) = self { width > 1 } else { false } }

        fileprivate func isAbout(_ scope: Quirk.Scope) -> Bool {
            switch (scope, self) {
            case (.any, _), (.logs, .logs), (.logs, .logsOfBlock), (.call, .call), (.batch, .batch): true
            // Receipts of a block are logs as well; sizes concern them, ranges do not come up.
            case (.logs, .receipts): true
            default: false
            }
        }
    }

    package static func fault(_ answer: FailedAnswer, asked: Asked) -> Fault {
        let text = "\(answer.error.message) \(answer.error.data)".lowercased()
        var fault =
            byContract(answer, asked) ?? byText(answer, text, asked) ?? byStatus(answer, asked) ?? byCode(answer, asked)
        fault.text = said(answer)
        fault.retryAfter = RetryAfter.hint(header: answer.retryAfter, text: text)
        return corrected(fault, asked)
    }

    private static func said(_ answer: FailedAnswer) -> String {
        var parts: [String] = []
        if answer.status != 200 { parts.append("HTTP \(answer.status)") }
        if let code = answer.error.code { parts.append("\(code)") }
        let message = answer.error.message.isEmpty ? answer.error.data : answer.error.message
        if !message.isEmpty { parts.append(message) }
        return parts.isEmpty ? "an error without words" : parts.joined(separator: " ")
    }

    /// A refusal in a contract's own words, which may be any: "too many requests", "missing trie node".
    ///
    /// Nodes put their own words before them; only these are looked at.
    private static func byContract(_ answer: FailedAnswer, _ asked: Asked) -> Fault? {
        guard asked == .call else { return nil }
        let message = answer.error.message.lowercased()
        let starts = ["execution reverted", "vm exception while processing transaction: revert"]
        return starts.contains { message.hasPrefix($0) } ? Fault(.reverted, "", quirk: "call-reverted") : nil
    }

    private static func byText(_ answer: FailedAnswer, _ text: String, _ asked: Asked) -> Fault? {
        for quirk in Quirk.all where asked.isAbout(quirk.scope) && quirk.matches(code: answer.error.code, text: text) {
            return Fault(quirk.means, "", hint: quirk.hint(in: text), quirk: quirk.id)
        }
        return nil
    }

    private static func byStatus(_ answer: FailedAnswer, _ asked: Asked) -> Fault? {
        switch answer.status {
        case 401, 402, 403: Fault(.quotaOrAuth, "")
        case 429: Fault(.rateLimited, "")
        case 404, 405, 415: Fault(.unsupported, "")
        case 413: Fault(.responseTooLarge, "")
        // A redirect is never followed: a status page, or a POST turned into a GET.
        case 300..<400, 408, 421, 425: Fault(.transient, "")
        // Heavy queries end like this, and so do nodes that are down: smaller only when it happens again.
        case 504, 524: timeout("")
        case 500... where answer.error.code == nil: Fault(.transient, "")
        default: nil
        }
    }

    private static func byCode(_ answer: FailedAnswer, _ asked: Asked) -> Fault {
        switch answer.error.code {
        case -32601, -32004: Fault(.unsupported, "")
        case -32001 where asked == .block: Fault(.behindHead, "")
        case -32002, -32003: asked.canShrink ? Fault(.responseTooLarge, "") : Fault(.transient, "")
        case 3 where asked == .call, -32015 where asked == .call: Fault(.reverted, "")
        case -32005: unknown(.rateLimited, asked)
        case -32602, -32600, -32700: unknown(.ourBug, asked)
        case nil where answer.status == 400: unknown(.ourBug, asked)
        default: unknown(.transient, asked)
        }
    }

    /// No row knows the text.
    ///
    /// On a window that could be smaller, smaller is worth one try (§2d).
    private static func unknown(_ kind: ErrorClass, _ asked: Asked) -> Fault {
        var fault = Fault(kind, "")
        fault.isUnknown = asked.canShrink
        return fault
    }

    /// What a class means for the question at hand.
    private static func corrected(_ fault: Fault, _ asked: Asked) -> Fault {
        var fault = fault
        switch (asked, fault.kind) {
        // A single block is never a range problem: the method is off, or works by number only.
        case (.logsOfBlock, .rangeCap), (.logs(width: 1), .rangeCap): fault.kind = .unsupported
        case (.receipts, .rangeCap): fault.kind = .transient
        // A hash that the node does not know is a statement about the chain, not about its height.
        case (.logsOfBlock, .behindHead): fault.kind = .reorgSignal
        default: break
        }
        return fault
    }

    // MARK: Answers that are no answers

    package static func fault(_ error: AnswerError, status: Int, retryAfter: String?, asked: Asked) -> Fault {
        switch error {
        case .node(let said):
            answered(
                fault(FailedAnswer(status: status, error: said, retryAfter: retryAfter), asked: asked),
                status == 200 || said.code != nil
            )
        case .notJSON(let start):
            // A page of the proxy in front may still say that it is a rate limit or a quota.
            page(start, asked: asked)
        case .scan(.removed(let place)): Fault(.reorgSignal, ScanError.removed(at: place).description)
        case .scan(let error) where error.isSyntax: cut(error)
        case .scan(let error): Fault(.inconsistent, error.description)
        case .neither: Fault(.transient, "neither result nor error")
        case .otherID: .foreign("an answer with another id")
        case .ambiguous: Fault(.inconsistent, "more than one answer, or one for all")
        }
    }

    private static func answered(_ fault: Fault, _ isAnswer: Bool) -> Fault {
        var fault = fault
        fault.isAnswer = isAnswer
        return fault
    }

    private static func cut(_ error: ScanError) -> Fault {
        var fault = Fault(.transient, error.description)
        fault.isCut = true
        return fault
    }

    private static func timeout(_ text: String) -> Fault {
        var fault = Fault(.transient, text)
        fault.isTimeout = true
        return fault
    }

    private static func page(_ start: String, asked: Asked) -> Fault {
        let found = fault(FailedAnswer(error: NodeError(message: start)), asked: asked)
        switch found.kind {
        case .rateLimited where found.quirk != nil, .quotaOrAuth: return found
        default: return Fault(.transient, start.isEmpty ? "an empty body" : "not JSON: \(start)")
        }
    }

    package static func fault(_ error: TransportError) -> Fault {
        switch error {
        case .timedOut: return timeout("no answer in time")
        case .cannotConnect(let what):
            var fault = Fault(.transient, "cannot connect: \(what)")
            fault.isConnect = true
            return fault
        case .insecure(let what): return Fault(.quotaOrAuth, "TLS: \(what)")
        case .closed(let what): return Fault(.transient, "connection closed: \(what)")
        case .tooLarge(let bytesMax): return Fault(.responseTooLarge, "more than \(bytesMax) bytes")
        case .overReservation:
            var fault = Fault.ours("no memory left for this answer")
            fault.isOverReservation = true
            return fault
        case .invalid(let what): return Fault(.quotaOrAuth, "unusable endpoint: \(what)")
        case .cancelled: return .cancelled
        }
    }
}

/// A body read and classified as a whole, without a network; for tests and recorded answers.
package enum Answers {
    /// nil when it is an answer.
    ///
    /// Ids are expected to begin at 1.
    package static func fault(
        _ body: [UInt8],
        status: Int,
        retryAfter: String?,
        asked: Classifier.Asked
    ) -> Fault? {
        do throws(AnswerError) {
            guard 200..<300 ~= status else { throw .node(Response.errorText(body)) }
            switch asked {
            case .logs, .logsOfBlock: _ = try Response.single(body, id: 1, LogScanner.scan)
            case .block: _ = try Response.single(body, id: 1, HeaderScanner.scan)
            case .receipts: _ = try Response.single(body, id: 1, ReceiptScanner.scan)
            case .batch: _ = try Response.batch(body, firstID: 1, count: 2, HeaderScanner.scan)
            case .call, .other:
                _ = try Response.single(body, id: 1) { cursor throws(ScanError) in try cursor.skipValue() }
            }
            return nil
        } catch {
            return Classifier.fault(error, status: status, retryAfter: retryAfter, asked: asked)
        }
    }
}
