import Ethereum
import Metadata
import Oracle
import Proofs
import Testing
import Tokens

@testable import Simulator

/// The pictures of a simulated chain, and the contracts that give them.
@Suite struct PictureTests {
    private static let collections = DemoContracts.all.compactMap { ArtCollection.of($0) }

    // MARK: Pictures

    @Test func `a picture depends on the seed, the collection and the id, and on nothing else`() {
        for collection in Self.collections {
            let ids = (0..<100).map { U256($0) } + [.max, U256(w0: 1, w1: 0, w2: 0, w3: 0)]
            let first = ids.map { collection.picture($0, seed: 1) }
            #expect(first == ids.map { collection.picture($0, seed: 1) })
            #expect(Set(first.map(\.svg)).count == ids.count)
            #expect(zip(first, ids).allSatisfy { $0.svg != collection.picture($1, seed: 2).svg })
        }
    }

    @Test func `where a contract has two kinds under one id, they have two pictures`() throws {
        let kites = try #require(ArtCollection.of(EventMaker.mixed))
        #expect(kites.picture(.one, seed: 1).svg != kites.picture(.one, seed: 1, isCounted: true).svg)
    }

    @Test func `every picture is a small well-formed SVG without a script, a link or a place elsewhere`() {
        for collection in Self.collections {
            for id in 0..<200 {
                let svg = collection.picture(U256(UInt64(id)), seed: 7).svg
                #expect(svg.utf8.count < 16_384)
                #expect(Self.isWellFormed(svg), "\(collection.name) #\(id): \(svg)")
                let rest = svg.replacing("xmlns=\"http://www.w3.org/2000/svg\"", with: "")
                for word in ["http", "script", "href", "foreignObject", "onload", "style"] {
                    #expect(!rest.contains(word), "\(collection.name) #\(id) has \(word)")
                }
            }
        }
    }

    /// Every tag is closed in order, every attribute is in double quotes, and the path data has only what paths have.
    private static func isWellFormed(_ text: String) -> Bool {
        var open: [Substring] = []
        for part in text.split(separator: "<") {
            guard let end = part.lastIndex(of: ">"), part[part.index(after: end)...].isEmpty else { return false }
            let tag = part[..<end]
            if tag.hasPrefix("/") {
                guard open.popLast() == tag.dropFirst() else { return false }
            } else if !tag.hasSuffix("/") {
                open.append(tag.prefix { $0 != " " })
            }
            guard tag.count(where: { $0 == "\"" }) % 2 == 0 else { return false }
        }
        return open.isEmpty
    }

    @Test func `what is rare is rare, and everything is drawn at some time`() throws {
        let lanterns = try #require(ArtCollection.of(EventMaker.plain))
        var counts: [String: Int] = [:]
        for id in 0..<4_000 {
            for trait in lanterns.picture(U256(UInt64(id)), seed: 3).traits {
                counts["\(trait.type):\(trait.value)", default: 0] += 1
            }
        }
        for palette in Palette.all {
            let share = Double(counts["Palette:\(palette.name)"] ?? 0) / 4_000
            #expect(abs(share - Double(palette.weight) / 100) < 0.03, "\(palette.name) \(share)")
        }
        let stars = try #require(counts["Shape:Star"])
        #expect(stars > 200 && stars < 450)
        #expect(try #require(counts["Sky:Northern Lights"]) < 200)
    }

    // MARK: Documents

