/// Prometheus' text format, version 0.0.4: families of samples with labels, escaped.
struct PrometheusText {
    enum Kind: String {
        case counter, gauge, histogram
    }

    private(set) var text = ""

    /// - Parameters:
    ///   - help: one line.
    ///   - samples: adds the family's samples; a family without any is left out.
    mutating func family(_ name: String, _ kind: Kind, _ help: String, _ samples: (inout Family) -> Void) {
        var family = Family(name: name)
        samples(&family)
        guard !family.text.isEmpty else { return }
        text += "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n"
        text += family.text
    }

    struct Family {
        let name: String
        fileprivate var text = ""

        fileprivate init(name: String) { self.name = name }

        /// One sample; nothing where the value is not known.
        mutating func sample(_ labels: KeyValuePairs<String, String>, _ value: UInt64?, suffix: String = "") {
            guard let value else { return }
            sample(labels, text: "\(value)", suffix: suffix)
        }

        /// A number from 0 to 1.
        mutating func sample(_ labels: KeyValuePairs<String, String>, share: Double?) {
            guard let share else { return }
            sample(labels, text: JSONWriter.text(share: share), suffix: "")
        }

        private mutating func sample(_ labels: KeyValuePairs<String, String>, text value: String, suffix: String) {
            let shown = labels.map { "\($0.key)=\"\(PrometheusText.escaped($0.value))\"" }.joined(separator: ",")
            text += "\(name)\(suffix)\(shown.isEmpty ? "" : "{\(shown)}") \(value)\n"
        }

        mutating func sample(_ labels: KeyValuePairs<String, String>, _ isSo: Bool) {
            sample(labels, isSo ? 1 : 0)
        }
    }

    /// A label's value: backslash, quote and line feed are escaped; the format allows everything else.
    static func escaped(_ value: String) -> String {
        var out = ""
        for scalar in value.unicodeScalars {
            switch scalar {
            case "\\": out += "\\\\"
            case "\"": out += "\\\""
            case "\n": out += "\\n"
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
