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
            if faults.fires(.missingBlock) { return .null }
        }
        guard let block = view.block(at: number) else { return .null }
        return .raw(shared.rendered(block).header)
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
        return .raw(BlockText.receipts(block, shared.rendered(block).logs))
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
