import Ethereum
import Foundation

/// One line of the file that `Independent/vectors.py` writes; which members are there depends on the kind.
struct Vector: Decodable {
    var kind: String
    var input: String?
    var output: String?
    var items: [String]?
    var fields: [String: String]?
    var steps: [Step]?
    var members: [Argument]?
    var item: Tree?
    var ids: [String]?
    var amounts: [String]?
    var valid: Bool?

    var text: String { input ?? "" }

    /// The file to read; nil where the independent check is not asked for.
    static var path: String? { ProcessInfo.processInfo.environment["HOLDFAST_ETHEREUM_VECTORS"] }

    static func all(of kind: String) throws -> [Vector] {
        let lines = try Data(contentsOf: URL(filePath: path ?? "")).split(separator: UInt8(ascii: "\n"))
        let marker = Data("{\"kind\": \"\(kind)\",".utf8)
        return try lines.filter { $0.starts(with: marker) }.map { try JSONDecoder().decode(Vector.self, from: $0) }
    }

    struct Step: Decodable {
        var amount: String
        var sign: Int
        var decimal: String?
        var bytes: String?
    }

    /// RLP as JSON: text is bytes, an array is a list.
    enum Tree: Decodable {
        case bytes(String)
        case list([Tree])

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let text = try? container.decode(String.self) {
                self = .bytes(text)
            } else {
                self = .list(try container.decode([Tree].self))
            }
        }

        var item: RLP.Item {
            get throws {
                switch self {
                case .bytes(let text): .bytes(try Hex.bytes(text))
                case .list(let items): .list(try items.map { try $0.item })
                }
            }
        }
    }

    struct Argument: Decodable {
        var type: String
        var value: ABI.Value {
            get throws {
                switch type {
                case "array": .array(try (members ?? []).map { try $0.value })
                case "tuple": .tuple(try (members ?? []).map { try $0.value })
                case "uint256": .uint(U256(decimal: text ?? "") ?? .zero)
                case "address": .address(try Address(hex: text ?? ""))
                case "bool": .bool(text == "1")
                case "bytes32": .word(try Hash32(hex: text ?? ""))
                case "bytes": .bytes(try Hex.bytes(text ?? ""))
                default: .string(text ?? "")
                }
            }
        }

        private var text: String?
        private var members: [Argument]?

        private enum CodingKeys: String, CodingKey {
            case type
            case text = "value"
            case members
        }

        /// Said a second time here, so that the reader's walk does not lean on the encoder's.
        static func isDynamic(_ value: ABI.Value) -> Bool {
            switch value {
            case .bytes, .string, .array: true
            case .tuple(let members): members.contains(where: isDynamic)
            default: false
            }
        }
    }
}
