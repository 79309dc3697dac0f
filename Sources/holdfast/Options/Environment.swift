import Foundation

/// Option values from environment variables, named by the option table.
enum Environment {
    /// nil where the variable is not set, is empty, or is not one of the option's.
    static func value(_ row: OptionTable.Row) -> String? {
        guard let name = row.environment else { return nil }
        return ProcessInfo.processInfo.environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }

    /// Values separated by commas.
    static func list(_ row: OptionTable.Row) -> [String] {
        value(row)?.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) } ?? []
    }

    static func flag(_ row: OptionTable.Row) throws -> Bool {
        switch value(row)?.lowercased() {
        case nil, "0", "false", "no": false
        case "1", "true", "yes": true
        case let text?: throw Failure.usage("\(row.environment ?? row.name)=\(text): use 1 or 0")
        }
    }
}
