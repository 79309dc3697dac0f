/// Real headers, as the chain published them: a header is a public fact.
import Ethereum

/// A header and the hash that the network knows it by.
struct HeaderFixture: Sendable, CustomStringConvertible {
    var name: String
    var text: String

    var description: String { name }

    /// The london one is ethereum/tests bcEIP1559/baseFee; all others are mainnet blocks.
    ///
    /// An empty bloom is left out.
    static let all: [HeaderFixture] = [
        HeaderFixture(
            name: "genesis",
            text: """
                parentHash 0x0000000000000000000000000000000000000000000000000000000000000000
                ommersHash 0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347
                beneficiary 0x0000000000000000000000000000000000000000
                stateRoot 0xd7f8974fb5ac78d9ac099b9ad5018bedc2ce0a72dad1827a1709da30580f0544
                transactionsRoot 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421
                receiptsRoot 0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421
                difficulty 0x400000000
                number 0x0
                gasLimit 0x1388
                gasUsed 0x0
                timestamp 0x0
                extraData 0x11bbe8db4e347b4e8c937c1c8370e4b5ed33adb3db69cbdb7a38e1e50b1b82fa
                mixHash 0x0000000000000000000000000000000000000000000000000000000000000000
                nonce 0x0000000000000042
                hash 0xd4e56740f876aef8c010b86a40d5f56745a118d0906a34e69aec8c0db1cb8fa3
                """
        ),
        HeaderFixture(
            name: "frontier, with one log",
            text: """
                parentHash 0x2610dc6eb941f4bcbddfd2362b999087ccd956e978f0ece4f8da96851283a2ba
                ommersHash 0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347
                beneficiary 0x52bc44d5378309ee2abf1539bf71de1b7d7be3b5
                stateRoot 0x48b17dd0031aa97d748a886c912539de22997e861d631fd1eb6509fbabef9651
                transactionsRoot 0x2744d46ab0647ed91a9bbd08e19d3bb67491067e8cbe04a276ad2afde5ecd65e
                receiptsRoot 0xada95dd1e1590fe095e67c58f41d633193b238e0e0c588de46682db595738f0b
                logsBloom 0x\
                000000000000000000000000008000000000000000000000000000008000000000000000000000000000000080000000\
                000000000000000000000000000000210000000800000000040000080000000000000000000004000000000000000000\
                000000000000004000000000000000000000000000000000000000100000000000000000000000000000000000000004\
                000000000000000000000000001000000000000000000000000000000000000000000000000000000000000000000000\
                000000020000000000000000000000000100000000000000000000000000000000000000000000000040000000000000\
                00000000000000000000000040080000
                difficulty 0x6a351578182
                number 0x76250
                gasLimit 0x2fefd8
                gasUsed 0x2315a
                timestamp 0x5638c858
                extraData 0xd783010203844765746887676f312e342e32856c696e7578
                mixHash 0x294e4f986c14720928852077fb1b309cdb7fd00ad7618249520ba1a92b7fabd1
                nonce 0x57a633e01197dc86
                hash 0x246edb4b351d93c27926f4649bcf6c24366e2a7c7c718dc9158eea20c03bc6ae
                """
        ),
        HeaderFixture(
            name: "frontier, with an uncle",
            text: """
                parentHash 0x7e2a8f3126253e0e45ca436adc0ce686540cfa2b152a163aadf0bd174408af9c
                ommersHash 0xf6b618a81485dbdda6a92e25f642546037a1985ab26b112a7f9ab146f747b312
                beneficiary 0x2a65aca4d5fc5b5c859090a6c34d164135398226
                stateRoot 0xefec1c931be8efa424cf2c90e28d8b59c51d0393c491148d403dbad82c43efe3
                transactionsRoot 0xcd57797bcd1496fec5eb146506c2edbfe5f4aa2227308e4624dbe0e2a84672cb
                receiptsRoot 0xb0605d649a6c78bdafb315c4479ba23dda340acf511fb832493ea2488d647ed7
                difficulty 0x6fa2d4dee52
                number 0x7c0ce
                gasLimit 0x2fefd8
                gasUsed 0xb2175
                timestamp 0x563f0f0c
                extraData 0xd783010301844765746887676f312e352e31856c696e7578
                mixHash 0x9c46349145e6078e127d110fb4ac9d09aa36dbeebcde7b6948beaef1e367952d
                nonce 0xc61808763f2b074b
                hash 0xc881ee96ddf8b5be74d7680ccda437466b14b9d942aa0161f139fe920690f665
                """
        ),
        HeaderFixture(
            name: "homestead",
            text: """
                parentHash 0xa06fc36a7144c4bbb1f7ab13b541144414fa7808c119e8a4635e392ea544c178
                ommersHash 0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347
                beneficiary 0xa027231f42c80ca4125b5cb962a21cd4f812e88f
                stateRoot 0x7584c6224f7373d95dd2fcb9a29135271b64edf1f785def4f51c446cd4675dc3
                transactionsRoot 0x36854e7b5bedd028c7b2a89829f6269a76e345edc92c6bffaddfdace512a2818
                receiptsRoot 0xda8b99b6658dbcb71a03a6978d61d5ad6ad3e74961b58fe71e6e75549c701e1a
                logsBloom 0x\
                000000000000000200000002000200000000000000000000000000000000000000000000000000000000000000000000\
                000000000000000000000000000100000000000000000000000000080000000000000000000000000000000000000000\
                000000000000000000004000010000000400000000000000200000100000000000000000000000000000000000000000\
                000000000000001000000200000010100000000000000000000000000000000000000020000000000000001000000000\
                000000020000000000000000000002000000000000000080000000000000000000000000000000000000000000000010\
                00000002000000000000000000000000
                difficulty 0x30290ce4811d
                number 0x1ac9f3
                gasLimit 0x47e7c4
                gasUsed 0xe04a
                timestamp 0x576b99fa
                extraData 0x6574682e70702e7561
                mixHash 0x63c3d0918388db8aa0083cc2aa394cf87f1b2f2cc4072c3c61341e59243d8f36
                nonce 0xfdaeb738c5a4ef9c
                hash 0x1dec87ec1ba8e65b7773bb6f62249468948a28a427efd3d896a2ff7d7c591a67
                """
        ),
        HeaderFixture(
            name: "petersburg, with a dense bloom",
            text: """
                parentHash 0xb47bcc6c1bedfe7c2de455148f0d3347db81928cc800fde85b1227d5bb1c2c58
                ommersHash 0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347
                beneficiary 0x52bc44d5378309ee2abf1539bf71de1b7d7be3b5
                stateRoot 0x478e0766a68ec7f297023f07f5836df8ac18dc5a0b2c9e239e50423b15f7acab
                transactionsRoot 0x7f155c8eed53603ddd5e04ba904405fded3f91667a5216abe5c6fbe0d26f4007
                receiptsRoot 0xd5d5d1e7ee670765759db01b7d39c9ba1a22c8ee204a6f5bcfa926f6803ee604
                logsBloom 0x\
                9908a1011222281c841d1542020e521220081bc0400603089008b881102001a025008040000c4205285060a010cd1880\
                005044851431a409006a80ad043801c5020000857827080148809428850140804210000c302020020005800001400080\
                801490402a1140490000306100080c01402012102070480140004013f20080026ac00421445120000400110482244000\
                8020818803be202604022045600000600301813000c830402905100090c0880026082104221020004112804818a40155\
                4044000a8908300043000004d43020c001a028a03038001a2d2013005404280c029a04202c024a02788805024c608308\
                19448228000184052418406208b08027
                difficulty 0x64d0e37238b83
                number 0x71993a
                gasLimit 0x7a121d
                gasUsed 0x7a0ce0
                timestamp 0x5c9a39ac
                extraData 0x50505945206e616e6f706f6f6c2e6f7267
                mixHash 0x42245eebe197738fd69f2ea618aaddc2678c4d4f6d0e43bfc866aa2e13456323
                nonce 0x89db6d03e1c16278
                hash 0x7af5ba284473186783cef5ca9b5c6312e01864c5242f91a3d6c10b83358e149f
                """
        ),
        HeaderFixture(
            name: "london",
            text: """
                parentHash 0xe0a94a7a3c9617401586b1a27025d2d9671332d22d540e0af72b069170380f2a
                ommersHash 0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347
                beneficiary 0xba5e000000000000000000000000000000000000
                stateRoot 0xec3c94b18b8a1cff7d60f8d258ec723312932928626b4c9355eb4ab3568ec7f7
                transactionsRoot 0x50f738580ed699f0469702c7ccc63ed2e51bc034be9479b7bff4e68dee84accf
                receiptsRoot 0x29b0562f7140574dd0d50dee8a271b22e1a0a7b78fca58f7c60370d8317ba2a9
                difficulty 0x20000
                number 0x1
                gasLimit 0x16345785d8a0000
                gasUsed 0x15534
                timestamp 0x79e
                extraData 0x42
                mixHash 0x0000000000000000000000000000000000000000000000000000000000000000
                nonce 0x0000000000000000
                baseFeePerGas 0x36b
                hash 0x6a251c7c3c5dca7b42407a3752ff48f3bbca1fab7f9868371d9918daf1988d1f
                """
        ),
        HeaderFixture(
            name: "prague, on mainnet",
            text: """
                parentHash 0x63ce16602b2afe4089fa8e0a2c16be1a2dea1c4d30b65bd717d9398ddd5fba23
                ommersHash 0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347
                beneficiary 0xdadb0d80178819f2319190d340ce9a924f783711
                stateRoot 0x41ebb402f36d0ce15799e98d1aca83bbb5d4b08d1b6572e73b388e4ece192916
                transactionsRoot 0x3b889eb9fa0713d2e1d9e90725d45fd04ec4a550a7a390639c243c5f3b2c6215
                receiptsRoot 0x52fc280ab6b1db61781dae4cc5f81b7ddd484eae78320bdd8161d5b2fe8e7719
                logsBloom 0x\
                fffffef97ffdf7dfb75fbbfeffffdfffffbeefffffbbffff6ffffdffbffffaf9df7fff7f7fff6ffbffffdfdffbffffff\
                76fffffcbf7ffbfffffeefffffff7df7bffffffdefffff8fdfdf7f7ceffdffff7ff77affe7ef5ff5fbfff57ff7eeadff\
                fffffabfff7bdffbbfbffcfffdefffeffefffffffff5fffefdffdffbffffdfdffbffe7fffffffffdffebf7e37fdfe977\
                f7fbdfefdffddffffffffff5f97ffffdfbffdf7fffffbff9feff77afffefffeef77ffff7fff6fffeffd77ffffeefefdb\
                7bffffff7f7ffdfbff7ffffffffefdffdffddffffffefffffffefdfbf7fdffef7fffff3bdf7fff6cefffdfffdf7ffffe\
                ffbfbffffdafffdfbf7efdbeffff7fff
                difficulty 0x0
                number 0x177d354
                gasLimit 0x3938700
                gasUsed 0x1a4ed69
                timestamp 0x69b09d6b
                extraData 0x4275696c6465724e6574202842656176657229
                mixHash 0xf824cbc0bffaa4862fffafa96c2cce90898dda8b97fc3eaa6a85ac38075991e5
                nonce 0x0000000000000000
                baseFeePerGas 0x246edf3
                withdrawalsRoot 0x76abcbef0846a5bd065d0207581dacc3cf8df4ec2ba0a8e4d4fbbe97864b82ee
                blobGasUsed 0x40000
                excessBlobGas 0xa2a720e
                parentBeaconBlockRoot 0xd9b957562f8477151f61eddc77bcad7451ef62eab8f4fe470402073a794e8bba
                requestsHash 0xe3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
                hash 0x6c4c6ea047f0ca4bcb0b0fbbcc2e50061d8dd24ba1ab8a22a6d3583a497c3c82
                """
        ),
    ]

