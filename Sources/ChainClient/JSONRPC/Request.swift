/// What is asked of a node, and the bytes that ask it.
package import Ethereum

/// One question; the classifier needs to know which was asked to understand an error.
package enum Question: Sendable, Hashable {
    case chainID
    case clientVersion
    case latest
    case finalized
    case header(BlockNumber)
    case headerOf(Hash32)
    case logs(ClosedRange<BlockNumber>, LogFilter)
    case logsOf(Hash32, LogFilter)
    case receipts(BlockNumber)
    case receiptsOf(Hash32)
    case call(ContractCall, StatePin)
    case code(Address, StatePin)
    case receiptOf(Hash32)

    package var method: RPCMethod {
        switch self {
        case .chainID: .chainID
        case .clientVersion: .clientVersion
        case .latest, .finalized, .header: .blockByNumber
        case .headerOf: .blockByHash
        case .logs, .logsOf: .logs
        case .receipts, .receiptsOf: .blockReceipts
        case .call: .call
        case .code: .code
        case .receiptOf: .transactionReceipt
        }
    }

    /// How many blocks of logs are asked for; nil for anything but a range of logs.
    package var width: UInt64? {
        guard case .logs(let range, _) = self else { return nil }
        return range.width
    }
}

/// Which state a call is answered from.
package enum StatePin: Sendable, Hashable {
    /// By EIP-1898: this block or an error.
    case hash(Hash32)
    /// Whatever block has the height at that moment; the caller checks its hash before and after.
    case number(BlockNumber)
}

package enum RPCMethod: String, Sendable, Hashable, CaseIterable, Comparable {
    case chainID = "eth_chainId"
    case clientVersion = "web3_clientVersion"
    case blockByNumber = "eth_getBlockByNumber"
    case blockByHash = "eth_getBlockByHash"
    case logs = "eth_getLogs"
    case blockReceipts = "eth_getBlockReceipts"
    case call = "eth_call"
    case code = "eth_getCode"
    case transactionReceipt = "eth_getTransactionReceipt"

    package static func < (left: RPCMethod, right: RPCMethod) -> Bool { left.rawValue < right.rawValue }
}

package enum Request {
    /// One request.
    ///
    /// Ids are unique over the life of a client, so that no proxy can answer from a cache.
    package static func bytes(_ question: Question, id: UInt64) -> [UInt8] {
        var out = Writer()
        out.request(question, id: id)
        return out.bytes
    }

    /// Several requests in one body; ids count up from `firstID`.
    package static func batch(_ questions: [Question], firstID: UInt64) -> [UInt8] {
        var out = Writer()
        out.text("[")
        for (offset, question) in questions.enumerated() {
            if offset > 0 { out.text(",") }
            out.request(question, id: firstID + UInt64(offset))
        }
        out.text("]")
        return out.bytes
    }

    /// Builds JSON from parts that need no escaping: hexadecimal text and fixed words.
    private struct Writer {
        var bytes: [UInt8] = []

        mutating func text(_ text: StaticString) {
            text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
        }

        mutating func request(_ question: Question, id: UInt64) {
            text("{\"jsonrpc\":\"2.0\",\"id\":")
            bytes += "\(id)".utf8
            text(",\"method\":\"")
            bytes += question.method.rawValue.utf8
            text("\",\"params\":[")
            params(question)
            text("]}")
        }

        private mutating func params(_ question: Question) {
            switch question {
            case .chainID, .clientVersion: break
            case .latest: text("\"latest\",false")
            case .finalized: text("\"finalized\",false")
            case .header(let number):
                quantity(number)
                text(",false")
            case .headerOf(let hash):
                hex(hash)
                text(",false")
            case .logs(let range, let filter):
                // Always numbers: a node clamps or moves a tag as it likes.
                text("{\"fromBlock\":")
                quantity(range.lowerBound)
                text(",\"toBlock\":")
                quantity(range.upperBound)
                self.filter(filter)
                text("}")
            case .logsOf(let hash, let filter):
                text("{\"blockHash\":")
                hex(hash)
                self.filter(filter)
                text("}")
            case .receipts(let number): quantity(number)
            case .receiptsOf(let hash), .receiptOf(let hash): hex(hash)
            case .call(let call, let pin):
                text("{\"to\":")
                hex(call.contract)
                text(",\"gas\":")
                quantity(ContractCall.gasMax)
                // The older name: every node knows it.
                text(",\"data\":\"0x")
                for byte in call.data { digits(UInt64(byte), count: 2) }
                text("\"},")
                self.pin(pin)
            case .code(let address, let pin):
                hex(address)
                text(",")
                self.pin(pin)
            }
        }

        private mutating func pin(_ pin: StatePin) {
            switch pin {
            case .number(let number): quantity(number)
            case .hash(let hash):
                text("{\"blockHash\":")
                hex(hash)
                text(",\"requireCanonical\":true}")
            }
        }

        /// An empty address list is left out, never sent: to most nodes `[]` means every contract as well, to some none.
        private mutating func filter(_ filter: LogFilter) {
            if !filter.addresses.isEmpty {
                text(",\"address\":[")
                for (index, address) in filter.addresses.enumerated() {
                    if index > 0 { text(",") }
                    hex(address)
                }
                text("]")
            }
            text(",\"topics\":[")
            let positions = max(filter.topicCountMin, filter.topics0.isEmpty ? 0 : 1)
            for position in 0..<positions {
                if position > 0 { text(",") }
                if position == 0, !filter.topics0.isEmpty {
                    text("[")
                    for (index, topic) in filter.topics0.enumerated() {
                        if index > 0 { text(",") }
                        hex(topic)
                    }
                    text("]")
                } else {
                    text("null")
                }
            }
            text("]")
        }

        /// Strict minimal hexadecimal: nodes refuse leading zeros.
        private mutating func quantity(_ value: UInt64) {
            text("\"")
            bytes += Hex.quantity(value).utf8
            text("\"")
        }

        private mutating func hex(_ hash: Hash32) {
            text("\"0x")
            for word in [hash.w0, hash.w1, hash.w2, hash.w3] { digits(word, count: 16) }
            text("\"")
        }

        private mutating func hex(_ address: Address) {
            text("\"0x")
            digits(address.high, count: 16)
            digits(address.middle, count: 16)
            digits(UInt64(address.low), count: 8)
            text("\"")
        }

        private mutating func digits(_ word: UInt64, count: Int) {
            for shift in stride(from: (count - 1) * 4, through: 0, by: -4) {
                let digit = UInt8(truncatingIfNeeded: word >> UInt64(shift) & 15)
                bytes.append(digit < 10 ? digit + 0x30 : digit + 0x57)
            }
        }
    }
}

extension ContractCall {
    /// What one request may burn: under the 50 million at which geth stops by itself, and a block's worth on most chains.
    static let gasMax: UInt64 = 30_000_000
}

extension ClosedRange<BlockNumber> {
    /// How many blocks it has; all of 64 bits count as one less.
    var width: UInt64 {
        let (width, overflow) = (upperBound - lowerBound).addingReportingOverflow(1)
        return overflow ? .max : width
    }
}
