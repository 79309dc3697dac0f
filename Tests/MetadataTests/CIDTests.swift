/// Content identifiers against values that another implementation made.
import Metadata
import Testing

@Suite struct CIDTests {
    private static let spellings = [
        v0, v1, "zdj7WYVHSUs6rKV1hyUtFxuYoKSdA7b9HeNp5m6EYzRMgSsmi",
        "f017012202d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881",
        "k2jmtxshvt88fzw1y2vcnyxvs30o0gkxixdd4qypsawpxeumk7ykg4u9",
        "BAFYBEIBNOELEFNZGWBCACYT4VH52YMXVZBJQ7MMQHTCNWARFQ4LZEGSIQE",
        "F017012202D711642B726B04401627CA9FBAC32F5C8530FB1903CC4DB02258717921A4881",
    ]

    @Test(arguments: spellings) func `U-6: every spelling of one identifier has the same base32`(_ text: String) throws
    {
        let cid = try #require(CID(text))
        #expect(cid.base32 == v1)
        #expect(cid.base36 == Self.spellings[4])
        #expect(cid.codec == CID.Codec.dagPB && cid.hashCode == CID.sha2_256 && cid.digest.count == 32)
        #expect(cid.version == (text == v0 ? 0 : 1))
    }

    @Test(arguments: spellings) func `U-6: the text stays as given where its letters have two cases`(
        _ text: String
    ) throws {
        let isUpper = text.hasPrefix("B") || text.hasPrefix("F")
        #expect(try #require(CID(text)).text == (isUpper ? text.lowercased() : text))
    }

    private static let body0 = String(v0.dropFirst(2))
    private static let body1 = String(v1.dropFirst())
    private static let others: [String] = [
        "", "Q", "Qm", "Qm\(body0.dropLast())", "\(v0)1", v0.lowercased(), "Qn\(body0)", "Ｑm\(body0)",
        // 0, O, I and l are no digits of base58.
        "0m\(body0)", "Qm\(body0.dropLast())0", "Qm\(body0.dropLast())l",
        "b", "z", "k", "f", "b\(body1.uppercased())", "B\(body1)", "\(v1)=", "\(v1)a", "\(v1)1", "b\(body1.dropLast())",
        "z\(v0)", "m\(body1)",
        // Another version, a longer spelling of the codec, a digest too short, a byte too many.
        "bajkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
        "bahkqaeraxfgspomtju7arjjokll5u7nl7lcij37dpjjyb3uqrd32zyxpzxuq",
        "bafkreh5zjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n",
        "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5eaa",
        // A length that is not that of what follows.
        "bafkreh5zjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
        "bafkreinzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
        "example.com", "12D3KooWJb88iGpR3i4fdemmUS4aZPi7B8QdSUeAAZ3dsuEQmRtV",
        "b\(String(repeating: "a", count: 400))", "z\(String(repeating: "1", count: 100_000))",
    ]

    @Test(arguments: others)
    func `what is not exactly one identifier is none`(_ text: String) {
        #expect(CID(text) == nil)
    }

    @Test func `raw content under SHA-256 is compared with its bytes`() throws {
        let cid = try #require(CID(rawHello))
        #expect(cid.matches(Array("hello world".utf8)) == true)
        #expect(cid.matches(Array("hello World".utf8)) == false)
    }

    @Test(arguments: [
        v0, v1,
        // Raw under SHA-512.
        "bafkrgqfevpkejdcjkywyfaiv2e5b7thksj7vfngviwjjp6fuhzbnvcjdrpatmjxehxftrxnqqjeisj7msbh3iicxiq4yh2efqulz2ucvdl7ge",
    ])
    func `of packed content and other hashes the bytes alone tell nothing`(_ text: String) throws {
        #expect(try #require(CID(text)).matches(Array("x".utf8)) == nil)
    }
}
