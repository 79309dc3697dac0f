import Ethereum
import HTTPTypes
import Hummingbird
import Tokens

/// What a request asks for, read and checked: every refusal says which part is wrong and what it should be.
struct Inputs {
    private let request: Request
    private let context: APIContext
    private let query: [(key: Substring, value: Substring)]

    static let limitDefault = 20
    static let limitMax = 100
    /// Each costs a look-up for every token that is passed.
    private static let traitsMax = 16

    /// - Parameters:
    ///   - allowed: the query's names; any other is refused, because a misspelt one would be ignored silently.
    ///   - repeatable: those that may be given more than once.
    init(
        _ request: Request,
        _ context: APIContext,
        query allowed: [String] = [],
        repeatable: Set<String> = []
    ) throws {
        self.request = request
        self.context = context
        query = request.uri.query == nil ? [] : request.uri.queryParameters.map { ($0.key, $0.value) }
        for (key, _) in query where !allowed.contains(where: { $0 == key }) {
            let names = allowed.isEmpty ? "it takes none" : "it takes " + allowed.joined(separator: ", ")
            throw Problem.badInput("The query parameter \(key.prefix(40)) is not known here; \(names).")
        }
        for (index, pair) in query.enumerated()
        where !repeatable.contains(String(pair.key)) && query[..<index].contains(where: { $0.key == pair.key }) {
            throw Problem.badInput("The query parameter \(pair.key) is given twice.")
        }
    }

    private func value(_ name: String) -> String? {
        query.first { $0.key == name }.map { String($0.value) }
    }

    // MARK: The path

    func chain(_ resolve: (String) -> ChainID?) throws -> ChainID {
        let name = context.parameters.get("chain") ?? ""
        guard let chain = resolve(name) else { throw Problem.unknownChain(String(name.prefix(40))) }
        return chain
    }

    func address(_ parameter: String) throws -> Address {
        try address(text: context.parameters.get(parameter) ?? "")
    }

    private func address(text: String) throws -> Address {
        do {
            return try Address(text: text)
        } catch {
            throw Problem.badInput("\(text.prefix(60)) is not an address: \(error)")
        }
    }

    func token() throws -> TokenID {
        let text = context.parameters.get("id") ?? ""
        guard let token = U256(text: text) else {
            throw Problem.badInput("\(text.prefix(90)) is not a token id: a decimal or 0x number from 0 to 2^256-1.")
        }
        return TokenID(contract: try address("contract"), token: token)
    }

    // MARK: The query

    /// The wallet that a form asks for.
    func queriedWallet() throws -> Address {
        try address(text: String((value("wallet") ?? "").filter { !$0.isWhitespace && $0 != "+" }))
    }

    /// The chain that a form asks for; nil where it names none.
    func queriedChain(_ resolve: (String) -> ChainID?) throws -> ChainID? {
        guard let name = value("chain"), !name.isEmpty else { return nil }
        guard let chain = resolve(name) else { throw Problem.unknownChain(String(name.prefix(40))) }
        return chain
    }

    func block() throws -> BlockNumber? {
        guard let text = value("atBlock") else { return nil }
        guard let block = UInt64(text), block <= UInt64(Int64.max) else {
            throw Problem.badInput("atBlock=\(text.prefix(40)) is not a block number.")
        }
        return block
    }

    /// Whose transfers: everybody's where neither a wallet nor a contract is named.
    func transferSubject() throws -> TransferSubject {
        switch (value("wallet"), value("contract")) {
        case (nil, nil): .chain
        case (let wallet?, nil): .wallet(try address(text: wallet))
        case (nil, let contract?): .contract(try address(text: contract))
        default: throw Problem.badInput("Name a wallet or a contract, not both.")
        }
    }

    /// What tokens are looked for by name and traits; nil where the query asks for neither.
    func filter() throws -> TokenFilter? {
        let texts = try QueryText.values(of: ["name", "trait"], in: request.uri.query ?? "")
        let filter = TokenFilter(
            name: texts["name"]?.first,
            traits: try (texts["trait"] ?? []).map { text in
                guard let trait = TokenFilter.Trait(text: text) else {
                    throw Problem.badInput(
                        "trait=\(text.prefix(60)) is not Type:Value; a colon or backslash in the type has a backslash before it."
                    )
                }
                return trait
            }
        )
        if filter.name?.isEmpty == true { throw Problem.badInput("name= is empty; leave it out to see every token.") }
        guard filter.traits.count <= Self.traitsMax else {
            throw Problem.badInput("At most \(Self.traitsMax) traits can be asked for at once.")
        }
        guard !filter.isEmpty else { return nil }
        if value("atBlock") != nil {
            throw Problem.badInput("Names and traits are known as they are now: leave out atBlock, or name and trait.")
        }
        return filter
    }

