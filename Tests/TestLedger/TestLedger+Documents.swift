package import Ethereum
import StoreSQLite
package import Tokens

extension TestLedger {
    /// Puts documents in, as an enricher would; other fields are another document.
    ///
    /// - Parameter second: grows from call to call, so that no claim of an older one stands in the way.
    package func tell(_ documents: [UInt64: MetadataFields], of contract: Address, at second: Int64) async throws {
        let claim = ID128(high: 6, low: UInt64(second))
        var position: MetadataPosition?
        repeat {
            position = try await store.enqueueMetadata(of: chain, contract: contract, after: position, all: true).next
        } while position != nil
        let jobs = try await store.claimMetadata(
            of: chain,
            contract: contract,
            as: claim,
            now: second,
            until: second + 1,
            limit: 100_000,
            avoiding: [],
            rotation: 0
        )
        let block = state.tip ?? BlockRef(number: 0, hash: Self.hash(0))
        let results = jobs.compactMap { job -> MetadataResult? in
            guard let token = job.token.token.uint64, let fields = documents[token] else { return nil }
            let raw = Array("\(fields.name ?? "") \(fields.attributes)".utf8)
            return MetadataResult(
                job: job,
                uri: ObservedURI(
                    state: .ok,
                    raw: Array("https://a.example/\(token)".utf8),
                    location: "https://a.example/\(token)",
                    block: block
                ),
                finding: .document(MetadataDocument(raw: raw, hash: Keccak256.hash(raw), fields: fields)),
                retryAt: nil,
                host: ""
            )
        }
        _ = try await store.finishMetadata(results, of: chain, as: claim, now: 1_000)
    }
}

extension MetadataFields {
    /// A name, and traits of text values.
    package static func named(_ name: String?, _ traits: [(String, String)] = []) -> MetadataFields {
        let json = traits.map { #"{"trait_type":"\#($0.0)","value":"\#($0.1)"}"# }
        return MetadataFields(name: name, attributes: "[\(json.joined(separator: ","))]")
    }
}
