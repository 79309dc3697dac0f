/// Who holds the right to write a chain, as another instance sees it.
///
/// The lease saves wasted work; what makes a late write impossible is the compare-and-swap of ``ChainVersion``.
package struct LeaseHolder: Sendable, Hashable {
    /// The process that holds it, as its own machine numbers it.
    package var process: Int32
    /// How long it still holds if it does nothing; zero when it has run out.
    package var remaining: Duration
    /// What it is doing that takes long, such as building indexes.
    package var work: String?

    package init(process: Int32, remaining: Duration, work: String?) {
        self.process = process
        self.remaining = remaining
        self.work = work
    }
}

/// An instance that ended in the middle of something, and the newest commit that took effect: nothing after it did.
package struct Predecessor: Sendable, Equatable {
    package var process: Int32
    /// The commit's revision and name, by which it can be told from one that never arrived.
    package var version: ChainVersion

    package init(process: Int32, version: ChainVersion) {
        self.process = process
        self.version = version
    }
}
