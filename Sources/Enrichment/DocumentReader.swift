import Ethereum
package import Metadata
import Tokens

/// Gets the document at a place, from whichever gateway has it, and reads its fields.
package struct DocumentReader: Sendable {
    package let web: any Web
    package let gateways: Gateways

    package init(web: any Web, gateways: Gateways) {
        self.web = web
        self.gateways = gateways
    }

    enum Outcome: Sendable {
        case document(MetadataDocument)
        /// - Parameter isFinal: another try would bring the same.
        case failed(String, isFinal: Bool, retryAfter: Duration?)
        case refused(String)
        /// By our own side: the job goes back as it was.
        case cancelled
    }

    /// What one try came to, and what it says about the host.
    struct Attempt: Sendable {
        var outcome: Outcome
        /// Of the host that was asked first; nil: it was not asked, or has nothing to do with it.
        var isHostHealthy: Bool?
    }

    /// Gateways asked in one try, at most.
    static let gatewaysMax = 3

    /// The host that is asked first for a place; "" where none is.
    func host(of location: MetadataLocation, turn: UInt64) -> String {
        gateways.urls(for: location, rotation: turn).first.flatMap(Self.host) ?? ""
    }

    func read(_ location: MetadataLocation, id: U256, turn: UInt64) async -> Attempt {
        if case .inline(let bytes, let mediaType) = location {
            return Attempt(outcome: parsed(bytes, mediaType, location, id), isHostHealthy: nil)
        }
        let found = await fetch(location, id: id, turn: turn)
        // Some hosts want the id in decimal, whatever the standard says.
        if case .failed(Self.notFound, _, _) = found.outcome,
            let decimal = TokenURI.decimalVariant(of: location, id: id)
        {
            let other = await fetch(decimal, id: id, turn: turn)
            if case .document = other.outcome { return other }
        }
        return found
    }

    private static let notFound = "the server says 404"

    private func fetch(_ location: MetadataLocation, id: U256, turn: UInt64) async -> Attempt {
        var last = Attempt(outcome: .refused("no gateway serves it"), isHostHealthy: nil)
        var health: Bool?
        for (index, url) in gateways.urls(for: location, rotation: turn).prefix(Self.gatewaysMax).enumerated() {
            let attempt = await fetch(url, location, id)
            if index == 0 { health = attempt.isHostHealthy }
            switch (attempt.outcome, last.outcome) {
            case (.document, _), (.cancelled, _): return Attempt(outcome: attempt.outcome, isHostHealthy: health)
            // A gateway that cannot be reached may have it; one that is refused says nothing about that.
            case (.refused, .failed): break
            default: last = attempt
            }
        }
        return Attempt(outcome: last.outcome, isHostHealthy: health)
    }

    private func fetch(_ url: String, _ location: MetadataLocation, _ id: U256) async -> Attempt {
        do throws(WebFault) {
            let answer = try await web.fetch(url)
            if case .ipfs(let cid, let path) = location, path.isEmpty, cid.matches(answer.body) == false {
                let why = "the gateway's content is not that of its CID"
                return Attempt(outcome: .failed(why, isFinal: false, retryAfter: nil), isHostHealthy: false)
            }
            return Attempt(outcome: parsed(answer.body, answer.mediaType, location, id), isHostHealthy: true)
        } catch {
            return Self.attempt(error)
        }
    }

    private static func attempt(_ fault: WebFault) -> Attempt {
        func failed(_ why: String, isFinal: Bool = false, retryAfter: Duration? = nil, _ healthy: Bool?) -> Attempt {
            Attempt(outcome: .failed(why, isFinal: isFinal, retryAfter: retryAfter), isHostHealthy: healthy)
        }
        return switch fault {
        case .refused(let why): Attempt(outcome: .refused(why), isHostHealthy: nil)
        case .tooLarge: failed("the document is too large", isFinal: true, true)
        case .timedOut: failed("the server did not answer in time", false)
        case .unreachable(let why): failed("the server cannot be reached: \(why)", false)
        case .status(404, _): failed(notFound, true)
        case .status(let status, let after):
            failed("the server says \(status)", retryAfter: after, status != 429 && status < 500)
        case .cancelled: Attempt(outcome: .cancelled, isHostHealthy: nil)
        }
    }

    private func parsed(
        _ bytes: [UInt8],
        _ mediaType: String?,
        _ location: MetadataLocation,
        _ id: U256
    ) -> Outcome {
        do throws(MetadataDefect) {
            let source = location.canonical
            let found = try MetadataParser.parse(bytes, mediaType: mediaType, id: id, source: source)
            return .document(MetadataDocument(raw: bytes, hash: found.contentHash, fields: MetadataFields(found)))
        } catch {
            // An inline document cannot change; an error page may be a document tomorrow.
            let isFinal = if case .inline = location { true } else { false }
            return .failed("no metadata: \(error)", isFinal: isFinal, retryAfter: nil)
        }
    }

    /// Gateways that give each CID a name of its own are one host all the same.
    private static func host(_ url: String) -> String? {
        guard let host = try? WebURL(url).host.text else { return nil }
        for kind in [".ipfs.", ".ipns."] {
            if let place = host.firstRange(of: kind) { return String(host[place.upperBound...]) }
        }
        return host
    }
}
