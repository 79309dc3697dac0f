/// The statements behind lists and look-ups, in one place so that a test can ask SQLite how it runs each of them.
///
/// Every one is a point look-up or walks an index in the order that is asked for: no scan, no sort.
enum ListSQL {
    static let address = "SELECT id FROM address WHERE bytes = ?1"

    // MARK: One token; ?1 chain, ?2 contract, ?3 token

    static let owner = """
        SELECT owner.block, owner.log_index, owner.ordinal, address.bytes
        FROM owner CROSS JOIN address ON address.id = owner.owner
        WHERE owner.chain = ?1 AND owner.contract = ?2 AND owner.token = ?3
        """
    /// Newest first; the reader stops at the first that covers the token or is older than the token's own row.
    ///
    /// The bound says nothing, but without one the plan walks back through the whole chain in the order of its key.
    static let rangesNewestFirst = """
        SELECT block, log_index, first <= ?3 AND last >= ?3, recipient FROM token_range
        WHERE chain = ?1 AND contract = ?2 AND block < 1 << 62 ORDER BY block DESC, log_index DESC
        """
    static let rangesNewestFirstAt = """
        SELECT block, log_index, first <= ?3 AND last >= ?3, recipient FROM token_range
        WHERE chain = ?1 AND contract = ?2 AND block <= ?4 ORDER BY block DESC, log_index DESC
        """
    static let addressBytes = "SELECT bytes FROM address WHERE id = ?1"
    static let supply = "SELECT movements FROM supply WHERE chain = ?1 AND contract = ?2 AND token = ?3"
    static let balances = """
        SELECT address.bytes, balance.amount
        FROM balance CROSS JOIN address ON address.id = balance.owner
        WHERE balance.chain = ?1 AND balance.contract = ?2 AND balance.token = ?3 AND balance.owner >= ?4
        ORDER BY balance.owner LIMIT ?5
        """

    // MARK: One token at a past block

    static let movementsUpTo = """
        SELECT count(*) FROM (
          SELECT 1 FROM transfer WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND block <= ?4 LIMIT ?5
        )
        """
    static let newestTransferAt = """
        SELECT transfer.block, transfer.log_index, transfer.ordinal, address.bytes
        FROM transfer CROSS JOIN address ON address.id = transfer.recipient
        WHERE transfer.chain = ?1 AND transfer.contract = ?2 AND transfer.token = ?3 AND transfer.block <= ?4
          AND transfer.kind IN \(KindSQL.unique)
        ORDER BY transfer.block DESC, transfer.log_index DESC, transfer.ordinal DESC LIMIT 1
        """
    static let movementsAt = """
        SELECT (SELECT bytes FROM address WHERE id = sender) AS sender,
          (SELECT bytes FROM address WHERE id = recipient) AS recipient, amount
        FROM transfer WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND block <= ?4 AND kind IN \(KindSQL.counted)
        """

    // MARK: Contracts

    static let contracts = """
        SELECT contract.contract, address.bytes, contract.rows
        FROM contract CROSS JOIN address ON address.id = contract.contract
        WHERE contract.chain = ?1 AND contract.contract >= ?2 ORDER BY contract.contract LIMIT ?3
        """
    static let hasUnique = """
        SELECT EXISTS(SELECT 1 FROM owner WHERE chain = ?1 AND contract = ?2)
          OR EXISTS(SELECT 1 FROM token_range WHERE chain = ?1 AND contract = ?2),
          EXISTS(SELECT 1 FROM supply WHERE chain = ?1 AND contract = ?2)
        """

    static let hasRangesAndCounted = """
        SELECT EXISTS(SELECT 1 FROM token_range WHERE chain = ?1 AND contract = ?2),
          EXISTS(SELECT 1 FROM supply WHERE chain = ?1 AND contract = ?2)
        """

    // MARK: Tokens; ids from ?3 on

    static let singles = """
        SELECT owner.token, address.bytes, owner.block, owner.log_index, owner.ordinal
        FROM owner CROSS JOIN address ON address.id = owner.owner
        WHERE owner.chain = ?1 AND owner.contract = ?2 AND owner.token >= ?3 AND owner.token <= ?4
        ORDER BY owner.token
        """
    /// The planner would take the primary key, and pass every token of the contract.
    static let singlesOfOwner = """
        SELECT owner.token, address.bytes, owner.block, owner.log_index, owner.ordinal
        FROM owner INDEXED BY owner_by_owner CROSS JOIN address ON address.id = owner.owner
        WHERE owner.chain = ?1 AND owner.contract = ?2 AND owner.token >= ?3 AND owner.token <= ?4 AND owner.owner = ?5
        ORDER BY owner.token
        """
    static let supplies = """
        SELECT token, amount FROM supply WHERE chain = ?1 AND contract = ?2 AND token >= ?3 ORDER BY token
        """
    static let balancesOfOwner = """
        SELECT token, amount FROM balance INDEXED BY balance_by_owner
        WHERE chain = ?1 AND contract = ?2 AND token >= ?3 AND owner = ?4 ORDER BY token
        """

