/// V10 with an override and V13: contracts that are read by a rule of their own.
import Ethereum
import Tokens

private let art = Contract(20)
private let punks = Contract(40)

extension Vector {
    static let special: [Vector] = [
        Vector(
            "V10 three topics with an override",
            specials: [SpecialContract(art.address, .idInData)],
            blocks: [
                LogBlock(1, [art.pays(77, 0, to: 1), Contract(21).pays(77, 0, to: 1)]),
                LogBlock(2, [art.pays(77, 1, to: 2), art.moves(78, 0, to: 3)]),
                LogBlock(3, [art.pays(77, 2, to: 0)]),
                LogBlock(4, [art.pays(77, 0, to: 4), art.pays(0, 0, to: 4)]),
            ],
            rows: [
                "1.0.0 unindexed 20#77 0>1 x1", "2.0.0 unindexed 20#77 1>2 x1", "2.1.0 721 20#78 0>3 x1",
                "3.0.0 unindexed 20#77 2>0 x1", "4.0.0 unindexed 20#77 0>4 x1", "4.1.0 unindexed 20#0 0>4 x1",
            ],
            ignored: 1,
            holdings: ["u 20#0 4 x1", "u 20#77 4 x1", "u 20#78 3 x1"]
        ),
        Vector(
            "V13 punks assigned, assigned again, given, sold, and sold by a bid that names no buyer",
            specials: [SpecialContract(punks.address, .cryptoPunks)],
            blocks: [
                LogBlock(1, [punks.assigns(1, to: 1), punks.assigns(2, to: 1), punks.assigns(0, to: 9)]),
                LogBlock(2, [punks.assigns(1, to: 3), punks.assigns(1, to: 2)]),
                LogBlock(3, [punks.pays(1, 1, to: 3), punks.givesPunk(2, 1, to: 3)]),
                LogBlock(4, [punks.pays(1, 2, to: 4), other, punks.sellsPunk(1, for: 500, 2, to: 4)]),
                LogBlock(5, [art.moves(1, 0, to: 1), punks.pays(1, 4, to: 5), punks.sellsPunk(1, for: 0, 4, to: 0)]),
                LogBlock(6, [punks.sellsPunk(2, for: 0, 3, to: 0)]),
                LogBlock(7, [punks.pays(1, 9, to: 0), punks.givesPunk(0, 9, to: 0)]),
            ],
            rows: [
                "1.0.0 punk 40#1 0>1 x1", "1.1.0 punk 40#2 0>1 x1", "1.2.0 punk 40#0 0>9 x1",
                "2.0.0 punk 40#1 0>3 x1", "2.1.0 punk 40#1 0>2 x1", "3.1.0 punk 40#2 1>3 x1", "4.2.0 punk 40#1 2>4 x1",
                "5.0.0 721 20#1 0>1 x1", "5.2.0 punk 40#1 4>5 x1 before", "6.0.0 malformed 40 missing-neighbour",
                "7.1.0 punk 40#0 9>0 x1",
            ],
            ignored: 5,
            holdings: ["u 20#1 1 x1", "u 40#1 5 x1", "u 40#2 3 x1"]
        ),
        Vector(
            "V13b the same without the override, and the events from a contract of no rule",
            specials: [SpecialContract(punks.address, .cryptoPunks)],
            blocks: [
                LogBlock(1, [art.assigns(1, to: 1), art.pays(1, 1, to: 2), art.givesPunk(1, 1, to: 2)]),
                LogBlock(2, [art.pays(1, 2, to: 3), art.sellsPunk(1, for: 0, 2, to: 0)]),
            ],
            rows: [],
            ignored: 5,
            holdings: []
        ),
    ]

    /// What the contract says of an offer that ends with the sale.
    private static let other = LogSpec(punks.address, topics: [Topics.approval, U256.one.word])
}
