/// Every bound of live reads, with its unit and its reason; tests make them small.
package struct LiveLimits: Sendable {
    /// How long an answer is given again: a transfer voids it earlier wherever this database follows the contract.
    package var cacheAge: Duration = .seconds(300)
    /// Answers kept for one chain: about 25 MB, and a whole large collection.
    package var entriesMax = 100_000
    /// How long one look at the head serves: a block of a fast chain.
    package var headAge: Duration = .seconds(2)
    /// One request from start to end: what its caller is ready to wait.
    package var deadline: Duration = .seconds(10)
    /// Looks for a block that stays on the chain while it is read at; each reorg met costs one.
    package var pinsMax = 3
    /// Names are short; a hostile contract returns megabytes.
    package var textBytesMax = 1_024

    package init() {}
}
