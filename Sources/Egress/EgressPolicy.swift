/// What may be asked for at all; pure.
package import Metadata

/// A host with its port, to name servers of our own.
package struct HostPort: Sendable, Hashable {
    /// A name in lower case, or an address in its own spelling, version 4 also where it came in version 6's clothes.
    package var host: String
    package var port: UInt16

    /// Nil unless it is `name:port`, `1.2.3.4:port` or `[v6]:port`.
    package init?(_ text: String) {
        guard !text.contains(where: { "/?#@".contains($0) }), text.last?.isNumber == true,
            let url = try? WebURL("http://\(text)"), text.hasSuffix(":\(url.port)")
        else { return nil }
        self.init(url)
    }

    init(_ url: WebURL) {
        // No closure here: the optimiser of Swift 6.3.1 fails on it.
        port = url.port
        if let address = url.address { host = "\(address.unmapped)" } else { host = url.host.text }
    }

    init(_ address: IPAddress, port: UInt16) { (host, self.port) = ("\(address.unmapped)", port) }
}

/// Decides on scheme, host, port and addresses; says why not in one line.
package struct EgressPolicy: Sendable {
    /// The web's own; a database or a mail server listens elsewhere.
    static let webPorts: Set<UInt16> = [80, 443]

    package var extraPorts: Set<UInt16> = []
    /// For local development and tests only: any port, any address that a connection can go to.
    package var allowsPrivate = false
    /// Our own API, gateway and node: never asked, not even where private addresses are allowed.
    package var denied: Set<HostPort> = []
    /// Why an address is not global; nil when it is.
    ///
    /// Another than the default is for tests.
    package var addressRefusal: @Sendable (IPAddress) -> String? = { GlobalAddress.refusal($0) }

    package init() {}

    /// Why it is not asked for, told before any lookup; nil: look it up.
    ///
    /// The scheme is http or https by the type of ``WebURL``.
    package func refusal(of url: WebURL) -> String? {
        guard allowsPrivate || Self.webPorts.contains(url.port) || extraPorts.contains(url.port) else {
            return "port \(url.port) is not allowed"
        }
        guard !denied.contains(HostPort(url)) else { return "that is a server of our own" }
        return nil
    }

    /// Why it is not connected to; nil: any of the addresses will do.
    ///
    /// One bad address refuses all: who answers with a good and a bad one hopes that the bad one is taken.
    package func refusal(of addresses: [IPAddress], port: UInt16) -> String? {
        guard !addresses.isEmpty else { return "the name has no address" }
        for address in addresses {
            guard !denied.contains(HostPort(address, port: port)) else {
                return "that is a server of our own"
            }
            if allowsPrivate {
                // Zero is another word for this machine, and would slip past the deny-list.
                guard address.unmapped != .v4(0), address != .v6(0, 0) else { return "\(address) is no destination" }
            } else if let why = addressRefusal(address) {
                return "\(address) is \(why)"
            }
        }
        return nil
    }
}
