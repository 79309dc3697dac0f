/// A natural number of any size, least digit first: slow, and simple enough to be read once and believed.
package struct Natural: Hashable, Comparable, Sendable {
    /// Base 2^32, least first, without zeros at the end.
    private var digits: [UInt32]

    package init(_ value: UInt64) {
        digits = [UInt32(truncatingIfNeeded: value), UInt32(truncatingIfNeeded: value >> 32)]
        trim()
    }

    /// 64-bit words, most significant first.
    package init(words: [UInt64]) {
        digits = []
        for word in words.reversed() {
            digits.append(UInt32(truncatingIfNeeded: word))
            digits.append(UInt32(truncatingIfNeeded: word >> 32))
        }
        trim()
    }

    private mutating func trim() {
        while digits.last == 0 { digits.removeLast() }
    }

    package static func < (left: Natural, right: Natural) -> Bool {
        if left.digits.count != right.digits.count { return left.digits.count < right.digits.count }
        for index in left.digits.indices.reversed() where left.digits[index] != right.digits[index] {
            return left.digits[index] < right.digits[index]
        }
        return false
    }

    package static func + (left: Natural, right: Natural) -> Natural {
        var sum = left
        var carry: UInt64 = 0
        for index in 0..<max(left.digits.count, right.digits.count) + 1 {
            let a = index < left.digits.count ? UInt64(left.digits[index]) : 0
            let b = index < right.digits.count ? UInt64(right.digits[index]) : 0
            if index == sum.digits.count { sum.digits.append(0) }
            sum.digits[index] = UInt32(truncatingIfNeeded: a + b + carry)
            carry = (a + b + carry) >> 32
        }
        sum.trim()
        return sum
    }

    /// The difference; the right one must not be the greater.
    package static func - (left: Natural, right: Natural) -> Natural {
        precondition(left >= right, "a natural number is not negative")
        var difference = left
        var borrow: Int64 = 0
        for index in left.digits.indices {
            let b = index < right.digits.count ? Int64(right.digits[index]) : 0
            var digit = Int64(left.digits[index]) - b - borrow
            borrow = digit < 0 ? 1 : 0
            if digit < 0 { digit += 1 << 32 }
            difference.digits[index] = UInt32(truncatingIfNeeded: digit)
        }
        difference.trim()
        return difference
    }

    package var decimal: String {
        var rest = digits
        var text = ""
        repeat {
            var remainder: UInt64 = 0
            for index in rest.indices.reversed() {
                let value = remainder << 32 | UInt64(rest[index])
                rest[index] = UInt32(truncatingIfNeeded: value / 10)
                remainder = value % 10
            }
            text = "\(remainder)" + text
            while rest.last == 0 { rest.removeLast() }
        } while !rest.isEmpty
        return text
    }
}
