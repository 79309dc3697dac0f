/// A vector of nft-edge-cases.md §11: logs in, and everything that must come of them.
package import Ethereum
package import Tokens

package struct Vector: Sendable, CustomStringConvertible {
    package var id: String
    /// Contracts that are read by a rule of their own.
    package var specials: [SpecialContract]
    package var blocks: [LogBlock]
    /// One text for each transfer, range and malformed log; see ``describe(_:)-(Transfer)``.
    package var rows: [String]
    package var ignored: Int
    /// The export's lines at the end.
    package var holdings: [String]
    /// Minted minus burned of each counted token, and by how many movements it is known.
    package var supplies: [String]
    /// Counted sums below zero at the end.
    package var negativeSums: Int
    /// A reorg at the end: what is above the block is replaced by these blocks.
    package var reorg: (keep: UInt64, blocks: [LogBlock], holdings: [String])?

    package init(
        _ id: String,
        specials: [SpecialContract] = [],
        blocks: [LogBlock],
        rows: [String],
        ignored: Int = 0,
        holdings: [String],
        supplies: [String] = [],
        negativeSums: Int = 0,
        reorg: (keep: UInt64, blocks: [LogBlock], holdings: [String])? = nil
    ) {
        self.id = id
        self.specials = specials
        self.blocks = blocks
        self.rows = rows
        self.ignored = ignored
        self.holdings = holdings
        self.supplies = supplies
        self.negativeSums = negativeSums
        self.reorg = reorg
    }

    package var description: String { id }

    package var decoded: DecodedLogs { decode(blocks, by: rules) }
    package var rules: ContractRules { .of(specials) }
}

extension ContractRules {
    /// As a store gives them, which keeps a rule with its contract's scope.
    package static func of(_ specials: [SpecialContract]) -> ContractRules {
        ContractRules(
            specials.enumerated().map { index, special in
                Scope(
                    id: Int64(index),
                    contract: special.address,
                    firstBlock: 0,
                    isActive: true,
                    rule: special.rule
                )
            }
        )
    }
}

package func decode(_ blocks: [LogBlock], by rules: ContractRules = .none) -> DecodedLogs {
    var out = DecodedLogs()
    TokenStandards.decode(page(blocks), by: rules, into: &out)
    return out
}

/// 2^256−1 reads "max", other numbers decimal.
package func describe(_ number: U256) -> String { number == .max ? "max" : number.decimal }

/// Addresses of ``account(_:)`` read as their number.
package func describe(_ address: Address) -> String {
    address.high == 0 && address.middle == 0 ? "\(address.low)" : address.hex
}

private func describe(_ place: Place) -> String { "\(place.block).\(place.logIndex).\(place.ordinal)" }

/// `block.log.ordinal kind contract#token from>to xAmount`, then "by operator" where it is not the sender, then flags.
package func describe(_ transfer: Transfer) -> String {
    let kind =
        switch transfer.kind {
        case .erc721: "721"
        case .erc1155Single: "single"
        case .erc1155Batch: "batch"
        case .unindexed721: "unindexed"
        case .erc2309: "2309"
        case .cryptoPunk: "punk"
        }
    var text = "\(describe(transfer.place)) \(kind) \(describe(transfer.contract))#\(describe(transfer.token)) "
    text += "\(describe(transfer.from))>\(describe(transfer.to)) x\(describe(transfer.amount))"
    if transfer.operator != transfer.from { text += " by \(describe(transfer.operator))" }
    if transfer.flags.contains(.presumed) { text += " presumed" }
    if transfer.flags.contains(.extraData) { text += " extra" }
    if transfer.flags.contains(.receiverBefore) { text += " before" }
    return text
}

package func describe(_ range: RangeTransfer) -> String {
    "\(describe(range.place)) range \(describe(range.contract))#\(describe(range.first))…\(describe(range.last)) "
        + "\(describe(range.from))>\(describe(range.to))"
}

package func describe(_ log: MalformedLog) -> String {
    "\(describe(log.place)) malformed \(describe(log.contract)) \(log.reason.rawValue)"
}

/// `contract#token owner xAmount`, with `…last` for runs; unique and counted ledgers told apart by "u" and "c".
package func describe(_ line: HoldingLine) -> String {
    let last = line.tokenTo.map { "…" + describe($0) } ?? ""
    let rule = line.rule == .unique ? "u" : "c"
    return "\(rule) \(describe(line.contract))#\(describe(line.token))\(last) \(describe(line.owner)) x\(line.amount)"
}

extension DecodedLogs {
    /// All rows as text, in order of places.
    package var described: [String] {
        let texts =
            transfers.map { ($0.place, describe($0)) } + ranges.map { ($0.place, describe($0)) }
            + malformed.map { ($0.place, describe($0)) }
        return texts.sorted { $0.0 < $1.0 }.map(\.1)
    }
}
