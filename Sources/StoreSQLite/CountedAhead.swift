import Ethereum
import Tokens

/// Counted tokens of one contract, read one ahead and within a budget; tokens that were not there are passed.
struct CountedAhead {
    struct Line {
        var token: U256
        var amount: SignedSum
    }

    private let next: TokenRows.Next<TokenRows.Counted>
    /// Rows that may still be read.
    ///
    /// The first token is read whatever is left, so that every page gets on.
    private(set) var budget: Int
    private var ahead: Line?
    /// The token that was read last.
    private var last: U256?
    private var isDone = false

    init(next: @escaping TokenRows.Next<TokenRows.Counted>, budget: Int) {
        self.next = next
        self.budget = budget
    }

    /// The next token; nil at the end, and when the budget is gone.
    mutating func first() throws -> Line? {
        while ahead == nil, !isDone, budget >= 0 || last == nil {
            guard let row = try next(&budget) else {
                isDone = true
                break
            }
            last = row.token
            isDone = row.token == .max
            ahead = row.amount.map { Line(token: row.token, amount: $0) }
        }
        return ahead
    }

    mutating func removeFirst() { ahead = nil }

    /// Where a page that ends now would have to go on, if that comes before the unique token `end` (nil: at all).
    mutating func waiting(before end: U256?) throws -> (token: U256, rule: HoldingRule)? {
        if let line = try first() {
            return end.map { line.token < $0 } ?? true ? (line.token, .counted) : nil
        }
        guard !isDone, let last else { return nil }
        // What comes after the last token read was not looked at, not even the unique token of that id.
        let open = last.addingReportingOverflow(.one).partialValue
        return end.map { open <= $0 } ?? true ? (open, .unique) : nil
    }
}
