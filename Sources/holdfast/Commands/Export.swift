import ArgumentParser
import StoreSQLite
import Ethereum
import Foundation
import Tokens

/// `holdfast export`: everything, in one order, streamed to stdout.
struct Export: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Write what the database holds to stdout.",
        subcommands: [Holdings.self, StoredTransfers.self, StoredTokens.self]
    )

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case jsonl, csv
    }

    struct Holdings: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Who holds what: one line for each holding, in order of contract, id, owner.",
            discussion: """
                Runs of more than 10,000 consecutive ids that one owner holds by an ERC-2309 range are one line with \
                tokenId and tokenIdTo. The same holdings give the same bytes, however they were read.
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
            if format == .csv { try out.write("chainId,contract,standard,tokenId,tokenIdTo,owner,amount\n") }
            let summary = try store.holdings(of: chainID, at: block) { line in
                try out.write(text(line, chainID, format))
            }
            try out.flush()
            var notes: [String] = []
            if summary.negativeSums > 0 { notes.append("\(summary.negativeSums) negative sums left out") }
            if !summary.asOf.isComplete { notes.append("NOT complete yet") }
            // A quiet block's hash may not be held; the answer is for it all the same.
            let place = (summary.asOf.block?.number ?? block).map { "block \($0)" } ?? "no block"
            FileHandle.standardError.write(
                Data(
                    ("holdings as of \(place): \(summary.lines) lines"
                        + notes.map { "; \($0)" }.joined() + "\n").utf8
                )
            )
        }

        private func text(_ line: HoldingLine, _ chainID: ChainID, _ format: Format) -> String {
            let standard = line.rule.standard
            switch format {
            case .jsonl:
                let source = line.isObserved ? #","source":"snapshot""# : ""
                let last = line.tokenTo.map { #","tokenIdTo":"\#($0)""# } ?? ""
                return #"{"chainId":\#(chainID),"contract":"\#(line.contract)","standard":"\#(standard)","#
                    + #""tokenId":"\#(line.token)"\#(last),"owner":"\#(line.owner)","amount":"\#(line.amount)"\#(source)}"#
                    + "\n"
            case .csv:
                let last = line.tokenTo.map { "\($0)" } ?? ""
                return "\(chainID),\(line.contract),\(standard),\(line.token),\(last),\(line.owner),\(line.amount)\n"
            }
        }
    }
}

/// Standard output in large writes; an error, such as a closed pipe, is thrown.
struct BufferedOutput {
    private var buffer = Data()
    private static let bytesMax = 1 << 16

    mutating func write(_ text: String) throws {
        buffer.append(contentsOf: text.utf8)
        if buffer.count >= Self.bytesMax { try flush() }
    }

    mutating func flush() throws {
        try FileHandle.standardOutput.write(contentsOf: buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}
