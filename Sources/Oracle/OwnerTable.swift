/// Who owns what, kept by whoever moves it: the judge of the indexer, which shares no line with it.
///
/// A value: a copy is a snapshot, so a chain that goes back to a block goes back to that block's table. Addresses are
/// lower-case text as in exports.
package struct OwnerTable: Sendable {
    /// The address that tokens are minted from and burned to.
    package static let nobody = "0x0000000000000000000000000000000000000000"

    /// One token by its own event.
    private struct Single: Sendable {
        var owner: String
        var moment: Int
    }

    /// Many consecutive tokens by one event.
    private struct Block: Sendable {
        var first: Natural
        var last: Natural
        var owner: String
        var moment: Int
    }

    private struct Holding: Hashable {
        var id: Natural
        var owner: String
    }

    /// What came in and what went out; never subtracted before somebody asks.
    private struct Flow: Sendable {
        var received = Natural(0)
        var sent = Natural(0)
    }

    private struct Contract: Sendable {
        var singles: [Natural: Single] = [:]
        var blocks: [Block] = []
        var flows: [Holding: Flow] = [:]
    }

    private var contracts: [String: Contract] = [:]
    private var moment = 0

    package init() {}

    // MARK: What happens

    /// A unique token goes to `owner`, whoever had it.
    package mutating func give(_ contract: String, _ id: Natural, to owner: String) {
        moment += 1
        contracts[contract, default: Contract()].singles[id] = Single(owner: owner, moment: moment)
    }

    /// All tokens from `first` to `last` go to `owner`, whoever had them.
    package mutating func give(_ contract: String, _ first: Natural, through last: Natural, to owner: String) {
        moment += 1
        contracts[contract, default: Contract()].blocks.append(
            Block(first: first, last: last, owner: owner, moment: moment)
        )
    }

    /// So many of a counted token go from one to the other; nothing asks whether they were there.
    package mutating func move(_ contract: String, _ id: Natural, _ amount: Natural, from: String, to: String) {
        var held = contracts[contract, default: Contract()]
        if from != OwnerTable.nobody {
            let old = held.flows[Holding(id: id, owner: from), default: Flow()]
            held.flows[Holding(id: id, owner: from)] = Flow(received: old.received, sent: old.sent + amount)
        }
        if to != OwnerTable.nobody {
            let old = held.flows[Holding(id: id, owner: to), default: Flow()]
            held.flows[Holding(id: id, owner: to)] = Flow(received: old.received + amount, sent: old.sent)
        }
        contracts[contract] = held
    }

    // MARK: Questions

    /// The owner of a unique token; nil where no event ever named it.
    package func owner(_ contract: String, _ id: Natural) -> String? {
        guard let held = contracts[contract] else { return nil }
        var newest = held.singles[id]
        for block in held.blocks where block.first <= id && id <= block.last {
            if newest.map({ $0.moment < block.moment }) ?? true {
                newest = Single(owner: block.owner, moment: block.moment)
            }
        }
        return newest?.owner
    }

    package struct Line: Equatable, Sendable {
        package var contract: String
        package var standard: String
        package var first: Natural
        /// nil for a single token.
        package var last: Natural?
        package var owner: String
        package var amount: Natural

        /// As `holdfast export holdings` writes it.
        package func json(chainID: UInt64) -> String {
            let last = last.map { ",\"tokenIdTo\":\"\($0.decimal)\"" } ?? ""
            return "{\"chainId\":\(chainID),\"contract\":\"\(contract)\",\"standard\":\"\(standard)\","
                + "\"tokenId\":\"\(first.decimal)\"\(last),\"owner\":\"\(owner)\",\"amount\":\"\(amount.decimal)\"}"
        }
    }

    /// What an account has of a counted token; nothing where more went out than came in.
    package func balance(_ contract: String, _ id: Natural, of owner: String) -> Natural {
        guard let flow = contracts[contract]?.flows[Holding(id: id, owner: owner)], flow.received > flow.sent else {
            return Natural(0)
        }
        return flow.received - flow.sent
    }

    /// The export of a chain's holdings, line by line.
    /// - Parameter only: contracts to show; nil: all.
    package func exportLines(chainID: UInt64, only: Set<String>? = nil) -> [String] {
        lines(only: only).map { $0.json(chainID: chainID) }
    }

    /// In order of contract, id, owner; of one id and owner the unique token first.
    package func lines(only: Set<String>? = nil) -> [Line] {
        var out: [Line] = []
        for contract in contracts.keys.sorted() where only?.contains(contract) ?? true {
            guard let held = contracts[contract] else { continue }
            var part = uniqueLines(contract, held)
            for (holding, flow) in held.flows where flow.received > flow.sent {
                part.append(
                    Line(
                        contract: contract,
                        standard: "erc1155",
                        first: holding.id,
                        last: nil,
                        owner: holding.owner,
                        amount: flow.received - flow.sent
                    )
                )
            }
            part.sort { left, right in
                if left.first != right.first { return left.first < right.first }
                if left.owner != right.owner { return left.owner < right.owner }
                return left.standard == "erc721" && right.standard == "erc1155"
            }
            out += part
        }
        return out
    }

    /// How many counted sums are below zero.
    package func negativeSums(only: Set<String>? = nil) -> Int {
        contracts.filter { only?.contains($0.key) ?? true }.values.reduce(0) { count, held in
            count + held.flows.values.count { $0.received < $0.sent }
        }
    }

    // MARK: Unique tokens

    /// Runs longer than this are one line.
    private static let runMax = Natural(10_000)

    private func uniqueLines(_ contract: String, _ held: Contract) -> [Line] {
        var out: [Line] = []
        // Ids whose own event is the newest: each its own line, and a cut through every run.
        var own: Set<Natural> = []
        for id in held.singles.keys {
            let single = held.singles[id]
            let isCovered = held.blocks.contains {
                $0.first <= id && id <= $0.last && $0.moment > (single?.moment ?? 0)
            }
            guard !isCovered, let single else { continue }
            own.insert(id)
            if single.owner != OwnerTable.nobody { out.append(line(contract, id, nil, single.owner)) }
        }
        // Between two neighbouring cuts one range decides, or none.
        var cuts: Set<Natural> = []
        for block in held.blocks { cuts.formUnion([block.first, block.last + Natural(1)]) }
        for id in own { cuts.formUnion([id, id + Natural(1)]) }
        let places = cuts.sorted()
        var run: (first: Natural, last: Natural, owner: String)?
        for (start, next) in zip(places, places.dropFirst()) {
            let covering = held.blocks.filter { $0.first <= start && start <= $0.last }
            let newest = covering.max { $0.moment < $1.moment }
            guard !own.contains(start), let owner = newest?.owner, owner != OwnerTable.nobody else {
                if let done = run { out += lines(contract, done) }
                run = nil
                continue
            }
            let last = next - Natural(1)
            if let open = run, open.owner == owner {
                run = (open.first, last, owner)
            } else {
                if let done = run { out += lines(contract, done) }
                run = (start, last, owner)
            }
        }
        if let done = run { out += lines(contract, done) }
        return out
    }

    private func lines(_ contract: String, _ run: (first: Natural, last: Natural, owner: String)) -> [Line] {
        if run.last - run.first >= OwnerTable.runMax { return [line(contract, run.first, run.last, run.owner)] }
        var out: [Line] = []
        var id = run.first
        while id <= run.last {
            out.append(line(contract, id, nil, run.owner))
            id = id + Natural(1)
        }
        return out
    }

    private func line(_ contract: String, _ first: Natural, _ last: Natural?, _ owner: String) -> Line {
        Line(
            contract: contract,
            standard: "erc721",
            first: first,
            last: last,
            owner: owner,
            amount: last.map { $0 - first + Natural(1) } ?? Natural(1)
        )
    }
}
