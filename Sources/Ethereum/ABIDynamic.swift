/// Reads arrays, bytes and strings: everything that the ABI reaches through an offset.
extension ABI {
    /// The place that the offset word at `place` leads to, counted from `base`; at most the end of the data.
    package static func target(
        in data: Span<UInt8>,
        at place: Int,
        base: Int = 0
    ) throws(ABIError) -> Int {
        let offset = try number(in: data, at: place)
        guard base >= 0, base <= data.count, let offset = offset.uint64, offset <= UInt64(data.count - base) else {
            throw .offsetOutside(at: place)
        }
        return base + Int(offset)
    }

    /// The length word at `place`, if that many elements of `size` bytes can follow it.
    private static func length(
        in data: Span<UInt8>,
        at place: Int,
        elementSize size: Int
    ) throws(ABIError) -> Int {
        let length = try number(in: data, at: place)
        let room = (data.count - place - 32) / size
        guard let length = length.uint64, length <= UInt64(room) else { throw .lengthOutside(at: place) }
        return Int(length)
    }

    // MARK: Arrays

    /// An array whose elements take one word each: its place, not its content.
    ///
    /// For elements that are dynamic themselves the words are offsets, counted from ``start``.
    package struct Words: Sendable, Hashable {
        /// Where the first element lies.
        package var start: Int
        /// How many there are; all of them lie inside the data.
        package var count: Int

        package init(start: Int, count: Int) {
            self.start = start
            self.count = count
        }

        package func place(_ index: Int) -> Int { start + 32 * index }
    }

    /// The array that the offset word at `place` leads to.
    package static func array(
        in data: Span<UInt8>,
        at place: Int,
        base: Int = 0
    ) throws(ABIError) -> Words {
        let target = try target(in: data, at: place, base: base)
        return Words(start: target + 32, count: try length(in: data, at: target, elementSize: 32))
    }

    /// The `uint256[] ids, uint256[] amounts` of an ERC-1155 batch; both have the same length.
    ///
    /// Also for the two arrays behind other arguments: `place` is where the first one's offset lies. With at most
    /// `(data.count - 64) / 32` elements, a loop over them is bounded by what was paid for in gas.
    package static func pairs(
        in data: Span<UInt8>,
        at place: Int = 0,
        base: Int = 0
    ) throws(ABIError) -> Pairs {
        let ids = try array(in: data, at: place, base: base)
        let amounts = try array(in: data, at: place + 32, base: base)
        guard ids.count == amounts.count else { throw .unequalLengths(ids.count, amounts.count) }
        return Pairs(ids: ids, amounts: amounts)
    }

    /// Two arrays of one length, read pair by pair.
    package struct Pairs: Sendable, Hashable {
        package var ids: Words
        package var amounts: Words

        package init(ids: Words, amounts: Words) {
            self.ids = ids
            self.amounts = amounts
        }

        package var count: Int { ids.count }

        package func id(_ index: Int, in data: Span<UInt8>) throws(ABIError) -> U256 {
            try ABI.number(in: data, at: ids.place(index))
        }

        package func amount(_ index: Int, in data: Span<UInt8>) throws(ABIError) -> U256 {
            try ABI.number(in: data, at: amounts.place(index))
        }
    }

    // MARK: Bytes and strings

    /// Where the bytes lie that the offset word at `place` leads to, without their padding.
    package static func bytes(
        in data: Span<UInt8>,
        at place: Int,
        base: Int = 0
    ) throws(ABIError) -> Range<Int> {
        let target = try target(in: data, at: place, base: base)
        let count = try length(in: data, at: target, elementSize: 1)
        return target + 32..<target + 32 + count
    }

    /// Whether dynamic bytes are filled up to a whole word, and with zeros only.
    ///
    /// Decoders need not care; judges may.
    package static func hasCleanPadding(after range: Range<Int>, in data: Span<UInt8>) -> Bool {
        let missing = -range.count & 31
        guard range.lowerBound >= 0, range.upperBound <= data.count - missing else { return false }
        for index in range.upperBound..<range.upperBound + missing where data[index] != 0 { return false }
        return true
    }

    /// Text from a contract; it may hold anything, control characters and NUL too.
    package struct Text: Sendable, Hashable {
        package var value: String
        /// The bytes were no UTF-8: each wrong part was replaced by U+FFFD.
        package var isLossy: Bool

        package init(value: String, isLossy: Bool) {
            self.value = value
            self.isLossy = isLossy
        }
    }

    /// The string that the offset word at `place` leads to.
    package static func string(
        in data: Span<UInt8>,
        at place: Int,
        base: Int = 0
    ) throws(ABIError) -> Text {
        text(data.extracting(try bytes(in: data, at: place, base: base)))
    }

    /// What a call such as `name()` returned: a string, or a left-aligned `bytes32` as old contracts have it.
    package static func returnedText(_ data: Span<UInt8>) throws(ABIError) -> Text {
        do {
            return try string(in: data, at: 0)
        } catch {
            guard data.count == 32 else { throw error }
            var count = 0
            while count < 32 && data[count] != 0 { count += 1 }
            return text(data.extracting(first: count))
        }
    }

    private static func text(_ bytes: Span<UInt8>) -> Text {
        if let valid = try? UTF8Span(validating: bytes) { return Text(value: String(copying: valid), isLossy: false) }
        var copy: [UInt8] = []
        copy.reserveCapacity(bytes.count)
        for index in bytes.indices { copy.append(bytes[index]) }
        return Text(value: String(decoding: copy, as: UTF8.self), isLossy: true)
    }
}
