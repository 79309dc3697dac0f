/// Every row of the table against every fixture, and every row of the catalogue against the fixtures.
import ChainClient
import Ethereum
import Foundation
import Testing

struct QuirkFixture: Sendable, CustomTestStringConvertible {
    var name: String
    var row: String
    var asked: String
    var status: Int
    var body: [UInt8]
    var kind: String?
    var quirk: String?
    var cap: UInt64?
    var width: UInt64?
    var addresses: Bool
    var unknown: Bool
    var waitMilliseconds: Int?
    var retryAfter: String?
    var testDescription: String { name }

    static let all: [QuirkFixture] = {
        guard let folder = Bundle.module.url(forResource: "Fixtures/quirks", withExtension: nil) else { return [] }
        let files = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)) ?? []
        return files.filter { $0.pathExtension == "json" }.sorted { $0.path < $1.path }.compactMap(QuirkFixture.init)
    }()

    init?(_ file: URL) {
        guard
            let data = try? Data(contentsOf: file),
            let fields = try? JSONSerialization.jsonObject(with: data) as? [String: Any],
            let row = fields["row"] as? String, let asked = fields["asked"] as? String,
            let status = fields["status"] as? Int, let body = fields["body"]
        else { return nil }
        name = file.deletingPathExtension().lastPathComponent
        (self.row, self.asked, self.status) = (row, asked, status)
        if let text = body as? String {
            self.body = Array(text.utf8)
        } else {
            guard let data = try? JSONSerialization.data(withJSONObject: body) else { return nil }
            self.body = Array(data)
        }
        kind = fields["class"] as? String
        quirk = fields["quirk"] as? String
        cap = (fields["cap"] as? Int).map(UInt64.init)
        width = (fields["width"] as? Int).map(UInt64.init)
        addresses = fields["addresses"] as? Bool ?? false
        unknown = fields["unknown"] as? Bool ?? false
        waitMilliseconds = fields["waitMilliseconds"] as? Int
        retryAfter = fields["retryAfter"] as? String
    }

    var context: Classifier.Asked {
        switch asked {
        case "logsOfBlock": .logsOfBlock
        case "block": .block
        case "receipts": .receipts
        case "call": .call
        case "batch": .batch
        default: .logs(width: UInt64(asked.dropFirst("logs ".count)) ?? 0)
        }
    }

    /// The body as the client would read it, with id 1.
    var fault: Fault? {
        Answers.fault(body, status: status, retryAfter: retryAfter, asked: context)
    }
}

@Suite struct QuirkTests {
    /// The rows of rpc-quirks §2a and §2b, by name.
    static let rows: [String] = [
        "2a geth", "2a reth", "2a erigon", "2a nethermind", "2a besu", "2a anvil and hardhat", "2a frontier and others",
        "2b Alchemy", "2b Infura", "2b Infura (2026)", "2b Infura filters", "2b QuickNode", "2b Ankr", "2b Cloudflare",
        "2b Chainstack", "2b BlastAPI", "2b 1RPC", "2b BlockPI", "2b dRPC", "2b Coinbase", "2b PublicNode",
        "2b thirdweb", "2b LlamaRPC", "2b Merkle", "2b Base public", "2b Optimism public (proxyd)",
        "2b Arbitrum public", "2b zkSync", "2b Polygon zkEVM", "2b Polygon PoS (older)", "2b Avalanche",
        "2b Moonriver and Moonbeam", "2b Aurora", "2b Harmony", "2b BSC dataseed", "2b HECO, KCC and others",
        "2b Scroll l2geth", "2b Polygon CDK-erigon", "2b Polygon zkEVM node", "2b Nodies", "2b Hyperliquid",
        "2b Somnia", "2b Swell", "2b Tron", "2b Sei", "2b Morph", "2b Monad", "2b Tenderly", "2b Candle",
        "2b HyperRPC (Envio)", "2b Valtitude and eRPC", "2b generic fragments",
    ]

    @Test(arguments: QuirkFixture.all)
    func `an answer is put into the class that the catalogue gives it`(_ fixture: QuirkFixture) {
        let fault = fixture.fault
        #expect(fault?.kind.code == fixture.kind)
        #expect(fault?.quirk == fixture.quirk)
        #expect(fault?.isUnknown ?? false == fixture.unknown)
        if let wait = fixture.waitMilliseconds { #expect(fault?.retryAfter == .milliseconds(wait)) }
        let hint: SizeHint? =
            if let cap = fixture.cap {
                .cap(cap)
            } else if let width = fixture.width {
                .width(width)
            } else {
                fixture.addresses ? .fewerAddresses : nil
            }
        #expect(fault?.hint == hint)
    }

    @Test func `every row of the table is reached by a fixture`() {
        let reached = Set(QuirkFixture.all.compactMap(\.quirk))
        #expect(Quirk.all.map(\.id).filter { !reached.contains($0) } == [])
        #expect(Set(Quirk.all.map(\.id)).count == Quirk.all.count)
        #expect(reached.count == Quirk.all.count)
    }

    @Test func `every row of the catalogue has a fixture`() {
        let covered = Set(QuirkFixture.all.map(\.row))
        #expect(Self.rows.filter { !covered.contains($0) } == [])
        #expect(Self.rows.count == 7 + 44 + 1)
    }

    @Test(
        arguments: [
            ("max 10,000 blocks", 10_000), ("max 10.000 blocks", 10_000), ("max 10k blocks", 10_000), ("max 2K!", nil),
            ("max 0x2710", 10_000), ("max 5,10", 5), ("max none", nil), ("max 99999999999999999999", nil),
            ("max 2000, then 5", 2_000), ("max 3 km", 3),
        ] as [(String, UInt64?)]
    )
    func `numbers are read as people write them`(_ text: String, _ number: UInt64?) {
        let isUpper = text.contains("K")
        #expect(NumberText.first(in: isUpper ? text : text.lowercased(), after: "max") == (isUpper ? 2 : number))
    }
}
