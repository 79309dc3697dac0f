import Metadata
import Tokens

extension MetadataFields {
    /// The fields as they are stored.
    init(_ metadata: Metadata) {
        self.init(
            name: metadata.name,
            description: metadata.description,
            image: metadata.image,
            animation: metadata.animation,
            externalURL: metadata.externalURL,
            attributes: metadata.traits.json,
            flags: metadata.flags.rawValue
        )
    }
}
