/// Why the text that a contract gave as a URI names no place.
///
/// None of these gets better by trying again with the same text: whoever asks records it and waits until the contract
/// says something else. The raw values are stored; they do not change.
package enum URIDefect: String, Error, Sendable, Hashable, CaseIterable {
    /// Nothing but white space, or inline content of no bytes.
    case empty
    /// Not UTF-8, where it is no inline content.
    case notUTF8
    /// Longer than ``TokenURI/textMax``, or inline content longer than ``TokenURI/contentMax``.
    case tooLong
    /// A scheme that is not served: anything but http, https, ipfs, ipns, ar and data.
    case badScheme
    /// No content identifier where one has to be, as in `ipfs://example.com/x`.
    case badCID
    /// No key and no domain name where an IPNS name has to be.
    case badName
    /// Not the 43 characters of an Arweave transaction.
    case badTransaction
    /// A host, port or user part that a strict reader and a lenient one could understand differently.
    case badHost
    /// A path that climbs, in whatever spelling.
    case dotDot
    /// Relative, and there is nothing that it is relative to.
    case unresolvable
    /// Broken base64, a `data:` without a comma, control characters or backslashes.
    case badEncoding
}
