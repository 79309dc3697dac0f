/// The values that nodes write in hexadecimal: fixed widths strictly, quantities as lenient as nodes are careless.
import Ethereum

extension JSONCursor {
    /// Thirty-two bytes.
    ///
    /// A missing prefix is let pass: with 64 digits nothing else can be meant.
    @inline(__always)
    mutating func hash(_ field: ScanError.Field) throws(ScanError) -> Hash32 {
        _ = peek()
        // `"0x` + 64 digits + `"`: one comparison covers all reads below.
        guard
            place &+ 68 <= count, self[place] == 0x22, self[place &+ 67] == 0x22,
            self[place &+ 1] == 0x30, self[place &+ 2] == 0x78,
            let value = hash(at: place &+ 3)
        else { return try oddHash(field) }
        place &+= 68
        return value
    }

    /// - Precondition: `index + 64 <= count`.
    @inline(__always)
    private func hash(at index: Int) -> Hash32? {
        let (a0, a1) = (word(at: index), word(at: index &+ 8))
        let (b0, b1) = (word(at: index &+ 16), word(at: index &+ 24))
        let (c0, c1) = (word(at: index &+ 32), word(at: index &+ 40))
        let (d0, d1) = (word(at: index &+ 48), word(at: index &+ 56))
        var bad = SWAR.notHex(a0) | SWAR.notHex(a1) | SWAR.notHex(b0) | SWAR.notHex(b1)
        bad |= SWAR.notHex(c0) | SWAR.notHex(c1) | SWAR.notHex(d0) | SWAR.notHex(d1)
        guard bad == 0 else { return nil }
        return Hash32(
            w0: SWAR.number(a0, a1),
            w1: SWAR.number(b0, b1),
            w2: SWAR.number(c0, c1),
            w3: SWAR.number(d0, d1)
        )
    }

    @inline(never)
    private mutating func oddHash(_ field: ScanError.Field) throws(ScanError) -> Hash32 {
        let start = place
        let digits = try digits(field)
        guard digits.count == 64, let value = hash(at: digits.start) else { throw .shape(field, at: start) }
        return value
    }

    /// Twenty bytes; also as a clean 32-byte word, which some chains send.
    @inline(__always)
    mutating func address(_ field: ScanError.Field) throws(ScanError) -> Address {
        _ = peek()
        // `"0x` + 40 digits + `"`.
        guard
            place &+ 44 <= count, self[place] == 0x22, self[place &+ 43] == 0x22,
            self[place &+ 1] == 0x30, self[place &+ 2] == 0x78,
            let value = address(at: place &+ 3)
        else { return try oddAddress(field) }
        place &+= 44
        return value
    }

    /// - Precondition: `index + 40 <= count`.
    @inline(__always)
    private func address(at index: Int) -> Address? {
        let (a0, a1) = (word(at: index), word(at: index &+ 8))
        let (b0, b1) = (word(at: index &+ 16), word(at: index &+ 24))
        let last = word(at: index &+ 32)
        let bad = SWAR.notHex(a0) | SWAR.notHex(a1) | SWAR.notHex(b0) | SWAR.notHex(b1) | SWAR.notHex(last)
        guard bad == 0 else { return nil }
        return Address(
            high: SWAR.number(a0, a1),
            middle: SWAR.number(b0, b1),
            low: SWAR.bytes(last).byteSwapped
        )
    }

    @inline(never)
    private mutating func oddAddress(_ field: ScanError.Field) throws(ScanError) -> Address {
        let start = place
        let digits = try digits(field)
        if digits.count == 40, let value = address(at: digits.start) { return value }
        if digits.count == 64, let word = hash(at: digits.start), Address.isClean(word) {
            return Address(truncating: word)
        }
        throw .shape(field, at: start)
    }

    /// The digits of a string, without their prefix; whether they are digits is not looked at.
    private mutating func digits(_ field: ScanError.Field) throws(ScanError) -> Slice {
        guard peek() == 0x22 else {
            let start = place
            try skipValue()
            throw .shape(field, at: start)
        }
        var slice = try string()
        guard slice.count >= 2, self[slice.start] == 0x30, self[slice.start + 1] | 0x20 == 0x78 else { return slice }
        slice.start += 2
        slice.count -= 2
        return slice
    }

    /// Moves over `"0x…"` with an even number of digits and returns where they are; whether they are digits is found
    /// when they are decoded.
    @inline(__always)
    mutating func hexDigits(_ field: ScanError.Field) throws(ScanError) -> Slice {
        guard peek() == 0x22 else {
            let start = place
            try skipValue()
            throw .shape(field, at: start)
        }
        let slice = try string()
        guard
            slice.count >= 2, slice.count & 1 == 0, self[slice.start] == 0x30, self[slice.start &+ 1] | 0x20 == 0x78
        else { throw .shape(field, at: slice.start) }
        return Slice(start: slice.start &+ 2, count: slice.count &- 2, isEscaped: slice.isEscaped)
    }

    /// Writes the bytes of `slice`'s digits to `target`; false when one is not a digit.
    ///
    /// - Precondition: `target` has room for `slice.count / 2` bytes.
    @inline(__always)
    func decode(_ slice: Slice, to target: UnsafeMutableRawPointer) -> Bool {
        var (index, end, out) = (slice.start, slice.start &+ slice.count, 0)
        var bad: UInt64 = 0
        while index &+ 16 <= end {
            let (first, second) = (word(at: index), word(at: index &+ 8))
            bad |= SWAR.notHex(first) | SWAR.notHex(second)
            let bytes = UInt64(SWAR.bytes(first)) | UInt64(SWAR.bytes(second)) << 32
            // Unsafe: eight bytes for sixteen digits of a slice for which the caller made room.
            unsafe target.storeBytes(of: bytes.littleEndian, toByteOffset: out, as: UInt64.self)
            index &+= 16
            out &+= 8
        }
        end &-= 1
        while index < end {
            guard let high = SWAR.digit(self[index]), let low = SWAR.digit(self[index &+ 1]) else { return false }
            // Unsafe: one byte for two digits, as above.
            unsafe target.storeBytes(of: high << 4 | low, toByteOffset: out, as: UInt8.self)
            index &+= 2
            out &+= 1
        }
        return bad == 0
    }

