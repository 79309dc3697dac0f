/// Hostile bytes: never a crash, and what is accepted is read back as itself.
import Ethereum
import Metadata
import Testing

@Suite struct MetadataFuzzTests {
    static let rounds = 20_000

    private static let pieces: [String] = [
        "ipfs://", "ipns://", "ar://", "https://", "http://", "data:", "data:application/json;base64,",
        "data:image/svg+xml,",
        "ipfs/", "/ipfs/", "ipns/", v0, v1, rawHello, transaction, "{id}", "%7Bid%7D", "{%69d}", "%", "%2", "%2e",
        "%2f", "%00",
        "..", ".", "/", "//", "\\", "?", "#", "@", ":", ":80", "[::1]", "[", "]", "127.0.0.1", "example.com",
        ".ipfs.a.example",
        ".ipns.a.example", "\"", "'", "{", "}", "\u{FEFF}", "\0", " ", "ü", "é\u{301}", "<svg", ",", ";", "=", "%25",
        "k51", "0x",
        "{\"a\":\"%41\"}", "my--site-a", "\n",
    ]

    private func text(_ random: inout SplitMix64) -> [UInt8] {
        var out: [UInt8] = []
        for _ in 0..<random.below(8) {
            if random.below(6) == 0 {
                for _ in 0..<random.below(6) { out.append(UInt8(truncatingIfNeeded: random.next())) }
            } else {
                out += Self.pieces[random.below(Self.pieces.count)].utf8
            }
        }
        if !out.isEmpty, random.below(4) == 0 {
            out[random.below(out.count)] = UInt8(truncatingIfNeeded: random.next())
        }
        return out
    }

    @Test(arguments: UInt64(1)...3) func `every canonical text is read as the same place`(_ seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let gateways = try Gateways(["https://gw.example", "https://{cid}.ipfs.sub.example"])
        var accepted = 0
        for _ in 0..<Self.rounds {
            let raw = text(&random)
            let base = random.below(3) == 0 ? "https://example.com/a/" : nil
            guard let place = try? TokenURI.locate(raw, id: .one, base: base) else { continue }
            accepted += 1
            let again = try? TokenURI.locate(Array(place.canonical.utf8), id: .one)
            #expect(again == place, "\(raw) \(place.canonical)")
            _ = TokenURI.decimalVariant(of: place, id: .one)
            guard !place.isInline else { continue }
            #expect(place.canonical.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F }, "\(raw)")
            let segments = place.canonical.split(separator: "?")[0].split(separator: "/")
            #expect(!segments.contains("..") && !segments.contains("%2E%2E"), "\(raw)")
            for url in gateways.urls(for: place) { #expect((try? WebURL(url))?.text == url, "\(raw) \(url)") }
        }
        #expect(accepted > Self.rounds / 50, "\(accepted)")
    }

    @Test(arguments: UInt64(11)...12) func `random bytes are a place, a document or a defect`(_ seed: UInt64) {
        var random = SplitMix64(seed: seed)
        for _ in 0..<Self.rounds {
            let bytes = (0..<random.below(60)).map { _ in UInt8(truncatingIfNeeded: random.next()) }
            _ = try? TokenURI.locate(bytes, id: .max)
            _ = try? JSONDocument.parse(bytes)
            _ = try? MetadataParser.parse(bytes, mediaType: "image/png", id: .max, source: "x")
            _ = CID(String(decoding: bytes, as: UTF8.self))
        }
    }

    private static let bombs: [(String, String)] = [
        ("", "\u{FEFF}"), ("", "\u{FEFF} "), ("", " "), ("\"", "\\\""), ("ipfs://", "ipfs/"), ("data:;base64,", "A "),
        ("data:application/json,", "{%7B"), ("{", "\"a\":"), ("[", "\"\",[],"), ("{\"a\":\"data:", "\\ud800"),
        ("{\"image\":\"data:,", "{id}"), ("{\"name\":\"", "e\u{301}"), ("data:,", "%7Bid%7D"), ("https://", "a."),
    ]

    /// Anything worse than linear would run into the limit by far.
    @Test(.timeLimit(.minutes(1)), arguments: bombs)
    func `input of the greatest length ends in linear time`(_ start: String, _ repeated: String) {
        for most in [TokenURI.textMax, JSONDocument.stringMax, TokenURI.contentMax] {
            let count = (most - start.utf8.count) / repeated.utf8.count
            let bytes = Array((start + String(repeating: repeated, count: count)).utf8)
            _ = try? TokenURI.locate(bytes, id: .max)
            for end in ["", "\"}", "]"] {
                _ = try? MetadataParser.parse(
                    bytes.dropLast(2) + end.utf8,
                    mediaType: "image/png",
                    id: .max,
                    source: "x"
                )
            }
        }
    }

    private static let document = Array(
        """
        {"name":"a {id}","image":["ipfs://\(v0)",null],"image_data":{"url":"<svg>"},"x":[1.5e+3,-0,{"y":"\\ud83d\\ude00"}],
        "attributes":[{"trait_type":"a","value":true,"max_value":1},"b",{"value":[[]]}],"properties":{"image":{"description":"d"}}}
        """.utf8
    )

    @Test(arguments: UInt64(21)...23) func `a mutated document is refused or written back as the same value`(
        _ seed: UInt64
    ) throws {
        var random = SplitMix64(seed: seed)
        var accepted = 0
        for _ in 0..<Self.rounds {
            var bytes = Self.document
            for _ in 0...random.below(3) {
                let place = random.below(bytes.count)
                switch random.below(4) {
                case 0: bytes.remove(at: place)
                case 1: bytes.insert(bytes[random.below(bytes.count)], at: place)
                case 2: bytes[place] = bytes[random.below(bytes.count)]
                default: bytes[place] = UInt8(truncatingIfNeeded: random.next())
                }
            }
            guard let document = try? JSONDocument.parse(bytes) else { continue }
            accepted += 1
            let again = try JSONDocument.parse(Array(document.value.json.utf8))
            #expect(
                again.value == document.value && !again.isLossy && !again.hasDuplicateKeys && !again.hasLoneSurrogates
            )
            guard let metadata = try? MetadataParser.parse(bytes, mediaType: nil, id: .one, source: "") else {
                continue
            }
            #expect(metadata.attributes.count <= Metadata.attributesMax)
        }
        #expect(accepted > Self.rounds / 10, "\(accepted)")
    }
}
