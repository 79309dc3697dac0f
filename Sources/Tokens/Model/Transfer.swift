package import Ethereum

/// Where on its chain a transfer stands: block, log in the block, position in the log.
///
/// The order of places is the order of events. An ERC-1155 batch carries many transfers in one log, hence the ordinal.
package struct Place: Sendable, Hashable, Comparable {
    package var block: BlockNumber
    package var logIndex: UInt32
    package var ordinal: UInt32

    @inlinable
    package init(block: BlockNumber, logIndex: UInt32, ordinal: UInt32 = 0) {
        self.block = block
        self.logIndex = logIndex
        self.ordinal = ordinal
    }

    @inlinable
    package static func < (left: Place, right: Place) -> Bool {
        #if MUTANTS
            if Mutant.is(.placeByBlock) { return left.block < right.block }
        #endif
        if left.block != right.block { return left.block < right.block }
        if left.logIndex != right.logIndex { return left.logIndex < right.logIndex }
        return left.ordinal < right.ordinal
    }
}

extension Place {
    /// Behind every event of a block: where an owner stands that the contract itself named in the state after it.
    ///
    /// No log has such an index: a block's gas does not pay for two thousand million of them.
    package static func opening(after block: BlockNumber) -> Place {
        Place(block: block, logIndex: openingIndex, ordinal: .max)
    }

    /// Whether no event stands there, but what a snapshot read.
    package var isOpening: Bool { logIndex == Self.openingIndex && ordinal == .max }

    private static let openingIndex = UInt32(Int32.max)
}

/// How a standard's holdings follow from its transfers.
package enum HoldingRule: Sendable, Hashable {
    /// One owner: the `to` of the transfer with the greatest place (ERC-721).
    case unique
    /// Balances: exact signed sums (ERC-1155).
    case counted

    /// The standard's name in answers and exports.
    package var standard: String {
        switch self {
        case .unique: "erc721"
        case .counted: "erc1155"
        }
    }
}

/// The kinds of event a transfer can come from.
///
/// The raw value is stored: never reuse or renumber one.
package enum TransferKind: UInt8, Sendable, Hashable, CaseIterable {
    /// ERC-721 `Transfer` with four topics.
    case erc721 = 1
    /// ERC-1155 `TransferSingle`.
    case erc1155Single = 2
    /// ERC-1155 `TransferBatch`; one transfer for each position.
    case erc1155Batch = 3
    /// `Transfer` with fewer than three indexed arguments, three words in all (CryptoKitties): an NFT by presumption, or by
    /// the rule of its contract.
    case unindexed721 = 4
    /// ERC-2309 `ConsecutiveTransfer`: only in ranges, never as a single transfer.
    case erc2309 = 5
    /// An event of ``CryptoPunks``.
    case cryptoPunk = 6

    /// The kind in answers and exports.
    package var name: String {
        switch self {
        case .erc721: "erc721"
        case .erc1155Single: "erc1155-single"
        case .erc1155Batch: "erc1155-batch"
        case .unindexed721: "erc721-unindexed"
        case .erc2309: "erc2309-range"
        case .cryptoPunk: "cryptopunks"
        }
    }

    @inlinable
    package var rule: HoldingRule {
        switch self {
        case .erc721, .unindexed721, .erc2309, .cryptoPunk: .unique
        case .erc1155Single, .erc1155Batch: .counted
        }
    }
}

/// What is peculiar about a transfer that was applied all the same.
///
/// Stored: never renumber a bit.
package struct TransferFlags: OptionSet, Sendable, Hashable {
    package let rawValue: UInt8

    @inlinable
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    /// The shape is shared with old ERC-20 tokens; that this is an NFT is presumed.
    package static let presumed = TransferFlags(rawValue: 1)
    /// The log carries more data than the standard says.
    package static let extraData = TransferFlags(rawValue: 2)
    /// The log names no receiver; who it is says the log before (see ``CryptoPunks``).
    package static let receiverBefore = TransferFlags(rawValue: 4)
}

/// What moved, from whom, to whom, where on the chain: one row of the first layer of truth.
package struct Transfer: Sendable, Hashable {
    package var place: Place
    package var contract: Address
    package var token: U256
    package var from: Address
    package var to: Address
    /// Who moved it.
    ///
    /// Equal to `from` where the standard does not say (ERC-721).
    package var `operator`: Address
    package var amount: U256
    package var transactionHash: Hash32
    package var transactionIndex: UInt32
    package var kind: TransferKind
    package var flags: TransferFlags

    @inlinable
    package init(
        place: Place,
        contract: Address,
        token: U256,
        from: Address,
        to: Address,
        operator: Address,
        amount: U256,
        transactionHash: Hash32,
        transactionIndex: UInt32,
        kind: TransferKind,
        flags: TransferFlags
    ) {
        self.place = place
        self.contract = contract
        self.token = token
        self.from = from
        self.to = to
        self.operator = `operator`
        self.amount = amount
        self.transactionHash = transactionHash
        self.transactionIndex = transactionIndex
        self.kind = kind
        self.flags = flags
    }
}

/// Many consecutive ids that moved in one event (ERC-2309), kept as two ends whatever their number.
package struct RangeTransfer: Sendable, Hashable {
    /// The ordinal is 0: one log, one range.
    package var place: Place
    package var contract: Address
    /// Both ends belong to the range; `first ≤ last`.
    package var first: U256
    package var last: U256
    package var from: Address
    package var to: Address
    package var transactionHash: Hash32
    package var transactionIndex: UInt32

    package init(
        place: Place,
        contract: Address,
        first: U256,
        last: U256,
        from: Address,
        to: Address,
        transactionHash: Hash32,
        transactionIndex: UInt32
    ) {
        self.place = place
        self.contract = contract
        self.first = first
        self.last = last
        self.from = from
        self.to = to
        self.transactionHash = transactionHash
        self.transactionIndex = transactionIndex
    }
}
