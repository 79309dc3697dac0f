import Ethereum

/// `eth_getLogs` as geth answers it: topics by position, nulls that demand a topic, caps, and the faults of log indexes.
extension SimulatedNode {
    /// What a request asks for.
    private struct Query {
        var addresses: Set<Address> = []
        /// By position; nil: any topic, but there has to be one.
        var topics: [Set<Hash32>?] = []

        func matches(_ log: BlockText.PlacedLog) -> Bool {
            guard addresses.isEmpty || addresses.contains(log.address) else { return false }
            guard topics.count <= log.topics.count else { return false }
            for (wanted, topic) in zip(topics, log.topics) {
                if let wanted, !wanted.contains(topic) { return false }
            }
            return true
        }
    }

    func logs(_ filter: RequestText, _ view: View) -> NodeAnswer {
        guard let query = query(filter) else { return .error(-32602, "invalid argument 0: filter") }
        if let text = filter["blockHash"]?.text {
            guard profile.servesLogsByHash else { return .error(-32602, "invalid argument 0: unknown field blockHash") }
            guard let hash = try? Hash32(hex: text) else { return .error(-32602, "invalid argument 0: hash") }
            guard let block = known(hash, view) else {
                return profile.answersUnknownHashEmpty ? .raw("[]") : .error(-32000, "unknown block")
            }
            return answer([block], query, view, other: block.header.parentHash)
        }
        guard let from = filter["fromBlock"]?.text, let to = filter["toBlock"]?.text,
            let first = try? Hex.uint64(from), var last = try? Hex.uint64(to)
        else { return .error(-32602, "invalid argument 0: block range") }
        guard first <= last else { return .error(-32602, "invalid block range params") }
        if last > view.head {
            guard profile.clampsAtHead else { return .error(-32602, "block range extends beyond current head block") }
            guard first <= view.head else { return .raw("[]") }
            last = view.head
        }
        if let cap = view.condition.rangeCap, last - first + 1 > cap {
            faults.note(.rangeCap)
            return CapText.refusal(view.condition.capSpelling, cap: cap, first: first, last: last)
        }
        return answer((first...last).compactMap { view.block(at: $0) }, query, view, other: nil)
    }

    private func query(_ filter: RequestText) -> Query? {
        var query = Query()
        switch filter["address"] {
        case .string(let text):
            query.addresses = [try? Address(hex: text)].reduce(into: []) { if let a = $1 { $0.insert(a) } }
        case .array(let items):
            for item in items {
                guard let address = item.text.flatMap({ try? Address(hex: $0) }) else { return nil }
                query.addresses.insert(address)
            }
        default: break
        }
        for position in filter["topics"]?.items ?? [] {
            switch position {
            case .string(let text): query.topics.append((try? Hash32(hex: text)).map { [$0] })
            case .array(let items):
                query.topics.append(Set(items.compactMap { $0.text.flatMap { try? Hash32(hex: $0) } }))
            default: query.topics.append(nil)
            }
        }
        guard query.topics.count <= 4 else { return nil }
        if profile.ignoresTrailingNulls {
            while query.topics.last == .some(nil) { query.topics.removeLast() }
        }
        return query
    }

    /// - Parameter other: a block whose logs come where there is a fault, for a question about one block.
    private func answer(_ blocks: [SimulatedBlock], _ query: Query, _ view: View, other: Hash32?) -> NodeAnswer {
        var found: [String] = []
        for block in blocks where !block.transactions.isEmpty {
            let logs = shared.rendered(block).logs.filter(query.matches)
            if !logs.isEmpty, faults.fires(.withheldBlock) { continue }
            for log in logs where !(logs.count > 1 && faults.fires(.withheldLog)) {
                found.append(altered(log.text) ?? log.text)
            }
        }
        if let cap = view.condition.resultsCap, found.count > cap, blocks.count > 1 {
            faults.note(.tooManyResults)
            return .error(-32005, "query returned more than \(cap) results")
        }
        if let cap = view.condition.blockLogsCap, found.count > cap {
            return .error(-32005, "query returned more than \(cap) results")
        }
        if blocks.count > 1, faults.fires(.responseTooLarge) { return .error(-32008, "Response is too big") }
        distort(&found, blocks, query, view, other: other)
        return .raw("[\(found.joined(separator: ","))]")
    }

    private func distort(
        _ found: inout [String],
        _ blocks: [SimulatedBlock],
        _ query: Query,
        _ view: View,
        other: Hash32?
    ) {
        if faults.isEnabled(.otherBlockLogs), let alien = alien(blocks, query, view, other: other),
            faults.fires(.otherBlockLogs)
        {
            found.append(alien)
        }
        if faults.isEnabled(.otherForkLogs), let last = blocks.last,
            let log = shared.rendered(last).logs.first(where: query.matches), faults.fires(.otherForkLogs)
        {
            // The header says one hash, the logs another.
            found.removeAll { $0.contains(last.hash.hex) }
            found.append(log.text.replacing(last.hash.hex, with: Keccak256.hash(last.hash).hex))
        }
        if !found.isEmpty, faults.fires(.duplicateLogs) { found.append(found[faults.pick(0...found.count - 1)]) }
        if found.count > 1, faults.fires(.shuffledLogs) { found.reverse() }
        if faults.fires(.pendingLogs) { found.append(BlockText.pending) }
    }

    /// The same log with another last digit in its data: an amount or the end of a range that nobody sent.
    private func altered(_ text: String) -> String? {
        guard faults.isEnabled(.alteredLog), let start = text.firstRange(of: "\"data\":\"0x"),
            let end = text[start.upperBound...].firstIndex(of: "\""), end > start.upperBound, faults.fires(.alteredLog)
        else { return nil }
        let last = text.index(before: end)
        return text[..<last] + (text[last] == "1" ? "2" : "1") + text[end...]
    }

    /// A log of a block that was not asked for.
    private func alien(
        _ blocks: [SimulatedBlock],
        _ query: Query,
        _ view: View,
        other: Hash32?
    ) -> String? {
        var candidates: [SimulatedBlock] = []
        if let other, let block = view.chain.block(other) { candidates.append(block) }
        if let first = blocks.first, first.number > 0, let block = view.block(at: first.number - 1) {
            candidates.append(block)
        }
        return candidates.lazy.flatMap { self.shared.rendered($0).logs }.first(where: query.matches)?.text
    }
}

/// The texts with which nodes refuse a range that is too wide.
enum CapText {
    static let spellingCount = 6

    static func refusal(_ spelling: Int, cap: UInt64, first: BlockNumber, last: BlockNumber) -> NodeAnswer {
        switch spelling % spellingCount {
        case 0: .error(-32602, "exceed maximum block range: \(cap)")
        case 1: .error(-32614, "eth_getLogs is limited to a \(grouped(cap)) range")
        case 2: .error(-32600, "block range is too wide")
        case 3: .error(-32602, "query exceeds max block range \(cap)")
        case 4:
            .error(
                -32600,
                "You can make eth_getLogs requests with up to a \(cap) block range. Based on your parameters, this "
                    + "block range should work: [\(Hex.quantity(first)), \(Hex.quantity(first + cap - 1))]"
            )
        default: .error(-32602, "block range too large (\(last - first + 1)), maximum allowed is \(cap) blocks")
        }
    }

    /// With a comma for the thousands, as some write it.
    private static func grouped(_ number: UInt64) -> String {
        number < 1_000 ? "\(number)" : "\(number / 1_000)," + String("\(1_000 + number % 1_000)".dropFirst())
    }
}
