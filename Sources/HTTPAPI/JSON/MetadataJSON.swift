import Ethereum
import Tokens

extension JSONWriter {
    /// What is held of a token's metadata; nil: nobody looked yet.
    mutating func fields(_ metadata: TokenMetadata?) {
        let (uri, fields) = (metadata?.uri, metadata?.fields)
        field("tokenUri", uri?.raw.map { String(decoding: $0, as: UTF8.self) })
        field("location", uri?.location)
        field("uriState", (uri?.state ?? .pending).name)
        field("metadataState", (metadata?.state ?? .pending).name)
        field("detail", metadata?.detail)
        field("name", fields?.name)
        field("description", fields?.description)
        field("image", fields?.image)
        field("animationUrl", fields?.animation)
        field("externalUrl", fields?.externalURL)
        field("attributes", json: fields?.attributes ?? "[]")
        field("contentHash", metadata?.hash.map { "\($0)" })
        field("version", UInt64(clamping: metadata?.version ?? 0))
        key("readAt")
        guard let block = uri?.block else { return null() }
        object { json in
            json.field("blockNumber", block.number)
            json.field("blockHash", "\(block.hash)")
        }
    }
}
