import ChainClient
import ChainSync
import Ethereum

/// One chain as it is to be read, whatever told us: flags, environment or the YAML file.
struct ChainSettings: Sendable {
    /// The key in the file; the preset's name or the id elsewhere.
    var name: String?
    /// nil: what the endpoints say.
    var chainID: ChainID?
    var endpoints: [Endpoint]
    /// Empty: every NFT contract.
    var contracts: [Address]
    var firstBlock: BlockNumber?
    var confirmations: UInt64?
    var pollInterval: Duration?
    /// How far log answers are checked; nil: ``evidenceStandard``.
    var evidence: EvidenceLevel?
    /// Holdings that `run` checks against the contracts each minute; 0: none.
    var auditedPerMinute = Auditor<ContinuousClock>.rowsPerMinuteStandard
    /// Whose metadata `run` looks up.
    var enrichment = EnrichmentWork.Mode.listed

    /// Wallets in which marketplaces keep what is on sale.
    var marketplaces: Set<Address> = []

    /// Omissions on quiet chains are found, and a header for each block is what it costs.
    static let evidenceStandard = EvidenceLevel.bloom

    func options(for preset: ChainPreset) -> SyncOptions {
        var options = SyncOptions()
        options.confirmations = confirmations ?? preset.confirmations
        options.pollInterval = pollInterval ?? preset.pollInterval
        return options
    }
}
