/// When a server wants to be asked again; pure (RFC 9110 §10.2.3).
enum RetryAfter {
    /// A server that says more is asked again after this; it may have meant to be left alone, or to park us.
    static let longest: Duration = .seconds(3600)
    private static let months: [Substring] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Seconds, or a date in the one form that is still sent (IMF-fixdate); anything else is nil.
    ///
    /// - Parameter now: seconds since 1970, UTC.
    static func duration(_ text: String, now: Int64) -> Duration? {
        if !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) {
            // More digits than fit are more than the longest.
            return min(longest, .seconds(Int64(text) ?? .max / 2))
        }
        guard let date = date(text) else { return nil }
        return min(longest, max(.zero, .seconds(date - now)))
    }

    /// `Sun, 06 Nov 1994 08:49:37 GMT`, to seconds since 1970.
    static func date(_ text: String) -> Int64? {
        let parts = text.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 6, parts[0].utf8.count == 4, parts[0].hasSuffix(","), parts[5] == "GMT",
            let day = number(parts[1], digits: 2), let year = number(parts[3], digits: 4),
            let month = months.firstIndex(of: parts[2])
        else { return nil }
        let time = parts[4].split(separator: ":", omittingEmptySubsequences: false)
        guard time.count == 3, let hour = number(time[0], digits: 2), let minute = number(time[1], digits: 2),
            let second = number(time[2], digits: 2)
        else { return nil }
        // A leap second is written as 60.
        guard (1...31).contains(day), year >= 1970, hour < 24, minute < 60, second <= 60 else { return nil }
        return daysSince1970(year: year, month: Int64(month) + 1, day: day) * 86_400
            + hour * 3600 + minute * 60 + second
    }

    private static func number(_ text: Substring, digits: Int) -> Int64? {
        guard text.utf8.count == digits, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        return Int64(text)
    }

    /// The Gregorian calendar counted in years that begin in March, so that the leap day comes last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month > 2 ? year : year - 1
        let monthFromMarch = (month + 9) % 12
        let dayOfYear = (153 * monthFromMarch + 2) / 5 + day - 1
        return 365 * shifted + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719_468
    }
}