    @Test func `a token's document is read by the indexer's own reader, its picture and traits with it`() throws {
        for collection in Self.collections {
            for isCounted in [false, true] {
                let id = U256(17)
                let uri = collection.uri(id, seed: 5, isCounted: isCounted)
                let location = try TokenURI.locate(Array(uri.utf8), id: id)
                guard case .inline(let bytes, "application/json") = location else {
                    Issue.record("\(collection.name): no document in \(uri.prefix(60))")
                    continue
                }
                let document = try MetadataParser.parse(bytes, mediaType: "application/json", id: id, source: "")
                #expect(document.name == "\(collection.tokenName) #17")
                let picture = collection.picture(id, seed: 5, isCounted: isCounted)
                #expect(document.image == "data:image/svg+xml;base64,\(Base64Text.text(picture.svg))")
                #expect(document.attributes.map { $0.traitType ?? "" } == picture.traits.map(\.type))
                #expect(document.attributes.map(\.value.text) == picture.traits.map(\.value))
                let link = document.externalURL
                #expect(
                    isCounted ? link?.hasSuffix("/" + String(repeating: "0", count: 62) + "11") == true : link == nil
                )
            }
        }
    }

    @Test(arguments: [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="), ("×", "w5c=")])
    func `base64 is that of RFC 4648`(text: String, encoded: String) {
        #expect(Base64Text.text(text) == encoded)
    }

    // MARK: Contracts

    /// A chain, a node that runs its contracts, and a lantern with its owner's block and the one before its first.
    private struct World {
        let node: SimulatedNode
        let head: SimulatedBlock
        let lantern: U256
        let before: SimulatedBlock

        init() throws {
            var chain = SimulatedChain(seed: 11)
            for _ in 0..<60 { chain.mine() }
            let lantern = try #require(
                (0..<10).map { U256($0) }.first { id in
                    Self.isOwned(id, chain.head) && chain.block(at: 1).map { !Self.isOwned(id, $0) } == true
                }
            )
            before = try #require(chain.block(at: 1))
            head = chain.head
            self.lantern = lantern
            var profile = SimulatedNode.Profile()
            profile.runsContracts = true
            node = SimulatedNode(SharedChain(chain), profile: profile)
        }

        private static func isOwned(_ id: U256, _ block: SimulatedBlock) -> Bool {
            block.owners.owner(EventMaker.plain.hex, id.natural).map {
                $0 != "0x0000000000000000000000000000000000000000"
            }
                ?? false
        }

        func call(_ contract: Address, _ data: [UInt8], at hash: Hash32) -> String {
            let body =
                #"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{"to":"\#(contract.hex)","data":"\#(Hex.text(data))"},"#
                + #"{"blockHash":"\#(hash.hex)","requireCanonical":true}]}"#
            return String(decoding: node.answer(Array(body.utf8)).body, as: UTF8.self)
        }
    }

    private static func tokenURI(_ id: U256) -> [UInt8] { ABI.call("tokenURI(uint256)", [.uint(id)]) }

    @Test func `a contract gives a token's document in the state of a block, and reverts where nobody owns it`() throws
    {
        let world = try World()
        let data = Self.tokenURI(world.lantern)
        let lanterns = try #require(ArtCollection.of(EventMaker.plain))
        let expected = Hex.text(ABI.encode([.string(lanterns.uri(world.lantern, seed: 11, isCounted: false))]))
        #expect(
            world.call(EventMaker.plain, data, at: world.head.hash)
                == #"{"jsonrpc":"2.0","id":1,"result":"\#(expected)"}"#
        )
        #expect(world.call(EventMaker.plain, data, at: world.before.hash).contains("execution reverted"))
        #expect(world.call(EventMaker.plain, data, at: Hash32(w0: 1, w1: 2, w2: 3, w3: 4)).contains("header not found"))
        #expect(world.call(EventMaker.accounts[0], data, at: world.head.hash).contains(#""result":"0x""#))
    }

    @Test func `many calls in one give what each gives alone, and one that reverts fails alone`() throws {
        let world = try World()
        let calls: [(Address, [UInt8])] = [
            (EventMaker.plain, Self.tokenURI(world.lantern)),
            (EventMaker.plain, Self.tokenURI(U256(1_000))),
            (EventMaker.counted, ABI.call("uri(uint256)", [.uint(U256(3))])),
            (EventMaker.kitties, ABI.call("symbol()")),
        ]
        let contracts = SimulatedContracts(block: world.head, seed: 11, smallIDs: 10)
        let results = calls.map { call -> ABI.Value in
            let alone = contracts.answer(call.0, call.1)
            return .tuple([.bool(alone != nil), .bytes(alone ?? [])])
        }
        let aggregate = ABI.call(
            "aggregate3((address,bool,bytes)[])",
            [.array(calls.map { .tuple([.address($0.0), .bool(true), .bytes($0.1)]) })]
        )
        #expect(contracts.answer(SimulatedContracts.multicall, aggregate) == ABI.encode([.array(results)]))
        #expect(contracts.answer(EventMaker.plain, calls[1].1) == nil)
    }

    @Test func `no call data makes a contract crash`() throws {
        let world = try World()
        let contracts = SimulatedContracts(block: world.head, seed: 11, smallIDs: 10)
        var random = SplitMix64(seed: 4)
        let valid = ABI.call(
            "aggregate3((address,bool,bytes)[])",
            [.array([.tuple([.address(EventMaker.plain), .bool(true), .bytes([1])])])]
        )
        for _ in 0..<5_000 {
            var bytes = valid
            for _ in 0..<random.pick(1...6) {
                bytes[random.pick(0...bytes.count - 1)] = UInt8(truncatingIfNeeded: random.next())
            }
            bytes.removeLast(random.pick(0...bytes.count))
            _ = contracts.answer(SimulatedContracts.multicall, bytes)
            _ = contracts.answer(EventMaker.plain, bytes)
        }
    }

    @Test func `a node that runs no contracts says so, as before`() throws {
        let node = SimulatedNode(SharedChain(SimulatedChain(seed: 1)))
        let body = #"{"jsonrpc":"2.0","id":1,"method":"eth_call","params":[{},"latest"]}"#
        #expect(String(decoding: node.answer(Array(body.utf8)).body, as: UTF8.self).contains("-32601"))
    }

    @Test func `where nobody overdraws, no account ever gives more of a counted token than it has`() throws {
        var options = SimulatedChain.Options()
        (options.overdraws, options.usesHugeNumbers, options.malformedPerMille) = (false, false, 0)
        var chain = SimulatedChain(seed: 9, options: options)
        var balances: [[String]: Int] = [:]
        var moved = 0
        for _ in 0..<500 {
            for log in chain.mine().transactions.flatMap(\.logs) {
                for move in try Self.moves(log) {
                    balances[[log.address.hex, move.id, move.from.hex], default: 0] -= move.amount
                    balances[[log.address.hex, move.id, move.to.hex], default: 0] += move.amount
                    moved += move.from == .zero ? 0 : 1
                    #expect(move.from == .zero || balances[[log.address.hex, move.id, move.from.hex]] ?? 0 >= 0)
                }
            }
        }
        #expect(moved > 20)
    }

    private static func moves(_ log: Receipt.Entry) throws -> [(id: String, from: Address, to: Address, amount: Int)] {
        let data = log.data.span
        let parties: (from: Address, to: Address)
        var pairs: [(U256, U256)] = []
        switch (log.topics.first, log.topics.count) {
        case (EventMaker.single, 4):
            parties = (
                try ABI.address(in: log.topics[2].bytes.span, at: 0),
                try ABI.address(in: log.topics[3].bytes.span, at: 0)
            )
            pairs = [(try ABI.number(in: data, at: 0), try ABI.number(in: data, at: 32))]
        case (EventMaker.single, 1):
            parties = (try ABI.address(in: data, at: 32), try ABI.address(in: data, at: 64))
            pairs = [(try ABI.number(in: data, at: 96), try ABI.number(in: data, at: 128))]
        case (EventMaker.batch, 4):
            parties = (
                try ABI.address(in: log.topics[2].bytes.span, at: 0),
                try ABI.address(in: log.topics[3].bytes.span, at: 0)
            )
            let found = try ABI.pairs(in: data)
            for index in 0..<found.count {
                pairs.append((try found.id(index, in: data), try found.amount(index, in: data)))
            }
        default: return []
        }
        return pairs.map { ($0.0.decimal, parties.from, parties.to, Int($0.1.w3)) }
    }
}
