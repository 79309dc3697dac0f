import HTTPTypes
import Hummingbird
import Logging
import NIOCore

/// Round every answer: limits before, security headers after, and every error as a problem.
struct Envelope: RouterMiddleware {
    typealias Context = APIContext

    /// The longest path with query; the longest real one has about 400 bytes.
    static let uriBytesMax = 2_048

    func handle(
        _ request: Request,
        context: APIContext,
        next: @concurrent (Request, APIContext) async throws -> Response
    ) async throws -> Response {
        var response = await answer(request, context, next)
        Self.secure(&response)
        return response
    }

    private func answer(
        _ request: Request,
        _ context: APIContext,
        _ next: @concurrent (Request, APIContext) async throws -> Response
    ) async -> Response {
        guard request.uri.string.utf8.count <= Self.uriBytesMax else { return Problem.uriTooLong.response }
        if request.method == .options { return Self.preflight }
        do {
            return try await next(request, context)
        } catch {
            guard var problem = Problem(error) else {
                context.logger.error("a request failed", metadata: ["error": "\(error)"])
                return Problem.failed.response
            }
            if problem.name == Problem.noRoute.name, request.method != .get, request.method != .head {
                problem = .wrongMethod
            }
            return problem.response
        }
    }

    /// Anyone may read from any page: the data is public chain data, there are no cookies and nothing can be changed.
    private static var preflight: Response {
        Response(
            status: .noContent,
            headers: [.accessControlAllowMethods: "GET, HEAD", .accessControlMaxAge: "86400"]
        )
    }

    private static func secure(_ response: inout Response) {
        if response.headers[.xContentTypeOptions] != nil { return }
        for field in securityHeaders where response.headers[field.name] == nil { response.headers.append(field) }
    }

    /// No answer is a page that can be framed or run, is kept by a cache, or sends its address on.
    private static let securityHeaders: HTTPFields = {
        var headers: HTTPFields = [
            .accessControlAllowOrigin: "*",
            .xContentTypeOptions: "nosniff",
            .cacheControl: "no-store",
            .contentSecurityPolicy: "default-src 'none'; frame-ancestors 'none'",
        ]
        if let name = HTTPField.Name("Referrer-Policy") { headers[name] = "no-referrer" }
        return headers
    }()

    /// The headers of every JSON answer, made once: the fast look-ups would spend a tenth of their time on them.
    static let json: HTTPFields = {
        var headers = securityHeaders
        headers[.contentType] = "application/json"
        return headers
    }()
}

/// What a handler knows of its request besides the request; no codec, because bodies are written by ``JSONWriter``.
struct APIContext: RequestContext {
    var coreContext: CoreRequestContextStorage

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
    }

    /// Nothing is uploaded.
    var maxUploadSize: Int { 0 }
}
