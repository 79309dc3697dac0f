import Ethereum
import GRDB
import Tokens

/// What is shown of a token beside who holds it: by its key alone, and without a picture that is too long to be shown.
enum CardRows {
    private static let metadata = """
        SELECT state, detail, name, CASE WHEN length(image) <= ?4 THEN image ELSE substr(image, 1, ?5) END,
          ifnull(length(image) > ?4, 0)
        FROM token_metadata WHERE chain = ?1 AND contract = ?2 AND token = ?3
        """

    /// - Parameter imageMax: characters; of a longer picture only the start is read out.
    static func card(_ held: HeldToken, imageMax: Int, _ reading: ListReading) throws -> TokenCard {
        var card = TokenCard(held: held)
        guard let contract = try reading.id(of: held.contract) else { return card }
        let row = try reading.first(
            metadata,
            [reading.chain, contract, ListReading.key(held.token), imageMax, TokenCard.imageStartMax]
        )
        if let row {
            guard let state = MetadataState(rawValue: row[0]) else { throw ListReading.damaged("state") }
            (card.state, card.detail, card.name, card.image) = (state, row[1], row[2], row[3])
            card.isImageTooLong = row[4]
        }
        card.take(try ConflictRows.about(held.token, contract, reading))
        return card
    }
}
