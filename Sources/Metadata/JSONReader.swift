/// The reader behind `JSONDocument`: recursive, since the depth is bounded.
struct JSONReader {
    private(set) var hasDuplicateKeys = false
    private(set) var hasLoneSurrogates = false
    private(set) var hasControlCharacters = false

    /// Valid UTF-8.
    private let bytes: [UInt8]
    private let stringMax: Int
    private var place = 0
    private var values = 0

    /// - Parameter stringMax: bytes of a string that is no picture.
    init(_ bytes: [UInt8], stringMax: Int = JSONDocument.stringMax) {
        self.bytes = bytes
        self.stringMax = stringMax
    }

    mutating func document() throws(JSONDefect) -> JSONValue {
        skipBlank(0)
        let value = try value(depth: 0)
        skipBlank(0)
        guard place == bytes.count else { throw .syntax }
        return value
    }

    // MARK: Tokens

    /// White space of the grammar, and `extra`.
    private mutating func skipBlank(_ extra: UInt8 = 0x20) {
        while place < bytes.count {
            let byte = bytes[place]
            guard byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 || byte == extra else { return }
            place += 1
        }
    }

    private func peek() -> UInt8? { place < bytes.count ? bytes[place] : nil }

    private mutating func takes(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        place += 1
        return true
    }

    private mutating func expect(_ text: StaticString) throws(JSONDefect) {
        for byte in text.description.utf8 {
            guard takes(byte) else { throw .syntax }
        }
    }

    // MARK: Values

    /// - Parameter depth: how many arrays and objects it is in.
    private mutating func value(depth: Int) throws(JSONDefect) -> JSONValue {
        values += 1
        guard values <= JSONDocument.valuesMax else { throw .tooManyValues }
        switch peek() {
        case ASCII.braceOpen:
            guard depth < JSONDocument.depthMax else { throw .tooDeep }
            return try object(depth: depth + 1)
        case 0x5B:
            guard depth < JSONDocument.depthMax else { throw .tooDeep }
            return try array(depth: depth + 1)
        case ASCII.quote: return .string(try string().text)
        case 0x74:
            try expect("true")
            return .bool(true)
        case 0x66:
            try expect("false")
            return .bool(false)
        case 0x6E:
            try expect("null")
            return .null
        default: return .number(try number())
        }
    }

    private mutating func array(depth: Int) throws(JSONDefect) -> JSONValue {
        place += 1
        skipBlank()
        var elements: [JSONValue] = []
        if takes(0x5D) { return .array(elements) }
        while true {
            skipBlank()
            elements.append(try value(depth: depth))
            skipBlank()
            if takes(0x5D) { return .array(elements) }
            guard takes(ASCII.comma) else { throw .syntax }
        }
    }

    private mutating func object(depth: Int) throws(JSONDefect) -> JSONValue {
        place += 1
        skipBlank()
        var members: [JSONValue.Member] = []
        // By bytes: text compares equal where bytes differ in how an accent is composed.
        var places: [[UInt8]: Int] = [:]
        if takes(ASCII.braceClose) { return .object(members) }
        while true {
            skipBlank()
            guard peek() == ASCII.quote else { throw .syntax }
            let name = try string()
            skipBlank()
            guard takes(ASCII.colon) else { throw .syntax }
            skipBlank()
            let value = try value(depth: depth)
            if let earlier = places[name] {
                hasDuplicateKeys = true
                members[earlier].value = value
            } else {
                places[name] = members.count
                members.append(JSONValue.Member(name.text, value))
            }
            skipBlank()
            if takes(ASCII.braceClose) { return .object(members) }
            guard takes(ASCII.comma) else { throw .syntax }
        }
    }

    private mutating func number() throws(JSONDefect) -> String {
        let start = place
        _ = takes(ASCII.hyphen)
        if !takes(0x30) { try digits() }
        if takes(ASCII.dot) { try digits() }
        if takes(0x65) || takes(0x45) {
            if !takes(0x2B) { _ = takes(ASCII.hyphen) }
            try digits()
        }
        guard place - start <= JSONDocument.numberMax else { throw .numberTooLong }
        return bytes[start..<place].text
    }

    private mutating func digits() throws(JSONDefect) {
        let start = place
        while let byte = peek(), ASCII.isDigit(byte) { place += 1 }
        guard place > start else { throw .syntax }
    }

    // MARK: Strings

    /// At a quote; the text's bytes, valid UTF-8.
    private mutating func string() throws(JSONDefect) -> [UInt8] {
        place += 1
        var out: [UInt8] = []
        while let byte = peek() {
            // What stands for itself is copied in one go.
            let start = place
            while place < bytes.count, bytes[place] != ASCII.quote, bytes[place] != ASCII.backslash,
                bytes[place] >= 0x20
            {
                place += 1
            }
            out += bytes[start..<place]
            guard out.count <= stringMax || isPicture(out) else { throw .stringTooLong }
            if place > start { continue }
            place += 1
            switch byte {
            case ASCII.quote: return out
            case ASCII.backslash: try escape(to: &out)
            case 0x0A, 0x0D, 0x09:
                // Not allowed, and common in descriptions that people typed.
                hasControlCharacters = true
                out.append(byte)
            default: throw .syntax
            }
        }
        throw .syntax
    }

    private func isPicture(_ text: [UInt8]) -> Bool {
        text.count <= JSONDocument.pictureMax
            && (text.hasPrefixIgnoringCase("data:") || text.hasPrefixIgnoringCase("<svg"))
    }

    private mutating func escape(to out: inout [UInt8]) throws(JSONDefect) {
        guard let kind = peek() else { throw .syntax }
        place += 1
        switch kind {
        case ASCII.quote, ASCII.backslash, ASCII.slash: out.append(kind)
        case 0x62: out.append(0x08)
        case 0x66: out.append(0x0C)
        case 0x6E: out.append(0x0A)
        case 0x72: out.append(0x0D)
        case 0x74: out.append(0x09)
        case 0x75: out += Array(String(try character()).utf8)
        default: throw .syntax
        }
    }

    /// Behind `\u`; two escapes where the first is the first half of a pair.
    private mutating func character() throws(JSONDefect) -> Unicode.Scalar {
        let first = try codeUnit()
        if let scalar = Unicode.Scalar(first) { return scalar }
        let resume = place
        if first < 0xDC00, takes(ASCII.backslash), takes(0x75) {
            let second = try codeUnit()
            if (0xDC00...0xDFFF).contains(second),
                let scalar = Unicode.Scalar(0x10000 + UInt32(first - 0xD800) << 10 + UInt32(second - 0xDC00))
            {
                return scalar
            }
        }
        // What follows is read again: it may be a whole character or the first half of another pair.
        place = resume
        hasLoneSurrogates = true
        return "\u{FFFD}"
    }

    private mutating func codeUnit() throws(JSONDefect) -> UInt16 {
        var value: UInt16 = 0
        for _ in 0..<4 {
            guard let byte = peek(), let digit = ASCII.hexDigit(byte) else { throw .syntax }
            value = value << 4 | UInt16(digit)
            place += 1
        }
        return value
    }
}
