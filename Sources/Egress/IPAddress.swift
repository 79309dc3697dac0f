/// An IP address as a number, and the one spelling of it that is taken.

/// Four or sixteen bytes; zones (`%eth0`) are not part of it.
package enum IPAddress: Sendable, Hashable {
    case v4(UInt32)
    /// The upper and the lower half.
    case v6(UInt64, UInt64)

    /// Nil unless there are 4 or 16 bytes, in network order.
    package init?(bytes: some Collection<UInt8>) {
        switch bytes.count {
        case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16:
            let halves = (bytes.prefix(8), bytes.dropFirst(8))
            self = .v6(halves.0.reduce(0) { $0 << 8 | UInt64($1) }, halves.1.reduce(0) { $0 << 8 | UInt64($1) })
        default: return nil
        }
    }

    /// Reads a canonical dotted quad, or IPv6 without brackets (RFC 4291 §2.2).
    ///
    /// `127.1`, `0x7f.0.0.1`, `0177.0.0.1` and the like are nil.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        if let number = Self.quad(bytes[...]) {
            self = .v4(number)
        } else if let groups = Self.groups(bytes) {
            let halves = (groups.prefix(4), groups.dropFirst(4))
            self = .v6(halves.0.reduce(0) { $0 << 16 | UInt64($1) }, halves.1.reduce(0) { $0 << 16 | UInt64($1) })
        } else {
            return nil
        }
    }

    /// The IPv4 address where this is one in IPv6's clothes (`::ffff:0:0/96`): both reach the same socket.
    package var unmapped: IPAddress {
        guard case .v6(0, let low) = self, low >> 32 == 0xFFFF else { return self }
        return .v4(UInt32(truncatingIfNeeded: low))
    }

    private static func quad(_ bytes: ArraySlice<UInt8>) -> UInt32? {
        let parts = bytes.split(separator: 0x2E, omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var number: UInt32 = 0
        for part in parts {
            // A leading zero means octal to some.
            guard (1...3).contains(part.count), part.count == 1 || part.first != 0x30 else { return nil }
            guard part.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            let value = part.reduce(UInt32(0)) { $0 * 10 + UInt32($1 - 0x30) }
            guard value <= 255 else { return nil }
            number = number << 8 | value
        }
        return number
    }

    /// Eight groups, of which a run of zeros may be left out once.
    private static func groups(_ bytes: [UInt8]) -> [UInt16]? {
        // Longest: six groups and a dotted quad.
        guard (2...45).contains(bytes.count), bytes.contains(0x3A) else { return nil }
        var parts = bytes.split(separator: 0x3A, omittingEmptySubsequences: false)
        // `::` at an end splits into two empty parts; one of them is no gap but the edge.
        // A lone colon there is nothing.
        if bytes.starts(with: [0x3A, 0x3A]) { parts.removeFirst() } else if bytes.first == 0x3A { return nil }
        if bytes.suffix(2) == [0x3A, 0x3A] { parts.removeLast() } else if bytes.last == 0x3A { return nil }
        var groups: [UInt16] = []
        var gap: Int?
        for (index, part) in parts.enumerated() {
            if part.isEmpty {
                guard gap == nil else { return nil }
                gap = groups.count
            } else if index == parts.count - 1, let number = quad(part) {
                groups += [UInt16(number >> 16), UInt16(truncatingIfNeeded: number)]
            } else {
                guard part.count <= 4, part.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }) else { return nil }
                guard let group = UInt16(String(decoding: part, as: UTF8.self), radix: 16) else { return nil }
                groups.append(group)
            }
        }
        guard let gap else { return groups.count == 8 ? groups : nil }
        guard groups.count < 8 else { return nil }
        groups.insert(contentsOf: repeatElement(0, count: 8 - groups.count), at: gap)
        return groups
    }
}

extension IPAddress: CustomStringConvertible {
    /// A dotted quad, or eight groups with no run left out: every reader takes that in the same way.
    package var description: String {
        switch self {
        case .v4(let number):
            [24, 16, 8, 0].map { String(number >> UInt32($0) & 0xFF) }.joined(separator: ".")
        case .v6(let high, let low):
            [high, low].flatMap { half in
                [48, 32, 16, 0].map { String(half >> UInt64($0) & 0xFFFF, radix: 16) }
            }.joined(separator: ":")
        }
    }
}
