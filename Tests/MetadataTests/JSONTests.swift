/// The bounded reader of JSON, at its limits and over its grammar.
import Metadata
import Testing

@Suite struct JSONTests {
    /// Compact text again, or the defect's name.
    private func read(_ text: String) -> String {
        do throws(JSONDefect) {
            return try JSONDocument.parse(Array(text.utf8)).value.json
        } catch {
            return "! \(error.rawValue)"
        }
    }

    private static let accepted: [(String, String)] = [
        ("{}", "{}"), (" [ ] ", "[]"), ("{\"a\" : [1 , {\"b\":null}]}", "{\"a\":[1,{\"b\":null}]}"),
        ("true", "true"), ("-0", "-0"), ("1e400", "1e400"), ("0.10E+7", "0.10E+7"),
        ("\"\\u0041\\/\\b\\f\\n\\r\\t\\\\\\\"\"", "\"A/\\u0008\\u000c\\n\\r\\t\\\\\\\"\""), ("\"ü\\u00fc\"", "\"üü\""),
        ("\"\\ud83d\\uDE00\"", "\"😀\""), ("\"\\u0000\"", "\"\\u0000\""), ("{\"b\":1,\"a\":2}", "{\"b\":1,\"a\":2}"),
        ("\u{FEFF}{}", "{}"), ("{}\0\0\n", "{}"),
    ]

    @Test(arguments: accepted) func `valid text is read and written back compact`(_ text: String, _ expected: String) {
        #expect(read(text) == expected)
        #expect(read(expected) == expected)
    }

    private static let refused: [String] = [
        "", " ", "{", "}", "[1,]", "{\"a\":1,}", "{a:1}", "{'a':1}", "{\"a\"}", "{\"a\":}", "{\"a\":1 \"b\":2}",
        "[1 2]",
        "NaN", "[NaN]", "Infinity", "-Infinity", "-", "+1", "01", "1.", ".5", "1e", "1e+", "0x10", "tru", "nulll",
        "{} {}",
        "\"", "\"\\x\"", "\"\\u12\"", "\"\\u12G4\"", "\"\u{1}\"", "//\n{}", "{}x", "\\", "[\"a\\\"]",
    ]

    @Test(arguments: refused) func `text that is not the grammar is refused`(_ text: String) {
        #expect(read(text) == "! syntax")
    }

    @Test func `depth, values, strings and numbers have limits that are met exactly`() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        func text(_ count: Int, _ start: String = "") -> String {
            "\"\(start)\(String(repeating: "a", count: count - start.utf8.count))\""
        }
        func list(_ count: Int) -> String { "[\(Array(repeating: "1", count: count).joined(separator: ","))]" }
        #expect(read(nested(JSONDocument.depthMax)) == nested(JSONDocument.depthMax))
        #expect(read(nested(JSONDocument.depthMax + 1)) == "! tooDeep")
        #expect(read(nested(100_000)) == "! tooDeep")
        #expect(read(list(JSONDocument.valuesMax - 1)) == list(JSONDocument.valuesMax - 1))
        #expect(read(list(JSONDocument.valuesMax)) == "! tooManyValues")
        #expect(read(text(JSONDocument.stringMax)) == text(JSONDocument.stringMax))
        #expect(read(text(JSONDocument.stringMax + 1)) == "! stringTooLong")
        #expect(read(text(JSONDocument.pictureMax, "data:")) == text(JSONDocument.pictureMax, "data:"))
        #expect(read(text(JSONDocument.pictureMax + 1, "data:")) == "! stringTooLong")
        #expect(read("{\(text(JSONDocument.stringMax + 1)):1}") == "! stringTooLong")
        let digits = String(repeating: "9", count: JSONDocument.numberMax)
        #expect(read(digits) == digits)
        #expect(read(digits + "9") == "! numberTooLong")
        #expect(read(String(repeating: " ", count: JSONDocument.bytesMax + 1)) == "! tooLarge")
    }

    @Test func `of a name that comes twice the last value counts and is flagged`() throws {
        let document = try JSONDocument.parse(Array("{\"a\":1,\"b\":2,\"\\u0061\":3}".utf8))
        #expect(document.hasDuplicateKeys && document.value.json == "{\"a\":3,\"b\":2}")
        #expect(try !JSONDocument.parse(Array("{\"a\":{\"a\":1}}".utf8)).hasDuplicateKeys)
    }

    @Test func `names that only look alike are two`() throws {
        let document = try JSONDocument.parse(Array("{\"\\u00e9\":1,\"e\\u0301\":2}".utf8))
        #expect(!document.hasDuplicateKeys)
    }

    private static let surrogates: [(String, String)] = [
        ("\\ud800", "\u{FFFD}"), ("\\udc00", "\u{FFFD}"), ("\\ud800x", "\u{FFFD}x"), ("\\ud800\\u0041", "\u{FFFD}A"),
        ("\\ud800\\ud83d\\ude00", "\u{FFFD}😀"), ("\\ud800\\n", "\u{FFFD}\n"),
    ]

    @Test(arguments: surrogates) func `half a character becomes U+FFFD and is flagged`(
        _ text: String,
        _ expected: String
    ) throws {
        let document = try JSONDocument.parse(Array("\"\(text)\"".utf8))
        #expect(document.value == .string(expected) && document.hasLoneSurrogates)
    }

    @Test func `line ends and tabs in strings are read and flagged`() throws {
        let document = try JSONDocument.parse(Array("\"a\r\n\tb\"".utf8))
        #expect(document.value == .string("a\r\n\tb") && document.hasControlCharacters)
        #expect(try !JSONDocument.parse(Array("\"a\\n\"".utf8)).hasControlCharacters)
    }

    @Test(arguments: [true, false], [true, false])
    func `U-21: UTF-16 of either order is read, with its mark or without`(_ isBigEndian: Bool, _ isMarked: Bool) throws
    {
        let text = (isMarked ? "\u{FEFF}" : "") + "{\"a\":\"ü😀\"}"
        let bytes = text.utf16.flatMap { unit in
            let (high, low) = (UInt8(unit >> 8), UInt8(truncatingIfNeeded: unit))
            return isBigEndian ? [high, low] : [low, high]
        }
        let document = try JSONDocument.parse(bytes)
        #expect(document.value["a"] == .string("ü😀") && !document.isLossy)
        #expect(try JSONDocument.parse(bytes.dropLast(2) + bytes.suffix(2) + [0x20]).isLossy)
    }

    @Test func `U-21: bytes that are no UTF-8 are replaced and flagged`() throws {
        let document = try JSONDocument.parse(Array("{\"a\":\"caf".utf8) + [0xE9] + Array("\"}".utf8))
        #expect(document.isLossy && document.value["a"] == .string("caf\u{FFFD}"))
    }
}
