import Ethereum
import Proofs
import Testing

/// Receipts roots of published blocks (Ethereum 484,944 and 1,755,635; public domain facts of that chain).
@Suite struct ReceiptTests {
    @Test func `the receipts of block 484,944 have the root and the bloom of its header`() throws {
        let receipts: [Receipt] = [
            Receipt(
                outcome: .stateRoot(
                    try Hash32(hex: "0x2ec017656e20275e92cbd1cdee9aeb43c1a090a5e217797da7c58dbf5be50e5b")
                ),
                cumulativeGasUsed: 50853,
                logs: [
                    Receipt.Entry(
                        address: try Address(hex: "0xf4eced2f682ce333f96f2d8966c613ded8fc95dd"),
                        topics: [
                            try Hash32(hex: "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
                            try Hash32(hex: "0x0000000000000000000000001b63142628311395ceafeea5667e7c9026c862ca"),
                            try Hash32(hex: "0x000000000000000000000000ac4df82fe37ea2187bc8c011a23d743b4f39019a"),
                        ],
                        data: try Hex.bytes("0x00000000000000000000000000000000000000000000000000000000000186a0")
                    )
                ]
            ),
            Receipt(
                outcome: .stateRoot(
                    try Hash32(hex: "0xf7c67a3c8bc02b2c581b66f2bdf589a2a7ae9fccb2bf2ca3345b15cdcec6aefa")
                ),
                cumulativeGasUsed: 101706,
                logs: [
                    Receipt.Entry(
                        address: try Address(hex: "0xf4eced2f682ce333f96f2d8966c613ded8fc95dd"),
                        topics: [
                            try Hash32(hex: "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
                            try Hash32(hex: "0x0000000000000000000000009b22a80d5c7b3374a05b446081f97d0a34079e7f"),
                            try Hash32(hex: "0x00000000000000000000000066f183060253cfbe45beff1e6e7ebbe318c81e56"),
                        ],
                        data: try Hex.bytes("0x0000000000000000000000000000000000000000000000000000000000030d40")
                    )
                ]
            ),
            Receipt(
                outcome: .stateRoot(
                    try Hash32(hex: "0x2f98549737594bf832213696d954cc1ee5ccbb1349f63e3983ea3d1b494180eb")
                ),
                cumulativeGasUsed: 122706,
                logs: []
            ),
            Receipt(
                outcome: .stateRoot(
                    try Hash32(hex: "0x4ab93bd0e8d40aaa3668404162449a76fa671a1cde7da668cccab99359924d2f")
                ),
                cumulativeGasUsed: 143706,
                logs: []
            ),
        ]
        #expect(Receipt.root(of: receipts).hex == "0xada95dd1e1590fe095e67c58f41d633193b238e0e0c588de46682db595738f0b")
        let bloom = receipts.reduce(Bloom()) { $0.union($1.bloom) }
        let bits: [Int: UInt8] = [
            13: 0x80, 28: 0x80, 44: 0x80, 63: 0x21, 67: 0x08, 72: 0x04, 75: 0x08, 86: 0x04, 103: 0x40, 123: 0x10,
            143: 0x04, 157: 0x10, 195: 0x02, 208: 0x01, 233: 0x40, 252: 0x40, 253: 0x08,
        ]
        #expect(bloom.bytes == (0..<256).map { bits[$0] ?? 0 })
    }

    @Test func `the receipts of block 1,755,635 have the root and the bloom of its header`() throws {
        let receipts: [Receipt] = [
            Receipt(
                outcome: .stateRoot(
                    try Hash32(hex: "0x4db3f06ff4e7283ab1187045ca78f4bd713b0737640180377b4d4a2e9a80c235")
                ),
                cumulativeGasUsed: 36418,
                logs: [
                    Receipt.Entry(
                        address: try Address(hex: "0xbb9bc244d798123fde783fcc1c72d3bb8c189413"),
                        topics: [
                            try Hash32(hex: "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef"),
                            try Hash32(hex: "0x0000000000000000000000006498077292a0921c8804924fdf47b5e91e2a215f"),
                            try Hash32(hex: "0x0000000000000000000000008b3b3b624c3c0397d3da8fd861512393d51dcbac"),
                        ],
                        data: try Hex.bytes("0x0000000000000000000000000000000000000000000000004563918244f40000")
                    ),
                    Receipt.Entry(
                        address: try Address(hex: "0x8b3b3b624c3c0397d3da8fd861512393d51dcbac"),
                        topics: [
                            try Hash32(hex: "0xe3e6ac9b8af8d4194beda053cf95abee2ac870c4fb5f26505181ef1d438512bf"),
                            try Hash32(hex: "0x0000000000000000000000006498077292a0921c8804924fdf47b5e91e2a215f"),
                            try Hash32(hex: "0x0000000000000000000000000000000000000000000000004563918244f40000"),
                        ],
                        data: try Hex.bytes("0x")
                    ),
                ]
            ),
            Receipt(
                outcome: .stateRoot(
                    try Hash32(hex: "0x379f143510d5703cf162e37e61d906341b4a6acf4f339d422c656000ccd5898f")
                ),
                cumulativeGasUsed: 57418,
                logs: []
            ),
        ]
        #expect(Receipt.root(of: receipts).hex == "0xda8b99b6658dbcb71a03a6978d61d5ad6ad3e74961b58fe71e6e75549c701e1a")
        let bloom = receipts.reduce(Bloom()) { $0.union($1.bloom) }
        let bits: [Int: UInt8] = [
            7: 0x02, 11: 0x02, 13: 0x02, 61: 0x01, 75: 0x08, 106: 0x40, 108: 0x01, 112: 0x04, 120: 0x20, 123: 0x10,
            151: 0x10, 154: 0x02, 158: 0x10, 159: 0x10, 179: 0x20, 187: 0x10, 195: 0x02, 206: 0x02, 215: 0x80,
            239: 0x10, 243: 0x02,
        ]
        #expect(bloom.bytes == (0..<256).map { bits[$0] ?? 0 })
    }

    @Test func `a block without receipts has the root of the empty trie`() {
        #expect(Receipt.root(of: []) == FullHeader.emptyRoot)
    }

    @Test func `a typed receipt is the type byte and then the same list`() {
        let plain = Receipt(outcome: .status(succeeded: true), cumulativeGasUsed: 21_000, logs: [])
        let typed = Receipt(type: 2, outcome: .status(succeeded: true), cumulativeGasUsed: 21_000, logs: [])
        #expect(typed.encoded == [2] + plain.encoded)
    }
}
