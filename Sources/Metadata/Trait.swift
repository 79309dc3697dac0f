/// One property of a token as its document lists it.
package struct Trait: Sendable, Hashable {
    /// Bytes of the type, the display type and the greatest value.
    package static let typeMax = 256
    /// Bytes of a value as text.
    package static let valueMax = 4 << 10

    /// A value with its kind in JSON, since `"7"` and `7` are two values to those who count rarities.
    package enum Value: Sendable, Hashable {
        case string(String)
        /// The digits as written.
        case number(String)
        case bool(Bool)

        /// The value as text, whatever its kind.
        package var text: String {
            switch self {
            case .string(let text), .number(let text): text
            case .bool(let value): value ? "true" : "false"
            }
        }

        package var json: JSONValue {
            switch self {
            case .string(let text): .string(text)
            case .number(let text): .number(text)
            case .bool(let value): .bool(value)
            }
        }
    }

    /// Nil for a property without a name.
    package var traitType: String?
    package var value: Value
    package var displayType: String?
    /// As text, for numbers of any size.
    package var maxValue: String?

    package init(traitType: String?, value: Value, displayType: String? = nil, maxValue: String? = nil) {
        self.traitType = traitType
        self.value = value
        self.displayType = displayType
        self.maxValue = maxValue
    }
}
