import Ethereum
import Tokens

/// The other direction: how many tokens the contracts say the wallet has.
extension WalletRefresh {
    /// `balanceOf(address)`.
    private static let balanceOf: UInt32 = 0x70a0_8231
    /// Contracts whose count is asked for.
    private static let countedContractsMax = 10_000

    /// How many tokens each contract says the wallet has, against what is held: finds what no token of ours could tell.
    ///
    /// Asked are the contracts of which the wallet holds something and those that are followed by name. A contract that gives
    /// no count is not compared.
    func counts(
        _ job: RefreshJob,
        _ verifier: Verifier
    ) async throws -> (repair: Repair?, doubts: [RefreshFailure]) {
        #if MUTANTS
            if Mutant.is(.countsUncompared) { return (nil, []) }
        #endif
        let held = try await heldCounts(job, verifier.block)
        let contracts = Array(held.keys.sorted().prefix(Self.countedContractsMax))
        var observed: [Address: U256] = [:]
        for start in stride(from: 0, to: contracts.count, by: Verifier.callsAtOnce) {
            let part = contracts[start..<min(start + Verifier.callsAtOnce, contracts.count)]
            let calls = part.map { ContractCall(contract: $0, data: ABI.call(Self.balanceOf, [.address(job.wallet)])) }
            for (contract, outcome) in zip(part, try await chain.call(calls, at: verifier.block)) {
                guard case .returned(let bytes) = outcome, let count = try? ABI.number(in: bytes.span, at: 0) else {
                    continue
                }
                if count != U256(held[contract] ?? 0) { observed[contract] = count }
            }
        }
        guard !observed.isEmpty else { return (nil, []) }
        let (repair, doubts) = try await Reproof(verifier).missing(in: observed.keys.sorted())
        let failures = observed.sorted { $0.key < $1.key }.map { contract, count in
            let says = "the contract counts \(count) tokens of the wallet, its events say \(held[contract] ?? 0)"
            return RefreshFailure(
                contract: contract,
                token: nil,
                reason: says + "; " + (doubts[contract] ?? "all its logs are held: it contradicts them")
            )
        }
        return (repair, failures)
    }

    private func heldCounts(_ job: RefreshJob, _ block: BlockRef) async throws -> [Address: UInt64] {
        var counts: [Address: UInt64] = [:]
        for scope in try await store.state(of: job.chain).scopes where scope.isActive {
            if let contract = scope.contract { counts[contract] = 0 }
        }
        var seen: Set<TokenID> = []
        var position: TokenPosition?
        repeat {
            let page = try store.holdings(
                of: job.wallet,
                on: job.chain,
                at: block,
                PageRequest(position: position, limit: Verifier.callsAtOnce)
            )
            for holding in page.items where holding.rule == .unique {
                counts[holding.contract, default: 0] += 1
                seen.insert(TokenID(contract: holding.contract, token: holding.token))
            }
            position = page.next
        } while position != nil
        // Read after today's holdings, so that what leaves between the two is in one of them at least.
        #if MUTANTS
            if Mutant.is(.departuresForgotten) { return counts }
        #endif
        let left = try store.departures(of: job.wallet, on: job.chain, since: block).subtracting(seen)
        let claims = try store.claims(about: left.map { ($0, .unique) }, by: job.wallet, on: job.chain, at: block)
        for claim in claims where claim.owner == job.wallet { counts[claim.contract, default: 0] += 1 }
        return counts
    }
}
