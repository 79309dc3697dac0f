import Ethereum
import GRDB
import Tokens

/// Rows of what is held of tokens' metadata, and how results change them.
struct MetadataRows {
    let reading: ListReading
    private(set) var tally = MetadataTally()
    /// How many more tokens have their metadata than before.
    private(set) var enriched = 0
    /// Contracts of which something is new.
    private(set) var changed: Set<AddressID> = []

    init(_ reading: ListReading) { self.reading = reading }

    private static let columns = """
        m.uri_state, m.uri, m.location, m.block, m.block_hash, m.state, m.detail, m.version,
        m.name, m.description, m.image, m.animation, m.external_url, m.attributes, m.flags, d.hash, m.document
        """
    private static let source = "token_metadata m LEFT JOIN metadata_document d ON d.id = m.document"

    // MARK: Reading

    func held(_ token: TokenID, _ contract: AddressID) throws -> TokenMetadata? {
        try reading.first(
            "SELECT \(Self.columns) FROM \(Self.source) WHERE m.chain = ?1 AND m.contract = ?2 AND m.token = ?3",
            [reading.chain, contract, ListReading.key(token.token)]
        ).map { try Self.metadata(token, $0) }
    }

    /// Every token, contract by contract in order of address.
    func all(_ body: (TokenMetadata) throws -> Void) throws {
        let contracts = try Row.fetchAll(
            reading.db,
            sql: """
                SELECT c.contract, a.bytes FROM contract c JOIN address a ON a.id = c.contract
                WHERE c.chain = ? ORDER BY a.bytes
                """,
            arguments: [reading.chain]
        )
        for row in contracts {
            let address = try ListReading.address(row, 1)
            guard reading.serves(address) else { continue }
            try tokens(of: row[0], address, body)
        }
    }

    private func tokens(of contract: AddressID, _ address: Address, _ body: (TokenMetadata) throws -> Void) throws {
        let rows = try reading.rows(
            """
            SELECT \(Self.columns), t.token FROM (
              SELECT token FROM owner WHERE chain = ?1 AND contract = ?2 AND owner <> 0
              UNION SELECT token FROM supply WHERE chain = ?1 AND contract = ?2 ORDER BY token
            ) t
            LEFT JOIN token_metadata m ON m.chain = ?1 AND m.contract = ?2 AND m.token = t.token
            LEFT JOIN metadata_document d ON d.id = m.document ORDER BY t.token
            """,
            [reading.chain, contract]
        )
        while let row = try rows.next() {
            let token = TokenID(contract: address, token: try ListReading.token(row, 17))
            try body(
                row.hasNull(atIndex: 0)
                    ? TokenMetadata(
                        token: token,
                        uri: nil,
                        state: .pending,
                        detail: nil,
                        fields: nil,
                        hash: nil,
                        version: 0
                    ) : try Self.metadata(token, row)
            )
        }
    }

    private static func metadata(_ token: TokenID, _ row: Row) throws -> TokenMetadata {
        guard let uriState = URIState(rawValue: row[0]), let state = MetadataState(rawValue: row[5]) else {
            throw ListReading.damaged("state")
        }
        let hash = (row[15] as Data_?).flatMap { Hash32(bytes: $0) }
        return TokenMetadata(
            token: token,
            uri: ObservedURI(
                state: uriState,
                raw: (row[1] as Data_?).map { Array($0) },
                location: row[2],
                block: BlockRef(number: ListReading.number(row, 3), hash: try ListReading.hash(row, 4))
            ),
            state: state,
            detail: row[6],
            fields: hash == nil ? nil : fields(row),
            hash: hash,
            version: row[7]
        )
    }

    private static func fields(_ row: Row) -> MetadataFields {
        MetadataFields(
            name: row[8],
            description: row[9],
            image: row[10],
            animation: row[11],
            externalURL: row[12],
            attributes: row[13],
            flags: UInt32(truncatingIfNeeded: row[14] as Int64)
        )
    }

    // MARK: Results

    /// Takes one result, if its job is still this claim's.
    mutating func take(_ result: MetadataResult, as claim: ID128) throws {
        guard let contract = try reading.id(of: result.token.contract) else { throw ListReading.damaged("address") }
        let place: StatementArguments = [reading.chain, contract, ListReading.key(result.token.token)]
        let mine = try reading.first(
            """
            SELECT claim = ?4 AND claim_until = ?5 FROM metadata_job WHERE chain = ?1 AND contract = ?2 AND token = ?3
            """,
            place + [ChainTable.bytes(claim), result.until]
        )
        #if MUTANTS
            let isMine = Mutant.is(.lateResultTaken) || mine?[0] as Bool? == true
        #else
            let isMine = mine?[0] as Bool? == true
        #endif
        guard isMine else {
            tally.late += 1
            return
        }
        if let block = result.uri?.block, try !reading.isOnChain(block) {
            // Reorganised while its document was fetched: asked again, at once, and no try of the token's.
            tally.retried += 1
            try reading.db.execute(
                sql: """
                    UPDATE metadata_job SET due = 0, claim = NULL, claim_until = 0
                    WHERE chain = ?1 AND contract = ?2 AND token = ?3
                    """,
                arguments: place
            )
            return
        }
        try write(result, contract)
        if let due = result.retryAt {
            tally.retried += 1
            try reading.db.execute(
                sql: """
                    UPDATE metadata_job SET attempts = attempts + ?6, due = ?4, host = ?5, claim = NULL, claim_until = 0
                    WHERE chain = ?1 AND contract = ?2 AND token = ?3
                    """,
                arguments: place + [due, result.host, result.finding.isAttempt ? 1 : 0]
            )
        } else {
            try reading.db.execute(
                sql: "DELETE FROM metadata_job WHERE chain = ?1 AND contract = ?2 AND token = ?3",
                arguments: place
            )
        }
    }

