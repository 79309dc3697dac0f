package import Ethereum

/// What is kept of a block: the identity that every transfer in it hangs on.
package struct BlockRecord: Sendable, Hashable {
    package var number: BlockNumber
    package var hash: Hash32
    /// Seconds since 1970; nil until the chain was asked.
    package var timestamp: UInt64?
    package var role: Role

    /// Why the block is kept.
    ///
    /// Stored: never renumber a bit.
    package struct Role: OptionSet, Sendable, Hashable {
        package let rawValue: UInt8
        package init(rawValue: UInt8) { self.rawValue = rawValue }

        /// Rows hang on it; kept for ever.
        package static let events = Role(rawValue: 1)
        /// The last block of a range that was read: its hash binds the range; kept for ever.
        package static let anchor = Role(rawValue: 2)
    }

    package init(number: BlockNumber, hash: Hash32, timestamp: UInt64?, role: Role) {
        self.number = number
        self.hash = hash
        self.timestamp = timestamp
        self.role = role
    }
}
