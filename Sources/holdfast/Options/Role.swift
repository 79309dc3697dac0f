/// What one process of `run` does; several may share a database.
enum Role: String, CaseIterable, Sendable {
    /// Follows the chains and writes the database.
    case sync
    /// Finds out what tokens are.
    case enrich
    /// Answers from the database.
    case api
    /// Asks contracts for people who wait.
    case live

    static let standard: Set<Role> = [.sync, .enrich, .api]

    /// Roles separated by commas.
    static func parse(_ text: String, for option: String) throws -> Set<Role> {
        let names = text.split(separator: ",", omittingEmptySubsequences: false)
        return Set(
            try names.map { name in
                let name = name.filter { !$0.isWhitespace }
                guard let role = Role(rawValue: name) else {
                    let known = allCases.map(\.rawValue).joined(separator: ", ")
                    throw Failure.usage(
                        "\(option) \(text): \(name.isEmpty ? "an empty name" : name) is no role; there is \(known)"
                    )
                }
                return role
            }
        )
    }

    /// The roles named, else the standard ones; a port for live reads alone asks for these as well.
    static func chosen(_ named: Set<Role>?, hasLivePort: Bool) throws -> Set<Role> {
        guard let named else { return hasLivePort ? standard.union([.live]) : standard }
        guard named.contains(.live) || !hasLivePort else {
            throw Failure.usage("--live-port would be ignored: add live to --roles, or leave the port out")
        }
        return named
    }
}
