/// The vectors of nft-edge-cases.md §11 that concern events; V23 (a storm) is built by its tests.
import Ethereum

private let nft = Contract(20)
private let items = Contract(30)

extension Vector {
    package static let all: [Vector] = unique + odd + special + counted + ranges + reorged

    private static let unique: [Vector] = [
        Vector(
            "V1 mint, three transfers in one transaction, burn and re-mint in one block",
            blocks: [
                LogBlock(1, [nft.moves(7, 0, to: 1)]),
                LogBlock(2, [nft.moves(7, 1, to: 2), nft.moves(7, 2, to: 3), nft.moves(7, 3, to: 1)]),
                LogBlock(3, [nft.moves(7, 1, to: 0), nft.moves(7, 0, to: 4).inTransaction(1)]),
            ],
            rows: [
                "1.0.0 721 20#7 0>1 x1", "2.0.0 721 20#7 1>2 x1", "2.1.0 721 20#7 2>3 x1", "2.2.0 721 20#7 3>1 x1",
                "3.0.0 721 20#7 1>0 x1", "3.1.0 721 20#7 0>4 x1",
            ],
            holdings: ["u 20#7 4 x1"]
        ),
        Vector(
            "V2 self transfer of the only token",
            blocks: [LogBlock(1, [nft.moves(1, 0, to: 1)]), LogBlock(2, [nft.moves(1, 1, to: 1)])],
            rows: ["1.0.0 721 20#1 0>1 x1", "2.0.0 721 20#1 1>1 x1"],
            holdings: ["u 20#1 1 x1"]
        ),
        Vector(
            "V3 zero to zero",
            blocks: [LogBlock(1, [nft.moves(3, 0, to: 0)])],
            rows: ["1.0.0 721 20#3 0>0 x1"],
            holdings: []
        ),
        Vector(
            "V4 from is not the owner",
            blocks: [LogBlock(1, [nft.moves(4, 0, to: 1)]), LogBlock(2, [nft.moves(4, 2, to: 3)])],
            rows: ["1.0.0 721 20#4 0>1 x1", "2.0.0 721 20#4 2>3 x1"],
            holdings: ["u 20#4 3 x1"]
        ),
        Vector(
            "V5 ids 2^256-1 and 0",
            blocks: [LogBlock(1, [nft.moves(.max, 0, to: 1), nft.moves(.zero, 0, to: 2)])],
            rows: ["1.0.0 721 20#max 0>1 x1", "1.1.0 721 20#0 0>2 x1"],
            holdings: ["u 20#0 2 x1", "u 20#max 1 x1"]
        ),
        Vector(
            "V18 interleaved 3- and 4-topic transfers of one contract",
            blocks: [
                LogBlock(1, [nft.pays(10, 0, to: 1), nft.moves(1, 0, to: 1), nft.pays(5, 1, to: 2)]),
                LogBlock(2, [nft.moves(1, 1, to: 0), nft.pays(5, 1, to: 2), nft.moves(1, 0, to: 2)]),
            ],
            rows: ["1.1.0 721 20#1 0>1 x1", "2.0.0 721 20#1 1>0 x1", "2.2.0 721 20#1 0>2 x1"],
            ignored: 3,
            holdings: ["u 20#1 2 x1"]
        ),
    ]