    private var fields: [Substring: String] {
        var fields: [Substring: String] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ")
            if parts.count == 2 { fields[parts[0]] = String(parts[1]) }
        }
        return fields
    }

    /// The hash that the network knows the block by.
    func hash() throws -> Hash32 {
        try Hash32(hex: fields["hash", default: ""])
    }

    func header() throws -> FullHeader {
        try FullHeader(fields: Dictionary(uniqueKeysWithValues: fields.map { (String($0.key), $0.value) }))
    }
}

extension FullHeader {
    /// From hexadecimal text by the fields' names; what is missing stays as in an empty block.
    init(fields: [String: String]) throws {
        func hash(_ name: String) throws -> Hash32? { try fields[name].map { try Hash32(hex: $0) } }
        func number(_ name: String) throws -> UInt64? { try fields[name].map { try Hex.uint64($0) } }
        self.init(
            number: try number("number") ?? 0,
            parentHash: try hash("parentHash") ?? .zero,
            timestamp: try number("timestamp") ?? 0
        )
        ommersHash = try hash("ommersHash") ?? .zero
        beneficiary = try Address(hex: fields["beneficiary", default: ""])
        stateRoot = try hash("stateRoot") ?? .zero
        transactionsRoot = try hash("transactionsRoot") ?? .zero
        receiptsRoot = try hash("receiptsRoot") ?? .zero
        if let bloom = fields["logsBloom"] { logsBloom = try Bloom(hex: bloom) }
        difficulty = try Hex.number(fields["difficulty", default: ""])
        gasLimit = try number("gasLimit") ?? 0
        gasUsed = try number("gasUsed") ?? 0
        extraData = try Hex.bytes(fields["extraData", default: ""])
        mixHash = try hash("mixHash") ?? .zero
        nonce = try number("nonce") ?? 0
        baseFeePerGas = try fields["baseFeePerGas"].map { try Hex.number($0) }
        withdrawalsRoot = try hash("withdrawalsRoot")
        blobGasUsed = try number("blobGasUsed")
        excessBlobGas = try number("excessBlobGas")
        parentBeaconBlockRoot = try hash("parentBeaconBlockRoot")
        requestsHash = try hash("requestsHash")
    }
}
