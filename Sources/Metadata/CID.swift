/// Content identifiers of IPFS, read strictly: a name that is none must never become part of a gateway's URL.
import Crypto

/// A content identifier: which hash the content has, and how it is packed (multiformats CID specification).
///
/// Two spellings of one identifier are two values: gateways answer both, and the contract's own is kept.
package struct CID: Sendable, Hashable {
    /// Characters; the longest in use, base16 of a 64-byte digest, has 138.
    ///
    /// Bounds the quadratic decoding.
    package static let textMax = 256
    /// Bytes; an identity "digest" is the content itself and may be this long in every implementation.
    package static let digestMax = 128

    /// Multicodec numbers that something here depends on.
    package enum Codec {
        package static let raw: UInt64 = 0x55
        package static let dagPB: UInt64 = 0x70
        package static let libp2pKey: UInt64 = 0x72
    }

    package static let sha2_256: UInt64 = 0x12

    /// 0 or 1.
    package let version: Int
    /// How the content is packed, as its number in the multicodec table.
    package let codec: UInt64
    package let hashCode: UInt64
    package let digest: [UInt8]
    /// As given; only base32, base36 and base16 in upper case are written in lower case, which means the same.
    package let text: String

    /// Nil for anything that is not exactly one identifier.
    package init?(_ text: String) {
        self.init(Array(text.utf8)[...])
    }

    init?(_ text: ArraySlice<UInt8>) {
        guard text.count <= Self.textMax, let first = text.first else { return nil }
        if first == 0x51 {
            guard text.count == 46, let bytes = Multibase.number(text, Multibase.base58),
                let (code, digest) = Self.multihash(bytes[...]), code == Self.sha2_256
            else { return nil }
            self.init(version: 0, codec: Codec.dagPB, hashCode: code, digest: digest, text: text.text)
            return
        }
        guard let (bytes, spelling) = Self.decoded(text) else { return nil }
        var rest = bytes[...]
        guard Self.varint(&rest) == 1, let codec = Self.varint(&rest), let (code, digest) = Self.multihash(rest) else {
            return nil
        }
        self.init(version: 1, codec: codec, hashCode: code, digest: digest, text: spelling)
    }

    private init(version: Int, codec: UInt64, hashCode: UInt64, digest: [UInt8], text: String) {
        self.version = version
        self.codec = codec
        self.hashCode = hashCode
        self.digest = digest
        self.text = text
    }

    /// The version 1 form in lower-case base32: the only one that survives being a host name.
    package var base32: String {
        "b" + Multibase.base32Text(binary).text
    }

    /// The version 1 form in base36, which is short enough for a host name where base32 of a key is not.
    package var base36: String {
        "k" + Multibase.numberText(binary, Multibase.base36).text
    }

    /// Whether `content` is what it names; nil when that cannot be told from the bytes alone.
    ///
    /// It can be told for one block of raw bytes under SHA-256. All else is packed in a graph whose shape the bytes do
    /// not show.
    package func matches(_ content: [UInt8]) -> Bool? {
        guard codec == Codec.raw, hashCode == Self.sha2_256 else { return nil }
        return SHA256.hash(data: content).elementsEqual(digest)
    }

    // MARK: Binary form

    private var binary: [UInt8] { [1] + Self.varint(codec) + Self.multihash(hashCode, digest) }

    static func multihash(_ code: UInt64, _ digest: [UInt8]) -> [UInt8] {
        varint(code) + varint(UInt64(digest.count)) + digest
    }

    /// The key of a peer, which people write as a bare multihash in base58.
    init?(peer text: ArraySlice<UInt8>) {
        guard text.count <= Self.textMax, let bytes = Multibase.number(text, Multibase.base58),
            let (code, digest) = Self.multihash(bytes[...]), code == Self.sha2_256 || code == 0
        else { return nil }
        self.init(version: 1, codec: Codec.libp2pKey, hashCode: code, digest: digest, text: text.text)
    }

    /// The same key packed as a key, which host names of IPNS need whatever the text said.
    init(libp2pKey key: CID) {
        self.init(version: 1, codec: Codec.libp2pKey, hashCode: key.hashCode, digest: key.digest, text: key.text)
    }

    private static func decoded(_ text: ArraySlice<UInt8>) -> (bytes: [UInt8], spelling: String)? {
        guard let prefix = text.first else { return nil }
        let body = text.dropFirst()
        switch prefix {
        case 0x7A:
            return Multibase.number(body, Multibase.base58).map { ($0, text.text) }
        case 0x62, 0x42, 0x66, 0x46, 0x6B, 0x4B:
            // An upper-case prefix says that all letters are upper-case, a lower-case one that none is.
            let isUpper = prefix < 0x60
            guard body.allSatisfy({ !ASCII.isLetter($0) || ($0 < 0x60) == isUpper }) else { return nil }
            let lower = body.map(ASCII.lower)[...]
            let bytes =
                switch prefix | 0x20 {
                case 0x62: Multibase.bits(lower, Multibase.base32, width: 5)
                case 0x66: Multibase.bits(lower, Multibase.base16, width: 4)
                default: Multibase.number(lower, Multibase.base36)
                }
            return bytes.map { ($0, text.lowercasedASCII) }
        default: return nil
        }
    }

    private static func multihash(_ bytes: ArraySlice<UInt8>) -> (code: UInt64, digest: [UInt8])? {
        var rest = bytes
        guard let code = varint(&rest), let count = varint(&rest), count == UInt64(rest.count),
            rest.count <= digestMax, let lengths = lengths(of: code), lengths.contains(rest.count)
        else { return nil }
        return (code, Array(rest))
    }

    /// A digest of another length is cut short, or the function is another one.
    private static func lengths(of code: UInt64) -> ClosedRange<Int>? {
        switch code {
        case 0x00: 1...digestMax
        case 0x11: 20...20
        case sha2_256, 0x16, 0x1B, 0x1E, 0xB220: 32...32
        case 0x13, 0x14, 0x1D: 64...64
        // Less than 128 bits name nothing for certain.
        default: 16...64
        }
    }

    /// Unsigned LEB128 of at most nine bytes, in its shortest form only (multiformats unsigned-varint).
    private static func varint(_ bytes: inout ArraySlice<UInt8>) -> UInt64? {
        var value: UInt64 = 0
        for index in 0..<UInt64(9) {
            guard let byte = bytes.popFirst() else { return nil }
            value |= UInt64(byte & 0x7F) << (7 * index)
            if byte & 0x80 == 0 { return byte == 0 && index > 0 ? nil : value }
        }
        return nil
    }

    private static func varint(_ value: UInt64) -> [UInt8] {
        var (rest, out) = (value, [UInt8]())
        while rest >= 0x80 {
            out.append(UInt8(truncatingIfNeeded: rest) | 0x80)
            rest >>= 7
        }
        return out + [UInt8(rest)]
    }
}
