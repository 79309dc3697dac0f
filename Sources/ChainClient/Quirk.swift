/// The shape of one peculiar answer: how it is recognised, what it means, what size it speaks of.

package struct Quirk: Sendable {
    /// Unique; fixtures and logs name it.
    package var id: String
    /// Who sends it, and when it was seen or in which source it stands.
    package var seenAt: String
    package var scope: Scope
    /// Any of these codes; empty: whatever the code.
    package var codes: [Int]
    /// All of these in message, data or body, lower case.
    package var fragments: [String]
    /// At least one of these as well; empty: nothing more is asked.
    package var anyOf: [String]
    package var means: ErrorClass
    package var reads: Reading

    /// Which questions a row is about.
    ///
    /// "Limit exceeded" means one thing about logs and another about a head.
    package enum Scope: Sendable, Hashable {
        case any, logs, call, batch
    }

    /// How a size is read out of the text.
    package enum Reading: Sendable, Hashable {
        case nothing
        /// The first number behind the last of these fragments is the most blocks a request may span.
        case cap(after: String)
        /// Two numbers behind the fragment, first and last block of a window that would do.
        case suggestion(after: String)
        /// Fewer addresses are wanted, not fewer blocks.
        case addresses
    }

    init(
        _ id: String,
        _ seenAt: String,
        in scope: Scope = .logs,
        codes: [Int] = [],
        _ fragments: String...,
        anyOf: [String] = [],
        means: ErrorClass,
        reads: Reading = .nothing
    ) {
        self.id = id
        self.seenAt = seenAt
        self.scope = scope
        self.codes = codes
        self.fragments = fragments
        self.anyOf = anyOf
        self.means = means
        self.reads = reads
    }

    func matches(code: Int?, text: String) -> Bool {
        if !codes.isEmpty {
            guard let code, codes.contains(code) else { return false }
        }
        guard fragments.allSatisfy({ text.contains($0) }) else { return false }
        return anyOf.isEmpty || anyOf.contains { text.contains($0) }
    }

    /// What the text says about sizes; nil where it says nothing usable.
    func hint(in text: String) -> SizeHint? {
        switch reads {
        case .nothing: return nil
        case .addresses: return .fewerAddresses
        case .cap(let fragment):
            guard let number = NumberText.first(in: text, after: fragment), number > 0 else { return nil }
            return .cap(number)
        case .suggestion(let fragment):
            guard let (from, to) = NumberText.pair(in: text, after: fragment), from <= to, to - from < .max else {
                return nil
            }
            // Only how wide it is: a suggestion that starts elsewhere would make us skip blocks.
            return .width(to - from + 1)
        }
    }
}

/// Numbers as people write them in error messages: "10,000", "10.000", "10k", "0x2710".
package enum NumberText {
    package static func first(in text: String, after fragment: String) -> UInt64? {
        guard let found = text.firstRange(of: fragment) else { return nil }
        var rest = Substring(text[found.upperBound...])
        return next(&rest)
    }

    package static func pair(in text: String, after fragment: String) -> (UInt64, UInt64)? {
        guard let found = text.firstRange(of: fragment) else { return nil }
        var rest = Substring(text[found.upperBound...])
        guard let first = next(&rest), let second = next(&rest) else { return nil }
        return (first, second)
    }

    /// Takes the next number off the front; nil when there is none, or one beyond 64 bits.
    static func next(_ rest: inout Substring) -> UInt64? {
        guard let start = rest.firstIndex(where: \.isASCIIDigit) else { return nil }
        rest = rest[start...]
        if rest.hasPrefix("0x") {
            let digits = rest.dropFirst(2).prefix { $0.isASCII && $0.isHexDigit }
            rest = rest[digits.endIndex...]
            return digits.isEmpty ? 0 : UInt64(digits, radix: 16)
        }
        var digits = rest.prefix(while: \.isASCIIDigit)
        var value = String(digits)
        rest = rest[digits.endIndex...]
        // A separator counts only before exactly three digits: "10,000" but not "5,10" or "2000, max".
        while let separator = rest.first, separator == "," || separator == "." {
            digits = rest.dropFirst().prefix(while: \.isASCIIDigit)
            guard digits.count == 3 else { break }
            value += digits
            rest = rest[digits.endIndex...]
        }
        guard let number = UInt64(value) else { return nil }
        guard rest.first == "k", !(rest.dropFirst().first?.isLetter ?? false) else { return number }
        rest = rest.dropFirst()
        let (thousands, overflow) = number.multipliedReportingOverflow(by: 1_000)
        return overflow ? nil : thousands
    }
}

extension Character {
    fileprivate var isASCIIDigit: Bool { isASCII && isNumber }
}
