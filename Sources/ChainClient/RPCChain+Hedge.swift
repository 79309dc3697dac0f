/// A head that is slow to come is asked of a second endpoint as well, and the first usable answer wins.
import Ethereum
import Synchronization

extension RPCChain {
    private enum Outcome: Sendable {
        case first(Result<Header, Fault>)
        case second(Result<Header, Fault>, Int)
        /// No second was asked.
        case none
    }

    /// The head at `index`, or at another endpoint that was quicker.
    func hedgedHead(_ index: Int) async throws(Fault) -> Header {
        let start = timeline.now
        let delay = state.withLock { state in
            state.hedge.began()
            return endpoints.count > 1 ? state.hedge.delay : nil
        }
        let result = if let delay { await race(index, after: delay) } else { await look(index) }
        let elapsed = timeline.now - start
        if case .success = result { state.withLock { $0.hedge.ended(after: elapsed) } }
        return try result.get()
    }

    private func race(_ index: Int, after delay: Duration) async -> Result<Header, Fault> {
        await withTaskGroup(of: Outcome.self) { group in
            group.addTask { .first(await self.look(index)) }
            group.addTask { await self.second(to: index, after: delay) }
            defer { group.cancelAll() }
            for await outcome in group {
                switch outcome {
                // A failure too: the call goes on to somebody else by itself.
                case .first(let result): return result
                case .second(.success(let header), _): return .success(header)
                case .second(.failure(let fault), let other): report(other, fault, .blockByNumber)
                case .none: break
                }
            }
            return .failure(.cancelled)
        }
    }

    private func second(to index: Int, after delay: Duration) async -> Outcome {
        do { try await timeline.sleep(delay) } catch { return .none }
        let now = timeline.now
        let other = state.withLock { state -> Int? in
            let upstreams = state.pool.upstreams
            let others = upstreams.indices.filter { other in
                other != index && upstreams[other].isUsable(for: [.head], now)
                    && upstreams[other].throttle.closedUntil <= now && !upstreams[other].needsVerifying(now)
                    && upstreams[other].breaker(.head).state(now) == .closed
            }
            guard let other = others.min(by: { upstreams[$0].headTurn < upstreams[$1].headTurn }),
                state.pool.allows(other, now: now), state.hedge.takes()
            else { return nil }
            return other
        }
        guard let other else { return .none }
        counters.add(.headsHedged)
        return .second(await look(other), other)
    }

    private func look(_ index: Int) async -> Result<Header, Fault> {
        do throws(Fault) { return .success(try await readHead(index).header) } catch { return .failure(error) }
    }
}
