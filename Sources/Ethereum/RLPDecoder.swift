/// Strict reading of RLP: every item has exactly one encoding, and hostile input costs no more than its own size.
extension RLP {
    /// Headers, receipts and trie nodes nest at most four deep.
    package static let depthMax = 16
    /// An item in a tree costs some 64 bytes even if its input is one byte: this bounds a tree to about 16 MiB.
    package static let itemsMax = 1 << 18

    /// One item inside a buffer: where its payload lies.
    ///
    /// The payload of a list is the encodings of its items.
    package struct Element: Sendable, Hashable {
        package var isList: Bool
        package var payload: Range<Int>

        package init(isList: Bool, payload: Range<Int>) {
            self.isList = isList
            self.payload = payload
        }
    }

    /// The item that starts at `start` and ends at or before `end`.
    ///
    /// Allocates nothing; reads at most nine bytes.
    ///
    /// The next item starts at the payload's end.
    package static func element(
        in input: Span<UInt8>,
        from start: Int,
        before end: Int
    ) throws(RLPError) -> Element {
        guard start >= 0, start < end, end <= input.count else { throw .truncated(at: start) }
        let first = input[start]
        if first < 0x80 { return Element(isList: false, payload: start..<start + 1) }
        let isList = first >= 0xC0
        let code = Int(first) - (isList ? 0xC0 : 0x80)
        if code < 56 {
            guard code < end - start else { throw .truncated(at: start) }
            if !isList && code == 1 && input[start + 1] < 0x80 { throw .notCanonical(at: start) }
            return Element(isList: isList, payload: start + 1..<start + 1 + code)
        }
        let digits = code - 55
        guard digits < end - start else { throw .truncated(at: start) }
        guard input[start + 1] != 0 else { throw .notCanonical(at: start) }
        var count: UInt64 = 0
        for index in start + 1...start + digits { count = count << 8 | UInt64(input[index]) }
        guard count >= 56 else { throw .notCanonical(at: start) }
        let payloadStart = start + 1 + digits
        guard count <= UInt64(end - payloadStart) else { throw .truncated(at: start) }
        return Element(isList: isList, payload: payloadStart..<payloadStart + Int(count))
    }

    /// Reads exactly one item that is the whole input, as a tree.
    ///
    /// - Throws: `RLPError`, with the place of the item that is wrong.
    package static func decode(
        _ input: Span<UInt8>,
        depthMax: Int = depthMax,
        itemsMax: Int = itemsMax
    ) throws(RLPError) -> Item {
        let outer = try element(in: input, from: 0, before: input.count)
        guard outer.payload.upperBound == input.count else { throw .trailingBytes(at: outer.payload.upperBound) }
        var itemsLeft = itemsMax
        return try item(outer, in: input, depthLeft: depthMax, itemsLeft: &itemsLeft)
    }

    /// Reads exactly one item that is the whole input, as a tree.
    package static func decode(
        _ input: [UInt8],
        depthMax: Int = depthMax,
        itemsMax: Int = itemsMax
    ) throws(RLPError) -> Item {
        try decode(input.span, depthMax: depthMax, itemsMax: itemsMax)
    }

    private static func item(
        _ element: Element,
        in input: Span<UInt8>,
        depthLeft: Int,
        itemsLeft: inout Int
    ) throws(RLPError) -> Item {
        guard itemsLeft > 0 else { throw .tooManyItems(at: element.payload.lowerBound) }
        itemsLeft -= 1
        guard element.isList else {
            var bytes: [UInt8] = []
            bytes.reserveCapacity(element.payload.count)
            for index in element.payload { bytes.append(input[index]) }
            return .bytes(bytes)
        }
        guard depthLeft > 0 else { throw .tooDeep(at: element.payload.lowerBound) }
        var items: [Item] = []
        var position = element.payload.lowerBound
        while position < element.payload.upperBound {
            let next = try RLP.element(in: input, from: position, before: element.payload.upperBound)
            items.append(try item(next, in: input, depthLeft: depthLeft - 1, itemsLeft: &itemsLeft))
            position = next.payload.upperBound
        }
        return .list(items)
    }
}
