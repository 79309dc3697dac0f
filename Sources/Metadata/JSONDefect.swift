/// Why bytes are no document that is read; all but `syntax` are limits, which no honest document meets.
///
/// The same bytes never become right. Whoever asks keeps the last good version and what this says.
package enum JSONDefect: String, Error, Sendable, Hashable, CaseIterable {
    /// Not JSON (RFC 8259); also NaN, comments, trailing commas and control characters other than line ends and tabs.
    case syntax
    case tooLarge
    case tooDeep
    case tooManyValues
    case stringTooLong
    case numberTooLong
}
