import Metadata

/// The web of the demo: all that its tokens are lies in the simulated contracts, so nothing is ever fetched.
struct NoWeb: Web {
    func fetch(_ url: String) async throws(WebFault) -> WebAnswer { throw .refused("the demo has no network") }
}