    private static let odd: [Vector] = [
        Vector(
            "V10 three topics without an override",
            blocks: [LogBlock(1, [nft.pays(77, 1, to: 2)])],
            rows: [],
            ignored: 1,
            holdings: []
        ),
        Vector(
            "V11 one topic, 96 bytes",
            blocks: [
                LogBlock(1, [nft.movesUnindexed(8, 0, to: 1)]), LogBlock(2, [nft.movesUnindexed(8, 1, to: 2)]),
            ],
            rows: ["1.0.0 unindexed 20#8 0>1 x1 presumed", "2.0.0 unindexed 20#8 1>2 x1 presumed"],
            holdings: ["u 20#8 2 x1"]
        ),
        Vector(
            "V12 dirty address topics",
            blocks: [
                LogBlock(1, [nft.moves(1, 0, to: 1)]),
                LogBlock(
                    2,
                    [
                        LogSpec(nft.address, topics: [Topics.transfer, account(1).word, dirty(2), U256.one.word]),
                        LogSpec(nft.address, topics: [Topics.transfer, dirty(1), account(2).word, U256.one.word]),
                        LogSpec(
                            items.address,
                            topics: [Topics.single, dirty(1), account(0).word, account(2).word],
                            data: words(.one, .one)
                        ),
                        LogSpec(
                            nft.address,
                            topics: [Topics.consecutive, U256.one.word, account(1).word, dirty(2)],
                            data: words(.one)
                        ),
                        LogSpec(
                            nft.address,
                            topics: [Topics.transfer],
                            data: dirty(1).bytes + account(2).word.bytes + words(.one)
                        ),
                    ]
                ),
            ],
            rows: [
                "1.0.0 721 20#1 0>1 x1", "2.0.0 malformed 20 dirty-address", "2.1.0 malformed 20 dirty-address",
                "2.2.0 malformed 30 dirty-address", "2.3.0 malformed 20 dirty-address",
                "2.4.0 malformed 20 dirty-address",
            ],
            holdings: ["u 20#1 1 x1"]
        ),
    ]

    /// An address word with a bit set above the address.
    private static func dirty(_ number: UInt32) -> Hash32 {
        let word = account(number).word
        return Hash32(w0: word.w0, w1: 1 << 32, w2: word.w2, w3: word.w3)
    }

    private static let counted: [Vector] = [
        Vector(
            "V6 a batch that repeats an id, moves nothing of one and 2^256-1 of another",
            blocks: [
                LogBlock(
                    1,
                    [items.sends(ids: [5, 5, 7, 5].map { U256($0) }, amounts: [.one, U256(2), .zero, .max], 0, to: 1)]
                )
            ],
            rows: [
                "1.0.0 batch 30#5 0>1 x1 by 9", "1.0.1 batch 30#5 0>1 x2 by 9", "1.0.2 batch 30#7 0>1 x0 by 9",
                "1.0.3 batch 30#5 0>1 xmax by 9",
            ],
            holdings: ["c 30#5 1 x115792089237316195423570985008687907853269984665640564039457584007913129639938"],
            supplies: [
                "30#5 x115792089237316195423570985008687907853269984665640564039457584007913129639938 m3", "30#7 x0 m1",
            ]
        ),
        Vector(
            "V7 three ids and two values",
            blocks: [
                LogBlock(1, [items.sends(U256(1), amount: U256(3), 0, to: 1)]),
                LogBlock(2, [items.sends(ids: [1, 2, 3].map { U256($0) }, amounts: [.one, .one], 1, to: 2)]),
            ],
            rows: ["1.0.0 single 30#1 0>1 x3 by 9", "2.0.0 malformed 30 unequal-lengths"],
            holdings: ["c 30#1 1 x3"],
            supplies: ["30#1 x3 m1"]
        ),
        Vector(
            "V8 an id is announced: zero to zero, nothing",
            blocks: [LogBlock(1, [items.sends(U256(9), amount: .zero, 0, to: 0)])],
            rows: ["1.0.0 single 30#9 0>0 x0 by 9"],
            holdings: [],
            supplies: ["30#9 x0 m1"]
        ),
        Vector(
            "V19 a contract that turns from ERC-721 to ERC-1155",
            blocks: [
                LogBlock(1, [nft.moves(1, 0, to: 1)]), LogBlock(2, [nft.sends(U256(1), amount: U256(5), 0, to: 2)]),
                LogBlock(3, [nft.sends(U256(1), amount: U256(2), 2, to: 0)]),
            ],
            rows: ["1.0.0 721 20#1 0>1 x1", "2.0.0 single 20#1 0>2 x5 by 9", "3.0.0 single 20#1 2>0 x2 by 9"],
            holdings: ["u 20#1 1 x1", "c 20#1 2 x3"],
            supplies: ["20#1 x3 m2"]
        ),
        Vector(
            "V22 a balance below zero, then the late mint",
            blocks: [
                LogBlock(1, [items.sends(U256(1), amount: U256(5), 1, to: 2)]),
                LogBlock(2, [items.sends(U256(1), amount: U256(5), 0, to: 1)]),
            ],
            rows: ["1.0.0 single 30#1 1>2 x5 by 9", "2.0.0 single 30#1 0>1 x5 by 9"],
            holdings: ["c 30#1 2 x5"],
            supplies: ["30#1 x5 m2"]
        ),
        Vector(
            "V22b a balance that stays below zero",
            blocks: [LogBlock(1, [items.sends(U256(1), amount: .max, 1, to: 0)])],
            rows: ["1.0.0 single 30#1 1>0 xmax by 9"],
            holdings: [],
            supplies: ["30#1 x-115792089237316195423570985008687907853269984665640564039457584007913129639935 m1"],
            negativeSums: 1
        ),
        Vector(
            "V24 logs that are identical except for their position",
            blocks: [
                LogBlock(
                    1,
                    [
                        items.sends(U256(1), amount: U256(5), 0, to: 1),
                        items.sends(U256(1), amount: U256(5), 0, to: 1),
                        nft.moves(1, 0, to: 1), nft.moves(1, 0, to: 1),
                    ]
                )
            ],
            rows: [
                "1.0.0 single 30#1 0>1 x5 by 9", "1.1.0 single 30#1 0>1 x5 by 9", "1.2.0 721 20#1 0>1 x1",
                "1.3.0 721 20#1 0>1 x1",
            ],
            holdings: ["u 20#1 1 x1", "c 30#1 1 x10"],
            supplies: ["30#1 x10 m2"]
        ),
    ]

