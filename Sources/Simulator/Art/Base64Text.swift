/// Base64 (RFC 4648 §4), written here again so that what the indexer decodes was not encoded by its own code.
enum Base64Text {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func text(_ source: String) -> String {
        let bytes = Array(source.utf8)
        var out: [UInt8] = []
        out.reserveCapacity((bytes.count + 2) / 3 * 4)
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let rest = bytes[start..<min(start + 3, bytes.count)]
            var group: UInt32 = 0
            for byte in rest { group = group << 8 | UInt32(byte) }
            group <<= UInt32(8 * (3 - rest.count))
            for place in 0..<4 {
                out.append(place <= rest.count ? alphabet[Int(group >> UInt32(18 - 6 * place)) & 63] : 0x3D)
            }
        }
        return String(decoding: out, as: UTF8.self)
    }
}
