import ArgumentParser
import Ethereum
import Foundation
import Tokens
import StoreSQLite

/// `--database`: what nearly every command takes.
struct DatabaseOptions: ParsableArguments {
    @Option(name: OptionTable.database.flag, help: OptionTable.database.argumentHelp)
    var database: String?

    /// The database's path.
    ///
    /// A URL that is not SQLite's is not repeated: it may carry a password.
    /// - Parameter file: what the configuration file says, if there is one.
    func path(file: String? = nil) throws -> String {
        let url = OptionTable.database.given(database) ?? file ?? OptionTable.database.standard ?? ""
        guard url.hasPrefix("sqlite:") else {
            let scheme = url.prefix { $0.isASCII && ($0.isLetter || $0.isNumber) }
            let named = url.dropFirst(scheme.count).first == ":" ? " \(scheme):…" : ""
            throw Failure.usage("--database\(named): use sqlite:PATH, for instance sqlite:holdfast.db")
        }
        let path = String(url.dropFirst("sqlite:".count))
        guard !path.isEmpty else {
            throw Failure.usage("--database sqlite: needs a path, for instance sqlite:holdfast.db")
        }
        return path
    }

    /// Opens an existing database for reading; making one would answer every question with "nothing".
    func open() throws -> SQLiteStore {
        let path = try path()
        guard FileManager.default.fileExists(atPath: path) else {
            throw Failure.work("\(path) does not exist; `holdfast sync --rpc URL` makes it")
        }
        return try SQLiteStore(path: path, lease: .standard())
    }
}

/// `--json`, for commands that print an answer.
struct OutputOptions: ParsableArguments {
    @Flag(name: OptionTable.json.flag, help: OptionTable.json.argumentHelp)
    var json = false

    func isJSON() throws -> Bool { try json || Environment.flag(OptionTable.json) }
}

/// `--chain`, for questions to a database that may hold several.
struct ChainOption: ParsableArguments {
    @Option(name: OptionTable.chain.flag, help: OptionTable.chain.argumentHelp)
    var chain: String?

    /// The chain meant: the one named, else the only one held.
    func resolve(in store: SQLiteStore) throws -> ChainID {
        if let name = OptionTable.chain.given(chain) { return try ChainPresets.id(named: name) }
        let held = try store.chains().map(\.identity.chainID)
        switch held.count {
        case 1: return held[0]
        case 0: throw Failure.work("the database holds no chain yet; `holdfast sync --rpc URL` reads one")
        default:
            let names = held.map(String.init).joined(separator: ", ")
            throw Failure.usage("the database holds the chains \(names); name one with --chain")
        }
    }
}
