/// The option table, what is made of it, and the YAML file.
import ChainClient
import Ethereum
import Foundation
import StoreSQLite
import Testing

@testable import holdfast

@Suite struct OptionTests {
    @Test func `docs say what the option table says`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let docs = try String(contentsOf: root.appending(path: "docs/options.md"), encoding: .utf8)
        #expect(docs == OptionTable.markdown, "run `holdfast options --markdown > docs/options.md`")
    }

    @Test func `no two options share a variable or a key`() {
        let variables = OptionTable.all.compactMap(\.environment)
        let keys = OptionTable.all.compactMap(\.key)
        #expect(Set(variables).count == variables.count)
        #expect(Set(keys).count == keys.count)
    }

    @Test func `every key of the table is a key of the file`() throws {
        let text = """
            database: sqlite:x.db
            port: 1
            live-port: 2
            roles: [sync, live]
            host: "::1"
            index: wallets
            chains:
              mine:
                chain: 5
                endpoints: { a: "http://a" }
                contracts: ["0x5FbDB2315678afecb367f032d93F642f64180aa3"]
                from-block: 7
                confirmations: 8
                poll-interval: 9
                evidence: L3
                audit: 4
                enrich: none
                marketplaces: ["0x5FbDB2315678afecb367f032d93F642f64180aa3"]
            """
        for key in OptionTable.fileKeys + OptionTable.chainKeys { #expect(text.contains("\(key):"), "\(key)") }
        let file = try ConfigurationFile(text: text, path: "x.yaml", environment: [:])
        #expect(file.database == "sqlite:x.db" && file.port == 1 && file.host == "::1")
        #expect(file.livePort == 2 && file.roles == [.sync, .live])
        #expect(file.optionalIndexes == [.wallets])
        let chain = try #require(file.chains.first)
        #expect(chain.chainID == 5 && chain.endpoints.map(\.url) == ["http://a"] && chain.contracts.count == 1)
        #expect(chain.firstBlock == 7 && chain.confirmations == 8 && chain.pollInterval == .seconds(9))
        #expect(chain.evidence == .receipts && chain.auditedPerMinute == 4 && chain.enrichment == .none)
        #expect(chain.marketplaces == Set(chain.contracts))
    }

    @Test(arguments: [
        (1, true), (16, true), (17, false),
    ])
    func `a chain has at most sixteen marketplaces`(count: Int, isTaken: Bool) {
        let wallets = (1...count).map { "0x" + String(repeating: "0", count: 38) + ($0 < 10 ? "0\($0)" : "\($0)") }
        #expect((try? Parse.marketplaces(wallets, for: "--marketplace"))?.count == (isTaken ? count : nil))
    }

    @Test(arguments: ["", "0x12", "0x0000000000000000000000000000000000000000"])
    func `what is no wallet is no marketplace`(text: String) {
        let error = #expect(throws: Failure.self) { try Parse.marketplaces([text], for: "--marketplace") }
        #expect(error?.code == 64)
    }

    @Test(arguments: [
        "chains: {a: {endpoints: {b: \"http://h/s3cr3tk3y}}}", "a: b: http://h/s3cr3tk3y", "- x\n\thttp://h/s3cr3tk3y",
        "http://h/s3cr3tk3y: 1\nhttp://h/s3cr3tk3y: 2",
    ])
    func `a file that is no YAML is told by its place, without the line`(_ text: String) {
        let error = #expect(throws: Failure.self) {
            try ConfigurationFile(text: text, path: "x.yaml", environment: [:])
        }
        #expect(error?.code == 78)
        #expect(error?.message.contains("line ") ?? false, "\(error?.message ?? "")")
        #expect(!(error?.message.contains("s3cr3t") ?? true))
    }

    @Test func `a chain without endpoints is left to what the database keeps`() throws {
        let file = try ConfigurationFile(text: "chains: {kcc: {confirmations: 3}}", path: "x.yaml", environment: [:])
        #expect(file.chains.first?.endpoints == [])
        #expect(throws: Failure.self) {
            try ConfigurationFile(text: "chains: {what: {confirmations: 3}}", path: "x.yaml", environment: [:])
        }
    }

    @Test(arguments: ["9007199254740992", "18446744073709551615", "-1", "x", ""])
    func `a block that no chain reaches is no block number`(_ text: String) {
        #expect(throws: Failure.self) { try Parse.block(text, for: "--to-block") }
    }

    @Test(arguments: ["postgresql://user:s3cr3t@h/db", "s3cr3t", "user:s3cr3t@h", ""])
    func `a database that is not SQLite's is named by its scheme alone`(_ url: String) throws {
        var options = DatabaseOptions()
        options.database = url
        let error = #expect(throws: Failure.self) { try options.path() }
        #expect(!(error?.message.contains("s3cr3t") ?? true), "\(error?.message ?? "")")
    }
}
