import ArgumentParser
import StoreSQLite

/// `holdfast migrate`: brings a database's schema up to this release; every other command does so as well.
struct Migrate: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Bring a database up to this release.",
        discussion: "Forward only. A database made by a newer release is refused and left as it is."
    )

    @OptionGroup var database: DatabaseOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let store = try database.open()
        print(try output.isJSON() ? #"{"upToDate":true}"# : "the database is up to date")
        try store.close()
    }
}
