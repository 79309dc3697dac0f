import Tokens

/// The kinds of transfer of each holding rule, as a list for `IN`.
enum KindSQL {
    static let unique = list(.unique)
    static let counted = list(.counted)

    private static func list(_ rule: HoldingRule) -> String {
        "(" + TransferKind.allCases.filter { $0.rule == rule }.map { "\($0.rawValue)" }.joined(separator: ", ") + ")"
    }
}
