/// The JSON-RPC envelope around an answer: result or error, never both, and only for the question that was asked.

/// What a node said instead of a result.
package struct NodeError: Sendable, Hashable {
    package var code: Int?
    package var message: String
    /// The raw JSON of `data`, shortened.
    package var data: String

    package init(code: Int? = nil, message: String = "", data: String = "") {
        self.code = code
        self.message = message
        self.data = data
    }
}

/// Why a body that arrived is not an answer to the question.
package enum AnswerError: Error, Sendable, Hashable {
    /// Does not begin like JSON: an empty body, an HTML page. With the start of it.
    case notJSON(String)
    case scan(ScanError)
    case node(NodeError)
    /// Neither a result nor an error: a missing result is not `null`.
    case neither
    /// The answer to another question.
    case otherID
    /// A single result for a whole batch, or two results for one id.
    case ambiguous
}

package enum Response {
    /// Texts of errors are cut here; longer ones say nothing more.
    static let textBytesMax = 2_048

    /// Reads the answer to one request.
    static func single<Value>(
        _ body: [UInt8],
        id: UInt64,
        _ value: (inout JSONCursor) throws(ScanError) -> Value
    ) throws(AnswerError) -> Value {
        try sniff(body)
        let envelope = try scanning(body) { cursor throws(ScanError) -> Envelope<Value> in
            let envelope = try Envelope.scan(&cursor, value)
            try cursor.expectEnd()
            return envelope
        }
        return try envelope.value(for: id)
    }

    /// Reads the answers to a batch whose ids count up from `firstID`, in the order of the questions.
    ///
    /// Matched by id only: nodes may answer in any order, leave some out or add others.
    static func batch<Value>(
        _ body: [UInt8],
        firstID: UInt64,
        count: Int,
        _ value: (inout JSONCursor) throws(ScanError) -> Value
    ) throws(AnswerError) -> [Result<Value, AnswerError>] {
        try sniff(body)
        let envelopes = try scanning(body) { cursor throws(ScanError) -> [Envelope<Value>]? in
            guard cursor.peek() == 0x5B else { return nil }
            cursor.place += 1
            var envelopes: [Envelope<Value>] = []
            if !cursor.takes(0x5D) {
                repeat { envelopes.append(try Envelope.scan(&cursor, value)) } while try cursor.continues(until: 0x5D)
            }
            try cursor.expectEnd()
            return envelopes
        }
        guard let envelopes else {
            // One object for all: an error concerns all of them; a result would be handed to everybody.
            _ = try single(body, id: firstID) { cursor throws(ScanError) in try cursor.skipValue() }
            throw .ambiguous
        }
        var answers = [Result<Value, AnswerError>](repeating: .failure(.neither), count: count)
        var answered = [Bool](repeating: false, count: count)
        for envelope in envelopes {
            guard let id = envelope.id, id >= firstID, id - firstID < UInt64(count) else { continue }
            let index = Int(id - firstID)
            answers[index] = answered[index] ? .failure(.ambiguous) : envelope.result(for: id)
            answered[index] = true
        }
        return answers
    }

    /// What an error page or a body with a bad status says: its JSON-RPC error if it has one, else its first bytes.
    static func errorText(_ body: [UInt8]) -> NodeError {
        let scanned: Result<Void, AnswerError> = Result { () throws(AnswerError) in
            let envelope = try scanning(body) { cursor throws(ScanError) in
                try Envelope.scan(&cursor) { inner throws(ScanError) in try inner.skipValue() }
            }
            if let error = envelope.error { throw .node(error) }
        }
        if case .failure(.node(let error)) = scanned { return error }
        return NodeError(message: String(decoding: body.prefix(textBytesMax), as: UTF8.self))
    }

    private static func sniff(_ body: [UInt8]) throws(AnswerError) {
        var start = body.startIndex
        if body.starts(with: [0xEF, 0xBB, 0xBF]) { start += 3 }
        let first = body[start...].first { $0 > 0x20 }
        guard first != 0x7B, first != 0x5B else { return }
        throw .notJSON(String(decoding: body.prefix(200), as: UTF8.self))
    }

    private static func scanning<Value>(
        _ body: [UInt8],
        _ scan: (inout JSONCursor) throws(ScanError) -> Value
    ) throws(AnswerError) -> Value {
        do throws(ScanError) { return try JSONCursor.reading(body, scan) } catch { throw .scan(error) }
    }
}

/// One answer object.
private struct Envelope<Value> {
    /// nil when missing, null, or nothing that we send.
    var id: UInt64?
    var hasID = false
    var result: Result<Value, ScanError>?
    var error: NodeError?

    static func scan(
        _ cursor: inout JSONCursor,
        _ value: (inout JSONCursor) throws(ScanError) -> Value
    ) throws(ScanError) -> Envelope {
        guard cursor.peek() == 0x7B else {
            let start = cursor.place
            try cursor.skipValue()
            throw .shape(.envelope, at: start)
        }
        cursor.place += 1
        var envelope = Envelope()
        var hasError = false
        guard !cursor.takes(0x7D) else { return envelope }
        repeat {
            let key = try cursor.string()
            try cursor.expect(0x3A)
            if cursor.equals(key, "result") {
                guard envelope.result == nil else { throw .duplicateKey(at: key.start) }
                envelope.result = try attempt(&cursor, value)
            } else if cursor.equals(key, "error") {
                guard !hasError else { throw .duplicateKey(at: key.start) }
                hasError = true
                if try !cursor.takesNull() { envelope.error = try NodeError.scan(&cursor) }
            } else if cursor.equals(key, "id") {
                guard !envelope.hasID else { throw .duplicateKey(at: key.start) }
                envelope.id = try id(&cursor)
                envelope.hasID = true
            } else {
                try cursor.skipValue()
            }
        } while try cursor.continues(until: 0x7D)
        return envelope
    }

    /// A result of the wrong shape is kept as such: if an error follows, the error is what the node meant.
    private static func attempt(
        _ cursor: inout JSONCursor,
        _ value: (inout JSONCursor) throws(ScanError) -> Value
    ) throws(ScanError) -> Result<Value, ScanError> {
        let start = cursor.place
        do throws(ScanError) {
            return .success(try value(&cursor))
        } catch {
            guard !error.isSyntax else { throw error }
            cursor.place = start
            try cursor.skipValue()
            return .failure(error)
        }
    }

    /// A number, or a number as a string (Nethermind); anything else is no id of ours.
    private static func id(_ cursor: inout JSONCursor) throws(ScanError) -> UInt64? {
        let start = cursor.place
        if try cursor.takesNull() { return nil }
        do throws(ScanError) {
            return try cursor.quantity(.id)
        } catch {
            guard !error.isSyntax else { throw error }
            cursor.place = start
            try cursor.skipValue()
            return nil
        }
    }

    func value(for asked: UInt64) throws(AnswerError) -> Value {
        if let error {
            // A null id is right for an error about the request as a whole.
            guard id == nil || id == asked else { throw .otherID }
            throw .node(error)
        }
        guard let result else { throw .neither }
        guard id == asked else { throw .otherID }
        switch result {
        case .success(let value): return value
        case .failure(let error): throw .scan(error)
        }
    }

    func result(for asked: UInt64) -> Result<Value, AnswerError> {
        Result { () throws(AnswerError) in try value(for: asked) }
    }
}
