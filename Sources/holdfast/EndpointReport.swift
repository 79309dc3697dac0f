/// What the chain client knows of its endpoints, as the values that the API shows.
import ChainClient
import HTTPAPI
import StoreSQLite

extension RPCChain {
    var endpointStatuses: [EndpointStatus] {
        let (traffic, counts) = (counters.traffic(), counters.snapshot())
        return health().enumerated().map { index, health in
            var status = EndpointStatus(label: health.label, operator: health.operator, head: health.head)
            status.breakers = health.breakers.sorted { $0.key < $1.key }.map { .init("\($0.key)", $0.value.rawValue) }
            status.isQuarantined = health.isQuarantined
            status.parkedFor = health.parkedFor?.code
            status.inFlight = UInt64(max(0, health.inFlight))
            status.limits = LearntLimit.Name.allCases.compactMap { name in
                health.learnt[name].map { .init(name.rawValue, $0) }
            }
            status.traffic = RPCMethod.allCases.sorted().compactMap { method in
                var line = EndpointStatus.Traffic(method: method.rawValue, methodClass: "\(method.breakerClass)")
                let sent = traffic.first { $0.endpoint == index && $0.method == method }
                let ended = counts.filter { $0.index == index && $0.method == method }
                guard sent != nil || !ended.isEmpty else { return nil }
                line.requests = UInt64(sent?.requests ?? 0)
                line.retries = UInt64(sent?.retries ?? 0)
                for count in ended {
                    if let kind = count.kind {
                        line.faults.append(.init(kind.code, UInt64(count.count)))
                    } else {
                        line.successes = UInt64(count.count)
                    }
                }
                return line
            }
            return status
        }
    }

    var repairCounts: [EndpointStatus.Named<UInt64>] {
        counters.repairs().map { .init($0.0.rawValue, UInt64($0.1)) }
    }
}

extension [EndpointLimit] {
    /// By endpoint, as the chain client wants them; names of a later version are left out.
    var learnt: RPCChain.Limits {
        reduce(into: [:]) { limits, kept in
            guard let name = LearntLimit.Name(rawValue: kept.name) else { return }
            limits[kept.endpoint, default: []].append(LearntLimit(name, kept.value, learntAt: kept.learntAt))
        }
    }

    init(_ limits: RPCChain.Limits) {
        self = limits.flatMap { endpoint, facts in
            facts.map {
                EndpointLimit(endpoint: endpoint, name: $0.name.rawValue, value: $0.value, learntAt: $0.learntAt)
            }
        }
    }

    /// What a process that follows nothing can show: only what was kept.
    var statuses: [EndpointStatus] {
        let byEndpoint = Dictionary(grouping: self, by: \.endpoint)
        return byEndpoint.keys.sorted().map { label in
            var status = EndpointStatus(label: label)
            status.limits = (byEndpoint[label] ?? []).map { .init($0.name, $0.value) }
            return status
        }
    }
}
