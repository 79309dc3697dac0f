import Testing

@testable import holdfast

/// What one process does, and what asks for it.
struct RoleTests {
    @Test(
        arguments: [
            ("live", [.live]), ("sync,api,live", [.sync, .api, .live]), (" api , live ", [.api, .live]),
            ("api,api", [.api]), ("enrich", [.enrich]),
        ] as [(String, Set<Role>)]
    )
    func `roles are a list of names`(text: String, roles: Set<Role>) throws {
        #expect(try Role.parse(text, for: "--roles") == roles)
    }

    @Test(arguments: ["cook", "sync,", ",", "LIVE", "sync;live"])
    func `what is no role is refused, and those that are get named`(text: String) {
        let error = #expect(throws: Failure.self) { try Role.parse(text, for: "--roles") }
        #expect(error.map { Failure.text(of: $0).contains("sync, enrich, api, live") } == true)
    }

    @Test func `nobody asked: it follows and answers; a live port alone adds live reads`() throws {
        #expect(try Role.chosen(nil, hasLivePort: false) == [.sync, .enrich, .api])
        #expect(try Role.chosen(nil, hasLivePort: true) == [.sync, .enrich, .api, .live])
        #expect(try Role.chosen([.live], hasLivePort: false) == [.live])
    }

    @Test func `a live port beside roles without live would be ignored, and is refused`() {
        #expect(throws: Failure.self) { try Role.chosen([.sync, .api], hasLivePort: true) }
    }
}
