/// What the tests of this module share: logs with any bytes, and naive models.
import Ethereum
import TokenFixtures
import Tokens

extension SplitMix64 {
    mutating func bytes(_ count: Int) -> [UInt8] { (0..<count).map { _ in UInt8(truncatingIfNeeded: next()) } }

    /// A 32-byte word as hostile data has them: small numbers that may be offsets and lengths, or noise.
    mutating func hostileWord() -> Hash32 {
        switch below(6) {
        case 0: U256(below(5) * 32).word
        case 1: U256(below(6)).word
        case 2: account(UInt32(below(4))).word
        case 3: edgyNumber().word
        case 4: U256(UInt64.max - below(64)).word
        default: Hash32(w0: next(), w1: next(), w2: next(), w3: next())
        }
    }

    /// A log with a topic of ours, mostly, and anything behind it.
    mutating func hostileLog() -> LogSpec {
        let known = [
            Topics.transfer, Topics.single, Topics.batch, Topics.consecutive, Topics.approval,
            Topics.assign, Topics.punkTransfer, Topics.punkBought,
        ]
        var topics: [Hash32] = []
        if below(40) != 0 { topics.append(known[Int(below(8))]) }
        for _ in 0..<min(below(5), topics.isEmpty ? 0 : 3) { topics.append(hostileWord()) }
        var data: [UInt8] = []
        for _ in 0..<below(10) { data.append(contentsOf: hostileWord().bytes) }
        if below(4) == 0 { data.append(contentsOf: bytes(Int(below(40)))) }
        if below(4) == 0, !data.isEmpty { data.removeLast(Int(below(UInt64(data.count)))) }
        return LogSpec(account(UInt32(1 + below(3))), topics: topics, data: data, transaction: UInt32(below(3)))
    }

    /// A transfer between few accounts of few tokens, at `place`.
    mutating func transfer(at place: Place) -> Transfer {
        let counted = below(2) == 0
        return Transfer(
            place: place,
            contract: account(100 + UInt32(below(3))),
            token: edgyNumber(),
            from: account(UInt32(below(4))),
            to: account(UInt32(below(4))),
            operator: account(UInt32(below(4))),
            amount: counted ? edgyNumber() : .one,
            transactionHash: hash(place.block),
            transactionIndex: UInt32(below(3)),
            kind: counted ? .erc1155Single : .erc721,
            flags: []
        )
    }

    mutating func transfers(_ count: Int) -> [Transfer] {
        var out: [Transfer] = []
        for index in 0..<UInt32(count) {
            let place = Place(block: UInt64(index / 4), logIndex: index % 4 / 2, ordinal: index % 2)
            out.append(transfer(at: place))
        }
        return out
    }
}

func range(
    _ first: U256,
    through last: U256,
    to owner: UInt32,
    at block: UInt64,
    log: UInt32 = 0
) -> RangeTransfer {
    RangeTransfer(
        place: Place(block: block, logIndex: log),
        contract: account(100),
        first: first,
        last: last,
        from: .zero,
        to: account(owner),
        transactionHash: hash(block),
        transactionIndex: 0
    )
}

/// `base` + `offset`; the base is chosen so that it does not wrap.
func number(_ base: U256, _ offset: UInt64) -> U256 { base.addingReportingOverflow(U256(offset)).partialValue }
