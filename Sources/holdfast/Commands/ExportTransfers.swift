import ArgumentParser
import Ethereum
import Foundation
import StoreSQLite
import Tokens

/// `holdfast export transfers`: one line for each stored transfer, in order of place.
extension Export {
    struct StoredTransfers: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "transfers",
            abstract: "What moved: one line for each stored transfer, in order of block, log and place in the log.",
            discussion: """
                An ERC-2309 range is one line with tokenId and tokenIdTo. The timestamp is seconds since 1970, and null or \
                empty until the chain was asked for it.
                """
        )

        @Option(name: OptionTable.format.flag, help: OptionTable.format.argumentHelp)
        var format: Format?

        @Option(name: OptionTable.atBlock.flag, help: OptionTable.atBlock.argumentHelp)
        var atBlock: String?

        @OptionGroup var chain: ChainOption
        @OptionGroup var database: DatabaseOptions

        func run() throws {
            let format = format ?? .jsonl
            let block = try atBlock.map { try Parse.block($0, for: "--at-block") }
            let store = try database.open()
            let chainID = try chain.resolve(in: store)
            var out = BufferedOutput()
            if format == .csv {
                try out.write(
                    "chainId,blockNumber,blockHash,timestamp,logIndex,ordinal,transactionHash,transactionIndex,standard,"
                        + "kind,contract,tokenId,tokenIdTo,from,to,operator,amount,flags\n"
                )
            }
            let summary = try store.transfers(of: chainID, upTo: block) { transfer in
                try out.write(text(transfer, chainID, format))
            }
            try out.flush()
            let place = block.map { "up to block \($0)" } ?? summary.asOf.block.map { "as of block \($0.number)" }
            let note = summary.asOf.isComplete ? "" : "; NOT complete yet"
            FileHandle.standardError.write(
                Data("transfers \(place ?? "as of no block"): \(summary.lines) lines\(note)\n".utf8)
            )
        }

        private func text(_ exported: ExportedTransfer, _ chainID: ChainID, _ format: Format) -> String {
            let (line, transfer) = (exported.line, exported.line.transfer)
            let flags = [
                transfer.flags.contains(.presumed) ? "presumed" : nil,
                transfer.flags.contains(.extraData) ? "extraData" : nil,
                transfer.flags.contains(.receiverBefore) ? "receiverBefore" : nil,
            ].compactMap(\.self)
            switch format {
            case .jsonl:
                var fields: [String] = [
                    #""chainId":\#(chainID)"#, #""blockNumber":\#(transfer.place.block)"#,
                    #""blockHash":"\#(exported.blockHash)""#,
                    #""timestamp":\#(line.timestamp.map(String.init) ?? "null")"#,
                    #""logIndex":\#(transfer.place.logIndex)"#, #""ordinal":\#(transfer.place.ordinal)"#,
                    #""transactionHash":"\#(transfer.transactionHash)""#,
                    #""transactionIndex":\#(transfer.transactionIndex)"#,
                    #""standard":"\#(transfer.kind.rule.standard)""#, #""kind":"\#(transfer.kind.name)""#,
                    #""contract":"\#(transfer.contract)""#, #""tokenId":"\#(transfer.token)""#,
                ]
                if let last = line.tokenTo { fields.append(#""tokenIdTo":"\#(last)""#) }
                fields += [
                    #""from":"\#(transfer.from)""#, #""to":"\#(transfer.to)""#,
                    #""operator":"\#(transfer.operator)""#, #""amount":"\#(transfer.amount)""#,
                    #""flags":[\#(flags.map { "\"\($0)\"" }.joined(separator: ","))]"#,
                ]
                return "{\(fields.joined(separator: ","))}\n"
            case .csv:
                let columns: [String] = [
                    "\(chainID)", "\(transfer.place.block)", "\(exported.blockHash)",
                    line.timestamp.map(String.init) ?? "", "\(transfer.place.logIndex)", "\(transfer.place.ordinal)",
                    "\(transfer.transactionHash)", "\(transfer.transactionIndex)", transfer.kind.rule.standard,
                    transfer.kind.name, "\(transfer.contract)", "\(transfer.token)",
                    line.tokenTo.map { "\($0)" } ?? "", "\(transfer.from)", "\(transfer.to)", "\(transfer.operator)",
                    "\(transfer.amount)", flags.joined(separator: " "),
                ]
                return columns.joined(separator: ",") + "\n"
            }
        }
    }
}
