import ChainClient
import Ethereum
import Foundation
import StoreSQLite
import Yams

/// The YAML file: the option table's keys at the top, and maps of chains and their endpoints, keyed by name.
///
/// `${NAME}` is replaced by the environment variable; one that is not set is an error. An unknown key is an error that
/// names the nearest known one, because a typo must not silently mean a default.
struct ConfigurationFile {
    var database: String?
    var port: Int?
    var livePort: Int?
    var roles: Set<Role>?
    var host: String?
    var optionalIndexes: Set<OptionalIndex> = []
    var chains: [ChainSettings] = []

    private static let topKeys = OptionTable.fileKeys + ["chains"]
    private static let endpointKeys = ["url", "operator", "headers", "requests-per-second", "requests-per-day"]

    init(path: String, environment: [String: String]) throws {
        let text: String
        do {
            text = try String(contentsOfFile: path, encoding: .utf8)
        } catch {
            throw Failure.configuration("--config \(path) cannot be read: check that the file is there")
        }
        try self.init(text: text, path: path, environment: environment)
    }

    init(text: String, path: String, environment: [String: String]) throws {
        let tree: Any?
        do {
            tree = try Yams.load(yaml: text)
        } catch {
            throw Failure.configuration("\(path) is not YAML\(Self.place(of: error))")
        }
        let reader = Reader(path: path, environment: environment)
        let top = try reader.map(tree ?? [String: Any](), "the file", Self.topKeys)
        database = try reader.text(top["database"], "database")
        host = try reader.text(top["host"], "host")
        port = try reader.port(top["port"], "port")
        livePort = try reader.port(top["live-port"], "live-port")
        let named = try reader.list(top["roles"] is String ? [top["roles"]] : top["roles"], "roles")
        roles = top["roles"] == nil ? nil : try Role.parse(named.joined(separator: ","), for: "roles")
        let index = top["index"]
        optionalIndexes = Set(
            try reader.list(index is [Any] ? index : index.map { [$0] }, "index").map {
                try Parse.optionalIndex($0, for: "index")
            }
        )
        for (name, value) in try reader.entries(top["chains"], "chains") {
            chains.append(try chain(name, value, reader))
        }
    }

