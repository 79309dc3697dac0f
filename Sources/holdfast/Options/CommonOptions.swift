import ArgumentParser
import Ethereum
import Foundation
import Tokens
import StoreSQLite

/// `--database` and `--json`: what every command takes.
struct DatabaseOptions: ParsableArguments {
    @Option(name: .customLong(OptionTable.database.name), help: OptionTable.database.argumentHelp)
    var database: String?

    @Flag(name: .customLong(OptionTable.json.name), help: OptionTable.json.argumentHelp)
    var json = false

    /// The database's path.
    ///
    /// - Parameter file: what the configuration file says, if there is one.
    func path(file: String? = nil) throws -> String {
        let url = database ?? Environment.value(OptionTable.database) ?? file ?? "sqlite:holdfast.db"
        guard url.hasPrefix("sqlite:") else {
            throw Failure.usage("--database \(url): use sqlite:PATH, for instance sqlite:holdfast.db")
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
        return try SQLiteStore(path: path)
    }
}

/// `--chain`, for questions to a database that may hold several.
struct ChainOption: ParsableArguments {
    @Option(name: .customLong(OptionTable.chain.name), help: OptionTable.chain.argumentHelp)
    var chain: String?

    /// The chain meant: the one named, else the only one held.
    func resolve(in store: SQLiteStore) throws -> ChainID {
        if let name = chain ?? Environment.value(OptionTable.chain) { return try ChainPresets.id(named: name) }
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
