import ArgumentParser
import StoreSQLite
import Ethereum
import HTTPAPI
import Tokens

/// `holdfast status`: where each chain of a database stands, also while another process writes to it.
struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show where each chain stands.")

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    private func audit(_ chain: ChainSummary) -> String {
        let audit = chain.audit
        let conflicts = "\(chain.conflicts) conflict\(chain.conflicts == 1 ? "" : "s") on record"
        guard let rate = audit.rate else { return "no holding checked yet, \(conflicts)" }
        return "\(audit.checked) holdings checked, \(JSONWriter.text(share: rate)) of the answers agree, \(conflicts)"
    }

    func run() throws {
        let store = try database.open()
        let chains = try store.chains()
        if try output.isJSON() {
            let statuses = try chains.map { chain in
                var status = ChainStatus(chain, name: ChainPresets.preset(for: chain.identity.chainID).name)
                status.kept = try store.endpointLimits(of: chain.identity.chainID).statuses
                return status
            }
            print(StatusJSON(statuses).text())
            return
        }
        for chain in chains {
            let preset = ChainPresets.preset(for: chain.identity.chainID)
            print("chain \(chain.identity.chainID) (\(preset.name))")
            print("  checkpoint   \(chain.checkpoint.map(String.init) ?? "none yet")")
            print("  tip          \(chain.tip.map { "\($0.number) \($0.hash)" } ?? "none yet")")
            print("  finalized    \(chain.finalized.map(String.init) ?? "not known")")
            print("  transfers    \(chain.counters.transfersProcessed)")
            print("  tokens       \(chain.counters.tokensDiscovered)")
            print("  malformed    \(chain.counters.errorCount)")
            print("  rewinds      \(chain.rewinds)")
            print("  audit        \(audit(chain))")
            for scope in chain.scopes {
                let name = scope.scope.contract?.checksummed ?? "whole chain"
                let level = scope.evidence.map { "L\($0.level)" } ?? "–"
                print(
                    "  scope        \(name) from block \(scope.scope.firstBlock), \(scope.coveredBlocks) blocks, \(level)"
                )
            }
        }
    }
}