    private mutating func write(_ result: MetadataResult, _ contract: AddressID) throws {
        let before = try held(result.token, contract)
        guard let after = Self.merged(result, before) else { return }
        switch result.finding {
        case .failed: tally.failed += 1
        case .refused: tally.refused += 1
        case .document, .unheard: break
        }
        let isSame =
            try before.map { before in
                // An answer in the state of a block that is gone has to be replaced, though it says the same.
                guard let block = before.uri?.block, try reading.isOnChain(block) else { return false }
                return after == Self.comparable(before, after.uri)
            } ?? false
        guard !isSame else {
            tally.unchanged += 1
            return
        }
        tally.changed += 1
        changed.insert(contract)
        enriched += (after.state == .ok ? 1 : 0) - (before?.state == .ok ? 1 : 0)
        var document: Int64?
        if case .document(let found) = result.finding {
            document = try keep(found)
            if after.version > before?.version ?? 0, let document {
                try reading.db.execute(
                    sql: "INSERT INTO metadata_version VALUES(?, ?, ?, ?, ?, ?)",
                    arguments: [
                        reading.chain, contract, ListReading.key(result.token.token), after.version, document,
                        after.uri?.location,
                    ]
                )
            }
        }
        try put(after, contract, document)
    }

    /// What is held after a result; nil: it says nothing.
    ///
    /// A document that is held outlives every failure to get a newer one.
    private static func merged(_ result: MetadataResult, _ before: TokenMetadata?) -> TokenMetadata? {
        guard let uri = result.uri else { return nil }
        var after =
            before
            ?? TokenMetadata(
                token: result.token,
                uri: uri,
                state: .pending,
                detail: nil,
                fields: nil,
                hash: nil,
                version: 0
            )
        after.uri = uri
        switch result.finding {
        case .document(let document):
            if document.hash != after.hash { after.version += 1 }
            (after.state, after.detail) = (.ok, nil)
            (after.fields, after.hash) = (document.fields, document.hash)
        // An outage is no fact about a token: of a place where a document was found, it changes nothing. Neither does a
        // name that leads to a private address for a while.
        case .failed where before?.state == .ok && isSamePlace(before?.uri, uri),
            .refused where before?.state == .ok && isSamePlace(before?.uri, uri):
            #if MUTANTS
                if Mutant.is(.outageIsFact) { after.state = .failed }
            #endif
            break
        case .failed(let why): (after.state, after.detail) = (.failed, why)
        case .refused(let why): (after.state, after.detail) = (.refused, why)
        case .unheard: return nil
        }
        return after
    }

    /// A document in the contract has no place but its own text.
    private static func isSamePlace(_ before: ObservedURI?, _ after: ObservedURI) -> Bool {
        guard let before, before.state == after.state else { return false }
        return after.location == nil ? before.raw == after.raw : before.location == after.location
    }

    /// Asked at another block with the same answer is no news.
    private static func comparable(_ held: TokenMetadata, _ asked: ObservedURI?) -> TokenMetadata {
        var held = held
        if let asked { held.uri?.block = asked.block }
        return held
    }

    /// The document's number; documents that many tokens share are kept once.
    private func keep(_ document: MetadataDocument) throws -> Int64 {
        let hash = Blob.data(document.hash.bytes)
        if let row = try reading.first("SELECT id FROM metadata_document WHERE hash = ?1", [hash]) { return row[0] }
        try reading.db.execute(
            sql: "INSERT INTO metadata_document(hash, raw) VALUES(?, ?)",
            arguments: [hash, Blob.data(document.raw)]
        )
        return reading.db.lastInsertedRowID
    }

    private func put(_ metadata: TokenMetadata, _ contract: AddressID, _ document: Int64?) throws {
        guard let uri = metadata.uri else { return }
        let fields = metadata.fields ?? MetadataFields()
        try reading.db.cachedStatement(
            sql: """
                INSERT INTO token_metadata VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT(chain, contract, token) DO UPDATE SET
                  uri_state = excluded.uri_state, uri = excluded.uri, location = excluded.location,
                  block = excluded.block, block_hash = excluded.block_hash,
                  state = excluded.state, detail = excluded.detail, version = excluded.version,
                  document = ifnull(excluded.document, document),
                  name = excluded.name, description = excluded.description, image = excluded.image,
                  animation = excluded.animation, external_url = excluded.external_url,
                  attributes = excluded.attributes, flags = excluded.flags
                """
        ).execute(arguments: [
            reading.chain, contract, ListReading.key(metadata.token.token),
            uri.state.rawValue, uri.raw.map { Blob.data($0) }, uri.location, Int64(bitPattern: uri.block.number),
            Blob.data(uri.block.hash.bytes),
            metadata.state.rawValue, metadata.detail, metadata.version, document,
            fields.name, fields.description, fields.image, fields.animation, fields.externalURL,
            fields.attributes, Int64(fields.flags),
        ])
        try TraitRows(reading, contract).put(metadata.fields, of: metadata.token.token)
    }
}
