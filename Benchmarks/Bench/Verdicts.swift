import Foundation

/// What the judge says: each line printed at once, and whether any bound was missed.
struct Verdicts {
    private(set) var isMissed = false

    enum Bound {
        case atMost(Double)
        case atLeast(Double)
    }

    /// - Parameter why: what a miss would mean, where the name does not say it.
    mutating func judge(_ what: String, _ value: Double, _ bound: Bound, why: String = "") {
        let (holds, text) =
            switch bound {
            case .atMost(let most): (value <= most, "at most \(Self.text(most))")
            case .atLeast(let least): (value >= least, "at least \(Self.text(least))")
            }
        print("\(holds ? "ok  " : "MISS") \(what): \(Self.text(value)) (\(text)\(why.isEmpty ? "" : "; \(why)"))")
        if !holds { isMissed = true }
    }

    /// A figure that nothing depends on.
    func report(_ text: String) { print("     \(text)") }

    /// A bench that cannot run here; not a miss.
    func skip(_ what: String, _ why: String) { print("SKIPPED \(what): \(why)") }

    static func text(_ value: Double) -> String { String(format: "%.2f", value) }
}
