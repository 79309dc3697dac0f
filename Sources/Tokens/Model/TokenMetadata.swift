package import Ethereum

/// What a contract answered when it was asked where a token's metadata is; only what it said, never what we failed to ask.
package struct ObservedURI: Sendable, Hashable {
    package var state: URIState
    /// As the contract gave it, at most ``bytesMax``; nil where it gave none.
    package var raw: [UInt8]?
    /// The place in canonical form, such as `ipfs://CID/1`; nil where there is none to go to.
    package var location: String?
    /// The block in whose state it was asked.
    package var block: BlockRef

    /// A URI that holds its document is a document's size; base64 adds a third.
    package static let bytesMax = 1_500_000

    package init(state: URIState, raw: [UInt8]?, location: String?, block: BlockRef) {
        self.state = state
        self.raw = raw
        self.location = location
        self.block = block
    }
}

/// What a contract's answer is worth as a URI.
///
/// Stored and shown: never renumber, never rename.
package enum URIState: Int64, Sendable, Hashable, CaseIterable {
    /// Nobody has asked yet.
    case pending = 0
    case ok = 1
    /// The contract refused: burned, not revealed, or by design.
    case reverted = 2
    case empty = 3
    /// Not an answer of a URI's form, or a URI that leads nowhere we would go.
    case invalid = 4

    package var name: String {
        switch self {
        case .pending: "pending"
        case .ok: "ok"
        case .reverted: "reverted"
        case .empty: "empty"
        case .invalid: "invalid"
        }
    }
}

/// Where a token's metadata stands.
///
/// Stored and shown: never renumber, never rename.
package enum MetadataState: Int64, Sendable, Hashable, CaseIterable {
    case pending = 0
    /// The newest document is held.
    case ok = 1
    /// It could not be had, or is none; what was held before stays.
    case failed = 2
    /// We do not go there: a private address, a scheme of another kind.
    case refused = 3

    package var name: String {
        switch self {
        case .pending: "pending"
        case .ok: "ok"
        case .failed: "failed"
        case .refused: "refused"
        }
    }
}

/// The fields that people look for, beside the document as it came.
package struct MetadataFields: Sendable, Hashable {
    package var name: String?
    package var description: String?
    package var image: String?
    package var animation: String?
    package var externalURL: String?
    /// A JSON array of `{"trait_type", "value", …}`.
    package var attributes: String
    /// What was odd about the document; the bits are the parser's.
    package var flags: UInt32

    package init(
        name: String? = nil,
        description: String? = nil,
        image: String? = nil,
        animation: String? = nil,
        externalURL: String? = nil,
        attributes: String = "[]",
        flags: UInt32 = 0
    ) {
        self.name = name
        self.description = description
        self.image = image
        self.animation = animation
        self.externalURL = externalURL
        self.attributes = attributes
        self.flags = flags
    }
}

/// A document as it came, and what was read out of it.
package struct MetadataDocument: Sendable, Hashable {
    package var raw: [UInt8]
    /// SHA-256 of ``raw``.
    package var hash: Hash32
    package var fields: MetadataFields

    package init(raw: [UInt8], hash: Hash32, fields: MetadataFields) {
        self.raw = raw
        self.hash = hash
        self.fields = fields
    }
}

/// What is held of one token's metadata.
package struct TokenMetadata: Sendable, Hashable {
    package var token: TokenID
    /// nil: the contract was not asked, or not heard, yet.
    package var uri: ObservedURI?
    package var state: MetadataState
    /// Why it is not ``MetadataState/ok``, in one line.
    package var detail: String?
    /// The last good document's fields; nil where there never was one.
    package var fields: MetadataFields?
    package var hash: Hash32?
    /// Grows by one with each document that differs from the one before.
    package var version: Int64

    package init(
        token: TokenID,
        uri: ObservedURI?,
        state: MetadataState,
        detail: String?,
        fields: MetadataFields?,
        hash: Hash32?,
        version: Int64
    ) {
        self.token = token
        self.uri = uri
        self.state = state
        self.detail = detail
        self.fields = fields
        self.hash = hash
        self.version = version
    }
}
