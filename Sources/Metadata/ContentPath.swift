/// The path below a content identifier: names of files, not parts of a URL.
import Ethereum

enum ContentPath {
    /// Decodes each segment once and encodes it once; empty segments and `.` go, so a last slash does too.
    ///
    /// `?` and `#` are characters of names here: "Ape #7.json" is a common file. `{id}` is filled in after decoding,
    /// because a half-encoded one would be filled in when the result is read again.
    ///
    /// - Throws: `dotDot`, also for `..` behind an encoded slash or backslash, which some gateway decodes;
    ///   `badEncoding` for control characters, encoded or not.
    static func normalised(_ text: ArraySlice<UInt8>, id: U256) throws(URIDefect) -> String {
        var out: [UInt8] = []
        for segment in text.split(separator: ASCII.slash) {
            let name = IDTemplate.fill(Percent.decoded(segment), id: id)
            guard !name.contains(where: ASCII.isControl) else { throw .badEncoding }
            for part in name.split(whereSeparator: { $0 == ASCII.slash || $0 == ASCII.backslash }) {
                guard !isTwoDots(part) else { throw .dotDot }
            }
            if name == [ASCII.dot] { continue }
            out.append(ASCII.slash)
            out += Percent.encoded(name, ASCII.isPathCharacter)
        }
        return out.text
    }

    static func isTwoDots(_ part: ArraySlice<UInt8>) -> Bool { part.elementsEqual([ASCII.dot, ASCII.dot]) }
}
