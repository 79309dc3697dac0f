import Ethereum
import Testing

@Suite struct FullHeaderTests {
    @Test(arguments: HeaderFixture.all)
    func `a real header hashes to the hash the network knows`(fixture: HeaderFixture) throws {
        let header = try fixture.header()
        #expect(header.computedHash == (try fixture.hash()))
        #expect(header.header?.hash == (try fixture.hash()))
        #expect(header.header?.ref == BlockRef(number: header.number, hash: try fixture.hash()))
        #expect(header.header?.receiptsRoot == header.receiptsRoot)
        #expect(header.header?.logsBloom == header.logsBloom)
    }

    @Test func `every field changes the hash`() throws {
        let fixture = try #require(HeaderFixture.all.last)
        let original = try fixture.header()
        let changes: [(inout FullHeader) -> Void] = [
            { $0.parentHash = .zero }, { $0.ommersHash = .zero }, { $0.beneficiary = .zero },
            { $0.stateRoot = .zero }, { $0.transactionsRoot = .zero }, { $0.receiptsRoot = .zero },
            { $0.logsBloom = Bloom() }, { $0.difficulty = .one }, { $0.number += 1 }, { $0.gasLimit += 1 },
            { $0.gasUsed += 1 }, { $0.timestamp += 1 }, { $0.extraData.append(0) }, { $0.mixHash = .zero },
            { $0.nonce += 1 }, { $0.baseFeePerGas = .zero }, { $0.withdrawalsRoot = .zero }, { $0.blobGasUsed = 1 },
            { $0.excessBlobGas = 1 }, { $0.parentBeaconBlockRoot = .zero }, { $0.requestsHash = nil },
        ]
        var hashes: Set<Hash32?> = [original.computedHash]
        for change in changes {
            var header = original
            change(&header)
            hashes.insert(header.computedHash)
        }
        #expect(hashes.count == changes.count + 1)
        #expect(!hashes.contains(nil))
    }

    @Test func `a header with a gap between the forks' fields has no hash`() throws {
        var header = try #require(HeaderFixture.all.last).header()
        header.baseFeePerGas = nil
        #expect(header.computedHash == nil && header.header == nil)
    }

    @Test func `the roots of nothing are the hashes of their encodings`() {
        #expect(FullHeader.noOmmers == Keccak256.hash(RLP.encode(.list([]))))
        #expect(FullHeader.emptyRoot == Keccak256.hash(RLP.encode(.bytes([]))))
    }
}
