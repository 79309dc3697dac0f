import Allocator
import ArgumentParser

/// The program: its subcommands, and one way out for every failure.
@main
struct Holdfast: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "holdfast",
        abstract: "An exact copy of who owns which NFT, for any EVM chain, in your own database.",
        discussion: """
            Exit codes: 0 done · 1 the check failed or the work could not be done · 64 usage · 69 no usable endpoint · \
            75 another instance holds the chain · 78 configuration, or another chain's database.
            """,
        version: "0.1.0",
        subcommands: [
            Demo.self, Run.self, Sync.self, Contracts.self, Status.self, Owner.self, TokensOf.self, Transfers.self,
            Traits.self, Export.self, Enrich.self, Refresh.self, Snapshot.self, Verify.self, Rewind.self, Doctor.self,
            Migrate.self,
            SelftestCommand.self, Options.self, Crash.self,
        ]
    )

    static func main() async {
        // Pages of logs are megabytes and short-lived: given back at once they keep the process flat. Kept, they are
        // half as much memory again in a backfill.
        allocator_return_blocks_from(1 << 18)
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            exit(withError: Failure.explained(error))
        }
    }
}
