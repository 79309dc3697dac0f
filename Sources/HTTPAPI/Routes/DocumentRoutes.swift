import Ethereum
import HTTPTypes
import Hummingbird
import NIOCore
import Tokens

/// A token's document as it came from its server: for whoever looks for more than the fields that are kept beside it.
///
/// The bytes are a stranger's: nothing in them runs, whatever they are opened with.
struct DocumentRoutes: Sendable {
    let reads: Reads
    let resolve: @Sendable (String) -> ChainID?

    func add(to group: RouterGroup<APIContext>) {
        group.get("contracts/:contract/tokens/:id/metadata/document", use: document)
    }

    @Sendable func document(_ request: Request, _ context: APIContext) async throws -> Response {
        let inputs = try Inputs(request, context, query: ["version"])
        let (chain, token, version) = (try inputs.chain(resolve), try inputs.token(), try inputs.version())
        let held = try await reads.ask { try $0.document(of: token, version: version, on: chain) }
        guard let held else { throw Problem.noDocument(token, version) }
        let tag = "\"\(held.hash)\""
        var headers: HTTPFields = [.eTag: tag, .contentSecurityPolicy: "sandbox; default-src 'none'"]
        if let name = HTTPField.Name("Holdfast-Version") { headers[name] = String(held.version) }
        guard request.headers[.ifNoneMatch] != tag else { return Response(status: .notModified, headers: headers) }
        // What begins like a picture or a page is not called one: it would be shown as such.
        let isObject = held.raw.first { !Self.spaces.contains($0) } == UInt8(ascii: "{")
        headers[.contentType] = isObject ? "application/json" : "application/octet-stream"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: held.raw)))
    }

    private static let spaces: Set<UInt8> = [0x20, 0x09, 0x0A, 0x0D]
}

extension Problem {
    fileprivate static func noDocument(_ token: TokenID, _ version: UInt64?) -> Problem {
        Problem(
            .notFound,
            "no-document",
            "No such document is held",
            "Of token \(token.token.decimal) of \(token.contract.checksummed) "
                + (version.map { "there is no document number \($0)" } ?? "no document is held")
                + "; …/metadata says how far it was looked for."
        )
    }
}
