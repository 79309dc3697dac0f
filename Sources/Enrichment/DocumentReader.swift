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
        /// The document was read for as many of those who share it as memory allows; the job goes back as it was.
        case crowded
    }

    /// What one try came to, and what it says about the host.
    struct Attempt: Sendable {
        /// One for each id that was given, in that order.
        var outcomes: [Outcome]
        /// Of the host that was asked first; nil: it was not asked, or has nothing to do with it.
        var isHostHealthy: Bool?
    }

    /// Gateways asked in one try, at most.
    static let gatewaysMax = 3

    /// The host that is asked first for a place; "" where none is.
    func host(of location: MetadataLocation, turn: UInt64) -> String {
        gateways.urls(for: location, rotation: turn).first.flatMap(Self.host) ?? ""
    }

    /// One fetch for all tokens that name the place, at least one; see ``isShareable(_:id:)``.
    func read(_ location: MetadataLocation, ids: [U256], turn: UInt64) async -> Attempt {
        if case .inline(let bytes, let mediaType) = location {
            return Attempt(outcomes: parsed(bytes, mediaType, location, ids), isHostHealthy: nil)
        }
        let found = await fetch(location, ids, turn: turn)
        // Some hosts want the id in decimal, whatever the standard says.
        if ids.count == 1, case .failed(Self.notFound, _, _)? = found.outcomes.first,
            let decimal = TokenURI.decimalVariant(of: location, id: ids[0])
        {
            let other = await fetch(decimal, ids, turn: turn)
            if case .document? = other.outcomes.first { return other }
        }
        return found
    }

    /// Whether one fetch serves this token and others; not where the id in the place may have to be written otherwise.
    static func isShareable(_ location: MetadataLocation, id: U256) -> Bool {
        !location.isInline && TokenURI.decimalVariant(of: location, id: id) == nil
    }

    private static let notFound = "the server says 404"

    private func fetch(_ location: MetadataLocation, _ ids: [U256], turn: UInt64) async -> Attempt {
        var last = Attempt(outcomes: ids.map { _ in .refused("no gateway serves it") }, isHostHealthy: nil)
        var health: Bool?
        for (index, url) in gateways.urls(for: location, rotation: turn).prefix(Self.gatewaysMax).enumerated() {
            let attempt = await fetch(url, location, ids)
            if index == 0 { health = attempt.isHostHealthy }
            switch (attempt.outcomes.first, last.outcomes.first) {
            case (.document, _), (.cancelled, _): return Attempt(outcomes: attempt.outcomes, isHostHealthy: health)
            // A gateway that cannot be reached may have it; one that is refused says nothing about that.
            case (.refused, .failed): break
            default: last = attempt
            }
        }
        return Attempt(outcomes: last.outcomes, isHostHealthy: health)
    }

    private func fetch(_ url: String, _ location: MetadataLocation, _ ids: [U256]) async -> Attempt {
        do throws(WebFault) {
            let answer = try await web.fetch(url)
            if case .ipfs(let cid, let path) = location, path.isEmpty, cid.matches(answer.body) == false {
                let why = "the gateway's content is not that of its CID"
                let outcomes = ids.map { _ in Outcome.failed(why, isFinal: false, retryAfter: nil) }
                return Attempt(outcomes: outcomes, isHostHealthy: false)
            }
            return Attempt(outcomes: parsed(answer.body, answer.mediaType, location, ids), isHostHealthy: true)
        } catch {
            let (outcome, isHostHealthy) = Self.reading(error)
            return Attempt(outcomes: ids.map { _ in outcome }, isHostHealthy: isHostHealthy)
        }
    }

    /// What a fault means for the token, and what it says about the host.
    private static func reading(_ fault: WebFault) -> (Outcome, isHostHealthy: Bool?) {
        func failed(
            _ why: String,
            isFinal: Bool = false,
            retryAfter: Duration? = nil,
            _ healthy: Bool?
        ) -> (Outcome, Bool?) {
            (.failed(why, isFinal: isFinal, retryAfter: retryAfter), healthy)
        }
        return switch fault {
        case .refused(let why): (.refused(why), nil)
        case .tooLarge: failed("the document is too large", isFinal: true, true)
        case .timedOut: failed("the server did not answer in time", false)
        case .unreachable(let why): failed("the server cannot be reached: \(why)", false)
        case .status(404, _): failed(notFound, true)
        case .status(let status, let after):
            failed("the server says \(status)", retryAfter: after, status != 429 && status < 500)
        case .cancelled: (.cancelled, nil)
        }
    }

    /// Bytes of fields that one document with an id in it may come to, of all that share it.
    private static let sharedBytesMax = 8 << 20

    private func parsed(
        _ bytes: [UInt8],
        _ mediaType: String?,
        _ location: MetadataLocation,
        _ ids: [U256]
    ) -> [Outcome] {
        let first = parsed(bytes, mediaType, location, ids[0])
        guard ids.count > 1, case .document(let document) = first else { return ids.map { _ in first } }
        // No digit of this one is like the first one's: where it makes no difference, no id is in the document.
        let other = parsed(bytes, mediaType, location, ids[0].inverted)
        if case .document(let other) = other, other.fields == document.fields { return ids.map { _ in first } }
        let most = max(1, Self.sharedBytesMax / max(1, bytes.count))
        return ids.enumerated().map { index, id in
            index == 0 ? first : index < most ? parsed(bytes, mediaType, location, id) : .crowded
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

extension U256 {
    fileprivate var inverted: U256 { U256(w0: ~w0, w1: ~w1, w2: ~w2, w3: ~w3) }
}
