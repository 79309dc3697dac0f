/// What contracts say of their metadata by events.
import Ethereum
import Testing
import TokenFixtures

@testable import Tokens

@Suite struct MetadataSignalTests {
    @Test(arguments: [
        ("MetadataUpdate(uint256)", MetadataSignal.metadataUpdate),
        ("BatchMetadataUpdate(uint256,uint256)", MetadataSignal.batchMetadataUpdate),
        ("URI(string,uint256)", MetadataSignal.uri),
        ("PermanentURI(string,uint256)", MetadataSignal.permanentURI),
        ("ContractURIUpdated()", MetadataSignal.contractURIUpdated),
    ])
    func `topics are the hashes of their signatures`(_ signature: String, _ topic: Hash32) {
        #expect(Keccak256.hash(Array(signature.utf8)) == topic)
        #expect(MetadataSignal.topics.contains(topic))
    }

    private static let seven = U256(7)
    private static let text = U256(64).bytes + U256(7).bytes + U256(1).bytes + U256(0x61).bytes

    @Test(
        arguments: [
            ([MetadataSignal.metadataUpdate], seven.bytes, MetadataSignal.Subject.tokens(seven...seven)),
            ([MetadataSignal.metadataUpdate, seven.word], [], .tokens(seven...seven)),
            ([MetadataSignal.batchMetadataUpdate], U256.zero.bytes + U256.max.bytes, .tokens(U256.zero ... .max)),
            ([MetadataSignal.batchMetadataUpdate, U256(3).word, seven.word], [], .tokens(U256(3)...seven)),
            ([MetadataSignal.uri, seven.word], [1, 2, 3], .tokens(seven...seven)),
            ([MetadataSignal.uri], text, .tokens(seven...seven)),
            ([MetadataSignal.permanentURI, seven.word], text, .tokens(seven...seven)),
            ([MetadataSignal.contractURIUpdated], [], .contract),
            // Nothing that could be read, the wrong way round, something else.
            ([MetadataSignal.metadataUpdate], [1, 2, 3], nil),
            ([MetadataSignal.batchMetadataUpdate], seven.bytes, nil),
            ([MetadataSignal.batchMetadataUpdate], seven.bytes + U256(3).bytes, nil),
            ([MetadataSignal.metadataUpdate, seven.word, seven.word], [], nil),
            ([ERC721.transfer, seven.word, seven.word, seven.word], [], nil),
            ([], seven.bytes, nil),
        ] as [([Hash32], [UInt8], MetadataSignal.Subject?)]
    )
    func `an event names a token, some, all or the contract`(
        _ topics: [Hash32],
        _ data: [UInt8],
        _ subject: MetadataSignal.Subject?
    ) {
        let page = TokenFixtures.page([LogBlock(5, [LogSpec(account(5), topics: topics, data: data)])])
        #expect(
            MetadataSignal.all(in: page) == subject.map { [MetadataSignal(contract: account(5), subject: $0)] } ?? []
        )
    }

    @Test func `no bytes are a crash`() {
        var random = SplitMix64(seed: 11)
        for _ in 0..<2_000 {
            var log = random.hostileLog()
            if !log.topics.isEmpty { log.topics[0] = MetadataSignal.topics[Int(random.below(5))] }
            for signal in MetadataSignal.all(in: TokenFixtures.page([LogBlock(5, [log])])) {
                if case .tokens(let tokens) = signal.subject { #expect(tokens.lowerBound <= tokens.upperBound) }
            }
        }
    }
}
