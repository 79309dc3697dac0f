/// A JSON text as a tree: enough to read what clients ask a simulated node, and nothing that has to be fast.
indirect enum RequestText: Sendable, Equatable {
    case null
    case bool(Bool)
    /// As written.
    case number(String)
    case string(String)
    case array([RequestText])
    case object([String: RequestText])

    /// nil for anything that is not one JSON text.
    init?(_ bytes: [UInt8]) {
        var reader = Reader(bytes: bytes)
        guard let value = reader.value(depth: 0), reader.isAtEnd else { return nil }
        self = value
    }

    var items: [RequestText]? { if case .array(let items) = self { items } else { nil } }
    var text: String? { if case .string(let text) = self { text } else { nil } }

    subscript(name: String) -> RequestText? { if case .object(let fields) = self { fields[name] } else { nil } }

    private struct Reader {
        let bytes: [UInt8]
        var place = 0

        init(bytes: [UInt8]) {
            self.bytes = bytes
        }

        private mutating func skipSpace() {
            while place < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[place]) { place += 1 }
        }

        var isAtEnd: Bool { bytes[place...].allSatisfy { $0 <= 0x20 } }

        private mutating func takes(_ byte: Character) -> Bool {
            skipSpace()
            guard place < bytes.count, bytes[place] == byte.asciiValue else { return false }
            place += 1
            return true
        }

        mutating func value(depth: Int) -> RequestText? {
            guard depth < 16 else { return nil }
            if takes("{") { return object(depth) }
            if takes("[") { return array(depth) }
            skipSpace()
            guard place < bytes.count else { return nil }
            if bytes[place] == 0x22 { return string().map { .string($0) } }
            let start = place
            while place < bytes.count, ![0x2C, 0x5D, 0x7D].contains(bytes[place]), bytes[place] > 0x20 { place += 1 }
            switch String(decoding: bytes[start..<place], as: UTF8.self) {
            case "null": return .null
            case "true": return .bool(true)
            case "false": return .bool(false)
            case let text: return text.isEmpty ? nil : .number(text)
            }
        }

        private mutating func array(_ depth: Int) -> RequestText? {
            var items: [RequestText] = []
            if takes("]") { return .array(items) }
            repeat {
                guard let item = value(depth: depth + 1) else { return nil }
                items.append(item)
            } while takes(",")
            return takes("]") ? .array(items) : nil
        }

        private mutating func object(_ depth: Int) -> RequestText? {
            var fields: [String: RequestText] = [:]
            if takes("}") { return .object(fields) }
            repeat {
                skipSpace()
                guard let name = string(), takes(":"), let field = value(depth: depth + 1) else { return nil }
                fields[name] = field
            } while takes(",")
            return takes("}") ? .object(fields) : nil
        }

        /// Escapes are left as they stand: no name or value that a node understands has any.
        private mutating func string() -> String? {
            guard place < bytes.count, bytes[place] == 0x22 else { return nil }
            let start = place + 1
            var end = start
            while end < bytes.count, bytes[end] != 0x22 { end += bytes[end] == 0x5C ? 2 : 1 }
            guard end < bytes.count else { return nil }
            place = end + 1
            return String(decoding: bytes[start..<end], as: UTF8.self)
        }
    }
}
