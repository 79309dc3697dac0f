/// The properties of a token, in the three shapes that documents give them.
import Ethereum

enum TraitReader {
    /// An array of objects, an object of values, or the `properties` of ERC-1155.
    ///
    /// What has no value is left out. Never more than ``Metadata/attributesMax``.
    static func traits(of document: JSONValue, id: U256, flags: inout Metadata.Flags) -> [Trait] {
        var reader = Reader(id: id)
        switch document["attributes"] ?? document["traits"] {
        case .array(let values): values.forEach { reader.element($0) }
        case .object(let members): members.forEach { reader.member($0) }
        default: break
        }
        if reader.traits.isEmpty, case .object(let members)? = document["properties"] {
            for member in members where !ownNames.contains(member.name) { reader.member(member) }
        }
        if reader.traits.count > Metadata.attributesMax {
            reader.traits.removeSubrange(Metadata.attributesMax...)
            flags.insert(.attributesTruncated)
        }
        if reader.isCut { flags.insert(.textTruncated) }
        return reader.traits
    }

    /// What documents repeat in `properties` and is a field of its own.
    private static let ownNames: Set<String> = ["name", "description", "image"]

    private struct Reader {
        let id: U256
        var traits: [Trait] = []
        var isCut = false

        init(id: U256) { self.id = id }

        mutating func element(_ element: JSONValue) {
            guard case .object = element else {
                add(nil, element, of: nil)
                return
            }
            let name = element["trait_type"] ?? element["name"] ?? element["key"]
            add(name.flatMap { text($0, Trait.typeMax) }, element["value"], of: element)
        }

        mutating func member(_ member: JSONValue.Member) {
            let name = cut(member.name, Trait.typeMax)
            if case .object = member.value, let value = member.value["value"] {
                add(name, value, of: member.value)
            } else {
                add(name, member.value, of: nil)
            }
        }

        /// - Parameter object: where the display type and the greatest value are.
        private mutating func add(_ name: String?, _ value: JSONValue?, of object: JSONValue?) {
            // One more than is kept: enough to know that some were not.
            guard traits.count <= Metadata.attributesMax, let value, let kept = kept(value) else { return }
            let display = object?["display_type"].flatMap { text($0, Trait.typeMax) }
            let most = object?["max_value"].flatMap { text($0, Trait.typeMax) }
            traits.append(Trait(traitType: name, value: kept, displayType: display, maxValue: most))
        }

        /// Arrays and objects are kept as their JSON.
        private mutating func kept(_ value: JSONValue) -> Trait.Value? {
            switch value {
            case .null: nil
            case .bool(let value): .bool(value)
            // Never cut: its cap is the reader's, and less than a value's.
            case .number(let text): .number(text)
            case .string(let text): .string(cut(IDTemplate.fill(text, id: id), Trait.valueMax))
            case .array, .object: .string(cut(value.filled(id).json, Trait.valueMax))
            }
        }

        private mutating func text(_ value: JSONValue, _ most: Int) -> String? {
            switch value {
            case .string(let text): cut(IDTemplate.fill(text, id: id), most)
            case .number(let text): cut(text, most)
            case .bool(let value): value ? "true" : "false"
            case .null, .array, .object: nil
            }
        }

        private mutating func cut(_ text: String, _ most: Int) -> String {
            text.cut(to: most) { isCut = true }
        }
    }
}

extension JSONValue {
    /// The same with `{id}` filled in in every string and in no name (EIP-1155); as deep as the reader lets values be.
    fileprivate func filled(_ id: U256) -> JSONValue {
        switch self {
        case .string(let text): .string(IDTemplate.fill(text, id: id))
        case .array(let values): .array(values.map { $0.filled(id) })
        case .object(let members): .object(members.map { Member($0.name, $0.value.filled(id)) })
        case .null, .bool, .number: self
        }
    }
}