    // MARK: The next contract, from ?2 on, in which a wallet may hold something

    static let nextOwnedContract = """
        SELECT contract FROM owner WHERE chain = ?1 AND owner = ?3 AND contract >= ?2 ORDER BY contract LIMIT 1
        """
    static let nextBalanceContract = """
        SELECT contract FROM balance WHERE chain = ?1 AND owner = ?3 AND contract >= ?2 ORDER BY contract LIMIT 1
        """
    static let nextRangedContract = """
        SELECT contract FROM token_range INDEXED BY token_range_by_recipient
        WHERE chain = ?1 AND recipient = ?3 AND contract >= ?2 ORDER BY contract LIMIT 1
        """
    /// The newest ranges of a contract up to block ?4, at most ?3.
    static let ranges = """
        SELECT token_range.block, token_range.log_index, token_range.first, token_range.last, address.bytes
        FROM token_range CROSS JOIN address ON address.id = token_range.recipient
        WHERE token_range.chain = ?1 AND token_range.contract = ?2 AND token_range.block <= ?4
        ORDER BY token_range.block DESC, token_range.log_index DESC LIMIT ?3
        """

    // MARK: Tokens at a past block; ?1 chain, ?2 contract, ?3 token, ?4 block

    /// Kinds are not in the index: a column tells them, so that the reader can count what it passes.
    static let movementsNewestFirstAt = """
        SELECT block, log_index, ordinal, kind IN \(KindSQL.unique), (SELECT bytes FROM address WHERE id = recipient)
        FROM transfer WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND block <= ?4
        ORDER BY block DESC, log_index DESC, ordinal DESC
        """
    static let movesAfter = """
        SELECT 1 FROM transfer WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND block > ?4 LIMIT 1
        """
    static let supplyMovementsAt = """
        SELECT kind IN \(KindSQL.counted), sender = 0, recipient = 0, amount FROM transfer
        WHERE chain = ?1 AND contract = ?2 AND token = ?3 AND block <= ?4
        """
    /// A transfer to oneself is neither: it changes no balance.
    static let receivedAt = """
        SELECT kind IN \(KindSQL.counted) AND sender <> ?5, amount FROM transfer INDEXED BY transfer_by_recipient
        WHERE chain = ?1 AND recipient = ?5 AND contract = ?2 AND token = ?3 AND block <= ?4
        """
    static let sentAt = """
        SELECT kind IN \(KindSQL.counted) AND recipient <> ?5, amount FROM transfer INDEXED BY transfer_by_sender
        WHERE chain = ?1 AND sender = ?5 AND contract = ?2 AND token = ?3 AND block <= ?4
        """
    /// The next token from ?3 to ?4 that wallet ?5 ever received, or sent.
    static let nextReceivedToken = """
        SELECT token FROM transfer INDEXED BY transfer_by_recipient
        WHERE chain = ?1 AND recipient = ?5 AND contract = ?2 AND token >= ?3 AND token <= ?4 ORDER BY token LIMIT 1
        """
    static let nextSentToken = """
        SELECT token FROM transfer INDEXED BY transfer_by_sender
        WHERE chain = ?1 AND sender = ?5 AND contract = ?2 AND token >= ?3 AND token <= ?4 ORDER BY token LIMIT 1
        """
    /// The same for what a snapshot read, or has staged: only candidates.
    static let nextOpeningToken = """
        SELECT token FROM opening INDEXED BY opening_by_owner
        WHERE chain = ?1 AND owner = ?5 AND contract = ?2 AND token >= ?3 AND token <= ?4 ORDER BY token LIMIT 1
        """
    static let nextOpeningContract = """
        SELECT contract FROM opening INDEXED BY opening_by_owner
        WHERE chain = ?1 AND owner = ?3 AND contract >= ?2 ORDER BY contract LIMIT 1
        """
    /// The next contract from ?2 on of which wallet ?3 ever received, or sent, a token.
    static let nextReceivedContract = """
        SELECT contract FROM transfer INDEXED BY transfer_by_recipient
        WHERE chain = ?1 AND recipient = ?3 AND contract >= ?2 ORDER BY contract LIMIT 1
        """
    static let nextSentContract = """
        SELECT contract FROM transfer INDEXED BY transfer_by_sender
        WHERE chain = ?1 AND sender = ?3 AND contract >= ?2 ORDER BY contract LIMIT 1
        """

    // MARK: Transfers, newest first, before a place

