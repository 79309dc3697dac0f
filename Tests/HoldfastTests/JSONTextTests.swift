import Testing

@testable import holdfast

/// Strangers' words between quotes, in a terminal and in JSON.
@Suite struct JSONTextTests {
    @Test(
        arguments: [
            (nil, "null"), ("", "\"\""), ("a\"b\\c", #""a\"b\\c""#), ("\n\r\t", #""\n\r\t""#),
            ("\u{0}\u{1B}[2J\u{9B}2J\u{7F}", #""\u0000\u001b[2J\u009b2J\u007f""#),
            ("\u{202E}x\u{2066}\u{200F}\u{61C}\u{2028}", #""\u202ex\u2066\u200f\u061c\u2028""#),
            ("é 月 👩\u{200D}🚀", "\"é 月 👩\u{200D}🚀\""),
        ] as [(String?, String)]
    )
    func `nothing in a stranger's words moves the cursor, ends the line or turns it around`(text: String?, json: String)
    {
        #expect(JSONText.quoted(text) == json)
    }
}
