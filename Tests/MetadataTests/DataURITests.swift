/// Inline content in the spellings of contracts.
import Ethereum
import Metadata
import Testing

@Suite struct DataURITests {
    private static let document = "{\"name\":\"a, b\",\"c\":\"#fff 100% %41\"}"

    private static let table1: [String] = [
        document, "\"\(document)\"", "  \(document)\0", "data:application/json,\(document)",
        "data:application/json;utf8,\(document)", "data:application/json;charset=utf-8,\(document)",
        "data:,\(document)", "DATA:APPLICATION/JSON;UTF8,\(document)", "data:\(document)",
        "\"{\\\"name\\\":\\\"a, b\\\",\\\"c\\\":\\\"#fff 100% %41\\\"}\"",
        "data:application/json,%7B%22name%22%3A%22a%2C%20b%22%2C%22c%22%3A%22%23fff%20100%25%20%2541%22%7D",
        "%7B%22name%22:%22a, b%22,%22c%22:%22#fff 100%25 %2541%22%7D",
        "data:application/json;base64,eyJuYW1lIjoiYSwgYiIsImMiOiIjZmZmIDEwMCUgJTQxIn0=",
        "data:application/json;base64,eyJuYW1lIjoiYSwgYiIsImMiOiIjZmZmIDEwMCUgJTQxIn0",
        "data:application/json;base64,eyJuYW1lIjoiYSwg YiIsImMiOiIjZm\nZmIDEwMCUgJTQxIn0%3D",
        "data:application/json;charset=utf-8;base64,eyJuYW1lIjoiYSwgYiIsImMiOiIjZmZmIDEwMCUgJTQxIn0=",
    ]

    @Test(arguments: table1)
    func `V16, U-1, U-2, U-4: a document is its bytes, however it is wrapped`(_ text: String) {
        #expect(content(text) == Self.document)
    }

    @Test func `U-1: both alphabets of base64 are read`() throws {
        for text in ["data:;base64,+/+/AA==", "data:;base64,-_-_AA"] {
            #expect(try locate(text) == .inline([0xFB, 0xFF, 0xBF, 0x00], mediaType: "text/plain"))
        }
    }

    @Test(arguments: ["A", "AAAAA", "AA=A", "AA===", "A*", "é"])
    func `base64 that no bytes have is refused`(_ text: String) {
        #expect(canonical("data:;base64,\(text)") == "! badEncoding")
    }

    @Test func `a broken percent sign stands for itself`() {
        #expect(content("data:image/svg+xml,<svg width='100%' fill='%23fff'/>") == "<svg width='100%' fill='#fff'/>")
    }

    private static let table2: [(String, String)] = [
        ("data:,x", "text/plain"), ("data:IMAGE/SVG+XML;utf8,<svg/>", "image/svg+xml"),
        ("data:a b,x", "application/octet-stream"),
        ("data:utf8,x", "text/plain"), ("{}", "application/json"), ("<svg/>", "image/svg+xml"),
        ("data:text/html;charset=\"x\",x", "text/html"),
    ]

    @Test(arguments: table2)
    func `the media type is lower-case and without parameters`(_ text: String, _ expected: String) throws {
        guard case .inline(_, let mediaType) = try locate(text) else {
            Issue.record("not inline")
            return
        }
        #expect(mediaType == expected)
    }

    @Test func `an id in inline content stays for the document's reader`() {
        #expect(content("{\"{id}\":\"{id}\"}") == "{\"{id}\":\"{id}\"}")
    }

    @Test func `bytes that are no UTF-8 are content all the same`() throws {
        let raw = Array("{\"a\":\"".utf8) + [0xE9] + Array("\"}".utf8)
        #expect(try TokenURI.locate(raw, id: .zero) == .inline(raw, mediaType: "application/json"))
    }
}
