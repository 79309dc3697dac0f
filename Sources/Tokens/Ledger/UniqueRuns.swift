package import Ethereum

/// Merges the single rows of a contract's unique tokens with its ranges into runs of consecutive ids with one owner.
package struct UniqueRuns {
    /// A unique token's own row.
    package struct Single: Sendable, Equatable {
        package var token: U256
        package var owner: Address
        package var place: Place

        package init(token: U256, owner: Address, place: Place) {
            self.token = token
            self.owner = owner
            self.place = place
        }
    }

    /// Consecutive ids; `first == last` for a single token.
    package struct Run: Sendable, Equatable {
        package var first: U256
        package var last: U256
        package var owner: Address
        package var isFromRange: Bool
        /// Whether a snapshot says so, and no event.
        package var isObserved: Bool

        package init(first: U256, last: U256, owner: Address, isFromRange: Bool, isObserved: Bool = false) {
            self.first = first
            self.last = last
            self.owner = owner
            self.isFromRange = isFromRange
            self.isObserved = isObserved
        }
    }

    /// Calls `emit` with maximal runs in order of ids.
    ///
    /// Burned ids are left out.
    ///
    /// - Parameter next: the single rows in order of ids; nil at the end. Streams: holds one row and the segments.
    package static func forEach(
        segments: [RangeOwnership.Segment],
        next: () throws -> Single?,
        emit: (Run) throws -> Void
    ) throws {
        var run: Run?
        func flush() throws {
            if let done = run, done.owner != .zero { try emit(done) }
            run = nil
        }
        func extend(_ first: U256, _ last: U256, _ owner: Address) throws {
            if let open = run, open.owner == owner, open.last < first,
                open.last.addingReportingOverflow(.one).partialValue == first
            {
                run?.last = last
                return
            }
            try flush()
            run = Run(first: first, last: last, owner: owner, isFromRange: true)
        }
        func single(_ row: Single) throws {
            try flush()
            if row.owner != .zero {
                try emit(
                    Run(
                        first: row.token,
                        last: row.token,
                        owner: row.owner,
                        isFromRange: false,
                        isObserved: row.place.isOpening
                    )
                )
            }
        }

        var row = try next()
        for segment in segments {
            while let ahead = row, ahead.token < segment.first {
                try single(ahead)
                row = try next()
            }
            var start: U256? = segment.first
            while let inside = row, inside.token <= segment.last {
                if inside.place > segment.place, let open = start {
                    if open < inside.token {
                        try extend(open, inside.token.subtractingReportingOverflow(.one).partialValue, segment.owner)
                    }
                    try single(inside)
                    let after = inside.token.addingReportingOverflow(.one)
                    start = after.overflow ? nil : after.partialValue
                }
                row = try next()
            }
            if let open = start, open <= segment.last { try extend(open, segment.last, segment.owner) }
        }
        while let rest = row {
            try single(rest)
            row = try next()
        }
        try flush()
    }
}
