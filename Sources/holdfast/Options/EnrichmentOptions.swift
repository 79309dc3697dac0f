import ArgumentParser
import Enrichment
import Logging

/// How metadata is fetched, for the commands that do.
struct EnrichmentOptions: ParsableArguments {
    @Option(name: OptionTable.ipfsGateway.flag, help: OptionTable.ipfsGateway.argumentHelp)
    var ipfsGateway: [String] = []
    @Option(name: OptionTable.metadataBatch.flag, help: OptionTable.metadataBatch.argumentHelp)
    var metadataBatch: String?
    @Flag(name: OptionTable.allowPrivateMetadata.flag, help: OptionTable.allowPrivateMetadata.argumentHelp)
    var allowPrivateMetadata = false

    /// A handful of more would be asked of a contract in more than a few calls.
    private static let batchMost = 1_000

    /// The web as these say, for as long as `body` runs; a wrong one is told before anything is opened.
    func prepared() throws -> EnrichmentWork.Settings {
        EnrichmentWork.Settings(
            gateways: OptionTable.ipfsGateway.given(ipfsGateway),
            allowsPrivate: try allowPrivateMetadata || Environment.flag(OptionTable.allowPrivateMetadata),
            batch: try OptionTable.metadataBatch.given(metadataBatch).map {
                try Parse.count($0, through: Self.batchMost, for: "--metadata-batch")
            }
        )
    }
}
