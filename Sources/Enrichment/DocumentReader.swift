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
        /// nil: the host was not asked, or has nothing to do with it.
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
        var last = await fetch(location, id: id, turn: turn)
        // Some hosts want the id in decimal, whatever the standard says.
        if case .failed(let why, _, _) = last.outcome, why == Self.notFound,
            let decimal = TokenURI.decimalVariant(of: location, id: id)
        {
            let other = await fetch(decimal, id: id, turn: turn)
            if case .document = other.outcome { last = other }
        }
        return last
    }

    private static let notFound = "the server says 404"

    private func fetch(_ location: MetadataLocation, id: U256, turn: UInt64) async -> Attempt {
        var last = Attempt(outcome: .refused("no gateway serves \(location.canonical)"), isHostHealthy: nil)
        for url in gateways.urls(for: location, rotation: turn).prefix(Self.gatewaysMax) {
            do throws(WebFault) {
                let answer = try await web.fetch(url)
                if case .ipfs(let cid, let path) = location, path.isEmpty, cid.matches(answer.body) == false {
                    last = Attempt(
                        outcome: .failed(
                            "the gateway's content is not that of its CID",
                            isFinal: false,
                            retryAfter: nil
                        ),
                        isHostHealthy: false
                    )
                    continue
                }
                let outcome = parsed(answer.body, answer.mediaType, location, id)
                last = Attempt(outcome: outcome, isHostHealthy: true)
                if case .document = outcome { return last }
            } catch {
                last = Self.attempt(error)
                if case .cancelled = error { return last }
            }
        }
        return last
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
            let found = try MetadataParser.parse(bytes, mediaType: mediaType, id: id, source: location.canonical)
            return .document(MetadataDocument(raw: bytes, hash: found.contentHash, fields: MetadataFields(found)))
        } catch {
            // An inline document cannot change; an error page may be a document tomorrow.
            let isFinal = if case .inline = location { true } else { false }
            return .failed("no metadata: \(error)", isFinal: isFinal, retryAfter: nil)
        }
    }

    private static func host(_ url: String) -> String? { try? WebURL(url).host.text }
}
