/// How one endpoint is doing, as values that may be shown to anybody.
package import Ethereum
import Synchronization

package struct EndpointHealth: Sendable, Hashable {
    /// Redacted, and unique among the endpoints of the chain.
    package var label: String
    package var `operator`: String
    package var head: BlockNumber?
    package var breakers: [Breaker.Class: Breaker.State]
    package var isQuarantined: Bool
    /// The class of the fault for which it is put away, such as a quota that is gone; nil: it is not.
    package var parkedFor: ErrorClass?
    package var inFlight: Int
    /// What is believed about its limits at present.
    package var learnt: [LearntLimit.Name: UInt64]
}

extension RPCChain {
    /// Every endpoint in the operator's order; takes one lock, asks nobody.
    package func health() -> [EndpointHealth] {
        let now = timeline.now
        let (upstreams, days) = state.withLock { state in
            (state.pool.upstreams, endpoints.indices.map { state.pool.budget($0, now: now) })
        }
        return zip(limitKeys, endpoints).enumerated().map { index, named in
            let upstream = upstreams[index]
            var learnt = upstream.learnt(now)
            learnt[.requestsToday] = days[index].map { UInt64($0.used) }
            return EndpointHealth(
                label: named.0,
                operator: named.1.redact(named.1.operator),
                head: upstream.head,
                breakers: Dictionary(
                    uniqueKeysWithValues: Breaker.Class.allCases.map { ($0, upstream.breaker($0).state(now)) }
                ),
                isQuarantined: upstream.quarantine.isOn(now),
                parkedFor: upstream.isParked(now) ? upstream.park?.kind : nil,
                inFlight: upstream.inFlight,
                learnt: learnt
            )
        }
    }
}
