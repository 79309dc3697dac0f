import ArgumentParser
import Ethereum
import Foundation
import StoreSQLite
import Tokens

/// `holdfast export tokens`: one line for each token, with what is known of its metadata.
extension Export {
    struct StoredTokens: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "tokens",
            abstract: "What each token is: one line for each, in order of contract and id.",
            discussion: """
                Tokens whose metadata never came have their ids and states. Tokens that only ever moved in ERC-2309 ranges \
                are not listed. In CSV, texts that a spreadsheet would take for a formula begin with an apostrophe.
                """
        )

        @Option(name: OptionTable.format.flag, help: OptionTable.format.argumentHelp)
        var format: Format?
        @OptionGroup var chain: ChainOption
        @OptionGroup var database: DatabaseOptions

        func run() throws {
            let format = format ?? .jsonl
            let store = try database.open()
            let chainID = try chain.resolve(in: store)
            var out = BufferedOutput()
            if format == .csv { try out.write("chainId,contract,tokenId,tokenUri,uriState,metadataState,name,image\n") }
            var (lines, pending) = (0, 0)
            try store.metadata(of: chainID) { token in
                lines += 1
                if token.state == .pending { pending += 1 }
                try out.write(Self.text(token, chainID, format))
            }
            try out.flush()
            FileHandle.standardError.write(Data("tokens: \(lines) lines; \(pending) pending\n".utf8))
        }

        static func text(_ item: TokenMetadata, _ chainID: ChainID, _ format: Format) -> String {
            let uri = item.uri?.raw.map { String(decoding: $0, as: UTF8.self) }
            let (state, fields) = (item.uri?.state ?? .pending, item.fields)
            let (contract, id) = (item.token.contract, item.token.token)
            switch format {
            case .jsonl:
                return #"{"chainId":\#(chainID),"contract":"\#(contract)","tokenId":"\#(id)","#
                    + #""tokenUri":\#(JSONText.quoted(uri)),"uriState":"\#(state.name)","#
                    + #""metadataState":"\#(item.state.name)","name":\#(JSONText.quoted(fields?.name)),"#
                    + #""image":\#(JSONText.quoted(fields?.image)),"attributes":\#(fields?.attributes ?? "[]")}"# + "\n"
            case .csv:
                let texts = [uri, state.name, item.state.name, fields?.name, fields?.image].map { cell($0 ?? "") }
                return "\(chainID),\(contract),\(id)," + texts.joined(separator: ",") + "\n"
            }
        }

        /// One cell: quoted where it has to be, and never a formula (CSV injection).
        static func cell(_ text: String) -> String {
            // Scalar by scalar: what a comma or a quote is combined with would hide it.
            var out = String.UnicodeScalarView()
            if let first = text.unicodeScalars.first, "=+-@\t\r".unicodeScalars.contains(first) { out.append("'") }
            var isQuoted = false
            for scalar in text.unicodeScalars {
                isQuoted = isQuoted || ",\"".unicodeScalars.contains(scalar)
                switch scalar {
                case "\"": out += ["\"", "\""]
                // Controls move a terminal's cursor, and lines end records.
                case "\u{0}"..<"\u{20}", "\u{7F}"..<"\u{A0}", "\u{2028}", "\u{2029}": out.append(" ")
                default: out.append(scalar)
                }
            }
            return isQuoted ? "\"\(String(out))\"" : String(out)
        }
    }
}
