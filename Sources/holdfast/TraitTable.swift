import Ethereum
import HTTPAPI
import Tokens

/// Traits and ranks as lines for people, with bars.
///
/// The texts are strangers': what moves a cursor or turns lines round is shown as a mark.
struct TraitTable {
    /// What shares are of.
    var tokens: Int

    private static let barMax = 24
    /// Characters of a value shown.
    private static let textMax = 32

    init(tokens: Int) { self.tokens = tokens }

    /// Types as they come, in each the most frequent value first.
    func lines(_ traits: [TraitCount]) -> [String] {
        var out: [String] = []
        var rest = traits[...]
        while let first = rest.first {
            let group = rest.prefix { $0.type == first.type }
            rest = rest.dropFirst(group.count)
            out.append(
                "\(first.type.isEmpty ? "(no type)" : Self.shown(first.type)), \(group.count) value\(group.count == 1 ? "" : "s")"
            )
            let sorted = group.sorted { ($1.count, $0.value.text) < ($0.count, $1.value.text) }
            let most = sorted.first?.count ?? 1
            let width = sorted.map { Self.shown($0.value.text).count }.max() ?? 0
            for trait in sorted {
                let text = Self.shown(trait.value.text)
                out.append(
                    "  " + text + String(repeating: " ", count: width - text.count + 2)
                        + Self.padded(trait.count) + "  " + share(trait.count) + "  "
                        + Self.bar(Double(trait.count) / Double(max(1, most)))
                )
            }
        }
        return out
    }

    /// The rarest first, each with its score.
    func lines(_ ranking: [TokenRarity]) -> [String] {
        let most = ranking.map(\.score).max() ?? 0
        let width = ranking.map { $0.token.decimal.count }.max() ?? 0
        return ranking.map { rarity in
            let token = rarity.token.decimal
            return "#" + Self.padded(rarity.rank) + "  " + token
                + String(repeating: " ", count: width - token.count + 2)
                + JSONWriter.decimal(rarity.score) + "  " + Self.bar(most > 0 ? rarity.score / most : 0)
        }
    }

    private func share(_ count: Int) -> String {
        let thousandths = tokens == 0 ? 0 : (count * 1_000 + tokens / 2) / tokens
        let text = "\(thousandths / 10).\(thousandths % 10) %"
        return String(repeating: " ", count: max(0, 7 - text.count)) + text
    }

    private static func padded(_ number: Int) -> String {
        let text = String(number)
        return String(repeating: " ", count: max(0, 6 - text.count)) + text
    }

    /// Never empty, so that one of a million is seen.
    private static func bar(_ part: Double) -> String {
        let eighths = max(1, Int((min(1, max(0, part)) * Double(barMax * 8)).rounded()))
        let rest = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8]
        return String(repeating: "█", count: eighths / 8) + rest
    }

    static func shown(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        // Some scalars make one character; a text of any length costs no more than this.
        for scalar in text.unicodeScalars.prefix(textMax * 4) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .privateUse, .unassigned, .surrogate:
                out.append("\u{fffd}")
            default: out.append(scalar)
            }
        }
        let whole = String(out)
        return whole.count > textMax ? String(whole.prefix(textMax - 1)) + "…" : whole
    }
}
