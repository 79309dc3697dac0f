/// A byte cursor over one JSON text: strict grammar, bounded depth, no strings made, nothing allocated.
///
/// `@safe` because the pointer never leaves this type, every read is behind a comparison with `count`, and the only
/// way to make one is `reading(_:_:)`, whose scope keeps the bytes alive.
@safe
struct JSONCursor {
    private let base: UnsafeRawPointer
    let count: Int
    /// The next byte to look at; never beyond `count`.
    var place = 0

    /// Deeper than any answer of a node, shallow enough for any stack.
    static let depthMax = 64

    /// Characters of a string, between the quotes, as they stand in the text.
    struct Slice {
        var start: Int
        var count: Int
        /// Whether a backslash is in it; such a slice never equals a field name.
        var isEscaped: Bool
    }

    private init(unsafe bytes: UnsafeRawBufferPointer) {
        // An empty buffer may have no address; it is never read, because count is 0.
        unsafe base = bytes.baseAddress ?? UnsafeRawPointer(bitPattern: 8).unsafelyUnwrapped
        count = bytes.count
    }

    /// Runs `body` with a cursor at the first byte after a byte order mark, if there is one.
    static func reading<Value>(
        _ bytes: borrowing [UInt8],
        _ body: (inout JSONCursor) throws(ScanError) -> Value
    ) throws(ScanError) -> Value {
        // Unsafe: the buffer is valid for the scope of the closure only; the cursor cannot outlive it, being inout.
        try unsafe bytes.withUnsafeBufferPointer { buffer throws(ScanError) -> Value in
            var cursor = unsafe JSONCursor(unsafe: UnsafeRawBufferPointer(buffer))
            if cursor.count >= 3, cursor[0] == 0xEF, cursor[1] == 0xBB, cursor[2] == 0xBF { cursor.place = 3 }
            return try body(&cursor)
        }
    }

    // MARK: Reads

    /// - Precondition: `index < count`, which each caller has just compared.
    @inline(__always)
    subscript(index: Int) -> UInt8 {
        unsafe base.load(fromByteOffset: index, as: UInt8.self)
    }

    /// Eight bytes as they lie in memory.
    ///
    /// - Precondition: `index + 8 <= count`, which each caller has just compared for its whole field.
    @inline(__always)
    func word(at index: Int) -> UInt64 {
        UInt64(littleEndian: unsafe base.loadUnaligned(fromByteOffset: index, as: UInt64.self))
    }

    /// Skips white space and returns the byte there; 0, which is no JSON, at the end.
    @inline(__always)
    mutating func peek() -> UInt8 {
        while place < count {
            let byte = self[place]
            guard byte <= 0x20 else { return byte }
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 else { return 0 }
            place &+= 1
        }
        return 0
    }

    /// Moves over `byte`, which must be next.
    @inline(__always)
    mutating func expect(_ byte: UInt8) throws(ScanError) {
        guard peek() == byte, place < count else { throw .syntax(at: place) }
        place &+= 1
    }

    /// Moves over `byte` if it is next.
    @inline(__always)
    mutating func takes(_ byte: UInt8) -> Bool {
        guard peek() == byte, place < count else { return false }
        place &+= 1
        return true
    }

    /// Moves over `null` if it is next.
    @inline(__always)
    mutating func takesNull() throws(ScanError) -> Bool {
        guard peek() == UInt8(ascii: "n") else { return false }
        try literal("null")
        return true
    }

    /// After a member or an element: true when another follows, false after the closing byte.
    @inline(__always)
    mutating func continues(until close: UInt8) throws(ScanError) -> Bool {
        let byte = peek()
        guard place < count, byte == 0x2C || byte == close else { throw .syntax(at: place) }
        place &+= 1
        return byte == 0x2C
    }

    /// Nothing but white space may follow.
    mutating func expectEnd() throws(ScanError) {
        guard peek() == 0, place == count else { throw .syntax(at: place) }
    }

    /// Whether a slice is exactly this name.
    ///
    /// For names of up to sixteen characters two overlapping words decide; there are no longer ones in logs.
    @inline(__always)
    func equals(_ slice: Slice, _ name: StaticString) -> Bool {
        guard slice.count == name.utf8CodeUnitCount, !slice.isEscaped else { return false }
        var index = 0
        // Unsafe: a static string lives for ever, and both texts have at least `slice.count` bytes.
        let other = unsafe UnsafeRawPointer(name.utf8Start)
        while index &+ 8 <= slice.count {
            let word = UInt64(littleEndian: unsafe other.loadUnaligned(fromByteOffset: index, as: UInt64.self))
            guard word == self.word(at: slice.start &+ index) else { return false }
            index &+= 8
        }
        while index < slice.count {
            guard unsafe other.load(fromByteOffset: index, as: UInt8.self) == self[slice.start &+ index] else {
                return false
            }
            index &+= 1
        }
        return true
    }

