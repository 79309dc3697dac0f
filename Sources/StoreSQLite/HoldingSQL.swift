/// The statements behind sweeps and samples of holdings; each walks a primary key or an index, none sorts or scans.
enum HoldingSQL {
    static let contracts = """
        SELECT contract.contract, address.bytes FROM contract CROSS JOIN address ON address.id = contract.contract
        WHERE contract.chain = ?1 AND contract.contract >= ?2 ORDER BY contract.contract
        """
    static let rows = "SELECT rows FROM contract WHERE chain = ?1 AND contract = ?2"

    // MARK: One contract's; ?1 chain, ?2 contract, from token ?3 on

    static let singles = """
        SELECT token FROM owner WHERE chain = ?1 AND contract = ?2 AND token >= ?3 ORDER BY token LIMIT ?4
        """
    static let supplies = """
        SELECT token FROM supply WHERE chain = ?1 AND contract = ?2 AND token >= ?3 ORDER BY token LIMIT ?4
        """
    static let lastSingleBefore = """
        SELECT token FROM owner WHERE chain = ?1 AND contract = ?2 AND token < ?3 ORDER BY token DESC LIMIT 1
        """
    static let lastSupplyBefore = """
        SELECT token FROM supply WHERE chain = ?1 AND contract = ?2 AND token < ?3 ORDER BY token DESC LIMIT 1
        """
    static let balance = """
        SELECT amount FROM balance WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND owner = ?4
        """
    /// Holders of one token, after account ?4.
    static let balances = """
        SELECT balance.owner, address.bytes, balance.amount
        FROM balance CROSS JOIN address ON address.id = balance.owner
        WHERE balance.chain = ?1 AND balance.contract = ?2 AND balance.token = ?3 AND balance.owner > ?4
        ORDER BY balance.owner LIMIT ?5
        """
    static let lastBalance = """
        SELECT owner FROM balance WHERE chain = ?1 AND contract = ?2 AND token = ?3 ORDER BY owner DESC LIMIT 1
        """

    // MARK: One wallet's, ?3, after block ?2: as many rows are read as the chain has had since

    static let singlesSentAfter = """
        SELECT address.bytes, transfer.token FROM transfer CROSS JOIN address ON address.id = transfer.contract
        WHERE transfer.chain = ?1 AND transfer.block > ?2 AND transfer.sender = ?3 AND transfer.kind IN \(KindSQL.unique)
        """
    static let rangesSentAfter = """
        SELECT address.bytes, token_range.first, token_range.last
        FROM token_range CROSS JOIN address ON address.id = token_range.contract
        WHERE token_range.chain = ?1 AND token_range.block > ?2 AND token_range.sender = ?3
        """

    // MARK: A whole chain's, through its transfers; ?1 chain

    static let firstBlock = "SELECT block FROM transfer WHERE chain = ?1 ORDER BY block LIMIT 1"
    static let lastBlock = "SELECT block FROM transfer WHERE chain = ?1 AND block <= ?2 ORDER BY block DESC LIMIT 1"
    static let window = """
        SELECT block, log_index, ordinal, contract, token, recipient, kind IN \(KindSQL.unique) FROM transfer
        WHERE chain = ?1 AND block >= ?2 AND block <= ?3 ORDER BY block, log_index, ordinal LIMIT ?4
        """
    /// Of block ?2.
    static let lastLog = """
        SELECT log_index FROM transfer WHERE chain = ?1 AND block = ?2 ORDER BY log_index DESC, ordinal DESC LIMIT 1
        """
    static let lastOrdinal = """
        SELECT ordinal FROM transfer WHERE chain = ?1 AND block = ?2 AND log_index = ?3 ORDER BY ordinal DESC LIMIT 1
        """
    static let transferFrom = """
        SELECT block, log_index, ordinal, contract, token, recipient, kind IN \(KindSQL.unique) FROM transfer
        WHERE chain = ?1 AND block = ?2 AND (log_index, ordinal) >= (?3, ?4) ORDER BY log_index, ordinal LIMIT 1
        """
    /// Whether account ?5 received the token again later, among the next ?8 transfers of it.
    static let receivedLater = """
        SELECT 1 FROM (
          SELECT recipient FROM transfer INDEXED BY transfer_by_token
          WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND block <= ?4
            AND (block, log_index, ordinal) > (?6, ?7, ?9) ORDER BY block, log_index, ordinal LIMIT ?8
        ) WHERE recipient = ?5 LIMIT 1
        """
    static let lastRangeBlock = """
        SELECT block FROM token_range WHERE chain = ?1 AND block <= ?2 ORDER BY block DESC LIMIT 1
        """
    static let firstRangeBlock = "SELECT block FROM token_range WHERE chain = ?1 ORDER BY block LIMIT 1"
    static let rangesFrom = """
        SELECT contract, first, last FROM token_range
        WHERE chain = ?1 AND block >= ?2 AND block <= ?3 ORDER BY block, log_index LIMIT ?4
        """
    static let rangesOfContract = """
        SELECT contract, first, last FROM token_range
        WHERE chain = ?1 AND contract = ?2 AND block <= ?3 ORDER BY block, log_index LIMIT ?4
        """

    /// All, by name, for the test of their plans.
    static let all: [(name: String, sql: String)] = [
        ("contracts", contracts), ("rows", rows), ("singles", singles), ("supplies", supplies),
        ("lastSingleBefore", lastSingleBefore), ("lastSupplyBefore", lastSupplyBefore), ("balance", balance),
        ("balances", balances), ("lastBalance", lastBalance), ("firstBlock", firstBlock), ("lastBlock", lastBlock),
        ("window", window), ("lastLog", lastLog), ("lastOrdinal", lastOrdinal), ("transferFrom", transferFrom),
        ("receivedLater", receivedLater), ("lastRangeBlock", lastRangeBlock),
        ("firstRangeBlock", firstRangeBlock), ("rangesFrom", rangesFrom), ("rangesOfContract", rangesOfContract),
    ]
}
