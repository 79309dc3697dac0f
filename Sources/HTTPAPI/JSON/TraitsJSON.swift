import Ethereum
import Tokens

/// How traits and rarity look in answers.
extension JSONWriter {
    /// What shares and ranks are of.
    mutating func fields(_ tally: CollectionTally?) {
        field("tokens", UInt64(tally?.tokens ?? 0))
        field("unknownTokens", UInt64(tally?.unknown ?? 0))
    }

    mutating func object(_ trait: TraitCount, of tally: CollectionTally?) {
        object { json in
            json.field("traitType", trait.type.isEmpty ? nil : trait.type)
            json.field("value", trait.value)
            json.field("count", UInt64(trait.count))
            json.field("share", share: Double(trait.count) / Double(max(1, tally?.tokens ?? 1)))
        }
    }

    /// A value in its own kind; a number with the digits it was written with.
    private mutating func field(_ name: StaticString, _ value: TraitValue) {
        switch value.kind {
        case .string: field(name, value.text)
        case .bool: field(name, value.text == "true")
        case .number: field(name, json: value.text)
        }
    }

    /// nil: the token does not count.
    mutating func fields(_ rarity: TokenRarity?) {
        field("rank", rarity.map { UInt64($0.rank) })
        field("score", decimal: rarity?.score)
        field("bits", decimal: rarity?.bits)
    }

    mutating func object(_ rarity: TokenRarity) {
        object { json in
            json.field("tokenId", rarity.token.decimal)
            json.fields(rarity)
        }
    }

    /// A number that is not negative, rounded to six decimals, or null.
    mutating func field(_ name: StaticString, decimal: Double?) {
        field(name, json: decimal.map { Self.decimal($0) } ?? "null")
    }

    package static func decimal(_ number: Double) -> String {
        // Greater ones lose their last digits; there are none of a collection's size.
        let millionths = String(Int((min(1e12, max(0, number)) * 1_000_000).rounded()))
        let padded = String(repeating: "0", count: max(0, 7 - millionths.count)) + millionths
        return padded.dropLast(6) + "." + padded.suffix(6)
    }
}

extension TraitPosition: CursorPosition {
    var cursorBytes: [UInt8] { Cursor.bytes(UInt64(bitPattern: type)) + Cursor.bytes(UInt64(bitPattern: trait)) }

    init?(cursorBytes: [UInt8]) {
        guard cursorBytes.count == 16 else { return nil }
        self.init(
            type: Int64(bitPattern: Cursor.number(cursorBytes[..<8])),
            trait: Int64(bitPattern: Cursor.number(cursorBytes[8...]))
        )
    }
}

extension RarityPosition: CursorPosition {
    var cursorBytes: [UInt8] { Cursor.bytes(UInt64(rank)) + token.shortestBytes }

    init?(cursorBytes: [UInt8]) {
        guard cursorBytes.count >= 8, let rank = Int(exactly: Cursor.number(cursorBytes[..<8])),
            let token = U256(shortestBytes: cursorBytes[8...])
        else { return nil }
        self.init(rank: rank, token: token)
    }
}
