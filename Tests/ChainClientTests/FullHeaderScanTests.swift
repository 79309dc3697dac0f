/// Headers read whole: spellings that nodes use, and whether the hash follows from the fields.
import ChainClient
import Ethereum
import Testing

@Suite struct FullHeaderScanTests {
    /// A header with every field through Prague, and its members as a careful node writes them.
    private static let sample: FullHeader = {
        var full = FullHeader(
            number: 22_500_000,
            parentHash: Hash32(w0: 1, w1: 2, w2: 3, w3: 4),
            timestamp: 0x68
        )
        full.beneficiary = Address(high: 1, middle: 2, low: 0xABCDEF)
        full.gasLimit = 30_000_000
        full.gasUsed = 21_000
        full.extraData = [0xCA, 0xFE]
        full.nonce = 0x1F
        full.baseFeePerGas = U256(10)
        full.withdrawalsRoot = FullHeader.emptyRoot
        full.blobGasUsed = 0
        full.excessBlobGas = 16
        full.parentBeaconBlockRoot = Hash32(w0: 9, w1: 9, w2: 9, w3: 9)
        full.requestsHash = .zero
        return full
    }()

    private static let members: [(key: String, value: String)] = [
        ("hash", "\"\(sample.computedHash?.hex ?? "")\""),
        ("parentHash", "\"\(sample.parentHash.hex)\""),
        ("sha3Uncles", "\"\(sample.ommersHash.hex)\""), ("miner", "\"\(sample.beneficiary.hex)\""),
        ("stateRoot", "\"\(sample.stateRoot.hex)\""),
        ("transactionsRoot", "\"\(sample.transactionsRoot.hex)\""),
        ("receiptsRoot", "\"\(sample.receiptsRoot.hex)\""),
        ("logsBloom", "\"\(sample.logsBloom.hex)\""),
        ("difficulty", "\"0x0\""), ("number", "\"0x15752a0\""), ("gasLimit", "\"0x1c9c380\""),
        ("gasUsed", "\"0x5208\""), ("timestamp", "\"0x68\""), ("extraData", "\"0xcafe\""),
        ("mixHash", "\"\(sample.mixHash.hex)\""), ("nonce", "\"0x000000000000001f\""),
        ("baseFeePerGas", "\"0xa\""), ("withdrawalsRoot", "\"\(FullHeader.emptyRoot.hex)\""),
        ("blobGasUsed", "\"0x0\""), ("excessBlobGas", "\"0x10\""),
        ("parentBeaconBlockRoot", "\"\(Hash32(w0: 9, w1: 9, w2: 9, w3: 9).hex)\""),
        ("requestsHash", "\"\(Hash32.zero.hex)\""),
        ("transactions", "[\"\(word(1))\",{\"hash\":[null]}]"),
    ]

    /// The sample with one value in another spelling; nil: the key is left out.
    private func scan(_ key: String = "", _ value: String? = nil) throws -> ScannedHeader {
        let text = Self.members.compactMap { member -> String? in
            guard member.key == key else { return "\"\(member.key)\":\(member.value)" }
            return value.map { "\"\(key)\":\($0)" }
        }
        let object = "{\(text.joined(separator: ",")),\"size\":\"0x2\",\"totalDifficulty\":null}"
        return try #require(try HeaderScanner.scan(object: Array(object.utf8)))
    }

    @Test func `all fields are read, the hash follows from them, and transactions are counted`()
        throws
    {
        let scanned = try scan()
        #expect(scanned.full == Self.sample)
        #expect(scanned.hashIsProved == true)
        #expect(scanned.transactionCount == 2)
    }

    @Test(arguments: [
        ("number", "22500000"), ("number", "\"22500000\""), ("number", "\"0X15752A0\""),
        ("gasUsed", "\"0x005208\""),
        ("difficulty", "\"0x\""), ("difficulty", "0"), ("blobGasUsed", "\"0x00\""),
        ("baseFeePerGas", "10"),
        ("nonce", "\"0x1f\""), ("nonce", "31"), ("extraData", "\"0xCAFE\""), ("timestamp", "104"),
    ])
    func `another spelling of the same value gives the same hash`(
        _ key: String,
        _ value: String
    )
        throws
    {
        #expect(try scan(key, value).hashIsProved == true)
    }

    @Test func `a padded miner is the same miner`() throws {
        #expect(try scan("miner", "\"\(Self.sample.beneficiary.word.hex)\"").hashIsProved == true)
    }

    @Test(arguments: [
        "sha3Uncles", "miner", "stateRoot", "transactionsRoot", "receiptsRoot", "logsBloom",
    ])
    func `without a field that every header has nothing is told`(_ key: String) throws {
        for value in [nil, "null", "\"0x\"", "[]", "7"] {
            let scanned = try scan(key, value)
            #expect(scanned.full == nil)
            #expect(scanned.hashIsProved == nil)
            #expect(scanned.transactionCount == 2)
        }
    }

    @Test(arguments: [
        "mixHash", "nonce", "difficulty", "extraData", "gasLimit", "gasUsed", "timestamp",
    ])
    func `a chain that leaves a field out or null cannot be told either`(_ key: String) throws {
        #expect(try scan(key, nil).hashIsProved == nil)
        #expect(try scan(key, "null").hashIsProved == nil)
    }

    @Test func `a later fork's field may be absent or null, but then the hash is another`() throws {
        #expect(try scan("requestsHash", nil).hashIsProved == false)
        #expect(try scan("requestsHash", "null").full?.requestsHash == nil)
        #expect(
            try scan("baseFeePerGas", "null").hashIsProved == nil,
            "a gap between the forks has no encoding"
        )
    }

    @Test(arguments: ["null", "7", "\"0x\"", "{}"])
    func `an odd list of transactions costs the count and nothing else`(_ value: String) throws {
        let scanned = try scan("transactions", value)
        #expect(scanned.transactionCount == nil)
        #expect(scanned.hashIsProved == true)
        #expect(try scan("transactions", "[]").transactionCount == 0)
        #expect(throws: ScanError.self) { try scan("transactions", "[,]") }
    }
}
