/// Error objects as nodes really send them: a string instead of an object, a code as a string, no message at all.

extension NodeError {
    /// Scans whatever stands where the error object belongs.
    static func scan(_ cursor: inout JSONCursor) throws(ScanError) -> NodeError {
        switch cursor.peek() {
        case 0x7B: return try object(&cursor)
        case 0x22: return NodeError(message: cursor.decoded(try cursor.string()))
        default: return NodeError(message: try cursor.raw())
        }
    }

    private static func object(_ cursor: inout JSONCursor) throws(ScanError) -> NodeError {
        try cursor.expect(0x7B)
        var error = NodeError()
        guard !cursor.takes(0x7D) else { return error }
        repeat {
            let key = try cursor.string()
            try cursor.expect(0x3A)
            if cursor.equals(key, "code") {
                error.code = try code(&cursor)
            } else if cursor.equals(key, "message") {
                error.message = cursor.peek() == 0x22 ? cursor.decoded(try cursor.string()) : try cursor.raw()
            } else if cursor.equals(key, "data") {
                error.data = try cursor.raw()
            } else {
                try cursor.skipValue()
            }
        } while try cursor.continues(until: 0x7D)
        return error
    }

    private static func code(_ cursor: inout JSONCursor) throws(ScanError) -> Int? {
        let isString = cursor.peek() == 0x22
        let start = cursor.place
        if isString {
            let slice = try cursor.string()
            return Int(cursor.decoded(slice))
        }
        try cursor.skipValue()
        return Int(String(decoding: cursor.text(start..<cursor.place), as: UTF8.self))
    }
}

extension JSONCursor {
    /// The raw text of the next value, shortened.
    fileprivate mutating func raw() throws(ScanError) -> String {
        _ = peek()
        let start = place
        try skipValue()
        return String(decoding: text(start..<min(place, start + Response.textBytesMax)), as: UTF8.self)
    }

    /// The string that a slice spells, shortened; a lone surrogate becomes U+FFFD.
    func decoded(_ slice: Slice) -> String {
        let bytes = text(slice.start..<(slice.start + min(slice.count, Response.textBytesMax)))
        guard slice.isEscaped else { return String(decoding: bytes, as: UTF8.self) }
        var units: [UInt16] = []
        var index = 0
        var plain: [UInt8] = []
        func flush() {
            units += String(decoding: plain, as: UTF8.self).utf16
            plain = []
        }
        while index < bytes.count {
            guard bytes[index] == 0x5C, index + 1 < bytes.count else {
                plain.append(bytes[index])
                index += 1
                continue
            }
            let letter = bytes[index + 1]
            if letter == 0x75 {
                guard index + 6 <= bytes.count else { break }
                flush()
                units.append(bytes[(index + 2)..<(index + 6)].reduce(0) { $0 << 4 | UInt16(SWAR.digit($1) ?? 0) })
                index += 6
            } else {
                plain.append(Self.unescaped[letter] ?? letter)
                index += 2
            }
        }
        flush()
        return String(decoding: units, as: UTF16.self)
    }

    private static let unescaped: [UInt8: UInt8] = [0x62: 0x08, 0x66: 0x0C, 0x6E: 0x0A, 0x72: 0x0D, 0x74: 0x09]
}
