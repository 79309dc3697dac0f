import Ethereum
import Metadata
import Tokens

/// Asks contracts where their tokens' metadata is, many at once, all in the state after one block.
struct URIReader: Sendable {
    let chain: any Chain

    /// `tokenURI(uint256)`.
    private static let tokenURI: UInt32 = 0xc87b_56dd
    /// `uri(uint256)`.
    private static let uri: UInt32 = 0x0e89_341c

    /// What one contract's answer comes to.
    enum Reading: Sendable {
        case place(ObservedURI, MetadataLocation)
        /// The contract was heard, and there is nowhere to go; with why.
        case nowhere(ObservedURI, String)
        /// Says nothing about the token.
        case unheard(String)
        /// Too much gas, time or bytes, which a busy node says as well: nothing is known, and it is tried a few times only.
        case tooCostly(String)
    }

    /// In the order of `jobs`.
    ///
    /// - Throws: ``ChainError``, where the block or the chain as a whole cannot be asked.
    func read(_ jobs: [MetadataJob], at block: BlockRef) async throws(ChainError) -> [Reading] {
        let calls = jobs.map { job in
            ContractCall(
                contract: job.token.contract,
                data: ABI.call(job.rule == .unique ? Self.tokenURI : Self.uri, [.uint(job.token.token)]),
                resultBytesMax: ObservedURI.bytesMax
            )
        }
        let outcomes = try await chain.call(calls, at: block)
        return zip(jobs, outcomes).map { job, outcome in Self.reading(job.token.token, outcome, block) }
    }

    static func reading(_ id: U256, _ outcome: CallOutcome, _ block: BlockRef) -> Reading {
        func observed(_ state: URIState, _ raw: [UInt8]? = nil, _ location: String? = nil) -> ObservedURI {
            ObservedURI(state: state, raw: raw, location: location, block: block)
        }
        let bytes: [UInt8]
        switch outcome {
        case .returned(let returned): bytes = returned
        case .reverted: return .nowhere(observed(.reverted), "the contract reverted")
        case .noData: return .nowhere(observed(.invalid), "the contract has no such function")
        case .outOfResource: return .tooCostly("the answer is too long, or costs too much gas")
        case .statePruned: return .unheard("the state of block \(block.number) is pruned")
        case .unavailable: return .unheard("no endpoint answered")
        }
        guard let raw = text(bytes) else { return .nowhere(observed(.invalid), "the answer is not a string") }
        do throws(URIDefect) {
            let location = try TokenURI.locate(raw, id: id)
            // A URI that holds its document is its own place; kept once.
            let place = if case .inline = location { nil as String? } else { location.canonical }
            return .place(observed(.ok, raw, place), location)
        } catch .empty {
            return .nowhere(observed(.empty, raw), "the contract gives an empty URI")
        } catch {
            return .nowhere(observed(.invalid, raw), "the URI leads nowhere: \(error.rawValue)")
        }
    }

    /// The bytes of the string that was returned, or of a left-aligned `bytes32`; nil: neither.
    private static func text(_ returned: [UInt8]) -> [UInt8]? {
        do throws(ABIError) {
            return Array(returned[try ABI.bytes(in: returned.span, at: 0)])
        } catch {
            guard returned.count == 32 else { return nil }
            return Array(returned.prefix { $0 != 0 })
        }
    }
}
