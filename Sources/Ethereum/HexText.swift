/// The hexadecimal and checksummed text of addresses, hashes and blooms.
extension Address: CustomStringConvertible {
    /// As nodes send it: twenty bytes in any case, checksum not looked at.
    ///
    /// People's input goes to ``init(text:)``.
    package init(hex: String) throws(HexError) {
        self = try Hex.address(hex.utf8.span)
    }

    /// As people type it: "0x" and forty digits, all lower, all upper or mixed as EIP-55 says.
    ///
    /// - Throws: `HexError.wrongChecksum` for any other mix of cases; its text can be shown to the person.
    package init(text: String) throws(HexError) {
        let bytes = text.utf8.span
        guard Hex.hasPrefix(bytes) else { throw .missingPrefix }
        let address = try Hex.address(bytes)
        var hasLower = false
        var hasUpper = false
        for index in 2..<bytes.count {
            hasLower = hasLower || (0x61...0x66).contains(bytes[index])
            hasUpper = hasUpper || (0x41...0x46).contains(bytes[index])
        }
        if hasLower && hasUpper {
            let expected = address.checksummed
            guard text.utf8.dropFirst(2).elementsEqual(expected.utf8.dropFirst(2)) else {
                throw .wrongChecksum(expected: expected)
            }
        }
        self = address
    }

    /// "0x" and forty lower-case digits.
    package var hex: String { Hex.text(bytes) }

    /// EIP-55: a letter is upper-case where the Keccak hash of the lower-case digits has a nibble of at least 8.
    package var checksummed: String {
        var characters = Array(hex.utf8)
        let hash = Keccak256.hash(characters[2...]).bytes
        for index in 0..<40 where (0x61...0x66).contains(characters[index + 2]) {
            let nibble = index.isMultiple(of: 2) ? hash[index / 2] >> 4 : hash[index / 2] & 15
            if nibble >= 8 { characters[index + 2] &= 0xDF }
        }
        return String(decoding: characters, as: UTF8.self)
    }

    package var description: String { hex }
}

extension Hash32: CustomStringConvertible {
    /// As nodes send it: exactly thirty-two bytes in any case.
    package init(hex: String) throws(HexError) {
        self = try Hex.hash(hex.utf8.span)
    }

    /// "0x" and sixty-four lower-case digits.
    package var hex: String { Hex.text(bytes) }

    package var description: String { hex }
}

extension Bloom {
    /// As nodes send it: exactly 256 bytes.
    ///
    /// Some chains send "0x" instead: a `wrongLength` that means "no bloom".
    package init(hex: String) throws(HexError) {
        self = try Hex.bloom(hex.utf8.span)
    }

    /// "0x" and 512 lower-case digits.
    package var hex: String { Hex.text(bytes) }
}
