/// Documents as collections write them.
import Ethereum
import Metadata
import struct Metadata.Trait
import Testing

@Suite struct MetadataTests {
    private func read(_ text: String, mediaType: String? = nil, id: U256 = .one) throws(MetadataDefect) -> Metadata {
        try MetadataParser.parse(Array(text.utf8), mediaType: mediaType, id: id, source: "ipfs://\(v0)/x")
    }

    private func image(_ members: String) throws(MetadataDefect) -> String? { try read("{\(members)}").image }

    @Test func `an ordinary document is read whole`() throws {
        let metadata = try read(
            """
            {"name":"Ape #1","description":"An ape","image":"https://gw.example/ipfs/\(v0)/1.png",
            "animation_url":"ipfs://ipfs/\(v0)/1.mp4","external_url":"https://example.com/#/1",
            "attributes":[{"trait_type":"Fur","value":"Red"},
            {"trait_type":"Level","value":5,"display_type":"number","max_value":10},{"value":true}]}
            """
        )
        #expect(metadata.name == "Ape #1" && metadata.description == "An ape")
        #expect(metadata.image == "ipfs://\(v0)/1.png" && metadata.animation == "ipfs://\(v0)/1.mp4")
        #expect(metadata.externalURL == "https://example.com/#/1")
        #expect(
            metadata.attributes == [
                Trait(traitType: "Fur", value: .string("Red")),
                Trait(traitType: "Level", value: .number("5"), displayType: "number", maxValue: "10"),
                Trait(traitType: nil, value: .bool(true)),
            ]
        )
        #expect(metadata.flags == [])
    }

    @Test func `U-20: the hash is that of the bytes as they came`() throws {
        #expect(
            try read("{}").contentHash.hex == "0x44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"
        )
        #expect(try read("{ }").contentHash != read("{}").contentHash)
    }

    private static let images: [(String, String?)] = [
        ("\"image\":\"https://a.example/1\",\"image_url\":\"https://a.example/2\"", "https://a.example/1"),
        ("\"image_url\":\"https://a.example/2\",\"image_data\":\"<svg/>\"", "data:image/svg+xml;base64,PHN2Zy8+"),
        ("\"image\":null,\"image_data\":\"\",\"image_url\":\"https://a.example/2\"", "https://a.example/2"),
        ("\"image\":{\"description\":\"https://a.example/3\"}", "https://a.example/3"),
        ("\"image\":[null,\"\",\"https://a.example/4\"]", "https://a.example/4"),
        (
            "\"properties\":{\"image\":{\"type\":\"string\",\"description\":\"https://a.example/5\"}}",
            "https://a.example/5"
        ),
        ("\"properties\":{\"image\":\"https://a.example/6\"}", "https://a.example/6"),
        ("\"image\":\"https://a.example/{id}.png\"", "https://a.example/\(one64).png"),
        ("\"image\":\"\(v0)\"", "ipfs://\(v0)"), ("\"image\":\"1.png\"", "1.png"), ("\"image\":7", nil), ("", nil),
        ("\"image\":\"javascript:alert(1)\"", "javascript:alert(1)"),
    ]

    @Test(arguments: images) func `U-15: the picture is found in its order`(
        _ members: String,
        _ expected: String?
    ) throws {
        #expect(try image(members) == expected)
    }

    @Test func `a picture that names no place is kept and flagged, and an inline one is flagged`() throws {
        #expect(try read("{\"image\":\"1.png\"}").flags == .imageUnlocated)
        #expect(try read("{\"image\":\"data:broken\"}").flags == .imageUnlocated)
        #expect(try read("{\"image\":\"<svg/>\"}").flags == .imageIsInline)
        #expect(try read("{\"animation_url\":\"1.mp4\"}").flags == .animationUnlocated)
    }

    @Test(arguments: ["javascript:alert(1)", "data:text/html,x", "relative", "https://127.1/"])
    func `a link that may do harm is left out and flagged`(_ link: String) throws {
        let metadata = try read("{\"external_url\":\"\(link)\"}")
        #expect(metadata.externalURL == nil && metadata.flags == .linkRefused)
    }

    @Test func `V15, U-9: the id is filled in string values and never in names`() throws {
        let metadata = try read("{\"name\":\"#{id}\",\"{id}\":\"x\",\"attributes\":{\"{id}\":\"{id}\"}}", id: .max)
        let hex = String(repeating: "f", count: 64)
        #expect(metadata.name == "#\(hex)")
        #expect(metadata.attributes == [Trait(traitType: "{id}", value: .string(hex))])
    }

    @Test func `V15: a nested value has its id filled in too`() throws {
        let metadata = try read("{\"attributes\":[{\"value\":[{\"{id}\":\"{id}\"}]}]}")
        #expect(metadata.attributes == [Trait(traitType: nil, value: .string("[{\"{id}\":\"\(one64)\"}]"))])
    }

    private static let shapes: [(String, [Trait])] = [
        (
            "\"attributes\":{\"a\":1,\"b\":\"2\",\"c\":null}",
            [
                Trait(traitType: "a", value: .number("1")), Trait(traitType: "b", value: .string("2")),
            ]
        ),
        (
            "\"attributes\":[\"plain\",7,null,[],{\"trait_type\":\"x\"}]",
            [
                Trait(traitType: nil, value: .string("plain")), Trait(traitType: nil, value: .number("7")),
                Trait(traitType: nil, value: .string("[]")),
            ]
        ),
        (
            "\"properties\":{\"a\":{\"name\":\"A\",\"value\":\"1\"},\"image\":\"x\",\"b\":{\"c\":1}}",
            [
                Trait(traitType: "a", value: .string("1")), Trait(traitType: "b", value: .string("{\"c\":1}")),
            ]
        ),
        ("\"attributes\":[],\"properties\":{\"a\":false}", [Trait(traitType: "a", value: .bool(false))]),
        (
            "\"attributes\":[{\"trait_type\":7,\"value\":\(U256.max.decimal)}]",
            [
                Trait(traitType: "7", value: .number(U256.max.decimal))
            ]
        ),
        ("\"attributes\":\"none\"", []),
    ]

    @Test(arguments: shapes) func `U-16: traits are read in every shape`(_ members: String, _ expected: [Trait]) throws
    {
        #expect(try read("{\(members)}").attributes == expected)
    }

    @Test func `U-16: a thousand traits are kept and more are flagged`() throws {
        func document(_ count: Int) -> String {
            "{\"attributes\":[\((0..<count).map { "\"\($0)\"" }.joined(separator: ","))]}"
        }
        let full = try read(document(Metadata.attributesMax))
        #expect(full.attributes.count == Metadata.attributesMax && full.flags == [])
        let more = try read(document(9_000))
        #expect(more.attributes.count == Metadata.attributesMax && more.flags == .attributesTruncated)
        #expect(more.attributes.last?.value == .string("999"))
    }

    @Test func `text is cut at a character and flagged`() throws {
        let metadata = try read("{\"name\":\"\(String(repeating: "ü", count: 600))a\",\"description\":\"x\"}")
        #expect(metadata.name == String(repeating: "ü", count: 512) && metadata.flags == .textTruncated)
        let odd = try read("{\"name\":\"a\(String(repeating: "ü", count: 600))\"}")
        #expect(odd.name == "a" + String(repeating: "ü", count: 511))
    }

    @Test func `what was odd about the text is told`() throws {
        #expect(try read("{\"name\":\"a\",\"name\":\"b\"}").flags == .duplicateKeys)
        #expect(try read("{\"name\":\"\\ud800\"}").flags == .loneSurrogates)
        #expect(try read("{\"name\":\"a\nb\"}").flags == .controlCharacters)
        let latin = Array("{\"name\":\"".utf8) + [0xE9] + Array("\"}".utf8)
        #expect(try MetadataParser.parse(latin, mediaType: nil, id: .zero, source: "").flags == .lossyText)
    }

    private static let defects: [(String, MetadataDefect)] = [
        ("", .empty), (" \n\0", .empty), ("[]", .notObject), ("7", .notObject), ("\"x\"", .notObject),
        ("null", .notObject),
        ("<html>", .json(.syntax)), ("{\"a\":NaN}", .json(.syntax)),
        (String(repeating: "{\"a\":", count: 40), .json(.tooDeep)),
    ]

    @Test(arguments: defects) func `U-16: only an object is a document`(_ text: String, _ defect: MetadataDefect) {
        #expect(throws: defect) { try read(text, mediaType: "application/json") }
    }

    @Test func `compressed bytes are told as such`() {
        #expect(throws: MetadataDefect.compressed) {
            try MetadataParser.parse([0x1F, 0x8B, 8, 0], mediaType: nil, id: .zero, source: "")
        }
    }

    @Test func `U-3: a picture in place of a document gives a document of that picture`() throws {
        for (text, mediaType) in [("\u{1}bits", "image/png"), ("<svg/>", "text/plain"), ("[1]", " Image/WebP; q=1")] {
            let metadata = try read(text, mediaType: mediaType)
            #expect(metadata.image == "ipfs://\(v0)/x" && metadata.flags == .synthetic && metadata.name == nil)
        }
        #expect(try read("{\"name\":\"a\"}", mediaType: "image/png").name == "a")
    }

    @Test func `the normalised form is read as the same document`() throws {
        let metadata = try read("{\"name\":\"a\",\"image\":\"/ipfs/\(v0)\",\"attributes\":{\"a\":1,\"b\":true}}")
        var again = try read(metadata.normalised.json)
        again.contentHash = metadata.contentHash
        #expect(again == metadata)
        #expect(
            metadata.normalised.json == "{\"name\":\"a\",\"image\":\"ipfs://\(v0)\",\"attributes\":"
                + "[{\"trait_type\":\"a\",\"value\":1},{\"trait_type\":\"b\",\"value\":true}]}"
        )
    }
}
