/// The host of a web address, read so that no two readers can understand two hosts.

/// A name or an address; whether it may be asked at all is decided elsewhere, on the address that is connected to.
package enum WebHost: Sendable, Hashable {
    /// Lower-case letters, digits and hyphens in labels; international names only as `xn--…`.
    case name(String)
    /// Four bytes, the first one highest.
    case ipv4(UInt32)
    /// Sixteen bytes.
    case ipv6(high: UInt64, low: UInt64)

    /// Characters, RFC 1035 §2.3.4.
    package static let nameMax = 253
    package static let labelMax = 63

    /// Reads what stands between the user part and the port, brackets included.
    ///
    /// - Throws: `badHost` for everything that is not certain: a label that is none, a trailing dot, a last label that
    ///   looks like a number (`127.1`, `2130706433`, `0x7f.1`) unless the whole is a canonical dotted quad, zone ids.
    init(_ text: ArraySlice<UInt8>) throws(URIDefect) {
        if text.first == 0x5B {
            guard text.last == 0x5D, text.count > 2, let (high, low) = Self.ipv6(text.dropFirst().dropLast()) else {
                throw .badHost
            }
            self = .ipv6(high: high, low: low)
            return
        }
        let labels = text.split(separator: ASCII.dot, omittingEmptySubsequences: false)
        guard let last = labels.last else { throw .badHost }
        if Self.looksNumeric(last) {
            guard let address = Self.ipv4(text) else { throw .badHost }
            self = .ipv4(address)
            return
        }
        guard text.count <= Self.nameMax, labels.allSatisfy(Self.isLabel) else { throw .badHost }
        self = .name(text.lowercasedASCII)
    }

    /// As it stands in a URL: version 6 in brackets and in the form of RFC 5952.
    package var text: String {
        switch self {
        case .name(let name): name
        case .ipv4(let address): [24, 16, 8, 0].map { String(address >> $0 & 0xFF) }.joined(separator: ".")
        case .ipv6(let high, let low): "[\(Self.ipv6Text(high, low))]"
        }
    }

    // MARK: Names

    static func isLabel(_ label: ArraySlice<UInt8>) -> Bool {
        (1...labelMax).contains(label.count) && label.first != ASCII.hyphen && label.last != ASCII.hyphen
            && label.allSatisfy { ASCII.isLetter($0) || ASCII.isDigit($0) || $0 == ASCII.hyphen }
    }

    /// What some reader takes for the last part of an IPv4 address (WHATWG URL, "ends in a number").
    private static func looksNumeric(_ label: ArraySlice<UInt8>) -> Bool {
        guard !label.isEmpty else { return false }
        if label.allSatisfy(ASCII.isDigit) { return true }
        return label.hasPrefixIgnoringCase("0x") && label.dropFirst(2).allSatisfy { ASCII.hexDigit($0) != nil }
    }

    // MARK: Addresses

    /// Exactly four decimal numbers without leading zeros.
    static func ipv4(_ text: ArraySlice<UInt8>) -> UInt32? {
        let parts = text.split(separator: ASCII.dot, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var address: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.count), part.allSatisfy(ASCII.isDigit),
                part.count == 1 || part.first != 0x30
            else { return nil }
            let value = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 0x30) }
            guard value <= 255 else { return nil }
            address = address << 8 | value
        }
        return address
    }

    /// RFC 4291 §2.2, without a zone.
    static func ipv6(_ text: ArraySlice<UInt8>) -> (high: UInt64, low: UInt64)? {
        var groups: [UInt16] = []
        if let gap = text.indices.dropLast().first(where: { text[$0] == ASCII.colon && text[$0 + 1] == ASCII.colon }) {
            guard let left = self.groups(text[..<gap], endsAddress: false),
                let right = self.groups(text[(gap + 2)...], endsAddress: true), left.count + right.count <= 7
            else { return nil }
            groups = left + [UInt16](repeating: 0, count: 8 - left.count - right.count) + right
        } else {
            guard let all = self.groups(text, endsAddress: true), all.count == 8 else { return nil }
            groups = all
        }
        let halves = [groups[..<4], groups[4...]].map { $0.reduce(UInt64(0)) { $0 << 16 | UInt64($1) } }
        return (halves[0], halves[1])
    }

    private static func groups(_ text: ArraySlice<UInt8>, endsAddress: Bool) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        let parts = text.split(separator: ASCII.colon, omittingEmptySubsequences: false)
        guard parts.count <= 8 else { return nil }
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if endsAddress, index == parts.count - 1, part.contains(ASCII.dot) {
                guard let address = ipv4(part) else { return nil }
                groups += [UInt16(address >> 16), UInt16(truncatingIfNeeded: address)]
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var value: UInt16 = 0
            for character in part {
                guard let digit = ASCII.hexDigit(character) else { return nil }
                value = value << 4 | UInt16(digit)
            }
            groups.append(value)
        }
        return groups
    }

    private static func ipv6Text(_ high: UInt64, _ low: UInt64) -> String {
        let groups = [high, low].flatMap { half in
            [48, 32, 16, 0].map { UInt16(truncatingIfNeeded: half >> UInt64($0)) }
        }
        var gap = 0..<0
        for start in groups.indices {
            let length = groups[start...].prefix { $0 == 0 }.count
            if length > 1, length > gap.count { gap = start..<(start + length) }
        }
        let parts = groups.map { String($0, radix: 16) }
        guard !gap.isEmpty else { return parts.joined(separator: ":") }
        return parts[..<gap.lowerBound].joined(separator: ":") + "::"
            + parts[gap.upperBound...].joined(separator: ":")
    }
}
