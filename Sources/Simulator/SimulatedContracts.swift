import Ethereum
import Oracle

/// What the contracts of a simulated chain answer: a pure function of the call and of who owns what after a block.
struct SimulatedContracts {
    let block: SimulatedBlock
    let seed: UInt64
    /// Small ids in use.
    let smallIDs: UInt64

    /// mds1/multicall3, at its address on every chain.
    static let multicall = Address(high: 0xca11_bde0_5977_b363, middle: 0x1167_0288_62be_2a17, low: 0x3976_ca11)
    /// Calls in one multicall, as a gas limit would have it.
    private static let callsMax = 500

    private static let aggregate = ABI.selector("aggregate3((address,bool,bytes)[])")
    private static let tokenURI = ABI.selector("tokenURI(uint256)")
    private static let uri = ABI.selector("uri(uint256)")
    private static let name = ABI.selector("name()")
    private static let symbol = ABI.selector("symbol()")
    private static let totalSupply = ABI.selector("totalSupply()")
    private static let contractURI = ABI.selector("contractURI()")
    private static let supportsInterface = ABI.selector("supportsInterface(bytes4)")

    /// The returned bytes; nil where the call reverts.
    func answer(_ contract: Address, _ data: [UInt8]) -> [UInt8]? {
        // Nobody is at home there: a call succeeds without a byte.
        guard contract == Self.multicall || ArtCollection.of(contract) != nil else { return [] }
        guard data.count >= 4 else { return nil }
        let selector = data[..<4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        let arguments = Array(data.dropFirst(4))
        if contract == Self.multicall { return selector == Self.aggregate ? many(arguments) : nil }
        return ArtCollection.of(contract).flatMap { collection($0, selector, arguments) }
    }

    private func many(_ arguments: [UInt8]) -> [UInt8]? {
        let span = arguments.span
        guard let words = try? ABI.array(in: span, at: 0), words.count <= Self.callsMax else { return nil }
        var results: [ABI.Value] = []
        for index in 0..<words.count {
            guard let start = try? ABI.target(in: span, at: words.place(index), base: words.start),
                let target = try? ABI.address(in: span, at: start),
                let mayFail = try? ABI.bool(in: span, at: start + 32),
                let range = try? ABI.bytes(in: span, at: start + 64, base: start),
                target != Self.multicall
            else { return nil }
            let result = answer(target, Array(arguments[range]))
            guard result != nil || mayFail else { return nil }
            results.append(.tuple([.bool(result != nil), .bytes(result ?? [])]))
        }
        return ABI.encode([.array(results)])
    }

    private func collection(_ it: ArtCollection, _ selector: UInt32, _ arguments: [UInt8]) -> [UInt8]? {
        let id = try? ABI.number(in: arguments.span, at: 0)
        switch selector {
        case Self.tokenURI:
            guard isUnique(it), let id, isOwned(it, id) else { return nil }
            return ABI.encode([.string(it.uri(id, seed: seed, isCounted: false))])
        case Self.uri:
            guard isCounted(it), let id else { return nil }
            return ABI.encode([.string(it.uri(id, seed: seed, isCounted: true))])
        case Self.name: return text(it.name, it)
        case Self.symbol: return text(it.symbol, it)
        case Self.contractURI: return ABI.encode([.string(it.contractURI(seed: seed))])
        case Self.totalSupply where it.contract == EventMaker.plain:
            let count = (0..<smallIDs).count { isOwned(it, U256($0)) }
            return ABI.encode([.uint(U256(UInt64(count)))])
        case Self.supportsInterface where it.contract != EventMaker.kitties:
            return ABI.encode([.bool(interfaces(it).contains(UInt32(truncatingIfNeeded: (id ?? .zero).w0 >> 32)))])
        default: return nil
        }
    }

    private func isCounted(_ it: ArtCollection) -> Bool {
        [EventMaker.counted, EventMaker.mixed].contains(it.contract)
    }

    private func isUnique(_ it: ArtCollection) -> Bool { it.contract != EventMaker.counted }

    private func isOwned(_ it: ArtCollection, _ id: U256) -> Bool {
        block.owners.owner(it.contract.hex, id.natural).map { $0 != OwnerTable.nobody } ?? false
    }

    /// ERC-165 itself, ERC-721 and its metadata, ERC-1155 and its URI.
    private func interfaces(_ it: ArtCollection) -> Set<UInt32> {
        Set([0x01ff_c9a7])
            .union(isUnique(it) ? [0x80ac_58cd, 0x5b5e_139f] : [])
            .union(isCounted(it) ? [0xd9b6_7a26, 0x0e89_341c] : [])
    }

    /// A string; of the oldest contract a left-aligned `bytes32`.
    private func text(_ text: String, _ it: ArtCollection) -> [UInt8] {
        guard it.contract == EventMaker.kitties else { return ABI.encode([.string(text)]) }
        let bytes = Array(text.utf8.prefix(32))
        return bytes + [UInt8](repeating: 0, count: 32 - bytes.count)
    }
}
