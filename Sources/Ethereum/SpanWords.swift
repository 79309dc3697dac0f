/// Whole words out of bytes: the loads that Keccak, hexadecimal text and ABI words share.
extension Span where Element == UInt8 {
    /// Eight bytes from `offset`, the first one lowest.
    ///
    /// Trapping beyond the end: callers check the length once.
    @inline(__always)
    package func littleEndian64(at offset: Int) -> UInt64 {
        let low =
            UInt64(self[offset]) | UInt64(self[offset + 1]) << 8
            | UInt64(self[offset + 2]) << 16 | UInt64(self[offset + 3]) << 24
        let high =
            UInt64(self[offset + 4]) | UInt64(self[offset + 5]) << 8
            | UInt64(self[offset + 6]) << 16 | UInt64(self[offset + 7]) << 24
        return high << 32 | low
    }

    /// Eight bytes from `offset`, the first one highest.
    ///
    /// Trapping beyond the end: callers check the length once.
    @inline(__always)
    package func bigEndian64(at offset: Int) -> UInt64 {
        littleEndian64(at: offset).byteSwapped
    }

    /// Thirty-two bytes from `offset`.
    ///
    /// Trapping beyond the end: callers check the length once.
    @inline(__always)
    package func word(at offset: Int) -> Hash32 {
        Hash32(
            w0: bigEndian64(at: offset),
            w1: bigEndian64(at: offset + 8),
            w2: bigEndian64(at: offset + 16),
            w3: bigEndian64(at: offset + 24)
        )
    }
}
