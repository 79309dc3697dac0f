/// What nodes say may carry our keys and control characters; neither comes out anywhere.
import ChainClient
import Ethereum
import Testing

@Suite struct SecretTests {
    @Test func `no finding of a probe shows a key or a control character`() async {
        let transport = ScriptedTransport { _, asked in
            failure(asked, code: -32000, "apikey s3cr3tk3y is on another chain\\n\\u001b[31m")
        }
        let findings = await RPCChain("a", over: transport).probe(0)
        let shown = "\(findings)"
        #expect(shown.contains("is on another chain"))
        #expect(!shown.contains("s3cr3t"))
        #expect(!shown.contains("\u{1B}"))
    }

    @Test func `a key that was cut is not shown in part`() {
        let endpoint = Endpoint(url: "https://h.example/v3/0123456789abcdef?key=fedcba9876")
        #expect(endpoint.redact("denied: key fedcba98") == "denied: key [redacted]")
        #expect(endpoint.redact("denied: /v3/01234567") == "denied: [redacted]")
        #expect(endpoint.redact("denied: key fed of") == "denied: key fed of")
    }

    @Test(arguments: [("u:pw", "pw"), ("tok", "tok"), ("user:e", "e")])
    func `userinfo is a secret at any length`(_ userinfo: String, _ secret: String) {
        let endpoint = Endpoint(url: "https://\(userinfo)@h.example/", name: "x")
        #expect(endpoint.redact("auth \(userinfo)!") == "auth [redacted]!")
        #expect(endpoint.redact("<\(secret)>") == "<[redacted]>")
    }
}