    private static let ranges: [Vector] = [
        Vector(
            "V9 every id in one range, one of them moved, five burned, the burn undone",
            blocks: [
                LogBlock(1, [nft.movesRange(.zero, through: .max, 0, to: 1)]),
                LogBlock(2, [nft.moves(7, 1, to: 2)]),
                LogBlock(3, [nft.movesRange(U256(5), through: U256(9), 1, to: 0)]),
            ],
            rows: ["1.0.0 range 20#0…max 0>1", "2.0.0 721 20#7 1>2 x1", "3.0.0 range 20#5…9 1>0"],
            holdings: (0...4).map { "u 20#\($0) 1 x1" } + [
                "u 20#10…max 1 x115792089237316195423570985008687907853269984665640564039457584007913129639926"
            ],
            reorg: (
                2, [LogBlock(3, branch: 1, [])],
                (0...6).map { "u 20#\($0) 1 x1" } + [
                    "u 20#7 2 x1",
                    "u 20#8…max 1 x115792089237316195423570985008687907853269984665640564039457584007913129639928",
                ]
            )
        ),
        Vector(
            "V9b a range that ends before it starts, and one of a single id",
            blocks: [
                LogBlock(1, [nft.movesRange(U256(9), through: U256(5), 0, to: 1)]),
                LogBlock(2, [nft.movesRange(.max, through: .max, 0, to: 2)]),
            ],
            rows: ["1.0.0 malformed 20 reversed-range", "2.0.0 range 20#max…max 0>2"],
            holdings: ["u 20#max 2 x1"]
        ),
    ]

    private static let reorged: [Vector] = [
        Vector(
            "V25 the same transaction after a reorg with another log index",
            blocks: [
                LogBlock(1, [nft.moves(1, 0, to: 1), items.sends(U256(1), amount: U256(9), 0, to: 1)]),
                LogBlock(2, [moved, paid]),
            ],
            rows: [
                "1.0.0 721 20#1 0>1 x1", "1.1.0 single 30#1 0>1 x9 by 9", "2.0.0 721 20#1 1>2 x1",
                "2.1.0 single 30#1 1>2 x4 by 9",
            ],
            holdings: ["u 20#1 2 x1", "c 30#1 1 x5", "c 30#1 2 x4"],
            supplies: ["30#1 x9 m2"],
            reorg: (
                1,
                [
                    LogBlock(2, branch: 1, [nft.moves(2, 0, to: 5), moved, paid]),
                    LogBlock(3, branch: 1, []),
                ],
                ["u 20#1 2 x1", "u 20#2 5 x1", "c 30#1 1 x5", "c 30#1 2 x4"]
            )
        )
    ]

    private static let moved = nft.moves(1, 1, to: 2).of(transaction: hash(77, kind: 3))
    private static let paid = items.sends(U256(1), amount: U256(4), 1, to: 2).of(transaction: hash(77, kind: 3))
}
