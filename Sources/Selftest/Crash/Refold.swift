import Foundation
import GRDB
import Oracle

/// The holdings that a file's own transfers lead to, folded in order by the oracle's table and nothing of ours.
enum Refold {
    private struct Event {
        var place: [Int64]
        var apply: (inout OwnerTable) -> Void
    }

    static func owners(_ db: Database) throws -> OwnerTable {
        var owners = OwnerTable()
        let events = try singles(db) + ranges(db)
        for event in events.sorted(by: { $0.place.lexicographicallyPrecedes($1.place) }) { event.apply(&owners) }
        return owners
    }

    private static func singles(_ db: Database) throws -> [Event] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT block, log_index, ordinal, kind, token, amount, hex(c.bytes) AS contract, hex(s.bytes) AS sender,
                  hex(r.bytes) AS recipient
                FROM transfer
                JOIN address c ON c.id = contract JOIN address s ON s.id = sender JOIN address r ON r.id = recipient
                """
        ).map { row in
            let (contract, from, to) = (text(row["contract"]), text(row["sender"]), text(row["recipient"]))
            let id = number((row["token"] as Data).dropFirst())
            let amount = number(row["amount"])
            let isCounted = [2, 3].contains(row["kind"] as Int)
            return Event(place: [row["block"], row["log_index"], row["ordinal"]]) { owners in
                if isCounted {
                    owners.move(contract, id, amount, from: from, to: to)
                } else {
                    owners.give(contract, id, to: to)
                }
            }
        }
    }

    private static func ranges(_ db: Database) throws -> [Event] {
        try Row.fetchAll(
            db,
            sql: """
                SELECT block, log_index, first, last, hex(c.bytes) AS contract, hex(r.bytes) AS recipient
                FROM token_range JOIN address c ON c.id = contract JOIN address r ON r.id = recipient
                """
        ).map { row in
            let (contract, to) = (text(row["contract"]), text(row["recipient"]))
            let (first, last) = (number((row["first"] as Data).dropFirst()), number((row["last"] as Data).dropFirst()))
            return Event(place: [row["block"], row["log_index"], 0]) { owners in
                owners.give(contract, first, through: last, to: to)
            }
        }
    }

    private static func text(_ hex: String) -> String { "0x" + hex.lowercased() }

    /// Big-endian bytes of any length up to 32.
    private static func number(_ bytes: Data) -> Natural {
        var words: [UInt64] = [0, 0, 0, 0]
        for byte in bytes {
            for place in 0..<3 { words[place] = words[place] << 8 | words[place + 1] >> 56 }
            words[3] = words[3] << 8 | UInt64(byte)
        }
        return Natural(words: words)
    }
}
