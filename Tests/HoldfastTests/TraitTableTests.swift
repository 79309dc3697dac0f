/// Traits as people see them.
import Testing
import Tokens

@testable import holdfast

@Suite struct TraitTableTests {
    @Test func `each type has its values by frequency, with counts, shares and bars`() {
        let traits = [
            TraitCount(type: "Hat", value: TraitValue(.string, "Gold"), count: 1),
            TraitCount(type: "Hat", value: TraitValue(.string, "Red"), count: 2),
            TraitCount(type: "", value: TraitValue(.number, "5"), count: 3),
        ]
        #expect(
            TraitTable(tokens: 3).lines(traits) == [
                "Hat, 2 values", "  Red        2   66.7 %  ████████████████████████",
                "  Gold       1   33.3 %  ████████████", "(no type), 1 value",
                "  5       3  100.0 %  ████████████████████████",
            ]
        )
    }

    @Test(arguments: [
        ("plain", "plain"), ("a\u{1b}[2Jb", "a\u{fffd}[2Jb"), ("\u{202e}abc", "\u{fffd}abc"), ("a\nb", "a\u{fffd}b"),
        (String(repeating: "x", count: 5_000), String(repeating: "x", count: 31) + "…"),
    ])
    func `a stranger's text moves no cursor and fills no screen`(text: String, shown: String) {
        #expect(TraitTable.shown(text) == shown)
    }
}
