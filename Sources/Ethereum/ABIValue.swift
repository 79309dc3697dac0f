/// Writes call data and event data: the other half of the ABI.
extension ABI {
    /// One argument.
    ///
    /// The types are the caller's: nothing here knows the signature.
    package indirect enum Value: Sendable, Hashable {
        /// Any type of one word, as it lies there: `bytes32`, or `bytesN` left-aligned.
        case word(Hash32)
        case uint(U256)
        case address(Address)
        case bool(Bool)
        case bytes([UInt8])
        case string(String)
        /// `T[]`: a length, then the elements.
        case array([Value])
        /// `(T, U, …)` and, with equal types, `T[N]`.
        case tuple([Value])

        /// Whether the head holds an offset to it instead of the value itself.
        var isDynamic: Bool {
            switch self {
            case .word, .uint, .address, .bool: false
            case .bytes, .string, .array: true
            case .tuple(let members): members.contains { $0.isDynamic }
            }
        }

        /// Bytes that it takes in the head.
        var headSize: Int {
            guard !isDynamic, case .tuple(let members) = self else { return 32 }
            return members.reduce(0) { $0 + $1.headSize }
        }
    }

    /// The first four bytes of the hash of `name(type,…)`, as a number: 0x6352211e for `ownerOf(uint256)`.
    package static func selector(_ signature: String) -> UInt32 {
        UInt32(truncatingIfNeeded: Keccak256.hash(signature).w0 >> 32)
    }

    /// Topic 0 of the event `Name(type,…)`.
    package static func topic(_ signature: String) -> Hash32 {
        Keccak256.hash(signature)
    }

    /// Call data from a signature, which is hashed each time: in loops keep the selector.
    package static func call(_ signature: String, _ arguments: [Value] = []) -> [UInt8] {
        call(selector(signature), arguments)
    }

    package static func call(_ selector: UInt32, _ arguments: [Value] = []) -> [UInt8] {
        var out: [UInt8] = []
        for shift in stride(from: 24, through: 0, by: -8) {
            out.append(UInt8(truncatingIfNeeded: selector >> UInt32(shift)))
        }
        append(arguments, to: &out)
        return out
    }

    /// The arguments alone, as events and return values carry them.
    package static func encode(_ arguments: [Value]) -> [UInt8] {
        var out: [UInt8] = []
        append(arguments, to: &out)
        return out
    }

    // MARK: Parts

    /// Heads, then the tails in the same order, without gaps: the standard's only form for encoders.
    private static func append(_ values: [Value], to out: inout [UInt8]) {
        var tail: [UInt8] = []
        let headSize = values.reduce(0) { $0 + $1.headSize }
        for value in values {
            if value.isDynamic {
                append(U256(UInt64(headSize + tail.count)), to: &out)
                append(value, to: &tail)
            } else {
                append(value, to: &out)
            }
        }
        out.append(contentsOf: tail)
    }

    private static func append(_ value: Value, to out: inout [UInt8]) {
        switch value {
        case .word(let word): out.append(contentsOf: word.bytes)
        case .uint(let number): append(number, to: &out)
        case .address(let address): out.append(contentsOf: address.word.bytes)
        case .bool(let bool): append(bool ? .one : .zero, to: &out)
        case .bytes(let bytes): append(padded: bytes, to: &out)
        case .string(let string): append(padded: Array(string.utf8), to: &out)
        case .tuple(let members): append(members, to: &out)
        case .array(let elements):
            append(U256(UInt64(elements.count)), to: &out)
            append(elements, to: &out)
        }
    }

    private static func append(_ number: U256, to out: inout [UInt8]) {
        out.append(contentsOf: number.bytes)
    }

    private static func append(padded bytes: [UInt8], to out: inout [UInt8]) {
        append(U256(UInt64(bytes.count)), to: &out)
        out.append(contentsOf: bytes)
        out.append(contentsOf: repeatElement(0, count: -bytes.count & 31))
    }
}
