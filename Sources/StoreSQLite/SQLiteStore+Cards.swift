package import Ethereum
import GRDB
package import Tokens

/// A wallet's tokens as people look at them, each with its name and picture.
extension SQLiteStore {
    package func cards(
        of wallet: Address,
        on chain: ChainID,
        imageMax: Int,
        _ page: PageRequest<TokenPosition>
    ) throws -> Page<TokenCard, TokenPosition> {
        try list(chain) { reading in
            let tokens = try Self.tokens(of: wallet, at: nil, page, limits: ListLimits(), reading)
            return Page(
                items: try tokens.items.map { try Self.card($0, imageMax: imageMax, reading) },
                next: tokens.next,
                isTruncated: tokens.isTruncated,
                standing: tokens.standing
            )
        }
    }

    private static let cardSQL = """
        SELECT state, detail, name, CASE WHEN length(image) <= ?4 THEN image ELSE substr(image, 1, ?5) END,
          ifnull(length(image) > ?4, 0)
        FROM token_metadata WHERE chain = ?1 AND contract = ?2 AND token = ?3
        """

    /// What is known of one token, by its key alone.
    ///
    /// - Parameter imageMax: characters; of a longer picture only the start is read out.
    private static func card(_ held: HeldToken, imageMax: Int, _ reading: ListReading) throws -> TokenCard {
        var card = TokenCard(held: held)
        guard let contract = try reading.id(of: held.contract) else { return card }
        let row = try reading.first(
            cardSQL,
            [reading.chain, contract, ListReading.key(held.token), imageMax, TokenCard.imageStartMax]
        )
        if let row {
            guard let state = MetadataState(rawValue: row[0]) else { throw ListReading.damaged("state") }
            (card.state, card.detail, card.name, card.image) = (state, row[1], row[2], row[3])
            card.isImageTooLong = row[4]
        }
        card.collection = try ContractRows.name(of: contract, reading)
        card.take(try ConflictRows.about(held.token, contract, reading))
        return card
    }
}