    /// The contract whose balance is asked for.
    func contractOfBalance() throws -> Address {
        guard let text = value("contract") else {
            throw Problem.badInput("Name the contract: ?contract=0x…, and for ERC-1155 the token: &id=….")
        }
        return try address(text: text)
    }

    /// The ERC-1155 token whose balance is asked for; nil: the number of tokens of an ERC-721 contract.
    func idOfBalance() throws -> U256? {
        guard let text = value("id") else { return nil }
        guard let token = U256(text: text) else {
            throw Problem.badInput("id=\(text.prefix(90)) is not a token id: a decimal or 0x number from 0 to 2^256-1.")
        }
        return token
    }

    /// - Parameter standard: where the query does not say.
    func limit(standard: Int = Inputs.limitDefault) throws -> Int {
        guard let text = value("limit") else { return standard }
        guard let limit = Int(text), (1...Self.limitMax).contains(limit) else {
            throw Problem.badInput("limit=\(text.prefix(40)) is not a number from 1 to \(Self.limitMax).")
        }
        return limit
    }

    /// Which of a token's documents; nil: the newest.
    func version() throws -> UInt64? {
        guard let text = value("version") else { return nil }
        guard let version = UInt64(text), version > 0 else {
            throw Problem.badInput("version=\(text.prefix(40)) is not a number from 1 on.")
        }
        return version
    }

    /// Whether only what is on sale is asked for.
    func isOnSale(_ marketplaces: Set<Address>) throws -> Bool {
        guard let text = value("onSale") else { return false }
        guard text == "true" else {
            throw Problem.badInput("onSale=\(text.prefix(40)) is not true; leave it out to see every token.")
        }
        guard !["atBlock", "name", "trait"].contains(where: { value($0) != nil }) else {
            throw Problem.badInput("onSale goes with neither atBlock nor name nor trait.")
        }
        guard !marketplaces.isEmpty else {
            throw Problem.badInput("No marketplace is named for this chain; see --marketplace.")
        }
        return true
    }

    func isConsistent() throws -> Bool {
        switch value("consistent") {
        case nil, "0": false
        case "1": true
        case let text?: throw Problem.badInput("consistent=\(text.prefix(40)) is neither 1 nor 0.")
        }
    }

    /// Which page of the list that the request's path names.
    ///
    /// - Parameter path: the list's name, where several paths lead to it.
    func page<Position: CursorPosition>(
        _: Position.Type,
        limit standard: Int = Inputs.limitDefault,
        of path: String? = nil
    ) throws -> PageInput<Position> {
        let names: Set<Substring> = ["atBlock", "wallet", "contract", "name", "trait", "onSale"]
        let chosen = query.filter { names.contains($0.key) }.map { "\($0.key)=\($0.value)" }.sorted()
        let list = Cursor.list((path ?? request.uri.path) + "?" + chosen.joined(separator: "&"))
        var out = PageInput<Position>(
            limit: try limit(standard: standard),
            isConsistent: try isConsistent(),
            list: list
        )
        guard let text = value("cursor") else { return out }
        guard let cursor = Cursor(text: text), let position = Position(cursorBytes: cursor.position) else {
            throw Problem.badInput("The cursor is none of ours; start again without it.")
        }
        guard cursor.list == list else {
            throw Problem.badInput("The cursor belongs to another list; start again without it.")
        }
        out.position = position
        out.revision = cursor.revision
        return out
    }
}

/// A page as asked for, and what its answer says about changes since the first one.
struct PageInput<Position: CursorPosition>: Sendable {
    var limit: Int
    var isConsistent: Bool
    var list: UInt32
    var position: Position?
    /// The revision of the first page; nil when this is it.
    var revision: UInt64?

    init(limit: Int, isConsistent: Bool, list: UInt32) {
        self.limit = limit
        self.isConsistent = isConsistent
        self.list = list
    }

    var request: PageRequest<Position> { PageRequest(position: position, limit: limit) }

    /// The cursor of the next page, if there is one; it remembers the state of the first.
    func cursor(_ next: Position?, _ standing: Standing) -> String? {
        next.map { Cursor(revision: revision ?? standing.revision, list: list, position: $0.cursorBytes).text }
    }

    /// The fields that end a page: where it goes on, whether the data changed, and from which state it is.
    /// - Throws: ``Problem/changed`` where the request asks for one state only.
    func write(_ json: inout JSONWriter, next: Position?, _ standing: Standing) throws {
        let first = revision ?? standing.revision
        let isChanged = first != standing.revision
        if isChanged, isConsistent { throw Problem.changed }
        json.field("next", cursor(next, standing))
        json.field("changed", isChanged)
        json.fields(standing)
    }
}
