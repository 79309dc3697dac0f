/// Fetching as the parts see it that do not fetch: an address goes in, bytes or a named fault come out.

/// Whoever fetches; a test's script or the guarded client.
package protocol Web: Sendable {
    /// Asks once; redirects are followed within it.
    ///
    /// - Parameter url: a canonical web address.
    /// - Throws: ``WebFault``; a status other than success is one.
    func fetch(_ url: String) async throws(WebFault) -> WebAnswer
}

package struct WebAnswer: Sendable, Hashable {
    package var status: Int
    /// As the server claims; the content decides.
    package var mediaType: String?
    /// Inflated, and bounded by whoever fetched.
    package var body: [UInt8]
    /// Where it came from after redirects.
    package var url: String

    package init(status: Int, mediaType: String?, body: [UInt8], url: String) {
        self.status = status
        self.mediaType = mediaType
        self.body = body
        self.url = url
    }
}

package enum WebFault: Error, Sendable, Hashable {
    /// Policy: the address, a redirect or the port is not to be asked; never try again as it is.
    case refused(String)
    case tooLarge
    case timedOut
    /// No name, no connection, no certificate.
    case unreachable(String)
    /// Not a success; with how long the server asks to wait.
    case status(Int, retryAfter: Duration?)
    /// By our own side; says nothing about the server.
    case cancelled

    /// Answers that speak about the request and not about the hour.
    ///
    /// 404 is none: tokens are revealed late, and gateways say it of content that they have not found yet. Neither are
    /// 401 and 403, which many servers send to those who ask too often.
    private static let permanentStatuses: Set<Int> = [400, 405, 406, 410, 414, 451]

    /// Whether the same request is not worth another try on a schedule, only when somebody asks for it.
    package var isPermanent: Bool {
        switch self {
        case .refused, .tooLarge: true
        case .timedOut, .unreachable, .cancelled: false
        case .status(let status, _): Self.permanentStatuses.contains(status)
        }
    }
}
