/// What the suites of this module share.
import Ethereum
import Metadata

/// Numbers by seed, so that a failure can be run again.
struct SplitMix64: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(bound)) }
}

/// The same content twice: version 0, and version 1 in base32; made by another implementation.
let v0 = "QmRQ353oFNqt8zfZ9X1HgRUszwv9RkEEwmMZZkbkYEsybn"
let v1 = "bafybeibnoelefnzgwbcacyt4vh52ymxvzbjq7mmqhtcnwarfq4lzegsiqe"
/// Raw bytes "hello world" under SHA-256.
let rawHello = "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"
let transaction = "BtFrsz6Cl2Ks1vKZ5b7xTDlYqVxUXTSSn4Wr4BHQ_-Q"
let one64 = String(repeating: "0", count: 63) + "1"

func locate(_ text: String, id: U256 = .one, base: String? = nil) throws(URIDefect) -> MetadataLocation {
    try TokenURI.locate(Array(text.utf8), id: id, base: base)
}

/// The canonical text, or the defect's name.
func canonical(_ text: String, id: U256 = .one, base: String? = nil) -> String {
    do throws(URIDefect) {
        return try locate(text, id: id, base: base).canonical
    } catch {
        return "! \(error.rawValue)"
    }
}

/// The text of inline content, or the defect's name.
func content(_ text: String) -> String {
    do throws(URIDefect) {
        guard case .inline(let bytes, _) = try locate(text) else { return "! not inline" }
        return String(decoding: bytes, as: UTF8.self)
    } catch {
        return "! \(error.rawValue)"
    }
}