    private static let transferColumns = """
        SELECT block, log_index, ordinal, (SELECT bytes FROM address WHERE id = contract), token,
          (SELECT bytes FROM address WHERE id = sender), (SELECT bytes FROM address WHERE id = recipient),
          (SELECT bytes FROM address WHERE id = operator), amount, tx_hash, tx_index, kind, flags,
          (SELECT timestamp FROM block WHERE block.chain = ?1 AND block.number = transfer.block)
        """
    static let transfers = """
        \(transferColumns) FROM transfer
        WHERE chain = ?1 AND (block, log_index, ordinal) < (?2, ?3, ?4)
        ORDER BY block DESC, log_index DESC, ordinal DESC LIMIT ?5
        """
    static let transfersOfToken = """
        \(transferColumns) FROM transfer
        WHERE chain = ?1 AND contract = ?6 AND token = ?7 AND (block, log_index, ordinal) < (?2, ?3, ?4)
        ORDER BY block DESC, log_index DESC, ordinal DESC LIMIT ?5
        """
    static let transferAt = """
        \(transferColumns) FROM transfer
        WHERE chain = ?1 AND block = ?2 AND log_index = ?3 AND ordinal = ?4
        """
    /// The places of a contract's or a wallet's transfers, from the index alone and in its order.
    static let placesOfContract = """
        SELECT block, log_index, ordinal FROM transfer INDEXED BY transfer_by_token
        WHERE chain = ?1 AND contract = ?2 LIMIT ?3
        """
    static let placesOfSender = """
        SELECT block, log_index, ordinal FROM transfer INDEXED BY transfer_by_sender
        WHERE chain = ?1 AND sender = ?2 LIMIT ?3
        """
    static let placesOfRecipient = """
        SELECT block, log_index, ordinal FROM transfer INDEXED BY transfer_by_recipient
        WHERE chain = ?1 AND recipient = ?2 LIMIT ?3
        """
    static let places = """
        SELECT block, log_index, ordinal, contract, sender, recipient FROM transfer
        WHERE chain = ?1 AND (block, log_index, ordinal) < (?2, ?3, ?4)
        ORDER BY block DESC, log_index DESC, ordinal DESC LIMIT ?5
        """
    private static let rangeColumns = """
        SELECT block, log_index, (SELECT bytes FROM address WHERE id = contract), first, last,
          (SELECT bytes FROM address WHERE id = sender), (SELECT bytes FROM address WHERE id = recipient),
          tx_hash, tx_index,
          (SELECT timestamp FROM block WHERE block.chain = ?1 AND block.number = token_range.block)
        """
    static let rangeTransfers = """
        \(rangeColumns) FROM token_range
        WHERE chain = ?1 AND (block, log_index) < (?2, ?3) ORDER BY block DESC, log_index DESC LIMIT ?4
        """
    static let rangeTransfersOfContract = """
        \(rangeColumns), first <= ?6 AND last >= ?6 FROM token_range
        WHERE chain = ?1 AND contract = ?5 AND (block, log_index) < (?2, ?3)
        ORDER BY block DESC, log_index DESC LIMIT ?4
        """

    // MARK: Transfers in order of place, up to block ?2

    static let transfersInOrder = """
        \(transferColumns), (SELECT hash FROM block WHERE block.chain = ?1 AND block.number = transfer.block)
        FROM transfer WHERE chain = ?1 AND block <= ?2 ORDER BY block, log_index, ordinal
        """
    static let rangesInOrder = """
        \(rangeColumns), (SELECT hash FROM block WHERE block.chain = ?1 AND block.number = token_range.block)
        FROM token_range WHERE chain = ?1 AND block <= ?2 ORDER BY block, log_index
        """

    /// All, by name, for the test of their plans.
    static let all: [(name: String, sql: String)] = [
        ("address", address), ("owner", owner), ("rangesNewestFirst", rangesNewestFirst),
        ("rangesNewestFirstAt", rangesNewestFirstAt), ("addressBytes", addressBytes), ("supply", supply),
        ("balances", balances),
        ("movementsUpTo", movementsUpTo), ("newestTransferAt", newestTransferAt), ("movementsAt", movementsAt),
        ("contracts", contracts), ("hasUnique", hasUnique), ("hasRangesAndCounted", hasRangesAndCounted),
        ("singles", singles),
        ("singlesOfOwner", singlesOfOwner), ("supplies", supplies), ("balancesOfOwner", balancesOfOwner),
        ("nextOwnedContract", nextOwnedContract), ("nextBalanceContract", nextBalanceContract),
        ("nextRangedContract", nextRangedContract), ("ranges", ranges),
        ("movementsNewestFirstAt", movementsNewestFirstAt), ("movesAfter", movesAfter),
        ("supplyMovementsAt", supplyMovementsAt), ("receivedAt", receivedAt), ("sentAt", sentAt),
        ("nextReceivedToken", nextReceivedToken), ("nextSentToken", nextSentToken),
        ("nextReceivedContract", nextReceivedContract), ("nextSentContract", nextSentContract),
        ("nextOpeningToken", nextOpeningToken), ("nextOpeningContract", nextOpeningContract),
        ("transfers", transfers), ("transferAt", transferAt), ("placesOfContract", placesOfContract),
        ("placesOfSender", placesOfSender), ("placesOfRecipient", placesOfRecipient), ("places", places),
        ("transfersOfToken", transfersOfToken), ("rangeTransfers", rangeTransfers),
        ("rangeTransfersOfContract", rangeTransfersOfContract),
        ("transfersInOrder", transfersInOrder), ("rangesInOrder", rangesInOrder),
    ]
}
