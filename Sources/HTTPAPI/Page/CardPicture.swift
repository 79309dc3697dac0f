import Tokens

/// What a card shows where its picture belongs: decided by the text of a stranger, and by nothing that is behind it.
///
/// Only what lies in the database is shown. A picture elsewhere would tell its server who looks at which wallet, from
/// where and when, so that it is named and not loaded.
enum CardPicture: Equatable {
    /// A `data:` URI that is a picture by its type, in base64; for `<img>`, in which nothing runs and nothing is loaded.
    case inline(String)
    /// A web address that the reader may choose to open.
    case web(url: String, host: String)
    /// Somewhere on a network that browsers do not speak: its scheme.
    case network(String)
    case tooLong
    /// Neither a picture nor a place: `javascript:`, `data:text/html`, words.
    case unusable
    case none

    /// Characters of a picture that goes into a page: about 48 KiB of content.
    static let inlineMax = 64 << 10
    private static let types = ["png", "jpeg", "gif", "webp", "svg+xml"]
    private static let networks = ["ipfs", "ipns", "ar"]
    /// The longest address that is offered, as browsers have it.
    private static let urlMax = 2_048

    init(_ card: TokenCard) {
        guard let image = card.image else {
            self = .none
            return
        }
        if let type = Self.types.first(where: { image.hasPrefix("data:image/\($0);base64,") }) {
            let body = image.utf8.dropFirst("data:image/\(type);base64,".utf8.count)
            if card.isImageTooLong || image.utf8.count > Self.inlineMax {
                self = .tooLong
            } else {
                self = !body.isEmpty && body.allSatisfy(Self.isBase64) ? .inline(image) : .unusable
            }
        } else if let host = Self.host(of: image), !card.isImageTooLong, image.utf8.count <= Self.urlMax {
            self = .web(url: image, host: host)
        } else if let network = Self.networks.first(where: { image.hasPrefix("\($0)://") }) {
            self = .network(network)
        } else {
            self = .unusable
        }
    }

    private static func isBase64(_ byte: UInt8) -> Bool {
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, 0x2B, 0x2F, 0x3D: true
        default: false
        }
    }

    /// Of an https address in printable ASCII without quotes, brackets or a user part; nil for all else.
    private static func host(of text: String) -> String? {
        guard text.hasPrefix("https://"), text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }),
            !text.utf8.contains(where: { [0x22, 0x27, 0x3C, 0x3E, 0x5C, 0x60].contains($0) })
        else { return nil }
        let host = text.dropFirst("https://".count).prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        return host.isEmpty || host.contains("@") ? nil : String(host)
    }
}
