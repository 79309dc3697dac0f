/// The `{id}` of ERC-1155 in URIs and in the strings of documents.
package import Ethereum

package enum IDTemplate {
    /// What stands for `{id}`: 64 lower-case digits with leading zeros and no prefix (EIP-1155, "Metadata").
    package static func hex(_ id: U256) -> String { String(id.word.hex.dropFirst(2)) }

    /// Replaces every `{id}`; each brace may also be percent-encoded, in either case.
    ///
    /// The result is at most sixteen times as long. Linear.
    static func fill(_ text: [UInt8], id: U256) -> [UInt8] {
        guard text.contains(where: { $0 == ASCII.braceOpen || $0 == ASCII.percent }) else { return text }
        let hex = Array(hex(id).utf8)
        let whole = text[...]
        var out: [UInt8] = []
        out.reserveCapacity(text.count)
        var index = 0
        while index < text.count {
            if let end = end(of: whole, at: index) {
                out += hex
                index = end
            } else {
                out.append(text[index])
                index += 1
            }
        }
        return out
    }

    static func fill(_ text: String, id: U256) -> String {
        String(decoding: fill(Array(text.utf8), id: id), as: UTF8.self)
    }

    /// Where the `{id}` that begins at `start` ends; nil when none does.
    static func end(of text: ArraySlice<UInt8>, at start: Int) -> Int? {
        guard let open = brace(ASCII.braceOpen, text, start), text.endIndex - open >= 3,
            text[open] == 0x69, text[open + 1] == 0x64
        else { return nil }
        return brace(ASCII.braceClose, text, open + 2)
    }

    private static func brace(_ brace: UInt8, _ text: ArraySlice<UInt8>, _ index: Int) -> Int? {
        if text[index] == brace { return index + 1 }
        return Percent.byte(in: text, at: index) == brace ? index + 3 : nil
    }
}
