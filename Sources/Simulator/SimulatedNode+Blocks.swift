import Ethereum

/// Blocks, receipts and code: what is asked by number, tag or hash.
extension SimulatedNode {
    func blockByNumber(_ text: String, _ view: View) -> NodeAnswer {
        let number: BlockNumber
        switch text {
        case "latest", "pending":
            number = faults.fires(.laggingHead) ? view.head - min(view.head, UInt64(faults.pick(1...4))) : view.head
        case "earliest": number = 0
        case "finalized", "safe":
            guard profile.hasFinalizedTag else { return .error(-32000, "finalized block not found") }
            number = finalized(view)
        default:
            guard let given = try? Hex.uint64(text) else { return .error(-32602, "invalid argument 0: hex string") }
            number = given
            if faults.fires(.missingBlock) || isMissing(number) { return .null }
        }
        guard let block = view.block(at: number) else { return .null }
        return .raw(shared.rendered(block).header)
    }

    private func isMissing(_ number: BlockNumber) -> Bool {
        guard let left = condition.missing[number], left > 0 else { return false }
        condition.missing[number] = left - 1
        return true
    }

    /// What a node on a minority branch calls final is on its own branch.
    private func finalized(_ view: View) -> BlockNumber {
        var number = min(view.chain.finalized, view.head)
        while number > 0, view.path[Int(number)] != view.chain.canonical[Int(number)] { number -= 1 }
        return number
    }

    func blockByHash(_ text: String, _ view: View) -> NodeAnswer {
        guard let hash = try? Hash32(hex: text) else { return .error(-32602, "invalid argument 0: hash") }
        guard let block = known(hash, view) else { return .null }
        return .raw(shared.rendered(block).header)
    }

    /// A block of any branch, as far as the node has come.
    func known(_ hash: Hash32, _ view: View) -> SimulatedBlock? {
        guard let block = view.chain.block(hash), block.number <= view.head else { return nil }
        return block
    }

    func receipts(_ text: String, _ view: View) -> NodeAnswer {
        let block: SimulatedBlock?
        if let hash = try? Hash32(hex: text) {
            block = known(hash, view)
        } else {
            block = (try? Hex.uint64(text)).flatMap { view.block(at: $0) }
        }
        guard let block else { return .null }
        let text = BlockText.receipts(block, shared.rendered(block).logs)
        if let cap = view.condition.receiptsBytesCap, text.utf8.count > cap {
            return .error(-32008, "Response is too big")
        }
        return .raw(text)
    }

    /// One transaction's receipt, from the canonical chain.
    func receipt(_ text: String, _ view: View) -> NodeAnswer {
        guard let hash = try? Hash32(hex: text) else { return .error(-32602, "invalid argument 0: hash") }
        for number in view.path.indices.reversed() {
            guard let block = view.block(at: UInt64(number)),
                let index = block.transactions.firstIndex(where: { $0.hash == hash })
            else { continue }
            let first = block.transactions[..<index].reduce(0) { $0 + $1.logs.count }
            let logs = shared.rendered(block).logs[first..<first + block.transactions[index].logs.count]
            return .raw(BlockText.receipt(block, index, logs))
        }
        return .null
    }

    func code(_ text: String) -> NodeAnswer {
        let contracts = [
            EventMaker.plain, EventMaker.ranges, EventMaker.counted, EventMaker.mixed, EventMaker.kitties,
            EventMaker.fungible, EventMaker.hostile,
        ]
        guard let address = try? Address(hex: text) else { return .error(-32602, "invalid argument 0: address") }
        return .text(contracts.contains(address) ? "0x6080604052" : "0x")
    }
}
