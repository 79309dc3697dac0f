import Ethereum

/// `eth_call`, and code, in the state after a block that is named by hash, number or tag (EIP-1898).
extension SimulatedNode {
    func call(_ call: RequestText, at pin: RequestText, _ view: View) -> NodeAnswer {
        guard let to = call["to"]?.text, let target = try? Address(hex: to),
            let data = try? Hex.bytes(call["data"]?.text ?? call["input"]?.text ?? "0x")
        else { return .error(-32602, "invalid argument 0: transaction") }
        guard let block = pinned(pin, view) else { return .error(-32000, "header not found") }
        let contracts = SimulatedContracts(
            block: block,
            seed: view.chain.seed,
            smallIDs: view.chain.options.smallIDs
        )
        guard let answer = contracts.answer(target, data) else { return .error(3, "execution reverted") }
        return .text(Hex.text(answer))
    }

    func code(_ text: String, at pin: RequestText, _ view: View) -> NodeAnswer {
        guard pinned(pin, view) != nil else { return .error(-32000, "header not found") }
        return (try? Address(hex: text)) == SimulatedContracts.multicall ? .text("0x6080604052") : code(text)
    }

    private func pinned(_ pin: RequestText, _ view: View) -> SimulatedBlock? {
        if let text = pin["blockHash"]?.text {
            return (try? Hash32(hex: text)).flatMap { known($0, view) }
        }
        switch pin.text ?? pin["blockNumber"]?.text ?? "latest" {
        case "latest", "pending": return view.block(at: view.head)
        case let text: return (try? Hex.uint64(text)).flatMap { view.block(at: $0) }
        }
    }
}
