/// The contract that most chains have at one address and that makes many calls in one (mds1/multicall3).
import Ethereum

enum Multicall3 {
    /// 0xcA11bde05977b3631167028862bE2a173976CA11: only its author's key can have put code there.
    static let address = Address(high: 0xca11_bde0_5977_b363, middle: 0x1167_0288_62be_2a17, low: 0x3976_ca11)

    /// Calls in one request: a hundred look-ups with cold storage take about a million gas, one 30th of what is given.
    static let callsMax = 100
    /// What a JSON-RPC answer has besides its result, generously.
    static let envelopeBytes = 4_096

    private static let aggregate3 = ABI.selector("aggregate3((address,bool,bytes)[])")

    /// One call that makes all of `calls`, each allowed to fail by itself.
    static func call(_ calls: [ContractCall]) -> ContractCall {
        let elements = calls.map { call in
            ABI.Value.tuple([.address(call.contract), .bool(true), .bytes(call.data)])
        }
        return ContractCall(contract: address, data: ABI.call(aggregate3, [.array(elements)]))
    }

    /// What became of each; nil inside: failed there, which need not be the contract's word.
    ///
    /// nil as a whole where the bytes are not an answer to `calls`.
    static func outcomes(in data: Span<UInt8>, of calls: [ContractCall]) -> [CallOutcome?]? {
        guard let words = try? ABI.array(in: data, at: 0), words.count == calls.count else { return nil }
        var outcomes: [CallOutcome?] = []
        for (index, call) in calls.enumerated() {
            guard let start = try? ABI.target(in: data, at: words.place(index), base: words.start),
                let isSuccess = try? ABI.bool(in: data, at: start),
                let range = try? ABI.bytes(in: data, at: start + 32, base: start)
            else { return nil }
            outcomes.append(outcome(isSuccess, data.extracting(range), call))
        }
        return outcomes
    }

    private static func outcome(_ isSuccess: Bool, _ result: Span<UInt8>, _ call: ContractCall) -> CallOutcome? {
        guard isSuccess else { return nil }
        guard !result.isEmpty else { return .noData }
        guard result.count <= call.resultBytesMax else { return .outOfResource }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(result.count)
        for index in result.indices { bytes.append(result[index]) }
        return .returned(bytes)
    }
}