    /// The bytes of a hexadecimal string.
    mutating func hexBytes(_ field: ScanError.Field) throws(ScanError) -> [UInt8] {
        let slice = try hexDigits(field)
        var isValid = true
        // Unsafe: uninitialised room for exactly the bytes that `decode` writes; on a bad digit the rest is zeroed.
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: slice.count / 2) { buffer, count in
            unsafe buffer.initialize(repeating: 0)
            if let base = buffer.baseAddress { isValid = unsafe decode(slice, to: UnsafeMutableRawPointer(base)) }
            count = slice.count / 2
        }
        guard isValid else { throw .shape(field, at: slice.start) }
        return bytes
    }

    /// A filter of 2048 bits, 512 digits.
    mutating func bloom(_ field: ScanError.Field) throws(ScanError) -> Bloom {
        let slice = try hexDigits(field)
        guard slice.count == 512 else { throw .shape(field, at: slice.start) }
        var words: ContiguousArray<UInt64> = []
        words.reserveCapacity(32)
        for part in 0..<8 {
            guard let word = hash(at: slice.start &+ part &* 64) else { throw .shape(field, at: slice.start) }
            words.append(word.w0)
            words.append(word.w1)
            words.append(word.w2)
            words.append(word.w3)
        }
        return Bloom(words: words)
    }

    // MARK: Quantities

    /// A number of at most 64 bits, as "0x1f" if it is as it should be.
    ///
    /// Also with leading zeros, as "0x", in upper case, in decimal text and as a JSON integer (rpc-quirks §14); never
    /// negative, never a fraction.
    @inline(__always)
    mutating func quantity(_ field: ScanError.Field) throws(ScanError) -> UInt64 {
        _ = peek()
        guard place &+ 4 <= count, self[place] == 0x22, self[place &+ 1] == 0x30, self[place &+ 2] == 0x78 else {
            return try oddQuantity(field)
        }
        var value: UInt64 = 0
        var index = place &+ 3
        while index < count, let digit = SWAR.digit(self[index]) {
            guard value >> 60 == 0 else { return try oddQuantity(field) }
            value = value << 4 | UInt64(digit)
            index &+= 1
        }
        guard index < count, self[index] == 0x22 else { return try oddQuantity(field) }
        place = index &+ 1
        return value
    }

    /// A block's number: below 2^53, which is what every JSON reader holds exactly and no chain reaches.
    ///
    /// Refused here, where it enters, so that nothing behind has to fear an overflow: one node's nonsense must not end a
    /// process that follows other chains.
    @inline(__always)
    mutating func blockNumber(_ field: ScanError.Field) throws(ScanError) -> BlockNumber {
        let number = try quantity(field)
        guard number >> 53 == 0 else { throw .outOfRange(field, at: place) }
        return number
    }

    @inline(never)
    private mutating func oddQuantity(_ field: ScanError.Field) throws(ScanError) -> UInt64 {
        let wide = try wideQuantity(field)
        guard let value = wide.uint64 else { throw .outOfRange(field, at: place) }
        return value
    }

    /// The same for up to 256 bits.
    mutating func wideQuantity(_ field: ScanError.Field) throws(ScanError) -> U256 {
        let start = place
        switch peek() {
        case 0x22: return try quantity(of: try string(), field)
        case 0x2D, 0x30...0x39:
            let first = place
            try skipNumber()
            return try quantity(of: Slice(start: first, count: place - first, isEscaped: false), field)
        default:
            try skipValue()
            throw .shape(field, at: start)
        }
    }

    private func quantity(of slice: Slice, _ field: ScanError.Field) throws(ScanError) -> U256 {
        var (index, end) = (slice.start, slice.start + slice.count)
        guard index < end, !slice.isEscaped else { throw .shape(field, at: index) }
        if self[index] == 0x2D { throw .outOfRange(field, at: index) }
        let isHex = slice.count >= 2 && self[index] == 0x30 && self[index + 1] | 0x20 == 0x78
        if isHex { index += 2 }
        var value = U256.zero
        while index < end {
            guard let digit = SWAR.digit(self[index]), isHex || digit < 10 else { throw .shape(field, at: index) }
            guard let next = Self.append(digit, to: value, isHex: isHex) else { throw .outOfRange(field, at: index) }
            value = next
            index += 1
        }
        end = index
        return value
    }

    private static func append(_ digit: UInt8, to value: U256, isHex: Bool) -> U256? {
        let digit = U256(UInt64(digit))
        guard !isHex else {
            guard value.w0 >> 60 == 0 else { return nil }
            return U256(
                w0: value.w0 << 4 | value.w1 >> 60,
                w1: value.w1 << 4 | value.w2 >> 60,
                w2: value.w2 << 4 | value.w3 >> 60,
                w3: value.w3 << 4 | digit.w3
            )
        }
        var sum = digit
        for _ in 0..<10 {
            let (next, overflow) = sum.addingReportingOverflow(value)
            guard !overflow else { return nil }
            sum = next
        }
        return sum
    }
}
