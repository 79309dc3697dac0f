import Ethereum
import GRDB
import Tokens

/// The newest transfers of one contract or one wallet, though no index has them in that order.
///
/// An index names them all, in order of tokens. Where they are few, their places are read from it and the newest are
/// kept. Where they are many, they are frequent on their chain, and its transfers are passed newest first instead.
struct SubjectTransfers {
    private let reading: ListReading
    private let subject: Subject
    /// Places that may be read from an index, and transfers that may be passed, for one page.
    private let placesMax: Int

    enum Subject {
        case contract(AddressID)
        /// Sent or received.
        case wallet(AddressID)
    }

    init(_ reading: ListReading, of subject: Subject, placesMax: Int) {
        self.reading = reading
        self.subject = subject
        self.placesMax = placesMax
    }

    /// The newest before a place, at most `limit`.
    /// - Returns: `reached`: how far the chain was looked through, when the work ended before the page did.
    func newest(before: PlaceKey, limit: Int) throws -> (lines: [TransferLine], reached: Place?) {
        if let places = try indexed(before: before, limit: limit) {
            return (try places.map(line), nil)
        }
        let (places, reached) = try passed(before: before, limit: limit)
        return (try places.map(line), reached)
    }

    // MARK: Few

    /// nil when there are more than may be read.
    private func indexed(before: PlaceKey, limit: Int) throws -> [Place]? {
        var newest = NewestPlaces(limit: limit)
        var left = placesMax
        for (sql, id) in statements {
            let rows = try reading.rows(sql, [reading.chain, id, left + 1])
            while let row = try rows.next() {
                guard left > 0 else { return nil }
                left -= 1
                let place = ListReading.place(row, from: 0)
                if before.isAfter(place) { newest.insert(place) }
            }
        }
        return newest.places
    }

    private var statements: [(sql: String, id: AddressID)] {
        switch subject {
        case .contract(let id): [(ListSQL.placesOfContract, id)]
        case .wallet(let id): [(ListSQL.placesOfSender, id), (ListSQL.placesOfRecipient, id)]
        }
    }

    // MARK: Many

    private func passed(before: PlaceKey, limit: Int) throws -> (places: [Place], reached: Place?) {
        let rows = try reading.rows(
            ListSQL.places,
            [reading.chain, before.block, before.log, before.ordinal, placesMax]
        )
        var places: [Place] = []
        var count = 0
        while places.count < limit, let row = try rows.next() {
            count += 1
            let place = ListReading.place(row, from: 0)
            let (contract, sender, recipient): (AddressID, AddressID, AddressID) = (row[3], row[4], row[5])
            switch subject {
            case .contract(let id) where id == contract: places.append(place)
            case .wallet(let id) where id == sender || id == recipient: places.append(place)
            default: break
            }
            if count == placesMax { return (places, place) }
        }
        return (places, nil)
    }

    private func line(_ place: Place) throws -> TransferLine {
        let arguments: StatementArguments = [
            reading.chain, Int64(place.block), Int64(place.logIndex), Int64(place.ordinal),
        ]
        guard let row = try reading.first(ListSQL.transferAt, arguments) else {
            throw ListReading.damaged("place")
        }
        return try reading.line(row)
    }
}

/// Keeps the greatest of many places.
private struct NewestPlaces {
    private let limit: Int
    private var held: [Place] = []

    init(limit: Int) { self.limit = limit }

    mutating func insert(_ place: Place) {
        held.append(place)
        if held.count >= 2 * limit + 1_024 { held = places }
    }

    /// Newest first; what was sent to oneself came from both sides and is there once.
    var places: [Place] {
        var out: [Place] = []
        for place in held.sorted(by: >) where out.last != place {
            guard out.count < limit else { break }
            out.append(place)
        }
        return out
    }
}

/// The place that a page ends before, as a statement takes it.
struct PlaceKey {
    var block: Int64
    var log: Int64
    var ordinal: Int64

    /// - Parameter place: nil: after everything.
    init(_ place: Place?) {
        block = place.map { Int64(clamping: $0.block) } ?? .max
        log = place.map { Int64($0.logIndex) } ?? .max
        ordinal = place.map { Int64($0.ordinal) } ?? .max
    }

    func isAfter(_ place: Place) -> Bool {
        (block, log, ordinal) > (Int64(clamping: place.block), Int64(place.logIndex), Int64(place.ordinal))
    }
}
