/// Every limit of one client of the hostile web.

/// The defaults are the ones to use; tests make them small.
package struct EgressLimits: Sendable {
    /// Over everything: waiting for a place, lookup, redirects, body.
    package var deadline: Duration = .seconds(20)
    /// For each address.
    package var connectTimeout: Duration = .seconds(5)
    /// A body that brings less than `rateBytesMin` in this time is abandoned.
    package var rateWindow: Duration = .seconds(5)
    package var rateBytesMin = 1024
    /// After decompression; far above honest metadata with an embedded picture.
    package var bodyBytesMax = 1024 * 1024
    /// All heads of an answer together, 1xx included.
    ///
    /// NIO itself allows 2 MiB in 256 fields of 80 KiB.
    package var headBytesMax = 32 * 1024
    /// Answers before the answer (RFC 9110 §15.2); honest servers send one or two.
    package var informationalMax = 8
    /// Bytes on the wire, with chunk sizes, extensions and trailers: a chunk for each byte costs six for one.
    package var wireBytesMax = 8 * 1024 * 1024
    package var redirectsMax = 3
    /// A name has several; each is tried once while none takes the connection.
    package var addressesTried = 3
    package var perHostMax = 2
    package var inFlightMax = 64
    /// In line for a place; about what can be served in one deadline.
    package var waitingMax = 4096
    /// Kept for their TLS context, some 100 KiB each.
    package var idleClientsMax = 64

    package init() {}
}
