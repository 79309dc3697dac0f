import Ethereum
import Tokens

/// What a contract's logs, read again, say about the tokens in question, and which of them the ledger does not hold.
struct ContractReading {
    private let tokens: Set<U256>
    private var moves: [U256: Moves] = [:]
    /// Rows that are not held, of all tokens.
    private(set) var missed = DecodedLogs()
    /// Why there may be more logs than were read; nil: they are proved to be all.
    var doubt: String?

    /// One token's movements.
    private struct Moves {
        var transfers: [Place: Transfer] = [:]
        var ranges: [Place: RangeTransfer] = [:]
    }

    init(_ tokens: Set<U256>) { self.tokens = tokens }

    /// Adds a page's rows; those that came before, from another reading of their block, change nothing.
    mutating func take(_ rows: DecodedLogs, unheld: Set<Place>) {
        for transfer in rows.transfers where tokens.contains(transfer.token) {
            moves[transfer.token, default: Moves()].transfers[transfer.place] = transfer
        }
        for range in rows.ranges {
            for token in tokens where range.first <= token && token <= range.last {
                moves[token, default: Moves()].ranges[range.place] = range
            }
        }
        guard !unheld.isEmpty, missed.rowCount < Repair.rowsMax else { return }
        let known = Set(missed.transfers.map(\.place) + missed.ranges.map(\.place))
        let new = unheld.subtracting(known)
        missed.transfers += rows.transfers.filter { new.contains($0.place) }
        missed.ranges += rows.ranges.filter { new.contains($0.place) }
        let blocks = Set(new.map(\.block))
        missed.blocks += rows.blocks.filter { blocks.contains($0.number) }
    }

    func finding(_ claimed: ClaimedHolding) -> Verifier.Finding {
        let moves = moves[claimed.token] ?? Moves()
        let missed =
            missed.transfers.filter { $0.token == claimed.token }.map(\.place.block)
            + missed.ranges.filter { $0.first <= claimed.token && claimed.token <= $0.last }.map(\.place.block)
        if let first = missed.min(), let last = missed.max() { return .missed(first...last) }
        guard follows(claimed, from: moves) else {
            return .unproven("the endpoints do not serve all logs that are held of this token")
        }
        #if MUTANTS
            if Mutant.is(.doubtIsConflict) { return .conflict }
        #endif
        return doubt.map { .unproven($0) } ?? .conflict
    }

    /// Whether the logs that were read give just what is claimed.
    private func follows(_ claimed: ClaimedHolding, from moves: Moves) -> Bool {
        let transfers = moves.transfers.values.filter { $0.kind.rule == claimed.rule }
        switch claimed.rule {
        case .unique:
            let single = transfers.max { $0.place < $1.place }.map { ($0.place, $0.to) }
            let range = moves.ranges.values.max { $0.place < $1.place }.map { ($0.place, $0.to) }
            let newest = [single, range].compactMap(\.self).max { $0.0 < $1.0 }
            return newest?.1 == claimed.owner
        case .counted:
            var sum = SignedSum.zero
            do throws(SumOverflow) {
                for transfer in transfers where transfer.from != transfer.to {
                    if transfer.to == claimed.owner { try sum.add(transfer.amount) }
                    if transfer.from == claimed.owner { try sum.subtract(transfer.amount) }
                }
            } catch {
                return false
            }
            return sum == claimed.amount
        }
    }
}
