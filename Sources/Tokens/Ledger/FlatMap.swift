import Ethereum

/// A key that hashes in a few instructions.
///
/// Keys come from the chain, so the seed differs from map to map: a hostile contract cannot aim its ids at one slot.
protocol FlatKey: Equatable, Sendable {
    func hash(seed: UInt64) -> UInt64
}

/// An open-addressing map from keys to positions in a dense array: the fold's working memory, cleared after each commit.
///
/// Entries stay in insertion order and can be sorted in place by their owner; there is no removal.
struct FlatMap<Key: FlatKey, Value: Sendable>: Sendable {
    struct Entry: Sendable {
        var key: Key
        var value: Value
    }

    private(set) var entries: ContiguousArray<Entry> = []
    /// Position + 1 in ``entries``; 0 is empty.
    ///
    /// A power of two of them, at most half used.
    private var slots: ContiguousArray<UInt32>
    private let seed: UInt64

    init(capacity: Int, seed: UInt64) {
        var size = 16
        while size < capacity * 2 { size *= 2 }
        slots = ContiguousArray(repeating: 0, count: size)
        entries.reserveCapacity(capacity)
        self.seed = seed
    }

    var isEmpty: Bool { entries.isEmpty }

    /// The entry's position, made with `initial` when the key is new.
    @inline(__always)
    mutating func position(of key: Key, initial: @autoclosure () -> Value) -> Int {
        let mask = slots.count - 1
        var slot = Int(truncatingIfNeeded: key.hash(seed: seed)) & mask
        while true {
            let held = slots[slot]
            if held == 0 { break }
            if entries[Int(held) - 1].key == key { return Int(held) - 1 }
            slot = (slot + 1) & mask
        }
        entries.append(Entry(key: key, value: initial()))
        slots[slot] = UInt32(entries.count)
        if entries.count * 2 > slots.count { grow() }
        return entries.count - 1
    }

    @inline(__always)
    mutating func update(_ position: Int, _ body: (inout Value) -> Void) {
        body(&entries[position].value)
    }

    /// Hands the entries over and starts anew, keeping the memory of the slots.
    mutating func drain() -> ContiguousArray<Entry> {
        var out: ContiguousArray<Entry> = []
        out.reserveCapacity(entries.count)
        swap(&out, &entries)
        for index in slots.indices { slots[index] = 0 }
        return out
    }

    private mutating func grow() {
        slots = ContiguousArray(repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for (index, entry) in entries.enumerated() {
            var slot = Int(truncatingIfNeeded: entry.key.hash(seed: seed)) & mask
            while slots[slot] != 0 { slot = (slot + 1) & mask }
            slots[slot] = UInt32(index + 1)
        }
    }
}

/// One step of multiply-and-fold mixing.
@inline(__always)
func mix(_ left: UInt64, _ right: UInt64) -> UInt64 {
    let product = left.multipliedFullWidth(by: right)
    return product.high ^ product.low
}
