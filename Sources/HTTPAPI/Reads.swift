import Ethereum
import NIOPosix
import Synchronization
import Tokens

/// How handlers reach the store, which blocks: on a few threads of its own, and with a bound on those that wait.
final class Reads: Sendable {
    let catalog: any Listings
    private let threads: NIOThreadPool
    private let waiting = Mutex(0)
    private let readers = Mutex<[any OwnerReader]>([])

    /// As many as the store has readers; more would only wait inside it.
    private static let threadsMax = 4
    /// Questions in hand or waiting; beyond, the answer is 503 rather than a queue without end.
    private static let waitingMax = 256

    init(_ catalog: any Listings) {
        self.catalog = catalog
        threads = NIOThreadPool(numberOfThreads: Self.threadsMax)
        threads.start()
    }

    deinit { threads.shutdownGracefully { _ in } }

    /// Asks the store on one of the threads.
    func ask<Value: Sendable>(_ question: @escaping @Sendable (any Listings) throws -> Value) async throws -> Value {
        let isFree = waiting.withLock { waiting in
            guard waiting < Self.waitingMax else { return false }
            waiting += 1
            return true
        }
        guard isFree else { throw Problem.busy }
        defer { waiting.withLock { $0 -= 1 } }
        let catalog = catalog
        return try await threads.runIfActive { try question(catalog) }
    }

    /// Who holds a token, answered on the thread that asks: microseconds on a connection nobody else uses meanwhile.
    ///
    /// There come to be as many readers as threads ask at once: the machine's cores.
    func owner(of token: TokenID, on chain: ChainID) async throws -> TokenOwner {
        let reader = try readers.withLock { $0.popLast() } ?? catalog.ownerReader()
        let answer: TokenOwner?
        do {
            answer = try reader.owner(of: token, on: chain)
        } catch let error as ListingError {
            readers.withLock { $0.append(reader) }
            throw error
        }
        // After any other error the connection is not used again.
        readers.withLock { $0.append(reader) }
        if let answer { return answer }
        return try await ask {
            try $0.owners(
                of: token,
                on: chain,
                at: nil,
                PageRequest(position: nil, limit: TokenOwner.countedMax)
            )
        }
    }
}
