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
