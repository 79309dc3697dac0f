/// How many tokens are asked for together: halved where a batch fails as a whole, grown again by steps.
package struct BatchSize: Sendable, Equatable {
    /// As many as one call of Multicall3 carries.
    package static let standard = 100
    /// Ten groups of calls on their way at once, and their rows in one small transaction.
    package static let greatest = 1_000

    package private(set) var size: Int
    private let most: Int

    package init(_ most: Int = BatchSize.standard) {
        precondition((1...Self.greatest).contains(most), "a batch has a bounded size")
        self.most = most
        size = most
    }

    /// Whether nothing smaller is left to try.
    package var isLeast: Bool { size == 1 }

    package mutating func shrink() { size = max(1, size / 2) }

    /// By a tenth of the most: a node that just gave in is not asked for twice as much at once.
    package mutating func grow() { size = min(most, size + max(1, most / 10)) }
}