    /// Where a syntax error is; never the line itself, which may hold a URL with its key.
    private static func place(of error: any Error) -> String {
        switch error as? YamlError {
        case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _):
            ": line \(mark.line), column \(mark.column)"
        case .duplicatedKeysInMapping(_, let context):
            ": a key twice in the map at line \(context.mark.line), column \(context.mark.column)"
        default: ""
        }
    }

    private func chain(_ name: String, _ value: Any, _ reader: Reader) throws -> ChainSettings {
        let place = "chains.\(name)"
        let map = try reader.map(value, place, OptionTable.chainKeys)
        let id = try reader.text(map["chain"], "\(place).chain")
        let chainID = try id.map(ChainPresets.id(named:)) ?? ChainPresets.all.first { $0.name == name }?.chainID
        var endpoints: [Endpoint] = []
        for (key, value) in try reader.entries(map["endpoints"], "\(place).endpoints") {
            endpoints.append(try endpoint(key, value, "\(place).endpoints.\(key)", reader))
        }
        // A chain that is known by its id may have endpoints in the database, or its preset's.
        guard !endpoints.isEmpty || chainID != nil else { throw reader.failure("\(place) has no endpoints") }
        var settings = ChainSettings(
            name: name,
            chainID: chainID,
            endpoints: endpoints,
            contracts: try reader.list(map["contracts"], "\(place).contracts").map {
                try Parse.address($0, for: "\(place).contracts")
            },
            firstBlock: try reader.text(map["from-block"], "from-block").map {
                try Parse.block($0, for: "\(place).from-block")
            },
            confirmations: try reader.text(map["confirmations"], "confirmations").map {
                try Parse.confirmations($0, for: "\(place).confirmations")
            },
            pollInterval: try reader.text(map["poll-interval"], "poll-interval").map {
                try Parse.interval($0, for: "\(place).poll-interval")
            },
            evidence: try reader.text(map["evidence"], "evidence").map {
                try Parse.evidence($0, for: "\(place).evidence")
            }
        )
        if let text = try reader.text(map["audit"], "audit") {
            settings.auditedPerMinute = try Parse.audit(text, for: "\(place).audit")
        }
        if let text = try reader.text(map["enrich"], "enrich") {
            settings.enrichment = try Parse.enrichment(text, for: "\(place).enrich")
        }
        settings.marketplaces = try Parse.marketplaces(
            reader.list(map["marketplaces"], "\(place).marketplaces"),
            for: "\(place).marketplaces"
        )
        return settings
    }

    private func endpoint(_ name: String, _ value: Any, _ place: String, _ reader: Reader) throws -> Endpoint {
        if value is String {
            return Endpoint(url: try Parse.url(try reader.text(value, place) ?? "", for: place), name: name)
        }
        let map = try reader.map(value, place, Self.endpointKeys)
        guard let url = try reader.text(map["url"], "\(place).url") else { throw reader.failure("\(place) has no url") }
        var endpoint = Endpoint(url: try Parse.url(url, for: "\(place).url"), name: name)
        if let text = try reader.text(map["operator"], place) { endpoint.operator = text }
        endpoint.headers = try reader.entries(map["headers"], "\(place).headers").map { key, value in
            Endpoint.Header(name: key, value: try reader.text(value, "\(place).headers.\(key)") ?? "")
        }
        if let text = try reader.text(map["requests-per-second"], place) {
            guard let rate = Double(text), rate > 0 else {
                throw reader.failure("\(place).requests-per-second: \(text) is not a number above 0")
            }
            endpoint.requestsPerSecond = rate
        }
        if let text = try reader.text(map["requests-per-day"], place) {
            guard let count = Int(text), count > 0 else {
                throw reader.failure("\(place).requests-per-day: \(text) is not a number above 0")
            }
            endpoint.requestsPerDay = count
        }
        return endpoint
    }

    /// Reads the untyped tree and says where something is wrong.
    private struct Reader {
        var path: String
        var environment: [String: String]

        func failure(_ what: String) -> Failure { .configuration("\(path): \(what)") }

        func map(_ value: Any, _ place: String, _ known: [String]) throws -> [String: Any] {
            guard let map = value as? [String: Any] else { throw failure("\(place) must be a map") }
            for key in map.keys.sorted() where !known.contains(key) {
                let nearest = known.min { distance($0, key) < distance($1, key) } ?? ""
                throw failure("\(place) has an unknown key \"\(key)\"; did you mean \"\(nearest)\"?")
            }
            return map
        }

        func port(_ value: Any?, _ place: String) throws -> Int? {
            try text(value, place).map { text in
                guard let port = Int(text), (0...65_535).contains(port) else {
                    throw failure("\(place): \(text) is not a port from 0 to 65535")
                }
                return port
            }
        }

        /// A map with names of the operator's choice, in order of names.
        func entries(_ value: Any?, _ place: String) throws -> [(String, Any)] {
            guard let value else { return [] }
            guard let map = value as? [String: Any] else { throw failure("\(place) must be a map keyed by name") }
            return map.sorted { $0.key < $1.key }
        }

        func list(_ value: Any?, _ place: String) throws -> [String] {
            guard let value else { return [] }
            guard let list = value as? [Any] else { throw failure("\(place) must be a list") }
            return try list.compactMap { try text($0, place) }
        }

        func text(_ value: Any?, _ place: String) throws -> String? {
            switch value {
            case nil, is NSNull: nil
            case let text as String: try expand(text, place)
            case let number as Int: String(number)
            case let number as Double: String(number)
            case let flag as Bool: String(flag)
            default: throw failure("\(place) must be a single value; put addresses and big numbers in quotes")
            }
        }

        private func expand(_ text: String, _ place: String) throws -> String {
            var out = ""
            var rest = Substring(text)
            while let start = rest.range(of: "${") {
                guard let end = rest[start.upperBound...].firstIndex(of: "}") else {
                    throw failure("\(place): ${ without }")
                }
                let name = String(rest[start.upperBound..<end])
                guard let value = environment[name] else {
                    throw failure("\(place): the environment variable \(name) is not set")
                }
                out += rest[..<start.lowerBound] + value
                rest = rest[rest.index(after: end)...]
            }
            return out + rest
        }

        /// Levenshtein's distance.
        private func distance(_ left: String, _ right: String) -> Int {
            let right = Array(right)
            var row = Array(0...right.count)
            for (index, character) in left.enumerated() {
                var diagonal = row[0]
                row[0] = index + 1
                for column in right.indices {
                    let cost = min(
                        diagonal + (character == right[column] ? 0 : 1),
                        row[column] + 1,
                        row[column + 1] + 1
                    )
                    diagonal = row[column + 1]
                    row[column + 1] = cost
                }
            }
            return row[right.count]
        }
    }
}
