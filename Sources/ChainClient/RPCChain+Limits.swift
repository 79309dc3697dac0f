/// What was learnt of the endpoints, out for safe keeping and back in at the start; who keeps it is not our business.
import Logging
import Synchronization

extension RPCChain {
    /// Facts by endpoint.
    package typealias Limits = [String: [LearntLimit]]

    /// At most once in this time is anything saved: a crash costs as much of what was learnt.
    package static var keepEvery: Duration { .seconds(30) }

    /// What endpoints are kept under: the label, which has no secret and outlives a change of keys; a second endpoint of
    /// the same label has its number appended.
    package var limitKeys: [String] {
        var seen: [String: Int] = [:]
        return endpoints.map { endpoint in
            let count = seen[endpoint.label, default: 0] + 1
            seen[endpoint.label] = count
            return count == 1 ? endpoint.label : "\(endpoint.label) #\(count)"
        }
    }

    /// Takes over what an earlier process learnt, as far as it is not older than a day.
    package func recall(_ kept: Limits, wallSeconds: Int64) {
        let now = timeline.now
        for (index, key) in limitKeys.enumerated() {
            let facts = (kept[key] ?? []).filter { $0.isBelieved(wallSeconds) }
            state.withLock { state in
                for fact in facts {
                    if fact.name == .requestsToday {
                        let age = Duration.seconds(wallSeconds - fact.learntAt)
                        state.pool.recallBudget(index, used: Int(clamping: fact.value), since: now - age)
                    } else {
                        state.pool.upstreams[index].recall(fact, options, now: now)
                    }
                }
            }
        }
    }

    /// What is known now; a fact keeps its time for as long as it keeps its value.
    package func limits(since kept: Limits, wallSeconds: Int64) -> Limits {
        let now = timeline.now
        var limits: Limits = [:]
        for (index, key) in limitKeys.enumerated() {
            let (facts, day) = state.withLock { state in
                (state.pool.upstreams[index].learnt(now), state.pool.budget(index, now: now))
            }
            // A fact that has grown old keeps its time: the next process asks anew.
            let before = kept[key] ?? []
            limits[key] = LearntLimit.Name.allCases.compactMap { name in
                if name == .requestsToday {
                    return day.map { day in
                        let began = wallSeconds - Int64((now - day.since).seconds.rounded())
                        let known = before.first { $0.name == name && abs($0.learntAt - began) <= 1 }
                        return LearntLimit(name, UInt64(day.used), learntAt: known?.learntAt ?? began)
                    }
                }
                guard let value = facts[name] else { return nil }
                let known = before.first { $0.name == name && $0.value == value }
                return known ?? LearntLimit(name, value, learntAt: wallSeconds)
            }
        }
        return limits
    }

    /// Saves what changed until cancelled, and once more then.
    ///
    /// - Parameters:
    ///   - kept: what was recalled.
    ///   - save: gets everything each time; where it fails the next change tries again.
    package func keepLimits(
        since kept: Limits,
        wallSeconds: @Sendable () -> Int64,
        save: @Sendable (Limits) async throws -> Void
    ) async {
        var kept = kept
        var isOver = false
        while !isOver {
            do { try await timeline.sleep(Self.keepEvery) } catch { isOver = true }
            let limits = limits(since: kept, wallSeconds: wallSeconds())
            guard limits != kept else { continue }
            do {
                try await save(limits)
                kept = limits
            } catch {
                // Nothing depends on it but the speed of the next start.
                logger.notice("what was learnt of the endpoints could not be kept", metadata: ["error": "\(error)"])
            }
        }
    }
}
