import Synchronization
import Tokens

/// The collections that were counted last, each under everything that its count depends on.
///
/// An entry is good exactly as long as its key is the one in the reader's snapshot; so nothing has to be told to the cache, and
/// another process's commits count as well.
final class CensusCache: Sendable {
    /// What a count depends on.
    ///
    /// Holdings are a pure fold of the contract's transfers, which its digest names; and each change of
    /// its tokens' traits or documents has a revision of its own.
    struct Key: Hashable, Sendable {
        var chain: Int64
        var contract: AddressID
        var transfers: Int64
        var digest: [Int64]
        var traits: Int64

        /// The same as a number, for cursors.
        var version: UInt64 {
            [transfers, digest[0], digest[1], traits].reduce(0xcbf2_9ce4_8422_2325) { hash, word in
                (hash ^ UInt64(bitPattern: word)) &* 0x0000_0100_0000_01b3 ^ (hash >> 29)
            }
        }
    }

    struct Counted: Sendable {
        var census: TraitCensus
        var unknown: Int
    }

    /// All entries together; the largest collection that is counted has 44 MB.
    static let bytesMax = 96 << 20
    /// Looking through them is linear.
    static let entriesMax = 64

    private struct Entry: Sendable {
        var key: Key
        var counted: Counted
    }

    /// The one used last at the end.
    private let entries = Mutex<[Entry]>([])

    /// Held while one collection is counted, so that what counts take is taken once, and the same one is not counted twice.
    private let counting = Mutex(())

    /// The kept count, or a new one, which is kept then.
    ///
    /// - Parameter count: runs alone; those who want a count meanwhile wait, those whose count is kept do not.
    func counted(_ key: Key, _ count: () throws -> Counted) throws -> Counted {
        if let kept = counted(key) { return kept }
        return try counting.withLock { _ in
            if let kept = counted(key) { return kept }
            let made = try count()
            keep(made, as: key)
            return made
        }
    }

    func counted(_ key: Key) -> Counted? {
        entries.withLock { entries in
            guard let index = entries.firstIndex(where: { $0.key == key }) else { return nil }
            let entry = entries.remove(at: index)
            entries.append(entry)
            return entry.counted
        }
    }

    /// Takes a count; what was used longest ago goes where room is short, and what is out of date at once.
    func keep(_ counted: Counted, as key: Key) {
        entries.withLock { entries in
            entries.removeAll { $0.key.chain == key.chain && $0.key.contract == key.contract }
            entries.append(Entry(key: key, counted: counted))
            var bytes = entries.reduce(0) { $0 + $1.counted.census.bytes }
            while entries.count > Self.entriesMax || (bytes > Self.bytesMax && entries.count > 1) {
                bytes -= entries.removeFirst().counted.census.bytes
            }
        }
    }
}
