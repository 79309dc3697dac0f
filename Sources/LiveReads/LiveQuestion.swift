package import Ethereum
package import Tokens

/// One question to one contract: how it is called, what its answer means, and what makes a kept answer void.
package enum LiveQuestion: Sendable, Hashable {
    case owner(TokenID)
    /// How many tokens of an ERC-721 contract a wallet has.
    case balance(of: Address, in: Address)
    /// How much of an ERC-1155 token a wallet has.
    case amount(of: Address, TokenID)
    case name(Address)
    case symbol(Address)
    case totalSupply(Address)
    /// Whether a contract says that it is of ERC-1155 (ERC-165): 1 or 0.
    case isCounted(Address)

    private static let ownerOf: UInt32 = 0x6352_211e
    /// `punkIndexToAddress(uint256)`: what CryptoPunks has instead.
    private static let punkIndexToAddress: UInt32 = 0x5817_8168
    /// `balanceOf(address)`.
    private static let balanceOf: UInt32 = 0x70a0_8231
    /// `balanceOf(address,uint256)`.
    private static let amountOf: UInt32 = 0x00fd_d58e
    /// `name()`, `symbol()`, `totalSupply()`.
    private static let name: UInt32 = 0x06fd_de03
    private static let symbol: UInt32 = 0x95d8_9b41
    private static let totalSupply: UInt32 = 0x1816_0ddd

    /// `supportsInterface(bytes4)`, and the interface of ERC-1155.
    private static let supportsInterface: UInt32 = 0x01ff_c9a7
    private static let erc1155 = Hash32(w0: 0xd9b6_7a26 << 32, w1: 0, w2: 0, w3: 0)

    package var contract: Address {
        switch self {
        case .owner(let token), .amount(_, let token): token.contract
        case .balance(_, let contract), .name(let contract), .symbol(let contract), .totalSupply(let contract),
            .isCounted(let contract):
            contract
        }
    }

    /// What has to move for a kept answer to be void; nil for what no transfer changes.
    var subject: MoveProbe.Subject? {
        switch self {
        case .owner(let token), .amount(_, let token): .token(token)
        case .balance(_, let contract), .totalSupply(let contract): .contract(contract)
        case .name, .symbol, .isCounted: nil
        }
    }

    /// The holding that the ledger can be asked for instead; nil where it does not know.
    var holding: HoldingQuestion? {
        switch self {
        case .owner(let token): .owner(token)
        case .amount(let wallet, let token): .amount(of: wallet, token)
        case .balance, .name, .symbol, .totalSupply, .isCounted: nil
        }
    }

    func call(by rule: ReadingRule, _ limits: LiveLimits) -> ContractCall {
        let data =
            switch self {
            case .owner(let token):
                ABI.call(rule == .cryptoPunks ? Self.punkIndexToAddress : Self.ownerOf, [.uint(token.token)])
            case .balance(let wallet, _): ABI.call(Self.balanceOf, [.address(wallet)])
            case .amount(let wallet, let token):
                ABI.call(Self.amountOf, [.address(wallet), .uint(token.token)])
            case .name: ABI.call(Self.name)
            case .symbol: ABI.call(Self.symbol)
            case .totalSupply: ABI.call(Self.totalSupply)
            case .isCounted: ABI.call(Self.supportsInterface, [.word(Self.erc1155)])
            }
        return ContractCall(contract: contract, data: data, resultBytesMax: limits.textBytesMax)
    }

    /// What the contract said, where it was heard.
    ///
    /// Only a contract that refuses, or names nobody, says that there is nothing. A call that failed says nothing about it.
    func value(of outcome: CallOutcome) throws(LiveFailure) -> LiveValue {
        switch outcome {
        case .returned(let bytes):
            do throws(ABIError) {
                return try value(in: bytes.span)
            } catch {
                throw .malformed
            }
        case .reverted: return .absent(.reverted)
        case .noData: throw .noFunction
        case .outOfResource: throw .outOfResource
        case .statePruned: throw .unavailable("no endpoint has the state of that block any more")
        case .unavailable: throw .unavailable("no endpoint could answer the call")
        }
    }

    private func value(in data: Span<UInt8>) throws(ABIError) -> LiveValue {
        switch self {
        case .owner:
            let owner = try ABI.address(in: data, at: 0)
            return owner == .zero ? .absent(.zeroAddress) : .owner(owner)
        case .balance, .amount, .totalSupply, .isCounted: return .amount(try ABI.number(in: data, at: 0))
        case .name, .symbol: return .text(try ABI.returnedText(data).value)
        }
    }
}