    /// A copy of a stretch of the text; for errors and other rare things.
    func text(_ range: Range<Int>) -> [UInt8] {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "a stretch lies inside its text")
        return range.map { self[$0] }
    }

    // MARK: Strings

    /// Moves over a string: escapes, control characters and UTF-8 are checked, nothing is decoded.
    @inline(__always)
    mutating func string() throws(ScanError) -> Slice {
        try expect(0x22)
        let start = place
        while place &+ 8 <= count {
            let stops = SWAR.stops(word(at: place))
            if stops == 0 {
                place &+= 8
                continue
            }
            place &+= stops.trailingZeroBitCount >> 3
            if self[place] == 0x22 {
                place &+= 1
                return Slice(start: start, count: place &- 1 &- start, isEscaped: false)
            }
            break
        }
        return try stringRest(from: start)
    }

    @inline(never)
    private mutating func stringRest(from start: Int) throws(ScanError) -> Slice {
        var isEscaped = false
        while place < count {
            switch self[place] {
            case 0x22:
                place &+= 1
                return Slice(start: start, count: place &- 1 &- start, isEscaped: isEscaped)
            case 0x5C:
                isEscaped = true
                try escape()
            case 0x00..<0x20: throw .syntax(at: place)
            case 0x80...0xFF: try multibyte()
            default: place &+= 1
            }
        }
        throw .syntax(at: place)
    }

    private mutating func escape() throws(ScanError) {
        guard place + 1 < count else { throw .syntax(at: place) }
        switch self[place + 1] {
        case 0x22, 0x5C, 0x2F, 0x62, 0x66, 0x6E, 0x72, 0x74: place += 2
        case 0x75:
            guard place + 6 <= count else { throw .syntax(at: place) }
            for index in (place + 2)..<(place + 6) where SWAR.digit(self[index]) == nil { throw .syntax(at: index) }
            place += 6
        default: throw .syntax(at: place)
        }
    }

    /// One character beyond ASCII, by the table of RFC 3629.
    private mutating func multibyte() throws(ScanError) {
        let first = self[place]
        let length: Int
        var second: ClosedRange<UInt8> = 0x80...0xBF
        switch first {
        case 0xC2...0xDF: length = 2
        case 0xE0: (length, second) = (3, 0xA0...0xBF)
        case 0xED: (length, second) = (3, 0x80...0x9F)
        case 0xE1...0xEF: length = 3
        case 0xF0: (length, second) = (4, 0x90...0xBF)
        case 0xF1...0xF3: length = 4
        case 0xF4: (length, second) = (4, 0x80...0x8F)
        default: throw .syntax(at: place)
        }
        guard place + length <= count, second.contains(self[place + 1]) else { throw .syntax(at: place) }
        for index in (place + 2)..<max(place + 2, place + length) where self[index] & 0xC0 != 0x80 {
            throw .syntax(at: index)
        }
        place += length
    }

    // MARK: Values that are not looked at

    /// Moves over any value; all of it has to be valid.
    mutating func skipValue(depth: Int = 0) throws(ScanError) {
        guard depth < Self.depthMax else { throw .tooDeep(at: place) }
        switch peek() {
        case 0x22: _ = try string()
        case 0x7B:
            place &+= 1
            guard !takes(0x7D) else { return }
            repeat {
                _ = try string()
                try expect(0x3A)
                try skipValue(depth: depth + 1)
            } while try continues(until: 0x7D)
        case 0x5B:
            place &+= 1
            guard !takes(0x5D) else { return }
            repeat { try skipValue(depth: depth + 1) } while try continues(until: 0x5D)
        case UInt8(ascii: "t"): try literal("true")
        case UInt8(ascii: "f"): try literal("false")
        case UInt8(ascii: "n"): try literal("null")
        default: try skipNumber()
        }
    }

    /// Moves over an array and says how many elements it has; all of it has to be valid.
    mutating func elementCount(_ field: ScanError.Field) throws(ScanError) -> Int {
        let start = place
        guard takes(0x5B) else {
            try skipValue()
            throw .shape(field, at: start)
        }
        guard !takes(0x5D) else { return 0 }
        var count = 0
        repeat {
            try skipValue(depth: 1)
            count += 1
        } while try continues(until: 0x5D)
        return count
    }

    mutating func literal(_ text: StaticString) throws(ScanError) {
        let slice = Slice(start: place, count: text.utf8CodeUnitCount, isEscaped: false)
        guard place + slice.count <= count, equals(slice, text) else { throw .syntax(at: place) }
        place += slice.count
    }

    /// Moves over a number by JSON's grammar, so neither NaN nor a leading plus nor a leading zero.
    mutating func skipNumber() throws(ScanError) {
        if place < count, self[place] == 0x2D { place += 1 }
        if place < count, self[place] == 0x30 { place += 1 } else { try skipDigits() }
        if place < count, self[place] == 0x2E {
            place += 1
            try skipDigits()
        }
        guard place < count, self[place] | 0x20 == 0x65 else { return }
        place += 1
        if place < count, self[place] == 0x2B || self[place] == 0x2D { place += 1 }
        try skipDigits()
    }

    private mutating func skipDigits() throws(ScanError) {
        let start = place
        while place < count, self[place] &- 0x30 < 10 { place += 1 }
        guard place > start else { throw .syntax(at: place) }
    }
}
