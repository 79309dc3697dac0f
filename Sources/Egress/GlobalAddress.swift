/// Which addresses belong to the public internet; everything else is refused.
///
/// Sources: IANA IPv4 and IPv6 Special-Purpose Address Registries, IPv6 Global Unicast Address Assignments. Where a
/// registry calls a special range reachable (AS112, AMT, anycast for PCP and TURN), it is refused all the same: no
/// collection keeps its metadata there.
package enum GlobalAddress {
    /// A range that is not for us.
    struct Special: Sendable {
        var prefix: IPAddress
        var length: Int
        var name: String
        var source: String

        func contains(_ address: IPAddress) -> Bool {
            switch (prefix, address) {
            case (.v4(let mine), .v4(let other)):
                return length == 0 || (mine ^ other) >> UInt32(32 - length) == 0
            case (.v6(let high, let low), .v6(let otherHigh, let otherLow)):
                guard length > 64 else { return length == 0 || (high ^ otherHigh) >> UInt64(64 - length) == 0 }
                return high == otherHigh && (low ^ otherLow) >> UInt64(128 - length) == 0
            default: return false
            }
        }
    }

    /// Whether a public server can have it.
    package static func isGlobal(_ address: IPAddress) -> Bool { refusal(address) == nil }

    /// Of 4 or 16 bytes in network order; any other count is not global.
    package static func isGlobal(bytes: some Collection<UInt8>) -> Bool {
        IPAddress(bytes: bytes).map(isGlobal) ?? false
    }

    /// Nil when it is global; otherwise the range that it lies in, in words.
    package static func refusal(_ address: IPAddress) -> String? {
        switch address {
        case .v4:
            return v4.first { $0.contains(address) }.map { "\($0.name) (\($0.source))" }
        case .v6(let high, let low):
            if let (kind, embedded) = embedded(high, low) {
                return embedded.lazy.compactMap { refusal(.v4($0)) }.first.map { "\(kind) of \($0)" }
            }
            if let special = v6.first(where: { $0.contains(address) }) { return "\(special.name) (\(special.source))" }
            // Deny by default: IANA has given out global unicast from 2000::/3 only.
            return high >> 61 == 1 ? nil : "not global unicast (RFC 4291)"
        }
    }

    /// The IPv4 addresses that a packet to this one may end at; nil where there are none.
    private static func embedded(_ high: UInt64, _ low: UInt64) -> (kind: String, addresses: [UInt32])? {
        let last = UInt32(truncatingIfNeeded: low)
        if high == 0, low >> 32 == 0xFFFF { return ("IPv4-mapped (RFC 4291)", [last]) }
        if high == 0x0064_FF9B_0000_0000, low >> 32 == 0 { return ("NAT64 (RFC 6052)", [last]) }
        if high >> 48 == 0x2002 { return ("6to4 (RFC 3056)", [UInt32(truncatingIfNeeded: high >> 16)]) }
        // The server, and the client behind it with all bits turned.
        if high >> 32 == 0x2001_0000 { return ("Teredo (RFC 4380)", [UInt32(truncatingIfNeeded: high), ~last]) }
        return nil
    }

    private static func v4(
        _ a: UInt32,
        _ b: UInt32,
        _ c: UInt32,
        _ d: UInt32,
        _ length: Int,
        _ name: String,
        _ source: String
    )
        -> Special
    {
        Special(prefix: .v4(a << 24 | b << 16 | c << 8 | d), length: length, name: name, source: source)
    }

    private static func v6(_ high: UInt64, _ length: Int, _ name: String, _ source: String) -> Special {
        Special(prefix: .v6(high, 0), length: length, name: name, source: source)
    }

    static let v4: [Special] = [
        v4(0, 0, 0, 0, 8, "this network", "RFC 791"),
        v4(10, 0, 0, 0, 8, "private use", "RFC 1918"),
        v4(100, 64, 0, 0, 10, "shared address space", "RFC 6598"),
        v4(127, 0, 0, 0, 8, "loopback", "RFC 1122"),
        v4(168, 63, 129, 16, 32, "host agent of a cloud", "Azure documentation, IP address 168.63.129.16"),
        v4(169, 254, 0, 0, 16, "link local", "RFC 3927"),
        v4(172, 16, 0, 0, 12, "private use", "RFC 1918"),
        v4(192, 0, 0, 0, 24, "IETF protocol assignments", "RFC 6890"),
        v4(192, 0, 2, 0, 24, "documentation", "RFC 5737"),
        v4(192, 31, 196, 0, 24, "AS112", "RFC 7535"),
        v4(192, 52, 193, 0, 24, "AMT", "RFC 7450"),
        v4(192, 88, 99, 0, 24, "6to4 relay anycast", "RFC 7526"),
        v4(192, 168, 0, 0, 16, "private use", "RFC 1918"),
        v4(192, 175, 48, 0, 24, "AS112", "RFC 7534"),
        v4(198, 18, 0, 0, 15, "benchmarking", "RFC 2544"),
        v4(198, 51, 100, 0, 24, "documentation", "RFC 5737"),
        v4(203, 0, 113, 0, 24, "documentation", "RFC 5737"),
        v4(224, 0, 0, 0, 4, "multicast", "RFC 5771"),
        v4(240, 0, 0, 0, 4, "reserved, and limited broadcast", "RFC 1112, RFC 919"),
    ]

    /// Those with an IPv4 address inside are told apart before: see ``embedded(_:_:)``.
    static let v6: [Special] = [
        v6(0, 96, "unspecified, loopback and IPv4-compatible", "RFC 4291"),
        v6(0x0064_FF9B_0001_0000, 48, "local NAT64", "RFC 8215"),
        v6(0x0100_0000_0000_0000, 64, "discard only", "RFC 6666"),
        v6(0x0100_0000_0000_0001, 64, "dummy prefix", "RFC 9780"),
        v6(0x2001_0000_0000_0000, 23, "IETF protocol assignments", "RFC 2928"),
        v6(0x2001_0DB8_0000_0000, 32, "documentation", "RFC 3849"),
        v6(0x2620_004F_8000_0000, 48, "AS112", "RFC 7534"),
        v6(0x3FFE_0000_0000_0000, 16, "6bone, returned", "RFC 3701"),
        v6(0x3FFF_0000_0000_0000, 20, "documentation", "RFC 9637"),
        v6(0x5F00_0000_0000_0000, 16, "segment routing identifiers", "RFC 9602"),
        v6(0xFC00_0000_0000_0000, 7, "unique local", "RFC 4193"),
        v6(0xFE80_0000_0000_0000, 10, "link local", "RFC 4291"),
        v6(0xFEC0_0000_0000_0000, 10, "site local", "RFC 3879"),
        v6(0xFF00_0000_0000_0000, 8, "multicast", "RFC 4291"),
    ]
}
