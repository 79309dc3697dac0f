/// What was checked about a range before it was committed.
///
/// A set, because the checks are independent. Stored.
package struct Evidence: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// Bound to block hashes: the endpoint named the range's last block before and after the logs, with one hash.
    package static let anchored = Evidence(rawValue: 1)
    /// Every header's bloom was read.
    package static let bloom = Evidence(rawValue: 2)
    /// Receipts roots were recomputed: the only proof of completeness.
    package static let receipts = Evidence(rawValue: 4)
    /// Two operators agreed.
    package static let corroborated = Evidence(rawValue: 8)

    /// The highest level of design whose checks are all in the set: 0 when an endpoint merely said so.
    package var level: Int {
        guard contains(.anchored) else { return 0 }
        guard contains(.bloom) || contains(.receipts) else { return 1 }
        guard contains(.receipts) else { return 2 }
        return contains(.corroborated) ? 4 : 3
    }
}

/// How far an answer is to be checked before it is believed: what an operator asks for with `--evidence`.
///
/// What was reached is kept with each range as ``Evidence``; what a chain or its endpoints cannot give is gone without, and
/// shows there.
package enum EvidenceLevel: Int, Sendable, Hashable, CaseIterable, Comparable {
    /// An endpoint said so.
    case trusted = 0
    /// Bound to block hashes, read before and after.
    case anchored = 1
    /// And every header read and linked to its parent: empty blocks proved empty by their blooms, suspicious ones by their
    /// receipts.
    case bloom = 2
    /// And every block that may have logs proved complete from its receipts, every header from its hash.
    case receipts = 3
    /// And the last block of each range served by two operators.
    case corroborated = 4

    /// "L0" … "L4".
    package var name: String { "L\(rawValue)" }

    package init?(name: String) {
        guard let level = Self.allCases.first(where: { $0.name == name.uppercased() }) else { return nil }
        self = level
    }

    package static func < (left: EvidenceLevel, right: EvidenceLevel) -> Bool { left.rawValue < right.rawValue }
}
