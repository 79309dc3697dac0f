import Ethereum
import Tokens

/// Where a list goes on, as an opaque text: the position, the revision the walk began at, and the list it belongs to.
struct Cursor {
    /// The chain's revision when the first page was read.
    var revision: UInt64
    /// Tells lists apart, so that a cursor of one is refused by another.
    var list: UInt32
    var position: [UInt8]

    private static let format: UInt8 = 1
    private static let headBytes = 13
    /// The longest text that can be a cursor of ours.
    private static let textMax = 128

    init(revision: UInt64, list: UInt32, position: [UInt8]) {
        self.revision = revision
        self.list = list
        self.position = position
    }

    init?(text: String) {
        guard text.utf8.count <= Self.textMax, let bytes = Base64URL.bytes(text), bytes.count > Self.headBytes,
            bytes[0] == Self.format
        else { return nil }
        revision = bytes[1..<9].reduce(0) { $0 << 8 | UInt64($1) }
        list = bytes[9..<13].reduce(0) { $0 << 8 | UInt32($1) }
        position = Array(bytes[Self.headBytes...])
    }

    var text: String {
        Base64URL.text([Self.format] + Self.bytes(revision) + Self.bytes(UInt64(list)).suffix(4) + position)
    }

    /// FNV-1a of the list's path without regard to case: addresses may be written either way.
    static func list(_ path: String) -> UInt32 {
        var hash: UInt32 = 2_166_136_261
        for byte in path.utf8 {
            let lower = (0x41...0x5a).contains(byte) ? byte | 0x20 : byte
            hash = (hash ^ UInt32(lower)) &* 16_777_619
        }
        return hash
    }

    static func bytes(_ number: UInt64) -> [UInt8] {
        stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> UInt64($0)) }
    }

    static func number(_ bytes: ArraySlice<UInt8>) -> UInt64 { bytes.reduce(0) { $0 << 8 | UInt64($1) } }
}

/// A position in a list that fits in a cursor.
protocol CursorPosition: Sendable {
    var cursorBytes: [UInt8] { get }
    init?(cursorBytes: [UInt8])
}

extension Address: CursorPosition {
    var cursorBytes: [UInt8] { bytes }

    init?(cursorBytes: [UInt8]) { self.init(bytes: cursorBytes) }
}

extension Place: CursorPosition {
    var cursorBytes: [UInt8] {
        Cursor.bytes(block) + Cursor.bytes(UInt64(logIndex) << 32 | UInt64(ordinal))
    }

    init?(cursorBytes: [UInt8]) {
        guard cursorBytes.count == 16 else { return nil }
        let rest = cursorBytes[8...].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        self.init(
            block: cursorBytes[..<8].reduce(0) { $0 << 8 | UInt64($1) },
            logIndex: UInt32(rest >> 32),
            ordinal: UInt32(truncatingIfNeeded: rest)
        )
    }
}

extension TokenPosition: CursorPosition {
    var cursorBytes: [UInt8] { [rule == .unique ? 0 : 1] + contract.bytes + token.shortestBytes }

    init?(cursorBytes: [UInt8]) {
        guard cursorBytes.count >= 21, cursorBytes[0] <= 1, let contract = Address(bytes: cursorBytes[1..<21]),
            let token = U256(shortestBytes: cursorBytes[21...])
        else { return nil }
        self.init(contract: contract, token: token, rule: cursorBytes[0] == 0 ? .unique : .counted)
    }
}

/// Base64 with the alphabet that needs no escaping in URLs, without padding (RFC 4648 §5).
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func text(_ bytes: [UInt8]) -> String {
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count * 4 + 2) / 3)
        var held: UInt32 = 0
        var bits = 0
        for byte in bytes {
            held = held << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                out.append(alphabet[Int(held >> UInt32(bits)) & 63])
            }
        }
        if bits > 0 { out.append(alphabet[Int(held << UInt32(6 - bits)) & 63]) }
        return String(decoding: out, as: UTF8.self)
    }

    /// nil for any other character.
    static func bytes(_ text: String) -> [UInt8]? {
        var out: [UInt8] = []
        var held: UInt32 = 0
        var bits = 0
        for character in text.utf8 {
            guard let value = alphabet.firstIndex(of: character) else { return nil }
            held = held << 6 | UInt32(value)
            bits += 6
            if bits >= 8 {
                bits -= 8
                out.append(UInt8(truncatingIfNeeded: held >> UInt32(bits)))
            }
        }
        return out
    }
}
